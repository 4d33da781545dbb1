//! What services tell Amazon EventBridge beside CloudTrail is read wherever records are read, counted
//! for what it is, and is taken for no call.

use crate::support::ingest as ingest_support;

use assert_cmd::Command;
use ingest_support::{Export, delivery, gzip, read_bytes, record, record_at};
use serde_json::{Value, json};
use trailwhy::event::{Event, Notification};
use trailwhy::ingest::Ingested;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/0123abcd-0123-4567-89ab-0123456789ab";

/// An envelope as EventBridge sends it.
fn envelope(kind: &str, source: &str, resources: &[&str], detail: Value) -> Value {
    json!({
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": kind,
        "source": source,
        "account": "111122223333",
        "time": "2026-05-18T05:48:10Z",
        "region": "eu-west-1",
        "resources": resources,
        "detail": detail
    })
}

fn failed_volume() -> Value {
    let volume = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-01234567";
    let detail = json!({
        "event": "createVolume",
        "result": "failed",
        "cause": format!("{KEY} is disabled."),
        "request-id": "01234567-0123-0123-0123-0123456789ab"
    });
    envelope("EBS Volume Notification", "aws.ec2", &[volume], detail)
}

fn only(ingested: Ingested) -> Event {
    assert_eq!(ingested.events.len(), 1);
    ingested.events.into_iter().next().unwrap()
}

fn told(envelope: &Value) -> Notification {
    only(read_bytes(envelope.to_string())).notification().unwrap()
}

#[test]
fn a_failed_volume_names_its_volume_its_request_its_key_and_why() {
    let event = only(read_bytes(failed_volume().to_string()));
    assert!(event.is_notification() && !event.failed());
    assert_eq!((event.source(), event.name()), ("ec2.amazonaws.com", "EBSVolumeNotification"));
    assert_eq!((event.account(), event.region()), (Some("111122223333"), Some("eu-west-1")));
    assert_eq!(event.time.to_string(), "2026-05-18T05:48:10Z");
    let told = event.notification().unwrap();
    assert_eq!(told.kind, "EBS Volume Notification");
    assert_eq!((told.failed, told.state.as_deref()), (true, Some("failed")));
    assert_eq!(told.cause, Some(format!("{KEY} is disabled.")));
    assert_eq!(told.key.as_deref(), Some(KEY));
    let subjects = [
        "arn:aws:ec2:eu-west-1:111122223333:volume/vol-01234567",
        "vol-01234567",
        "01234567-0123-0123-0123-0123456789ab",
    ];
    assert_eq!(told.subjects, subjects);
}

/// In every form that holds records, alone and among them.
#[test]
fn notifications_are_read_wherever_records_are_read() {
    let one = failed_volume();
    let text = one.to_string();
    let pretty = serde_json::to_string_pretty(&one).unwrap();
    let call = record(1);
    let bridged = json!({
        "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms", "account": "111122223333", "time": "2026-05-18T05:47:50Z",
        "region": "eu-west-1", "resources": [], "detail": call
    });
    let message = |record: &Value| json!({ "timestamp": 1, "message": record.to_string() });
    let forms: Vec<(Vec<u8>, usize)> = vec![
        (text.clone().into_bytes(), 1),
        (pretty.into_bytes(), 1),
        (gzip(text.as_bytes()), 1),
        (format!("{text}\n{call}\n{bridged}\n").into_bytes(), 2),
        (json!([one, call]).to_string().into_bytes(), 2),
        (delivery(&[call.clone(), one.clone()]).into_bytes(), 2),
        (json!({ "events": [message(&one), message(&bridged)] }).to_string().into_bytes(), 2),
        (format!("2026-05-18T05:48:11.000Z {text}\n2026-05-18T05:48:11.000Z {call}\n").into(), 2),
        (json!([[{ "field": "@message", "value": text }]]).to_string().into_bytes(), 1),
    ];
    for (form, kept) in forms {
        let shown = String::from_utf8_lossy(&form).into_owned();
        let Ingested { events, ledger, .. } = read_bytes(form);
        assert_eq!(events.len(), kept, "{shown}");
        let records = ledger.records;
        assert_eq!((records.notifications, records.malformed), (1, 0), "{shown}");
        assert_eq!(ledger.skipped, [], "{shown}");
        assert_eq!(events.iter().filter_map(Event::notification).count(), 1);
    }
}

#[test]
fn copies_and_other_times_are_counted_as_of_records() {
    let export = Export::new();
    export.file("a.json", format!("{}\n{}\n", failed_volume(), failed_volume()));
    export.file("b.json", delivery(&[record_at(1, "2026-05-18T05:48:09Z")]));
    let records = export.read().ledger.records;
    assert_eq!((records.read, records.kept, records.duplicates), (3, 2, 1));
    assert_eq!(records.notifications, 1);
    let mut timeless = failed_volume();
    timeless.as_object_mut().unwrap().remove("time");
    let file = format!("{timeless}\n{}\n", record(1));
    let records = read_bytes(file).ledger.records;
    assert_eq!((records.read, records.kept, records.malformed), (2, 1, 1));
}

/// What each service says of failed work, in its own words.
#[test]
fn failed_work_is_told_from_work_that_goes_on() {
    let cases = [
        (
            "Backup Job State Change",
            "aws.backup",
            json!({
                "backupJobId": "E4A4E7AC-BE72-4E1F-8F13-5C0A1A1EXAMPL", "state": "FAILED",
                "statusMessage": "Access Denied trying to call AWS Backup service",
                "resourceArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
            }),
            Some("Access Denied trying to call AWS Backup service"),
            "orders",
        ),
        (
            "Restore Job State Change",
            "aws.backup",
            json!({ "restoreJobId": "r-1", "status": "ABORTED", "statusMessage": "no access" }),
            Some("no access"),
            "r-1",
        ),
        (
            "ECS Task State Change",
            "aws.ecs",
            json!({
                "taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/web/0123abcd",
                "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart",
                "stoppedReason": "ResourceInitializationError: unable to pull secrets"
            }),
            Some("ResourceInitializationError: unable to pull secrets"),
            "0123abcd",
        ),
        (
            "RDS DB Instance Event",
            "aws.rds",
            json!({
                "EventCategories": ["creation", "failure"], "SourceIdentifier": "orders-db",
                "Message": "The DB instance is in an incompatible state"
            }),
            Some("The DB instance is in an incompatible state"),
            "orders-db",
        ),
        (
            "EMR Step Status Change",
            "aws.emr",
            json!({ "stepId": "s-1", "clusterId": "j-1", "state": "FAILED", "message": "Step s-1" }),
            Some("Step s-1"),
            "j-1",
        ),
        (
            "EC2 Instance Launch Unsuccessful",
            "aws.autoscaling",
            json!({
                "StatusCode": "Failed", "StatusMessage": "Client.InternalError",
                "RequestId": "q-1", "Cause": "At 2026-05-18 an instance was started",
                "EC2InstanceId": "i-1234567890abcdef0"
            }),
            Some("Client.InternalError"),
            "i-1234567890abcdef0",
        ),
        (
            "CodeBuild Build State Change",
            "aws.codebuild",
            json!({
                "build-status": "FAILED", "project-name": "site",
                "build-id": "arn:aws:codebuild:eu-west-1:111122223333:build/site:0123",
                "additional-information": { "phases": [
                    { "phase-type": "SUBMITTED" },
                    { "phase-type": "DOWNLOAD_SOURCE", "phase-context": ["AccessDenied"] }
                ] }
            }),
            Some("AccessDenied"),
            "site",
        ),
        (
            "Glue Job State Change",
            "aws.glue",
            json!({ "jobName": "nightly", "jobRunId": "jr_1", "state": "FAILED", "message": "403" }),
            Some("403"),
            "jr_1",
        ),
        (
            "Step Functions Execution Status Change",
            "aws.states",
            json!({
                "executionArn": "arn:aws:states:eu-west-1:111122223333:execution:orders:run-7",
                "status": "FAILED", "error": "States.TaskFailed", "cause": "not authorized"
            }),
            Some("not authorized"),
            "run-7",
        ),
        (
            "Batch Job State Change",
            "aws.batch",
            json!({ "jobId": "b-1", "status": "FAILED", "statusReason": "Task failed to start" }),
            Some("Task failed to start"),
            "b-1",
        ),
        (
            "SageMaker Training Job State Change",
            "aws.sagemaker",
            json!({
                "TrainingJobName": "t-1", "TrainingJobStatus": "Failed",
                "FailureReason": "ClientError: no access to the data"
            }),
            Some("ClientError: no access to the data"),
            "t-1",
        ),
        (
            "CloudFormation Resource Status Change",
            "aws.cloudformation",
            json!({
                "stack-id": "arn:aws:cloudformation:eu-west-1:111122223333:stack/site/0123",
                "status-details": { "status": "CREATE_FAILED", "status-reason": "not authorized" }
            }),
            Some("not authorized"),
            "0123",
        ),
    ];
    for (kind, source, detail, cause, subject) in cases {
        let told = told(&envelope(kind, source, &[], detail));
        assert!(told.failed, "{kind}");
        assert_eq!(told.cause.as_deref(), cause, "{kind}");
        assert!(told.subjects.iter().any(|id| id == subject), "{kind}: {:?}", told.subjects);
    }
    let going_on = [
        ("EBS Volume Notification", "aws.ec2", json!({ "result": "available", "cause": "" })),
        ("Backup Job State Change", "aws.backup", json!({ "state": "RUNNING" })),
        ("RDS DB Instance Event", "aws.rds", json!({ "EventCategories": ["creation"] })),
        ("ECS Task State Change", "aws.ecs", json!({ "stopCode": "UserInitiated" })),
        ("EC2 Instance State-change Notification", "aws.ec2", json!({ "state": "terminated" })),
        ("Glue Job State Change", "aws.glue", json!({ "state": "SUCCEEDED" })),
    ];
    for (kind, source, detail) in going_on {
        let told = told(&envelope(kind, source, &[], detail));
        assert!(!told.failed && told.state.is_some() && told.cause.is_none(), "{kind}: {told:?}");
    }
}

/// Other envelopes are what they were: nothing that is read.
#[test]
fn what_is_not_known_is_no_record() {
    for unknown in [
        envelope("Scheduled Event", "aws.events", &[], json!({})),
        envelope("EBS Volume Notification", "my.own.app", &[], json!({ "result": "failed" })),
    ] {
        let Ingested { events, ledger, .. } = read_bytes(format!("{unknown}\n{}\n", record(1)));
        assert_eq!((events.len(), ledger.records.notifications), (1, 0));
    }
}

/// Beside a sample's log the incidents stay what they were, and the count is in every report.
#[test]
fn a_notification_alone_is_no_incident_and_disturbs_none() {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("notifications.json");
    std::fs::write(&told, failed_volume().to_string()).unwrap();
    let told = told.to_str().unwrap();
    let report = |paths: &[&str]| -> Value {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.args(["analyze", "--format", "json"]).args(paths).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for sample in ["1-ebs-source-ip", "5-auto-scaling-own-key"] {
        let logs = format!("{root}/samples/{sample}/logs");
        let (before, after) = (report(&[&logs]), report(&[&logs, told]));
        let incidents = |report: &Value| report["incidents"].clone();
        assert_eq!(incidents(&before), incidents(&after), "{sample}");
        assert!(before["coverage"]["events"].get("notifications").is_none());
        assert_eq!(after["coverage"]["events"]["notifications"], 1);
    }
    let alone = report(&[told]);
    assert_eq!(alone["incidents"], json!([]));
    assert_eq!(alone["coverage"]["events"]["kept"], 1);
    let folder = folder.path();
    let part = folder.join("part");
    let part = part.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.args(arguments).output().unwrap().stdout
    };
    run(&["analyze", "--partial", part, told]);
    let merged: Value = serde_json::from_slice(&run(&["merge", "--format", "json", part])).unwrap();
    assert_eq!(merged["coverage"]["events"], alone["coverage"]["events"]);
}
