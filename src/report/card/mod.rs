//! What decides of an incident, in a few lines: what failed, why nobody saw it, which layer, how sure and
//! from what, who changed what, and what to do. The terminal and the summary set these lines, and leave
//! out the least important ones where there is no room.

mod fix;
mod names;
mod why;
mod writer;

pub(super) use self::names::brief;

use self::writer::Writer;
use super::short::{Place, Short};
use super::zone::Zone;
use super::{Incident, Kind, Report, title, words};
use crate::wording::{Argument, Sentence, Wording};

/// To whom, and when and where a report is told.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The words.
    pub wording: &'a Wording,
    /// The zone of the times.
    pub zone: &'a Zone,
    /// The paths and options by which `trailwhy explain` reads the same again; `None` where it cannot.
    pub again: Option<&'a str>,
}

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Quiet,
    Failed,
    Succeeded,
    Command,
}

/// One line, as long as its text is.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// What it says, each piece in its tone.
    pub(super) pieces: Vec<(Tone, String)>,
    /// What is added where it takes no further row.
    pub(super) tail: Option<String>,
    /// What is less needed than the rest goes first: 0 never, then the highest.
    pub(super) rank: u8,
    /// Rows that it may take, if there is room for no more.
    pub(super) rows: usize,
}

impl Line {
    fn new(tone: Tone, text: String) -> Line {
        Line { pieces: vec![(tone, text)], tail: None, rank: 0, rows: 2 }
    }

    fn ranked(self, rank: u8) -> Line {
        Line { rank, ..self }
    }

    fn within(self, rows: usize) -> Line {
        Line { rows, ..self }
    }

    fn ending(self, tail: Option<String>) -> Line {
        Line { tail, ..self }
    }

    /// The text with all that is added to it.
    pub(super) fn whole(&self) -> String {
        self.text() + self.tail.as_deref().unwrap_or_default()
    }

    /// The text without tones.
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Lines under one label; `None` for what stands above the labels.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) label: Option<String>,
    pub(super) lines: Vec<Line>,
    pub(super) part: Part,
}

/// What the lines under a label are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What happened, in sentences.
    Happened,
    Asked,
    Denied,
    Why,
    Changed,
    Fix,
    /// Where to read on.
    More,
    /// What the words mean.
    Words,
}

impl Part {
    fn label(self) -> Option<Sentence> {
        match self {
            Part::Happened | Part::Words => None,
            Part::Asked => Some(Sentence::new("card-label-asked")),
            Part::Denied => Some(Sentence::new("card-label-denied")),
            Part::Why => Some(Sentence::new("card-label-why")),
            Part::Changed => Some(Sentence::new("card-label-changed")),
            Part::Fix => Some(Sentence::new("card-label-fix")),
            Part::More => Some(Sentence::new("card-label-more")),
        }
    }
}

/// An incident in a few lines.
#[derive(Debug, Clone)]
pub(super) struct Card {
    /// Kind, how often, when, where, id.
    pub(super) head: Vec<(Tone, String)>,
    pub(super) rows: Vec<Row>,
    /// Whether its id stands below, too.
    pub(super) names_itself: bool,
}

impl Card {
    /// The lines of one part.
    pub(super) fn lines_of(&self, part: Part) -> &[Line] {
        let row = self.rows.iter().find(|row| row.part == part);
        row.map_or(&[], |row| row.lines.as_slice())
    }

    /// The first line without its mark.
    pub(super) fn head_text(&self) -> String {
        self.head.iter().skip(1).map(|(_, text)| text.as_str()).collect()
    }
}

/// Makes the cards of one report.
pub(super) struct Cards<'a> {
    telling: &'a Telling<'a>,
    report: &'a Report,
    short: Short,
    /// What stands before every day of the report: its year, where it is one.
    year: Option<String>,
    /// Digits of an incident's id that no other begins with.
    digits: usize,
}

impl<'a> Cards<'a> {
    pub(super) fn new(report: &'a Report, telling: &'a Telling<'a>) -> Cards<'a> {
        let year = |time: &String| time.get(..5).map(str::to_owned);
        let span = report.coverage.span.as_ref();
        let years = span.map(|span| (year(&span.first), year(&span.last)));
        let year =
            years.and_then(|(first, last)| first.filter(|first| Some(first) == last.as_ref()));
        Cards { telling, report, short: Short::of(report), year, digits: telling_digits(report) }
    }

    /// The incidents in the order of their kinds, worst first, as the summary line counts them.
    pub(super) fn in_order(&self) -> Vec<&'a Incident> {
        let mut all: Vec<&Incident> = self.report.incidents.iter().collect();
        all.sort_by_key(|incident| Kind::ALL.iter().position(|kind| *kind == incident.kind));
        all
    }

    /// The card of an incident; `is_first` of its kind, it tells what the kind means.
    pub(super) fn card(&self, incident: &Incident, is_first: bool) -> Card {
        Writer::new(self, incident).card(is_first)
    }

    pub(super) fn wording(&self) -> &Wording {
        self.telling.wording
    }

    pub(super) fn say(&self, sentence: &Sentence) -> String {
        self.telling.wording.say(sentence)
    }

    /// `09-15 10:16`, with the year where the report is of several.
    pub(super) fn moment(&self, time: &str) -> String {
        let day = self.day(time);
        format!("{day} {}", time.get(11..16).unwrap_or_default())
    }

    fn day<'t>(&self, time: &'t str) -> &'t str {
        let from = if self.year.is_some() { 5 } else { 0 };
        time.get(from..10).unwrap_or(time)
    }

    fn second(&self, time: &str, beside: &str) -> String {
        let clock = time.get(11..19).unwrap_or(time);
        match self.day(time) == self.day(beside) {
            true => clock.to_owned(),
            false => format!("{} {clock}", self.day(time)),
        }
    }

    /// Several things that are told in a row.
    pub(super) fn joined(&self, parts: &[String]) -> String {
        let Some((first, others)) = parts.split_first() else { return String::new() };
        others.iter().fold(first.clone(), |before, after| {
            self.say(&Sentence::new("card-joined").arg("before", before).arg("after", after))
        })
    }

    /// The id of an incident as it is told beside others: its beginning.
    pub(super) fn short_id<'i>(&self, id: &'i str) -> &'i str {
        beginning(id, self.digits)
    }

    /// The same without what all of them begin with.
    pub(super) fn bare_id<'i>(&self, id: &'i str) -> &'i str {
        let short = self.short_id(id);
        short.strip_prefix(PREFIX).unwrap_or(short)
    }

    /// From when to when, or when, with the zone.
    fn range(&self, first: &str, last: &str) -> Sentence {
        let zone = self.telling.zone.name();
        let (from, to) = (self.moment(first), self.moment(last));
        if from == to {
            return Sentence::new("card-moment").arg("time", from).arg("zone", zone);
        }
        let to = match self.day(first) == self.day(last) {
            true => last.get(11..16).unwrap_or(last).to_owned(),
            false => to,
        };
        Sentence::new("card-range").arg("first", from).arg("last", to).arg("zone", zone)
    }

    /// The incidents counted, what was read, and what could not be seen.
    pub(super) fn head(&self) -> Vec<Line> {
        let coverage = &self.report.coverage;
        let found = match self.report.incidents.len() {
            0 => words::nothing_found(self.report, "terminal"),
            1 => {
                let kind =
                    self.report.incidents.iter().map(|one| Argument::from(one.kind)).collect();
                Sentence::new("card-found-one").arg("kind", Argument::List(kind))
            }
            count => {
                Sentence::new("card-found").arg("count", count).arg("kinds", kinds(self.report))
            }
        };
        let (kept, files) = (coverage.events.kept, coverage.files.read);
        let read = match &coverage.span {
            Some(span) => {
                let first = span.first.get(..16).unwrap_or(&span.first).replace('T', " ");
                let zone = self.telling.zone.name();
                let last = self.moment(&span.last);
                let when = Sentence::new("card-range")
                    .arg("first", first)
                    .arg("last", last)
                    .arg("zone", zone);
                Sentence::new("card-read").arg("kept", kept).arg("files", files).arg("when", when)
            }
            None => Sentence::new("card-read-timeless").arg("kept", kept).arg("files", files),
        };
        let unseen = self.unseen();
        let head = match unseen.is_empty() {
            true => Sentence::new("card-head-clear").arg("found", found).arg("read", read),
            false => Sentence::new("card-head").arg("found", found).arg("read", read),
        };
        let head = self.say(&head);
        let mut lines = vec![Line::new(Tone::Strong, head).within(3)];
        if !unseen.is_empty() {
            let told = Sentence::new("card-blind")
                .arg("count", coverage.blind_spots.len())
                .arg("spots", self.joined(&unseen));
            let told = self.say(&told);
            let rows = if self.report.incidents.len() == 1 { 1 } else { 2 };
            lines.push(Line::new(Tone::Quiet, told).within(rows));
        }
        lines
    }

    /// What the log cannot show, what could not be read, and what is not counted.
    fn unseen(&self) -> Vec<String> {
        let coverage = &self.report.coverage;
        let spots = coverage.blind_spots.iter().map(|spot| clause(&spot.detail).to_owned());
        let policies = coverage.policies.iter().flatten();
        let unreadable: usize = policies.map(|given| given.unreadable.len()).sum();
        let noise: u64 = self.report.benign.iter().map(|group| group.count).sum();
        let skipped = coverage.files.skipped.iter();
        let skipped = skipped.filter(|file| !EXPECTED.contains(&file.reason.as_str())).count();
        let counted = [
            (skipped as u64, Sentence::new("card-skipped").arg("count", skipped)),
            (unreadable as u64, Sentence::new("card-unreadable").arg("count", unreadable)),
            (noise, Sentence::new("card-noise").arg("count", noise)),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let counted = counted.map(|(_, sentence)| self.say(&sentence));
        spots.chain(counted).collect()
    }

    /// Account and Region of an incident.
    pub(super) fn whereabouts(incident: &Incident) -> Vec<String> {
        let place = Place::of(incident);
        [place.account, place.region].into_iter().flatten().map(str::to_owned).collect()
    }

    /// Who asked, else who was denied.
    pub(super) fn who(&self, incident: &Incident) -> String {
        let root = incident.root.as_ref().and_then(|root| root.principal_arn.as_deref());
        let principal = root.or_else(|| title::denied_principal(incident));
        principal.map_or_else(|| "?".to_owned(), |arn| self.short.name(arn, Place::of(incident)))
    }

    /// The command that tells all of an incident; `None` where it could not read the same again.
    pub(super) fn explain(&self, id: &str) -> Option<String> {
        let again = self.telling.again?;
        let blank = if again.is_empty() { "" } else { " " };
        Some(format!("trailwhy explain{blank}{again} {id}"))
    }
}

/// `2 silent`, `1 direct`: the kinds that occur, worst first.
pub(super) fn kinds(report: &Report) -> Vec<Sentence> {
    let count =
        |kind: Kind| report.incidents.iter().filter(|incident| incident.kind == kind).count();
    let kinds = Kind::ALL.into_iter().filter(|kind| count(*kind) > 0);
    kinds
        .map(|kind| {
            Sentence::new("terminal-kind-count").arg("count", count(kind)).arg("kind", kind)
        })
        .collect()
}

/// What the ids of incidents begin with.
const PREFIX: &str = "inc-";

/// Digits of an id that is made of a signature; what stands in for one has fewer.
const DIGITS: usize = 16;

/// Digits of an id that are always told.
const LEAST: usize = 8;

/// How many digits tell the incidents of a report apart.
fn telling_digits(report: &Report) -> usize {
    let ids: Vec<&str> = report.incidents.iter().map(|incident| incident.id.as_str()).collect();
    let tells = |digits: &usize| {
        let mut begun: Vec<&str> = ids.iter().map(|id| beginning(id, *digits)).collect();
        begun.sort_unstable();
        begun.windows(2).all(|two| two.first() != two.last())
    };
    (LEAST..DIGITS).find(tells).unwrap_or(DIGITS)
}

fn beginning(id: &str, digits: usize) -> &str {
    match id.len() < PREFIX.len() + DIGITS {
        true => id,
        false => id.get(..PREFIX.len() + digits).unwrap_or(id),
    }
}

/// A sentence up to where it explains itself.
fn clause(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(clause, _)| clause)
}

/// Reasons to pass a file over that are no damage: CloudTrail lays these beside its logs (CloudTrail User
/// Guide, "CloudTrail digest file structure").
const EXPECTED: [&str; 1] = ["digest"];
