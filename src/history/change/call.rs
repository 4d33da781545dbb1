//! A successful call, its members read whatever their letter case and wrapping.

use serde_json::Value as Json;

use super::super::document::{self, Found};
use super::super::subject::{self, Entity, EntityKind};
use super::Value;
use crate::event::{Event, Field, action, arn};

/// An event with its JSON parsed.
pub(crate) struct Call<'e> {
    pub event: &'e Event,
    pub request: Json,
    pub response: Json,
}

/// The member of an object, ignoring the case of letters.
pub(crate) fn member<'j>(object: &'j Json, name: &str) -> Option<&'j Json> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

/// Follows dotted member names.
pub(crate) fn at<'j>(object: &'j Json, path: &str) -> Option<&'j Json> {
    path.split('.').try_fold(object, member)
}

fn parsed(raw: Option<&str>) -> Json {
    raw.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or(Json::Null)
}

/// Takes `{"ModifyVpcEndpointRequest": {…}}` for its content (newer EC2 actions; seen for
/// `DescribeVpcEndpointsRequest` and `CreateFlowLogsRequest`).
fn unwrapped(request: Json) -> Json {
    let Json::Object(members) = request else { return request };
    let wrapped = members.len() == 1
        && members.iter().all(|(key, value)| key.ends_with("Request") && value.is_object());
    match wrapped {
        true => members.into_iter().next().map(|(_, value)| value).unwrap_or(Json::Null),
        false => Json::Object(members),
    }
}

impl<'e> Call<'e> {
    pub fn new(event: &'e Event) -> Call<'e> {
        Call {
            event,
            request: unwrapped(parsed(event.request())),
            response: parsed(event.response()),
        }
    }

    /// The service's word in ARNs and actions, as far as the event source tells.
    pub fn service(&self) -> &'e str {
        self.event.source().split('.').next().unwrap_or_default()
    }

    /// The event's name without API date.
    pub fn name(&self) -> &'e str {
        action::operation(self.event.name())
    }

    /// A text of the request; empty text is none.
    pub fn text(&self, path: &str) -> Option<&str> {
        text_at(&self.request, path)
    }

    /// A text of the response.
    pub fn answer(&self, path: &str) -> Option<&str> {
        text_at(&self.response, path)
    }

    /// A flag of the request.
    pub fn flag(&self, path: &str) -> Option<bool> {
        flag(at(&self.request, path)?)
    }

    /// The document in a member of the request.
    pub fn document(&self, path: &str) -> Option<Value> {
        at(&self.request, path).and_then(document_value)
    }

    /// The account the call acted in.
    pub fn account(&self) -> &'e str {
        self.event.account().unwrap_or_default()
    }

    /// The Region of the call.
    pub fn region(&self) -> &'e str {
        self.event.region().unwrap_or_default()
    }

    /// The partition of the call's Region.
    pub fn partition(&self) -> &'static str {
        arn::partition_of(self.region())
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE` for a resource the request names by name.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let partition = self.partition();
        format!("arn:{partition}:{service}:{}:{}:{resource}", self.region(), self.account())
    }

    /// The IAM entity the request names by `userName`, `roleName` or `groupName`.
    pub fn entity(&self, kind: EntityKind) -> Option<Entity> {
        let member = match kind {
            EntityKind::User => "userName",
            EntityKind::Role => "roleName",
            EntityKind::Group => "groupName",
        };
        Some(Entity::new(self.account(), kind, self.text(member)?))
    }

    /// The ARNs in the event's `resources`; early records write the member `arn`.
    pub fn resources(&self) -> Vec<String> {
        let Json::Array(resources) = parsed(self.event.get(Field::Resources)) else {
            return Vec::new();
        };
        resources.iter().filter_map(|r| text_at(r, "ARN")).map(str::to_owned).collect()
    }

    /// The KMS key the call is about, by name: from `resources` first, which has the full ARN even
    /// where the request gives a bare id or an alias.
    pub fn key(&self) -> Option<String> {
        self.key_arn().map(|arn| subject::resource_name(&arn)).or_else(|| {
            let id = self.text("keyId")?;
            subject::key_name_of(id, self.event.region())
        })
    }

    /// The full ARN of the KMS key, where the event shows it.
    pub fn key_arn(&self) -> Option<String> {
        let is_key = |arn: &&str| arn.starts_with("arn:") && arn.contains(":key/");
        self.resources()
            .iter()
            .map(String::as_str)
            .find(is_key)
            .or_else(|| self.answer("keyId").filter(is_key))
            .or_else(|| self.text("keyId").filter(is_key))
            .map(str::to_owned)
    }
}

/// What a member that holds a document says.
pub(crate) fn document_value(value: &Json) -> Option<Value> {
    Some(match document::read(value)? {
        Found::Text(text) => Value::Text(text),
        Found::Hidden(why) => Value::Hidden(why),
    })
}

/// A text at a dotted path; empty text is none.
pub(crate) fn text_at<'j>(json: &'j Json, path: &str) -> Option<&'j str> {
    at(json, path)?.as_str().filter(|text| !text.is_empty())
}

/// A flag, which some services write as text.
pub(crate) fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_request_reads_like_a_plain_one() {
        let wrapped = serde_json::json!({"ModifyVpcEndpointRequest": {"VpcEndpointId": "vpce-1"}});
        let plain = serde_json::json!({"vpcEndpointId": "vpce-1"});
        for request in [wrapped, plain] {
            assert_eq!(text_at(&unwrapped(request), "vpcEndpointId"), Some("vpce-1"));
        }
    }
}
