//! What the fuzzer runs, one function a target. `tests/fuzz_corpus.rs` runs the same functions over the
//! corpus, so that what was found once is tried with every `cargo test`.
//!
//! A target fails by a panic: one of the program's, or one here where two ways come to different ends.

#[path = "../tests/iam/generate.rs"]
#[allow(dead_code, reason = "of the tests' own cases only whole ones are needed")]
mod generate;
#[path = "../tests/iam/naive.rs"]
mod naive;
#[path = "../tests/iam/support.rs"]
mod support;

use std::sync::LazyLock;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use trailwhy::chain::service::Table;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::diagnose;
use trailwhy::event::{denial, failure, outcome, refusals, resource, secrets};
use trailwhy::history::History;
use trailwhy::history::dump::Dump;
use trailwhy::iam::{
    AttachedPolicy, Context, Decision, Layers, Missing, Policy, Presence, Principal, Request,
    Resource, evaluate,
};
use trailwhy::ingest::Contribution;
use trailwhy::ingest::trial::{self, WINDOW};

/// Takes any bytes, and panics where something promised does not hold.
pub type Target = fn(&[u8]);

/// The targets, by the names of their folders in the corpus.
pub const TARGETS: [(&str, Target); 12] = [
    ("records", records),
    ("envelopes", envelopes),
    ("csv", csv),
    ("gzip", gzip),
    ("denials", denials),
    ("policies", policies),
    ("conditions", conditions),
    ("parts", parts),
    ("part_files", part_files),
    ("services", services),
    ("scanner", scanner),
    ("engine", engine),
];

/// A record, or what should be one, through everything that is found out about it.
pub fn records(data: &[u8]) {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::default);
    let file = [b"{\"Records\":[".as_slice(), data, b"]}"].concat();
    let mut events = trial::outcome(&file, WINDOW, true).events;
    events.sort_by(|a, b| (a.time, a.id()).cmp(&(b.time, b.id())));
    for event in &events {
        let _ = (outcome::outcome(event), failure(event), denial(event), event.caller_kind());
        let _ = (resource::resources_of(event), event.principal_arn(), event.notification());
    }
    let chains = Chains::build(&events, &KNOWLEDGE);
    let history = History::new(&events, Dump::default());
    let found = diagnose(&events, &chains, &KNOWLEDGE, &history, None);
    let count = found.incidents.iter().map(|incident| incident.occurrences.len()).sum::<usize>();
    assert!(count <= events.len(), "more failures than calls");
}

/// A file of any form. However little of it is looked at together, it comes to the same.
pub fn envelopes(data: &[u8]) {
    let whole = trial::outcome(data, WINDOW, true);
    if data.len() <= 4_096 {
        assert_eq!(whole, trial::outcome(data, 61, true), "windows matter");
    }
}

/// A table.
pub fn csv(data: &[u8]) {
    let header = b"eventTime,eventSource,eventName,requestParameters\n".as_slice();
    envelopes(data);
    let _ = trial::outcome(&[header, data].concat(), WINDOW, true);
}

/// A compressed file, and what becomes of it when it is cut.
pub fn gzip(data: &[u8]) {
    let _ = trial::outcome(data, WINDOW, true);
    let body = [b"\x1f\x8b\x08".as_slice(), data].concat();
    let _ = trial::outcome(&body, WINDOW, true);
}

/// The text of an error.
pub fn denials(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (code, text) = text.split_once('\n').unwrap_or(("AccessDenied", &text));
    let said = denial::parse(text);
    let _ = said.layer();
    if let Some(parts) = denial::parts(text) {
        let joined: String = parts.iter().map(|(_, part)| part.as_str()).collect();
        let single: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(joined, single.join(" "), "parts leave something out");
    }
    for source in ["ec2.amazonaws.com", "lambda.amazonaws.com", "cloudformation.amazonaws.com"] {
        let _ = refusals::telling(source, Some("RunInstances"), code, text);
    }
    let _ = (secrets::masked(text), secrets::without(text));
}

fn asked() -> Request {
    let principal = "arn:aws:sts::111122223333:assumed-role/Build/session";
    let caller = Principal::parse(principal).expect("an ARN of a session");
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let resource = Resource::new(key).owned_by("111122223333");
    Request { context: Context::complete(), ..Request::new(caller, "kms:Decrypt", resource) }
}

/// A policy document, in every place where one can stand.
pub fn policies(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(policy) = Policy::parse(text) else { return };
    let again = Policy::from_value(policy.document());
    assert_eq!(again.map(|again| again.statements().len()), Ok(policy.statements().len()));
    let one = || AttachedPolicy::new(Default::default(), policy.clone());
    let request = asked();
    let none = Layers::none();
    let identity = Layers { identity: Presence::Known(vec![one()]), ..none.clone() };
    let resource = Layers { resource: Presence::Known(one()), ..none.clone() };
    let boundary = Layers { boundary: Presence::Known(vec![one()]), ..identity.clone() };
    for layers in [identity, resource, boundary] {
        denies_less_when_known(&evaluate(&request, &layers), &request, &layers);
    }
}

/// A key that is not known never turns a denial into an Allow.
fn denies_less_when_known(known: &Decision, request: &Request, layers: &Layers) {
    let mut partial = request.clone();
    for key in ["aws:SourceIp", "aws:PrincipalArn", "kms:ViaService", "aws:MultiFactorAuthPresent"]
    {
        partial.context.mark_unknown(key);
    }
    let partly = evaluate(&partial, layers);
    assert!(!(known.is_denied() && partly.is_allowed()), "what is unknown allows");
}

/// A condition block, and on a second line the context it is held against.
pub fn conditions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (condition, context) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(condition) = serde_json::from_str::<Value>(condition) else { return };
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition },
    ]});
    let Ok(policy) = Policy::from_value(&document) else { return };
    let mut request = asked();
    let context: Value = serde_json::from_str(context).unwrap_or_default();
    for (key, value) in context.as_object().into_iter().flatten() {
        match value {
            Value::String(value) => request.context.insert(key, value.as_str()),
            Value::Null => request.context.mark_absent(key),
            value => request.context.insert(key, value.to_string().as_str()),
        };
    }
    let attached = AttachedPolicy::new(Default::default(), policy);
    let layers = Layers { identity: Presence::Known(vec![attached]), ..Layers::none() };
    denies_less_when_known(&evaluate(&request, &layers), &request, &layers);
}

/// What a part holds, made up by a stranger who knows the format: two bytes for the length of the head,
/// the head, and the columns.
pub fn parts(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (head, columns) = rest.split_at(length);
    if let Ok(part) = trial::part(head, columns) {
        used(part);
    }
}

/// The file of a part.
pub fn part_files(data: &[u8]) {
    if let Ok(part) = Contribution::decode(data, std::path::Path::new("part")) {
        let file = part.encode().expect("it is in memory");
        let again = Contribution::decode(&file, std::path::Path::new("part"));
        used(again.expect("what is written can be read"));
    }
}

/// What can be read can be used, or is told to be damaged.
fn used(part: Contribution) {
    if let Ok(whole) = Contribution::merge(&mut std::iter::once(Ok(part))) {
        assert!(whole.ledger().records.kept < 1 << 50, "counts that cannot be");
    }
}

/// A service table of a user's.
pub fn services(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(own) = Table::parse(text) {
        let merged = Table::builtin().merge(&own);
        assert!(own.services().iter().all(|one| merged.get(&one.id).is_some()), "a row is lost");
        let _ = Knowledge::new(merged);
    }
}

/// The fast way of reading records beside the parser: the same is kept, counted and said.
pub fn scanner(data: &[u8]) {
    let fast = trial::outcome(data, WINDOW, true);
    assert_eq!(fast, trial::outcome(data, WINDOW, false), "the two ways differ");
    let file = [b"{\"Records\":[{\"eventVersion\":\"1.11\",".as_slice(), data, b"}]}"].concat();
    let fast = trial::outcome(&file, WINDOW, true);
    assert_eq!(fast, trial::outcome(&file, WINDOW, false), "the two ways differ");
}

/// The policy engine beside the naive evaluator of its tests, over a case that the bytes choose.
pub fn engine(data: &[u8]) {
    let mut seed = [0; 32];
    for (at, byte) in data.iter().enumerate() {
        if let Some(place) = seed.get_mut(at % 32) {
            *place ^= byte;
        }
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let Ok(case) = generate::case().new_tree(&mut runner) else { return };
    let case = case.current();
    let decision = evaluate(&support::request(&case), &support::layers(&case));
    let naive =
        |half_listed_is_spared| naive::Naive { case: &case, half_listed_is_spared }.result();
    let (spared, denied) = (naive(true), naive(false));
    if spared == denied {
        assert_eq!(decision.result.as_str(), spared, "{case:#}");
    } else {
        assert!(decision.unknown.contains(&Missing::NotPrincipal), "{case:#}");
        assert!(!decision.is_allowed(), "{case:#}");
    }
}
