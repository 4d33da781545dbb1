//! Which call was made for which, where real logs make it hard: several roots name one thing, a
//! call asks for many, sessions cannot be told apart, and a name is shared by chance.

use std::collections::BTreeMap;

use assert_cmd::Command;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/0c7de1f4-8a39-4b7e-9d05-1f6a2b3c4d5e";

fn user() -> Value {
    json!({
        "type": "IAMUser", "principalId": "AIDAEXAMPLEDEPLOY0001", "accountId": ACCOUNT,
        "arn": "arn:aws:iam::111122223333:user/deploy", "accessKeyId": "AKIAEXAMPLEDEPLOY001",
        "userName": "deploy"
    })
}

/// The same user as a service on the user's behalf shows it: with a key of the session's own.
fn forwarded(service: &str) -> Value {
    let mut identity = user();
    identity["accessKeyId"] = json!("ASIAEXAMPLEFORWARD01");
    identity["invokedBy"] = json!(service);
    identity["sessionContext"] = json!({
        "attributes": { "creationDate": "2026-05-18T05:00:00Z", "mfaAuthenticated": "false" }
    });
    identity
}

fn service(name: &str) -> Value {
    json!({ "type": "AWSService", "invokedBy": name })
}

/// A session of a role that a service took on, without the key that would tell which.
fn session(role: &str, name: &str, created: &str, invoked_by: &str) -> Value {
    json!({
        "type": "AssumedRole", "principalId": format!("AROAEXAMPLE0000000001:{name}"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"),
        "accountId": ACCOUNT, "invokedBy": invoked_by,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE0000000001", "accountId": ACCOUNT,
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "userName": role
            },
            "attributes": { "creationDate": created, "mfaAuthenticated": "false" }
        }
    })
}

/// A record; the id is also what the tests call it by.
fn call(id: &str, time: &str, source: &str, name: &str, identity: Value, request: Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": format!("2026-05-18T{time}Z"),
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.10", "userAgent": "aws-cli/2.15",
        "userIdentity": identity, "requestParameters": request, "responseElements": null,
        "requestID": format!("request-{id}"), "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT, "managementEvent": true
    })
}

fn decrypt(id: &str, time: &str, by: Value, context: Value) -> Value {
    let mut record = call(
        id,
        time,
        "kms",
        "Decrypt",
        by,
        json!({ "encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT" }),
    );
    record["resources"] = json!([{ "ARN": KEY, "accountId": ACCOUNT, "type": "AWS::KMS::Key" }]);
    record
}

/// Child to its link: parent, and the parents that fit as well.
fn links(records: &[Value]) -> BTreeMap<String, (String, Vec<String>)> {
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(["chains", "-", "--format", "json"])
        .write_stdin(body)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listing: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut links = BTreeMap::new();
    for chain in listing["chains"].as_array().unwrap() {
        for step in chain["chain"].as_array().unwrap() {
            if step["parent_event_id"].is_string() {
                let ties = step["link"]["tied_with"].as_array().into_iter().flatten();
                links.insert(
                    text(&step["event_id"]),
                    (text(&step["parent_event_id"]), ties.map(text).collect()),
                );
            }
        }
    }
    links
}

fn parameter(name: &str) -> String {
    format!("arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/{name}")
}

#[test]
fn a_call_that_asks_for_many_things_has_a_decryption_for_each() {
    let names = ["alpha", "bravo", "charlie", "delta"];
    let mut records = Vec::new();
    for (second, name) in names.iter().enumerate() {
        // Each was written and read by itself before, so its name says little by itself.
        let path = format!("/app/{name}");
        for (minute, verb) in ["PutParameter", "GetParameter", "GetParameter"].iter().enumerate() {
            let id = format!("{verb}-{name}-{minute}");
            let time = format!("06:0{minute}:1{second}");
            records.push(call(&id, &time, "ssm", verb, user(), json!({ "name": path })));
        }
    }
    let all: Vec<String> = names.iter().map(|name| format!("/app/{name}")).collect();
    let many = json!({ "names": all, "withDecryption": true });
    records.push(call("many", "06:02:30", "ssm", "GetParameters", user(), many));
    for name in names {
        let context = json!({ "PARAMETER_ARN": parameter(name) });
        records.push(decrypt(name, "06:02:30", forwarded("AWS Internal"), context));
    }
    let links = links(&records);
    for name in names {
        assert_eq!(links[name].0, "many", "{name}");
    }
}

#[test]
fn the_end_of_service_work_belongs_to_its_beginning() {
    let details =
        json!({ "ARN": format!("arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:a-AbCdEf") });
    let records: Vec<Value> =
        [("end", "EndSecretVersionDelete"), ("start", "StartSecretVersionDelete")]
            .into_iter()
            .map(|(id, name)| {
                let identity =
                    json!({ "accountId": ACCOUNT, "invokedBy": "secretsmanager.amazonaws.com" });
                let mut record =
                    call(id, "06:00:00", "secretsmanager", name, identity, Value::Null);
                record["requestID"] = json!("SecretDeleteMessage:a:Forced");
                record["eventType"] = json!("AwsServiceEvent");
                record["serviceEventDetails"] = details.clone();
                record
            })
            .collect();
    let links = links(&records);
    assert_eq!(links["end"].0, "start");
    assert!(!links.contains_key("start"));
}

#[test]
fn sessions_of_one_second_are_shown_as_a_tie() {
    let role = "AWSServiceRoleForRDS";
    let take_on = |id: &str| {
        let mut record = call(
            id,
            "06:00:00",
            "sts",
            "AssumeRole",
            service("rds.amazonaws.com"),
            json!({ "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/{role}"),
                    "roleSessionName": "SLRManagement" }),
        );
        record["responseElements"] = json!({ "assumedRoleUser":
            { "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/SLRManagement") } });
        record
    };
    let identity = session(role, "SLRManagement", "2026-05-18T06:00:00Z", "rds.amazonaws.com");
    let used = call("used", "06:00:01", "ec2", "DescribeVpcs", identity, json!({}));
    let links = links(&[take_on("one"), take_on("two"), used]);
    let (parent, ties) = &links["used"];
    let mut both = vec![parent.clone()];
    both.extend(ties.iter().cloned());
    both.sort();
    assert_eq!(both, ["one", "two"]);
}

#[test]
fn a_bucket_policy_makes_nobody_deliver() {
    let records = [
        call(
            "policy",
            "06:00:00",
            "s3",
            "PutBucketPolicy",
            user(),
            json!({ "bucketName": "example-trail-logs", "bucketPolicy": {} }),
        ),
        call(
            "delivery",
            "06:05:13",
            "kms",
            "GenerateDataKey",
            service("cloudtrail.amazonaws.com"),
            json!({ "keyId": KEY, "encryptionContext":
                { "aws:s3:arn": "arn:aws:s3:::example-trail-logs/AWSLogs/x.json.gz" } }),
        ),
    ];
    assert!(!links(&records).contains_key("delivery"));
}

#[test]
fn a_forwarded_call_goes_to_the_call_whose_thing_it_is_about() {
    let volume = "vol-0123456789abcdef0";
    let mut records = Vec::new();
    for (id, time, volume) in [
        ("first", "06:00:00", volume),
        ("second", "06:00:00", "vol-0fedcba9876543210"),
        ("third", "06:00:01", "vol-0aaaaaaaaaaaaaaaa"),
    ] {
        let mut record = call(
            id,
            time,
            "ec2",
            "CreateVolume",
            user(),
            json!({ "size": "8", "encrypted": true }),
        );
        record["responseElements"] = json!({ "volumeId": volume });
        records.push(record);
    }
    let mut key = decrypt(
        "key",
        "06:00:01",
        forwarded("ec2-frontend-api.amazonaws.com"),
        json!({ "aws:ebs:id": volume }),
    );
    key["eventName"] = json!("GenerateDataKeyWithoutPlaintext");
    records.push(key);
    let links = links(&records);
    assert_eq!(links["key"], ("first".to_owned(), Vec::new()));
}

#[test]
fn a_read_that_was_answered_does_not_decrypt_for_the_next() {
    let secret = format!("arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:app/database-AbCdEf");
    let version = "5a3c1e70-0d2b-4f6e-9b1a-7c8d9e0f1a2b";
    let context = json!({ "SecretARN": secret, "SecretVersionId": version });
    // The first names the version, the second only the secret: its current version is the same.
    let named = json!({ "secretId": secret, "versionId": version });
    let get = |id: &str, time: &str, request: Value| {
        call(id, time, "secretsmanager", "GetSecretValue", user(), request)
    };
    let by = || forwarded("secretsmanager.amazonaws.com");
    let links = links(&[
        get("first", "06:00:00", named),
        decrypt("for first", "06:00:00", by(), context.clone()),
        get("second", "06:00:04", json!({ "secretId": secret })),
        decrypt("for second", "06:00:04", by(), context),
    ]);
    assert_eq!(links["for first"].0, "first");
    assert_eq!(links["for second"].0, "second");
}

/// The service takes on a role for its work; the record names the role and no more of the work.
fn take_on(id: &str, time: &str, by: Value, role: &str, session: &str) -> Value {
    let request = json!({
        "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "roleSessionName": session
    });
    let mut record = call(id, time, "sts", "AssumeRole", by, request);
    record["responseElements"] = json!({
        "assumedRoleUser":
            { "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}") },
        "credentials": { "accessKeyId": format!("ASIAEXAMPLE{:0>9}", id.to_uppercase()) }
    });
    record
}

#[test]
fn the_role_taken_on_at_once_is_for_the_work_that_was_just_begun() {
    let start = call(
        "start",
        "06:00:00",
        "codepipeline",
        "StartPipelineExecution",
        user(),
        json!({ "name": "release" }),
    );
    let by = || service("codepipeline.amazonaws.com");
    let links = links(&[
        start,
        take_on("now", "06:00:02", by(), "pipeline", "1700000000001"),
        take_on("later", "06:20:00", by(), "pipeline", "1700000000002"),
        take_on("other", "06:00:02", service("config.amazonaws.com"), "recorder", "Config"),
    ]);
    assert_eq!(links["now"].0, "start");
    assert!(!links.contains_key("later") && !links.contains_key("other"), "{links:?}");
}

#[test]
fn what_was_asked_for_is_the_call_and_not_the_session_it_was_made_in() {
    let role = |invoked_by: Option<&str>, key: &str| {
        let mut identity = session("deployer", "build-7", "2026-05-18T06:00:00Z", "");
        identity["accessKeyId"] = json!(key);
        match invoked_by {
            Some(service) => identity["invokedBy"] = json!(service),
            None => drop(identity.as_object_mut().unwrap().remove("invokedBy")),
        }
        identity
    };
    let own = "ASIAEXAMPLE0000BEGIN";
    let name = json!({ "stackName": "alerts" });
    let mut refused = call(
        "refused",
        "06:00:30",
        "sns",
        "CreateTopic",
        role(Some("cloudformation.amazonaws.com"), "ASIAEXAMPLEFORWARD02"),
        Value::Null,
    );
    refused["errorCode"] = json!("AccessDenied");
    refused["errorMessage"] = json!(format!(
        "User: arn:aws:sts::{ACCOUNT}:assumed-role/deployer/build-7 is not authorized to perform: \
         sns:CreateTopic on resource: arn:aws:sns:eu-west-1:{ACCOUNT}:alerts because no \
         identity-based policy allows the sns:CreateTopic action"
    ));
    let records = [
        take_on("begin", "06:00:00", user(), "deployer", "build-7"),
        call("list", "06:00:10", "cloudformation", "ListStacks", role(None, own), json!({})),
        call("create", "06:00:20", "cloudformation", "CreateStack", role(None, own), name),
        refused,
    ];
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(["analyze", "-", "--format", "json", "--exit-zero"])
        .write_stdin(body)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let incident = &report["incidents"][0];
    assert_eq!(incident["kind"], "silent");
    assert_eq!(incident["root"]["event_id"], "create");
    let chain = incident["chain"].as_array().unwrap().iter();
    let steps: Vec<&str> = chain.map(|step| step["event_id"].as_str().unwrap()).collect();
    assert_eq!(steps, ["create", "refused"]);
    // Nor does what else was done in the session belong beside it.
    let compared = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(["compare", "--failed", "refused", "-"])
        .write_stdin(serde_json::to_vec(&json!({ "Records": records })).unwrap())
        .output()
        .unwrap();
    let compared = String::from_utf8(compared.stdout).unwrap();
    assert!(compared.contains("cloudformation:CreateStack"), "{compared}");
    assert!(!compared.contains("ListStacks"), "{compared}");
    // As a tree it still hangs below the call that began the session.
    let links = links(&records);
    assert_eq!((links["create"].0.as_str(), links["list"].0.as_str()), ("begin", "begin"));
}

/// The same record of another account or Region.
fn elsewhere(record: &Value, id: &str, time: &str, account: &str, region: &str) -> Value {
    let text = record.to_string().replace(ACCOUNT, account).replace("eu-west-1", region);
    let mut record: Value = serde_json::from_str(&text).unwrap();
    record["eventID"] = json!(id);
    record["requestID"] = json!(format!("request-{id}"));
    record["eventTime"] = json!(format!("2026-05-18T{time}Z"));
    record
}

#[test]
fn a_name_stands_for_another_thing_in_another_account_or_region() {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/worker");
    let starts = [
        ("backup", "StartBackupJob", json!({ "backupVaultName": "daily", "iamRoleArn": role })),
        ("sagemaker", "CreateTrainingJob", json!({ "trainingJobName": "daily", "roleArn": role })),
        ("codebuild", "CreateProject", json!({ "name": "daily", "serviceRole": role })),
        ("bedrock", "CreateModelCustomizationJob", json!({ "jobName": "daily", "roleArn": role })),
    ];
    for (source, name, request) in starts {
        let here = call("here", "06:00:00", source, name, user(), request);
        let by = service(&format!("{source}.amazonaws.com"));
        let taken = take_on("taken", "06:00:40", by, "worker", "daily");
        for (account, region) in [("444455556666", "eu-west-1"), (ACCOUNT, "eu-central-1")] {
            let there = elsewhere(&here, "there", "06:00:37", account, region);
            let links = links(&[here.clone(), there, taken.clone()]);
            assert_eq!(links["taken"].0, "here", "{source} beside {account} in {region}");
        }
    }
}

#[test]
fn who_reads_an_object_makes_nobody_deliver() {
    let log_file = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/05/18/file.json.gz";
    let object = |bucket: &str, key: &str| json!({ "bucketName": bucket, "key": key });
    let read = call("read", "06:00:00", "s3", "GetObject", user(), object("trail", log_file));
    let context = json!({ "aws:cloudtrail:arn":
        format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/organization") });
    let log = decrypt("log", "06:00:00", forwarded("fas.s3.amazonaws.com"), context);
    let deliver = |by: &str| {
        let put = object("archive", "AWSLogs/next");
        call("deliver", "06:00:10", "s3", "PutObject", service(by), put)
    };
    for by in ["cloudtrail", "config", "delivery.logs"] {
        let delivered = deliver(&format!("{by}.amazonaws.com"));
        let links = links(&[read.clone(), log.clone(), delivered]);
        assert_eq!(links.get("log").map(|(parent, _)| parent.as_str()), Some("read"), "{by}");
        assert!(!links.contains_key("deliver"), "{by}");
    }
}

#[test]
fn who_names_more_of_the_work_began_it_and_not_who_is_nearer() {
    let vault = format!("arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:daily");
    let named = |service: &str, kind: &str, name: &str| {
        format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{kind}{name}")
    };
    let works = [
        ("dynamodb", "table/", "StartAwsBackupJob", "tableName"),
        ("rds", "db:", "CreateDBSnapshot", "dBInstanceIdentifier"),
        ("storagegateway", "volume/", "CreateSnapshot", "volumeId"),
    ];
    for (source, kind, name, member) in works {
        let start = |id: &str, time: &str, thing: &str| {
            let request = json!({
                "backupVaultName": "daily", "resourceArn": named(source, kind, thing),
                "iamRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/backup"),
            });
            call(id, time, "backup", "StartBackupJob", user(), request)
        };
        // All names were said many times that day.
        let mut records: Vec<Value> = (0..90)
            .map(|n| {
                start(&format!("before-{n}"), &format!("0{}:{:02}:00", n / 60, n % 60), "orders")
            })
            .collect();
        let by = service("backup.amazonaws.com");
        let mut work = call(
            "work",
            "06:02:31",
            source,
            name,
            session("backup", "AWSBackup-backup", "2026-05-18T06:02:30Z", "backup.amazonaws.com"),
            json!({ member: "orders", "backupVaultArn": vault }),
        );
        work["userIdentity"]["accessKeyId"] = json!("ASIAEXAMPLE0000TAKEN");
        records.extend([
            start("right", "06:00:00", "orders"),
            start("nearer", "06:02:25", "customers"),
            take_on("taken", "06:02:30", by, "backup", "AWSBackup-backup"),
            work,
        ]);
        assert_eq!(links(&records)["taken"].0, "right", "{source}");
    }
}

#[test]
fn what_runs_with_one_role_is_not_why_another_is_taken_on() {
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let starts = [
        ("backup", "StartBackupJob", "iamRoleArn", "backupVaultName"),
        ("sagemaker", "CreateTrainingJob", "roleArn", "trainingJobName"),
        ("codebuild", "CreateProject", "serviceRole", "name"),
        ("bedrock", "CreateModelCustomizationJob", "roleArn", "jobName"),
    ];
    for (source, name, member, thing) in starts {
        let start = |id: &str, time: &str, with: &str| {
            let request = json!({ member: role(with), thing: format!("{with}-daily") });
            call(id, time, source, name, user(), request)
        };
        // The role was named many times that day.
        let time = |n: usize| format!("0{}:{:02}:00", n / 60, n % 60);
        let mut records: Vec<Value> =
            (0..90).map(|n| start(&format!("before-{n}"), &time(n), "worker")).collect();
        let by = service(&format!("{source}.amazonaws.com"));
        records.extend([
            start("own", "06:00:00", "worker"),
            start("other", "06:01:58", "helper"),
            take_on("taken", "06:02:00", by, "worker", "daily"),
        ]);
        assert_eq!(links(&records)["taken"].0, "own", "{source}");
    }
}

#[test]
fn a_call_that_failed_has_nothing_done_for_it_after_its_answer() {
    let works = [
        ("cloudformation", "CreateStack", "stackName", "ec2", "CreateSecurityGroup"),
        ("cloudformation", "UpdateStack", "stackName", "sqs", "CreateQueue"),
        ("elasticbeanstalk", "CreateEnvironment", "environmentName", "ec2", "CreateSecurityGroup"),
        ("servicecatalog", "ProvisionProduct", "productName", "cloudformation", "CreateStack"),
        ("eks", "CreateNodegroup", "nodegroupName", "ec2", "CreateLaunchTemplate"),
    ];
    for (source, name, member, called, operation) in works {
        let begun = call("begun", "06:00:10", source, name, user(), json!({ member: "one" }));
        let mut failed = call("failed", "06:00:14", source, name, user(), json!({ member: "two" }));
        failed["errorCode"] = json!("ValidationError");
        failed["errorMessage"] = json!("The template cannot be read");
        let by = forwarded(&format!("{source}.amazonaws.com"));
        let mut refused =
            call("refused", "06:00:24", called, operation, by, json!({ "name": "thing" }));
        refused["errorCode"] = json!("Client.UnauthorizedOperation");
        refused["errorMessage"] = json!("You are not authorized to perform this operation.");
        assert_eq!(links(&[begun, failed, refused])["refused"].0, "begun", "{source} {name}");
    }
}
