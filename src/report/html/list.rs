//! The list of all incidents: a row for each, with what a reader looks for or sorts by.

use std::collections::{BTreeMap, BTreeSet};

use super::Whole;
use super::incident::headline;
use super::text::{date, grouped, percent, principal};
use crate::event::arn::Arn;
use crate::report::short::Place;
use crate::report::words::layer;
use crate::report::{Incident, PolicyRef};
use crate::wording::Sentence;

/// Rows of each list of the first page.
pub(super) const ROWS: usize = 400;

/// By what the list is filtered, beside the kind: the word in links, and the name.
pub(super) const FACETS: [(&str, Sentence); 6] = [
    ("layer", Sentence::new("html-facet-layer")),
    ("certainty", Sentence::new("html-facet-certainty")),
    ("account", Sentence::new("html-facet-account")),
    ("region", Sentence::new("html-facet-region")),
    ("service", Sentence::new("html-facet-service")),
    ("caller", Sentence::new("html-facet-caller")),
];

/// By what the list is sorted.
pub(super) const ORDERS: [(&str, Sentence); 4] = [
    ("worst", Sentence::new("html-sort-worst")),
    ("often", Sentence::new("html-sort-often")),
    ("last", Sentence::new("html-sort-last")),
    ("first", Sentence::new("html-sort-first")),
];

/// By what its rows are put together.
pub(super) const GROUPS: [(&str, Sentence); 5] = [
    ("", Sentence::new("html-group-none")),
    ("cause", Sentence::new("html-group-cause")),
    ("caller", Sentence::new("html-facet-caller")),
    ("layer", Sentence::new("html-facet-layer")),
    ("account", Sentence::new("html-facet-account")),
];

/// Keys that the page's script listens to.
pub(super) const KEYS: [(&str, Sentence); 5] = [
    ("j k", Sentence::new("html-key-next")),
    ("/", Sentence::new("html-key-search")),
    ("Enter", Sentence::new("html-key-open")),
    ("Esc", Sentence::new("html-key-back")),
    ("?", Sentence::new("html-key-help")),
];

/// An incident in the list.
pub(super) struct Row<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// Where it stands in full.
    pub(super) anchor: &'a str,
    /// Set when the incident is shown in full below.
    pub(super) in_full: bool,
    pub(super) headline: String,
    pub(super) kind_name: String,
    pub(super) layer: String,
    pub(super) effect: String,
    pub(super) certainty: String,
    pub(super) confidence: String,
    pub(super) count: String,
    pub(super) seen: String,
    pub(super) caller: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    /// The services whose actions were asked for or denied, with blanks between them.
    pub(super) services: String,
    /// What it has in common with all that one repair repairs; absent where it stands alone.
    pub(super) cause: Option<usize>,
    /// The change before it, where it shares its cause.
    pub(super) because: Option<String>,
    pub(super) times: u64,
    pub(super) first: &'a str,
    pub(super) last: &'a str,
}

impl<'a> Row<'a> {
    pub(super) fn of(whole: &Whole<'a>, in_full: usize) -> Vec<Self> {
        let incidents = &whole.report.incidents;
        let causes = causes(incidents.get(..ROWS).unwrap_or(incidents));
        let rows = incidents.iter().zip(causes).enumerate();
        rows.map(|(index, (incident, cause))| Row {
            cause,
            because: cause.and_then(|_| because(incident, whole)),
            in_full: index < in_full,
            anchor: whole.anchors.number(index + 1),
            ..Row::alone(incident, whole)
        })
        .collect()
    }

    fn alone(incident: &'a Incident, whole: &Whole<'a>) -> Self {
        let words = whole.words;
        let verdict = &incident.verdict;
        Row {
            id: &incident.id,
            anchor: "",
            in_full: false,
            headline: headline(incident, words),
            kind_name: words.say(&incident.kind.into()),
            layer: words.say(&layer(incident, verdict.layer)),
            effect: words.say(&verdict.effect.into()),
            certainty: words.say(&verdict.certainty.into()),
            confidence: percent(verdict.confidence),
            count: grouped(incident.count),
            seen: seen(incident),
            caller: caller(incident).map(principal),
            account: account(incident),
            region: region(incident),
            services: services(incident),
            cause: None,
            because: None,
            times: incident.count,
            first: &incident.first_seen,
            last: &incident.last_seen,
        }
    }
}

/// What was changed before, in short.
fn because(incident: &Incident, whole: &Whole<'_>) -> Option<String> {
    let change = incident.change.as_ref()?;
    Some(whole.short.text(&change.summary, Place::of(incident)))
}

/// Who asked; where that is not known, who was denied.
fn caller(incident: &Incident) -> Option<&str> {
    let asked = incident.root.as_ref().and_then(|root| root.principal_arn.as_deref());
    asked.or_else(|| incident.denied.as_ref()?.principal_arn.as_deref())
}

fn account(incident: &Incident) -> Option<&str> {
    let asked = incident.root.as_ref().and_then(|root| root.account_id.as_deref());
    asked.or_else(|| arns(incident).map(|arn| arn.account).find(|account| !account.is_empty()))
}

fn region(incident: &Incident) -> Option<&str> {
    let asked = incident.root.as_ref().and_then(|root| root.region.as_deref());
    asked.or_else(|| arns(incident).map(|arn| arn.region).find(|region| !region.is_empty()))
}

/// Who was denied, and on what.
fn arns(incident: &Incident) -> impl Iterator<Item = Arn<'_>> {
    let denied = incident.denied.iter();
    let named = denied.flat_map(|call| [call.principal_arn.as_deref(), call.resource.as_deref()]);
    named.flatten().filter_map(Arn::parse)
}

fn services(incident: &Incident) -> String {
    let asked = incident.root.iter().map(|root| &root.action);
    let denied = incident.denied.iter().map(|denied| &denied.action);
    let all = incident.actions.iter().map(|action| &action.action);
    let actions = asked.chain(denied).chain(all).chain(&incident.missing_steps);
    let services: BTreeSet<&str> =
        actions.filter_map(|action| Some(action.split_once(':')?.0)).collect();
    services.into_iter().collect::<Vec<_>>().join(" ")
}

/// The day, or the first and the last.
fn seen(incident: &Incident) -> String {
    let (first, last) = (date(&incident.first_seen), date(&incident.last_seen));
    if first == last { first } else { format!("{first} – {last}") }
}

/// A thing that two incidents have in common only if one cause is behind both.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Cause<'a> {
    Incident(&'a str),
    Change(&'a str),
    Statement(&'a str, Option<&'a str>, &'a str),
}

fn named(incident: &Incident) -> impl Iterator<Item = Cause<'_>> {
    let own = std::iter::once(incident.id.as_str());
    let related = own.chain(incident.related.iter().map(String::as_str)).map(Cause::Incident);
    let change = incident.change.iter().map(|change| Cause::Change(&change.event_id));
    related.chain(change).chain(incident.verdict.policy.as_ref().and_then(statement))
}

/// The deciding statement, where it has a name of its own.
fn statement(policy: &PolicyRef) -> Option<Cause<'_>> {
    let sid = policy.statement_sid.as_deref()?;
    // A policy with an ARN is the same wherever it is attached.
    Some(match policy.arn.as_deref() {
        Some(arn) => Cause::Statement(arn, None, sid),
        None => Cause::Statement(policy.name.as_deref()?, policy.attached_to.as_deref(), sid),
    })
}

/// For each incident the number of its cause, from 0 on; `None` where no other has it.
fn causes(incidents: &[Incident]) -> Vec<Option<usize>> {
    let mut group: Vec<usize> = (0..incidents.len()).collect();
    let mut first: BTreeMap<Cause<'_>, usize> = BTreeMap::new();
    for (index, incident) in incidents.iter().enumerate() {
        for cause in named(incident) {
            let before = *first.entry(cause).or_insert(index);
            let (one, other) = (group.get(before).copied(), group.get(index).copied());
            if let (Some(one), Some(other)) = (one, other) {
                let (keep, lose) = (one.min(other), one.max(other));
                group.iter_mut().filter(|own| **own == lose).for_each(|own| *own = keep);
            }
        }
    }
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for own in &group {
        *sizes.entry(*own).or_default() += 1;
    }
    let shared: Vec<usize> =
        sizes.into_iter().filter(|(_, size)| *size > 1).map(|(own, _)| own).collect();
    group.iter().map(|own| shared.iter().position(|known| known == own)).collect()
}
