//! What is secret in a record reaches nothing that the program writes.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use trailwhy::event::secrets;

/// Stands in the place of every secret below. Long and mixed enough to be one.
const SECRET: &str = "Zq7kHunter2xW9vB4mN8";

/// Request parameters as people and tools write them. `SECRET` must go, `stays-…` must not.
const REQUESTS: &[&str] = &[
    r#"{"masterUserPassword":"SECRET","dBInstanceIdentifier":"stays-1"}"#,
    r#"{"MasterUserPassword":"SECRET"}"#,
    r#"{"master_user_password":"SECRET"}"#,
    r#"{"secretString":"{\"username\":\"u\",\"password\":\"SECRET\"}","name":"stays-2"}"#,
    r#"{"secretBinary":"SECRET"}"#,
    r#"{"secret\u0053tring":"SECRET"}"#,
    r#"{"\u0050ass\u0077ord":"SECRET"}"#,
    r#"{"privateKey":"-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----"}"#,
    r#"{"body":"-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----"}"#,
    r#"{"script":"-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET"}"#,
    r#"{"headers":{"Authorization":"Bearer SECRET"}}"#,
    r#"{"httpHeader":"Authorization: Basic SECRET=="}"#,
    r#"{"note":"authorization=AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=SECRET"}"#,
    r#"{"copySource":"https://stays-3.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=SECRET&X-Amz-Expires=60"}"#,
    r#"{"url":"https://b.s3.amazonaws.com/k?X-Amz-Security-Token=SECRET&x=stays-4"}"#,
    r#"{"X-Amz-Signature":"SECRET","X-Amz-Security-Token":"SECRET","X-Amz-Date":"stays-5"}"#,
    r#"{"x-amz-server-side-encryption-customer-key":"SECRET"}"#,
    r#"{"environment":{"variables":{"STAYS_NAME":"SECRET"}}}"#,
    r#"{"environment":{"STAYS_NAME":"SECRET","type":"stays-6"}}"#,
    r#"{"environmentVariables":[{"name":"stays-7","value":"SECRET","type":"PLAINTEXT"}]}"#,
    r#"{"containerDefinitions":[{"name":"stays-8","environment":[{"name":"stays-9","value":"SECRET"}]}]}"#,
    r#"{"environmentVariables":{"stays-10":"SECRET"}}"#,
    r#"{"parameters":[{"parameterValue":"SECRET","parameterKey":"DbPassword"},{"parameterKey":"k","parameterValue":"stays-11"}]}"#,
    r#"{"userData":"SECRET","imageId":"stays-12"}"#,
    r#"{"launchTemplateData":{"userData":"SECRET"}}"#,
    r#"{"clientSecret":"SECRET","clientId":"stays-13"}"#,
    r#"{"keyMaterial":"SECRET"}"#,
    r#"{"presharedKey":"SECRET","preSharedKey":"SECRET"}"#,
    r#"{"accessToken":"SECRET","nextToken":"stays-14","clientRequestToken":"stays-15"}"#,
    r#"{"credentials":{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","password":"SECRET","other":"SECRET"}}"#,
    r#"{"password":{"value":"SECRET","deeper":["SECRET",{"more":"SECRET"}]}}"#,
    r#"{"authenticationCode1":"SECRET","authenticationCode2":"SECRET","serialNumber":"stays-16"}"#,
    r#"{"webIdentityToken":"SECRET","roleArn":"stays-17"}"#,
    r#"{"sAMLAssertion":"SECRET","samlAssertion":"SECRET"}"#,
    r#"{"token":"eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIxMjM0SECRET.c2lnbmF0dXJlSECRET"}"#,
    r#"{"value":"IQoJb3JpZ2luX2VjEAoaCXVzLWVhc3QtMSECRET"}"#,
    r#"{"tags":[{"key":"password","value":"SECRET"},{"key":"stays-18","value":"stays-19"}]}"#,
    r#"{"repo":"https://user:SECRET@example.com/stays-20.git"}"#,
    r#"{"command":"mysql --password SECRET -h stays-21","again":"mysql --password=SECRET"}"#,
    r#"{"body":"{\"client_secret\":\"SECRET\",\"a\":\"stays-22\"}"}"#,
    r#"{"body":"{\\\"clientSecret\\\":\\\"SECRET\\\"}"}"#,
    r#"{"query":"grant_type=password&client_secret=SECRET&x=stays-23"}"#,
    r#"{"text":"ghp_SECRET0123456789 and glpat-SECRET"}"#,
    r#"{"yaml":"password: SECRET\nname: stays-24"}"#,
    r#"{"masterUserSecret":{"secretArn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:stays-25"}}"#,
    r#"{"tokenValue":["SECRET"],"passphrase":12345678901}"#,
    r#"{"encodedMessage":"SECRET"}"#,
];

/// Texts: errors and user agents.
const TEXTS: &[&str] = &[
    "The security token IQoJb3JpZ2luX2VjEAoaCXVzLWVhc3QtMSECRET is invalid; stays-31",
    "could not log on with {'password': 'SECRET'} stays-32",
    "the request had Authorization: Bearer SECRET",
    "tool/1 X-Amz-Security-Token=SECRET",
    "tool/1 (https://u:SECRET@example.com)",
    "invalid value in \"clientSecret\": \"SECRET\"",
    "eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIxMjM0SECRET.c2lnbmF0dXJl has expired",
];

fn record(number: usize, request: &str, message: &str, agent: &str, denied: bool) -> String {
    let mut record = json!({
        "eventVersion": "1.08", "eventTime": format!("2026-03-01T10:{:02}:{:02}Z", number / 60, number % 60),
        "eventSource": "rds.amazonaws.com", "eventName": "CreateDBInstance", "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9", "userAgent": agent, "eventType": "AwsApiCall",
        "eventID": format!("00000000-0000-4000-8000-{number:012}"), "requestID": format!("r-{number}"),
        "readOnly": false, "managementEvent": true, "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/alice", "userName": "alice", "accessKeyId": "AKIAEXAMPLE"},
        "requestParameters": null, "responseElements": null,
    });
    if denied {
        record["errorCode"] = json!("AccessDenied");
        record["errorMessage"] = json!(format!(
            "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: rds:CreateDBInstance on resource: arn:aws:rds:us-east-1:111122223333:db:orders because no identity-based policy allows the rds:CreateDBInstance action. {message}"
        ));
    }
    // Put in as text, so that escapes in names stay as they are written.
    let filled = request.replace("SECRET", SECRET);
    let text = record.to_string();
    let text =
        text.replace("\"requestParameters\":null", &format!("\"requestParameters\":{filled}"));
    match denied {
        true => text,
        false => {
            text.replace("\"responseElements\":null", &format!("\"responseElements\":{filled}"))
        }
    }
}

/// An export in which everything above was tried twice: once it worked and once it was denied.
fn export(folder: &Path) -> Vec<String> {
    let texts = TEXTS.iter().map(|text| text.replace("SECRET", SECRET)).collect::<Vec<_>>();
    let calls = REQUESTS.len().max(TEXTS.len());
    let mut records = Vec::new();
    for number in 0..calls {
        let request = REQUESTS[number % REQUESTS.len()];
        let text = &texts[number % texts.len()];
        records.push(record(2 * number, request, "", text, false));
        records.push(record(2 * number + 1, request, text, text, true));
    }
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("a.json"), format!("{{\"Records\":[{}]}}", records.join(","))).unwrap();
    (0..calls).map(|number| format!("00000000-0000-4000-8000-{:012}", 2 * number + 1)).collect()
}

fn run(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .current_dir(folder)
        .env("LC_ALL", "C")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {output:?}");
    [output.stdout, output.stderr].concat()
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
}

#[test]
fn no_secret_reaches_a_report_or_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let ids = export(&folder.path().join("logs"));
    for format in ["terminal", "json", "markdown", "html", "sarif", "csv"] {
        let shown = run(folder.path(), &["analyze", "logs", "--format", format]);
        assert!(!shown.is_empty() && !holds(&shown), "{format}");
    }
    run(folder.path(), &["analyze", "logs", "--partial", "a.part", "-q"]);
    let part = fs::read(folder.path().join("a.part")).unwrap();
    let mut inflated = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(part.as_slice());
    if std::io::Read::read_to_end(&mut reader, &mut inflated).is_err() {
        inflated.clear();
    }
    assert!(!holds(&part) && !holds(&inflated));
    assert!(!holds(&run(folder.path(), &["merge", "a.part", "--format", "html"])));
    // Each way of asking for another third of the records.
    let asked = ["explain --format=text", "explain --format=json", "compare --format=json"];
    for (number, id) in ids.iter().enumerate() {
        let (command, format) = asked[number % asked.len()].split_once(' ').unwrap();
        let failed = format!("--failed={id}");
        let which = if command == "compare" { &failed } else { id };
        assert!(!holds(&run(folder.path(), &[command, "logs", which, format])), "{command} {id}");
    }
}

#[test]
fn every_request_loses_its_secrets_and_nothing_else() {
    for request in REQUESTS {
        let shown = secrets::without(&request.replace("SECRET", SECRET)).unwrap().into_owned();
        assert!(!shown.contains(SECRET) && !shown.contains("12345678901"), "{request}: {shown}");
        let value: Value = serde_json::from_str(&shown).unwrap();
        assert!(value.is_object());
        for kept in request.split(['"', '\\', '/', '.', ' ', '&', '=', ':']) {
            if kept.to_ascii_lowercase().starts_with("stays") {
                assert!(shown.contains(kept), "{request}: {shown}");
            }
        }
    }
    for text in TEXTS {
        let shown = secrets::masked(&text.replace("SECRET", SECRET)).into_owned();
        assert!(!shown.contains(SECRET), "{text}: {shown}");
        assert!(text.split(' ').filter(|w| w.starts_with("stays")).all(|w| shown.contains(w)));
    }
}

#[test]
fn what_only_sounds_secret_stays() {
    let texts = [
        "Invalid password: must be longer",
        "User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:111122223333:secret:db-Ab12Cd because no identity-based policy allows the secretsmanager:GetSecretValue action",
        "The security token included in the request is invalid",
        "Access to KMS is not allowed. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm",
        "https://sqs.us-east-1.amazonaws.com/111122223333/orders",
        "Basic authentication is not supported",
        "aws-cli/2.15 md/Botocore#1.34 cfg/retry-mode#standard",
    ];
    for text in texts {
        assert_eq!(secrets::masked(text), text);
    }
    let requests = [
        r#"{"secretId":"orders/db","versionStage":"AWSCURRENT","nextToken":"abc"}"#,
        r#"{"passwordResetRequired":true,"tokenEndpoint":"https://example.com/token"}"#,
        r#"{"encryptionContext":{"SecretARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:a"}}"#,
        r#"{"kmsKeyId":"k","clientToken":"t","environment":"prod","size":1.50}"#,
        r#"{"policy":"{\"Statement\":[{\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-Ab12Cd\"}]}"}"#,
        r#"{"masterUserPassword":"HIDDEN_DUE_TO_SECURITY_REASONS","userData":"<sensitiveDataRemoved>","password":"****"}"#,
    ];
    for request in requests {
        assert_eq!(secrets::without(request).unwrap(), request);
    }
}
