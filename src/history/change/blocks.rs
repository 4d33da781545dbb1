//! Account-wide settings that keep things from becoming public (`crate::aws`): switching them on, off
//! or over.

use serde_json::Value as Json;

use super::{Call, Draft, Row, Value};
use crate::aws::{self, Block};
use crate::event::Layer;
use crate::history::subject::Subject;
use crate::wording::Sentence;

/// Members that say what a setting is from then on: EC2's, VPC's, EMR's and Systems Manager's.
const STATES: [&str; 7] = [
    "imageBlockPublicAccessState",
    "state",
    "internetGatewayBlockMode",
    "internetGatewayExclusionMode",
    "blockPublicSecurityGroupRules",
    "settingValue",
    "exclusionId",
];

pub(super) fn row(service: &str, name: &str) -> Option<Row> {
    let block = aws::block_set_by(service, name)?;
    // S3's documents decide on requests and are read with the buckets.
    (!block.name.starts_with("S3")).then_some(block_set as Row)
}

fn block_set(call: &Call<'_>) -> Vec<Draft> {
    let block = aws::block_set_by(call.service(), call.name());
    let Some(block) = block.filter(|block| is_about(block, &call.request)) else {
        return Vec::new();
    };
    let account = call.account();
    let of = match call.event.region().filter(|_| block.is_regional) {
        Some(region) => format!("{account}/{region}"),
        None => account.to_owned(),
    };
    let state = STATES.iter().find_map(|member| member_in(&call.request, member));
    let is_off = ["Disable", "Delete", "Reset"].iter().any(|verb| call.name().starts_with(verb));
    let value = match state.filter(|_| !is_off) {
        Some(state) => Value::text(state),
        None => Value::Absent,
    };
    let summary = match &value {
        Value::Text(state) => Sentence::new("change-block-set").arg("state", state.as_ref()),
        _ => Sentence::new("change-block-off"),
    };
    let summary = summary.arg("setting", block.name).arg("of", of.as_str());
    let subject = Subject::Setting { name: block.name, of };
    vec![Draft::set(subject, value, Layer::BlockPublicAccess, summary)]
}

/// Whether the request is about this setting.
fn is_about(block: &Block, request: &Json) -> bool {
    block.named.is_empty() || request.to_string().contains(block.named)
}

/// The first member of that name, letter case aside, however deep, as text.
fn member_in(json: &Json, wanted: &str) -> Option<String> {
    match json {
        Json::Object(members) => {
            let own = members.iter().find(|(name, value)| {
                name.eq_ignore_ascii_case(wanted) && !value.is_object() && !value.is_array()
            });
            match own {
                Some((_, Json::String(text))) => Some(text.clone()),
                Some((_, value)) => Some(value.to_string()),
                None => members.values().find_map(|value| member_in(value, wanted)),
            }
        }
        Json::Array(items) => items.iter().find_map(|item| member_in(item, wanted)),
        _ => None,
    }
}
