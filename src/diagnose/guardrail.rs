//! Tells a rule that does its work from one that is in the way: a caller's own call that was refused,
//! that never worked before, and that the rules of an organization or of any careful owner are made
//! to stop. What hits a call that a service made, or began with a change, is a defect.

use std::collections::{BTreeMap, BTreeSet};

use super::benign;
use super::failing::Failing;
use super::incident::{Incident, Verdict};
use super::picture::{Pool, makes_new};
use super::words::{Certainty, Kind};
use crate::aws;
use crate::chain::Chains;
use crate::contrast::{Attribute, Observation};
use crate::event::{self, Effect, Event, Failure, Layer};
use crate::wording::{Sentence, layer_on};

/// Why a refusal looks like a guardrail doing its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guardrail {
    /// What the call would have done is what such rules are made against.
    Sensitive(Deed),
    /// The caller was refused one sort of call after another.
    Sweep {
        /// Different actions that were refused.
        actions: usize,
        /// Services that they are of.
        services: usize,
    },
    /// A layer refused that does nothing but limit.
    Limit(Layer),
}

/// What a call would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Take away what records or watches.
    Blind,
    /// Leave the organization, or take its rules away.
    Leave,
    /// Let everybody in.
    Open,
    /// Give rights, or lift a limit of them.
    Empower,
    /// Take away keys or copies that data hangs on.
    Destroy,
    /// Take away a second factor.
    Weaken,
}

impl Guardrail {
    /// The reason, in a sentence about this action and resource.
    pub fn because(&self, action: &str, resource: Option<&str>) -> Sentence {
        match self {
            Guardrail::Sensitive(deed) => deed.sentence(action),
            Guardrail::Sweep { actions, services } => Sentence::new("guardrail-sweep")
                .arg("actions", *actions)
                .arg("services", *services)
                .arg("minutes", SWEEP_SECONDS.unsigned_abs() as usize / 60),
            Guardrail::Limit(layer) => {
                Sentence::new("guardrail-limit").arg("layer", layer_on(*layer, resource))
            }
        }
    }
}

impl Deed {
    fn sentence(self, action: &str) -> Sentence {
        match self {
            Deed::Blind => Sentence::new("guardrail-blinds").arg("action", action),
            Deed::Leave => Sentence::new("guardrail-leaves").arg("action", action),
            Deed::Open => Sentence::new("guardrail-opens").arg("action", action),
            Deed::Empower => Sentence::new("guardrail-empowers").arg("action", action),
            Deed::Destroy => Sentence::new("guardrail-destroys").arg("action", action),
            Deed::Weaken => Sentence::new("guardrail-weakens").arg("action", action),
        }
    }
}

/// When an action is sensitive.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Whoever refuses it: little everyday work needs it.
    Always,
    /// Where a Deny forbids it in so many words; that nothing allows it is everyday work.
    Forbidden,
    /// Where a parameter has one of these values.
    With(&'static [&'static str]),
    /// Where it is made on the caller's own user or role, or hands out an administrator's rights.
    ForOneself,
    /// Where it is made on another user than the caller.
    ForAnother,
}

/// Actions, each up to a `*`, what they do, and when that is sensitive.
type Row = (&'static [&'static str], Deed, When);

/// What the rules of landing zones and the published examples of service control policies are made
/// against (AWS Organizations User Guide, "Example SCPs"; aws-samples/service-control-policy-examples
/// and aws-iam-permissions-guardrails; MITRE ATT&CK T1562, T1531, T1485, T1490, T1098, T1556.006;
/// AWS Backup Developer Guide, "Vault Lock"; S3 and EC2 user guides, "Block public access").
const SENSITIVE: &[Row] = &[
    (
        &[
            "cloudtrail:Stop*",
            "cloudtrail:Delete*",
            "cloudtrail:Deregister*",
            "cloudtrail:Disable*",
            "config:Stop*",
            "config:Delete*",
            "guardduty:Delete*",
            "guardduty:Disassociate*",
            "guardduty:Disable*",
            "guardduty:Stop*",
            "securityhub:Disable*",
            "securityhub:BatchDisable*",
            "securityhub:Disassociate*",
            "securityhub:Delete*",
            "access-analyzer:Delete*",
            "macie2:Disable*",
            "macie2:Disassociate*",
            "macie2:Delete*",
            "inspector2:Disable*",
            "inspector2:Disassociate*",
            "detective:Delete*",
            "detective:Disassociate*",
            "detective:Disable*",
            "securitylake:Delete*",
            "securitylake:Deregister*",
            "auditmanager:Deregister*",
            "auditmanager:Delete*",
            "fms:Disassociate*",
            "fms:Delete*",
            "shield:Delete*",
            "shield:Disassociate*",
            "shield:Disable*",
            "ec2:DeleteFlowLogs",
            "wafv2:DeleteLoggingConfiguration",
            "route53resolver:DeleteResolverQueryLogConfig",
            "route53resolver:DisassociateResolverQueryLogConfig",
            "bedrock:DeleteModelInvocationLoggingConfiguration",
        ],
        Deed::Blind,
        When::Always,
    ),
    // These also belong to setting such services up, or to clearing away what was made for a test.
    (
        &[
            "cloudtrail:*",
            "config:*",
            "guardduty:*",
            "securityhub:*",
            "access-analyzer:*",
            "macie2:*",
            "inspector2:*",
            "detective:*",
            "securitylake:*",
            "logs:Delete*",
            "logs:PutRetentionPolicy",
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DisableAlarmActions",
            "events:DisableRule",
            "events:DeleteRule",
            "events:RemoveTargets",
            "wafv2:Delete*",
            "wafv2:DisassociateWebACL",
            "network-firewall:Delete*",
            "s3:PutBucketLogging",
        ],
        Deed::Blind,
        When::Forbidden,
    ),
    (&["guardduty:UpdateDetector"], Deed::Blind, When::With(&["enable=false"])),
    (
        &[
            "organizations:Leave*",
            "organizations:RemoveAccount*",
            "organizations:Delete*",
            "organizations:Disable*",
            "organizations:Deregister*",
            "organizations:DetachPolicy",
            "organizations:CloseAccount",
            "account:CloseAccount",
            "account:DisableRegion",
            "controltower:Disable*",
            "controltower:Delete*",
            "ram:DisassociateResourceSharePermission",
        ],
        Deed::Leave,
        When::Always,
    ),
    (&["organizations:*", "account:*"], Deed::Leave, When::Forbidden),
    (
        &[
            "ec2:DisableSnapshotBlockPublicAccess",
            "ec2:DisableImageBlockPublicAccess",
            "ec2:DisableEbsEncryptionByDefault",
        ],
        Deed::Open,
        When::Always,
    ),
    // The same permission lets settings be made and taken away: what the call carries tells which.
    (
        &[
            "s3:PutBucketPublicAccessBlock",
            "s3:PutAccountPublicAccessBlock",
            "s3:PutAccessPointPublicAccessBlock",
            "s3:DeletePublicAccessBlock",
            "elasticmapreduce:PutBlockPublicAccessConfiguration",
            "lambda:PutPublicAccessBlockConfig",
        ],
        Deed::Open,
        When::With(&["=false", "name=delete"]),
    ),
    (
        &[
            "ec2:ModifySnapshotAttribute",
            "ec2:ModifyImageAttribute",
            "rds:ModifyDBSnapshotAttribute",
            "rds:ModifyDBClusterSnapshotAttribute",
            "ssm:ModifyDocumentPermission",
            "lambda:AddPermission",
            "s3:PutBucketAcl",
            "s3:PutObjectAcl",
        ],
        Deed::Open,
        When::With(&["=all", "=*", "=public-read", "=public-read-write"]),
    ),
    (
        &[
            "iam:AttachUserPolicy",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:PutUserPolicy",
            "iam:PutRolePolicy",
            "iam:AddUserToGroup",
            "iam:UpdateAssumeRolePolicy",
        ],
        Deed::Empower,
        When::ForOneself,
    ),
    (
        &["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"],
        Deed::Empower,
        When::ForAnother,
    ),
    (
        &[
            "iam:DeleteUserPermissionsBoundary",
            "iam:DeleteRolePermissionsBoundary",
            "iam:PutUserPermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
            "iam:DeleteAccountPasswordPolicy",
        ],
        Deed::Empower,
        When::Always,
    ),
    (
        &[
            "iam:Create*",
            "iam:Attach*",
            "iam:Put*",
            "iam:Add*",
            "iam:Update*",
            "iam:Set*",
            "sso:CreatePermissionSet",
            "sso:PutInlinePolicyToPermissionSet",
            "sso:AttachManagedPolicyToPermissionSet",
            "sso:CreateAccountAssignment",
        ],
        Deed::Empower,
        When::Forbidden,
    ),
    (
        &[
            "kms:ScheduleKeyDeletion",
            "kms:DisableKey",
            "kms:DeleteImportedKeyMaterial",
            "kms:DisableKeyRotation",
            "backup:DeleteBackupVault",
            "backup:DeleteBackupVaultLockConfiguration",
            "backup:DeleteBackupVaultAccessPolicy",
            "backup:DeleteRecoveryPoint",
            "backup:DeleteBackupPlan",
            "backup:DisassociateRecoveryPoint",
            "s3:BypassGovernanceRetention",
            "glacier:AbortVaultLock",
            "glacier:DeleteVault",
            "rds:DeleteDBInstanceAutomatedBackup",
            "dynamodb:DeleteBackup",
            "fsx:DeleteBackup",
        ],
        Deed::Destroy,
        When::Always,
    ),
    (
        &[
            "ec2:DeleteSnapshot",
            "rds:DeleteDBSnapshot",
            "rds:DeleteDBClusterSnapshot",
            "redshift:DeleteClusterSnapshot",
            "elasticache:DeleteSnapshot",
            "backup:*",
            "kms:Delete*",
            "kms:Disable*",
            "s3:PutBucketVersioning",
            "s3:DeleteObjectVersion",
            "s3:PutLifecycleConfiguration",
            "secretsmanager:DeleteSecret",
        ],
        Deed::Destroy,
        When::Forbidden,
    ),
    (&["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"], Deed::Weaken, When::Always),
];

/// A sweep: so many different actions of so many services are refused to one caller within this time,
/// and it succeeds with fewer. What misses a policy is refused what it needs, and no more.
const SWEEP_ACTIONS: usize = 10;
const SWEEP_SERVICES: usize = 4;
const SWEEP_SECONDS: i64 = 600;

/// Marks the incidents that look like a guardrail doing its work.
pub(super) fn mark(incidents: &mut [Incident], log: &Log<'_>) {
    let sweeps = Sweeps::of(incidents, log);
    for incident in incidents {
        incident.guardrail = guardrail(incident, log, &sweeps);
    }
}

/// What is asked of the log.
pub(super) struct Log<'l> {
    pub events: &'l [Event],
    pub chains: &'l Chains,
    pub pool: &'l Pool<'l>,
    /// Every call is there, so that what is not there did not happen.
    pub is_whole: bool,
}

fn guardrail(incident: &Incident, log: &Log<'_>, sweeps: &Sweeps<'_>) -> Option<Guardrail> {
    let all: Vec<(&Failing, &Event)> = incident
        .occurrences
        .iter()
        .map(|occurrence| {
            let failing = occurrence.failing.as_ref()?;
            Some((failing, log.events.get(failing.denied)?))
        })
        .collect::<Option<_>>()?;
    let is_own = |(failing, event): &(&Failing, &Event)| is_own_call(failing, event);
    if all.is_empty() || !all.iter().all(is_own) {
        return None;
    }
    let why = reason(incident, &all, sweeps)?;
    // A change that took away what had worked is a defect, whatever it took away; one that the
    // forbidden had not yet met is the rule being made.
    let whose = match (&why, &incident.change) {
        (Guardrail::Sensitive(_), Some(_)) => Whose::Account,
        (_, Some(_)) => return None,
        (_, None) => Whose::Caller,
    };
    let worked = all.iter().any(|(failing, _)| worked_before(failing, whose, log));
    (!worked).then_some(why)
}

fn is_own_call(failing: &Failing, event: &Event) -> bool {
    failing.kind == Kind::Direct
        && failing.behind.is_none()
        && failing.failure == Failure::Denied
        && event.is_own_hop(failing.caller_kind)
}

fn reason(
    incident: &Incident,
    all: &[(&Failing, &Event)],
    sweeps: &Sweeps<'_>,
) -> Option<Guardrail> {
    let verdict = &incident.verdict;
    let deeds = all.iter().map(|(failing, event)| deed(failing, event, verdict));
    if let Some(deed) = deeds.collect::<Option<Vec<_>>>().and_then(|deeds| deeds.first().copied()) {
        return Some(Guardrail::Sensitive(deed));
    }
    if let Some(sweep) = sweeps.hold(all) {
        return Some(sweep);
    }
    let is_sure = matches!(verdict.certainty, Certainty::Proven | Certainty::Stated);
    let layer = verdict.ranked.first().filter(|_| is_sure)?.layer;
    matches!(layer, Layer::Scp | Layer::Rcp | Layer::PermissionsBoundary)
        .then_some(Guardrail::Limit(layer))
}

/// What a refused call would have done, where that is sensitive.
fn deed(failing: &Failing, event: &Event, verdict: &Verdict) -> Option<Deed> {
    let is_forbidden = verdict.certainty != Certainty::Unknown
        && verdict.ranked.first().is_some_and(|h| h.effect == Effect::ExplicitDeny);
    let action = failing.action.as_str();
    let row = SENSITIVE.iter().find(|(actions, _, when)| {
        actions.iter().any(|pattern| is_like(pattern, action))
            && applies(*when, event, is_forbidden)
    });
    // A Deny of what hands out permissions guards them, whichever service has them.
    let manages = || is_forbidden && aws::action(action).is_some_and(|a| a.manages_permissions());
    let is_read = event.read_only == Some(true)
        || event::is_read_like(event::action::operation(event.name()));
    match row {
        _ if is_read => None,
        Some((_, deed, _)) => Some(*deed),
        None => manages().then_some(Deed::Empower),
    }
}

fn is_like(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => {
            action.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
        }
        None => pattern.eq_ignore_ascii_case(action),
    }
}

fn applies(when: When, event: &Event, is_forbidden: bool) -> bool {
    match when {
        When::Always => true,
        When::Forbidden => is_forbidden,
        When::With(values) => is_forbidden || carries(event, values),
        When::ForOneself => is_forbidden || is_for_oneself(event),
        When::ForAnother => is_forbidden || is_for_another(event),
    }
}

/// Whether a parameter of the call has one of these values: `=value`, `name=value`, or `name=verb` of
/// the call itself.
fn carries(event: &Event, values: &[&str]) -> bool {
    let name = event::action::operation(event.name()).to_ascii_lowercase();
    if values.contains(&"name=delete") && name.starts_with("delete") {
        return true;
    }
    let mut found = false;
    event::json::leaves(event.request().unwrap_or_default(), |path, value| {
        let last = path.rsplit('.').next().unwrap_or_default();
        found |= values.iter().any(|wanted| match wanted.split_once('=') {
            Some(("", wanted)) => value.eq_ignore_ascii_case(wanted),
            Some((name, wanted)) => {
                last.eq_ignore_ascii_case(name) && value.eq_ignore_ascii_case(wanted)
            }
            None => false,
        });
    });
    found
}

/// Managed policies with which everything, or IAM, is open (AWS managed policies for job functions).
const ADMINISTRATORS: [&str; 3] =
    ["policy/AdministratorAccess", "policy/IAMFullAccess", "policy/PowerUserAccess"];

fn is_for_oneself(event: &Event) -> bool {
    let hands_out = event
        .request_value("policyArn")
        .is_some_and(|arn| ADMINISTRATORS.iter().any(|end| arn.ends_with(end)));
    hands_out || target(event).is_some_and(|name| Some(name.as_str()) == own_name(event))
}

fn is_for_another(event: &Event) -> bool {
    target(event).is_some_and(|name| Some(name.as_str()) != own_name(event))
}

/// The user or role that an IAM call is on.
fn target(event: &Event) -> Option<String> {
    event.request_value("userName").or_else(|| event.request_value("roleName"))
}

fn own_name(event: &Event) -> Option<&str> {
    event.principal_arn()?.rsplit('/').next()
}

/// Whose success tells that a call worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Caller,
    Account,
}

/// Whether the like of a call worked before: the same action in the same Region, on the same thing
/// where it is not made by the call.
fn worked_before(failing: &Failing, whose: Whose, log: &Log<'_>) -> bool {
    let Some(one) = Observation::new(log.events, log.chains, failing.denied) else { return true };
    log.pool.of(one.event).iter().any(|success| {
        let is_earlier = !log.is_whole || success.event.time < one.event.time;
        let is_same = match whose {
            Whose::Caller => one.agrees(success, Attribute::Principal),
            Whose::Account => one.agrees(success, Attribute::CallerAccount),
        };
        let is_there = one.event.region() == success.event.region()
            && (makes_new(one.event)
                || failing.resource.as_deref() == success.get(Attribute::Resource)
                || failing.resource.is_none());
        is_earlier && is_same && is_there
    })
}

/// Who was refused one thing after another, and when.
struct Sweeps<'e> {
    by_caller: BTreeMap<&'e str, Vec<(i64, i64, Guardrail)>>,
}

impl<'e> Sweeps<'e> {
    fn of(incidents: &[Incident], log: &Log<'e>) -> Sweeps<'e> {
        let mut refused: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
        let failing =
            incidents.iter().flat_map(|i| &i.occurrences).filter_map(|o| o.failing.as_ref());
        for failing in failing {
            let Some(event) = log.events.get(failing.denied) else { continue };
            // What builds everything is refused everything while its role is not yet there.
            if is_own_call(failing, event) && !benign::has_any(event, benign::BUILDERS) {
                let times = refused.entry(caller(event)).or_default();
                times.push((event.time.0 / 1000, failing.action.clone()));
            }
        }
        refused.retain(|_, calls| sorts(calls.iter()).len() >= SWEEP_ACTIONS);
        let mut worked: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
        if !refused.is_empty() {
            for event in log.events.iter().filter(|event| !event.failed()) {
                if refused.contains_key(caller(event)) {
                    let call = (event.time.0 / 1000, event::action(event));
                    worked.entry(caller(event)).or_default().push(call);
                }
            }
        }
        let by_caller = refused.into_iter().map(|(caller, mut calls)| {
            calls.sort();
            let worked = worked.remove(caller).unwrap_or_default();
            (caller, stretches(&calls, &worked))
        });
        Sweeps { by_caller: by_caller.collect() }
    }

    /// The sweep that all of these calls are part of.
    fn hold(&self, all: &[(&Failing, &Event)]) -> Option<Guardrail> {
        let mut found = None;
        for (_, event) in all {
            let second = event.time.0 / 1000;
            let sweep = self
                .by_caller
                .get(caller(event))?
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&second))?;
            found.get_or_insert(sweep.2.clone());
        }
        found
    }
}

/// The stretches of time in which a caller was refused too many sorts of calls, the longest of those
/// that begin with a call.
fn stretches(calls: &[(i64, String)], worked: &[(i64, String)]) -> Vec<(i64, i64, Guardrail)> {
    let mut found: Vec<(i64, i64, Guardrail)> = Vec::new();
    for (first, _) in calls {
        let last = first + SWEEP_SECONDS;
        let within = |call: &&(i64, String)| (*first..=last).contains(&call.0);
        let actions = sorts(calls.iter().filter(within));
        let services: BTreeSet<&str> =
            actions.iter().filter_map(|action| action.split(':').next()).collect();
        let succeeded = sorts(worked.iter().filter(within)).len();
        if actions.len() >= SWEEP_ACTIONS
            && services.len() >= SWEEP_SERVICES
            && succeeded < actions.len()
        {
            let (actions, services) = (actions.len(), services.len());
            found.push((*first, last, Guardrail::Sweep { actions, services }));
        }
    }
    found
}

fn sorts<'c>(calls: impl Iterator<Item = &'c (i64, String)>) -> BTreeSet<&'c str> {
    calls.map(|(_, action)| action.as_str()).collect()
}

fn caller(event: &Event) -> &str {
    event.principal_id().or_else(|| event.arn()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use super::*;

    #[test]
    fn the_rows_name_actions_that_aws_publishes() {
        for (patterns, _, _) in SENSITIVE {
            for pattern in *patterns {
                let (service, name) = pattern.split_once(':').unwrap();
                assert!(!service.is_empty() && !name.is_empty(), "{pattern}");
                let is_whole = !pattern.ends_with('*');
                assert!(!is_whole || aws::action(pattern).is_some(), "{pattern} is not published");
            }
        }
    }

    #[test]
    fn a_pattern_is_the_head_of_an_action_in_any_case() {
        assert!(is_like("guardduty:Delete*", "guardduty:DeleteDetector"));
        assert!(is_like("kms:DisableKey", "KMS:disablekey"));
        assert!(!is_like("kms:DisableKey", "kms:DisableKeyRotation"));
        assert!(!is_like("config:Stop*", "configservice:StopX"));
    }
}
