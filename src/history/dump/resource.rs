//! Resource policies as the services' own reads show them, S3 Block Public Access, VPC endpoints.

use serde_json::Value as Json;

use super::super::change::{Value, at, document_value, text_at};
use super::super::document;
use super::super::subject::{self, Subject};
use super::{Dump, Endpoint, Page};

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    const READERS: [fn(&Page<'_>, &mut Dump) -> Option<()>; 7] = [
        vpc_endpoints,
        public_access_block,
        attributes,
        named_by_arn,
        repository,
        vault,
        unnamed_policy,
    ];
    READERS.iter().any(|reader| reader(page, dump).is_some())
}

pub(super) fn policy(page: &Page<'_>, dump: &mut Dump, arn: &str, value: Value) {
    if let Some(account) = page.names.account.as_ref().filter(|_| arn.contains(":s3:::")) {
        dump.owners.insert(subject::resource_name(arn), account.clone());
    }
    dump.fact(page, Subject::ResourcePolicy(subject::resource_name(arn)), value);
}

/// `ec2 describe-vpc-endpoints`.
fn vpc_endpoints(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    for endpoint in page.list("VpcEndpoints")? {
        vpc_endpoint(page, dump, endpoint);
    }
    Some(())
}

pub(super) fn vpc_endpoint(page: &Page<'_>, dump: &mut Dump, endpoint: &Json) -> Option<()> {
    let id = text_at(endpoint, "VpcEndpointId")?;
    // Gateway load balancer endpoints have no policy and do not decide.
    let value = at(endpoint, "PolicyDocument").and_then(document_value).unwrap_or(Value::Absent);
    dump.fact(page, Subject::VpcEndpointPolicy(id.to_owned()), value);
    let gateway = text_at(endpoint, "VpcEndpointType").map(|kind| kind == "Gateway");
    let vpc = text_at(endpoint, "VpcId").map(str::to_owned);
    dump.endpoints.insert(id.to_owned(), Endpoint { vpc, gateway });
    Some(())
}

/// `s3api get-public-access-block` (bucket in the file's name), `s3control
/// get-public-access-block` (the account's).
fn public_access_block(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let settings = page.get("PublicAccessBlockConfiguration")?;
    let name = page.names.subject(&["get-public-access-block", "public-access-block"]);
    let of = match page.names.account.as_deref() {
        Some(account) if name.is_empty() || name == account || name == "public-access-block" => {
            account.to_owned()
        }
        _ => dump.arn(page, &format!("s3:::{name}")),
    };
    dump.fact(page, Subject::PublicAccessBlock(of), Value::text(settings.to_string()));
    Some(())
}

/// `sqs get-queue-attributes` and `sns get-topic-attributes`. When other attributes are shown and
/// `Policy` is not, there is none (`--attribute-names All`).
fn attributes(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let attributes = page.get("Attributes")?.as_object()?;
    let text = |name: &str| attributes.get(name).and_then(Json::as_str);
    let document = attributes.get("Policy").and_then(document_value);
    let arn = text("QueueArn").or_else(|| text("TopicArn")).map(str::to_owned);
    let arn = arn.or_else(|| resource_in(document.as_ref()?))?;
    policy(page, dump, &arn, document.unwrap_or(Value::Absent));
    Some(())
}

/// Answers that name their resource: Secrets Manager `get-resource-policy` (`ARN`), and services
/// that answer with `ResourceArn` or `resourceArn`.
fn named_by_arn(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let arn = ["ARN", "ResourceArn", "ClusterArn"].iter().find_map(|name| page.text(name))?;
    let document = ["ResourcePolicy", "Policy", "PolicyDocument"]
        .iter()
        .find_map(|name| page.get(name).and_then(document_value));
    let is_secret = arn.contains(":secretsmanager:") && page.text("Name").is_some();
    match document {
        Some(document) => policy(page, dump, arn, document),
        // `get-resource-policy` of a secret without a policy shows ARN and name alone.
        None if is_secret && page.get("CreatedDate").is_none() => {
            policy(page, dump, arn, Value::Absent);
        }
        None => return None,
    }
    Some(())
}

/// `ecr get-repository-policy`.
fn repository(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let name = page.text("repositoryName")?;
    let document = page.get("policyText").and_then(document_value)?;
    let account = page.text("registryId").map(str::to_owned).or(page.names.account.clone())?;
    let region = page.names.region.clone().unwrap_or_else(|| "*".to_owned());
    let arn = dump.arn(page, &format!("ecr:{region}:{account}:repository/{name}"));
    policy(page, dump, &arn, document);
    Some(())
}

/// `backup get-backup-vault-access-policy`.
fn vault(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let arn = page.text("BackupVaultArn")?;
    let document = page.get("Policy").and_then(document_value);
    policy(page, dump, arn, document.unwrap_or(Value::Absent));
    Some(())
}

/// `{"Policy": "…"}` and no more: S3 `get-bucket-policy`, Lambda `get-policy` and others. What the
/// policy's own statements are about says whose it is; a bucket's name may stand in the file's.
fn unnamed_policy(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let document = ["Policy", "ResourcePolicy", "policy"]
        .iter()
        .find_map(|name| page.get(name).and_then(document_value))?;
    if page.get("Policy").is_some_and(|policy| policy.get("PolicySummary").is_some()) {
        return None;
    }
    let is_bucket = page.names.in_folder("s3") || page.names.stem.contains("bucket-policy");
    let in_name = is_bucket.then(|| {
        let name = page.names.subject(&["get-bucket-policy", "bucket-policy", "policy"]);
        dump.arn(page, &format!("s3:::{name}"))
    });
    let Some(arn) = in_name.or_else(|| resource_in(&document)) else {
        dump.complain(page, "a policy, but neither name nor content says of what");
        return Some(());
    };
    policy(page, dump, &arn, document);
    Some(())
}

/// The one resource all statements of a resource policy are about, if they name one.
pub(super) fn resource_in(document: &Value) -> Option<String> {
    let mut names: Vec<String> = document::statements(document.as_text()?)?
        .iter()
        .flat_map(|(_, statement)| match statement.get("Resource") {
            Some(Json::String(one)) => vec![one.clone()],
            Some(Json::Array(many)) => {
                many.iter().filter_map(Json::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        })
        .filter(|arn| arn.starts_with("arn:"))
        .map(|arn| subject::resource_name(&arn))
        .filter(|name| !name.contains('*') && !name.contains('$'))
        .collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}
