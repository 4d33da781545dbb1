//! Where in the page each incident stands: under its own id, so that links to it last, where that
//! is an id of this program and no text of a stranger.

use std::collections::BTreeMap;

use super::list::ROWS;
use crate::report::Incident;
use crate::report::piece::pieces;

/// How incident ids begin.
const PREFIX: &str = "inc-";
/// Letters of an incident id at most.
const LONGEST: usize = 64;

/// The anchors of all incidents of a page.
pub(super) struct Anchors {
    by_number: Vec<String>,
    by_id: BTreeMap<String, String>,
}

/// A piece of a running text.
pub(super) enum Piece<'t> {
    /// Prose.
    Said(&'t str),
    /// An ARN.
    Arn(&'t str),
    /// The id of an incident, and where that stands.
    Incident(&'t str, &'t str),
}

impl Anchors {
    pub(super) fn of(incidents: &[Incident]) -> Anchors {
        let mut anchors = Anchors { by_number: Vec::new(), by_id: BTreeMap::new() };
        for (incident, number) in incidents.iter().zip(1..) {
            let is_own = is_id(&incident.id) && !anchors.by_id.contains_key(&incident.id);
            let anchor = if is_own { incident.id.clone() } else { format!("whole-{number}") };
            // What stands neither in full nor in the list is no place to go to.
            if is_own && number <= ROWS {
                anchors.by_id.insert(incident.id.clone(), anchor.clone());
            }
            anchors.by_number.push(anchor);
        }
        anchors
    }

    /// Where the incident stands that has this number, from 1 on.
    pub(super) fn number(&self, number: usize) -> &str {
        let index = number.checked_sub(1);
        index.and_then(|index| self.by_number.get(index)).map_or("incidents", String::as_str)
    }

    /// The text in pieces: prose, ARNs, and incidents that stand in the page.
    pub(super) fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        let mut all = Vec::new();
        for piece in pieces(text) {
            match piece.is_arn {
                true => all.push(Piece::Arn(piece.text)),
                false => self.with_incidents(piece.text, &mut all),
            }
        }
        all
    }

    fn with_incidents<'t>(&'t self, text: &'t str, all: &mut Vec<Piece<'t>>) {
        let mut rest = text;
        while let Some(start) = rest.find(PREFIX) {
            let (before, from) = rest.split_at(start);
            let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
            let (id, after) = from.split_at(from.find(ends).unwrap_or(from.len()));
            all.push(Piece::Said(before));
            all.push(match self.by_id.get(id) {
                Some(anchor) => Piece::Incident(id, anchor),
                None => Piece::Said(id),
            });
            rest = after;
        }
        all.push(Piece::Said(rest));
    }
}

fn is_id(id: &str) -> bool {
    id.len() <= LONGEST
        && id.strip_prefix(PREFIX).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_this_program_become_anchors() {
        for (id, expected) in [
            ("inc-05cfc93b56fbe99b", true),
            ("inc-7-2", true),
            ("inc-", false),
            ("coverage", false),
            ("inc-\" onclick=x", false),
            ("inc-é", false),
        ] {
            assert_eq!(is_id(id), expected, "{id}");
        }
        assert!(!is_id(&format!("inc-{}", "a".repeat(80))));
    }
}
