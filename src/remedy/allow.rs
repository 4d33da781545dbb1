//! Ways to give a permission that nothing gives: an existing Allow made a little wider, a new
//! statement in the document that lacks it, or a policy of its own beside the others.

use serde_json::{Map, Value, json};

use super::candidate::{Candidate, place_of};
use super::place::Place;
use super::situation::Situation;
use super::statement::{
    Tested, one_or_many, tested, texts, with_entries, with_principals, with_value, without_value,
};
use crate::diagnose::evaluated::policies;
use crate::event::{CallerKind, Layer};
use crate::history::subject::{Entity, EntityKind};
use crate::iam::{AttachedPolicy, Policy, StatementEffect};
use crate::wording::Sentence;

/// Name of the inline policy that a fix adds.
const NAME: &str = "allow-what-was-denied";
/// What a service does with a key that it encrypts with (Auto Scaling User Guide, "Required AWS KMS
/// key policy for use with encrypted volumes").
const USE_OF_A_KEY: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

/// Every way to let the layer give the permission.
pub(super) fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
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
    use crate::diagnose::hopeful::{alone, hopeful};
    let Some(case) = situation.first() else { return false };
    let layers = hopeful(&case.request, &case.layers);
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
    let gives_all = grants && gives_all(raw);
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
    let (title, changed) =
        entries(&situation.resources, with_entries(raw, "Resource", &situation.resources));
    put(title, changed, if gives_all { 12 } else { 4 });
    let (title, changed) =
        entries(&situation.actions, with_entries(raw, "Action", &situation.actions));
    put(title, changed, if grants && is_meant_for_others(situation, raw) { 12 } else { 3 });
    if let Some((kind, principals)) = situation.principals() {
        let changed = with_principals(raw, kind, &principals);
        let (title, changed) = entries(&principals, changed);
        // A statement gives what it gives to one more; the owner may have meant it for few, and one
        // that gives everything certainly.
        put(title, changed, if gives_all { super::WIDE } else { 8 });
    }
    let may_be_longer = |test: &&Tested| test.is_list() && super::deny::may_be_listed(&test.key);
    for test in tested(raw).iter().filter(may_be_longer) {
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

/// Whether a statement gives all that a service has.
fn gives_all(raw: &Value) -> bool {
    let every = |action: &String| action == "*" || action.ends_with(":*");
    raw.get("NotAction").is_some()
        || raw.get("Action").map(texts).is_some_and(|actions| actions.iter().any(every))
}

/// Whether an Allow of the caller's is about other services, or about everything where the call was
/// about one thing: with the action it would give far more than was asked for.
fn is_meant_for_others(situation: &Situation<'_>, raw: &Value) -> bool {
    let listed = |element: &str| raw.get(element).map(texts).unwrap_or_default();
    let service = |action: &str| action.split(':').next().unwrap_or_default().to_lowercase();
    let services: Vec<String> = listed("Action").iter().map(|action| service(action)).collect();
    let own = |action: &String| services.contains(&service(action));
    let is_everywhere = situation.layer == Layer::IdentityPolicy
        && !situation.resources.is_empty()
        && listed("Resource").iter().any(|resource| resource == "*");
    is_everywhere || !situation.actions.iter().any(own)
}

/// An Allow for exactly what was denied; grants only such as services make.
fn exact(situation: &Situation<'_>, with_condition: bool) -> Vec<Value> {
    let (grants, others): (Vec<String>, Vec<String>) =
        situation.actions.iter().cloned().partition(|action| action == "kms:CreateGrant");
    let resource = match situation.resources.as_slice() {
        [] => json!("*"),
        some => one_or_many(some),
    };
    let mut statements = Vec::new();
    if !others.is_empty() {
        let mut statement = Map::new();
        statement.insert("Sid".into(), json!("AllowWhatWasDenied"));
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
            "Sid": "AllowGrantsForServices", "Effect": "Allow", "Action": "kms:CreateGrant",
            "Resource": resource,
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

/// The one service through which the denied KMS calls came.
fn via_service(situation: &Situation<'_>) -> Option<String> {
    let (true, true) = (situation.is_forwarded(), situation.is_kms()) else { return None };
    let first = situation.key("kms:ViaService")?;
    let same = |case: &crate::diagnose::evaluated::Case| {
        super::situation::value_of(&case.request.context, "kms:ViaService") == Some(first)
    };
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
    if via_service(situation).is_some() {
        let only_via = Candidate::attach(allow_title(situation), &place, exact(situation, true), 6);
        found.extend(only_via.map(|c| c.note(Sentence::new("remedy-note-only-via"))));
    }
    let plain = Candidate::attach(allow_title(situation), &place, exact(situation, false), 7);
    found.extend(plain.map(|c| c.note(Sentence::new("remedy-note-exact"))));
    found
}

/// The statements for one principal in a resource's own policy.
fn for_principals(situation: &Situation<'_>, kind: &str, principals: &[String]) -> Vec<Value> {
    let is_key = situation.is_kms();
    let resource = if is_key { json!("*") } else { one_or_many(&situation.resources) };
    let principal = json!({ kind: one_or_many(principals) });
    let uses_grants = matches!(
        situation.caller_kind(),
        CallerKind::ServiceLinkedRole | CallerKind::ServiceRole | CallerKind::ForwardAccessSession
    );
    let whole_use = is_key && situation.caller_kind() == CallerKind::ServiceLinkedRole;
    let wants_grant = situation.actions.iter().any(|action| action == "kms:CreateGrant");
    let actions: Vec<String> = if whole_use {
        USE_OF_A_KEY.map(str::to_owned).to_vec()
    } else {
        situation.actions.iter().filter(|a| *a != "kms:CreateGrant").cloned().collect()
    };
    let mut statements = Vec::new();
    if !actions.is_empty() {
        let mut statement = json!({
            "Sid": "AllowUse", "Effect": "Allow", "Principal": principal,
            "Action": one_or_many(&actions), "Resource": resource,
        });
        if let (Some(account), Some(members)) =
            (source_account(situation), statement.as_object_mut())
        {
            members.insert(
                "Condition".into(),
                json!({"StringEquals": {"aws:SourceAccount": account}}),
            );
        }
        statements.push(statement);
    }
    if whole_use || wants_grant {
        let mut statement = json!({
            "Sid": "AllowGrantsForServices", "Effect": "Allow", "Principal": principal,
            "Action": "kms:CreateGrant", "Resource": resource,
        });
        if let (true, Some(members)) = (uses_grants, statement.as_object_mut()) {
            members
                .insert("Condition".into(), json!({"Bool": {"kms:GrantIsForAWSResource": "true"}}));
        }
        statements.push(statement);
    }
    statements
}

/// A service is admitted for one account only, where the request says for whom it came (IAM "The
/// confused deputy problem").
fn source_account<'s>(situation: &'s Situation<'_>) -> Option<&'s str> {
    situation.key("aws:SourceAccount").filter(|_| situation.is_by_service())
}

fn resource(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    if let Some((kind, names)) = situation.principals() {
        let title = Sentence::new("remedy-admit")
            .arg("principal", names.join(", "))
            .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()));
        let is_foreign_role = situation.is_cross_account() && kind == "AWS" && situation.is_kms();
        if is_foreign_role {
            found.extend(admit_account(situation));
        }
        let breadth = if kind == "Service" { 6 } else { 5 };
        found.extend(added(situation, title, for_principals(situation, kind, &names), breadth));
    }
    if situation.is_kms() && !situation.is_cross_account() && !situation.is_by_service() {
        found.extend(delegation(situation));
    }
    found
}

/// A key of another account: its policy admits the account, which then passes the permission on
/// (KMS Developer Guide, Allowing users in other accounts to use a KMS key; Auto Scaling User Guide,
/// "Example 2: Key policy sections that allow cross-account access to the customer managed key").
fn admit_account(situation: &Situation<'_>) -> Option<Candidate> {
    let account = situation.caller_account()?;
    let principal = format!("arn:aws:iam::{account}:root");
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
    candidate.notes.push(Sentence::new("remedy-note-both-accounts"));
    if situation.caller_kind() == CallerKind::ServiceLinkedRole {
        // The role's own permissions are AWS's and do not name the key: only a grant reaches it.
        let grant = super::key::grant(situation)?;
        candidate.commands.extend(grant.commands);
        candidate.edits.extend(grant.edits);
        candidate.notes.push(Sentence::new("remedy-note-grant-after").arg("account", account));
        candidate.breadth = 1;
    }
    Some(candidate)
}

/// The statement with which every key begins, where nobody in the account is admitted without it
/// (KMS Developer Guide, Default key policy).
fn delegation(situation: &Situation<'_>) -> Option<Candidate> {
    let account = situation.owner()?;
    let root = format!("arn:aws:iam::{account}:root");
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
    let candidate = added(situation, title, vec![statement], 15)?;
    Some(candidate.note(Sentence::new("remedy-note-delegate")))
}

fn trust(situation: &Situation<'_>) -> Vec<Candidate> {
    let Some((kind, names)) = situation.principals() else { return Vec::new() };
    let title = Sentence::new("remedy-admit")
        .arg("principal", names.join(", "))
        .arg("layer", crate::wording::layer_on(situation.layer, situation.resource()));
    let statement = json!({
        "Sid": "AllowAssumeRole", "Effect": "Allow", "Principal": {kind: one_or_many(&names)},
        "Action": one_or_many(&situation.actions),
    });
    added(situation, title, vec![statement], 5).into_iter().collect()
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
    let found = added(situation, title, statements, 6);
    found.map(|c| c.note(Sentence::new("remedy-note-limit"))).into_iter().collect()
}

fn session(situation: &Situation<'_>) -> Vec<Candidate> {
    let statements = exact(situation, false);
    let title = Sentence::new("remedy-session").arg("actions", situation.actions.join(", "));
    added(situation, title, statements, 6).into_iter().collect()
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
    let layers = crate::diagnose::hopeful::hopeful(&case.request, &case.layers);
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
            // The command would put these statements in place of others that are not known.
            if !has_none(situation) {
                candidate.commands = read_first(situation);
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

/// The command that shows the present document, which the statements are to be added to.
fn read_first(situation: &Situation<'_>) -> Vec<String> {
    let quote = crate::wording::shell::quote;
    let owner = owner_of_layer(situation);
    let command = match (situation.layer, owner.as_deref()) {
        (Layer::ResourcePolicy, Some(arn)) if situation.is_kms() => Some(format!(
            "aws kms get-key-policy --key-id {0} --policy-name default{1} --query Policy --output text > policy.json\naws kms put-key-policy --key-id {0} --policy-name default{1} --policy file://policy.json",
            quote(arn),
            super::place::in_region(arn)
        )),
        (Layer::ResourcePolicy, Some(arn)) if arn.contains(":s3:::") => {
            let bucket = arn.split(":::").nth(1).and_then(|b| b.split('/').next()).unwrap_or(arn);
            Some(format!(
                "aws s3api get-bucket-policy --bucket {0} --query Policy --output text > policy.json\naws s3api put-bucket-policy --bucket {0} --policy file://policy.json",
                quote(bucket)
            ))
        }
        (Layer::RoleTrustPolicy, Some(arn)) => Entity::from_arn(arn)
            .filter(|e| e.kind == EntityKind::Role)
            .map(|role| format!(
                "aws iam get-role --role-name {0} --query Role.AssumeRolePolicyDocument > policy.json\naws iam update-assume-role-policy --role-name {0} --policy-document file://policy.json",
                quote(&role.name)
            )),
        (Layer::VpcEndpointPolicy, Some(id)) => Some(format!(
            "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {0} --query 'VpcEndpoints[0].PolicyDocument' --output text > policy.json\naws ec2 modify-vpc-endpoint --vpc-endpoint-id {0} --policy-document file://policy.json",
            quote(id)
        )),
        _ => None,
    };
    command.map(|c| c.lines().map(str::to_owned).collect()).unwrap_or_default()
}

fn appended(
    policy: &AttachedPolicy,
    layer: Layer,
    title: Sentence,
    statements: &[Value],
    breadth: u8,
) -> Option<Candidate> {
    let taken: Vec<String> =
        policy.policy.statements().iter().filter_map(|s| s.sid()).map(str::to_owned).collect();
    let mut fresh = statements.to_vec();
    for statement in &mut fresh {
        rename(statement, &taken);
    }
    let after = policy.policy.with_statements(|all| all.extend(fresh)).ok()?;
    Candidate::replace(title, layer, policy, after, breadth)
}

/// Sids are unique in a document.
fn rename(statement: &mut Value, taken: &[String]) {
    let Some(sid) = statement.get("Sid").map(texts).and_then(|s| s.into_iter().next()) else {
        return;
    };
    let mut fresh = sid.clone();
    let mut number = 2;
    while taken.contains(&fresh) {
        fresh = format!("{sid}{number}");
        number += 1;
    }
    if let Some(members) = statement.as_object_mut() {
        members.insert("Sid".into(), json!(fresh));
    }
}
