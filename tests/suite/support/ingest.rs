//! Records and files for the tests of reading.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use trailwhy::ingest::{self, Ingested, Input, Ledger, Options, Records};
use trailwhy::wording::{Language, Wording};

/// A record with every sort of member, as CloudTrail writes it.
pub fn record(id: u32) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:ops,team=7@x.org",
            "arn": "arn:aws:sts::111122223333:assumed-role/Ops/ops,team=7@x.org",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": "arn:aws:iam::111122223333:role/team/Ops",
                    "accountId": "111122223333",
                    "userName": "Ops"
                },
                "attributes": {
                    "creationDate": "2026-05-18T05:00:00Z",
                    "mfaAuthenticated": "true"
                }
            },
            "invokedBy": "fas.s3.amazonaws.com"
        },
        "eventTime": "2026-05-18T05:47:50Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "fas.s3.amazonaws.com",
        "userAgent": "fas.s3.amazonaws.com",
        "errorCode": "AccessDenied",
        "errorMessage": "User: x is not authorized to perform: kms:Decrypt, because \"y\"",
        "requestParameters": {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::b/ü, k=v}"}},
        "responseElements": null,
        "additionalEventData": {"keyMaterialId": "m"},
        "requestID": format!("00000000-0000-0000-0001-{id:012}"),
        "eventID": format!("00000000-0000-0000-0000-{id:012}"),
        "readOnly": true,
        "resources": [{
            "accountId": "111122223333",
            "type": "AWS::KMS::Key",
            "ARN": "arn:aws:kms:eu-west-1:111122223333:key/k"
        }],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

/// A record at a time of its own.
pub fn record_at(id: u32, time: &str) -> Value {
    with(record(id), &[("eventTime", json!(time))])
}

/// A record with some members replaced.
pub fn with(mut record: Value, members: &[(&str, Value)]) -> Value {
    for (name, value) in members {
        record[*name] = value.clone();
    }
    record
}

/// A delivery file.
pub fn delivery(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// One gzip member.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A folder with files.
pub struct Export {
    folder: tempfile::TempDir,
}

impl Export {
    pub fn new() -> Export {
        Export { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self) -> Ingested {
        self.read_with(&Options::default())
    }

    pub fn read_with(&self, options: &Options) -> Ingested {
        let inputs = [Input::Path(self.path().to_path_buf())];
        let ingested = ingest::read(&inputs, options, &()).unwrap();
        balanced(&ingested.ledger);
        assert_eq!(ingested.events.len() as u64, ingested.ledger.records.kept);
        ingested
    }
}

/// What a file of this content gives.
pub fn read_bytes(content: impl AsRef<[u8]>) -> Ingested {
    let export = Export::new();
    export.file("export", content);
    export.read()
}

/// Nothing is lost uncounted.
pub fn balanced(ledger: &Ledger) {
    let Records { read, kept, duplicates, malformed, out_of_range, notifications } = ledger.records;
    assert!(notifications <= kept);
    assert_eq!(read, kept + duplicates + malformed + out_of_range, "{:?}", ledger.records);
}

/// What is said about files, `word: detail`, without their paths.
pub fn skipped(ledger: &Ledger) -> Vec<String> {
    let english = Wording::new(Language::En);
    let detail = |s: &ingest::Skip| s.detail.as_ref().map(|detail| english.say(detail));
    let line = |s: &ingest::Skip| match detail(s) {
        Some(detail) => format!("{}: {detail} ({} recovered)", s.reason.as_str(), s.recovered),
        None => format!("{} ({} recovered)", s.reason.as_str(), s.recovered),
    };
    ledger.skipped.iter().map(line).collect()
}
