//! What an id that someone typed names among the events: an event, a request, an incident, or a
//! thing that events are about.

use std::collections::BTreeSet;

use memchr::memmem;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::event::{self, Event, Field};
use crate::report::explanation::{Asked, FoundAs};
use crate::report::{Incident, Report, sanitize};
use crate::wording::Sentence;

/// Ids offered in the place of one that nothing has.
const NEAR: usize = 3;

/// Fewer digits are no beginning of an incident's id.
const FEWEST: usize = 6;

/// Shorter words name too much.
const SHORTEST: usize = 3;

/// Finds what `id` names. `report` gives the incidents.
///
/// # Errors
/// When nothing has the id; the message names those that look like it.
pub(super) fn find(id: &str, events: &[Event], report: &Report) -> Result<Asked> {
    let asked = |found_as, events| Asked { id: id.to_owned(), found_as, events };
    let id = id.trim();
    if let Some(index) = event(id, events) {
        return Ok(asked(FoundAs::Event, vec![index]));
    }
    if let Some(incident) = incident(id, report) {
        let denied = incident.denied.as_ref().map(|denied| denied.event_id.as_str());
        let root = incident.root.as_ref().and_then(|root| root.event_id.as_deref());
        if let Some(index) = denied.or(root).and_then(|id| event(id, events)) {
            return Ok(asked(FoundAs::Incident, vec![index]));
        }
    }
    let requests = positions(events, |event| is_of_request(event, id));
    if !requests.is_empty() {
        return Ok(asked(FoundAs::Request, requests));
    }
    let named = positions(events, mentioning(id));
    if !named.is_empty() {
        return Ok(asked(FoundAs::Resource, named));
    }
    Err(Error::Said(unknown(id, events, report)))
}

/// Says of a call whether [`find`] may find it by this id.
pub(super) fn naming(id: &str) -> impl Fn(&Event) -> bool + Sync {
    let id = id.trim();
    let mentions = mentioning(id);
    move |event| event.id().eq_ignore_ascii_case(id) || is_of_request(event, id) || mentions(event)
}

fn is_of_request(event: &Event, id: &str) -> bool {
    [Field::RequestId, Field::SharedEventId]
        .into_iter()
        .any(|field| event.get(field).is_some_and(|other| other.eq_ignore_ascii_case(id)))
}

/// Says of a call whether it has the id as a word of its own; of none, where that names too much.
fn mentioning(id: &str) -> impl Fn(&Event) -> bool + Sync {
    let word = Some(id).filter(|id| id.len() >= SHORTEST);
    let word = word.map(|id| unique_tail(id).unwrap_or(id));
    let finder = word.map(memmem::Finder::new);
    move |event| {
        let holds = |finder: &memmem::Finder<'_>| finder.find(event.content().1.as_bytes());
        finder.as_ref().and_then(holds).is_some() && word.is_some_and(|word| names(event, word))
    }
}

/// The incident with this id, or the only one whose id begins so: indexes show the first digits.
fn incident<'r>(id: &str, report: &'r Report) -> Option<&'r Incident> {
    const PREFIX: &str = "inc-";
    if let Some(incident) = report.incidents.iter().find(|incident| incident.id == id) {
        return Some(incident);
    }
    let digits = id.strip_prefix(PREFIX).unwrap_or(id).to_ascii_lowercase();
    let is_begun = digits.len() >= FEWEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let begins = |incident: &&Incident| {
        incident.id.strip_prefix(PREFIX).is_some_and(|known| known.starts_with(&digits))
    };
    let mut found = report.incidents.iter().filter(|_| is_begun).filter(begins);
    found.next().filter(|_| found.next().is_none())
}

fn event(id: &str, events: &[Event]) -> Option<usize> {
    events.iter().position(|event| event.id().eq_ignore_ascii_case(id))
}

fn positions(events: &[Event], holds: impl Fn(&Event) -> bool + Sync) -> Vec<usize> {
    let found = events.par_iter().enumerate().filter(|(_, event)| holds(event));
    found.map(|(index, _)| index).collect()
}

/// The end of an ARN where it is an id that nothing else has, such as a volume's or a key's: most
/// records have only that.
fn unique_tail(id: &str) -> Option<&str> {
    let tail = id.strip_prefix("arn:")?.rsplit(['/', ':']).next()?;
    let digits = tail.rsplit('-').next()?;
    let unique = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    unique.then_some(tail)
}

/// Whether a text of the event has the id as a word of its own: `vol-1` is not in `vol-12`.
fn names(event: &Event, id: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    event.texts().any(|text| {
        text.match_indices(id).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + id.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(joins) && !after.is_some_and(joins)
        })
    })
}

fn unknown(id: &str, events: &[Event], report: &Report) -> Sentence {
    let shown = sanitize::clip(&sanitize::line(id), 100);
    let near = near(id, events, report);
    let hint = match near.is_empty() {
        true => Sentence::new("message-what-is-an-id"),
        false => Sentence::new("message-near-ids").arg("near", near.join(", ")),
    };
    Sentence::new("message-no-such-id").arg("id", shown).arg("hint", hint)
}

/// The ids that share most with `id` at both ends: one letter wrong, one missing, a piece cut off.
fn near(id: &str, events: &[Event], report: &Report) -> Vec<String> {
    let incidents = report.incidents.iter().map(|incident| incident.id.clone());
    let mut best: BTreeSet<(std::cmp::Reverse<usize>, String)> = BTreeSet::new();
    let mut offer = |known: String| {
        let shared = shared(id, &known);
        if shared * 2 > id.len() && shared * 2 > known.len() {
            best.insert((std::cmp::Reverse(shared), known));
            while best.len() > NEAR {
                best.pop_last();
            }
        }
    };
    incidents.for_each(&mut offer);
    for event in events {
        offer(event.id().to_owned());
        event.get(Field::RequestId).map(str::to_owned).map(&mut offer);
        for resource in event::resource::resources_of(event) {
            let tail = resource.id.rsplit([':', '/']).next().map(str::to_owned);
            tail.map(&mut offer);
            offer(resource.id);
        }
    }
    best.into_iter().map(|(_, known)| format!("`{}`", sanitize::line(&known))).collect()
}

/// Bytes that two words have in common at their beginnings and ends.
fn shared(one: &str, other: &str) -> usize {
    let equal = |(a, b): &(u8, u8)| a.eq_ignore_ascii_case(b);
    let shorter = one.len().min(other.len());
    let head = one.bytes().zip(other.bytes()).take_while(equal).count();
    let tail = one.bytes().rev().zip(other.bytes().rev()).take_while(equal).count();
    head + tail.min(shorter - head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_looked_for_by_the_id_in_it() {
        let volume = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a1b2c3d4e5f60718";
        assert_eq!(unique_tail(volume), Some("vol-0a1b2c3d4e5f60718"));
        assert_eq!(unique_tail("arn:aws:iam::111122223333:role/deploy"), None);
        assert_eq!(unique_tail("vol-0a1b2c3d4e5f60718"), None);
    }

    #[test]
    fn words_are_near_when_one_place_is_wrong() {
        let word = "vol-0a1b2c3d4e5f60718";
        for wrong in ["vol-0a1b2c3d4f5f60718", "vol-0a1b2c3d4e5f6071", "vol-0a1b2c3d45f60718"] {
            assert!(shared(wrong, word) * 2 > word.len(), "{wrong}");
        }
        assert!(shared("vol-0a999", word) * 2 < word.len());
        assert_eq!(shared("aa", "aaa"), 2);
    }
}
