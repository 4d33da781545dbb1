//! `trailwhy policies` and `trailwhy changes` as people use them.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value as Json, json};

const USER: &str = "arn:aws:iam::111122223333:user/ana";

fn document(action: &str, effect: &str) -> Json {
    json!({"Version": "2012-10-17",
           "Statement": [{"Sid": "S", "Effect": effect, "Action": action, "Resource": "*"}]})
}

fn record(id: &str, time: &str, name: &str, parameters: Json) -> Json {
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": time, "awsRegion": "us-east-1",
        "eventSource": "iam.amazonaws.com", "eventName": name, "requestParameters": parameters,
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/admin\u{1b}[31m",
            "accountId": "111122223333", "principalId": "AIDAADMIN"},
    })
}

/// An export with two changes of one policy, and a dump taken after them.
fn prepare(folder: &Path) {
    let put = |document: Json| json!({"userName": "ana", "policyName": "own", "policyDocument": document.to_string()});
    let records = [
        record("e-1", "2026-02-01T10:00:00Z", "PutUserPolicy", put(document("s3:*", "Allow"))),
        record("e-2", "2026-02-01T11:00:00Z", "PutUserPolicy", put(document("s3:*", "Deny"))),
    ];
    fs::write(folder.join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    let details = json!({"UserDetailList": [{
        "UserName": "ana", "UserId": "AIDAANA", "Arn": USER, "GroupList": [],
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document("s3:*", "Deny")}],
        "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]});
    fs::create_dir(folder.join("dump")).unwrap();
    fs::write(folder.join("dump/details.json"), details.to_string()).unwrap();
    fs::write(folder.join("dump/broken.json"), "{\"Policy\": ").unwrap();
}

/// Standard output and standard error of a run in a prepared folder.
fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .args(["--policies", "dump", "--policies-as-of", "2026-02-02"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "status {}\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

#[test]
fn policies_shows_the_moment_and_where_it_is_known_from() {
    let moment = ["policies", "trail.json", "--at", "2026-02-01T10:30:00Z", "--for", USER];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn policies_shows_what_is_missing() {
    let moment = ["policies", "trail.json", "--at", "2026-02-01T09:00:00Z", "--quiet"];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn policies_speaks_json() {
    let moment =
        ["policies", "trail.json", "--at", "2026-02-01T12:00:00Z", "--quiet", "--format", "json"];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn changes_shows_the_difference() {
    insta::assert_snapshot!(run(&["changes", "trail.json", "--quiet"]));
}

#[test]
fn changes_are_chosen_by_owner_and_time() {
    let late = run(&["changes", "trail.json", "--since", "2026-02-01T10:30:00Z", "--quiet"]);
    assert!(late.contains("e-2") && !late.contains("e-1"), "{late}");
    let others =
        run(&["changes", "trail.json", "--for", "arn:aws:iam::111122223333:user/bo", "--quiet"]);
    assert!(others.contains("No change"), "{others}");
    let json = run(&["changes", "trail.json", "--for", USER, "--quiet", "--format", "json"]);
    let json = json.split_once('\n').unwrap().1.split("--- stderr").next().unwrap();
    let listing: Json = serde_json::from_str(json).unwrap();
    assert_eq!(listing["changes"].as_array().unwrap().len(), 2);
    assert_eq!(listing["changes"][1]["before"], document("s3:*", "Allow"));
}

/// A role that Identity Center made of the permission set `Auditors`.
const OF_SET: &str = "arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Auditors_0123456789abcdef";

const SET: &str = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-fedcba9876543210";

/// A call of somebody who has taken on the role.
fn call_of_role() -> Json {
    json!({
        "eventVersion": "1.11", "eventID": "e-0", "eventTime": "2026-02-01T09:00:00Z",
        "awsRegion": "us-east-1", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "eventType": "AwsApiCall", "recipientAccountId": "444455556666",
        "userIdentity": {"type": "AssumedRole", "principalId": "AROAOFSET:example",
            "accountId": "444455556666", "arn": "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Auditors_0123456789abcdef/example",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": OF_SET,
                "principalId": "AROAOFSET", "accountId": "444455556666",
                "userName": "AWSReservedSSO_Auditors_0123456789abcdef"}}},
    })
}

fn edit_of_set(id: &str, minute: u32, name: &str, parameters: Json) -> Json {
    let mut request = json!({"instanceArn": "arn:aws:sso:::instance/ssoins-0123456789abcdef"});
    request.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    let mut record = record(id, &format!("2026-02-01T10:{minute:02}:00Z"), name, request);
    record["eventSource"] = "sso.amazonaws.com".into();
    if name == "CreatePermissionSet" {
        record["responseElements"] =
            json!({"permissionSet": {"name": "Auditors", "permissionSetArn": SET}});
    }
    record
}

/// What a command prints as JSON in a folder with records and files of policies.
fn listed(records: &[Json], files: &[(&str, Json)], arguments: &[&str]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let trail = json!({"Records": records}).to_string();
    fs::write(folder.path().join("trail.json"), trail).unwrap();
    fs::create_dir(folder.path().join("dump")).unwrap();
    for (path, body) in files {
        let path = folder.path().join("dump").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body.to_string()).unwrap();
    }
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .args(["--policies", "dump", "--policies-as-of", "2026-02-01T12:00:00Z"])
        .args(["--quiet", "--format", "json"])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Layer and name or ARN of each policy of the role, and how much is missing.
fn policies_of_role(records: &[Json], files: &[(&str, Json)], at: &str) -> (Vec<String>, usize) {
    let shown = listed(records, files, &["policies", "trail.json", "--for", OF_SET, "--at", at]);
    let holding = &shown["in_force"][0];
    let names = holding["policies"].as_array().unwrap().iter().map(|policy| {
        let name = policy["arn"].as_str().or(policy["name"].as_str()).unwrap();
        format!("{} {name}", policy["layer"].as_str().unwrap())
    });
    let is_identity = |missing: &&Json| missing["layer"] == "identity_policy";
    let missing = holding["missing"].as_array().unwrap().iter().filter(is_identity).count();
    (names.collect(), missing)
}

#[test]
fn a_permission_set_in_dumps_is_the_policies_of_the_roles_made_of_it() {
    let inline = json!({"InlinePolicy": document("s3:*", "Deny").to_string()});
    let managed = json!({"AttachedManagedPolicies": [
        {"Name": "AdministratorAccess", "Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]});
    let customer =
        json!({"CustomerManagedPolicyReferences": [{"Name": "Extra", "Path": "/team/"}]});
    let boundary = json!({"PermissionsBoundary":
        {"CustomerManagedPolicyReference": {"Name": "Edge"}}});
    let shown = json!({"PermissionSet": {"Name": "Auditors", "PermissionSetArn": SET}});
    let named = |arn: &str| {
        json!({"Policy": {"PolicyName": "x", "Arn": arn, "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true,
                "Document": document("s3:Get*", "Allow")}]}})
    };
    let own = [
        ("own/extra.json", named("arn:aws:iam::444455556666:policy/team/Extra")),
        ("own/edge.json", named("arn:aws:iam::444455556666:policy/Edge")),
    ];
    let get = "get-inline-policy-for-permission-set";
    let list = "list-managed-policies-in-permission-set";
    let references = "list-customer-managed-policy-references-in-permission-set";
    let edge = "get-permissions-boundary-for-permission-set";
    let describe = "describe-permission-set";
    // By name or by id, in the file's name, in the folder's, or all in one file.
    let forms: [Vec<(String, Json)>; 4] = [
        vec![
            (format!("Auditors/{get}.json"), inline.clone()),
            (format!("Auditors/{list}.json"), managed.clone()),
            (format!("Auditors/{references}.json"), customer.clone()),
            (format!("Auditors/{edge}.json"), boundary.clone()),
        ],
        vec![
            (format!("{get}-Auditors.json"), inline.clone()),
            (format!("Auditors.{list}.json"), managed.clone()),
            (format!("{references}_Auditors.json"), customer.clone()),
            (format!("{edge}.Auditors.json"), boundary.clone()),
        ],
        vec![
            (format!("{describe}-ps-fedcba9876543210.json"), shown.clone()),
            (format!("{get}-ps-fedcba9876543210.json"), inline.clone()),
            (format!("ps-fedcba9876543210/{list}.json"), managed.clone()),
            (format!("ps-fedcba9876543210/{references}.json"), customer.clone()),
            (format!("ps-fedcba9876543210/{edge}.json"), boundary.clone()),
        ],
        vec![("sets.json".to_owned(), {
            let mut all = shown.as_object().unwrap().clone();
            for part in [&inline, &managed, &customer, &boundary] {
                all.extend(part.as_object().unwrap().clone());
            }
            Json::Object(all)
        })],
    ];
    for form in forms {
        let mut files: Vec<(&str, Json)> =
            form.iter().map(|(path, body)| (path.as_str(), body.clone())).collect();
        files.extend(own.clone());
        let (names, missing) = policies_of_role(&[call_of_role()], &files, "2026-02-01T11:00:00Z");
        let want = [
            "identity_policy AwsSSOInlinePolicy",
            "identity_policy arn:aws:iam::444455556666:policy/team/Extra",
            "identity_policy arn:aws:iam::aws:policy/AdministratorAccess",
            "permissions_boundary arn:aws:iam::444455556666:policy/Edge",
        ];
        assert_eq!((names, missing), (want.map(str::to_owned).to_vec(), 0), "{form:?}");
    }
}

#[test]
fn a_change_of_a_permission_set_is_one_of_the_roles_made_of_it_once_provisioned() {
    let set = |more: Json| {
        let mut parameters = json!({"permissionSetArn": SET});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters
    };
    let admin = json!({"managedPolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    let own = json!({"customerManagedPolicyReference": {"name": "Extra", "path": "/"}});
    let inline = json!({"inlinePolicy": document("s3:*", "Deny").to_string()});
    let edge = json!({"permissionsBoundary": admin});
    let records = [
        call_of_role(),
        edit_of_set("e-1", 0, "CreatePermissionSet", json!({"name": "Auditors"})),
        edit_of_set("e-2", 1, "PutInlinePolicyToPermissionSet", set(inline)),
        edit_of_set("e-3", 2, "AttachManagedPolicyToPermissionSet", set(admin)),
        edit_of_set(
            "e-4",
            3,
            "ProvisionPermissionSet",
            set(json!({"targetType": "ALL_PROVISIONED_ACCOUNTS"})),
        ),
        edit_of_set("e-5", 4, "DeleteInlinePolicyFromPermissionSet", set(json!({}))),
        edit_of_set("e-6", 5, "AttachCustomerManagedPolicyReferenceToPermissionSet", set(own)),
        edit_of_set("e-7", 6, "PutPermissionsBoundaryToPermissionSet", set(edge)),
    ];
    let inline = "identity_policy AwsSSOInlinePolicy";
    let admin = "identity_policy arn:aws:iam::aws:policy/AdministratorAccess";
    let edge = "permissions_boundary arn:aws:iam::aws:policy/AdministratorAccess";
    for (minute, want) in [
        // Put, and not provisioned yet.
        ("01:30", vec![]),
        ("03:30", vec![inline, admin]),
        ("04:30", vec![admin]),
        ("06:30", vec![admin, edge]),
    ] {
        let at = format!("2026-02-01T10:{minute}Z");
        assert_eq!(policies_of_role(&records, &[], &at).0, want, "{at}");
    }
    let shown = listed(&records, &[], &["changes", "trail.json", "--for", OF_SET]);
    let events: Vec<&str> = shown["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["event_id"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["e-2", "e-3", "e-5", "e-6", "e-7"]);
    assert_eq!(shown["changes"][0]["after"], document("s3:*", "Deny"));
    let summary = shown["changes"][0]["summary"].as_str().unwrap();
    assert!(summary.contains("Auditors"), "{summary}");
}

/// Files that name a role, a policy and a bucket, and no ARN.
#[test]
fn what_files_name_without_arns_lies_where_its_account_does() {
    let inline = json!({"RoleName": "Build", "PolicyName": "own",
        "PolicyDocument": document("s3:*", "Allow")});
    let version = json!({"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": true,
        "Document": document("s3:*", "Allow")}});
    let block = json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}});
    let files = [
        ("111122223333/get-role-policy-Build.json", inline),
        ("111122223333/get-policy-version-Limits.json", version),
        ("s3/pictures.get-public-access-block.json", block),
    ];
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-isof-south-1", "aws-iso-f"),
    ] {
        let mut put = record(
            "e-1",
            "2026-02-01T10:00:00Z",
            "PutUserPolicy",
            json!({"userName": "ana", "policyName": "own",
                "policyDocument": document("s3:*", "Allow").to_string()}),
        );
        put["awsRegion"] = region.into();
        put["userIdentity"]["arn"] = format!("arn:{partition}:iam::111122223333:user/admin").into();
        let of = |arguments: &[&str]| {
            let shown = listed(&[put.clone()], &files, arguments);
            let holdings = shown["in_force"].as_array().unwrap();
            let of = holdings.iter().filter(|one| !one["policies"].as_array().unwrap().is_empty());
            of.map(|one| one["of"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let at = "2026-02-01T11:00:00Z";
        let want = [
            format!("arn:{partition}:iam::111122223333:policy/Limits"),
            format!("arn:{partition}:iam::111122223333:role/Build"),
            format!("arn:{partition}:iam::111122223333:user/ana"),
        ];
        assert_eq!(of(&["policies", "trail.json", "--at", at]), want);
    }
}
