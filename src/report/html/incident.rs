//! One incident in full: what was asked, what was denied, the picture, the verdict and why, what
//! changed, what to do.

use askama::Template;

use super::anchor::{Anchors, Piece};
use super::chart::OverTime;
use super::code::Code;
use super::comparison::{CallRow, EventLinks, FactorRow, WitnessRow, bounds, is_alone};
use super::console;
use super::fix::{FixView, commands};
use super::raw::{self, FEW_RECORDS, RECORDS};
use super::text::{grouped, moment, percent, principal};
use super::timeline::Timeline;
use super::{RawEvents, Whole};
use crate::event::{Effect, Layer};
use crate::report::short::{Place, Short};
use crate::report::title::{self, Top};
use crate::report::words::{self, layer};
use crate::report::{DeniedAction, Incident, Kind, Occurrence, Report, RootCall, Step};
use crate::wording::{Sentence, Wording};

/// Occurrences that are listed. The JSON report has all of them.
const OCCURRENCES: usize = 200;
/// Resources of the user's call that are named.
const RESOURCES: usize = 12;
/// Denied actions in the list of an incident.
const ACTIONS: usize = 100;
/// Condition keys that are named.
const CONDITION_KEYS: usize = 12;
/// Commands of next evidence.
const NEXT_EVIDENCE: usize = 40;
/// Missing steps that the headline names; of more it names the first and counts the others.
const HEADLINE_STEPS: usize = 2;

/// Everything about one incident.
#[derive(Template)]
#[template(path = "incident.html")]
pub(super) struct IncidentPage<'a> {
    words: &'a Wording,
    incident: &'a Incident,
    number: usize,
    anchors: &'a Anchors,
    short: &'a Short,
    /// What is the same for all incidents is said in one place.
    is_one_of_many: bool,
    headline: String,
    kind_name: String,
    kind_means: String,
    count: String,
    /// When the chain in the picture began.
    began: String,
    worked_began: Option<String>,
    first_seen: String,
    last_seen: String,
    /// What a baseline knows of it.
    known: Option<String>,
    /// That it looks like a rule doing its work.
    guardrail: Option<String>,
    actions: Vec<ActionRow>,
    more_actions: usize,
    asked: Vec<Fact>,
    /// That no call is known that asked for it.
    rootless: Option<String>,
    denied: Vec<Fact>,
    question: String,
    /// That other incidents have the same cause.
    related: Option<String>,
    layer: String,
    effect: String,
    certainty: String,
    certainty_means: String,
    /// What the count rests on, where not every call was analysed.
    confidence: String,
    confidence_width: f64,
    policy: Vec<Fact>,
    statement: Option<Code>,
    timeline: Option<Timeline>,
    links: EventLinks,
    factors: Vec<FactorRow>,
    /// What was compared with what.
    bounds: Vec<String>,
    witnesses: Vec<WitnessRow<'a>>,
    next_evidence: Option<Code>,
    change: Option<ChangeView<'a>>,
    fixes: Vec<FixView<'a>>,
    over_time: Option<OverTime>,
    occurrences: &'a [Occurrence],
    failed_calls: Vec<CallRow>,
    failed_calls_more: usize,
    worked_calls: Vec<CallRow>,
    worked_calls_more: usize,
    records: Vec<Code>,
    records_more: usize,
}

/// A named value.
struct Fact {
    name: String,
    value: String,
    /// Written as code: an ARN, an id, a name that people copy.
    is_code: bool,
    /// Its page in the AWS console.
    console: Option<String>,
}

/// What is known of a fact.
enum Known {
    Code(Option<String>),
    Plain(Option<String>),
    /// An ARN.
    Resource(Option<String>),
    /// An event's id.
    Event(Option<String>),
}

/// The change that caused it.
struct ChangeView<'a> {
    who: &'a str,
    /// The name alone.
    short: &'a str,
    /// The event in the AWS console.
    console: Option<String>,
    when: String,
    diff: Option<Code>,
}

impl<'a> IncidentPage<'a> {
    pub(super) fn new(incident: &'a Incident, number: usize, whole: &Whole<'a>) -> Self {
        let Whole { report, words, anchors, raw, .. } = *whole;
        let verdict = &incident.verdict;
        let links = EventLinks::of(incident, number);
        let nearest = incident.comparison.nearest_success.as_ref();
        let worked = nearest.map_or(&[][..], |success| &success.chain);
        let failed = if is_alone(&incident.chain) { &[][..] } else { &incident.chain };
        let (failed_calls, failed_calls_more) = CallRow::of(failed, words);
        let (worked_calls, worked_calls_more) = CallRow::of(worked, words);
        let failed_calls_more = failed_calls_more + incident.chain_left_out as usize;
        let worked_calls_more =
            worked_calls_more + nearest.map_or(0, |success| success.chain_left_out as usize);
        let (actions, more_actions) = actions(incident, words);
        let most = if whole.has_many() { FEW_RECORDS } else { RECORDS };
        let (records, records_more) =
            raw.map(|raw| raw::records(incident, raw, most, words)).unwrap_or_default();
        IncidentPage {
            words,
            incident,
            number,
            anchors,
            short: whole.short,
            is_one_of_many: whole.has_many(),
            headline: headline(incident, words),
            kind_name: words.say(&incident.kind.into()),
            kind_means: words.say(&title::meaning(incident)),
            count: words.say(&Sentence::new("html-times").arg("count", incident.count)),
            began: began(&incident.chain).unwrap_or_default(),
            worked_began: began(worked),
            first_seen: moment(&incident.first_seen),
            last_seen: moment(&incident.last_seen),
            known: title::known(incident).map(|known| words.say(&known)),
            guardrail: title::guardrail(incident).map(|guardrail| words.say(&guardrail)),
            actions,
            more_actions,
            asked: asked(incident, words, raw),
            rootless: title::rootless(incident).map(|rootless| words.say(&rootless)),
            denied: denied(incident, words, raw),
            question: words.say(&question(verdict.effect)),
            related: words::related(incident).map(|related| words.say(&related)),
            layer: words.say(&layer(incident, verdict.layer)),
            effect: words.say(&verdict.effect.into()),
            certainty: words.say(&verdict.certainty.into()),
            certainty_means: words.say(&verdict.certainty.meaning(incident.comparison.successes)),
            confidence: percent(verdict.confidence),
            confidence_width: (verdict.confidence * 100.0).clamp(0.0, 100.0).round(),
            policy: policy(incident, words, raw),
            statement: statement(incident, words),
            timeline: Timeline::of(incident, words),
            links,
            factors: FactorRow::of(&incident.comparison.factors, words),
            bounds: bounds(incident, words),
            witnesses: WitnessRow::of(incident, words),
            next_evidence: commands(
                words.say(&Sentence::new("html-next-evidence-commands")),
                verdict.next_evidence.get(..NEXT_EVIDENCE).unwrap_or(&verdict.next_evidence),
            ),
            change: change(incident, words, raw),
            fixes: FixView::of(incident, words),
            over_time: over_time(incident, report, words),
            occurrences: incident.occurrences.get(..OCCURRENCES).unwrap_or(&incident.occurrences),
            failed_calls,
            failed_calls_more,
            worked_calls,
            worked_calls_more,
            records,
            records_more,
        }
    }

    /// An id in the page that belongs to this incident.
    fn place(&self, what: &str) -> String {
        format!("{what}-{}", self.number)
    }

    /// Running text in pieces.
    fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        self.anchors.pieces(text)
    }

    /// An ARN as it is called where this incident is.
    fn short(&self, arn: &str) -> String {
        self.short.name(arn, Place::of(self.incident))
    }

    /// A text with its ARNs as they are called here, where none of them can be copied.
    fn in_short(&self, text: &str) -> String {
        self.short.text(text, Place::of(self.incident))
    }

    /// A layer by the name it has on what was denied.
    fn layer(&self, layer: &Layer) -> String {
        self.words.say(&self::layer(self.incident, *layer))
    }

    /// Whether anything is folded at the end.
    fn has_details(&self) -> bool {
        !self.failed_calls.is_empty()
            || !self.worked_calls.is_empty()
            || !self.records.is_empty()
            || self.incident.count > 1
    }

    /// What is not in the list of occurrences, as a sentence.
    fn more_occurrences(&self) -> Option<String> {
        let listed = self.occurrences.len() as u64;
        (listed < self.incident.count).then(|| {
            let count = self.incident.count;
            self.words.say(
                &Sentence::new("html-occurrences-listed").arg("listed", listed).arg("count", count),
            )
        })
    }
}

/// When the first call of a chain was.
fn began(chain: &[Step]) -> Option<String> {
    chain.first().map(|step| moment(&step.event_time))
}

/// What happened, in one sentence.
pub(super) fn headline(incident: &Incident, words: &Wording) -> String {
    let denied = title::denied(incident);
    let count = incident.actions.len().max(1);
    let root = incident.root.as_ref().map(|root| root.action.as_str());
    let sentence = match (incident.kind, Top::of(incident)) {
        (Kind::Ghost, _) => ghost_headline(root.unwrap_or("?"), &incident.missing_steps, words),
        _ if incident.denied.is_none() => match root {
            Some(root) => Sentence::new("html-headline-gone").arg("root", root),
            None => Sentence::new("html-headline-unknown"),
        },
        (_, Top::Hiding) => Sentence::new("html-headline-hiding")
            .arg("root", title::root(incident))
            .arg("code", title::code(incident))
            .arg("who", title::who(title::denied_principal(incident)))
            .arg("denied", denied),
        (Kind::Silent | Kind::Opaque, Top::Unlogged) => Sentence::new("html-headline-unlogged")
            .arg("root", title::root(incident))
            .arg("denied", denied)
            .arg("count", count),
        (Kind::Silent | Kind::Opaque, Top::Unknown) => {
            Sentence::new("html-headline-rootless").arg("denied", denied).arg("count", count)
        }
        (Kind::Silent, _) => Sentence::new("html-headline-silent")
            .arg("root", title::root(incident))
            .arg("denied", denied)
            .arg("count", count),
        (Kind::Opaque, _) => Sentence::new("html-headline-opaque")
            .arg("root", title::root(incident))
            .arg("denied", denied),
        (Kind::Background, _) => {
            let service = incident.denied.as_ref().and_then(|call| call.invoked_by.as_deref());
            match service {
                Some(service) => Sentence::new("html-headline-background")
                    .arg("service", principal(service))
                    .arg("denied", denied),
                None => {
                    Sentence::new("html-headline-direct").arg("denied", denied).arg("count", count)
                }
            }
        }
        (Kind::Direct, _) => {
            Sentence::new("html-headline-direct").arg("denied", denied).arg("count", count)
        }
    };
    words.say(&sentence)
}

/// What never came, or at least that something is gone.
fn ghost_headline(root: &str, missing: &[String], words: &Wording) -> Sentence {
    match missing.split_first() {
        None => Sentence::new("html-headline-gone").arg("root", root),
        Some((first, others)) if missing.len() > HEADLINE_STEPS => {
            Sentence::new("html-headline-ghost-of-many")
                .arg("root", root)
                .arg("first", first)
                .arg("others", others.len())
        }
        Some(_) => Sentence::new("html-headline-ghost")
            .arg("root", root)
            .arg("missing", words.list(missing)),
    }
}

/// What the verdict answers: not every layer denies.
fn question(effect: Effect) -> Sentence {
    match effect {
        Effect::ExplicitDeny | Effect::ImplicitDeny => Sentence::new("html-denied-by"),
        Effect::NotApplicable | Effect::Unknown => Sentence::new("html-cause"),
    }
}

/// The facts that are known, in order.
fn known(facts: Vec<(Sentence, Known)>, words: &Wording, raw: Option<&dyn RawEvents>) -> Vec<Fact> {
    let fact = |(name, known): (Sentence, Known)| {
        let (value, is_code, console) = match known {
            Known::Code(value) => (value, true, None),
            Known::Plain(value) => (value, false, None),
            Known::Resource(value) => {
                let page = value.as_deref().and_then(|arn| console::resource(arn, raw));
                (value, true, page)
            }
            Known::Event(value) => {
                let page = value.as_deref().and_then(|id| console::event(id, raw));
                (value, true, page)
            }
        };
        Some(Fact { name: words.say(&name), value: value?, is_code, console })
    };
    facts.into_iter().filter_map(fact).collect()
}

fn asked(incident: &Incident, words: &Wording, raw: Option<&dyn RawEvents>) -> Vec<Fact> {
    use Known::{Code, Event, Plain, Resource};
    let Some(root) = incident.root.as_ref().filter(|_| Top::of(incident) != Top::Itself) else {
        return Vec::new();
    };
    let belongs = title::belongs(root).filter(|_| !root.synthesized);
    let shown = root.resources.get(..RESOURCES).unwrap_or(&root.resources);
    let outcome = match &root.error_code {
        Some(code) => format!("{} ({code})", words.say(&root.outcome.into())),
        None => words.say(&root.outcome.into()),
    };
    let facts = vec![
        (Sentence::new("html-action"), Code(Some(root.action.clone()))),
        (Sentence::new("html-belongs"), Plain(belongs.map(|belongs| words.say(&belongs)))),
        (Sentence::new("html-outcome"), Plain(Some(outcome))),
        (Sentence::new("html-error-text"), Plain(root.error_message.clone())),
        (Sentence::new("field-ended"), Plain(words::end(incident))),
        (Sentence::new("html-when"), Plain(Some(moment(&root.event_time)))),
        (Sentence::new("html-who"), Resource(root.principal_arn.clone())),
        (Sentence::new("html-place"), Plain(place(root))),
        (Sentence::new("html-source-address"), Code(root.source_ip.clone())),
        (Sentence::new("html-vpc-endpoint"), Code(endpoint(root.vpc_endpoint_id.as_ref()))),
        (Sentence::new("html-resources"), Code((!shown.is_empty()).then(|| shown.join("\n")))),
        (Sentence::new("html-event"), Event(root.event_id.clone())),
    ];
    known(facts, words, raw)
}

/// Account and region.
fn place(root: &RootCall) -> Option<String> {
    let parts = [root.account_id.as_deref(), root.region.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn denied(incident: &Incident, words: &Wording, raw: Option<&dyn RawEvents>) -> Vec<Fact> {
    use Known::{Code, Event, Plain, Resource};
    let Some(denied) = &incident.denied else { return Vec::new() };
    let top = Top::of(incident);
    // What the record of both tells of the call is told where that is told of.
    let apart = |text: &Option<String>| text.clone().filter(|_| top != Top::Hiding);
    let own = incident.root.as_ref().filter(|_| top == Top::Itself);
    let candidates = title::denied_on(incident, words).filter(|_| denied.resource.is_none());
    let recorded = title::recorded_as(incident).and_then(|_| denied.event_name.clone());
    let signed = (top != Top::Hiding).then(|| words.say(&denied.caller_kind.into()));
    let facts = vec![
        (Sentence::new("html-action"), Code(Some(denied.action.clone()))),
        (Sentence::new("html-recorded-as"), Code(recorded)),
        (Sentence::new("html-resource"), Resource(denied.resource.clone())),
        (Sentence::new("html-resource"), Plain(candidates)),
        (Sentence::new("html-error"), Code(apart(&denied.error_code))),
        (Sentence::new("html-error-text"), Plain(apart(&denied.error_message))),
        (Sentence::new("html-when"), Plain(Some(moment(&denied.event_time)))),
        (Sentence::new("html-who"), Resource(denied.principal_arn.clone())),
        (Sentence::new("html-how-signed"), Plain(signed)),
        (Sentence::new("html-invoked-by"), Code(denied.invoked_by.clone())),
        (Sentence::new("html-place"), Plain(own.and_then(place))),
        (Sentence::new("html-source-address"), Code(own.and_then(|root| root.source_ip.clone()))),
        (Sentence::new("html-vpc-endpoint"), Code(endpoint(denied.vpc_endpoint_id.as_ref()))),
        (Sentence::new("html-event"), Event(Some(denied.event_id.clone()))),
    ];
    known(facts, words, raw)
}

/// A row of the list of denied actions.
struct ActionRow {
    count: String,
    action: String,
    asked: String,
    on: String,
}

/// Each denied action of an incident that holds several, and how many more there are.
fn actions(incident: &Incident, words: &Wording) -> (Vec<ActionRow>, usize) {
    if !title::is_mixed(incident) {
        return (Vec::new(), 0);
    }
    let row = |action: &DeniedAction| ActionRow {
        count: grouped(action.count),
        action: title::named(incident, action, words),
        asked: action.root_action.clone().unwrap_or_else(|| "–".to_owned()),
        on: title::resources(action, words),
    };
    let rows = incident.actions.iter().take(ACTIONS).map(row).collect();
    (rows, incident.actions.len().saturating_sub(ACTIONS))
}

fn policy(incident: &Incident, words: &Wording, raw: Option<&dyn RawEvents>) -> Vec<Fact> {
    use Known::{Code, Resource};
    let verdict = &incident.verdict;
    let keys = verdict.condition_keys.get(..CONDITION_KEYS).unwrap_or(&verdict.condition_keys);
    let keys = (!keys.is_empty()).then(|| keys.join(", "));
    let policy = verdict.policy.clone().unwrap_or_default();
    let source = policy.source.and_then(|source| source.event_id.or(source.file));
    let facts = vec![
        (Sentence::new("html-condition-keys"), Code(keys)),
        (Sentence::new("html-policy"), Resource(policy.arn.or(policy.name))),
        (Sentence::new("html-attached-to"), Resource(policy.attached_to)),
        (Sentence::new("html-statement"), Code(policy.statement_sid)),
        (Sentence::new("html-known-from"), Code(source)),
    ];
    known(facts, words, raw)
}

fn statement(incident: &Incident, words: &Wording) -> Option<Code> {
    let statement = incident.verdict.policy.as_ref()?.statement.as_ref()?;
    let title = words.say(&Sentence::new("html-deciding-statement"));
    Some(Code::json(title, statement))
}

fn change<'a>(
    incident: &'a Incident,
    words: &Wording,
    raw: Option<&dyn RawEvents>,
) -> Option<ChangeView<'a>> {
    let change = incident.change.as_ref()?;
    let title = words.say(&Sentence::new("html-policy-diff"));
    let who = change.principal_arn.as_deref().unwrap_or("–");
    Some(ChangeView {
        who,
        short: principal(who),
        when: moment(&change.event_time),
        console: console::event(&change.event_id, raw),
        diff: change.diff.as_ref().map(|diff| Code::diff(title, diff)),
    })
}

/// The occurrences over the whole time that was read, so that the begin shows. One of them makes no
/// chart.
fn over_time(incident: &Incident, report: &Report, words: &Wording) -> Option<OverTime> {
    if incident.occurrences.len() < 2 {
        return None;
    }
    let span = report.coverage.span.as_ref()?;
    let times = incident.occurrences.iter().map(|occurrence| occurrence.time.as_str());
    let change = incident.change.as_ref().map(|change| change.event_time.as_str());
    OverTime::of(times, (&span.first, &span.last), change, words)
}

/// For calls of services CloudTrail writes `AWS Internal`, which is no endpoint.
fn endpoint(id: Option<&String>) -> Option<String> {
    id.filter(|id| id.starts_with("vpce-")).cloned()
}
