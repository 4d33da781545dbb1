//! Ways to spare a call from a Deny statement, narrowest first. An Allow never helps against an
//! explicit deny (IAM User Guide, Policy evaluation logic), so all of them change the Deny itself.

use serde_json::{Value, json};

use super::candidate::Candidate;
use super::situation::{Situation, value_of};
use super::statement::{
    Tested, sparing_resources, tested, with_condition, with_entries, with_value, without_entries,
    without_value,
};
use crate::event::Layer;
use crate::iam::{AttachedPolicy, DecisionResult, Statement, StatementEffect, evaluate};
use crate::wording::Sentence;

/// Keys that say from where or how the caller itself came; a service in between comes from
/// elsewhere (IAM "AWS global condition context keys", properties of the network; "Denies access to
/// AWS based on the source IP").
const OF_THE_HOP: [&str; 8] = [
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:SourceVpcArn",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:UserAgent",
];
/// Keys that a forwarded call carries otherwise than the caller's own.
const OF_THE_SESSION: [&str; 3] =
    ["aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime"];
/// Keys about who the principal is.
const OF_THE_PRINCIPAL: [&str; 5] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:userid",
    "aws:PrincipalType",
];
/// Keys whose values are a list of what is meant to pass, so that one more can be named.
const LISTS: [&str; 15] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalServiceName",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:userid",
    "kms:CallerAccount",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:ViaService",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Keys that no list of is ever made longer by a fix: an address is no one's for long, and with an
/// organization everybody in it would get in.
const NEVER_ADDED: [&str; 7] = [
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgID",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
];

/// Whether a value of the key may be added to a list of what passes.
pub(super) fn may_be_listed(key: &str) -> bool {
    !names(&NEVER_ADDED, key)
}

fn names(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// From this breadth on the statement no longer says anything of the call, whoever makes it.
pub(super) const TAKES_OUT: u8 = 30;

/// One Deny statement in its policy, seen from the denied call.
struct Deny<'d> {
    situation: &'d Situation<'d>,
    layer: Layer,
    policy: AttachedPolicy,
    index: usize,
    /// Every Deny of the policy that keeps the call out; one exception has to stand in all of them.
    all: Vec<usize>,
    raw: &'d Value,
    found: Vec<Candidate>,
}

/// Every way to spare the call from the statement that evaluating found.
pub(super) fn candidates(
    situation: &Situation<'_>,
    policy: &AttachedPolicy,
    statement: &Statement,
) -> Vec<Candidate> {
    let mut deny = Deny {
        situation,
        layer: situation.layer,
        policy: policy.clone(),
        index: statement.index(),
        all: denying(situation, policy, statement),
        raw: statement.raw(),
        found: Vec::new(),
    };
    deny.service_itself();
    deny.forwarded();
    deny.lists();
    deny.principal();
    deny.actions_and_resources();
    deny.remove();
    deny.found
}

/// Places of the Deny statements of the policy that certainly apply, with the one that was found.
fn denying(
    situation: &Situation<'_>,
    policy: &AttachedPolicy,
    statement: &Statement,
) -> Vec<usize> {
    let mut places = vec![statement.index()];
    if let Some(case) = situation.first() {
        let layers = crate::diagnose::optimistic::optimistic(&case.request, &case.layers);
        let decision = evaluate(&case.request, &layers);
        let here = decision.statements.iter().filter(|deciding| {
            decision.result == DecisionResult::ExplicitlyDenied
                && deciding.effect() == StatementEffect::Deny
                && deciding.label == policy.label
        });
        places.extend(here.map(|deciding| deciding.index()));
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// How a condition is called in a title: as it is written.
fn written(operator: &str, key: &str, value: &str) -> String {
    format!("\"{operator}\": {{\"{key}\": \"{value}\"}}")
}

/// The way to spare forwarded KMS calls: the key is there only when a service calls (KMS
/// "kms:ViaService").
pub(super) const VIA_KMS: (&str, &str, &str) = ("Null", "kms:ViaService", "true");
/// The way to spare forwarded calls to any service (IAM "aws:ViaAWSService").
pub(super) const VIA_ANY: (&str, &str, &str) = ("Bool", "aws:ViaAWSService", "false");
/// The way to spare services that call as themselves (IAM "aws:PrincipalIsAWSService").
pub(super) const SERVICES: (&str, &str, &str) =
    ("BoolIfExists", "aws:PrincipalIsAWSService", "false");

/// The title of adding one condition to a Deny.
pub(super) fn spare_title(
    (operator, key, value): (&str, &str, &str),
    sid: Option<&str>,
) -> Sentence {
    Sentence::new("remedy-add-condition")
        .arg("condition", written(operator, key, value))
        .arg("statement", statement_name(sid))
}

fn statement_name(sid: Option<&str>) -> Sentence {
    match sid {
        Some(sid) => Sentence::new("remedy-statement-sid").arg("sid", sid),
        None => Sentence::new("remedy-statement"),
    }
}

impl Deny<'_> {
    fn sid(&self) -> Option<&str> {
        self.raw.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
    }

    fn statement(&self) -> Sentence {
        statement_name(self.sid())
    }

    fn tests(&self, keys: &[&str]) -> bool {
        tested(self.raw).iter().any(|t| names(keys, &t.key))
    }

    fn put(
        &mut self,
        title: Sentence,
        statement: Option<Value>,
        breadth: u8,
    ) -> Option<&mut Candidate> {
        let candidate =
            Candidate::restate(title, self.layer, &self.policy, self.index, statement?, breadth)?;
        self.found.push(candidate);
        self.found.last_mut()
    }

    fn spare(&mut self, condition: (&str, &str, &str), breadth: u8, note: Sentence) {
        let (operator, key, value) = condition;
        let title = spare_title(condition, self.sid());
        if let Some(candidate) = self.put_in_all(title, (operator, key, &json!(value)), breadth) {
            candidate.notes.push(note);
        }
    }

    /// The same condition added to every Deny that keeps the call out.
    fn put_in_all(
        &mut self,
        title: Sentence,
        (operator, key, value): (&str, &str, &Value),
        breadth: u8,
    ) -> Option<&mut Candidate> {
        with_condition(self.raw, operator, key, value.clone())?;
        let places = &self.all;
        let after = self.policy.policy.with_statements(|statements| {
            for place in places {
                if let Some(statement) = statements.get_mut(*place)
                    && let Some(changed) = with_condition(statement, operator, key, value.clone())
                {
                    *statement = changed;
                }
            }
        });
        let candidate = Candidate::replace(title, self.layer, &self.policy, after.ok()?, breadth)?;
        self.found.push(candidate);
        self.found.last_mut()
    }

    fn service_itself(&mut self) {
        if self.situation.is_by_service() {
            self.spare(SERVICES, 0, Sentence::new("remedy-note-services"));
        }
    }

    fn forwarded(&mut self) {
        if !self.situation.is_forwarded() {
            return;
        }
        let sees_the_hop = self.tests(&OF_THE_HOP) || self.tests(&OF_THE_SESSION);
        // Elsewhere a forwarded call is denied for what it is, and sparing all of them opens more.
        let breadth = if sees_the_hop { 0 } else { 60 };
        let by_address = self.tests(&["aws:SourceIp", "aws:VpcSourceIp"]);
        if self.situation.is_kms() {
            self.spare(VIA_KMS, breadth, Sentence::new("remedy-note-via-kms"));
            self.confirm(by_address);
        }
        self.spare(VIA_ANY, breadth + 1, Sentence::new("remedy-note-via-any"));
        self.confirm(by_address);
    }

    /// How one sees that the condition is the cause, without touching it.
    fn confirm(&mut self, by_address: bool) {
        if let (true, Some(last)) = (by_address, self.found.last_mut()) {
            last.notes.push(Sentence::new("remedy-note-confirm"));
        }
    }

    /// A list of who or what passes gets one more entry; a list of who does not, one fewer.
    fn lists(&mut self) {
        for tested in tested(self.raw) {
            if !tested.is_list() || !names(&LISTS, &tested.key) {
                continue;
            }
            // The address of a forwarded call is the service's own or changes; naming it helps once.
            if self.situation.is_forwarded() && names(&OF_THE_HOP, &tested.key) {
                continue;
            }
            let values = self.values(&tested.key);
            let mut statement = Some(self.raw.clone());
            for value in &values {
                statement = statement.and_then(|raw| edited(&raw, &tested, value));
            }
            if values.is_empty() {
                continue;
            }
            let title = if tested.is_negated() {
                Sentence::new("remedy-add-value")
                    .arg("value", values.join(", "))
                    .arg("key", tested.key.as_str())
                    .arg("statement", self.statement())
            } else {
                Sentence::new("remedy-take-value")
                    .arg("value", values.join(", "))
                    .arg("key", tested.key.as_str())
                    .arg("statement", self.statement())
            };
            let breadth = if names(&OF_THE_PRINCIPAL, &tested.key) { 2 } else { 5 };
            self.put(title, statement, breadth);
        }
    }

    /// The values that the denied requests have for a key, each once.
    fn values(&self, key: &str) -> Vec<String> {
        let mut values: Vec<String> = self
            .situation
            .denied
            .iter()
            .filter_map(|case| value_of(&case.request.context, key))
            .map(str::to_owned)
            .collect();
        values.sort();
        values.dedup();
        values
    }

    /// A Deny that names no exceptions gets one for the caller.
    fn principal(&mut self) {
        if self.tests(&["aws:PrincipalArn"]) || self.layer == Layer::SessionPolicy {
            return;
        }
        let mut arns = self.values("aws:PrincipalArn");
        if arns.is_empty() {
            arns.extend(self.situation.caller_arn());
        }
        if arns.is_empty() {
            return;
        }
        let title = Sentence::new("remedy-except-principal")
            .arg("principal", arns.join(", "))
            .arg("statement", self.statement());
        // In a policy of the principal alone that is as much as taking the statement out.
        let breadth = if self.layer == Layer::IdentityPolicy { 40 } else { 22 };
        self.put_in_all(title, ("ArnNotEquals", "aws:PrincipalArn", &json!(arns)), breadth);
    }

    fn actions_and_resources(&mut self) {
        let (actions, resources) =
            (self.situation.actions.clone(), self.situation.resources.clone());
        if self.raw.get("NotAction").is_some() {
            let title = Sentence::new("remedy-spare-action")
                .arg("actions", actions.join(", "))
                .arg("statement", self.statement());
            self.put(title, with_entries(self.raw, "NotAction", &actions), 12);
        }
        let title = Sentence::new("remedy-take-action")
            .arg("actions", actions.join(", "))
            .arg("statement", self.statement());
        self.put(title, without_entries(self.raw, "Action", &actions), TAKES_OUT);
        // In a resource's own policy the resource is all there is.
        let owner = self.policy.label.attached_to.as_ref();
        let is_own = owner.is_some_and(|owner| resources.contains(owner));
        if !is_own {
            let title = Sentence::new("remedy-spare-resource")
                .arg("resources", resources.join(", "))
                .arg("statement", self.statement());
            self.put(title, sparing_resources(self.raw, &resources), 21);
        }
    }

    fn remove(&mut self) {
        let index = self.index;
        let without = self.policy.policy.with_statements(|statements| {
            if index < statements.len() {
                statements.remove(index);
            }
        });
        let title = Sentence::new("remedy-remove").arg("statement", self.statement());
        let Ok(without) = without else { return };
        if without.document().get("Statement").and_then(Value::as_array).is_some_and(Vec::is_empty)
        {
            return;
        }
        let candidate = Candidate::replace(title, self.layer, &self.policy, without, 90);
        self.found.extend(candidate.map(|c| c.note(Sentence::new("remedy-note-remove"))));
    }
}

/// One value more among those that pass, or fewer among those that do not.
fn edited(raw: &Value, tested: &Tested, value: &str) -> Option<Value> {
    let now = super::statement::tested(raw)
        .into_iter()
        .find(|t| t.operator == tested.operator && t.key == tested.key)?;
    if now.is_negated() { with_value(raw, &now, value) } else { without_value(raw, &now, value) }
}

/// What can be said of a Deny whose text is not known, by the condition keys it seems to test.
pub(super) fn unread(situation: &Situation<'_>) -> Vec<Candidate> {
    let keys = &situation.incident.verdict.condition_keys;
    let tests = |list: &[&str]| keys.iter().any(|key| names(list, key));
    let layer = situation.layer;
    let mut found = Vec::new();
    let mut spare = |condition: (&str, &str, &str), breadth, note| {
        let (operator, key, value) = condition;
        let mut candidate =
            Candidate::text(spare_title(condition, None), layer, breadth).note(note);
        candidate.document = Some(json!({"Condition": {operator: {key: value}}}));
        found.push(candidate);
    };
    if situation.is_by_service() {
        spare(SERVICES, 10, Sentence::new("remedy-note-services"));
    } else if situation.is_forwarded()
        && (keys.is_empty() || tests(&OF_THE_HOP) || tests(&OF_THE_SESSION))
    {
        if situation.is_kms() {
            spare(VIA_KMS, 0, Sentence::new("remedy-note-via-kms"));
        }
        spare(VIA_ANY, 1, Sentence::new("remedy-note-via-any"));
        if keys.is_empty() || tests(&["aws:SourceIp", "aws:VpcSourceIp"]) {
            found.iter_mut().for_each(|c: &mut Candidate| {
                c.notes.push(Sentence::new("remedy-note-confirm"));
            });
        }
    }
    if let Some(region) =
        situation.key("aws:RequestedRegion").filter(|_| tests(&["aws:RequestedRegion"]))
    {
        let title = Sentence::new("remedy-add-value")
            .arg("value", region)
            .arg("key", "aws:RequestedRegion")
            .arg("statement", Sentence::new("remedy-statement"));
        found.push(Candidate::text(title, layer, 5));
    }
    if let Some(arn) = situation.caller_arn().filter(|_| layer != Layer::IdentityPolicy) {
        let title = Sentence::new("remedy-except-principal")
            .arg("principal", arn.as_str())
            .arg("statement", Sentence::new("remedy-statement"));
        let mut candidate = Candidate::text(title, layer, 20);
        candidate.document =
            Some(json!({"Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn}}}));
        found.push(candidate);
    }
    if found.is_empty() {
        let title =
            Sentence::new("remedy-narrow-deny").arg("actions", situation.actions.join(", "));
        found.push(Candidate::text(title, layer, 50));
    }
    for candidate in &mut found {
        candidate.attach_to = stated_place(situation);
        candidate.notes.push(Sentence::new("remedy-note-unread"));
    }
    found
}

/// The policy AWS's text names, else what the layer belongs to.
fn stated_place(situation: &Situation<'_>) -> Option<String> {
    let stated = situation.failing.denial.stated.as_ref().and_then(|s| s.policy_arn.clone());
    stated.or_else(|| super::allow::owner_of_layer(situation))
}
