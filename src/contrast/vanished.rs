//! What a call made and what was gone later, though nobody's call in the log took it away: its own
//! maker was told that it does not exist, a service ended it right after, or the service's own
//! report says that the work failed.
//!
//! Nothing has to be comparable for that, and no step has to be visible. EC2 checks a volume's key
//! only after it has answered (EBS user guide, "Amazon EBS encryption"), and other services make
//! clusters, databases and mount targets in the same way.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::shape::may_belong;
use crate::chain::Chains;
use crate::event::action::operation;
use crate::event::{self, CallerKind, Event, Failure, Field, IdentityType, Time, json};

/// A call whose work was gone later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vanished {
    /// Position of the call.
    pub call: usize,
    /// What it made, as the log names it.
    pub id: String,
    /// How that it is gone is known.
    pub end: End,
    /// Position of the event that tells so.
    pub told_by: usize,
}

/// How it is known that a thing is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The service reported that the work failed.
    Reported,
    /// Its maker asked for it and it was not found.
    NotFound,
    /// A service ended it right after, more than once.
    EndedByService,
}

/// What was just made may not be known everywhere for some seconds (EC2 API reference, "Eventual
/// consistency").
const CONSISTENT_SECONDS: i64 = 15;
/// What is not found later than this may have ended in ways that no trail shows.
const LATEST_SECONDS: i64 = 6 * 3600;
/// What a service ends within this was no use to anybody.
const AT_ONCE_SECONDS: i64 = 300;
/// So many in a row are no chance.
const IN_A_ROW: usize = 2;
/// What was seen so long ago may have ended in ways that no trail shows: EC2 forgets an instance an hour
/// after its end (EC2 user guide, "Terminate Amazon EC2 instances").
const UNSEEN_SECONDS: i64 = 3600;
/// What was used this long after it was made had come to be.
const USED_SECONDS: i64 = 60;

/// First words of operations that make something that then has a life of its own.
const MAKING: [&str; 14] = [
    "Create",
    "Run",
    "Start",
    "Copy",
    "Restore",
    "Launch",
    "Allocate",
    "Import",
    "Request",
    "Provision",
    "Register",
    "Clone",
    "Submit",
    "Purchase",
];

/// First words of operations that end something.
const ENDING: [&str; 15] = [
    "Delete",
    "Terminate",
    "Remove",
    "Deregister",
    "Release",
    "Destroy",
    "Purge",
    "Cancel",
    "Stop",
    "Abort",
    "Retire",
    "Expire",
    "Schedule",
    "Decommission",
    "Shutdown",
];

/// An event that tells that something is gone.
struct EndReport {
    by: usize,
    end: End,
    names: BTreeSet<String>,
}

/// A call that made something, and the event that tells that it is gone.
struct Made<'t> {
    call: usize,
    id: String,
    report: &'t EndReport,
}

/// Everything of the export that was made and gone later, in order of time; one for each call.
pub fn vanished(events: &[Event], chains: &Chains) -> Vec<Vanished> {
    let report: Vec<EndReport> = (0..events.len())
        .into_par_iter()
        .filter_map(|index| report(events, chains, index))
        .collect();
    let mut by_name: BTreeMap<&str, Vec<&EndReport>> = BTreeMap::new();
    for one in &report {
        for name in &one.names {
            by_name.entry(name).or_default().push(one);
        }
    }
    if by_name.is_empty() {
        return Vec::new();
    }
    let makes = |index: &usize| events.get(*index).is_some_and(makes);
    let made: Vec<Made<'_>> = (0..events.len())
        .into_par_iter()
        .filter(|index| makes(index) && chains.copy_of(*index).is_none())
        .flat_map_iter(|index| made(events, chains, index, &by_name))
        .collect();
    let refusals: Vec<usize> =
        (0..events.len()).into_par_iter().filter(|index| is_refused(events, *index)).collect();
    let lives = Lives::of(events, made.iter().map(|one| one.id.as_str()).collect());
    let mut found: BTreeMap<usize, Vanished> = BTreeMap::new();
    for one in &made {
        if lives.explain(events, one) || refusal_explains(events, chains, one, &refusals) {
            continue;
        }
        let (call, id, end, told_by) = (one.call, one.id.clone(), one.report.end, one.report.by);
        let vanished = Vanished { call, id, end, told_by };
        let better = found.get(&call).is_none_or(|had| (end, told_by) < (had.end, had.told_by));
        if better {
            found.insert(call, vanished);
        }
    }
    in_a_row(events, found)
}

fn is(words: &[&str], event: &Event) -> bool {
    words.iter().any(|word| event.name().starts_with(word))
}

fn makes(event: &Event) -> bool {
    let ends_itself =
        PREPARING.iter().any(|(source, name)| event.source() == *source && event.name() == *name);
    !event.failed() && event.read_only != Some(true) && is(&MAKING, event) && !ends_itself
}

/// What is made to be used up: a change set is gone when it was executed (CloudFormation user guide,
/// "Updating stacks using change sets").
const PREPARING: [(&str, &str); 2] = [
    ("cloudformation.amazonaws.com", "CreateChangeSet"),
    ("cloudformation.amazonaws.com", "CreateStackRefactor"),
];

/// What an event tells to be gone.
fn report(events: &[Event], chains: &Chains, index: usize) -> Option<EndReport> {
    let event = events.get(index)?;
    if let Some(work) = chains.failed_work(index) {
        let may_be_refusal = work.message.as_deref().is_none_or(|message| {
            event::outcome::classify(event.source(), None, Some(message)).is_refusal()
                || message.contains(":key/")
        });
        let raw = [Field::ServiceEventDetails, Field::AdditionalEventData, Field::Resources];
        let raw = raw.iter().filter_map(|field| event.get(*field));
        let names = raw.flat_map(|raw| names_in(raw, is_id)).collect();
        return may_be_refusal.then_some(EndReport { by: index, end: End::Reported, names });
    }
    if event.failed() {
        if event::failure(event) != Some(Failure::NotFound) {
            return None;
        }
        let text = event::outcome::error_text(event)?;
        let words: BTreeSet<&str> = words(&text).collect();
        let mut names = names_in(event.request()?, |name| words.contains(name));
        names.extend(words.into_iter().filter(|word| is_id(word)).map(str::to_owned));
        return (!names.is_empty()).then_some(EndReport { by: index, end: End::NotFound, names });
    }
    let is_service = || {
        event.identity_type == IdentityType::AwsService
            || chains.caller_kind(index, event) == CallerKind::ServiceLinkedRole
    };
    if is(&ENDING, event) && is_service() && is_unasked(events, chains, index) {
        let names = names_in(event.request()?, is_id);
        return (!names.is_empty()).then_some(EndReport {
            by: index,
            end: End::EndedByService,
            names,
        });
    }
    None
}

/// Whether no user's call in the log led to a call.
fn is_unasked(events: &[Event], chains: &Chains, index: usize) -> bool {
    let root = chains.root(index);
    events.get(root).is_none_or(|event| chains.caller_kind(root, event) != CallerKind::Direct)
}

/// What a call made of which something tells that it is gone.
fn made<'t>(
    events: &[Event],
    chains: &Chains,
    index: usize,
    by_name: &BTreeMap<&str, Vec<&'t EndReport>>,
) -> Vec<Made<'t>> {
    let Some(event) = events.get(index) else { return Vec::new() };
    let given = names_in(event.response().unwrap_or_default(), |name| by_name.contains_key(name));
    let mut made = Vec::new();
    for id in given {
        let report = by_name.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
        // What is told stands in order of time; of most names far more is told than of what one call made.
        let is_before =
            |one: &&EndReport| events.get(one.by).is_some_and(|end| end.time < event.time);
        let later = report.get(report.partition_point(|one| is_before(one))..).unwrap_or_default();
        let mut later = later.iter().filter(|one| may_fit(events, event, one)).peekable();
        if later.peek().is_none() {
            continue;
        }
        // A name that the caller gave may be that of other things as well.
        let request = event.request().unwrap_or_default();
        let is_new = names_in(request, |name| name == id).is_empty();
        for report in later.filter(|one| fits(events, chains, (index, is_new), &id, one)) {
            made.push(Made { call: index, id: id.clone(), report });
        }
    }
    made
}

/// Whether place and time allow that what is told speaks of what a call made.
fn may_fit(events: &[Event], event: &Event, report: &EndReport) -> bool {
    let Some(end) = events.get(report.by) else { return false };
    let after = end.time.seconds_since(event.time);
    let in_time = match report.end {
        End::Reported => after >= 0,
        End::EndedByService => (0..=AT_ONCE_SECONDS).contains(&after),
        End::NotFound => (CONSISTENT_SECONDS..=LATEST_SECONDS).contains(&after),
    };
    in_time && end.account() == event.account() && end.region() == event.region()
}

/// Whether what is told speaks of what a call made, and of what became of that; `is_new` says that the
/// name is the service's.
fn fits(
    events: &[Event],
    chains: &Chains,
    (call, is_new): (usize, bool),
    id: &str,
    report: &EndReport,
) -> bool {
    let (Some(event), Some(end)) = (events.get(call), events.get(report.by)) else { return false };
    match report.end {
        End::Reported => is_new,
        End::EndedByService => is_id(id) && is_new,
        End::NotFound => {
            end.source() == event.source()
                && is_same_thing(end, event, id, is_new)
                && is_maker(events, chains, call, end)
        }
    }
}

/// Whether who asked for it is who made it, or who had it made.
fn is_maker(events: &[Event], chains: &Chains, call: usize, asks: &Event) -> bool {
    let by = super::principal(asks);
    [call, chains.asked(call, events)]
        .into_iter()
        .filter_map(|index| events.get(index))
        .any(|event| super::principal(event) == by)
}

/// Whether an error speaks of the thing itself and not of something that belongs to it: by the
/// code (`InvalidVolume.NotFound`), or, where that names no thing, by the operation.
fn is_same_thing(error: &Event, making: &Event, id: &str, is_new: bool) -> bool {
    let made = thing(making);
    let code = thing_of_code(error.error_code().unwrap_or_default());
    if code.is_empty() || code == "resource" || code == "entity" {
        return thing(error) == made;
    }
    let prefix = id.split('-').next().unwrap_or_default();
    made.starts_with(&code) || is_new && code == prefix
}

/// What an operation is on, in lower case and singular: `volume` of `DescribeVolumes`.
fn thing(event: &Event) -> String {
    let name = operation(event.name());
    let second = name.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase());
    let thing = second.and_then(|(at, _)| name.get(at..)).unwrap_or_default();
    singular(thing)
}

fn singular(word: &str) -> String {
    let word = word.to_ascii_lowercase();
    word.strip_suffix('s').map_or_else(|| word.clone(), str::to_owned)
}

/// What an error code says is not found: `volume` of `Client.InvalidVolume.NotFound`.
fn thing_of_code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    let code = ["Client.", "Server."].iter().fold(code, |c, p| c.strip_prefix(p).unwrap_or(c));
    let mut code = code.to_ascii_lowercase();
    for word in EMPTY_WORDS {
        code = code.replace(word, "");
    }
    singular(code.strip_suffix("id").unwrap_or(&code))
}

/// Parts of error codes that name no thing.
const EMPTY_WORDS: [&str; 10] = [
    "invalid",
    "notfound",
    "nosuch",
    "doesnotexist",
    "nonexistent",
    "exception",
    "fault",
    "error",
    "unknown",
    ".",
];

fn is_refused(events: &[Event], index: usize) -> bool {
    let event = events.get(index);
    event.is_some_and(|e| e.failed() && event::failure(e).is_some_and(Failure::is_refusal))
}

/// Whether a refusal in the log, below the call or near it, may be what became of it.
fn refusal_explains(
    events: &[Event],
    chains: &Chains,
    made: &Made<'_>,
    refusals: &[usize],
) -> bool {
    let (Some(event), Some(end)) = (events.get(made.call), events.get(made.report.by)) else {
        return true;
    };
    let members = chains.members(chains.asked(made.call, events));
    if members.into_iter().any(|member| is_refused(events, member)) {
        return true;
    }
    let from = event.time.plus_seconds(-EARLY_SECONDS);
    let near = event.time.plus_seconds(USED_SECONDS);
    let is_before = |index: &usize| events.get(*index).is_some_and(|e| e.time < from);
    let first = refusals.partition_point(is_before);
    let later = refusals.get(first..).unwrap_or_default().iter().copied();
    later.take_while(|index| events.get(*index).is_some_and(|e| e.time <= end.time)).any(|index| {
        let Some(refusal) = events.get(index) else { return false };
        let is_made_for = refusal.caller_kind() != CallerKind::Direct;
        let is_of_maker = super::principal(refusal) == super::principal(event);
        names_the(refusal, &made.id)
            || refusal.time <= near
                && is_made_for
                && is_of_maker
                && refusal.account() == event.account()
                && may_belong(chains, index, made.call)
    })
}

/// A step can be stamped so much before its call.
const EARLY_SECONDS: i64 = 5;

fn names_the(event: &Event, id: &str) -> bool {
    let raw = [Field::RequestParameters, Field::Resources, Field::AdditionalEventData];
    raw.iter().filter_map(|field| event.get(*field)).any(|raw| raw.contains(id))
        || event.error_message().is_some_and(|text| words(text).any(|word| word == id))
}

/// What happened to things, by name.
struct Lives {
    by_name: BTreeMap<String, Vec<Use>>,
}

/// A call that named a thing and succeeded.
struct Use {
    by: usize,
    time: Time,
    ends: bool,
    touches: bool,
    reads: bool,
}

impl Lives {
    fn of(events: &[Event], names: BTreeSet<&str>) -> Lives {
        let mut by_name: BTreeMap<String, Vec<Use>> = BTreeMap::new();
        if names.is_empty() {
            return Lives { by_name };
        }
        for (by, event) in events.iter().enumerate().filter(|(_, event)| !event.failed()) {
            let reads = event.read_only == Some(true) || event::is_read_like(event.name());
            let ends = is(&ENDING, event);
            let touches = !reads && !ends && !event.name().contains("Tag");
            let named = names_in(event.request().unwrap_or_default(), |name| names.contains(name));
            for name in named {
                by_name.entry(name).or_default().push(Use {
                    by,
                    time: event.time,
                    ends,
                    touches,
                    reads,
                });
            }
        }
        Lives { by_name }
    }

    /// Whether what is told of a thing has a reason in the log: somebody took it away, or it was
    /// there all the time.
    fn explain(&self, events: &[Event], made: &Made<'_>) -> bool {
        let (Some(event), Some(end)) = (events.get(made.call), events.get(made.report.by)) else {
            return true;
        };
        let uses = self.by_name.get(&made.id).into_iter().flatten().filter(|one| {
            one.by != made.call
                && one.by != made.report.by
                && events
                    .get(one.by)
                    .is_some_and(|e| e.source() == event.source() && e.account() == event.account())
        });
        let used = event.time.plus_seconds(USED_SECONDS);
        // Who saw it for a while and asks again long after looks for what ended meanwhile.
        let is_long_after = |one: &Use| end.time.seconds_since(one.time) > UNSEEN_SECONDS;
        uses.filter(|one| one.time >= event.time).any(|one| {
            let is_before = one.time <= end.time;
            is_before && (one.ends || one.touches)
                || is_before && one.reads && one.time >= used && is_long_after(one)
                || !is_before && made.report.end != End::Reported && !one.ends
        })
    }
}

/// Without what services ended only once: that happens for many reasons. Of what a principal made
/// in this way from the first such to the last, most must have ended so.
fn in_a_row(events: &[Event], found: BTreeMap<usize, Vanished>) -> Vec<Vanished> {
    let key = |index: usize| {
        let event = events.get(index)?;
        Some((super::principal(event), event.name(), event.account(), event.region()))
    };
    let mut ended: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for one in found.values().filter(|one| one.end == End::EndedByService) {
        ended.entry(key(one.call)).or_default().push(one.call);
    }
    let lone: BTreeSet<usize> = ended
        .into_iter()
        .filter(|(of, calls)| {
            let (Some(first), Some(last)) = (calls.first(), calls.last()) else { return true };
            let alike = (*first..=*last)
                .filter(|index| events.get(*index).is_some_and(makes) && key(*index) == *of);
            calls.len() < IN_A_ROW || alike.count() > calls.len()
        })
        .flat_map(|(_, calls)| calls)
        .collect();
    found.into_values().filter(|one| !lone.contains(&one.call)).collect()
}

/// The names in a JSON document that are wanted: whole texts, the ends of ARNs, and ids anywhere.
fn names_in(raw: &str, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    json::leaves(raw, |_, value| {
        let end = value.strip_prefix("arn:").and_then(|arn| arn.rsplit([':', '/']).next());
        let ids = words(value).filter(|word| is_id(word));
        for name in std::iter::once(value).chain(end).chain(ids) {
            if name.len() >= SHORTEST_NAME && is_wanted(name) {
                names.insert(name.to_owned());
            }
        }
    });
    names
}

/// A shorter text names nothing.
const SHORTEST_NAME: usize = 3;

/// The words of a text that can be names, as ids are in ARNs and sentences.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        .filter(|word| word.len() >= SHORTEST_NAME)
}

/// Whether a word looks like an id that a service gave: it ends in a long part with digits, as no
/// Region, date or name in words does.
fn is_id(word: &str) -> bool {
    let is_long = |part: &str| {
        part.len() >= LONG_PART
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
            && part.bytes().any(|b| b.is_ascii_digit())
    };
    word.rsplit_once('-').is_some_and(|(_, part)| is_long(part))
}

/// The last part of an id has at least so many characters.
const LONG_PART: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        for id in ["vol-0aaaaaaaaaaaaaaa1", "ami-12345678", "0a1b2c3d-1111-4222-8333-444455556666"]
        {
            assert!(is_id(id), "{id}");
        }
        for name in ["eu-central-1", "eu-central-1a", "2026-05-04", "web-server", "111122223333"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn error_codes_tell_what_was_not_found() {
        for (code, want) in [
            ("Client.InvalidVolume.NotFound", "volume"),
            ("InvalidInstanceID.NotFound", "instance"),
            ("InvalidAMIID.NotFound", "ami"),
            ("DBInstanceNotFoundFault", "dbinstance"),
            ("ClusterNotFoundException", "cluster"),
            ("MountTargetNotFound", "mounttarget"),
            ("com.amazonaws.x#FileSystemNotFound", "filesystem"),
            ("ResourceNotFoundException", "resource"),
            ("NoSuchEntityException", "entity"),
        ] {
            assert_eq!(thing_of_code(code), want, "{code}");
        }
    }
}
