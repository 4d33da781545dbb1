//! KMS calls. A denied one loses its parameters and its resources; the key survives in the text, if
//! there (KMS developer guide, "Logging AWS KMS API calls"; seen in public logs).

use serde_json::{Value, json};

use super::super::caller::Caller;
use super::super::record::{Record, Trail};
use super::Scene;

/// A KMS key.
#[derive(Debug, Clone)]
pub struct Key {
    pub account: String,
    pub region: String,
    pub id: String,
}

impl Key {
    /// A key of an account.
    pub fn new(account: &str, region: &str, id: &str) -> Self {
        Key { account: account.into(), region: region.into(), id: id.into() }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:kms:{}:{}:key/{}", self.region, self.account, self.id)
    }
}

/// A call to KMS: what is asked, of which key, and the text of the denial if it is denied.
#[derive(Debug, Clone)]
pub struct KmsCall<'a> {
    pub name: &'a str,
    pub key: &'a Key,
    pub request: Value,
    pub response: Value,
    pub denial: Option<&'a str>,
    /// The request id of the call this one is made for, where the service hands it down.
    pub within: Option<&'a str>,
}

impl<'a> KmsCall<'a> {
    /// `GenerateDataKeyWithoutPlaintext` for an EBS volume.
    pub fn volume_key(key: &'a Key, volume: &str, denial: Option<&'a str>) -> Self {
        let request = json!({
            "encryptionContext": {"aws:ebs:id": volume}, "numberOfBytes": 64, "keyId": key.arn(),
        });
        KmsCall { request, ..KmsCall::new("GenerateDataKeyWithoutPlaintext", key, denial) }
    }

    /// `Decrypt` with an encryption context.
    pub fn decrypt(key: &'a Key, context: Value, denial: Option<&'a str>) -> Self {
        let request =
            json!({"encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"});
        KmsCall { request, ..KmsCall::new("Decrypt", key, denial) }
    }

    /// `GenerateDataKey` with an encryption context.
    pub fn data_key(key: &'a Key, context: Value, denial: Option<&'a str>) -> Self {
        let request =
            json!({"encryptionContext": context, "keySpec": "AES_256", "keyId": key.arn()});
        KmsCall { request, ..KmsCall::new("GenerateDataKey", key, denial) }
    }

    /// A call without parameters.
    pub fn new(name: &'a str, key: &'a Key, denial: Option<&'a str>) -> Self {
        KmsCall { name, key, request: Value::Null, response: Value::Null, denial, within: None }
    }
}

/// `CreateGrant`, from its parameters but the key, with the grant id it returns.
pub fn grant<'a>(
    trail: &mut Trail,
    key: &'a Key,
    mut request: Value,
    denial: Option<&'a str>,
) -> KmsCall<'a> {
    if let Some(members) = request.as_object_mut() {
        members.insert("keyId".into(), Value::from(key.arn()));
    }
    let response = json!({"grantId": trail.random.hex(64), "keyId": key.arn()});
    KmsCall { request, response, ..KmsCall::new("CreateGrant", key, denial) }
}

/// Records the call; a success on another account's key reaches that account's trail too, a denial
/// does not.
pub fn log(trail: &mut Trail, scene: Scene, caller: &Caller, call: &KmsCall) -> String {
    let reads = call.name != "CreateGrant";
    let record = match reads {
        true => Record::read(scene.at, scene.region, "kms", call.name, caller),
        false => Record::call(scene.at, scene.region, "kms", call.name, caller),
    };
    let record = match call.within {
        Some(request_id) => record.within(request_id),
        None => record,
    };
    if let Some(text) = call.denial {
        return trail.log(record.failing("AccessDenied", Some(text)));
    }
    let record = record.with(call.request.clone()).returning(call.response.clone()).on(
        &call.key.arn(),
        &call.key.account,
        "AWS::KMS::Key",
    );
    let record = match call.name {
        "CreateGrant" | "DescribeKey" => record,
        _ => record.also(json!({"keyMaterialId": material(call.key)})),
    };
    match call.key.account == caller.account {
        true => trail.log(record),
        false => trail.log_shared(record, &call.key.account),
    }
}

/// The id of a key's material: 64 hexadecimal digits, the same for every call with the key.
fn material(key: &Key) -> String {
    key.id.chars().filter(char::is_ascii_hexdigit).cycle().take(64).collect()
}
