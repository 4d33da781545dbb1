//! The rehearsal as it is told, `trailwhy.rehearsal/1`: what every renderer reads. Names and words are
//! fixed; fields may be added, never renamed. Absent means unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::Changes;
use super::finding::{Finding, Verdict};
use super::{Count, Rehearsal};
use crate::diagnose::Kind;
use crate::event::{Effect, Layer, Time};
use crate::wording::{Argument, Sentence, Wording};

/// The value of `schema`.
pub const SCHEMA: &str = "trailwhy.rehearsal/1";

/// The JSON Schema (draft 2020-12) of a rehearsal.
pub const REHEARSAL_SCHEMA: &str = include_str!("rehearsal.schema.json");

/// Reasons named of what cannot be told.
const REASONS: usize = 3;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Who wrote it.
    pub tool: Tool,
    /// What it comes to.
    pub result: Outcome,
    /// The same in a sentence.
    pub headline: String,
    /// What would be changed.
    pub changes: Vec<Change>,
    /// What was to be changed and could not be understood.
    pub not_understood: Vec<NotUnderstood>,
    /// As of when the policies are taken.
    pub as_of: String,
    /// First and last call looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The calls by how they would fare.
    pub calls: Calls,
    /// Share of the records that worked though the policies known deny them, 0 to 1: so far the
    /// policies are not known rightly.
    pub unexplained_share: f64,
    /// Worst first.
    pub findings: Vec<Told>,
    /// Who would be hit, most often first.
    pub owners: Vec<Owner>,
    /// What the rehearsal cannot see.
    pub blind_spots: Vec<String>,
}

/// The program that wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// `trailwhy`.
    pub name: String,
    /// Semantic version.
    pub version: String,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something would break that is not meant to.
    Breaks,
    /// Something may break; it cannot be told.
    MayBreak,
    /// Nothing that the trail shows would break.
    Holds,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is done.
    pub what: String,
    /// The kind of policy.
    pub kind: String,
    /// What it belongs to.
    pub of: String,
    /// The file that says so.
    pub file: String,
}

/// A change that could not be understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotUnderstood {
    /// The file.
    pub file: String,
    /// Where in it.
    pub name: String,
    /// Why.
    pub because: String,
}

/// First and last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// First.
    pub first: String,
    /// Last.
    pub last: String,
}

/// Distinct calls and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// Distinct calls.
    pub distinct: u64,
    /// Records of them.
    pub records: u64,
}

impl From<Count> for Number {
    fn from(count: Count) -> Self {
        Number { distinct: count.calls, records: count.records }
    }
}

/// The calls by how they would fare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calls {
    /// All that were looked at.
    pub all: Number,
    /// The change does not touch them.
    pub untouched: Number,
    /// Touched and still allowed.
    pub still_allowed: Number,
    /// Would be denied.
    pub would_be_denied: Number,
    /// It cannot be told whether they would be denied.
    pub cannot_tell: Number,
    /// Refused so far, and would be allowed.
    pub newly_allowed: Number,
    /// Refused so far and further on.
    pub still_refused: Number,
    /// They worked once, and the policies of today deny them already.
    pub denied_already: Number,
    /// They worked, and the policies known deny them.
    pub unexplained: Number,
}

impl Calls {
    /// How many records of how many calls would fare in which way.
    pub(super) fn tally(&self) -> Sentence {
        Sentence::new("rehearse-tally")
            .arg("records", self.all.records)
            .arg("calls", self.all.distinct)
            .arg("untouched", self.untouched.records)
            .arg("allowed", self.still_allowed.records)
            .arg("denied", self.would_be_denied.records)
            .arg("unclear", self.cannot_tell.records)
            .arg("opened", self.newly_allowed.records)
    }
}

/// What would become of some calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// `would_be_denied`, `cannot_tell` or `newly_allowed`.
    pub reason: Fares,
    /// What sort of failure it would be.
    pub kind: Kind,
    /// It is meant, as `--allow` says.
    #[serde(default)]
    pub is_meant: bool,
    /// In one sentence.
    pub headline: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What it hangs on, where it cannot be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hangs_on: Vec<String>,
    /// The call that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Who makes the calls.
    pub principal_arn: String,
    /// Whose they are, as a tag of the caller or of what they are on tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerTag>,
    /// Their IAM actions.
    pub actions: Vec<String>,
    /// What they are on.
    pub resources: Vec<String>,
    /// The layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
    /// How it would deny.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The policy that would deny, or that allowed so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Records of the calls.
    pub records: u64,
    /// Calls that they were made for; the records themselves where there are none.
    pub times: u64,
    /// The same for each day of the span.
    pub per_day: f64,
    /// When first.
    pub first: String,
    /// When last.
    pub last: String,
    /// Some of the records.
    pub event_ids: Vec<String>,
    /// The smallest exception that keeps the calls working, proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
}

/// A tag that names an owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnerTag {
    /// The tag's key.
    pub tag: String,
    /// Its value.
    pub value: String,
}

/// How calls would fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fares {
    /// They would be denied.
    WouldBeDenied,
    /// It cannot be told.
    CannotTell,
    /// They would be allowed.
    NewlyAllowed,
}

/// A call that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// Its IAM action.
    pub action: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The policy's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What it is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<String>,
    /// The statement's Sid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_sid: Option<String>,
    /// The statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Value>,
}

/// The smallest exception that keeps what works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// What it is.
    pub what: String,
    /// The statement with it.
    pub statement: Value,
    /// Records that the change would break and the exception keeps.
    pub kept: u64,
}

/// Who would be hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Owner {
    /// Role, user or service.
    pub principal_arn: String,
    /// Whose the calls are, as a tag tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerTag>,
    /// Findings.
    pub findings: u64,
    /// Records.
    pub records: u64,
}

/// Makes the report.
pub fn report(rehearsal: &Rehearsal, changes: &Changes, wording: &Wording) -> Report {
    let tally = &rehearsal.tally;
    let all = tally.all();
    let days = days(rehearsal.span);
    let teller = Teller { wording, days };
    let findings: Vec<Told> = rehearsal.findings.iter().map(|one| teller.told(one)).collect();
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        result: Outcome::Holds,
        headline: String::new(),
        changes: changes
            .told
            .iter()
            .map(|one| Change {
                what: wording.say(&one.sentence),
                kind: one.kind.to_owned(),
                of: one.of.clone(),
                file: one.source.clone(),
            })
            .collect(),
        not_understood: changes
            .unread
            .iter()
            .map(|one| NotUnderstood {
                file: one.source.clone(),
                name: one.place.clone(),
                because: wording.say(&one.because),
            })
            .collect(),
        as_of: rehearsal.present.to_string(),
        span: rehearsal
            .span
            .map(|(first, last)| Span { first: first.to_string(), last: last.to_string() }),
        calls: Calls {
            all: all.into(),
            untouched: tally.untouched.into(),
            still_allowed: tally.allowed.into(),
            would_be_denied: tally.denied.into(),
            cannot_tell: tally.unclear.into(),
            newly_allowed: tally.opened.into(),
            still_refused: tally.refused.into(),
            denied_already: tally.denied_already.into(),
            unexplained: tally.unexplained.into(),
        },
        unexplained_share: share(tally.unexplained.records, all.records),
        findings,
        owners: Vec::new(),
        blind_spots: blind_spots(rehearsal, days).iter().map(|one| wording.say(one)).collect(),
    };
    report.conclude(wording);
    report
}

impl Report {
    /// Works out what the findings come to, without those that are meant.
    pub fn conclude(&mut self, wording: &Wording) {
        let counts = |fares: Fares| move |one: &&Told| one.reason == fares && !one.is_meant;
        let broken = self.findings.iter().filter(counts(Fares::WouldBeDenied)).count();
        let unclear = self.findings.iter().filter(counts(Fares::CannotTell)).count();
        self.result = match (broken, unclear) {
            (0, 0) if self.not_understood.is_empty() => Outcome::Holds,
            (0, _) => Outcome::MayBreak,
            _ => Outcome::Breaks,
        };
        let sum = |fares: Fares| -> u64 {
            self.findings.iter().filter(counts(fares)).map(|one| one.times).sum()
        };
        let headline = match self.result {
            Outcome::Breaks => Sentence::new("rehearse-breaks")
                .arg("findings", broken)
                .arg("times", sum(Fares::WouldBeDenied)),
            Outcome::MayBreak => Sentence::new("rehearse-may-break").arg("findings", unclear),
            Outcome::Holds => {
                Sentence::new("rehearse-holds").arg("records", self.calls.all.records)
            }
        };
        self.headline = wording.say(&headline);
        let mut owners: BTreeMap<_, Owner> = BTreeMap::new();
        for one in self.findings.iter().filter(|one| one.reason != Fares::NewlyAllowed) {
            let of = (&one.principal_arn, &one.owner);
            let owner = owners.entry(of).or_insert_with(|| Owner {
                principal_arn: one.principal_arn.clone(),
                owner: one.owner.clone(),
                findings: 0,
                records: 0,
            });
            owner.findings += 1;
            owner.records += one.records;
        }
        let mut owners: Vec<Owner> = owners.into_values().collect();
        owners.sort_by_key(|owner| std::cmp::Reverse(owner.records));
        self.owners = owners;
    }
}

/// At least one, so that a short trail does not tell of hundreds a day.
fn days(span: Option<(Time, Time)>) -> f64 {
    span.map_or(1.0, |(first, last)| (last.seconds_since(first) as f64 / DAY).max(1.0))
}

/// With three digits behind the point.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1000.0).round() / 1000.0 }
}

/// Puts findings into words.
struct Teller<'t> {
    wording: &'t Wording,
    days: f64,
}

impl Teller<'_> {
    fn told(&self, finding: &Finding) -> Told {
        let say = |sentence: &Sentence| self.wording.say(sentence);
        let seen = &finding.seen;
        let why = finding.why.as_ref();
        let times = seen.roots.len() as u64;
        let span = seen.span.unwrap_or_default();
        let label = why.and_then(|why| why.label.as_deref());
        let statement = why.and_then(|why| why.statement.as_deref());
        Told {
            reason: match finding.verdict {
                Verdict::Denied => Fares::WouldBeDenied,
                Verdict::Unclear => Fares::CannotTell,
                Verdict::Opened => Fares::NewlyAllowed,
            },
            kind: finding.kind,
            is_meant: false,
            headline: say(&self.headline(finding)),
            because: why.map(|_| say(&because(finding))),
            hangs_on: self.hangs_on(finding),
            root: finding.root.as_ref().map(|root| Root {
                action: root.action.clone(),
                principal_arn: root.principal.clone(),
            }),
            principal_arn: finding.principal.clone(),
            owner: finding
                .owner
                .as_ref()
                .map(|owner| OwnerTag { tag: owner.key.clone(), value: owner.value.clone() }),
            actions: finding.actions.keys().cloned().collect(),
            resources: finding.on.iter().cloned().collect(),
            layer: why.and_then(|why| why.layer),
            effect: why.and_then(|why| why.effect),
            policy: label.map(|label| Policy {
                name: label.name.clone(),
                arn: label.arn.clone(),
                attached_to: label.attached_to.clone(),
                statement_sid: statement.and_then(|one| one.sid()).map(str::to_owned),
                statement: statement.map(|one| one.raw().clone()),
            }),
            records: seen.count,
            times,
            per_day: (times as f64 / self.days * 10.0).round() / 10.0,
            first: span.0.to_string(),
            last: span.1.to_string(),
            event_ids: seen.examples.iter().map(|id| id.to_string()).collect(),
            exception: finding.exception.as_ref().map(|exception| Exception {
                what: say(&exception.what),
                statement: exception.statement.clone(),
                kept: exception.kept,
            }),
        }
    }

    /// What it hangs on, where it cannot be told.
    fn hangs_on(&self, finding: &Finding) -> Vec<String> {
        let Some(why) = finding.why.as_ref().filter(|_| finding.verdict == Verdict::Unclear) else {
            return Vec::new();
        };
        if why.by_address {
            return vec![self.wording.say(&Sentence::new("rehearse-hangs-on-address"))];
        }
        let said = why.missing.iter().map(|one| self.wording.say(&one.sentence()));
        said.take(REASONS).collect()
    }

    /// What would be denied, and what that means for what it was made for.
    fn headline(&self, finding: &Finding) -> Sentence {
        let what = what(finding);
        let often = self.often(finding);
        let root = finding.root.as_ref().map(|root| root.action.clone()).unwrap_or_default();
        match (finding.verdict, finding.kind) {
            (Verdict::Opened, _) => {
                Sentence::new("rehearse-opened").arg("what", what).arg("often", often)
            }
            (Verdict::Denied, Kind::Silent | Kind::Ghost) => Sentence::new("rehearse-silent")
                .arg("root", root)
                .arg("what", what)
                .arg("often", often),
            (Verdict::Denied, Kind::Opaque) if !root.is_empty() => Sentence::new("rehearse-opaque")
                .arg("root", root)
                .arg("what", what)
                .arg("often", often),
            (Verdict::Denied, Kind::Background) => {
                Sentence::new("rehearse-background").arg("what", what).arg("often", often)
            }
            (Verdict::Denied, _) => {
                Sentence::new("rehearse-direct").arg("what", what).arg("often", often)
            }
            (Verdict::Unclear, Kind::Silent | Kind::Ghost) => {
                Sentence::new("rehearse-unclear-silent")
                    .arg("root", root)
                    .arg("what", what)
                    .arg("often", often)
            }
            (Verdict::Unclear, Kind::Opaque) if !root.is_empty() => {
                Sentence::new("rehearse-unclear-opaque")
                    .arg("root", root)
                    .arg("what", what)
                    .arg("often", often)
            }
            (Verdict::Unclear, _) => {
                Sentence::new("rehearse-unclear").arg("what", what).arg("often", often)
            }
        }
    }

    /// How often it was seen.
    fn often(&self, finding: &Finding) -> Sentence {
        let times = finding.seen.roots.len();
        let per_day = (times as f64 / self.days).round();
        match per_day >= 2.0 && self.days >= 2.0 {
            true => Sentence::new("rehearse-a-day").arg("times", per_day),
            false => Sentence::new("rehearse-in-all").arg("times", times),
        }
    }
}

/// The calls: actions, who makes them, what they are on.
fn what(finding: &Finding) -> Sentence {
    let actions = finding.actions.keys().map(|action| Argument::from(action.as_str()));
    let actions = Argument::List(actions.collect());
    let who = finding.principal.as_str();
    let on: Vec<&str> = finding.on.iter().map(String::as_str).collect();
    match on.as_slice() {
        [] => Sentence::new("rehearse-calls").arg("actions", actions).arg("who", who),
        [one] => Sentence::new("rehearse-calls-on")
            .arg("actions", actions)
            .arg("who", who)
            .arg("on", *one),
        [one, more @ ..] => Sentence::new("rehearse-calls-on-more")
            .arg("actions", actions)
            .arg("who", who)
            .arg("on", *one)
            .arg("more", more.len()),
    }
}

/// Why they would be denied, or may be.
fn because(finding: &Finding) -> Sentence {
    let Some(why) = &finding.why else { return Sentence::new("rehearse-elsewhere") };
    let layer = why.layer.unwrap_or(Layer::Unknown);
    let policy = why.label.as_ref().and_then(|label| {
        let names = [&label.name, &label.arn, &label.attached_to];
        names.into_iter().flatten().next().cloned()
    });
    let statement = why.statement.as_ref().map(|statement| match statement.sid() {
        Some(sid) => Sentence::new("rehearse-statement").arg("sid", sid),
        None => Sentence::new("rehearse-statement-number").arg("number", statement.index() + 1),
    });
    match (statement, policy) {
        (Some(statement), Some(policy)) if why.is_lost => Sentence::new("rehearse-because-lost")
            .arg("statement", statement)
            .arg("policy", policy)
            .arg("layer", layer),
        (Some(statement), Some(policy)) if finding.verdict == Verdict::Unclear => {
            Sentence::new("rehearse-because-may")
                .arg("statement", statement)
                .arg("policy", policy)
                .arg("layer", layer)
        }
        (Some(statement), Some(policy)) => Sentence::new("rehearse-because-deny")
            .arg("statement", statement)
            .arg("policy", policy)
            .arg("layer", layer),
        _ if layer == Layer::Unknown => Sentence::new("rehearse-elsewhere"),
        _ => Sentence::new("rehearse-because-layer").arg("layer", layer),
    }
}

/// What cannot be seen: what is done more rarely than the trail is long, and calls that it does not
/// record.
fn blind_spots(rehearsal: &Rehearsal, days: f64) -> Vec<Sentence> {
    let mut all = Vec::new();
    match rehearsal.span {
        Some((first, last)) => all.push(
            Sentence::new("rehearse-blind-span")
                .arg("first", first.to_string())
                .arg("last", last.to_string())
                .arg("days", days.round()),
        ),
        None => all.push(Sentence::new("rehearse-blind-empty")),
    }
    if rehearsal.data_events == 0 {
        all.push(Sentence::new("rehearse-blind-data"));
    }
    let [already, unexplained] = &rehearsal.doubtful;
    if let Some((action, who)) = unexplained {
        all.push(
            Sentence::new("rehearse-blind-unexplained")
                .arg("records", rehearsal.tally.unexplained.records)
                .arg("action", action)
                .arg("who", who),
        );
    }
    if let Some((action, who)) = already {
        all.push(
            Sentence::new("rehearse-blind-already")
                .arg("records", rehearsal.tally.denied_already.records)
                .arg("action", action)
                .arg("who", who),
        );
    }
    all
}
