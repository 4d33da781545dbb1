//! Stories of policies over time, each with a request evaluated at telling moments. A story is a
//! dump and a few changes; `T+n` is n minutes after its start.

use crate::support::history as history_support;

use std::path::Path;

use history_support::event;
use serde_json::{Value as Json, json};
use trailwhy::event::{Event, Layer, Time};
use trailwhy::history::History;
use trailwhy::history::dump::Dump;
use trailwhy::history::layers::{Likelihood, layers_of};
use trailwhy::history::request::{Around, request_of};
use trailwhy::iam::{Decision, DecisionResult, Presence, evaluate};
use trailwhy::wording::{Language, Wording};

const A: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555";
const BUILD: &str = "arn:aws:iam::111122223333:role/team/Build";

/// So many minutes after the start of the story.
fn at(minutes: i64) -> Time {
    Time::parse("2026-02-01T10:00:00Z").unwrap().plus_seconds(minutes * 60)
}

fn call(minutes: i64, service: &str, name: &str, parameters: Json, answer: Json) -> Event {
    event(&json!({
        "eventID": format!("{name}-{minutes}"), "eventTime": at(minutes).to_string(),
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "awsRegion": "eu-central-1", "recipientAccountId": A,
        "requestParameters": parameters, "responseElements": answer,
    }))
}

/// The role Build decrypts with the key.
fn decrypt(minutes: i64, role_id: &str) -> Event {
    event(&json!({
        "eventID": "asked", "eventTime": at(minutes).to_string(), "awsRegion": "eu-central-1",
        "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "recipientAccountId": A,
        "sourceIPAddress": "203.0.113.7", "requestParameters": {"encryptionContext": {"app": "x"}},
        "resources": [{"accountId": A, "type": "AWS::KMS::Key", "ARN": KEY}],
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("{role_id}:ci"), "accountId": A,
            "arn": format!("arn:aws:sts::{A}:assumed-role/Build/ci"), "accessKeyId": "ASIAX",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": role_id, "arn": BUILD, "accountId": A}}
        },
    }))
}

fn allow(action: &str) -> Json {
    json!({"Version": "2012-10-17",
           "Statement": [{"Sid": "A", "Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn deny(action: &str) -> Json {
    json!({"Version": "2012-10-17",
           "Statement": [{"Sid": "D", "Effect": "Deny", "Action": action, "Resource": "*"}]})
}

fn key_policy(principal: &str) -> Json {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "K", "Effect": "Allow",
           "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}]})
}

fn root() -> String {
    format!("arn:aws:iam::{A}:root")
}

/// Role, key and organization, as a dump of an hour after the start shows them.
struct Files(Vec<(String, Json)>);

impl Files {
    fn new(identity: &Json, key_policy: &Json) -> Files {
        let id = KEY.rsplit('/').next().unwrap();
        Files(vec![
            (
                "details.json".to_owned(),
                json!({"RoleDetailList": [{
                    "RoleName": "Build", "RoleId": "AROANEW", "Arn": BUILD, "Tags": [],
                    "AssumeRolePolicyDocument": allow("sts:AssumeRole"), "AttachedManagedPolicies": [],
                    "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": identity}]}]}),
            ),
            (
                format!("{A}/kms/{id}.json"),
                json!({"PolicyName": "default", "Policy": key_policy.to_string()}),
            ),
            (
                format!("{id}.describe-key.json"),
                json!({"KeyMetadata": {"KeyId": id, "Arn": KEY, "KeyState": "Enabled"}}),
            ),
            (format!("{id}.list-grants.json"), json!({"Grants": []})),
            (
                "organization.json".to_owned(),
                json!({"Organization": {
                "Id": "o-ex", "MasterAccountId": "999999999999"}}),
            ),
            (
                "list-roots.json".to_owned(),
                json!({"Roots": [{
                "Id": "r-ab12", "Arn": "arn:aws:organizations::999999999999:root/o-ex/r-ab12",
                "PolicyTypes": []}]}),
            ),
        ])
    }

    fn with(mut self, name: &str, body: Json) -> Files {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), body));
        self
    }

    fn dump(&self) -> Dump {
        let mut dump = Dump::default();
        for (name, body) in &self.0 {
            dump.take(Path::new(name), body.to_string().as_bytes(), at(60), true);
        }
        dump
    }
}

fn decide(history: &History, asked: &Event, likelihood: Likelihood) -> Decision {
    let around = Around::default();
    let inventory = history.at(asked.time);
    let request = request_of(asked, &around, &inventory).unwrap();
    let surroundings = layers_of(asked, &request, &around, &inventory, likelihood);
    evaluate(&request, &surroundings.layers)
}

/// Result and deciding layer of the decryption at a moment.
fn told(history: &History, minutes: i64, role_id: &str) -> (DecisionResult, Option<Layer>) {
    let decision = decide(history, &decrypt(minutes, role_id), Likelihood::Assumed);
    (decision.result, decision.layer)
}

use DecisionResult::{Allowed, ExplicitlyDenied, ImplicitlyDenied, Unknown};

#[test]
fn a_deny_put_and_taken_back_denies_between() {
    let files = Files::new(&allow("kms:*"), &key_policy(&root()));
    let put = json!({"roleName": "Build", "policyName": "stop", "policyDocument": deny("kms:*").to_string()});
    let delete = json!({"roleName": "Build", "policyName": "stop"});
    let changes = [
        call(10, "iam", "PutRolePolicy", put, Json::Null),
        call(20, "iam", "DeleteRolePolicy", delete, Json::Null),
    ];
    let history = History::new(&changes, files.dump());
    // Whether there was a policy of that name before it was put, nobody recorded.
    assert_eq!(told(&history, 5, "AROANEW"), (Unknown, None));
    assert_eq!(told(&history, 15, "AROANEW"), (ExplicitlyDenied, Some(Layer::IdentityPolicy)));
    assert_eq!(told(&history, 25, "AROANEW"), (Allowed, None));
}

#[test]
fn without_any_dump_a_deny_that_the_trail_shows_decides() {
    let put = json!({"roleName": "Build", "policyName": "stop", "policyDocument": deny("kms:*").to_string()});
    let history =
        History::new(&[call(10, "iam", "PutRolePolicy", put, Json::Null)], Dump::default());
    assert_eq!(told(&history, 5, "AROANEW"), (Unknown, None));
    assert_eq!(told(&history, 15, "AROANEW"), (ExplicitlyDenied, Some(Layer::IdentityPolicy)));
}

#[test]
fn the_version_before_the_new_default_is_the_one_below() {
    let arn = format!("arn:aws:iam::{A}:policy/m");
    let files = Files::new(&deny("ec2:*"), &key_policy(&root())).with(
        "policies.json",
        json!({
            "RoleDetailList": [{"RoleName": "Build", "RoleId": "AROANEW", "Arn": BUILD, "Tags": [],
                "AttachedManagedPolicies": [{"PolicyName": "m", "PolicyArn": arn}], "RolePolicyList": []}],
            "Policies": [{"PolicyName": "m", "Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": [
                {"VersionId": "v2", "IsDefaultVersion": true, "Document": allow("s3:*")},
                {"VersionId": "v1", "IsDefaultVersion": false, "Document": allow("kms:*")}]}]}),
    );
    let files = Files(files.0.into_iter().filter(|(name, _)| name != "details.json").collect());
    let new = json!({"policyArn": arn, "policyDocument": allow("s3:*").to_string(), "setAsDefault": true});
    let answer = json!({"policyVersion": {"versionId": "v2", "isDefaultVersion": true}});
    let history =
        History::new(&[call(10, "iam", "CreatePolicyVersion", new, answer)], files.dump());
    assert_eq!(told(&history, 5, "AROANEW"), (Allowed, None));
    assert_eq!(told(&history, 15, "AROANEW"), (ImplicitlyDenied, Some(Layer::IdentityPolicy)));
    let strict = decide(&history, &decrypt(5, "AROANEW"), Likelihood::Unknown);
    assert_eq!(strict.result, Unknown);
}

#[test]
fn a_role_made_anew_is_another_for_grants_and_key_policies() {
    let files = Files::new(&deny("ec2:*"), &key_policy("arn:aws:iam::111122223333:user/admin"));
    let grant = json!({"keyId": KEY, "granteePrincipal": BUILD, "operations": ["Decrypt"]});
    let mut granted = call(10, "kms", "CreateGrant", grant, json!({"grantId": "g1"}));
    let trust = allow("sts:AssumeRole").to_string();
    let again = json!({"roleName": "Build", "path": "/team/", "assumeRolePolicyDocument": trust});
    let answer = |id: &str| json!({"role": {"arn": BUILD, "roleId": id}});
    let changes = |granted: Event| {
        [
            call(0, "iam", "CreateRole", again.clone(), answer("AROAOLD")),
            granted,
            call(20, "iam", "DeleteRole", json!({"roleName": "Build"}), Json::Null),
            call(30, "iam", "CreateRole", again.clone(), answer("AROANEW")),
        ]
    };
    // The grant outlives the role, and nobody can use it.
    let id = KEY.rsplit('/').next().unwrap();
    let shown = json!({"Grants": [{"KeyId": KEY, "GrantId": "g1", "GranteePrincipal": "AROAOLD",
        "Operations": ["Decrypt"], "CreationDate": at(10).to_string()}]});
    let files = files.with(&format!("{id}.list-grants.json"), shown);
    let history = History::new(&changes(granted.clone()), files.dump());
    assert_eq!(told(&history, 15, "AROAOLD"), (Allowed, None));
    assert_eq!(told(&history, 40, "AROANEW"), (ImplicitlyDenied, Some(Layer::ResourcePolicy)));

    // Likewise a key policy that names the role.
    let policy =
        json!({"keyId": KEY, "policyName": "default", "policy": key_policy(BUILD).to_string()});
    granted = call(10, "kms", "PutKeyPolicy", policy, Json::Null);
    let files = Files::new(&allow("kms:*"), &key_policy("AROAOLD"));
    let history = History::new(&changes(granted), files.dump());
    assert_eq!(told(&history, 15, "AROAOLD"), (Allowed, None));
    assert_eq!(told(&history, 40, "AROANEW"), (ImplicitlyDenied, Some(Layer::ResourcePolicy)));
}

#[test]
fn a_disabled_key_denies_until_it_is_enabled() {
    let files = Files::new(&allow("kms:*"), &key_policy(&root()));
    let key = || json!({"keyId": KEY});
    let changes = [
        call(10, "kms", "DisableKey", key(), Json::Null),
        call(20, "kms", "EnableKey", key(), Json::Null),
    ];
    let history = History::new(&changes, files.dump());
    assert_eq!(told(&history, 5, "AROANEW"), (Allowed, None));
    assert_eq!(told(&history, 15, "AROANEW"), (ImplicitlyDenied, Some(Layer::KmsKeyState)));
    assert_eq!(told(&history, 25, "AROANEW"), (Allowed, None));
}

#[test]
fn moving_an_account_brings_it_under_other_scps() {
    let scp = |id: &str, content: Json| {
        json!({"Policy": {"PolicySummary": {"Id": id, "Name": id, "Type": "SERVICE_CONTROL_POLICY",
            "Arn": format!("arn:aws:organizations::999999999999:policy/o-ex/service_control_policy/{id}")},
            "Content": content.to_string()}})
    };
    let targets = |ids: &[&str]| json!({"Targets": ids.iter().map(|id| json!({"TargetId": id})).collect::<Vec<_>>()});
    let parent = |id: &str| json!({"Parents": [{"Id": id, "Type": "ROOT"}]});
    let everywhere = ["r-ab12", "ou-ab12-free0000", "ou-ab12-strict00", A];
    let roots = json!({"Roots": [{"Id": "r-ab12", "Arn": "arn:aws:organizations::999999999999:root/o-ex/r-ab12",
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]});
    let files = Files::new(&allow("kms:*"), &key_policy(&root()))
        .with("list-roots.json", roots)
        .with("list-targets-for-policy-p-FullAWSAccess.json", targets(&everywhere))
        .with("describe-policy-p-nokms000.json", scp("p-nokms000", deny("kms:Decrypt")))
        .with("list-targets-for-policy-p-nokms000.json", targets(&["ou-ab12-strict00"]))
        .with("list-parents-ou-ab12-free0000.json", parent("r-ab12"))
        .with("list-parents-ou-ab12-strict00.json", parent("r-ab12"))
        .with(&format!("list-parents-{A}.json"), parent("ou-ab12-strict00"));
    let moved = json!({"accountId": A, "sourceParentId": "ou-ab12-free0000",
        "destinationParentId": "ou-ab12-strict00"});
    let history =
        History::new(&[call(10, "organizations", "MoveAccount", moved, Json::Null)], files.dump());
    assert_eq!(told(&history, 5, "AROANEW"), (Allowed, None));
    assert_eq!(told(&history, 15, "AROANEW"), (ExplicitlyDenied, Some(Layer::Scp)));
    let path = history.at(at(15)).organization_path(A);
    assert_eq!(path.as_deref(), Some("o-ex/r-ab12/ou-ab12-strict00/"));
}

#[test]
fn the_call_that_issued_the_session_shows_its_session_policy() {
    let files = Files::new(&allow("kms:*"), &key_policy(&root()));
    let history = History::new([], files.dump());
    let asked = decrypt(5, "AROANEW");
    let issuer = |policy: Json| call(0, "sts", "AssumeRole", policy, Json::Null);
    let decide = |issuer: Option<&Event>, likelihood| {
        let around = Around { issuer, ..Around::default() };
        let inventory = history.at(asked.time);
        let request = request_of(&asked, &around, &inventory).unwrap();
        let found = layers_of(&asked, &request, &around, &inventory, likelihood);
        (evaluate(&request, &found.layers), found)
    };
    let limited = issuer(json!({"policy": allow("s3:*").to_string()}));
    let (decision, _) = decide(Some(&limited), Likelihood::Unknown);
    assert_eq!(decision.layer, Some(Layer::SessionPolicy));
    let (decision, _) = decide(Some(&issuer(json!({}))), Likelihood::Unknown);
    assert_eq!(decision.result, Allowed);
    let (decision, found) = decide(None, Likelihood::Assumed);
    assert_eq!(decision.result, Allowed);
    assert_eq!(found.assumed.len(), 1);
    assert_eq!(
        Wording::new(Language::En).say(&found.assumed[0].sentence()),
        "the session policy of arn:aws:sts::111122223333:assumed-role/Build/ci is not recorded"
    );
    let (_, found) = decide(None, Likelihood::Unknown);
    assert!(matches!(found.layers.session, Presence::Unknown(_)));
}

/// A grant may hold for one resource that a service works for; and who may retire it may do that.
#[test]
fn a_grants_source_and_retiring_principal_count() {
    let files = Files::new(&deny("ec2:*"), &key_policy("arn:aws:iam::111122223333:user/admin"));
    let grant = |operations: Json, more: Json| {
        let mut request = json!({"keyId": KEY, "granteePrincipal": "arn:aws:iam::111122223333:role/Other",
            "retiringPrincipal": BUILD, "operations": operations});
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        call(10, "kms", "CreateGrant", request, json!({"grantId": "g1"}))
    };
    let asked = |name: &str| {
        let raw = json!({
            "eventID": "asked", "eventTime": at(20).to_string(), "awsRegion": "eu-central-1",
            "eventSource": "kms.amazonaws.com", "eventName": name, "recipientAccountId": A,
            "sourceIPAddress": "203.0.113.7", "requestParameters": {"keyId": KEY, "grantId": "g1"},
            "resources": [{"accountId": A, "type": "AWS::KMS::Key", "ARN": KEY}],
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROANEW:ci", "accountId": A,
                "arn": format!("arn:aws:sts::{A}:assumed-role/Build/ci"), "accessKeyId": "ASIAX",
                "sessionContext": {"sessionIssuer": {
                    "type": "Role", "principalId": "AROANEW", "arn": BUILD, "accountId": A}}},
        });
        event(&raw)
    };
    let history = History::new(&[grant(json!(["Decrypt"]), json!({}))], files.dump());
    assert_eq!(decide(&history, &asked("RetireGrant"), Likelihood::Assumed).result, Allowed);
    assert_eq!(
        decide(&history, &asked("RevokeGrant"), Likelihood::Assumed).result,
        ImplicitlyDenied
    );

    // Of what the service works for, the record does not tell.
    let service = || {
        let raw = json!({
            "eventID": "asked", "eventTime": at(20).to_string(), "awsRegion": "eu-central-1",
            "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "recipientAccountId": A,
            "requestParameters": {"encryptionContext": {"app": "x"}},
            "resources": [{"accountId": A, "type": "AWS::KMS::Key", "ARN": KEY}],
            "userIdentity": {"type": "AWSService", "invokedBy": "backup.amazonaws.com"},
            "sourceIPAddress": "backup.amazonaws.com"});
        event(&raw)
    };
    let to_service = |constraints: Json| {
        let grantee =
            json!({"granteePrincipal": "backup.amazonaws.com", "constraints": constraints});
        let history = History::new(&[grant(json!(["Decrypt"]), grantee)], files.dump());
        decide(&history, &service(), Likelihood::Assumed).result
    };
    assert_eq!(to_service(json!({})), Allowed);
    let vault = "arn:aws:backup:eu-central-1:111122223333:backup-vault:shop";
    assert_eq!(to_service(json!({"sourceArn": vault})), Unknown);
}
