//! A call that makes several things, or one of another: it has to be allowed on each of them, and
//! each has condition keys of its own (service authorization reference, "Resource types" and
//! "Condition keys" of every action; EC2 user guide, "Grant permission to tag Amazon EC2 resources
//! during creation").

use serde_json::Value as Json;

use super::super::change::{at, text_at};
use super::Reading;
use crate::aws::{self, Action, ActionType};
use crate::event::{Event, resource};
use crate::iam::{Context, Request};

/// Key of the tags that a request sets.
const REQUEST_TAG: &str = "aws:RequestTag/";

/// Made by nearly every call, though the reference calls the type optional: only an image without
/// EBS snapshots, a sort AWS no longer makes, starts an instance without a volume (EC2 user guide,
/// "Root volumes for your Amazon EC2 instances").
const NEARLY_ALWAYS: [(&str, &str); 1] = [("ec2:RunInstances", "volume")];

/// What a launch template may describe, so that its tags are the request's though the record does
/// not show them (EC2 API reference, LaunchTemplateTagSpecificationRequest).
const IN_LAUNCH_TEMPLATES: [&str; 4] =
    ["instance", "network-interface", "spot-instances-request", "volume"];

/// Members that name a launch template (EC2 API reference, RunInstances and CreateFleet).
const LAUNCH_TEMPLATES: [&str; 3] =
    ["launchTemplate", "launchTemplateConfigs", "launchTemplateSpecification"];

/// A condition key of one resource type, and the member of the request that tells it (service
/// authorization reference, Amazon EC2; EC2 API reference, RunInstances and CreateVolume).
const TOLD: [(&str, &str, &str); 10] = [
    ("instance", "ec2:InstanceType", "instanceType"),
    ("instance", "ec2:EbsOptimized", "ebsOptimized"),
    ("instance", "ec2:InstanceProfile", "iamInstanceProfile.arn"),
    ("instance", "ec2:MetadataHttpTokens", "metadataOptions.httpTokens"),
    ("instance", "ec2:Tenancy", "placement.tenancy"),
    ("network-interface", "ec2:AssociatePublicIpAddress", "associatePublicIpAddress"),
    ("volume", "ec2:Encrypted", "encrypted"),
    ("volume", "ec2:VolumeIops", "iops"),
    ("volume", "ec2:VolumeSize", "size"),
    ("volume", "ec2:VolumeType", "volumeType"),
];

/// The resources that a call has to be allowed on, those it makes with `*` for what they will be
/// called; empty where it is on one alone.
pub fn resources(event: &Event, action: &str) -> Vec<String> {
    let Some(action) = aws::action(action).filter(|action| !action.tags()) else {
        return Vec::new();
    };
    let types = action.types();
    if types.len() < 2 || !types.iter().any(is_made) {
        return Vec::new();
    }
    let named: Vec<String> =
        resource::resources_of(event).into_iter().map(|found| found.id).collect();
    let name = action.name();
    let mut found: Vec<String> = Vec::new();
    for kind in &types {
        let of_kind = named.iter().filter(|arn| is_of(arn, kind.name));
        let before = found.len();
        found.extend(of_kind.cloned());
        let is_certain = kind.required || NEARLY_ALWAYS.contains(&(name.as_str(), kind.name));
        if found.len() == before && is_made(kind) && is_certain {
            found.extend(new_arn(event, &name, kind.name));
        }
    }
    if found.len() < 2 { Vec::new() } else { found }
}

/// Members of a request for a session by which it needs a second action on the same role (IAM user
/// guide, "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles"; STS
/// API reference, AssumeRole, ProvidedContexts).
const WITH_A_SESSION: [(&str, &str); 4] = [
    ("tags", "sts:TagSession"),
    ("principalTags", "sts:TagSession"),
    ("sourceIdentity", "sts:SetSourceIdentity"),
    ("providedContexts", "sts:SetContext"),
];

/// Services that tag every session they begin, so that a role's trust policy has to allow that as well
/// (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity").
const TAG_SESSIONS: [&str; 1] = ["pods.eks.amazonaws.com"];

/// Actions that have to be allowed on the same resource beside `action` for a call to succeed, as far
/// as its request, or who makes it, tells.
pub fn needed_beside(event: &Event, action: &str) -> Vec<&'static str> {
    if !action.starts_with("sts:AssumeRole") {
        return Vec::new();
    }
    let request: Json =
        event.request().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    let is_given = |member: &str| match at(&request, member) {
        None | Some(Json::Null) => false,
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(members)) => !members.is_empty(),
        Some(_) => true,
    };
    let told = WITH_A_SESSION.iter().filter(|(member, _)| is_given(member));
    let mut needed: Vec<&str> = told.map(|(_, action)| *action).collect();
    if event.invoked_by().is_some_and(|service| TAG_SESSIONS.contains(&service)) {
        needed.push("sts:TagSession");
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Whether the action makes resources of the type: then it can give them tags.
fn is_made(kind: &ActionType) -> bool {
    kind.condition_keys.iter().any(|key| key == REQUEST_TAG)
}

fn is_of(arn: &str, kind: &str) -> bool {
    aws::types_of(arn).iter().any(|found| found.name == kind)
}

/// The ARN of a resource that has no name yet.
fn new_arn(event: &Event, action: &str, kind: &str) -> Option<String> {
    let (service, _) = action.split_once(':')?;
    let found = aws::resource_types(service).into_iter().find(|found| found.name == kind)?;
    let partition = event.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    let arn = found.arns.first()?.replace("$P", partition);
    Some(arn.replace("$R", event.region()?).replace("$A", event.account()?))
}

/// A tag of a request, and where it stood.
#[derive(Debug)]
struct Tag {
    key: String,
    value: String,
    /// The resource type that it is for, where the request says so.
    kind: Option<String>,
    depth: usize,
}

impl Reading<'_> {
    /// `aws:RequestTag/…` and `aws:TagKeys`, of the resource that the request is about.
    pub(super) fn request_tags(&self, context: &mut Context, request: &Request) {
        let action = aws::action(&request.action);
        let kind = action.as_ref().and_then(|action| self.kind_of(action, request));
        let mut tags = Vec::new();
        collect(&self.parameters, Place::default(), &mut tags);
        if kind.is_none() && differ(&tags) {
            // Whose they are cannot be told.
            return;
        }
        // The outermost are the request's own; what lies deeper describes what is to be made later.
        let outermost = tags.iter().filter(|tag| tag.kind.is_none()).map(|tag| tag.depth).min();
        let is_its = |tag: &&Tag| match (&tag.kind, kind) {
            (Some(of), Some(kind)) => of.eq_ignore_ascii_case(kind),
            (Some(_), None) => true,
            (None, _) => Some(tag.depth) == outermost,
        };
        let tags: Vec<&Tag> = tags.iter().filter(is_its).collect();
        for tag in &tags {
            context.insert(&format!("{REQUEST_TAG}{}", tag.key), tag.value.as_str());
        }
        let may_have_more = kind.is_some_and(|kind| IN_LAUNCH_TEMPLATES.contains(&kind))
            && has_member(&self.parameters, &LAUNCH_TEMPLATES);
        if may_have_more {
            return;
        }
        context.mark_family_complete(REQUEST_TAG);
        let names: Vec<String> = tags.iter().map(|tag| tag.key.clone()).collect();
        match names.is_empty() {
            true => context.mark_absent("aws:TagKeys"),
            false => context.insert("aws:TagKeys", names),
        };
    }

    /// The resource type a request is about: as its ARN tells, else the only one the action makes.
    fn kind_of(&self, action: &Action, request: &Request) -> Option<&'static str> {
        let types = action.types();
        if let Some(arn) = request.resource.arn.as_deref().filter(|arn| *arn != "*") {
            let known = aws::types_of(arn);
            let mut fitting = types.iter().filter(|kind| known.iter().any(|k| k.name == kind.name));
            let first = fitting.next()?;
            return fitting.next().is_none().then_some(first.name);
        }
        let mut made = types.iter().filter(|kind| is_made(kind));
        let first = made.next()?;
        made.next().is_none().then_some(first.name)
    }

    /// Of a call that makes several things: the keys that only others of them have are not in the
    /// request, and those of this one are as the record tells.
    pub(super) fn type_keys(&self, context: &mut Context, request: &Request) {
        let Some(action) = aws::action(&request.action) else { return };
        let types = action.types();
        if !types.iter().any(is_made) || request.resource.arn.is_none() {
            return;
        }
        let Some(kind) = self.kind_of(&action, request) else { return };
        let (mine, others): (Vec<&ActionType>, Vec<&ActionType>) =
            types.iter().partition(|of| of.name == kind);
        let mut own = action.condition_keys();
        own.extend(mine.iter().flat_map(|kind| kind.condition_keys.iter().cloned()));
        for key in others.iter().flat_map(|kind| &kind.condition_keys) {
            match own.contains(key) {
                true => continue,
                false if key.ends_with('/') => context.mark_family_complete(key),
                false => context.mark_absent(key),
            };
        }
        let shown = TOLD.iter().filter(|(of, key, _)| *of == kind && own.iter().any(|o| o == key));
        for (_, key, member) in shown {
            match at(&self.parameters, member) {
                Some(Json::String(text)) => context.insert(key, text.as_str()),
                Some(Json::Bool(flag)) => context.insert(key, *flag),
                Some(Json::Number(number)) => context.insert(key, number.to_string()),
                _ => context,
            };
        }
    }
}

/// Whether tags of a request are for different types.
fn differ(tags: &[Tag]) -> bool {
    let mut kinds = tags.iter().filter_map(|tag| tag.kind.as_deref());
    kinds.next().is_some_and(|first| kinds.any(|kind| !kind.eq_ignore_ascii_case(first)))
}

/// Whether a member of one of these names stands anywhere in a request.
fn has_member(json: &Json, names: &[&str]) -> bool {
    match json {
        Json::Object(members) => members.iter().any(|(name, value)| {
            names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) || has_member(value, names)
        }),
        Json::Array(items) => items.iter().any(|item| has_member(item, names)),
        _ => false,
    }
}

/// Tags in a request, however its service nests them: `{key, value}` pairs, one or a list, somewhere
/// under a name that speaks of tags, or a map of them.
fn collect(json: &Json, place: Place<'_>, tags: &mut Vec<Tag>) {
    let members = match json {
        Json::Object(members) => members,
        Json::Array(items) => return items.iter().for_each(|item| collect(item, place, tags)),
        _ => return,
    };
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
        kind: place.kind.map(str::to_owned),
        depth: place.depth,
    };
    if place.is_of_tags {
        let told = text_at(json, "resourceType").filter(|_| place.is_specified);
        if let (None, Some((key, value))) = (told, pair(json)) {
            tags.push(tag(key, value));
            return;
        }
        if told.is_none() && members.values().all(Json::is_string) {
            let texts = members.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
            tags.extend(texts.map(|(key, value)| tag(key, value)));
            return;
        }
    }
    let kind = text_at(json, "resourceType").filter(|_| place.is_specified).or(place.kind);
    for (name, value) in members {
        let inner = Place {
            kind,
            depth: if place.is_of_tags { place.depth } else { place.depth + 1 },
            is_of_tags: place.is_of_tags || speaks_of_tags(name),
            is_specified: place.is_specified || name.to_ascii_lowercase().contains("tagspec"),
        };
        collect(value, inner, tags);
    }
}

/// Where in a request something stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'p> {
    /// The resource type that tags here are for.
    kind: Option<&'p str>,
    depth: usize,
    is_of_tags: bool,
    /// In specifications of tags by resource type.
    is_specified: bool,
}

/// Whether a word of the name begins with "tag": `tagSet`, `resourceTags`, not `stageVariables`.
fn speaks_of_tags(name: &str) -> bool {
    let mut before = ' ';
    let starts = name.char_indices().filter(|(_, sign)| {
        let is_start = !before.is_alphanumeric()
            || (sign.is_ascii_uppercase() && !before.is_ascii_uppercase());
        before = *sign;
        is_start
    });
    let mut words = starts.filter_map(|(at, _)| name.get(at..at + 3));
    words.any(|word| word.eq_ignore_ascii_case("tag"))
}

fn pair(tag: &Json) -> Option<(&str, &str)> {
    let key = text_at(tag, "key").or_else(|| text_at(tag, "tagKey"))?;
    let value = at(tag, "value").or_else(|| at(tag, "tagValue"))?.as_str().unwrap_or_default();
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(request: &Json) -> Vec<(String, Option<String>, usize)> {
        let mut tags = Vec::new();
        collect(request, Place::default(), &mut tags);
        tags.into_iter()
            .map(|tag| (format!("{}={}", tag.key, tag.value), tag.kind, tag.depth))
            .collect()
    }

    #[test]
    fn tags_are_read_as_services_nest_them() {
        let pair = json!([{"key": "a", "value": "1"}]);
        for (request, want) in [
            (json!({"tags": pair}), vec![("a=1", None)]),
            (json!({"tags": {"a": "1"}}), vec![("a=1", None)]),
            (json!({"tagSet": {"items": pair}}), vec![("a=1", None)]),
            (
                json!({"Tagging": {"TagSet": {"Tag": {"Key": "a", "Value": "1"}}}}),
                vec![("a=1", None)],
            ),
            (json!({"tags": [{"tagKey": "a", "tagValue": "1"}]}), vec![("a=1", None)]),
            (
                json!({"tags": [{"key": "a", "value": "1", "resourceType": "auto-scaling-group"}]}),
                vec![("a=1", None)],
            ),
            (
                json!({"tagSpecificationSet": {"items": [
                    {"resourceType": "instance", "tags": pair},
                    {"resourceType": "volume", "tags": [{"key": "b", "value": ""}]}
                ]}}),
                vec![("a=1", Some("instance")), ("b=", Some("volume"))],
            ),
            (
                json!({"CreateLaunchTemplateRequest": {"TagSpecification": {
                    "ResourceType": "launch-template", "tag": 1,
                    "Tag": {"Key": "a", "Value": "1", "tag": 1}}}}),
                vec![("a=1", Some("launch-template"))],
            ),
            (json!({"stageVariables": {"a": "1"}, "percentage": {"b": "2"}}), vec![]),
        ] {
            let found = tags(&request);
            let found: Vec<(&str, Option<&str>)> =
                found.iter().map(|(tag, kind, _)| (tag.as_str(), kind.as_deref())).collect();
            assert_eq!(found, want, "{request}");
        }
    }
}
