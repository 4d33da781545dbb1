//! Resource policies of S3, SQS, SNS, Lambda, Secrets Manager, ECR, Backup and the others, S3 Block
//! Public Access, and the keys that resources are encrypted with.

use serde_json::{Value as Json, json};

use super::call::{at, flag, text_at};
use super::{Before, Call, Draft, Operation, Row, Value};
use crate::event::Layer;
use crate::history::document::Hidden;
use crate::history::subject::{self, Subject};
use crate::wording::Sentence;

pub(super) fn row(service: &str, name: &str) -> Option<Row> {
    Some(match (service, name) {
        ("s3", "PutBucketPolicy" | "DeleteBucketPolicy") => bucket_policy,
        ("s3", "CreateBucket" | "DeleteBucket") => bucket,
        ("s3" | "s3-control", "PutBucketPublicAccessBlock" | "DeleteBucketPublicAccessBlock") => {
            |call| access_block(call, false)
        }
        ("s3" | "s3-control", "PutAccountPublicAccessBlock" | "DeleteAccountPublicAccessBlock") => {
            |call| access_block(call, true)
        }
        ("s3", "PutBucketEncryption" | "DeleteBucketEncryption") => bucket_setting_encryption,
        ("s3", "PutBucketAcl" | "PutObjectAcl" | "PutBucketOwnershipControls") => {
            bucket_setting_acl
        }
        ("s3", "PutBucketTagging" | "DeleteBucketTagging") => bucket_tags,
        ("sqs", "SetQueueAttributes" | "CreateQueue" | "DeleteQueue") => queue,
        ("sqs", "AddPermission" | "RemovePermission") => queue_permission,
        ("sns", "SetTopicAttributes" | "CreateTopic" | "DeleteTopic") => topic,
        ("sns", "AddPermission" | "RemovePermission") => topic_permission,
        ("lambda", "AddPermission" | "RemovePermission") => function_permission,
        ("lambda", "CreateFunction" | "UpdateFunctionConfiguration" | "DeleteFunction") => function,
        ("secretsmanager", "CreateSecret" | "PutResourcePolicy" | "DeleteResourcePolicy") => secret,
        ("secretsmanager", "UpdateSecret") => secret_key,
        ("logs", "PutResourcePolicy" | "DeleteResourcePolicy") => logs_policy,
        ("logs", "AssociateKmsKey" | "DisassociateKmsKey") => logs_key,
        ("events", "PutPermission" | "RemovePermission") => bus_permission,
        // IAM policies are not resource policies, and Config, GuardDuty and the like have
        // "policies" of their own; a document decides (see `any_policy`).
        (_, name) if is_policy_call(name) => any_policy,
        (_, "UpdateDomainConfig" | "UpdateElasticsearchDomainConfig") => search_domain,
        _ => return None,
    })
}

/// `PutResourcePolicy`, `SetRepositoryPolicy`, `PutBackupVaultAccessPolicy`, `PutFileSystemPolicy`,
/// `PutClusterPolicy`, `PutPolicy`, … and their `Delete…`.
fn is_policy_call(name: &str) -> bool {
    name.ends_with("Policy")
        && ["Put", "Set", "Delete"].iter().any(|verb| name.starts_with(verb))
        && !name.contains("Lifecycle")
        && !name.contains("Scaling")
}

fn policy(arn: &str, value: Value, before: Before) -> Draft {
    let summary = match value {
        Value::Absent => Sentence::new("change-resource-policy-deleted").arg("resource", arn),
        _ => Sentence::new("change-resource-policy-put").arg("resource", arn),
    };
    let subject = Subject::ResourcePolicy(subject::resource_name(arn));
    Draft::set(subject, value, Layer::ResourcePolicy, summary).after(before)
}

/// A resource that was created, or is gone, has no policy beyond what the call gave it.
fn fresh(arn: &str, value: Value) -> Draft {
    let summary = Sentence::new("change-resource-created").arg("resource", arn);
    let subject = Subject::ResourcePolicy(subject::resource_name(arn));
    Draft::set(subject, value, Layer::ResourcePolicy, summary).after(Before::Certain(Value::Absent))
}

fn gone(arn: &str) -> Draft {
    let summary = Sentence::new("change-resource-deleted").arg("resource", arn);
    let subject = Subject::ResourcePolicy(subject::resource_name(arn));
    Draft::set(subject, Value::Absent, Layer::ResourcePolicy, summary)
}

fn setting(name: &'static str, of: &str, value: Option<&str>) -> Draft {
    let summary = Sentence::new("change-setting").arg("setting", name).arg("of", of);
    let subject = Subject::Setting { name, of: of.to_owned() };
    Draft::set(subject, value.map_or(Value::Absent, Value::text), Layer::Unknown, summary)
}

fn bucket_arn(call: &Call<'_>) -> Option<String> {
    let name = call.text("bucketName").or(call.text("bucket"))?;
    Some(format!("arn:{}:s3:::{name}", call.partition()))
}

/// The document is the nested object `bucketPolicy`; the member `policy` beside it is empty (seen
/// in real events).
fn bucket_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = bucket_arn(call) else { return Vec::new() };
    if call.name() == "DeleteBucketPolicy" {
        return vec![policy(&arn, Value::Absent, Before::Unknown)];
    }
    let document = call
        .document("bucketPolicy")
        .or_else(|| call.document("policy"))
        .unwrap_or(Value::Hidden(Hidden::NotInEvent));
    vec![policy(&arn, document, Before::Unknown)]
}

fn bucket(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = bucket_arn(call) else { return Vec::new() };
    match call.name() {
        "CreateBucket" => vec![fresh(&arn, Value::Absent)],
        _ => vec![gone(&arn)],
    }
}

/// `PublicAccessBlockConfiguration` of a bucket or a whole account.
fn access_block(call: &Call<'_>, account: bool) -> Vec<Draft> {
    let of = match account {
        true => Some(call.text("accountId").unwrap_or(call.account()).to_owned()),
        false => bucket_arn(call),
    };
    let Some(of) = of else { return Vec::new() };
    let value = match at(&call.request, "PublicAccessBlockConfiguration") {
        Some(settings) => Value::text(settings.to_string()),
        None if call.name().starts_with("Delete") => Value::Absent,
        None => Value::Hidden(Hidden::NotInEvent),
    };
    let summary = Sentence::new("change-public-access-block").arg("of", of.as_str());
    vec![Draft::set(Subject::PublicAccessBlock(of), value, Layer::BlockPublicAccess, summary)]
}

fn bucket_setting_encryption(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = bucket_arn(call) else { return Vec::new() };
    let settings = at(&call.request, "ServerSideEncryptionConfiguration").map(Json::to_string);
    vec![setting("default encryption", &arn, settings.as_deref())]
}

fn bucket_setting_acl(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = bucket_arn(call) else { return Vec::new() };
    let of = call.text("key").map_or(arn.clone(), |key| format!("{arn}/{key}"));
    let members = ["AccessControlPolicy", "OwnershipControls", "x-amz-acl"];
    let value = members.iter().find_map(|name| at(&call.request, name)).map(Json::to_string);
    vec![setting("access control list", &of, value.as_deref())]
}

/// `PutBucketTagging` replaces all tags; those it leaves out are not known to have been there.
fn bucket_tags(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = bucket_arn(call) else { return Vec::new() };
    let tags = ["Tagging.TagSet.Tag", "Tagging.TagSet"]
        .iter()
        .find_map(|path| at(&call.request, path).filter(|tags| !tags.is_null()));
    let tags: Vec<&Json> = match tags {
        Some(Json::Array(tags)) => tags.iter().collect(),
        Some(one @ Json::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    tags.into_iter()
        .filter_map(|tag| Some((text_at(tag, "Key")?, text_at(tag, "Value").unwrap_or_default())))
        .map(|(key, value)| {
            let summary = Sentence::new("change-tag-put").arg("tag", key).arg("of", arn.as_str());
            let subject = Subject::Tag { of: arn.clone(), key: key.to_owned() };
            Draft::set(subject, Value::text(value), Layer::Unknown, summary)
        })
        .collect()
}

fn queue_of(call: &Call<'_>) -> Option<String> {
    let url = call.text("queueUrl").or_else(|| call.answer("queueUrl"));
    match url {
        Some(url) => subject::queue_arn(url, call.event.region()),
        None => Some(call.arn("sqs", call.text("queueName")?)),
    }
}

/// `SetQueueAttributes` sets the attributes it names; an empty `Policy` removes the policy.
fn queue(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = queue_of(call) else { return Vec::new() };
    let given = call.document("attributes.Policy");
    let mut drafts = Vec::new();
    match (call.name(), at(&call.request, "attributes.Policy")) {
        ("DeleteQueue", _) => drafts.push(gone(&arn)),
        // Creating a queue that exists answers with it, if the attributes agree: nothing certain.
        ("CreateQueue", _) => drafts.push(match given {
            Some(document) => fresh(&arn, document),
            None => fresh(&arn, Value::Absent),
        }),
        (_, Some(_)) => {
            drafts.push(policy(&arn, given.unwrap_or(Value::Absent), Before::Unknown));
        }
        (_, None) => {}
    }
    if let Some(key) = at(&call.request, "attributes.KmsMasterKeyId") {
        drafts.push(setting("encryption key", &arn, key.as_str().filter(|k| !k.is_empty())));
    }
    drafts
}

fn permission(arn: &str, operation: Operation) -> Vec<Draft> {
    let summary = match &operation {
        Operation::RemoveStatement { sid } => {
            Sentence::new("change-permission-removed").arg("sid", sid.as_str()).arg("resource", arn)
        }
        Operation::AddStatement { sid, .. } => {
            Sentence::new("change-permission-added").arg("sid", sid.as_str()).arg("resource", arn)
        }
        Operation::Set(_) => Sentence::new("change-resource-policy-put").arg("resource", arn),
    };
    vec![Draft {
        subject: Subject::ResourcePolicy(subject::resource_name(arn)),
        operation,
        before: Before::Unknown,
        layer: Layer::ResourcePolicy,
        summary,
    }]
}

fn texts(json: Option<&Json>) -> Vec<&str> {
    match json {
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
        Some(Json::String(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// SQS `AddPermission`: accounts may do actions; the statement's Sid is the label. CloudTrail
/// writes the lists in singular or plural (members inferred from the API model).
fn queue_permission(call: &Call<'_>) -> Vec<Draft> {
    let (Some(arn), Some(label)) = (queue_of(call), call.text("label")) else { return Vec::new() };
    shared_permission(call, &arn, label, "sqs", ["actions", "actionName", "actionNames"])
}

/// SNS `AddPermission`, likewise.
fn topic_permission(call: &Call<'_>) -> Vec<Draft> {
    let (Some(arn), Some(label)) = (call.text("topicArn"), call.text("label")) else {
        return Vec::new();
    };
    shared_permission(call, arn, label, "sns", ["actionName", "actionNames", "actions"])
}

fn shared_permission(
    call: &Call<'_>,
    arn: &str,
    label: &str,
    service: &str,
    action_members: [&str; 3],
) -> Vec<Draft> {
    let sid = label.to_owned();
    if call.name() == "RemovePermission" {
        return permission(arn, Operation::RemoveStatement { sid });
    }
    let accounts = ["aWSAccountIds", "aWSAccountId"].map(|name| texts(at(&call.request, name)));
    let partition = call.partition();
    let root = |account: &&str| format!("arn:{partition}:iam::{account}:root");
    let principals: Vec<String> = accounts.iter().flatten().map(root).collect();
    let actions: Vec<String> = action_members
        .iter()
        .flat_map(|name| texts(at(&call.request, name)))
        .map(|action| format!("{service}:{action}"))
        .collect();
    let known = !principals.is_empty() && !actions.is_empty();
    let statement = known.then(|| {
        json!({ "Sid": label, "Effect": "Allow", "Principal": { "AWS": principals },
                "Action": actions, "Resource": arn })
    });
    permission(arn, Operation::AddStatement { sid, statement })
}

fn topic(call: &Call<'_>) -> Vec<Draft> {
    let arn = call.text("topicArn").or_else(|| call.answer("topicArn"));
    let Some(arn) = arn else { return Vec::new() };
    match call.name() {
        "DeleteTopic" => return vec![gone(arn)],
        // `CreateTopic` answers with the topic that is there already.
        "CreateTopic" => {
            let given = call.document("attributes.Policy");
            return given.map(|document| fresh(arn, document)).into_iter().collect();
        }
        _ => {}
    }
    match call.text("attributeName") {
        Some("Policy") => {
            let document = call.document("attributeValue").unwrap_or(Value::Absent);
            vec![policy(arn, document, Before::Unknown)]
        }
        Some("KmsMasterKeyId") => {
            vec![setting("encryption key", arn, call.text("attributeValue"))]
        }
        _ => Vec::new(),
    }
}

/// `functionName` may be a name, `ACCOUNT:function:NAME`, or an ARN, each with a qualifier.
fn function_arn(call: &Call<'_>) -> Option<String> {
    if let Some(arn) = call.answer("functionArn") {
        return Some(arn.to_owned());
    }
    let name = call.text("functionName")?;
    if name.starts_with("arn:") {
        return Some(name.to_owned());
    }
    let name = name.split_once("function:").map_or(name, |(_, name)| name);
    let name = name.split(':').next().unwrap_or(name);
    Some(call.arn("lambda", &format!("function:{name}")))
}

/// The statement as Lambda made it is in the answer, as text; a Sid that exists is refused, so
/// adding can be undone exactly.
fn function_permission(call: &Call<'_>) -> Vec<Draft> {
    let (Some(arn), Some(sid)) = (function_arn(call), call.text("statementId")) else {
        return Vec::new();
    };
    let sid = sid.to_owned();
    if call.name() == "RemovePermission" {
        return permission(&arn, Operation::RemoveStatement { sid });
    }
    let statement = match at(&call.response, "statement") {
        Some(Json::String(text)) => serde_json::from_str(text).ok(),
        Some(object @ Json::Object(_)) => Some(object.clone()),
        _ => None,
    };
    permission(&arn, Operation::AddStatement { sid, statement })
}

fn function(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = function_arn(call) else { return Vec::new() };
    let mut drafts = match call.name() {
        "DeleteFunction" if call.text("qualifier").is_none() => return vec![gone(&arn)],
        "DeleteFunction" => return Vec::new(),
        "CreateFunction" => vec![fresh(&arn, Value::Absent)],
        _ => Vec::new(),
    };
    if let Some(role) = call.text("role") {
        drafts.push(setting("execution role", &arn, Some(role)));
    }
    if let Some(key) = at(&call.request, "kMSKeyArn") {
        drafts.push(setting("encryption key", &arn, key.as_str().filter(|k| !k.is_empty())));
    }
    drafts
}

/// `secretId` may be a name or an ARN; the answer has the full ARN (spelt `arn` or `aRN`).
fn secret_arn(call: &Call<'_>) -> Option<String> {
    if let Some(arn) = call.answer("arn") {
        return Some(arn.to_owned());
    }
    let id = call.text("secretId").or_else(|| call.text("name"))?;
    Some(match id.starts_with("arn:") {
        true => id.to_owned(),
        false => call.arn("secretsmanager", &format!("secret:{id}")),
    })
}

fn secret(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = secret_arn(call) else { return Vec::new() };
    let draft = match call.name() {
        "CreateSecret" => fresh(&arn, Value::Absent),
        "DeleteResourcePolicy" => policy(&arn, Value::Absent, Before::Unknown),
        _ => {
            let document =
                call.document("resourcePolicy").unwrap_or(Value::Hidden(Hidden::NotInEvent));
            policy(&arn, document, Before::Unknown)
        }
    };
    vec![draft]
}

fn secret_key(call: &Call<'_>) -> Vec<Draft> {
    let (Some(arn), Some(key)) = (secret_arn(call), call.text("kmsKeyId")) else {
        return Vec::new();
    };
    vec![setting("encryption key", &arn, Some(key))]
}

/// CloudWatch Logs resource policies belong to the account and Region, by name.
fn logs_policy(call: &Call<'_>) -> Vec<Draft> {
    let arn = match (call.text("resourceArn"), call.text("policyName")) {
        (Some(arn), _) => arn.to_owned(),
        (None, Some(name)) => call.arn("logs", &format!("resource-policy:{name}")),
        (None, None) => return Vec::new(),
    };
    let value = match call.name() {
        "DeleteResourcePolicy" => Value::Absent,
        _ => call.document("policyDocument").unwrap_or(Value::Hidden(Hidden::NotInEvent)),
    };
    vec![policy(&arn, value, Before::Unknown)]
}

fn logs_key(call: &Call<'_>) -> Vec<Draft> {
    let Some(group) = call.text("logGroupName") else { return Vec::new() };
    let arn = call.arn("logs", &format!("log-group:{group}"));
    vec![setting("encryption key", &arn, call.text("kmsKeyId"))]
}

/// EventBridge: a whole policy, or one statement.
fn bus_permission(call: &Call<'_>) -> Vec<Draft> {
    let bus = call.text("eventBusName").unwrap_or("default");
    let arn = call.arn("events", &format!("event-bus/{bus}"));
    if let Some(document) = call.document("policy") {
        return vec![policy(&arn, document, Before::Unknown)];
    }
    let removes_all = at(&call.request, "removeAllPermissions").and_then(flag) == Some(true);
    match (call.name(), call.text("statementId")) {
        ("RemovePermission", _) if removes_all => {
            vec![policy(&arn, Value::Absent, Before::Existed)]
        }
        ("RemovePermission", Some(sid)) => {
            permission(&arn, Operation::RemoveStatement { sid: sid.to_owned() })
        }
        (_, Some(sid)) => {
            permission(&arn, Operation::AddStatement { sid: sid.to_owned(), statement: None })
        }
        _ => Vec::new(),
    }
}

/// OpenSearch keeps the policy among the domain's settings, as text.
fn search_domain(call: &Call<'_>) -> Vec<Draft> {
    let (Some(name), Some(document)) = (call.text("domainName"), call.document("accessPolicies"))
    else {
        return Vec::new();
    };
    vec![policy(&call.arn("es", &format!("domain/{name}")), document, Before::Unknown)]
}

/// Members under which services take a policy document.
const DOCUMENTS: [&str; 7] = [
    "policy",
    "resourcePolicy",
    "policyText",
    "policyDocument",
    "policyInJson",
    "accessPolicy",
    "content",
];

/// Members that name the resource: an ARN, or a name and how the ARN goes on.
const RESOURCES: [(&str, &str, &str); 13] = [
    ("", "resourceArn", ""),
    ("", "clusterArn", ""),
    ("", "resourceIdentifier", ""),
    ("ecr", "repositoryName", "repository/"),
    ("backup", "backupVaultName", "backup-vault:"),
    ("elasticfilesystem", "fileSystemId", "file-system/"),
    ("codeartifact", "repository", "repository/"),
    ("codeartifact", "domain", "domain/"),
    ("glacier", "vaultName", "vaults/"),
    ("mediastore", "containerName", "container/"),
    ("schemas", "registryName", "registry/"),
    ("ses", "identity", "identity/"),
    ("glue", "", "catalog"),
];

/// A resource policy of any other service: the resource by ARN or by one of the names above, the
/// document under one of the usual members. Without either the call is something else.
fn any_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = named_resource(call) else { return Vec::new() };
    if call.name().starts_with("Delete") {
        return vec![policy(&arn, Value::Absent, Before::Existed)];
    }
    let document = DOCUMENTS.iter().find_map(|member| call.document(member));
    document.map(|document| policy(&arn, document, Before::Unknown)).into_iter().collect()
}

fn named_resource(call: &Call<'_>) -> Option<String> {
    let service = call.service();
    let named = RESOURCES.iter().find_map(|(of, member, prefix)| {
        if !of.is_empty() && *of != service {
            return None;
        }
        let name = match member.is_empty() {
            true => "",
            false => call.text(member)?,
        };
        Some(match name.starts_with("arn:") {
            true => name.to_owned(),
            false => call.arn(service, &format!("{prefix}{name}")),
        })
    });
    // The resource list is filled by the service itself and beats a name we put together.
    let own = format!(":{service}:");
    call.resources().into_iter().find(|arn| arn.contains(&own)).or(named)
}
