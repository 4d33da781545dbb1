//! Ways to give a permission that nothing gives: an existing Allow made a little wider, a new
//! statement in the document that lacks it, or a policy of its own beside the others.

use serde_json::{Map, Value, json};

use super::candidate::{Candidate, place_of};
use super::following::following;
use super::need::{self, On};
use super::place::Place;
use super::situation::{Situation, value_of};
use super::statement::{
    Tested, one_or_many, tested, texts, with_entries, with_principals, with_value, without_value,
};
use crate::aws;
use crate::diagnose::evaluated::{Case, policies};
use crate::diagnose::signature;
use crate::event::arn::is_account_id;
use crate::event::{CallerKind, Layer};
use crate::iam::{AttachedPolicy, Policy, StatementEffect};
use crate::wording::Sentence;

/// Name of the inline policy that a fix adds.
const NAME: &str = "allow-what-was-denied";
/// Sids of the statements that are added.
const ALLOW: &str = "AllowWhatWasDenied";
const USE: &str = "AllowUse";
const NEXT: &str = "AllowTheNextStep";
const GRANTS: &str = "AllowGrantsForServices";
/// What a service does with a key that it encrypts with (Auto Scaling User Guide, "Required AWS KMS
/// key policy for use with encrypted volumes").
const USE_OF_A_KEY: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

/// Every way to let the layer give the permission.
pub(super) fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
    // A list of dozens of actions is read by nobody before it is pasted.
    if situation.actions.len() > need::MOST_ACTIONS {
        return vec![choose(situation)];
    }
    let mut found = widened(situation);
    found.iter_mut().for_each(|candidate| candidate.is_guess = true);
    match situation.layer {
        Layer::IdentityPolicy => found.extend(identity(situation)),
        Layer::ResourcePolicy => found.extend(resource(situation)),
        Layer::RoleTrustPolicy => found.extend(trust(situation)),
        Layer::PermissionsBoundary | Layer::VpcEndpointPolicy => found.extend(limit(situation)),
        Layer::SessionPolicy => found.extend(session(situation)),
        Layer::Scp | Layer::Rcp => found.extend(organization(situation)),
        _ => {}
    }
    found
}

/// What to do where so much was refused that somebody has to choose.
fn choose(situation: &Situation<'_>) -> Candidate {
    let title = Sentence::new("remedy-choose").arg("count", situation.actions.len());
    let mut candidate = Candidate::text(title, situation.layer, 30);
    candidate.attach_to = owner_of_layer(situation);
    candidate
}

/// What the policies of the layer belong to.
pub(super) fn owner_of_layer(situation: &Situation<'_>) -> Option<String> {
    match situation.layer {
        Layer::IdentityPolicy | Layer::PermissionsBoundary | Layer::SessionPolicy => {
            situation.caller_arn()
        }
        Layer::ResourcePolicy | Layer::RoleTrustPolicy | Layer::BlockPublicAccess => {
            situation.resource().map(str::to_owned)
        }
        Layer::KmsGrant | Layer::KmsKeyState => situation.resource().map(str::to_owned),
        Layer::Scp => situation.caller_account().map(str::to_owned),
        Layer::Rcp => situation.owner().map(str::to_owned),
        Layer::VpcEndpointPolicy => situation.endpoint().map(str::to_owned),
        Layer::Unknown => None,
    }
}

fn place(situation: &Situation<'_>) -> Place {
    Place {
        layer: situation.layer,
        arn: None,
        name: Some(NAME.to_owned()),
        at: owner_of_layer(situation),
    }
}

/// The known policies of the layer.
fn present(situation: &Situation<'_>) -> Vec<AttachedPolicy> {
    situation
        .first()
        .map(|case| policies(&case.layers, situation.layer).into_iter().cloned().collect())
        .unwrap_or_default()
}

/// Allow statements that come close, with one thing more: an action, a resource, a principal or a
/// value of a condition.
fn widened(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for policy in present(situation) {
        for statement in policy.policy.statements() {
            if statement.effect() != StatementEffect::Allow {
                continue;
            }
            for (title, changed, breadth) in wider(situation, statement.raw(), statement.sid()) {
                if !comes_close(situation, &policy, &changed) {
                    continue;
                }
                found.extend(Candidate::restate(
                    title,
                    situation.layer,
                    &policy,
                    statement.index(),
                    changed,
                    breadth,
                ));
            }
        }
    }
    found
}

/// Whether the changed statement by itself would allow the first of the denied requests. Policies
/// have thousands of statements at times; what is tried in full is what this leaves.
fn comes_close(situation: &Situation<'_>, policy: &AttachedPolicy, changed: &Value) -> bool {
    use crate::diagnose::optimistic::{alone, optimistic};
    let Some(case) = situation.first() else { return false };
    let layers = optimistic(&case.request, &case.layers);
    alone(&layers, situation.layer, &policy.policy, changed)
        .is_some_and(|layers| crate::iam::evaluate(&case.request, &layers).is_allowed())
}

fn wider(situation: &Situation<'_>, raw: &Value, sid: Option<&str>) -> Vec<(Sentence, Value, u8)> {
    let name = || match sid {
        Some(sid) => Sentence::new("remedy-statement-sid").arg("sid", sid),
        None => Sentence::new("remedy-statement-unnamed"),
    };
    // Other layers only limit: what they let through somebody else has to give.
    let grants = matches!(
        situation.layer,
        Layer::IdentityPolicy | Layer::ResourcePolicy | Layer::RoleTrustPolicy
    );
    let reach = Reach::of(situation, raw);
    let gives_all = gives_all(raw);
    let mut found = Vec::new();
    let mut put = |title: Sentence, changed: Option<Value>, breadth: u8| {
        found.extend(changed.map(|changed| (title, changed, breadth)));
    };
    let entries = |added: &[String], changed: Option<Value>| {
        let title = Sentence::new("remedy-widen-allow")
            .arg("value", added.join(", "))
            .arg("statement", name());
        (title, changed)
    };
    if reach == Reach::Caller {
        let (title, changed) =
            entries(&situation.resources, with_entries(raw, "Resource", &situation.resources));
        put(title, changed, if gives_all { 12 } else { 4 });
        if !is_on_everything(situation, raw) {
            let (title, changed) =
                entries(&situation.actions, with_entries(raw, "Action", &situation.actions));
            put(title, changed, if grants && is_meant_for_others(situation, raw) { 12 } else { 3 });
        }
    }
    if let (true, Some((kind, principals))) = (reach != Reach::Open, situation.principals()) {
        let changed = with_principals(raw, kind, &principals);
        let (title, changed) = entries(&principals, changed);
        // A statement gives what it gives to one more; the owner may have meant it for few, and one
        // that gives everything certainly.
        put(title, changed, if gives_all { super::WIDE } else { 8 });
    }
    let may_be_longer = |test: &&Tested| test.is_list() && super::deny::may_be_listed(&test.key);
    for test in tested(raw).iter().filter(may_be_longer) {
        // Where a statement admits everybody, or all whom an identity provider knows, a condition
        // alone says who is meant: it may name the caller, and nothing that others have as well.
        let names_caller = test.is_key("aws:PrincipalArn")
            || test.is_key("aws:userid")
            || test.key.to_ascii_lowercase().ends_with(":sub");
        if reach != Reach::Caller && !names_caller {
            continue;
        }
        let Some(value) = situation.key(&test.key) else { continue };
        let changed = if test.is_negated() {
            without_value(raw, test, value)
        } else {
            with_value(raw, test, value)
        };
        let title = Sentence::new("remedy-widen-condition")
            .arg("value", value)
            .arg("key", test.key.as_str())
            .arg("statement", name());
        put(title, changed, 2);
    }
    found
}

/// Whom a statement's Allow reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Those that were denied and nobody else, or whoever a limiting document holds for.
    Caller,
    /// Others by name; whatever more it gives, they get as well.
    Others,
    /// Everybody, a whole account or all of an organization.
    Open,
}

impl Reach {
    fn of(situation: &Situation<'_>, raw: &Value) -> Reach {
        if !matches!(situation.layer, Layer::ResourcePolicy | Layer::RoleTrustPolicy) {
            return Reach::Caller;
        }
        let Some(Value::Object(kinds)) = raw.get("Principal") else { return Reach::Open };
        let named: Vec<(&String, String)> = kinds
            .iter()
            .flat_map(|(kind, names)| texts(names).into_iter().map(move |name| (kind, name)))
            .collect();
        let is_account =
            |name: &str| name.contains('*') || name.ends_with(":root") || is_account_id(name);
        if named.iter().any(|(kind, name)| *kind == "AWS" && is_account(name)) {
            return Reach::Open;
        }
        let (kind, denied) = situation.principals().unwrap_or_default();
        let is_denied = |(of, name): &(&String, String)| *of == kind && denied.contains(name);
        if named.iter().all(is_denied) { Reach::Caller } else { Reach::Others }
    }
}

/// Whether a statement gives all that a service has.
fn gives_all(raw: &Value) -> bool {
    let every = |action: &String| action == "*" || action.ends_with(":*");
    raw.get("NotAction").is_some()
        || raw.get("Action").map(texts).is_some_and(|actions| actions.iter().any(every))
}

/// Whether an Allow is about everything where the calls were about something: with their actions it
/// would give far more than was asked for. A resource's own policy is about the resource anyway.
fn is_on_everything(situation: &Situation<'_>, raw: &Value) -> bool {
    let is_own = matches!(situation.layer, Layer::ResourcePolicy | Layer::RoleTrustPolicy);
    let resources = raw.get("Resource").map(texts).unwrap_or_default();
    !is_own
        && resources.iter().any(|resource| resource == "*")
        && need::needs(situation).iter().any(|need| need.on != On::Everything)
}

/// Whether an Allow of the caller's is about other services.
fn is_meant_for_others(situation: &Situation<'_>, raw: &Value) -> bool {
    let service = |action: &str| action.split(':').next().unwrap_or_default().to_lowercase();
    let listed = raw.get("Action").map(texts).unwrap_or_default();
    let services: Vec<String> = listed.iter().map(|action| service(action)).collect();
    let own = |action: &String| services.contains(&service(action));
    !situation.actions.iter().any(own)
}

/// Statements that allow what was denied and what follows it; grants only such as services make.
fn exact(situation: &Situation<'_>, with_condition: bool) -> Vec<Value> {
    let mut statements = Vec::new();
    for need in need::needs(situation) {
        let resource = need.on.resource();
        statements.extend(allowing(situation, ALLOW, &need.actions, &resource, with_condition));
    }
    let next = following(situation);
    if let (false, Some(first)) = (next.is_empty(), need::needs(situation).first()) {
        let resource = first.on.resource();
        statements.extend(allowing(situation, NEXT, &next, &resource, with_condition));
    }
    statements
}

/// One statement for some actions, and another for grants, which only services are to make.
fn allowing(
    situation: &Situation<'_>,
    sid: &str,
    actions: &[String],
    resource: &Value,
    with_condition: bool,
) -> Vec<Value> {
    let (grants, others): (Vec<String>, Vec<String>) =
        actions.iter().cloned().partition(|action| action == "kms:CreateGrant");
    let mut statements = Vec::new();
    if !others.is_empty() {
        let mut statement = Map::new();
        statement.insert("Sid".into(), json!(sid));
        statement.insert("Effect".into(), json!("Allow"));
        statement.insert("Action".into(), one_or_many(&others));
        statement.insert("Resource".into(), resource.clone());
        if let (true, Some(via)) = (with_condition, via_service(situation)) {
            statement.insert("Condition".into(), json!({"StringEquals": {"kms:ViaService": via}}));
        }
        statements.push(Value::Object(statement));
    }
    if !grants.is_empty() {
        let mut statement = json!({
            "Sid": GRANTS, "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": resource,
        });
        if let (true, Some(members)) =
            (!situation.caller_kind().is_own(), statement.as_object_mut())
        {
            members
                .insert("Condition".into(), json!({"Bool": {"kms:GrantIsForAWSResource": "true"}}));
        }
        statements.push(statement);
    }
    statements
}

/// What statements allow, in words: what is a resource's, what no record names, what follows.
fn told(situation: &Situation<'_>, mut candidate: Candidate) -> Candidate {
    let needs = need::needs(situation);
    let blanks: Vec<&str> = needs
        .iter()
        .filter_map(|need| match &need.on {
            On::Unnamed(blank) => Some(blank.as_str()),
            _ => None,
        })
        .collect();
    let unlimited: Vec<&str> = needs
        .iter()
        .filter(|need| need.on == On::Everything)
        .flat_map(|need| need.actions.iter().map(String::as_str))
        .collect();
    if let Some(blank) = blanks.first() {
        candidate.notes.push(Sentence::new("remedy-note-blank").arg("blank", *blank));
    }
    if !unlimited.is_empty() {
        let actions = unlimited.join(", ");
        candidate.notes.push(Sentence::new("remedy-note-no-resources").arg("actions", actions));
    }
    if blanks.is_empty() && unlimited.is_empty() {
        candidate.notes.push(Sentence::new("remedy-note-exact"));
    }
    let next = following(situation);
    if !next.is_empty() {
        candidate.notes.push(Sentence::new("remedy-note-next").arg("actions", next.join(", ")));
    }
    candidate
}

/// Where statements have blanks, they are tried as if these were filled in.
fn tried(
    shown: Option<Candidate>,
    with_blanks: impl FnOnce() -> Option<Candidate>,
) -> Option<Candidate> {
    let mut shown = shown?;
    if let Some(filled) = with_blanks() {
        shown.edits = filled.edits;
    }
    Some(shown)
}

/// The one service through which the denied KMS calls came.
fn via_service(situation: &Situation<'_>) -> Option<String> {
    let (true, true) = (situation.is_forwarded(), situation.is_kms()) else { return None };
    let first = situation.key("kms:ViaService")?;
    let same = |case: &Case| value_of(&case.request.context, "kms:ViaService") == Some(first);
    situation.denied.iter().all(same).then(|| first.to_owned())
}

fn allow_title(situation: &Situation<'_>) -> Sentence {
    Sentence::new("remedy-allow")
        .arg("actions", situation.actions.join(", "))
        .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()))
}

fn identity(situation: &Situation<'_>) -> Vec<Candidate> {
    let place = place(situation);
    let mut found = Vec::new();
    if situation.principal().is_none_or(|(kind, _)| kind == "Service") {
        return found;
    }
    if situation.caller_kind() == CallerKind::ServiceLinkedRole {
        // AWS writes the role's policies; what a customer can give it is a grant on the key.
        found.extend(super::key::grant(situation));
        return found;
    }
    let via = via_service(situation).is_some();
    let statements = exact(situation, true);
    let title = allow_title(situation);
    let shown = Candidate::attach(title.clone(), &place, statements.clone(), 7);
    let candidate =
        tried(shown, || Candidate::attach(title, &place, need::filled(&statements)?, 7));
    found.extend(candidate.map(|mut candidate| {
        if via {
            candidate.notes.push(Sentence::new("remedy-note-only-via"));
        }
        told(situation, candidate)
    }));
    found
}

/// The statements for principals in a resource's own policy: each action on what of this resource
/// it was denied on. Empty where that cannot be named.
fn for_principals(situation: &Situation<'_>, kind: &str, principals: &[String]) -> Vec<Value> {
    let principal = json!({ kind: one_or_many(principals) });
    let whole_use = situation.is_kms() && situation.caller_kind() == CallerKind::ServiceLinkedRole;
    let mut statements = Vec::new();
    if whole_use {
        let mut actions = USE_OF_A_KEY.map(str::to_owned).to_vec();
        actions.push("kms:CreateGrant".to_owned());
        statements.extend(allowing(situation, USE, &actions, &json!("*"), false));
    } else {
        for need in need::needs(situation) {
            let Some(resource) = within(situation, &need.on) else { continue };
            statements.extend(allowing(situation, USE, &need.actions, &resource, true));
        }
        let next = following(situation);
        if !next.is_empty() && !statements.is_empty() {
            statements.extend(allowing(situation, NEXT, &next, &json!("*"), true));
        }
    }
    let statements: Vec<Value> = statements
        .into_iter()
        .map(|statement| admitting(situation, statement, &principal))
        .collect();
    statements
}

/// The statement with its principal after the effect, as people write them, and for a service with
/// whom it has to come for.
fn admitting(situation: &Situation<'_>, statement: Value, principal: &Value) -> Value {
    let mut members = Map::new();
    for (name, value) in statement.as_object().into_iter().flatten() {
        members.insert(name.clone(), value.clone());
        if name == "Effect" {
            members.insert("Principal".into(), principal.clone());
        }
    }
    if let Some(origin) = situation.origin.clone() {
        members.insert("Condition".into(), origin);
    }
    Value::Object(members)
}

/// What of the resource whose policy is changed an action is needed on.
fn within(situation: &Situation<'_>, on: &On) -> Option<Value> {
    // A key policy is about its key.
    if situation.is_kms() {
        return Some(json!("*"));
    }
    let holder = |arn: &str| arn.split(':').nth(2).map(|service| signature::holder(service, arn));
    let own = situation.resource().and_then(holder);
    match on {
        On::Everything => None,
        On::Unnamed(_) => Some(on.resource()),
        On::Named(arns) => {
            let here: Vec<String> = arns.iter().filter(|arn| holder(arn) == own).cloned().collect();
            (!here.is_empty()).then(|| one_or_many(&here))
        }
    }
}

fn resource(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    // What carries no policy nobody can be admitted in, such as a user or a policy of another account.
    let same_account = !situation.is_cross_account();
    let cannot = |action: &String| {
        let decides = situation.resource().map(|arn| aws::can_decide(action, arn, same_account));
        decides.flatten() == Some(false)
    };
    if situation.actions.iter().all(cannot) {
        return found;
    }
    if let Some((kind, names)) = situation.principals() {
        let title = Sentence::new("remedy-admit")
            .arg("principal", names.join(", "))
            .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()));
        // A service-linked role's own permissions are AWS's and do not name the key: only a grant
        // reaches it, which somebody of its account makes.
        let is_foreign_role = situation.is_cross_account()
            && situation.is_kms()
            && situation.caller_kind() == CallerKind::ServiceLinkedRole;
        if is_foreign_role {
            found.extend(admit_account(situation));
        }
        let breadth = if kind == "Service" { 6 } else { 5 };
        let statements = for_principals(situation, kind, &names);
        let candidate = (!statements.is_empty())
            .then(|| {
                let shown = added(situation, title.clone(), statements.clone(), breadth);
                tried(shown, || added(situation, title, need::filled(&statements)?, breadth))
            })
            .flatten();
        found.extend(candidate.map(|mut candidate| {
            let next = following(situation);
            if !next.is_empty() {
                let next = Sentence::new("remedy-note-next").arg("actions", next.join(", "));
                candidate.notes.push(next);
            }
            if situation.is_cross_account() && kind == "AWS" {
                candidate.notes.push(Sentence::new("remedy-note-both-accounts"));
            }
            candidate
        }));
    }
    let names_key = situation.resource().is_some();
    if situation.is_kms()
        && names_key
        && !situation.is_cross_account()
        && !situation.is_by_service()
    {
        found.extend(delegation(situation));
    }
    found
}

/// A key of another account: its policy admits the account, which then passes the permission on
/// (KMS Developer Guide, Allowing users in other accounts to use a KMS key; Auto Scaling User Guide,
/// "Example 2: Key policy sections that allow cross-account access to the customer managed key").
fn admit_account(situation: &Situation<'_>) -> Option<Candidate> {
    let account = situation.caller_account()?;
    let principal = situation.whole(account);
    let title = Sentence::new("remedy-admit-account").arg("account", account);
    let mut statements = vec![json!({
        "Sid": "AllowUseByAccount", "Effect": "Allow", "Principal": {"AWS": principal},
        "Action": USE_OF_A_KEY, "Resource": "*",
    })];
    statements.push(json!({
        "Sid": "AllowGrantsByAccount", "Effect": "Allow", "Principal": {"AWS": principal},
        "Action": "kms:CreateGrant", "Resource": "*",
    }));
    let mut candidate = added(situation, title, statements, 7)?;
    let mut grant = super::key::grant(situation)?;
    grant.runs = vec![(0, super::commands::Whose::Account(account.to_owned()))];
    candidate.then_run(&grant);
    candidate.edits.extend(grant.edits);
    candidate.notes.push(Sentence::new("remedy-note-grant-after").arg("account", account));
    candidate.breadth = 1;
    candidate.is_restoring = true;
    Some(candidate)
}

/// The statement with which every key begins, where nobody in the account is admitted without it
/// (KMS Developer Guide, Default key policy).
fn delegation(situation: &Situation<'_>) -> Option<Candidate> {
    let account = situation.owner()?;
    // It reopens the key to all of the account: that is a repair where several lost it, or where a
    // change took it away.
    let several = situation.principals().is_some_and(|(_, names)| names.len() > 1);
    if !several && situation.incident.change.is_none() {
        return None;
    }
    let root = situation.whole(account);
    let is_there = |policy: &AttachedPolicy| {
        policy.policy.statements().iter().any(|statement| {
            statement.effect() == StatementEffect::Allow
                && statement.principals().iter().any(|(_, name)| *name == root || *name == account)
        })
    };
    if present(situation).iter().any(is_there) {
        return None;
    }
    let statement = json!({
        "Sid": "EnableIAMPolicies", "Effect": "Allow", "Principal": {"AWS": root},
        "Action": "kms:*", "Resource": "*",
    });
    let title = Sentence::new("remedy-delegate").arg("account", account);
    let mut candidate = added(situation, title, vec![statement], 15)?;
    candidate.is_restoring = true;
    Some(candidate.note(Sentence::new("remedy-note-delegate")))
}

fn trust(situation: &Situation<'_>) -> Vec<Candidate> {
    if let Some((provider, subject, condition)) = vouched(situation) {
        return admit_vouched(situation, &provider, subject, condition).into_iter().collect();
    }
    let Some((kind, names)) = situation.principals() else { return Vec::new() };
    let title = Sentence::new("remedy-admit")
        .arg("principal", names.join(", "))
        .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()));
    let mut statement = json!({
        "Sid": "AllowAssumeRole", "Effect": "Allow", "Principal": {kind: one_or_many(&names)},
        "Action": one_or_many(&situation.actions),
    });
    if let (Some(origin), Some(members)) = (situation.origin.clone(), statement.as_object_mut()) {
        members.insert("Condition".into(), origin);
    }
    added(situation, title, vec![statement], 5).into_iter().collect()
}

/// The OpenID Connect provider that vouches for the caller, and the audience and subject of its token:
/// CloudTrail writes them as `…:oidc-provider/HOST:AUDIENCE:SUBJECT` (CloudTrail User Guide,
/// userIdentity, "AssumeRoleWithWebIdentity").
fn vouched<'s>(situation: &Situation<'s>) -> Option<(String, &'s str, Value)> {
    let (before, rest) = situation.failing.principal.as_deref()?.split_once(":oidc-provider/")?;
    let (host, claims) = rest.split_once(':')?;
    let (audience, subject) = claims.split_once(':')?;
    let condition = json!({"StringEquals": {
        format!("{host}:aud"): audience, format!("{host}:sub"): subject,
    }});
    Some((format!("{before}:oidc-provider/{host}"), subject, condition))
}

/// One subject of a provider, as AWS recommends (IAM User Guide, "Create a role for OpenID Connect
/// federation").
fn admit_vouched(
    situation: &Situation<'_>,
    provider: &str,
    subject: &str,
    condition: Value,
) -> Option<Candidate> {
    let title = Sentence::new("remedy-admit")
        .arg("principal", subject)
        .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()));
    let statement = json!({
        "Sid": "AllowAssumeRole", "Effect": "Allow", "Principal": {"Federated": provider},
        "Action": one_or_many(&situation.actions), "Condition": condition,
    });
    added(situation, title, vec![statement], 5)
}

/// A document that limits, such as a boundary: what it does not name is out.
fn limit(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut statements = exact(situation, false);
    if situation.layer == Layer::VpcEndpointPolicy {
        for statement in &mut statements {
            if let Some(members) = statement.as_object_mut() {
                members.insert("Principal".into(), json!("*"));
            }
        }
    }
    let title = allow_title(situation);
    let shown = added(situation, title.clone(), statements.clone(), 6);
    let found = tried(shown, || added(situation, title, need::filled(&statements)?, 6));
    found.map(|c| c.note(Sentence::new("remedy-note-limit"))).into_iter().collect()
}

fn session(situation: &Situation<'_>) -> Vec<Candidate> {
    let statements = exact(situation, false);
    let title = Sentence::new("remedy-session").arg("actions", situation.actions.join(", "));
    let shown = added(situation, title.clone(), statements.clone(), 6);
    tried(shown, || added(situation, title, need::filled(&statements)?, 6)).into_iter().collect()
}

/// The levels that do not allow the call each need an Allow; AWS's own full access is the usual one
/// (Organizations "SCP evaluation").
fn organization(situation: &Situation<'_>) -> Vec<Candidate> {
    let levels = levels_without_allow(situation);
    let mut found = Vec::new();
    let statements = exact(situation, false);
    let title = allow_title(situation);
    if let Some(policy) = present(situation).into_iter().find(|p| {
        !place_of(situation.layer, &p.label).is_managed_by_aws() && grants_something(&p.policy)
    }) {
        found.extend(appended(&policy, situation.layer, title.clone(), &statements, 6));
    }
    for level in levels {
        let kind = if situation.layer == Layer::Scp { "FullAWSAccess" } else { "RCPFullAWSAccess" };
        let place = Place {
            layer: situation.layer,
            arn: None,
            name: Some(kind.to_owned()),
            at: Some(level.clone()),
        };
        let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let title =
            Sentence::new("remedy-full-access").arg("level", level.as_str()).arg("policy", kind);
        let Some(mut candidate) = Candidate::attach(title, &place, vec![everything], 30) else {
            continue;
        };
        candidate.commands = vec![format!(
            "aws organizations attach-policy --policy-id p-{kind} --target-id {}",
            crate::wording::shell::quote(&level)
        )];
        candidate.terraform = Some(super::place::block(
            "aws_organizations_policy_attachment",
            &[
                ("policy_id", super::place::text(&format!("p-{kind}"))),
                ("target_id", super::place::text(&level)),
            ],
        ));
        candidate.notes.push(Sentence::new("remedy-note-full-access"));
        for edit in &mut candidate.edits {
            if let super::proof::Edit::Attach { level: at, .. } = edit {
                *at = Some(level.clone());
            }
        }
        found.push(candidate);
    }
    if found.is_empty() {
        let mut candidate = Candidate::text(title, situation.layer, 20);
        candidate.document = Some(json!({"Version": "2012-10-17", "Statement": statements}));
        candidate.attach_to = owner_of_layer(situation);
        found.push(candidate);
    }
    found
}

fn grants_something(policy: &Policy) -> bool {
    policy.statements().iter().any(|s| s.effect() == StatementEffect::Allow)
}

fn levels_without_allow(situation: &Situation<'_>) -> Vec<String> {
    let Some(case) = situation.first() else { return Vec::new() };
    let layers = crate::diagnose::optimistic::optimistic(&case.request, &case.layers);
    crate::iam::evaluate(&case.request, &layers).levels_without_allow
}

/// The statements added to the one document of the layer; a document of its own where there is none.
fn added(
    situation: &Situation<'_>,
    title: Sentence,
    statements: Vec<Value>,
    breadth: u8,
) -> Option<Candidate> {
    let here = present(situation);
    match here.iter().find(|p| !place_of(situation.layer, &p.label).is_managed_by_aws()) {
        Some(policy) => appended(policy, situation.layer, title, &statements, breadth),
        None => {
            let mut candidate = Candidate::attach(title, &place(situation), statements, breadth)?;
            // Terraform would put these statements in place of others that are not known.
            if !has_none(situation) {
                candidate.terraform = None;
                candidate.notes.push(Sentence::new("remedy-note-add-to-present"));
            }
            Some(candidate)
        }
    }
}

/// Whether the resource is known to have no policy at all.
fn has_none(situation: &Situation<'_>) -> bool {
    use crate::iam::Presence;
    situation.layer == Layer::ResourcePolicy
        && situation.first().is_some_and(|c| matches!(c.layers.resource, Presence::NotApplicable))
}

fn appended(
    policy: &AttachedPolicy,
    layer: Layer,
    title: Sentence,
    statements: &[Value],
    breadth: u8,
) -> Option<Candidate> {
    let mut fresh = statements.to_vec();
    fresh.iter_mut().for_each(super::candidate::give_name);
    let after = policy.policy.with_statements(|all| all.extend(fresh)).ok()?;
    Candidate::replace(title, layer, policy, after, breadth)
}
