//! AWS Config: snapshots and histories (`configurationItems`), single items, and what
//! `select-resource-config` answers (items as JSON texts). Each item is dated by itself.

use serde_json::Value as Json;

use super::super::change::{Value, at, document_value, text_at};
use super::super::subject::{self, EntityKind, Subject};
use super::{Dump, Page, iam, resource};
use crate::event::Time;

/// A snapshot, a history, or query results.
pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    let items = page.list("configurationItems").or_else(|| page.list("baseConfigurationItems"));
    if let Some(items) = items {
        items.iter().for_each(|entry| item(page, dump, entry));
        return true;
    }
    let Some(results) = page.list("Results") else { return false };
    let parsed: Vec<Json> = results
        .iter()
        .filter_map(|result| serde_json::from_str(result.as_str()?).ok())
        .filter(|entry| text_at(entry, "resourceType").is_some())
        .collect();
    parsed.iter().for_each(|entry| item(page, dump, entry));
    !parsed.is_empty()
}

/// One item by itself.
pub(super) fn read_item(page: &Page<'_>, dump: &mut Dump) -> bool {
    let is_item = page.text("resourceType").is_some() && page.get("configuration").is_some();
    if is_item {
        item(page, dump, page.json);
    }
    is_item
}

/// Nested JSON is an object in snapshots and a text in the answers of the API.
fn opened(value: Option<&Json>) -> Json {
    match value {
        Some(Json::String(text)) => serde_json::from_str(text).unwrap_or(Json::Null),
        Some(other) => other.clone(),
        None => Json::Null,
    }
}

fn item<'p>(page: &Page<'p>, dump: &mut Dump, entry: &'p Json) {
    let Some(kind) = text_at(entry, "resourceType") else { return };
    let time = at(entry, "configurationItemCaptureTime").and_then(|time| match time {
        Json::String(text) => Time::parse(text),
        Json::Number(number) => number.as_f64().and_then(Time::from_epoch),
        _ => None,
    });
    let dated = Page { time: time.unwrap_or(page.time), ..page.with(entry) };
    let deleted =
        text_at(entry, "configurationItemStatus").is_some_and(|status| status.contains("Deleted"));
    if deleted {
        return;
    }
    let configuration = opened(at(entry, "configuration"));
    let more = opened(at(entry, "supplementaryConfiguration"));
    let arn = text_at(entry, "ARN").or_else(|| text_at(&configuration, "arn"));
    match kind {
        "AWS::IAM::Role" => drop(iam::entity(&dated, dump, &configuration, EntityKind::Role)),
        "AWS::IAM::User" => drop(iam::entity(&dated, dump, &configuration, EntityKind::User)),
        "AWS::IAM::Group" => drop(iam::entity(&dated, dump, &configuration, EntityKind::Group)),
        "AWS::IAM::Policy" => drop(iam::managed_policy(&dated, dump, &configuration)),
        "AWS::EC2::VPCEndpoint" => drop(resource::vpc_endpoint(&dated, dump, &configuration)),
        "AWS::KMS::Key" => key(&dated, dump, arn, &configuration, &more),
        "AWS::S3::Bucket" => bucket(&dated, dump, arn, &more),
        _ => other(&dated, dump, arn, &configuration, &more),
    }
}

fn key(page: &Page<'_>, dump: &mut Dump, arn: Option<&str>, configuration: &Json, more: &Json) {
    let Some(arn) = arn else { return };
    let key = subject::resource_name(arn);
    dump.arns.push(arn.to_owned());
    if let Some(state) = text_at(configuration, "keyState") {
        dump.fact(page, Subject::KeyState(key.clone()), Value::text(state));
    }
    if let Some(document) = opened_document(more, "Policy") {
        dump.fact(page, Subject::ResourcePolicy(key.clone()), document);
    }
    iam::tags(page, dump, &key, Some(&opened(at(more, "Tags"))).filter(|tags| tags.is_array()));
    dump.keys.insert(key, configuration.clone());
}

/// A document that is a text, a text of a text, or an object.
fn opened_document(json: &Json, member: &str) -> Option<Value> {
    let inner = opened(at(json, member));
    document_value(&inner).or_else(|| at(json, member).and_then(document_value))
}

fn bucket(page: &Page<'_>, dump: &mut Dump, arn: Option<&str>, more: &Json) {
    let Some(arn) = arn else { return };
    // `BucketPolicy` is `{"policyText": null}` for a bucket without one.
    let holder = opened(at(more, "BucketPolicy"));
    if !holder.is_null() {
        let document = at(&holder, "policyText").and_then(document_value);
        resource::policy(page, dump, arn, document.unwrap_or(Value::Absent));
    }
    let block = opened(at(more, "PublicAccessBlockConfiguration"));
    if block.is_object() {
        let subject = Subject::PublicAccessBlock(subject::resource_name(arn));
        dump.fact(page, subject, Value::text(block.to_string()));
    }
}

/// Queues, topics, functions, secrets, repositories, vaults, …: the policy under one of its names.
fn other(page: &Page<'_>, dump: &mut Dump, arn: Option<&str>, configuration: &Json, more: &Json) {
    const NAMES: [&str; 6] = [
        "Policy",
        "RepositoryPolicyText",
        "AccessPolicy",
        "ResourcePolicy",
        "PolicyDocument",
        "FileSystemPolicy",
    ];
    let own = ["QueueArn", "TopicArn"].iter().find_map(|name| text_at(configuration, name));
    let Some(arn) = own.or(arn) else { return };
    let document = NAMES.iter().find_map(|name| {
        opened_document(configuration, name).or_else(|| opened_document(more, name))
    });
    if let Some(document) = document {
        resource::policy(page, dump, arn, document);
    }
}
