//! A comparison as headings, lines and tables, for whatever prints such: what stands where is decided here once.

use super::groups::{ActionFactors, Counts, Group, Groups};
use super::side_by_side::{RecordDifference, SideBySide, StepPair};
use super::{Change, Outcome, Step, words};
use crate::wording::{Sentence, Wording};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What fits on a screen: where they part, and what differs there.
    Screen,
    /// Everything that differs.
    Full,
    /// What is the same, too.
    All,
}

/// The comparison, from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

/// One piece of it.
#[derive(Debug)]
pub(super) enum Part {
    Heading(String),
    /// A sentence.
    Line(String),
    /// The sentence that matters most.
    Strong(String),
    Table(Table),
}

/// Columns by their names, and rows.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// What stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) sort: Sort,
}

/// Whose value a cell has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Words.
    Plain,
    /// A value that both have.
    Same,
    /// That of the failure, where it differs.
    Failed,
    /// That of the success.
    Worked,
}

/// Stands for what one side has not.
pub(super) const ABSENT: &str = "–";

/// Rows on a screen: steps, differences, changes.
pub(super) const STEPS: usize = 8;
pub(super) const DIFFERENCES: usize = 10;
pub(super) const CHANGES: usize = 2;
/// Actions and rows about one of them.
pub(super) const ACTIONS: usize = 6;
pub(super) const FACTORS: usize = 3;

impl Cell {
    fn plain(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), sort: Sort::Plain }
    }

    fn of(side: Option<String>, sort: Sort) -> Cell {
        match side {
            Some(text) => Cell { text, sort },
            None => Cell::plain(ABSENT),
        }
    }
}

/// Two chains.
pub(super) fn of_chains(found: &SideBySide, detail: Detail, wording: &Wording) -> Leaf {
    let say = |sentence: Sentence| wording.say(&sentence);
    let mut leaf = Leaf { title: say(Sentence::new("beside-title")), parts: Vec::new() };
    let mut rows = Vec::new();
    let chains =
        [("beside-failed", Some(&found.failed)), ("beside-succeeded", found.succeeded.as_ref())];
    for (label, told) in chains {
        let Some(told) = told else { continue };
        let root = told.chain.first();
        let chain = Sentence::new("beside-chain")
            .arg("action", root.map_or("?", |root| root.action.as_str()))
            .arg("time", root.map_or("?", |root| root.event_time.as_str()))
            .arg("id", &told.root_event_id);
        let label = match label {
            "beside-failed" => Sentence::new("beside-failed"),
            _ => Sentence::new("beside-succeeded"),
        };
        rows.push(format!("{}: {}", say(label), say(chain)));
    }
    leaf.parts.extend(rows.into_iter().map(Part::Line));
    leaf.parts.extend(found.because.clone().map(Part::Line));
    leaf.parts.push(Part::Strong(say(parting(found, wording))));
    leaf.parts.extend(found.weakest(wording).map(Part::Line));
    leaf.parts.push(Part::Heading(say(Sentence::new("beside-steps"))));
    leaf.parts.push(Part::Table(steps(found, detail, wording)));
    for (at, pair) in found.told(detail) {
        let title = Sentence::new("beside-step").arg("number", at + 1).arg("action", pair.action());
        let most = if detail == Detail::Screen { DIFFERENCES } else { usize::MAX };
        let mut rows = differing(pair, detail, wording);
        rows.truncate(most);
        if detail == Detail::All {
            let same = pair.same.iter().map(|one| {
                let value = || Cell { text: one.value.clone(), sort: Sort::Same };
                vec![Cell::plain(&one.member), value(), value()]
            });
            rows.extend(same);
        }
        if !rows.is_empty() {
            leaf.parts.push(Part::Heading(say(title)));
            let head = ["column-differs", "column-failed", "column-succeeded"];
            leaf.parts.push(Part::Table(Table { head: heads(head, wording), rows }));
        }
    }
    leaf.changes(&found.changes, found.changes_left_out, detail, wording);
    let hidden = found.hidden(detail);
    if hidden > 0 {
        let more = Sentence::new("beside-more").arg("count", hidden);
        leaf.parts.push(Part::Line(say(more)));
    }
    leaf
}

fn heads<const N: usize>(of: [&str; N], wording: &Wording) -> Vec<String> {
    let sentence = |name: &str| match name {
        "column-differs" => Sentence::new("column-differs"),
        "column-failed" => Sentence::new("column-failed"),
        "column-succeeded" => Sentence::new("column-succeeded"),
        "column-step" => Sentence::new("column-step"),
        "column-one" => Sentence::new("column-one"),
        "column-other" => Sentence::new("column-other"),
        "column-action" => Sentence::new("column-action"),
        "column-p" => Sentence::new("column-p"),
        _ => Sentence::new("column-what"),
    };
    of.iter().map(|name| wording.say(&sentence(name))).collect()
}

/// Where they part.
pub(super) fn parting(found: &SideBySide, wording: &Wording) -> Sentence {
    if found.succeeded.is_none() {
        return Sentence::new("beside-no-success");
    }
    let Some(pair) = found.parts_at.and_then(|at| found.steps.get(at)) else {
        return Sentence::new("beside-do-not-part");
    };
    let outcome = |step: Option<&Step>| {
        wording.say(&match step {
            Some(step) => step.outcome.into(),
            None => Sentence::new("beside-not-there"),
        })
    };
    Sentence::new("beside-part-at")
        .arg("action", pair.action())
        .arg("failed", outcome(pair.failed.as_ref()))
        .arg("succeeded", outcome(pair.succeeded.as_ref()))
}

fn steps(found: &SideBySide, detail: Detail, wording: &Wording) -> Table {
    let rows = found.shown_steps(detail).map(|(_, pair)| {
        let mark = |step: Option<&Step>| match step.map(|step| step.outcome) {
            Some(Outcome::Success) => Cell { text: "✓".to_owned(), sort: Sort::Plain },
            Some(Outcome::Denied | Outcome::Error) => Cell::plain("✗"),
            Some(Outcome::Unknown) => Cell::plain("?"),
            None => Cell::plain(ABSENT),
        };
        let code = pair.failed.as_ref().and_then(|step| step.error_code.as_deref());
        let action = match code {
            Some(code) => format!("{} {code}", pair.action()),
            None => pair.action().to_owned(),
        };
        vec![mark(pair.failed.as_ref()), mark(pair.succeeded.as_ref()), Cell::plain(action)]
    });
    let head = heads(["column-failed", "column-succeeded", "column-step"], wording);
    Table { head, rows: rows.collect() }
}

/// What differs in a step: name, failure, success.
pub(super) fn differing(pair: &StepPair, detail: Detail, wording: &Wording) -> Vec<Vec<Cell>> {
    let row = |name: String, failed: Option<String>, succeeded: Option<String>| {
        vec![Cell::plain(name), Cell::of(failed, Sort::Failed), Cell::of(succeeded, Sort::Worked)]
    };
    let told = pair.differences.iter().map(|one| {
        let side = |side: &Option<String>| {
            side.as_ref().map(|text| words::attribute_value(&one.field, text, wording))
        };
        row(words::attribute(&one.field, wording), side(&one.failed), side(&one.succeeded))
    });
    let records =
        pair.record_differences.iter().filter(|one| detail > Detail::Screen || pair.tells_of(one));
    let records =
        records.map(|one| row(one.member.clone(), one.failed.clone(), one.succeeded.clone()));
    told.chain(records).collect()
}

impl SideBySide {
    /// The steps that are listed: of many those around the one where they part.
    pub(super) fn shown_steps(&self, detail: Detail) -> impl Iterator<Item = (usize, &StepPair)> {
        let at = self.parts_at.unwrap_or_default();
        let from = match detail {
            Detail::Screen => {
                at.saturating_sub(STEPS / 2).min(self.steps.len().saturating_sub(STEPS))
            }
            _ => 0,
        };
        let most = if detail == Detail::Screen { STEPS } else { usize::MAX };
        self.steps.iter().enumerate().skip(from).take(most)
    }

    /// The steps of which it is told what differs.
    pub(super) fn told(&self, detail: Detail) -> impl Iterator<Item = (usize, &StepPair)> {
        let at = self.parts_at;
        let first = self.steps.iter().position(|pair| !pair.differences.is_empty());
        let is_told = move |place: usize| match detail {
            Detail::Screen => Some(place) == at || Some(place) == first,
            _ => true,
        };
        self.steps.iter().enumerate().filter(move |(place, _)| is_told(*place))
    }

    /// How much differs that is not told.
    pub(super) fn hidden(&self, detail: Detail) -> usize {
        if detail != Detail::Screen {
            return 0;
        }
        let of = |pair: &StepPair| pair.differences.len() + pair.record_differences.len();
        let all: usize = self.steps.iter().map(of).sum();
        let told: usize = self.told(detail).map(|(_, pair)| of(pair).min(DIFFERENCES)).sum();
        let steps = self.steps.len() - self.shown_steps(detail).count();
        all - told + steps + self.changes.len().saturating_sub(CHANGES)
    }

    /// The weakest link of the failed chain, where it is weak.
    pub(super) fn weakest(&self, wording: &Wording) -> Option<String> {
        let chain = &self.failed.chain;
        let denied = chain.iter().rfind(|step| step.outcome == Outcome::Denied)?;
        Some(wording.say(&words::weakest(chain, denied.event_id.as_deref()?)?))
    }
}

impl StepPair {
    /// Whether a member says more than that one of the two was refused: the record of a refused call has no
    /// request and no answer.
    fn tells_of(&self, one: &RecordDifference) -> bool {
        let failed = self.failed.as_ref().is_some_and(|step| step.outcome != Outcome::Success);
        !failed || (one.failed.is_some() && !one.member.starts_with("error"))
    }

    /// The action of the step.
    pub(super) fn action(&self) -> &str {
        self.succeeded.as_ref().or(self.failed.as_ref()).map_or("?", |step| step.action.as_str())
    }
}

impl Leaf {
    fn changes(&mut self, changes: &[Change], more: u64, detail: Detail, wording: &Wording) {
        if changes.is_empty() {
            return;
        }
        self.parts.push(Part::Heading(wording.say(&Sentence::new("groups-changes"))));
        let most = if detail == Detail::Screen { CHANGES } else { usize::MAX };
        for change in changes.iter().take(most) {
            let who = words::changed_by(change);
            self.parts.push(Part::Line(format!("{}. {}", change.summary, wording.say(&who))));
        }
        if more > 0 {
            self.parts.push(Part::Line(wording.say(&Sentence::new("and-more").arg("count", more))));
        }
    }
}

/// Two groups of calls.
pub(super) fn of_groups(groups: &Groups, detail: Detail, wording: &Wording) -> Leaf {
    let say = |sentence: Sentence| wording.say(&sentence);
    let mut leaf = Leaf { title: say(Sentence::new("beside-title")), parts: Vec::new() };
    for (label, group) in [
        (Sentence::new("groups-failed"), &groups.failed),
        (Sentence::new("groups-succeeded"), &groups.succeeded),
    ] {
        leaf.parts.push(Part::Line(format!("{}: {}", say(label), said(group, wording))));
    }
    let is_screen = detail == Detail::Screen;
    let more: Vec<_> = groups.actions.iter().filter(|counts| counts.fails_more).collect();
    if more.is_empty() {
        leaf.parts.push(Part::Strong(say(Sentence::new("groups-no-difference"))));
    } else {
        leaf.parts.push(Part::Heading(say(Sentence::new("groups-fails-more"))));
        let ratio = |counts: Counts| {
            say(Sentence::new("ratio").arg("with", counts.failures).arg("all", counts.calls))
        };
        let most = if is_screen { ACTIONS } else { usize::MAX };
        let rows = more.iter().take(most).map(|one| {
            vec![
                Cell::plain(ratio(one.failed)),
                Cell::plain(ratio(one.succeeded)),
                Cell::plain(&one.action),
            ]
        });
        let head = heads(["column-one", "column-other", "column-action"], wording);
        leaf.parts.push(Part::Table(Table { head, rows: rows.collect() }));
        let left = more.len().saturating_sub(most);
        if left > 0 {
            leaf.parts.push(Part::Line(say(Sentence::new("and-more").arg("count", left))));
        }
    }
    for found in groups.factors.iter().take(if is_screen { FACTORS } else { usize::MAX }) {
        leaf.factors(found, if is_screen { FACTORS } else { usize::MAX }, wording);
    }
    leaf.changes(&groups.changes, groups.changes_left_out, detail, wording);
    leaf
}

/// A group in words.
pub(super) fn said(group: &Group, wording: &Wording) -> String {
    let who = match &group.principal_arn {
        Some(principal) => principal.clone(),
        None => wording.say(&Sentence::new("groups-anybody")),
    };
    wording.say(&match (&group.first, &group.last) {
        (Some(first), Some(last)) => Sentence::new("groups-of")
            .arg("who", who)
            .arg("calls", group.calls)
            .arg("failures", group.failures)
            .arg("first", first)
            .arg("last", last),
        _ => Sentence::new("groups-empty").arg("who", who),
    })
}

impl Leaf {
    fn factors(&mut self, found: &ActionFactors, most: usize, wording: &Wording) {
        let say = |sentence: Sentence| wording.say(&sentence);
        if found.factors.is_empty() {
            let none = Sentence::new("groups-factors-none")
                .arg("action", &found.action)
                .arg("id", &found.failed_event_id);
            self.parts.push(Part::Line(say(none)));
            return;
        }
        let title = Sentence::new("groups-factors").arg("action", &found.action);
        self.parts.push(Part::Heading(say(title)));
        let ratio =
            |with: u64, all: u64| say(Sentence::new("ratio").arg("with", with).arg("all", all));
        let rows = found.factors.iter().take(most).map(|factor| {
            vec![
                Cell::plain(ratio(factor.failed_with, factor.failed)),
                Cell::plain(ratio(factor.succeeded_with, factor.succeeded)),
                Cell::plain(words::p_value(factor.p_value)),
                Cell::plain(words::factor(factor, LONGEST, wording)),
            ]
        });
        let head = heads(["column-failed", "column-succeeded", "column-p", "column-what"], wording);
        self.parts.push(Part::Table(Table { head, rows: rows.collect() }));
    }
}

/// Longest value on a row.
const LONGEST: usize = 300;
