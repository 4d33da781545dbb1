//! From which address a service calls, where no record tells: tried each way that it may be.

use std::net::IpAddr;

use crate::event::{CallerKind, Event, Field};
use crate::history::request::Around;
use crate::iam::{Decision, Layers, Request, evaluate};

/// The condition key that it goes into.
pub(super) const KEY: &str = "aws:SourceIp";

/// An address of AWS's own (AWS General Reference, "AWS IP address ranges", 52.94.76.0/22 of AMAZON). A
/// policy that means somebody's networks has it in none of them.
const OF_AWS: &str = "52.94.76.1";

/// What the key may be.
enum May {
    Be(String),
    BeAbsent,
}

/// The decisions with each address that it may be; empty where one of them is not known.
pub(super) fn tried(
    event: &Event,
    around: &Around<'_>,
    request: &Request,
    layers: &Layers,
) -> Vec<Decision> {
    let kind = around.kind.unwrap_or_else(|| event.caller_kind());
    let all = match kind {
        _ if event.is_own_hop(kind) => None,
        // What AWS documents of forwarded calls is the user's address; older records show that the
        // service's was taken.
        CallerKind::ForwardAccessSession | CallerKind::Agent => {
            around.root.and_then(of_user).map(|user| vec![May::Be(OF_AWS.to_owned()), user])
        }
        _ => Some(vec![May::Be(OF_AWS.to_owned())]),
    };
    let decided = |may: May| {
        let mut request = request.clone();
        match may {
            May::Be(address) => request.context.insert(KEY, address),
            May::BeAbsent => request.context.mark_absent(KEY),
        };
        evaluate(&request, layers)
    };
    all.into_iter().flatten().map(decided).collect()
}

/// The address of the call that was asked for: none where it came through an endpoint (IAM
/// "aws:SourceIp").
fn of_user(root: &Event) -> Option<May> {
    match root.get(Field::VpcEndpointId) {
        Some(id) if id.starts_with("vpce-") => Some(May::BeAbsent),
        Some(_) => None,
        None => {
            let address = root.get(Field::SourceIpAddress)?;
            address.parse::<IpAddr>().ok().map(|_| May::Be(address.to_owned()))
        }
    }
}
