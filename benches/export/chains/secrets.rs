//! Reads that KMS stands behind: secrets, secure parameters, encrypted objects.

use serde_json::json;

use super::super::caller::{Caller, Principal};
use super::super::record::{Record, Trail};
use super::kms::{self, KmsCall};
use super::{Key, Pair, Scene};

/// The account a caller belongs to, the name of what it reads, and the key that protects it.
#[derive(Debug, Clone)]
pub struct Protected {
    pub account: String,
    pub name: String,
    pub key: Key,
}

/// `GetSecretValue`. Synchronous: a denied decryption fails the call, in the same second.
pub fn get_secret(
    trail: &mut Trail,
    scene: Scene,
    (principal, caller): (&Principal, &Caller),
    secret: &Protected,
    denial: Option<&str>,
) -> Pair {
    let arn = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{}",
        scene.region, secret.account, secret.name
    );
    let plain_name = secret.name.rsplit_once('-').map_or(secret.name.as_str(), |(name, _)| name);
    let record = Record::read(scene.at, scene.region, "secretsmanager", "GetSecretValue", caller)
        .with(json!({"secretId": plain_name}));
    let record = match denial {
        Some(_) => record.failing("AccessDeniedException", Some("Access to KMS is not allowed")),
        None => record,
    };
    let root = trail.log(record);
    let service = trail.forwarded(principal, "secretsmanager.amazonaws.com", scene.at);
    let context = json!({"SecretARN": arn, "SecretVersionId": trail.random.uuid()});
    let call = KmsCall::decrypt(&secret.key, context, denial);
    let denied = kms::log(trail, scene, &service, &call);
    Pair::new(root, denied)
}

/// `GetParameter` of a secure string.
pub fn get_parameter(
    trail: &mut Trail,
    scene: Scene,
    (principal, caller): (&Principal, &Caller),
    parameter: &Protected,
) {
    let record = Record::read(scene.at, scene.region, "ssm", "GetParameter", caller)
        .with(json!({"name": parameter.name, "withDecryption": true}));
    trail.log(record);
    let arn =
        format!("arn:aws:ssm:{}:{}:parameter{}", scene.region, parameter.account, parameter.name);
    let service = trail.forwarded(principal, "AWS Internal", scene.at);
    let call = KmsCall::decrypt(&parameter.key, json!({"PARAMETER_ARN": arn}), None);
    kms::log(trail, scene, &service, &call);
}

/// `GetObject` of an object in a bucket encrypted with a key, and its decryption.
pub fn get_object(
    trail: &mut Trail,
    scene: Scene,
    (principal, caller): (&Principal, &Caller),
    object: &Protected,
) {
    let (bucket, path) = object.name.split_once('/').unwrap_or((&object.name, ""));
    object_event(trail, scene, caller, (bucket, path), None);
    let service = trail.forwarded(principal, "fas.s3.amazonaws.com", scene.at);
    let context = json!({"aws:s3:arn": format!("arn:aws:s3:::{}", object.name)});
    kms::log(trail, scene, &service, &KmsCall::decrypt(&object.key, context, None));
}

/// The data event of `GetObject`; a denied one keeps its parameters.
pub fn object_event(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    (bucket, path): (&str, &str),
    denial: Option<&str>,
) -> String {
    let host = format!("{bucket}.s3.{}.amazonaws.com", scene.region);
    let record = Record::read(scene.at, scene.region, "s3", "GetObject", caller)
        .data()
        .with(json!({"bucketName": bucket, "Host": host, "key": path}))
        .also(json!({
            "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0, "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": trail.random.base62(72),
            "bytesTransferredOut": if denial.is_some() { 243 } else { 18_204 },
        }))
        .on_object(&format!("arn:aws:s3:::{bucket}/{path}"))
        .on(&format!("arn:aws:s3:::{bucket}"), &caller.account, "AWS::S3::Bucket");
    trail.log(match denial {
        Some(text) => record.failing("AccessDenied", Some(text)),
        None => record,
    })
}
