//! Policies that are damaged: the file, line and column are named, the rest is used, and the verdict
//! says what it could not see.

use crate::support::{dump, story};

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::{Trail, expanded};

/// What was said on stderr, and the verdict on a role's denied call, with one more policy on it.
fn told(document: &Value) -> (String, Value) {
    let folder = TempDir::new().unwrap();
    let dumps = folder.path().join("policies");
    dump::write(&json!({"roles": {"app": {"allow": ["s3:*"]}}}), &dumps);
    let file = dumps.join(story::ACCOUNT).join("account-authorization-details.json");
    let mut details: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let inline = details["RoleDetailList"][0]["RolePolicyList"].as_array_mut().unwrap();
    inline.push(json!({"PolicyName": "odd", "PolicyDocument": document}));
    fs::write(&file, serde_json::to_string_pretty(&details).unwrap()).unwrap();
    let (warnings, report) = run(folder.path());
    (warnings, report["incidents"][0]["verdict"].clone())
}

/// What was said on stderr, and the report on the denied call, with the policies in the folder.
fn run(folder: &Path) -> (String, Value) {
    let call = json!({"do": "states:StartExecution", "by": "app", "denied": "old",
        "on": "arn:aws:states:$R:$A:stateMachine:shop"});
    let story = json!({"before": [], "after": [call]});
    let story: Value = serde_json::from_str(&expanded(&story.to_string())).unwrap();
    let logs = folder.join("trail.json");
    fs::write(&logs, json!({"Records": Trail::of(&story).records}).to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json", "--lang", "en"]).arg(&logs).arg("--policies");
    command.arg(folder.join("policies")).args(["--policies-as-of", "2026-05-05T00:00:00Z"]);
    let output = command.assert().code(1).get_output().clone();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (String::from_utf8(output.stderr).unwrap(), report)
}

fn statements(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[test]
fn damage_is_named_with_its_place_and_shows_in_the_verdict() {
    let rows = [
        (json!("{\"Version\": \"2012-10-17\", \"Statement\": [,]}"), "expected value", true),
        (
            statements(json!([{"Effect": "Allow", "Action": 7, "Resource": "*"}])),
            "expected a string",
            true,
        ),
        (
            statements(json!([{"Effect": "Perhaps", "Action": "*", "Resource": "*"}])),
            "Effect",
            true,
        ),
        (
            statements(json!([{"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"StringSimilar": {"aws:PrincipalArn": "x"}}}])),
            "StringSimilar",
            false,
        ),
        (
            statements(
                json!([{"Sid": "Same", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {"Sid": "Same", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]),
            ),
            "more than once",
            false,
        ),
    ];
    for (document, complaint, is_gap) in rows {
        let (warnings, verdict) = told(&document);
        let line = warnings.lines().find(|line| line.contains(complaint)).unwrap_or(&warnings);
        assert!(line.contains("account-authorization-details.json`, line "), "{warnings}");
        assert!(line.contains(", column ") && line.contains("odd"), "{warnings}");
        let evidence = verdict["evidence"].to_string();
        assert_eq!(evidence.contains("odd of role app"), is_gap, "{complaint}: {verdict:#}");
        // The rest is used: without the damaged policy nothing allows the call, with it perhaps.
        if is_gap {
            assert_ne!(verdict["certainty"], "proven", "{complaint}");
        } else {
            assert_eq!(verdict["certainty"], "proven", "{complaint}: {verdict:#}");
            assert_eq!(verdict["layer"], "identity_policy", "{complaint}");
        }
    }
}

#[test]
fn a_policy_of_a_megabyte_is_read_like_any_other() {
    let many: Vec<Value> = (0..9000)
        .map(|n| {
            json!({"Sid": format!("Bucket{n}"), "Effect": "Allow", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::bucket-{n}-{}/*", "x".repeat(40))})
        })
        .collect();
    let document = statements(json!(many));
    assert!(document.to_string().len() > 1_000_000);
    let (warnings, verdict) = told(&document);
    assert_eq!(warnings, "");
    assert_eq!(
        (&verdict["layer"], &verdict["certainty"]),
        (&json!("identity_policy"), &json!("proven"))
    );
}

const DETAILS: &str = "111122223333/account-authorization-details.json";

/// One change to a folder of dumps: a file, and what becomes of it.
enum Edit {
    /// Members of a document, each by its pointer.
    Set(&'static str, Vec<(&'static str, Value)>),
    /// The file is gone.
    Drop(&'static str),
    /// A file is there.
    Add(&'static str, Value),
}

impl Edit {
    fn apply(&self, folder: &Path) {
        match self {
            Edit::Set(path, members) => {
                let path = folder.join(path);
                let mut json: Value =
                    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                for (pointer, value) in members {
                    match json.pointer_mut(pointer) {
                        Some(member) => *member = value.clone(),
                        None => json[pointer.trim_start_matches('/')] = value.clone(),
                    }
                }
                fs::write(path, json.to_string()).unwrap();
            }
            Edit::Drop(path) => fs::remove_file(folder.join(path)).unwrap(),
            Edit::Add(path, value) => {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, value.to_string()).unwrap();
            }
        }
    }
}

/// The report on the denied call with these policies, changed.
fn judged(policies: &Value, edits: &[Edit]) -> Value {
    let folder = TempDir::new().unwrap();
    let dumps = folder.path().join("policies");
    dump::write(policies, &dumps);
    edits.iter().for_each(|edit| edit.apply(&dumps));
    run(folder.path()).1
}

fn targets(organization: &str, ids: &[&str]) -> Value {
    let arn = |id: &str| format!("arn:aws:organizations::999999999999:root/{organization}/{id}");
    let targets: Vec<Value> =
        ids.iter().map(|id| json!({"TargetId": id, "Arn": arn(id)})).collect();
    json!({"Targets": targets})
}

/// A second organization in a folder of its own.
fn second_organization() -> Vec<Edit> {
    vec![
        Edit::Add(
            "second/describe-organization.json",
            json!({"Organization": {"Id": "o-secondorg1", "MasterAccountId": "999999999999"}}),
        ),
        Edit::Add(
            "second/list-roots.json",
            json!({"Roots": [{"Id": "r-zz99", "Arn": "arn:aws:organizations::999999999999:root/o-secondorg1/r-zz99",
                "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}),
        ),
        Edit::Add(
            "second/list-targets-for-policy-p-FullAWSAccess.json",
            targets("o-secondorg1", &["r-zz99"]),
        ),
    ]
}

#[test]
fn what_a_dump_leaves_out_is_unknown_and_named() {
    let denied = json!({"roles": {"app": {"allow": ["s3:*"]}}});
    let open = json!({"roles": {"app": {"allow": ["*"]}}, "without_full_access": [story::ACCOUNT]});
    let managed = json!({"roles": {"app": {"allow": ["s3:*"], "managed": {"extra":
        [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}}}});
    let guarded = json!({"roles": {"app": {"allow": ["*"]}}, "scps": {"p-guard000": {"at": "r-a1b2",
        "statements": [{"Effect": "Deny", "Action": "states:*", "Resource": "*"}]}}});
    let set = |path, members: Vec<(&'static str, Value)>| Edit::Set(path, members);
    let full = "organizations/list-targets-for-policy-p-FullAWSAccess.json";
    let scps = json!([{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY",
        "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"}]);
    let two_without_targets = || {
        let mut edits = second_organization();
        edits.push(Edit::Drop(full));
        edits
    };
    let rows: Vec<(&str, &Value, Vec<Edit>, &str)> = vec![
        (
            "the role may be on another page",
            &denied,
            vec![set(
                DETAILS,
                vec![
                    ("/IsTruncated", json!(true)),
                    ("/Marker", json!("m")),
                    ("/RoleDetailList", json!([])),
                ],
            )],
            "the rest of the list in",
        ),
        (
            "the last page of two alone is no whole list",
            &denied,
            vec![
                set(
                    DETAILS,
                    vec![(
                        "/RoleDetailList",
                        json!([{"RoleName": "other", "RoleId": "AROAOTHER",
                    "Arn": "arn:aws:iam::111122223333:role/other"}]),
                    )],
                ),
                Edit::Add(
                    "111122223333/page-1.json",
                    json!({"RoleDetailList": [{"RoleName": "one",
                    "RoleId": "AROAONE", "Arn": "arn:aws:iam::111122223333:role/one"}],
                    "IsTruncated": true, "Marker": "m"}),
                ),
            ],
            "the rest of the list in",
        ),
        (
            "the version in force is not among those shown",
            &managed,
            vec![set(
                DETAILS,
                vec![
                    ("/Policies/0/DefaultVersionId", json!("v2")),
                    ("/Policies/0/PolicyVersionList/0/IsDefaultVersion", json!(false)),
                ],
            )],
            "version v2",
        ),
        (
            "another version was fetched than the one in force",
            &managed,
            vec![
                set(DETAILS, vec![("/Policies", json!([]))]),
                Edit::Add(
                    "111122223333/get-policy-extra.json",
                    json!({"Policy": {"PolicyName": "extra",
                    "Arn": "arn:aws:iam::111122223333:policy/extra", "DefaultVersionId": "v3"}}),
                ),
                Edit::Add(
                    "111122223333/get-policy-version-extra-v2.json",
                    json!({"PolicyVersion":
                    {"VersionId": "v2", "IsDefaultVersion": false, "Document":
                    {"Version": "2012-10-17", "Statement": []}}}),
                ),
            ],
            "version v3",
        ),
        (
            "nothing shows where the SCP hangs",
            &guarded,
            vec![Edit::Drop("organizations/list-targets-for-policy-p-guard000.json")],
            "targets of p-guard000",
        ),
        (
            "the account may be among the targets on another page",
            &open,
            vec![set(full, vec![("/NextToken", json!("t"))])],
            "the rest of the list in",
        ),
        (
            "another SCP may be on another page",
            &open,
            vec![Edit::Add(
                "organizations/list-policies.json",
                json!({"Policies": scps, "NextToken": "t"}),
            )],
            "the rest of the list in",
        ),
        ("the targets shown are those of another organization", &open, two_without_targets(), ""),
    ];
    for (what, policies, edits, missing) in rows {
        let whole = judged(policies, &[]);
        assert_eq!(whole["incidents"][0]["verdict"]["certainty"], "proven", "{what}: {whole:#}");
        let report = judged(policies, &edits);
        let verdict = &report["incidents"][0]["verdict"];
        assert_ne!(verdict["certainty"], "proven", "{what}: {verdict:#}");
        let given = report["coverage"]["policies"].to_string();
        assert!(given.contains(missing), "{what}: {given}");
    }
}

#[test]
fn an_ending_page_and_a_second_organization_change_nothing() {
    let denied = json!({"roles": {"app": {"allow": ["s3:*"]}}});
    let open = json!({"roles": {"app": {"allow": ["*"]}}, "scps": {"p-guard000": {"at": "r-a1b2",
        "statements": [{"Effect": "Deny", "Action": "states:*", "Resource": "*"}]}}});
    let last_page = Edit::Set(
        DETAILS,
        vec![("/IsTruncated", json!(false)), ("/Marker", json!("of the request"))],
    );
    let version = json!({"PolicyVersion": {"VersionId": "v1", "IsDefaultVersion": true, "Document":
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}}});
    let managed = json!({"roles": {"app": {"allow": ["s3:*"], "managed": {"team/extra":
        [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}}}});
    let fetched = vec![
        Edit::Set(DETAILS, vec![("/Policies", json!([]))]),
        Edit::Add("111122223333/get-policy-version-extra-v1.json", version),
    ];
    let rows = [
        ("a page that says it is the last", &denied, vec![last_page], "identity_policy"),
        ("another organization", &denied, second_organization(), "identity_policy"),
        ("another organization, and an SCP", &open, second_organization(), "scp"),
        ("a version found by its file's name", &managed, fetched, "identity_policy"),
    ];
    for (what, policies, edits, layer) in rows {
        let verdict = judged(policies, &edits)["incidents"][0]["verdict"].clone();
        assert_eq!(
            (&verdict["layer"], &verdict["certainty"]),
            (&json!(layer), &json!("proven")),
            "{what}: {verdict:#}"
        );
    }
}

#[test]
fn the_report_rests_on_the_log_alone_only_without_policies() {
    let folder = TempDir::new().unwrap();
    dump::write(&json!({"roles": {"app": {"allow": ["s3:*"]}}}), &folder.path().join("policies"));
    let report = run(folder.path()).1;
    let given = report["coverage"]["policies"].as_array().unwrap();
    let of = |kind: &str| {
        given.iter().filter(|one| one["kind"] == kind && one["account"] == story::ACCOUNT).count()
    };
    assert_eq!((of("identity_policy"), of("role_trust_policy")), (1, 1), "{given:#?}");
    assert!(given.iter().all(|one| one["missing"] == json!([])), "{given:#?}");
    let trail = folder.path().join("trail.json");
    let policies = folder.path().join("policies");
    let told = |format: &str, language: &str, with: bool| {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.args(["analyze", "--full", "--format", format, "--lang", language]).arg(&trail);
        if with {
            command.arg("--policies").arg(&policies);
        }
        String::from_utf8(command.assert().code(1).get_output().stdout.clone()).unwrap()
    };
    let alone = [
        ("markdown", "en", "from the log alone"),
        ("markdown", "ja", "ログのみから"),
        ("html", "en", "records alone"),
        ("html", "ja", "レコードだけから"),
    ];
    for (format, language, words) in alone {
        assert!(told(format, language, false).contains(words), "{format} {language}");
        assert!(!told(format, language, true).contains(words), "{format} {language}");
    }
    for format in ["terminal", "markdown", "html"] {
        assert!(
            told(format, "en", true).contains("identity-based policy of 111122223333"),
            "{format}"
        );
        assert!(!told(format, "en", false).contains("Policies given"), "{format}");
    }
}

#[test]
fn what_the_policies_lack_is_redacted_like_the_rest() {
    let folder = TempDir::new().unwrap();
    let dumps = folder.path().join("policies");
    let policies = json!({"roles": {"app": {"allow": ["s3:*"], "managed": {"quarterly-ledger": []}}},
        "scps": {"p-guard000": {"at": "r-a1b2", "statements": []}}});
    dump::write(&policies, &dumps);
    let edits = [
        Edit::Set(
            DETAILS,
            vec![
                ("/Policies/0/DefaultVersionId", json!("v2")),
                ("/Policies/0/PolicyVersionList/0/IsDefaultVersion", json!(false)),
            ],
        ),
        Edit::Drop("organizations/list-targets-for-policy-p-guard000.json"),
        Edit::Set(
            "organizations/list-targets-for-policy-p-FullAWSAccess.json",
            vec![("/NextToken", json!("t"))],
        ),
    ];
    edits.iter().for_each(|edit| edit.apply(&dumps));
    fs::write(dumps.join("walnut-broken.json"), "{\"Policy\": ").unwrap();
    let given = run(folder.path()).1["coverage"]["policies"].to_string();
    let secrets = [story::ACCOUNT, "quarterly-ledger", "p-guard000", "walnut-broken"];
    assert!(secrets.iter().all(|secret| given.contains(secret)), "{given}");
    for format in ["json", "terminal", "markdown", "html", "sarif"] {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.args(["analyze", "--redact", "--quiet", "--format", format]);
        command.arg(folder.path().join("trail.json")).arg("--policies").arg(&dumps);
        let output = command.assert().code(1).get_output().stdout.clone();
        let told = String::from_utf8(output).unwrap();
        for secret in secrets {
            assert!(!told.contains(secret), "{format} tells {secret}");
        }
    }
}
