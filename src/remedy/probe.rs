//! Requests that must stay denied: the denied one, changed in one respect each. Those that the
//! present policies deny and a fix lets through tell how much it opens.

use serde_json::{Value, json};

use super::situation::Situation;
use crate::diagnose::evaluated::Case;
use crate::event::Layer;
use crate::event::arn::Arn;
use crate::iam::{AttachedPolicy, Policy, PolicyLabel, Presence, Principal, RoleSession};

/// An address for documentation (RFC 5737), which no policy means.
const ELSEWHERE: &str = "203.0.113.251";
/// A Region and an account that a policy made for real work hardly names.
const OTHER_REGION: &str = "mx-central-1";
pub(super) const OTHER_ACCOUNT: &str = "000000000000";

/// A request that must stay denied.
pub(super) struct Probe {
    /// The account of somebody else who makes it; `None`: the denied caller itself.
    pub stranger: Option<String>,
    pub case: Case,
}

/// The case, changed in one respect each.
pub(super) fn probes(situation: &Situation<'_>, case: &Case) -> Vec<Probe> {
    let own = |case: Case| Probe { stranger: None, case };
    let mut probes: Vec<Probe> = same_caller(case).into_iter().map(own).collect();
    let account = case.request.principal.account().or_else(|| situation.caller_account());
    for account in account.into_iter().chain([OTHER_ACCOUNT]) {
        let case = changed(case, |probe| {
            direct(probe);
            as_another(probe, account, situation.layer);
        });
        probes.push(Probe { stranger: Some(account.to_owned()), case });
    }
    probes
}

/// What else the denied caller might ask for.
fn same_caller(case: &Case) -> Vec<Case> {
    let mut probes = vec![
        changed(case, |probe| {
            direct(probe);
            from_elsewhere(probe);
        }),
        changed(case, |probe| {
            direct(probe);
            probe.request.context.insert("aws:MultiFactorAuthPresent", false);
        }),
        changed(case, |probe| {
            probe.request.context.insert("aws:RequestedRegion", OTHER_REGION);
        }),
        changed(case, |probe| {
            probe.request.action = other_action(&probe.request.action);
        }),
    ];
    if let Some(arn) = &case.request.resource.arn {
        let arn = format!("{arn}-another");
        probes.push(changed(case, |probe| probe.request.resource.arn = Some(arn)));
    }
    probes
}

fn changed(case: &Case, change: impl FnOnce(&mut Case)) -> Case {
    let mut probe = case.clone();
    change(&mut probe);
    probe
}

/// No service in between.
fn direct(probe: &mut Case) {
    let context = &mut probe.request.context;
    context.insert("aws:ViaAWSService", false);
    for key in ["kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
        context.mark_absent(key);
    }
}

fn from_elsewhere(probe: &mut Case) {
    let context = &mut probe.request.context;
    context.insert("aws:SourceIp", ELSEWHERE);
    for key in ["aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpce"] {
        context.mark_absent(key);
    }
}

/// A role that may do everything as far as its own policies go; in the caller's account it carries
/// what is changed, as others may.
fn as_another(probe: &mut Case, account: &str, changed: Layer) {
    let in_own = probe.request.principal.account() == Some(account);
    let of_denied = probe.request.principal.arn().and_then(Arn::parse).map(|arn| arn.partition);
    let partition = of_denied.unwrap_or("aws").to_owned();
    let role = format!("arn:{partition}:iam::{account}:role/somebody-else");
    probe.request.principal = Principal::RoleSession(RoleSession {
        account: account.to_owned(),
        session_arn: format!("arn:{partition}:sts::{account}:assumed-role/somebody-else/session"),
        role_name: "somebody-else".to_owned(),
        role_arn: Some(role.clone()),
        unique_id: None,
    });
    let context = &mut probe.request.context;
    context.insert("aws:PrincipalArn", role);
    context.insert("aws:PrincipalAccount", account);
    context.insert("aws:PrincipalIsAWSService", false);
    context.insert("kms:CallerAccount", account);
    context.mark_absent("aws:PrincipalServiceName");
    let mut identity: Vec<AttachedPolicy> = everything().into_iter().collect();
    if let (true, Layer::IdentityPolicy, Some(known)) =
        (in_own, changed, probe.layers.identity.known_mut())
    {
        // An inline policy is the denied caller's alone.
        identity.extend(known.iter().filter(|policy| policy.label.arn.is_some()).cloned());
    }
    probe.layers.identity = Presence::Known(identity);
    if !in_own || changed != Layer::PermissionsBoundary {
        probe.layers.boundary = Presence::NotApplicable;
    }
    probe.layers.session = Presence::NotApplicable;
}

fn everything() -> Option<AttachedPolicy> {
    let document: Value = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    Some(AttachedPolicy::new(PolicyLabel::default(), Policy::from_value(&document).ok()?))
}

/// Something worse on the same resource.
fn other_action(action: &str) -> String {
    match action.split(':').next().unwrap_or_default() {
        "kms" => "kms:ScheduleKeyDeletion".to_owned(),
        "s3" => "s3:DeleteObjectVersion".to_owned(),
        service => format!("{service}:SomethingElse"),
    }
}
