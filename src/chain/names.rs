//! What `eventSource` and `eventName` alone say of a call, worked out once for each pair of them: an
//! export holds millions of calls and a few hundred names.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::knowledge::{Knowledge, Rows};
use crate::event::{self, CallerKind, Event, Field};

type Map<K, V> = HashMap<K, V, RandomState>;

/// Events numbered together.
const CHUNK: usize = 8192;
/// No pair has this number.
const NONE: u32 = u32::MAX;

/// Number of an IAM action among those of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ActionId(u32);

/// Number of an event source among those of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SourceId(u32);

/// Which way a KMS operation turns data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Decrypts,
    Encrypts,
    Neither,
}

/// A pair of event source and event name.
#[derive(Debug)]
pub(super) struct Name {
    pub action: ActionId,
    /// The action where the request names a version.
    versioned: Option<ActionId>,
    pub source: SourceId,
    /// Rows of the service table that such a call starts work of.
    pub started: Rows,
    /// Such a call may make a service take on a role.
    pub takes_on: bool,
    /// Such a call may say that it needs no key.
    pub may_be_keyless: bool,
    /// Such a call starts one run of a program.
    pub runs: bool,
    /// Such a call prepares what another carries out, or is that other.
    pub prepares: bool,
    /// The table speaks of calls to this service.
    pub covered: bool,
    pub reads: bool,
    /// Says that something came to its end.
    pub ends: bool,
    pub is_kms: bool,
    pub is_sts: bool,
    pub direction: Direction,
}

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Call,
    /// A service's note of its own work.
    ServiceEvent,
    /// What a service told Amazon EventBridge.
    Notification,
}

/// What of one event every step asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief {
    name: u32,
    pub kind: EventKind,
    /// Who signed it, as far as it tells by itself.
    pub signed: CallerKind,
}

/// All of an export, and which each event has.
#[derive(Debug)]
pub(super) struct Names<'e> {
    names: Vec<Name>,
    of: Vec<Brief>,
    actions: Vec<String>,
    sources: Map<&'e str, SourceId>,
}

impl<'e> Names<'e> {
    pub(super) fn new(events: &'e [Event], knowledge: &Knowledge) -> Self {
        // Every event is touched once: that is what costs, not what is done with it.
        let parts: Vec<Numbered<'_>> = events.par_chunks(CHUNK).map(numbered).collect();
        let mut pairs: Vec<Pair<'_>> =
            parts.iter().flat_map(|(pairs, _)| pairs.iter().copied()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut names = Names {
            names: Vec::new(),
            of: Vec::new(),
            actions: Vec::new(),
            sources: Map::default(),
        };
        let mut actions: Map<String, ActionId> = Map::default();
        for (source, name) in &pairs {
            let action = event::action::of_names(source, name);
            let versioned = event::action::versioned(&action);
            let mut number = |action: &str| match actions.get(action) {
                Some(id) => *id,
                None => {
                    let id = ActionId(names.actions.len() as u32);
                    names.actions.push(action.to_owned());
                    actions.insert(action.to_owned(), id);
                    id
                }
            };
            let (action, versioned) = (number(&action), versioned.map(&mut number));
            let next = SourceId(names.sources.len() as u32);
            let source_id = *names.sources.entry(source).or_insert(next);
            let is_kms = *source == "kms.amazonaws.com";
            let started = knowledge.started_by(source, name);
            names.names.push(Name {
                action,
                versioned,
                source: source_id,
                takes_on: knowledge.takes_on(&started),
                may_be_keyless: knowledge.may_be_keyless(&started),
                prepares: knowledge.prepares(source, name),
                runs: knowledge.starts_run(source, name),
                started,
                covered: knowledge.covers(source),
                reads: event::is_read_like(name),
                ends: says_end(name),
                is_kms,
                is_sts: *source == "sts.amazonaws.com",
                direction: if is_kms { direction(name) } else { Direction::Neither },
            });
        }
        let numbers: Map<(&str, &str), u32> = pairs.into_iter().zip(0..).collect();
        names.of = Vec::with_capacity(events.len());
        for (pairs, of) in parts {
            let ours: Vec<u32> =
                pairs.iter().map(|pair| numbers.get(pair).copied().unwrap_or(NONE)).collect();
            let global = |brief: Brief| Brief {
                name: ours.get(brief.name as usize).copied().unwrap_or(NONE),
                ..brief
            };
            names.of.extend(of.into_iter().map(global));
        }
        names
    }

    /// The name of the event at `index`.
    pub(super) fn of(&self, index: usize) -> Option<&Name> {
        self.get(self.of.get(index)?.name)
    }

    pub(super) fn number_of(&self, index: usize) -> u32 {
        self.of.get(index).map_or(NONE, |brief| brief.name)
    }

    /// What is known of the event at `index` without looking at it.
    pub(super) fn brief(&self, index: usize) -> Option<Brief> {
        self.of.get(index).copied()
    }

    /// Of every event its number, and who signed it as far as it tells.
    pub(super) fn into_numbers(self) -> (Vec<u32>, Vec<CallerKind>) {
        self.of.into_iter().map(|brief| (brief.name, brief.signed)).unzip()
    }

    /// Every event source, with its number.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&'e str, SourceId)> {
        self.sources.iter().map(|(source, id)| (*source, *id))
    }

    pub(super) fn all(&self) -> &[Name] {
        &self.names
    }

    pub(super) fn get(&self, number: u32) -> Option<&Name> {
        self.names.get(number as usize)
    }

    /// The action of an event, which is that at `index`.
    pub(super) fn action_of(&self, index: usize, event: &Event) -> ActionId {
        match self.of(index) {
            Some(Name { versioned: Some(versioned), .. })
                if event.request().is_some_and(|request| request.contains("ersionId"))
                    && event.request_value("versionId").is_some() =>
            {
                *versioned
            }
            Some(name) => name.action,
            None => ActionId(u32::MAX),
        }
    }

    /// Every action with its number.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&str, ActionId)> {
        (0..).map(ActionId).zip(&self.actions).map(|(id, text)| (text.as_str(), id))
    }

    pub(super) fn action_text(&self, action: ActionId) -> &str {
        self.actions.get(action.0 as usize).map(String::as_str).unwrap_or_default()
    }

    /// The number of an event source, where the export has calls to it.
    pub(super) fn source(&self, source: &str) -> Option<SourceId> {
        self.sources.get(source).copied()
    }
}

/// Event source and event name.
type Pair<'e> = (&'e str, &'e str);
/// The pairs of a part of the export, and which of them each event has.
type Numbered<'e> = (Vec<Pair<'e>>, Vec<Brief>);

fn numbered(events: &[Event]) -> Numbered<'_> {
    let mut pairs = Vec::new();
    let mut numbers: Map<(&str, &str), u32> = Map::default();
    let of = events
        .iter()
        .map(|event| {
            let pair = (event.source(), event.name());
            let name = *numbers.entry(pair).or_insert_with(|| {
                pairs.push(pair);
                pairs.len() as u32 - 1
            });
            Brief { name, kind: event_kind(event), signed: event.caller_kind() }
        })
        .collect();
    (pairs, of)
}

fn event_kind(event: &Event) -> EventKind {
    match event.get(Field::EventType) {
        Some("AwsServiceEvent") => EventKind::ServiceEvent,
        _ if event.is_notification() => EventKind::Notification,
        _ => EventKind::Call,
    }
}

fn says_end(name: &str) -> bool {
    ["End", "Complete", "Finish", "Cancel", "Fail"].iter().any(|word| name.starts_with(word))
        || ["Ended", "Completed", "Finished", "Cancelled", "Failed", "Succeeded"]
            .iter()
            .any(|word| name.ends_with(word))
}

fn direction(name: &str) -> Direction {
    match name {
        "Decrypt" => Direction::Decrypts,
        "Encrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => Direction::Encrypts,
        _ => Direction::Neither,
    }
}
