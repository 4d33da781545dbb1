//! What a call was on: the resource, best spelling first.
//!
//! CloudTrail fills `resources[]` for few services and leaves it out of denied calls; then the
//! denial text and the members of request and response tell (`resources.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::arn::{self, Arn};
use super::record::{Event, Field};
use super::{denial, json, outcome};

/// A resource a call names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceRef {
    /// An ARN where one can be told, else the id, name or alias as the call has it.
    pub id: String,
    /// Where it was found.
    pub origin: Origin,
}

/// Where a resource was found, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The event's `resources[]`.
    Resources,
    /// The error text.
    ErrorText,
    /// `requestParameters` or `responseElements`, by `resources.toml`.
    Member,
    /// `serviceEventDetails`.
    ServiceDetails,
    /// A member of the request whose name ends in "Arn", of a service that is not in the table.
    AnyArn,
}

impl ResourceRef {
    /// Whether the id is an ARN.
    pub fn is_arn(&self) -> bool {
        Arn::parse(&self.id).is_some()
    }
}

/// The document a member is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Document {
    #[default]
    Request,
    Response,
}

/// A row of `resources.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    service: String,
    at: String,
    #[serde(default, rename = "in")]
    document: Document,
    arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Row>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<BTreeMap<String, Vec<Row>>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("resources.toml")).unwrap_or_default();
    let mut table: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows.row {
        table.entry(row.service.clone()).or_default().push(row);
    }
    table
});

/// Every resource the call names, best spelling first, none twice.
pub fn resources_of(event: &Event) -> Vec<ResourceRef> {
    let mut found = Vec::new();
    listed(event, &mut found);
    error_text(event, &mut found);
    members(event, &mut found);
    service_details(event, &mut found);
    if found.is_empty() {
        any_arn(event, &mut found);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|resource| seen.insert(resource.id.clone()));
    found
}

/// The best spelling of the resource the call was on.
pub fn resource_of(event: &Event) -> Option<ResourceRef> {
    let is_one = |found: &ResourceRef| found.origin != Origin::Member || !is_on_many(event);
    resources_of(event).into_iter().find(is_one)
}

/// Whether a refused call asked for permission on several things of which its request names some:
/// launching asks for instance, image, volumes, subnet and more (service authorization reference,
/// Amazon EC2, RunInstances), so that none of those named need be the one refused.
fn is_on_many(event: &Event) -> bool {
    event.failed()
        && event.source() == "ec2.amazonaws.com"
        && ["RunInstances", "CreateFleet", "RequestSpotInstances", "RequestSpotFleet"]
            .contains(&event.name())
}

fn listed(event: &Event, found: &mut Vec<ResourceRef>) {
    let Some(raw) = event.get(Field::Resources) else { return };
    json::leaves(raw, |path, value| {
        // Wrappers spell it ARN or arn.
        if path.eq_ignore_ascii_case("arn") && Arn::parse(value).is_some() {
            found.push(ResourceRef { id: value.to_owned(), origin: Origin::Resources });
        }
    });
}

fn error_text(event: &Event, found: &mut Vec<ResourceRef>) {
    let Some(text) = outcome::error_text(event) else { return };
    let named = match denial(event) {
        Some(denial) => denial.resource,
        // "Key 'arn:…' does not exist" is no denial and names the key all the same.
        None => denial::arn_in(&text).map(str::to_owned),
    };
    if let Some(id) = named.filter(|id| id != "*") {
        found.push(ResourceRef { id, origin: Origin::ErrorText });
    }
}

fn members(event: &Event, found: &mut Vec<ResourceRef>) {
    let service = event.source().split('.').next().unwrap_or_default();
    let Some(rows) = TABLE.get(service) else { return };
    let request = Leaves::of(event.request());
    let response = Leaves::of(event.response());
    for row in rows {
        let leaves = if row.document == Document::Request { &request } else { &response };
        for value in leaves.at(&row.at) {
            let id = spell(event, row, leaves, value);
            found.push(ResourceRef { id, origin: Origin::Member });
        }
    }
}

fn service_details(event: &Event, found: &mut Vec<ResourceRef>) {
    let Some(raw) = event.get(Field::ServiceEventDetails) else { return };
    let key = json::find(raw, "keyId").filter(|_| event.source().starts_with("kms."));
    if let Some(key) = key {
        let id = if Arn::parse(&key).is_some() { key } else { key_arn(event, &key) };
        found.push(ResourceRef { id, origin: Origin::ServiceDetails });
        return;
    }
    json::leaves(raw, |path, value| {
        if ends_in_arn(path) && Arn::parse(value).is_some() {
            found.push(ResourceRef { id: value.to_owned(), origin: Origin::ServiceDetails });
        }
    });
}

fn any_arn(event: &Event, found: &mut Vec<ResourceRef>) {
    for raw in [event.request(), event.response()].into_iter().flatten() {
        json::leaves(raw, |path, value| {
            if ends_in_arn(path) && Arn::parse(value).is_some() {
                found.push(ResourceRef { id: value.to_owned(), origin: Origin::AnyArn });
            }
        });
    }
}

fn ends_in_arn(path: &str) -> bool {
    path.len() >= 3
        && path.get(path.len() - 3..).is_some_and(|end| end.eq_ignore_ascii_case("arn"))
        // The role a call runs as is not what the call is on.
        && !path.to_ascii_lowercase().ends_with("rolearn")
}

/// The scalars of one document.
struct Leaves(Vec<(String, String)>);

impl Leaves {
    fn of(raw: Option<&str>) -> Leaves {
        let mut all = Vec::new();
        if let Some(raw) = raw {
            json::leaves(raw, |path, value| all.push((path.to_owned(), value.to_owned())));
        }
        Leaves(all)
    }

    fn at<'l>(&'l self, path: &'l str) -> impl Iterator<Item = &'l str> {
        let matches = move |(at, value): &&(String, String)| {
            at.eq_ignore_ascii_case(path) && !value.is_empty()
        };
        self.0.iter().filter(matches).map(|(_, value)| value.as_str())
    }
}

/// The value as an ARN where the row tells how, else as it is.
fn spell(event: &Event, row: &Row, leaves: &Leaves, value: &str) -> String {
    if Arn::parse(value).is_some() {
        return value.to_owned();
    }
    if let Some(arn) = arn::queue_arn(value) {
        return arn;
    }
    // An alias is no key: which key it points to may change.
    if value.starts_with("alias/") {
        return value.to_owned();
    }
    let Some(template) = &row.arn else { return value.to_owned() };
    fill(event, template, leaves, value).unwrap_or_else(|| value.to_owned())
}

fn key_arn(event: &Event, key: &str) -> String {
    let template = "arn:{partition}:kms:{region}:{account}:key/{value}";
    fill(event, template, &Leaves(Vec::new()), key).unwrap_or_else(|| key.to_owned())
}

/// Fills a template; `None` where the call lacks a part of it.
fn fill(event: &Event, template: &str, leaves: &Leaves, value: &str) -> Option<String> {
    let region = event.region().unwrap_or_default();
    let mut out = String::with_capacity(template.len() + value.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}')?;
        match name {
            "value" => out.push_str(parameter_name(template, value)),
            "partition" => out.push_str(arn::partition_of(region)),
            "region" => out.push_str(event.region()?),
            "account" => out.push_str(event.account()?),
            member => out.push_str(leaves.at(member).next()?),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// A parameter named "/a/b" has the ARN "…:parameter/a/b" (Systems Manager user guide).
fn parameter_name<'v>(template: &str, value: &'v str) -> &'v str {
    if template.ends_with(":parameter/{value}") {
        return value.strip_prefix('/').unwrap_or(value);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, IdentityType, Time};

    fn event(source: &str, request: &str, resources: &str, message: &str) -> Event {
        let mut b = EventBuilder::default();
        b.put(Field::EventSource, Some(source));
        b.put(Field::AwsRegion, Some("eu-west-1"));
        b.put(Field::ErrorCode, Some("AccessDenied").filter(|_| !message.is_empty()));
        b.put(Field::ErrorMessage, Some(message));
        b.put(Field::RecipientAccountId, Some("111122223333"));
        b.put(Field::RequestParameters, Some(request));
        b.put(Field::Resources, Some(resources));
        b.finish(Time(0), IdentityType::IamUser)
    }

    fn ids(source: &str, request: &str, resources: &str, message: &str) -> Vec<String> {
        let event = event(source, request, resources, message);
        resources_of(&event).into_iter().map(|resource| resource.id).collect()
    }

    #[test]
    fn the_table_can_be_read() {
        let rows: Rows = toml::from_str(include_str!("resources.toml")).unwrap();
        assert!(rows.row.len() > 90);
        for row in rows.row {
            let arn = row.arn.as_deref().unwrap_or("arn:aws:x:::{value}");
            assert!(arn.starts_with("arn:") && arn.contains("{value}"), "{row:?}");
        }
    }

    #[test]
    fn a_key_is_told_by_list_then_text_then_member() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/k1";
        let listed = format!(r#"[{{"ARN":"{key}","type":"AWS::KMS::Key"}}]"#);
        let text = "User: x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/k2";
        let request = r#"{"keyId":"k1"}"#;
        assert_eq!(ids("kms.amazonaws.com", request, &listed, ""), [key]);
        assert_eq!(
            ids("kms.amazonaws.com", "null", "", text),
            ["arn:aws:kms:eu-west-1:111122223333:key/k2"]
        );
        assert_eq!(ids("kms.amazonaws.com", request, "", ""), [key]);
        assert_eq!(ids("kms.amazonaws.com", r#"{"keyId":"alias/a"}"#, "", ""), ["alias/a"]);
    }

    #[test]
    fn members_become_arns() {
        for (source, request, want) in [
            ("s3", r#"{"bucketName":"b","key":"a/b c"}"#, "arn:aws:s3:::b/a/b c"),
            ("s3", r#"{"bucketName":"b"}"#, "arn:aws:s3:::b"),
            ("ssm", r#"{"name":"/a/b"}"#, "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b"),
            (
                "lambda",
                r#"{"functionName":"f"}"#,
                "arn:aws:lambda:eu-west-1:111122223333:function:f",
            ),
            (
                "sqs",
                r#"{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/q"}"#,
                "arn:aws:sqs:eu-west-1:111122223333:q",
            ),
            ("ec2", r#"{"volumeId":"vol-1"}"#, "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"),
            ("ec2", r#"{"snapshotId":"snap-1"}"#, "arn:aws:ec2:eu-west-1::snapshot/snap-1"),
            ("secretsmanager", r#"{"secretId":"db"}"#, "db"),
            (
                "newservice",
                r#"{"roleArn":"arn:aws:iam::1:role/r","thingArn":"arn:aws:new:r:1:thing/t"}"#,
                "arn:aws:new:r:1:thing/t",
            ),
        ] {
            let source = format!("{source}.amazonaws.com");
            let found = ids(&source, request, "", "");
            assert_eq!(found.first().map(String::as_str), Some(want), "{source} {request}");
        }
    }
}
