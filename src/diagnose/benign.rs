//! Refused reads that nobody misses: a person's console page that asks for everything it could show,
//! and tools that take stock of many services. What a program or person needs is none of them.
//!
//! A read is benign only where something speaks for it. That it never worked is no such sign: a
//! program that was never allowed its read is broken.

use std::collections::{BTreeMap, BTreeSet};

use super::failing::Failing;
use super::kinds::Kind;
use crate::chain::Chains;
use crate::contrast;
use crate::event::{self, CallerKind, Event, Failure, Field, Layer, Time};
use crate::wording::Sentence;

/// What a refused call is worth.
#[derive(Debug, Clone, PartialEq)]
pub enum Worth {
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

/// Who takes stock reads so many services in all.
const STOCK_SERVICES: usize = 10;

/// And is refused in so many of them: a program asks for what it needs, and lacks one thing or two.
const STOCK_REFUSED: usize = 3;

/// So many refusals of one call, this far apart, are a program that goes on trying.
const REPEATED: usize = 3;
const REPEATED_SECONDS: i64 = 60;

/// What was done in some time.
#[derive(Default)]
struct Doings<'e> {
    /// Event source and name of what was read.
    read: BTreeSet<(&'e str, &'e str)>,
    /// Event sources of refused reads.
    refused: BTreeSet<&'e str>,
    /// Whether something was changed.
    changes: bool,
}

impl<'e> Doings<'e> {
    fn add(&mut self, event: &'e Event, is_refused: bool) {
        if is_read(event) {
            self.read.insert((event.source(), event.name()));
            if is_refused {
                self.refused.insert(event.source());
            }
        }
        self.changes |= !event.failed() && !is_read(event) && !is_of_session(event);
    }

    fn together<'d>(all: impl Iterator<Item = &'d Doings<'e>>) -> Doings<'e>
    where
        'e: 'd,
    {
        let mut sum = Doings::default();
        for one in all {
            sum.read.extend(&one.read);
            sum.refused.extend(&one.refused);
            sum.changes |= one.changes;
        }
        sum
    }

    fn services(&self) -> usize {
        self.read.iter().map(|(source, _)| source).collect::<BTreeSet<_>>().len()
    }

    /// Whether this is a look at everything, so many services wide.
    fn takes_stock(&self, services: usize) -> bool {
        self.services() >= services && self.refused.len() >= STOCK_REFUSED && !self.changes
    }
}

/// What one session did: in all, and by stretches of time.
#[derive(Default)]
struct Session<'e> {
    all: Doings<'e>,
    minutes: BTreeMap<i64, Doings<'e>>,
    pages: BTreeMap<i64, Doings<'e>>,
    writes: bool,
}

impl<'e> Session<'e> {
    fn add(&mut self, event: &'e Event, is_refused: bool) {
        self.all.add(event, is_refused);
        let minute = self.minutes.entry(stretch(event, BURST_SECONDS)).or_default();
        minute.add(event, is_refused);
        self.pages.entry(stretch(event, PAGE_SECONDS)).or_default().add(event, false);
        self.writes |= !event.failed() && !is_read(event);
    }
}

fn stretch(event: &Event, seconds: i64) -> i64 {
    event.time.0.div_euclid(seconds * 1000)
}

/// A stretch and the ones beside it.
fn around<'e>(of: &BTreeMap<i64, Doings<'e>>, at: i64) -> Doings<'e> {
    Doings::together(of.range(at - 1..=at + 1).map(|(_, doings)| doings))
}

/// How often a call was refused, and from when to when.
struct Refusals {
    count: usize,
    first: Time,
    last: Time,
}

/// What those did whose reads were refused.
pub(super) struct Callers<'e> {
    sessions: BTreeMap<&'e str, Session<'e>>,
    refused: BTreeMap<(Option<String>, String), Refusals>,
}

impl<'e> Callers<'e> {
    /// Gathers the calls of everybody of whom a read was refused.
    /// `quiet` are more calls of their own making, none of which was refused.
    pub(super) fn new(
        (events, quiet): (&'e [Event], &'e [Event]),
        chains: &Chains,
        all: &[Failing],
    ) -> Callers<'e> {
        let mut sessions: BTreeMap<&str, Session<'_>> = BTreeMap::new();
        let mut refused: BTreeMap<(Option<String>, String), Refusals> = BTreeMap::new();
        let mut calls = BTreeSet::new();
        for failing in all.iter().filter(|failing| is_candidate(failing, events)) {
            let Some(event) = events.get(failing.denied) else { continue };
            sessions.entry(session(event)).or_default();
            calls.insert(failing.denied);
            let call = (failing.principal.clone(), failing.action.clone());
            let once = Refusals { count: 0, first: event.time, last: event.time };
            let told = refused.entry(call).or_insert(once);
            told.count += 1;
            told.first = told.first.min(event.time);
            told.last = told.last.max(event.time);
        }
        if !sessions.is_empty() {
            for (index, event) in events.iter().enumerate() {
                let Some(session) = sessions.get_mut(session(event)) else { continue };
                if !event.is_own_hop(chains.caller_kind(index, event)) {
                    continue;
                }
                session.add(event, calls.contains(&index));
            }
            for event in quiet {
                if let Some(known) = sessions.get_mut(session(event)) {
                    known.add(event, false);
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
        let Some(session) = self.sessions.get(session(event)) else { return Worth::Full };
        if is_console(event) && (is_of_nothing(event) || is_page(event, session)) {
            return Worth::Benign(Sentence::new("benign-console"));
        }
        let is_inventory = event.invoked_by().is_some_and(|by| INVENTORY_SERVICES.contains(&by));
        if is_inventory || has_any(event, TOOLS) {
            return Worth::Benign(Sentence::new("benign-inventory-tool"));
        }
        if let Some(services) = stock(event, session) {
            return Worth::Benign(Sentence::new("benign-inventory").arg("services", services));
        }
        if self.is_needed(failing, event, session) { Worth::Full } else { Worth::Low }
    }

    /// Whether something tells that the read is needed.
    fn is_needed(&self, failing: &Failing, event: &Event, session: &Session<'_>) -> bool {
        let stated = failing.denial.stated.as_ref();
        let is_explicit = stated.is_some_and(|s| s.effect == event::Effect::ExplicitDeny);
        let call = (failing.principal.clone(), failing.action.clone());
        let is_repeated = self.refused.get(&call).is_some_and(|told| {
            told.count >= REPEATED && told.last.seconds_since(told.first) >= REPEATED_SECONDS
        });
        is_explicit
            || is_repeated
            || !is_of_nothing(event)
            || is_of_program(event)
            || session.writes
    }
}

/// Whether a refused call is a read that may be benign: one's own, that only looks at what there is.
fn is_candidate(failing: &Failing, events: &[Event]) -> bool {
    let Some(event) = events.get(failing.denied) else { return false };
    let is_own = failing.kind == Kind::Direct || event.is_own_hop(failing.caller_kind);
    // An endpoint's policy is made for the programs behind it, not for who browses.
    let by_endpoint =
        failing.denial.stated.as_ref().is_some_and(|s| s.layer == Layer::VpcEndpointPolicy);
    let is_of_inventory = failing.caller_kind == CallerKind::ServiceLinkedRole
        && event.invoked_by().is_some_and(|by| INVENTORY_SERVICES.contains(&by));
    (is_own || is_of_inventory)
        && !by_endpoint
        && failing.failure == Failure::Denied
        && looks(event)
}

/// Services whose service-linked roles look at everything an account has, and report what they could
/// not see themselves (user guides of these services).
const INVENTORY_SERVICES: &[&str] = &[
    "config.amazonaws.com",
    "trustedadvisor.amazonaws.com",
    "resource-explorer-2.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "securityhub.amazonaws.com",
    "support.amazonaws.com",
    "compute-optimizer.amazonaws.com",
    "resiliencehub.amazonaws.com",
    "inspector2.amazonaws.com",
];

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

/// Whether the call is on nothing in particular: on no resource, or on all of a type.
fn is_of_nothing(event: &Event) -> bool {
    contrast::resource(event).is_none_or(|resource| resource.ends_with('*'))
}

/// A session is what one page or one run has.
fn session(event: &Event) -> &str {
    event.principal_id().or_else(|| event.arn()).unwrap_or_default()
}

/// Whether a person made the call in a console (CloudTrail record contents,
/// `sessionCredentialFromConsole`; the agents that consoles and browsers have). A shell in the console is
/// none, and neither is an application in a browser, which has a role of its own.
fn is_console(event: &Event) -> bool {
    let agent = event.get(Field::UserAgent).unwrap_or_default().trim_start_matches('[');
    if agent.contains("aws-cli/") || agent.contains("exec-env/") || is_federated(event) {
        return false;
    }
    event.from_console || CONSOLES.iter().any(|console| agent.starts_with(console))
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

/// Whether the role was taken on with an identity of the web (Cognito, a pod, a pipeline).
fn is_federated(event: &Event) -> bool {
    event.get(Field::WebIdFederationData).is_some_and(|data| data.len() > 2)
        || event.session_name() == Some("CognitoIdentityCredentials")
}

/// Whether the session asked for several things at once, as a page does.
fn is_page(event: &Event, session: &Session<'_>) -> bool {
    around(&session.pages, stretch(event, PAGE_SECONDS)).read.len() >= PAGE_CALLS
}

/// Whether the user agent has one of these words, which are in lower case.
pub(super) fn has_any(event: &Event, words: &[&str]) -> bool {
    let Some(agent) = event.get(Field::UserAgent) else { return false };
    let agent = agent.to_ascii_lowercase();
    words.iter().any(|word| agent.contains(word))
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
    "former2",
    "config.amazonaws.com",
    "resource-explorer-2.amazonaws.com",
    "trustedadvisor.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "securityhub.amazonaws.com",
    "auditmanager.amazonaws.com",
];

/// What reads everything it manages, and needs all of it.
pub(super) const BUILDERS: &[&str] =
    &["terraform", "pulumi", "aws-cdk", "cloudformation", "crossplane"];

/// How many services the caller goes through, where it does nothing but look at them.
fn stock(event: &Event, session: &Session<'_>) -> Option<usize> {
    if has_any(event, BUILDERS) {
        return None;
    }
    let burst = around(&session.minutes, stretch(event, BURST_SECONDS));
    let is_burst = burst.takes_stock(BURST_SERVICES);
    let is_tour = session.all.takes_stock(STOCK_SERVICES);
    match (is_burst, is_tour) {
        (_, true) => Some(session.all.services()),
        (true, false) => Some(burst.services()),
        (false, false) => None,
    }
}

/// Taking on a session changes nothing.
fn is_of_session(event: &Event) -> bool {
    matches!(event.source(), "sts.amazonaws.com" | "signin.amazonaws.com")
}

/// Whether a program made the call: by its agent, or because it holds a role that programs have.
fn is_of_program(event: &Event) -> bool {
    let agent = event.get(Field::UserAgent).unwrap_or_default().to_ascii_lowercase();
    let by_agent = PROGRAMS.iter().any(|head| agent.contains(head)) && !agent.contains("aws-cli");
    let session = event.session_name().unwrap_or_default();
    let on_instance = session.starts_with("i-") || event.get(Field::Ec2RoleDelivery).is_some();
    by_agent || on_instance || is_federated(event)
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
