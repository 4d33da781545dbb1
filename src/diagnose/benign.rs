//! Refused reads that nobody misses: a person's console page that asks for everything it could show,
//! and tools that take stock of many services. What a program or person needs is none of them.
//!
//! A read is benign only where something speaks for it. That it never worked is no such sign: a
//! program that was never allowed its read is broken.

use std::collections::{BTreeMap, BTreeSet};

use super::failing::Failing;
use super::words::Kind;
use crate::chain::Chains;
use crate::contrast;
use crate::event::{self, Event, Failure, Field, Layer, Time};
use crate::wording::Sentence;

/// What a refused call is worth.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Worth {
    /// Nobody misses it, and why.
    Benign(Sentence),
    /// A read of which nothing tells that somebody needs it.
    Low,
    /// Anything else.
    Full,
}

/// A page of a console asks for what it shows within so many seconds.
const PAGE_SECONDS: i64 = 10;

/// A page asks for this many things at once.
const PAGE_CALLS: usize = 3;

/// Who takes stock goes through so many services within a minute.
const BURST_SERVICES: usize = 6;
const BURST_SECONDS: i64 = 60;

/// Who takes stock reads so many services in all, is refused in some of them, and changes nothing.
const STOCK_SERVICES: usize = 10;
const STOCK_REFUSED: usize = 3;

/// So many refusals of one call, this far apart, are a program that goes on trying.
const REPEATED: usize = 3;
const REPEATED_SECONDS: i64 = 60;

/// What those did whose reads were refused.
pub(super) struct Callers<'e> {
    sessions: BTreeMap<&'e str, Vec<&'e Event>>,
    refused: BTreeMap<(Option<String>, String), Vec<Time>>,
}

impl<'e> Callers<'e> {
    /// Gathers the calls of everybody of whom a read was refused.
    pub(super) fn new(events: &'e [Event], chains: &Chains, all: &[Failing]) -> Callers<'e> {
        let of = |failing: &&Failing| is_candidate(failing, events);
        let mut sessions: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        let mut refused: BTreeMap<(Option<String>, String), Vec<Time>> = BTreeMap::new();
        for failing in all.iter().filter(of) {
            let Some(event) = events.get(failing.denied) else { continue };
            sessions.entry(session(event)).or_default();
            let call = (failing.principal.clone(), failing.action.clone());
            refused.entry(call).or_default().push(event.time);
        }
        if !sessions.is_empty() {
            for (index, event) in events.iter().enumerate() {
                let is_own = event.is_own_hop(chains.caller_kind(index, event));
                if let Some(calls) = sessions.get_mut(session(event)).filter(|_| is_own) {
                    calls.push(event);
                }
            }
        }
        Callers { sessions, refused }
    }

    /// What a refused call is worth.
    pub(super) fn worth(&self, failing: &Failing, events: &[Event]) -> Worth {
        let Some(event) = events.get(failing.denied) else { return Worth::Full };
        if !is_candidate(failing, events) {
            return Worth::Full;
        }
        let calls = self.sessions.get(session(event)).map(Vec::as_slice).unwrap_or_default();
        if is_console(event) && (is_of_nothing(event) || is_page(event, calls)) {
            return Worth::Benign(Sentence::new("benign-console"));
        }
        if is_known_tool(event) {
            return Worth::Benign(Sentence::new("benign-inventory-tool"));
        }
        if let Some(services) = takes_stock(event, calls) {
            return Worth::Benign(Sentence::new("benign-inventory").arg("services", services));
        }
        if self.is_needed(failing, event, calls) { Worth::Full } else { Worth::Low }
    }

    /// Whether something tells that the read is needed.
    fn is_needed(&self, failing: &Failing, event: &Event, calls: &[&Event]) -> bool {
        let stated = failing.denial.stated.as_ref();
        let is_explicit = stated.is_some_and(|s| s.effect == event::Effect::ExplicitDeny);
        let call = (failing.principal.clone(), failing.action.clone());
        let is_repeated = self.refused.get(&call).is_some_and(|times| {
            let (first, last) = (times.iter().min(), times.iter().max());
            let span = first.zip(last).map_or(0, |(first, last)| last.seconds_since(*first));
            times.len() >= REPEATED && span >= REPEATED_SECONDS
        });
        let writes = || calls.iter().any(|call| !call.failed() && !is_read(call));
        is_explicit || is_repeated || !is_of_nothing(event) || is_of_program(event) || writes()
    }
}

/// Whether a refused call is a read that may be benign: one's own, that only looks at what there is.
fn is_candidate(failing: &Failing, events: &[Event]) -> bool {
    let Some(event) = events.get(failing.denied) else { return false };
    let is_own = failing.kind == Kind::Direct || event.is_own_hop(failing.caller_kind);
    // An endpoint's policy is made for the programs behind it, not for who browses.
    let by_endpoint =
        failing.denial.stated.as_ref().is_some_and(|s| s.layer == Layer::VpcEndpointPolicy);
    is_own && !by_endpoint && failing.failure == Failure::Denied && looks(event)
}

/// Whether the call only looks at what there is. Who asks for data, a token or credentials is about to
/// use them.
fn looks(event: &Event) -> bool {
    let name = event::action::operation(event.name());
    let fetches = ["Token", "Credentials", "SecretValue", "PasswordData", "AuthorizationToken"]
        .iter()
        .any(|end| name.ends_with(end));
    if fetches || FETCHING.contains(&name) {
        return false;
    }
    match event.source() {
        // CloudTrail calls cryptographic operations reads as well.
        "kms.amazonaws.com" => event::is_read_like(name) && !name.starts_with("GenerateDataKey"),
        _ => is_read(event),
    }
}

/// Operations that read data, where the others read what there is (service authorization reference,
/// access level Read).
const FETCHING: &[&str] = &[
    "GetObject",
    "HeadObject",
    "SelectObjectContent",
    "GetParameter",
    "GetParameters",
    "GetParametersByPath",
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
    "GetRecords",
    "GetShardIterator",
    "ReceiveMessage",
    "GetQueryResults",
    "BatchGetImage",
    "GetDownloadUrlForLayer",
    "GetBlob",
    "GetLogEvents",
    "FilterLogEvents",
    "GetCallerIdentity",
];

fn is_read(event: &Event) -> bool {
    event.read_only == Some(true) || event::is_read_like(event::action::operation(event.name()))
}

/// Whether the call is on nothing in particular.
fn is_of_nothing(event: &Event) -> bool {
    contrast::resource(event).is_none_or(|resource| resource == "*")
}

/// A session is what one page or one run has.
fn session(event: &Event) -> &str {
    event.principal_id().or_else(|| event.arn()).unwrap_or_default()
}

/// Whether a person made the call in a console (CloudTrail record contents,
/// `sessionCredentialFromConsole`; the agents that consoles and browsers have).
fn is_console(event: &Event) -> bool {
    if event.from_console {
        return true;
    }
    let Some(agent) = event.get(Field::UserAgent) else { return false };
    let agent = agent.trim_start_matches('[');
    CONSOLES.iter().any(|console| agent.starts_with(console))
}

/// Heads of user agents of consoles and browsers.
const CONSOLES: &[&str] = &[
    "Mozilla/",
    "console.amazonaws.com",
    "console.aws.amazon.com",
    "signin.amazonaws.com",
    "AWS Console",
    "AWSConsole",
    "S3Console/",
    "AWS Internal console",
    "EC2ConsoleFrontend",
    "Coral/Jakarta",
];

/// Whether the session asked for several things at once, as a page does.
fn is_page(event: &Event, calls: &[&Event]) -> bool {
    let names: BTreeSet<(&str, &str)> = around(event, calls, PAGE_SECONDS)
        .filter(|call| is_read(call))
        .map(|call| (call.source(), call.name()))
        .collect();
    names.len() >= PAGE_CALLS
}

/// Whether the agent is of a tool that takes stock of an account.
fn is_known_tool(event: &Event) -> bool {
    let Some(agent) = event.get(Field::UserAgent) else { return false };
    let agent = agent.to_ascii_lowercase();
    TOOLS.iter().any(|tool| agent.contains(tool))
}

/// What inventory and posture tools put into their user agents (their own documentation and code).
const TOOLS: &[&str] = &[
    "prowler",
    "scoutsuite",
    "scout suite",
    "steampipe",
    "cloudquery",
    "cloud-custodian",
    "c7n",
    "cloudsploit",
    "cartography",
    "cloudmapper",
    "powerpipe",
    "aws-nuke",
    "former2",
    "config.amazonaws.com",
    "resource-explorer-2.amazonaws.com",
    "trustedadvisor.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "securityhub.amazonaws.com",
    "auditmanager.amazonaws.com",
];

/// How many services the caller goes through, where it does nothing but look at them.
fn takes_stock(event: &Event, calls: &[&Event]) -> Option<usize> {
    let changes = |call: &&&Event| !call.failed() && !is_read(call) && !is_of_session(call);
    let burst: Vec<&Event> = around(event, calls, BURST_SECONDS).collect();
    let in_burst: BTreeSet<&str> =
        burst.iter().filter(|call| is_read(call)).map(|call| call.source()).collect();
    if in_burst.len() >= BURST_SERVICES && !burst.iter().any(|call| changes(&call)) {
        return Some(in_burst.len());
    }
    let read: BTreeSet<&str> =
        calls.iter().filter(|call| is_read(call)).map(|call| call.source()).collect();
    let refused: BTreeSet<&str> = calls
        .iter()
        .filter(|call| is_read(call) && event::failure(call) == Some(Failure::Denied))
        .map(|call| call.source())
        .collect();
    let takes = read.len() >= STOCK_SERVICES
        && refused.len() >= STOCK_REFUSED
        && !calls.iter().any(|call| changes(&call));
    takes.then_some(read.len())
}

/// Taking on a session changes nothing.
fn is_of_session(event: &Event) -> bool {
    matches!(event.source(), "sts.amazonaws.com" | "signin.amazonaws.com")
}

/// The calls of a session within so many seconds of one; they are in order of time.
fn around<'c, 'e>(
    event: &Event,
    calls: &'c [&'e Event],
    seconds: i64,
) -> impl Iterator<Item = &'e Event> + use<'c, 'e> {
    let (from, to) = (event.time.plus_seconds(-seconds), event.time.plus_seconds(seconds));
    let start = calls.partition_point(|call| call.time < from);
    let near = calls.get(start..).unwrap_or_default().iter().copied();
    near.take_while(move |call| call.time <= to)
}

/// Whether a program made the call: by its agent, or because it holds a role that programs have.
fn is_of_program(event: &Event) -> bool {
    let agent = event.get(Field::UserAgent).unwrap_or_default().to_ascii_lowercase();
    let by_agent = PROGRAMS.iter().any(|head| agent.contains(head)) && !agent.contains("aws-cli");
    let session = event.session_name().unwrap_or_default();
    let on_instance = session.starts_with("i-") || event.get(Field::Ec2RoleDelivery).is_some();
    let is_federated = event.get(Field::WebIdFederationData).is_some_and(|data| data.len() > 2);
    by_agent || on_instance || is_federated
}

/// What AWS's SDKs and the tools made with them put into their user agents (AWS SDKs reference,
/// "User agent").
const PROGRAMS: &[&str] = &[
    "aws-sdk",
    "boto3",
    "botocore",
    "terraform",
    "pulumi",
    "aws-cdk",
    "kubernetes",
    "lib/",
    "exec-env/",
];
