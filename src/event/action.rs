//! Which IAM action a call stands for, by `eventSource` and `eventName`.
//!
//! The rule is one line; its exceptions are data (`actions.toml`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::record::Event;

/// `actions.toml`, as written there.
#[derive(Debug, Default, Deserialize)]
struct Table {
    prefix: BTreeMap<String, String>,
    versioned: BTreeMap<String, String>,
    more: BTreeMap<String, Vec<String>>,
    verbs: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(flatten)]
    services: BTreeMap<String, BTreeMap<String, String>>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("actions.toml")).unwrap_or_default());

/// The IAM action of a call, e.g. `kms:Decrypt`; the service part is in lower case.
///
/// Where a call needs several, this is the one always needed; [`actions`] gives all.
pub fn action(event: &Event) -> String {
    let action = of_names(event.source(), event.name());
    match TABLE.versioned.get(action.as_ref()) {
        Some(versioned) if event.request_value("versionId").is_some() => versioned.clone(),
        _ => action.into_owned(),
    }
}

/// The action that stands for `action` where the request names a version of the resource.
pub fn versioned(action: &str) -> Option<&'static str> {
    TABLE.versioned.get(action).map(String::as_str)
}

/// Every IAM action a call of this kind may need, the one of [`action`] first.
pub fn actions(event: &Event) -> Vec<String> {
    let first = action(event);
    let is_several = of_names(event.source(), event.name()) != plain_name(event);
    let more = TABLE.more.get(&first).filter(|_| is_several);
    std::iter::once(first).chain(more.into_iter().flatten().cloned()).collect()
}

fn plain_name(event: &Event) -> String {
    format!("{}:{}", service_prefix(event.source()), operation(event.name()))
}

/// The IAM action by `eventSource` and `eventName` alone.
pub fn of_names(event_source: &str, event_name: &str) -> Cow<'static, str> {
    let service = service_prefix(event_source);
    let name = operation(event_name);
    if let Some(verbs) = TABLE.verbs.get(service) {
        let verb = verbs.iter().find(|(word, _)| starts_with_word(name, word));
        return Cow::Owned(format!("{service}:{}", verb.map_or(name, |(_, method)| method)));
    }
    match TABLE.services.get(service).and_then(|names| names.get(name)) {
        Some(action) => Cow::Borrowed(action),
        None => Cow::Owned(format!("{service}:{name}")),
    }
}

/// The IAM prefix of an event source: `monitoring.amazonaws.com` is `cloudwatch`.
pub fn service_prefix(event_source: &str) -> &str {
    let host = event_source.split(".amazonaws.com").next().unwrap_or(event_source);
    if let Some(prefix) = TABLE.prefix.get(host) {
        return prefix;
    }
    host.split('.').next().unwrap_or(host)
}

/// The event source of the service with that IAM prefix, the converse of [`service_prefix`].
pub fn event_source(prefix: &str) -> String {
    let host =
        TABLE.prefix.iter().find(|(_, named)| *named == prefix).map(|(host, _)| host.as_str());
    format!("{}.amazonaws.com", host.unwrap_or(prefix))
}

/// An event name without the API date some services append: `CreateFunction20150331`,
/// `AddPermission20150331v2`, `CreateDistribution2020_05_31`.
pub fn operation(event_name: &str) -> &str {
    let name = match event_name.rsplit_once('v') {
        Some((head, version)) if is_digits(version) && head.ends_with(|c: char| is_digit(c)) => {
            head
        }
        _ => event_name,
    };
    let name = name.strip_suffix("_v2").unwrap_or(name);
    let bare = name.trim_end_matches(|c: char| is_digit(c) || c == '_');
    let date = name.get(bare.len()..).unwrap_or_default();
    let digits = date.chars().filter(|c| is_digit(*c)).count();
    if digits == 8 && date.trim_start_matches('_').starts_with("20") { bare } else { name }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_digit)
}

/// First words of operations that look and do not touch.
const READING: [&str; 22] = [
    "Describe",
    "List",
    "Get",
    "Head",
    "BatchGet",
    "BatchDescribe",
    "BatchCheck",
    "TransactGet",
    "AdminGet",
    "AdminList",
    "Lookup",
    "Search",
    "Query",
    "Scan",
    "Select",
    "View",
    "Check",
    "Validate",
    "Preview",
    "Estimate",
    "Simulate",
    "Filter",
];

/// Whether the name of an operation says that it only reads (for records without `readOnly`).
pub fn is_read_like(event_name: &str) -> bool {
    READING.iter().any(|word| starts_with_word(event_name, word))
}

/// `name` starts with `word`, and the word ends there.
fn starts_with_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let table: Table = toml::from_str(include_str!("actions.toml")).unwrap();
        for (service, names) in &table.services {
            for action in names.values() {
                assert!(action.contains(':'), "{service}: {action}");
            }
        }
        assert!(table.services.contains_key("s3"));
    }

    #[test]
    fn names_become_iam_actions() {
        for (source, name, want) in [
            ("ec2.amazonaws.com", "RunInstances", "ec2:RunInstances"),
            (
                "kms.amazonaws.com",
                "GenerateDataKeyWithoutPlaintext",
                "kms:GenerateDataKeyWithoutPlaintext",
            ),
            ("kms.amazonaws.com", "ReEncrypt", "kms:ReEncryptFrom"),
            ("monitoring.amazonaws.com", "PutMetricData", "cloudwatch:PutMetricData"),
            ("email.amazonaws.com", "SendEmail", "ses:SendEmail"),
            ("lambda.amazonaws.com", "CreateFunction20150331", "lambda:CreateFunction"),
            ("lambda.amazonaws.com", "AddPermission20150331v2", "lambda:AddPermission"),
            ("lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"),
            (
                "cloudfront.amazonaws.com",
                "CreateDistribution2020_05_31",
                "cloudfront:CreateDistribution",
            ),
            ("s3.amazonaws.com", "HeadObject", "s3:GetObject"),
            ("s3.amazonaws.com", "PutBucketLifecycle", "s3:PutLifecycleConfiguration"),
            ("s3.amazonaws.com", "GetBucketLocation", "s3:GetBucketLocation"),
            ("apigateway.amazonaws.com", "CreateRestApi", "apigateway:POST"),
            ("apigateway.amazonaws.com", "GetRestApis", "apigateway:GET"),
            (
                "elasticloadbalancing.amazonaws.com",
                "CreateListener",
                "elasticloadbalancing:CreateListener",
            ),
            ("es.amazonaws.com", "CreateDomain", "es:CreateDomain"),
            (
                "entitlement.marketplace.amazonaws.com",
                "GetEntitlements",
                "aws-marketplace:GetEntitlements",
            ),
            ("ec2.amazonaws.com", "DescribeV2", "ec2:DescribeV2"),
            ("bedrock-runtime.amazonaws.com", "Converse", "bedrock:InvokeModel"),
        ] {
            assert_eq!(of_names(source, name), want);
        }
    }

    #[test]
    fn reading_is_told_by_whole_words() {
        assert!(is_read_like("ListBuckets"));
        assert!(is_read_like("BatchGetSecretValue"));
        assert!(!is_read_like("Listen"));
        assert!(!is_read_like("Decrypt"));
        assert!(!is_read_like("CreateListener"));
    }
}
