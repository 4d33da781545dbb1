//! Whose credentials a command needs: a policy is changed from the account that has it, and not
//! always from the one that was refused.

use serde_json::json;

use super::super::candidate::Candidate;
use super::super::need;
use super::super::place::Place;
use super::super::situation::Situation;
use super::super::statement::one_or_many;
use crate::event::arn::{Arn, is_account_id};
use crate::event::{Effect, Layer};
use crate::iam::Presence;
use crate::wording::Sentence;

/// Who may run the commands that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::remedy) enum Whose {
    /// An account.
    Account(String),
    /// The account that owns this, whichever it is.
    OwnerOf(String),
    /// The organization's management account, or one it delegates its policies to (Organizations
    /// "Delegated administrator for AWS Organizations").
    Organization(Option<String>),
    /// The account that manages IAM Identity Center.
    IdentityCenter,
}

impl Whose {
    /// Of what belongs to this ARN, account or id.
    pub(in crate::remedy) fn of(layer: Layer, at: &str) -> Whose {
        if matches!(layer, Layer::Scp | Layer::Rcp) {
            let account = Arn::parse(at).map(|arn| arn.account).filter(|id| is_account_id(id));
            return Whose::Organization(account.map(str::to_owned));
        }
        let named = Arn::parse(at).map_or(at, |arn| arn.account);
        match is_account_id(named) {
            true => Whose::Account(named.to_owned()),
            false => Whose::OwnerOf(at.to_owned()),
        }
    }

    /// The line above the commands; `edits` where documents are changed with `jq`.
    pub(in crate::remedy) fn sentence(&self, edits: bool) -> Sentence {
        let tools = match edits {
            true => Sentence::new("remedy-run-edits"),
            false => Sentence::new("remedy-run-plain"),
        };
        match self {
            Whose::Account(account) => Sentence::new("remedy-run-account")
                .arg("what", tools)
                .arg("account", account.as_str()),
            Whose::OwnerOf(owner) => {
                Sentence::new("remedy-run-owner").arg("what", tools).arg("target", owner.as_str())
            }
            Whose::Organization(Some(account)) => Sentence::new("remedy-run-organization-of")
                .arg("what", tools)
                .arg("account", account.as_str()),
            Whose::Organization(None) => {
                Sentence::new("remedy-run-organization").arg("what", tools)
            }
            Whose::IdentityCenter => Sentence::new("remedy-run-identity-center").arg("what", tools),
        }
    }
}

/// What only the failure tells of where a policy lives: the Region of a VPC endpoint, the account of
/// a bucket.
pub(in crate::remedy) fn settle(candidate: &mut Candidate, situation: &Situation<'_>) {
    if candidate.layer == Layer::VpcEndpointPolicy {
        in_its_region(candidate, situation);
    }
    other_side(candidate, situation);
    let owner = situation.owner().filter(|owner| is_account_id(owner));
    let bucket = situation.resource().and_then(bucket);
    for (_, whose) in &mut candidate.runs {
        if let (Whose::OwnerOf(at), Some(owner)) = (&whose, owner)
            && bucket.is_some()
            && self::bucket(at) == bucket
        {
            *whose = Whose::Account(owner.to_owned());
        }
    }
}

/// A resource of another account admits the caller, and the caller's own account has to let it too
/// (IAM "Cross-account policy evaluation logic"). Where it is not known to, its side follows.
fn other_side(candidate: &mut Candidate, situation: &Situation<'_>) -> Option<()> {
    let lets = situation.first().map(|case| &case.layers.identity);
    let is_admitted = candidate.layer == Layer::ResourcePolicy
        && situation.effect != Effect::ExplicitDeny
        && situation.is_cross_account()
        && candidate.runs.len() == 1;
    let is_open = !matches!(lets, Some(Presence::Known(_) | Presence::NotApplicable));
    if !is_admitted || !is_open || situation.resources.is_empty() {
        return None;
    }
    let at = situation.caller_arn()?;
    let statements = need::needs(situation).into_iter().map(|need| {
        json!({
            "Sid": "AllowUseOfOtherAccount", "Effect": "Allow",
            "Action": one_or_many(&need.actions), "Resource": need.on.resource(),
        })
    });
    let place = Place {
        layer: Layer::IdentityPolicy,
        arn: None,
        name: Some("allow-what-was-denied".to_owned()),
        at: Some(at),
    };
    let title = Sentence::new("remedy-statement");
    candidate.then_run(&Candidate::attach(title, &place, statements.collect(), 0)?);
    let note = Sentence::new("remedy-note-both-accounts");
    if !candidate.notes.contains(&note) {
        candidate.notes.push(note);
    }
    Some(())
}

fn bucket(arn: &str) -> Option<&str> {
    arn.split_once(":s3:::")?.1.split('/').next()
}

fn in_its_region(candidate: &mut Candidate, situation: &Situation<'_>) -> Option<()> {
    let (id, region) = (candidate.attach_to.clone()?, situation.event.region()?);
    let amendment = candidate.amendment.clone().filter(|_| id.starts_with("vpce-"))?;
    let at = Some(format!("arn:aws:ec2:{region}::vpc-endpoint/{id}"));
    let place = Place { layer: candidate.layer, arn: None, name: None, at };
    let whose = candidate.runs.clone();
    candidate.carry_out(&place, amendment, true)?;
    candidate.runs = whose;
    Some(())
}
