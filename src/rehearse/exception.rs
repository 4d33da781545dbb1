//! The smallest exception with which a change breaks nothing: a condition in the Deny that comes, or a
//! part of the Allow that goes, tried by evaluating again what would break and what was refused.

use serde_json::{Value as Json, json};

use super::Trail;
use super::call::Call;
use super::fate::{Fate, Policies, of};
use super::finding::{Finding, Verdict};
use crate::event::Time;
use crate::event::{CallerKind, Effect, Layer};
use crate::history::History;
use crate::history::amend::Amendment;
use crate::history::change::{Operation, Value};
use crate::iam::{Policy, Statement};
use crate::wording::Sentence;

/// Findings for which exceptions are looked for, worst first.
const MOST: usize = 12;

/// Refused calls that are evaluated with an exception: it must let none of them in.
pub(super) const REFUSED: usize = 2_000;

/// An exception that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// What it is.
    pub what: Sentence,
    /// The statement with it.
    pub statement: Json,
    /// Records that would be denied without it and stay allowed with it.
    pub kept: u64,
}

/// What exceptions are tried on.
pub(super) struct Stage<'s> {
    pub trail: &'s Trail<'s>,
    pub history: &'s History,
    pub amendments: &'s [Amendment],
    pub present: Time,
    pub calls: &'s [Call],
}

/// A document with an exception in it.
struct Candidate {
    what: Sentence,
    statement: Json,
    /// The place of the amendment, and its document with the exception.
    at: usize,
    document: Json,
}

impl Stage<'_> {
    /// Looks for an exception for each of the worst findings.
    pub(super) fn offer(&self, findings: &mut [Finding], fates: &[Fate]) {
        let worst = findings.iter_mut().filter(|one| one.verdict != Verdict::Opened).take(MOST);
        for finding in worst {
            let candidates = self.candidates(finding);
            finding.exception =
                candidates.into_iter().find_map(|candidate| self.tried(candidate, finding, fates));
        }
    }

    /// Narrow ones last: what leaves out one caller would have to be said again for the next.
    fn candidates(&self, finding: &Finding) -> Vec<Candidate> {
        let Some(why) = &finding.why else { return Vec::new() };
        match &why.statement {
            Some(statement) if why.effect == Some(Effect::ExplicitDeny) => {
                self.spared(finding, statement)
            }
            lost => self.kept(finding, lost.as_deref(), why.layer).into_iter().collect(),
        }
    }

    /// The Deny with a condition more.
    fn spared(&self, finding: &Finding, statement: &Statement) -> Vec<Candidate> {
        let Some((at, policy)) = self
            .documents()
            .find(|(_, policy)| policy.statements().iter().any(|one| one.raw() == statement.raw()))
        else {
            return Vec::new();
        };
        let call = finding.calls.first().and_then(|call| self.calls.get(*call));
        let kind = call.and_then(|call| call.caller_kind(self.trail));
        let mut found = Vec::new();
        let mut add = |what: Sentence, operator: &str, key: &str, value: Json| {
            let changed = with_condition(statement.raw(), operator, key, value);
            let place = policy.statements().iter().position(|one| one.raw() == statement.raw());
            let document = place.and_then(|place| {
                let changed = changed.clone();
                policy.with_statement(place, changed).ok().map(|policy| policy.document().clone())
            });
            found.extend(document.map(|document| Candidate {
                what,
                statement: changed,
                at,
                document,
            }));
        };
        match kind {
            Some(CallerKind::ServicePrincipal) => add(
                Sentence::new("rehearse-except-services"),
                "BoolIfExists",
                "aws:PrincipalIsAWSService",
                json!("false"),
            ),
            Some(CallerKind::ForwardAccessSession | CallerKind::Agent) => add(
                Sentence::new("rehearse-except-forwarded"),
                "BoolIfExists",
                "aws:ViaAWSService",
                json!("false"),
            ),
            _ => {}
        }
        if finding.principal.contains(":iam:") {
            let what = Sentence::new("rehearse-except-caller").arg("who", &finding.principal);
            add(what, "ArnNotLike", "aws:PrincipalArn", json!([finding.principal]));
        }
        found
    }

    /// An Allow of what the lost one allowed, for this caller alone.
    fn kept(
        &self,
        finding: &Finding,
        lost: Option<&Statement>,
        layer: Option<Layer>,
    ) -> Option<Candidate> {
        let mut documents = self.documents();
        let (at, policy) = documents.next().filter(|_| self.amendments.len() <= 2)?;
        let actions: Vec<&String> = finding.actions.keys().collect();
        let mut statement = json!({"Sid": "KeepsWorking", "Effect": "Allow", "Action": actions});
        let members = statement.as_object_mut()?;
        let is_named = matches!(
            layer?,
            Layer::ResourcePolicy | Layer::RoleTrustPolicy | Layer::VpcEndpointPolicy | Layer::Rcp
        );
        if is_named {
            let is_service = !finding.principal.starts_with("arn:");
            let kind = if is_service { "Service" } else { "AWS" };
            members.insert("Principal".to_owned(), json!({kind: finding.principal}));
        }
        // A trust policy names no resource; that of a resource means the resource by `*`.
        let resource = match layer? {
            Layer::RoleTrustPolicy => None,
            Layer::ResourcePolicy => Some(json!("*")),
            _ if finding.on.is_empty() => Some(json!("*")),
            _ => Some(json!(finding.on)),
        };
        let of_lost = |name: &str| lost.and_then(|lost| lost.raw().get(name)).cloned();
        let resource = of_lost("Resource").or(resource);
        members.extend(resource.map(|resource| ("Resource".to_owned(), resource)));
        members.extend(of_lost("Condition").map(|tested| ("Condition".to_owned(), tested)));
        let changed = policy.with_statements(|all| all.push(statement.clone())).ok()?;
        let document = changed.document().clone();
        let what = Sentence::new("rehearse-except-allow").arg("who", &finding.principal);
        Some(Candidate { what, statement, at, document })
    }

    /// The documents that would be put.
    fn documents(&self) -> impl Iterator<Item = (usize, Policy)> {
        self.amendments.iter().enumerate().filter_map(|(at, amendment)| {
            let Operation::Set(Value::Text(text)) = &amendment.operation else { return None };
            let policy = amendment.subject.is_document().then(|| Policy::parse(text).ok())??;
            Some((at, policy))
        })
    }

    /// The candidate, if all that the finding is about stays allowed with it and nothing is let in.
    fn tried(&self, candidate: Candidate, finding: &Finding, fates: &[Fate]) -> Option<Exception> {
        let mut amendments = self.amendments.to_vec();
        let text = candidate.document.to_string();
        amendments.get_mut(candidate.at)?.operation = Operation::Set(Value::text(text));
        let after = self.history.amended(&amendments, self.present);
        let policies = Policies::new(self.history, &after, &amendments, self.present);
        let fate = |call: &Call| of(self.trail, &policies, call);
        let works = |call: &Call| matches!(fate(call), Fate::Allowed | Fate::Untouched { .. });
        let calls = || finding.calls.iter().filter_map(|at| self.calls.get(*at));
        if !calls().all(works) {
            return None;
        }
        let mut refused =
            self.calls.iter().zip(fates).filter(|(call, _)| !call.worked).take(REFUSED);
        let lets_in = refused
            .any(|(call, was)| !matches!(was, Fate::Opened) && matches!(fate(call), Fate::Opened));
        let Candidate { what, statement, .. } = candidate;
        let kept = finding.seen.count;
        (!lets_in).then_some(Exception { what, statement, kept })
    }
}

/// A statement with one condition more; what a condition of the same operator and key lists is added to.
fn with_condition(statement: &Json, operator: &str, key: &str, value: Json) -> Json {
    let mut statement = statement.clone();
    let Some(members) = statement.as_object_mut() else { return statement };
    let conditions = members.entry("Condition").or_insert_with(|| json!({}));
    if let Some(conditions) = conditions.as_object_mut() {
        let keys = conditions.entry(operator).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            let known = keys.keys().find(|known| known.eq_ignore_ascii_case(key)).cloned();
            let place = keys.entry(known.unwrap_or_else(|| key.to_owned())).or_insert(json!([]));
            let mut all = listed(place);
            all.extend(
                listed(&value).into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>(),
            );
            *place = match all.as_slice() {
                [one] => one.clone(),
                _ => Json::Array(all),
            };
        }
    }
    statement
}

fn listed(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(all) => all.clone(),
        one => vec![one.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_added_to_those_that_are_there() {
        let deny =
            json!({"Effect": "Deny", "Condition": {"ArnNotLike": {"AWS:principalarn": "a"}}});
        let changed = with_condition(&deny, "ArnNotLike", "aws:PrincipalArn", json!(["b"]));
        assert_eq!(changed["Condition"]["ArnNotLike"], json!({"AWS:principalarn": ["a", "b"]}));
        let changed = with_condition(&deny, "BoolIfExists", "aws:ViaAWSService", json!("false"));
        assert_eq!(changed["Condition"]["BoolIfExists"], json!({"aws:ViaAWSService": "false"}));
    }
}
