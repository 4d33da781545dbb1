//! From failures to incidents: alike failures are judged together, and what turns out to have one
//! cause is one incident.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::benign::{Callers, Worth};
use super::case::Found;
use super::comparison_set::{ComparisonSet, Pool, makes_new};
use super::decoded_message::{self, DecodedMessage};
use super::failing::Failing;
use super::finding::failing;
use super::folded::Folded;
use super::healed::{self, Healed, Healing};
use super::incident::{Benign, Diagnosis, Incident, Occurrence, Verdict};
use super::kinds::Kind;
use super::refusals::Refusals;
use super::tally::Counter;
use super::worked::{Compared, Worked};
use super::{
    alias_repointed, aws_message, changed, comparing, contrasted, documented, evaluated, evidence,
    guardrail, implied, next, rank, reconfigured, recreated_principal, signature, workload,
};
use crate::chain::{Chains, Knowledge};
use crate::contrast;
use crate::event::arn::Arn;
use crate::event::{self, CallerKind, Effect, Event, Failure, Field, Layer, Whose};
use crate::history::History;
use crate::history::change::Change;
use crate::history::subject::{Entity, Subject};
use crate::wording::Sentence;

/// Finds and judges everything that failed in `events`, which must be sorted by time and id;
/// `folded` says what was found of an export of which they are left.
pub fn diagnose(
    events: &[Event],
    chains: &Chains,
    knowledge: &Knowledge,
    history: &History,
    folded: Option<&Folded>,
) -> Diagnosis {
    let mut all = match folded {
        Some(folded) => folded.failing.iter().map(|(failing, _)| failing.clone()).collect(),
        None => failing(events, chains, knowledge),
    };
    implied::fill(&mut all, events, chains, history);
    decoded_message::apply(&mut all, events, history);
    let all = all;
    let counter = Counter::new(folded);
    let pool = Pool::new(events, chains, &all, folded);
    let refusals = Refusals::of(&all, events);
    let worked = Worked::default();
    let worth: Vec<(&Failing, Worth)> = match folded {
        Some(folded) => {
            let worth = folded.failing.iter().map(|(_, worth)| worth.clone());
            all.iter().zip(worth).collect()
        }
        None => {
            let callers = Callers::new((events, &[]), chains, &all);
            all.iter().map(|failing| (failing, callers.worth(failing, events))).collect()
        }
    };
    let noise = worth.iter().filter_map(|(failing, worth)| match worth {
        Worth::Benign(because) => Some((*failing, because.clone())),
        _ => None,
    });
    let noise: Vec<Noise<'_>> = noise.collect();
    let is_benign = |worth: &Worth| matches!(worth, Worth::Benign(_));
    let real: Vec<&Failing> =
        worth.iter().filter(|(_, worth)| !is_benign(worth)).map(|(failing, _)| *failing).collect();
    let low: BTreeSet<usize> = worth
        .iter()
        .filter(|(_, worth)| *worth == Worth::Low)
        .map(|(failing, _)| failing.denied)
        .collect();
    let configurations = reconfigured::Configurations::new(events);
    let log = Log {
        events,
        chains,
        pool: &pool,
        counter: &counter,
        history,
        configurations: &configurations,
        worked: &worked,
    };
    let judged = judge_all(alike(&real, events), &refusals, &log);
    let mut incidents = merge(judged, &log);
    let export = contrast::Export { events, chains, knowledge };
    let ghosts = super::ghost::ghosts(&export, history, &incidents, folded);
    incidents.extend(ghosts);
    guardrail::flag(&mut incidents, &guardrail::Log { events, chains, pool: &pool });
    incidents.sort_by_cached_key(|incident| {
        let mut calls = incident.occurrences.iter().map(|o| o.failing.as_ref().map(|f| f.denied));
        let is_low = calls.all(|denied| denied.is_some_and(|denied| low.contains(&denied)));
        let count = std::cmp::Reverse(incident.tally.count);
        (incident.kind, is_low, count, first_position(incident))
    });
    let unused_evidence = decoded_message::unused(&all, events, history);
    let benign = benign(&noise, events, &counter);
    Diagnosis { incidents, benign, unused_evidence, worked }
}

/// What the log tells, by what it is asked.
struct Log<'l> {
    events: &'l [Event],
    chains: &'l Chains,
    pool: &'l Pool<'l>,
    counter: &'l Counter<'l>,
    history: &'l History,
    configurations: &'l reconfigured::Configurations<'l>,
    worked: &'l Worked,
}

fn first_position(incident: &Incident) -> usize {
    incident
        .occurrences
        .first()
        .and_then(|o| o.failing.as_ref().map(|f| f.denied).or(o.root))
        .unwrap_or(usize::MAX)
}

/// A refused call that is benign, and why.
type Noise<'f> = (&'f Failing, Sentence);

fn benign(noise: &[Noise<'_>], events: &[Event], counter: &Counter<'_>) -> Vec<Benign> {
    let mut alike: BTreeMap<(Option<String>, &str), Vec<&Noise<'_>>> = BTreeMap::new();
    for one in noise {
        alike.entry((one.0.principal.clone(), one.1.id())).or_default().push(one);
    }
    let of = |all: Vec<&Noise<'_>>| {
        let (first, because) = all.first()?;
        let calls: Vec<usize> = all.iter().map(|(failing, _)| failing.denied).collect();
        let actions: BTreeSet<String> =
            all.iter().map(|(failing, _)| failing.action.clone()).collect();
        Some(Benign {
            actions: actions.into_iter().collect(),
            principal: first.principal.clone(),
            count: counter.refused(&calls, events).map_or(0, |tally| tally.count),
            because: because.clone(),
        })
    };
    alike.into_values().filter_map(of).collect()
}

/// What makes failures alike: they can be judged as one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FailureKey {
    kind: Kind,
    caller_kind: CallerKind,
    principal: Option<String>,
    /// Of what it is the role, where nothing names the role.
    role_of: Option<String>,
    action: String,
    resource: Option<String>,
    stated: Option<(Layer, Effect, Option<String>)>,
    endpoint: Option<String>,
    key_state: bool,
}

/// Failures by sort, in order of time.
fn alike<'f>(failing: &[&'f Failing], events: &[Event]) -> Vec<Vec<&'f Failing>> {
    let mut by_key: BTreeMap<FailureKey, Vec<&'f Failing>> = BTreeMap::new();
    for failing in failing {
        let key_of_failure = FailureKey {
            kind: failing.kind,
            caller_kind: failing.caller_kind,
            principal: failing.principal.clone(),
            role_of: match &failing.denial.whose {
                Whose::RoleOf(thing) => Some(thing.clone()),
                _ => None,
            },
            action: failing.action.clone(),
            resource: failing.resource.clone(),
            stated: failing
                .denial
                .stated
                .as_ref()
                .map(|s| (s.layer, s.effect, s.policy_arn.clone())),
            endpoint: events
                .get(failing.denied)
                .and_then(|e| e.get(Field::VpcEndpointId))
                .map(str::to_owned),
            key_state: matches!(failing.failure, Failure::KeyState(_)),
        };
        by_key.entry(key_of_failure).or_default().push(failing);
    }
    by_key.into_values().collect()
}

/// Alike failures with their verdict.
struct Judged {
    failing: Vec<Failing>,
    /// How often it happened.
    count: u64,
    successes: Compared,
    /// `None` where that of another of its matter speaks for it.
    verdict: Option<Verdict>,
    effect: Option<Effect>,
    change: Option<Change>,
    cause: Cause,
    /// No record says what it was on, as denied KMS calls have lost their parameters.
    has_lost_resource: bool,
}

/// So many sorts of failures are judged before what nobody asks again is given back.
const AT_ONCE: usize = 1024;

/// Judges every sort of failures. Of those of one cause only the verdict that will speak for all is
/// kept: one cause may have tens of thousands of sorts.
fn judge_all<'f>(
    by_key: Vec<Vec<&'f Failing>>,
    refusals: &'f Refusals<'f>,
    log: &Log<'_>,
) -> Vec<Judged> {
    let mut all: Vec<Judged> = Vec::with_capacity(by_key.len());
    let mut loudest: BTreeMap<Matter, usize> = BTreeMap::new();
    let mut by_key = by_key.into_iter();
    loop {
        let some: Vec<Vec<&Failing>> = by_key.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return all;
        }
        let judged: Vec<Judged> = some
            .into_par_iter()
            .filter_map(|alike| {
                let calls: Vec<usize> = alike.iter().map(|failing| failing.denied).collect();
                let tally = log.counter.refused(&calls, log.events)?;
                ComparisonSet::new(log.events, log.chains, log.pool, (alike, tally), refusals)
            })
            .map(|set| judge(&set, log))
            .collect();
        for mut one in judged {
            let at = all.len();
            let louder = *loudest.entry(one.matter()).or_insert(at);
            match all.get_mut(louder) {
                Some(other) if one.loudness() < other.loudness() => {
                    other.verdict = None;
                    loudest.insert(one.matter(), at);
                }
                Some(_) => one.verdict = None,
                None => {}
            }
            all.push(one);
        }
    }
}

/// What sorts of failures that become one incident agree in, whatever else there is.
type Matter = (Cause, Option<Kind>, Option<Effect>, bool, Option<String>);

impl Judged {
    fn matter(&self) -> Matter {
        let first = self.failing.first();
        let service = first.and_then(|one| one.action.split_once(':'));
        (
            self.cause.clone(),
            first.map(|one| one.kind),
            self.effect,
            self.has_lost_resource,
            service.map(|(service, _)| service.to_owned()),
        )
    }

    /// The most frequent one speaks first, of several the earliest.
    fn loudness(&self) -> (std::cmp::Reverse<u64>, Option<usize>) {
        (std::cmp::Reverse(self.count), self.failing.first().map(|one| one.denied))
    }
}

fn judge(set: &ComparisonSet<'_, '_>, log: &Log<'_>) -> Judged {
    let Log { events, chains, pool, history, configurations, worked, .. } = *log;
    let mut evidence = documented::evidence(set, history);
    evidence.extend(aws_message::evidence(set, events));
    evidence.extend(contrasted::evidence(set, pool));
    let suspects = changed::Suspects::of(set, history);
    evidence.extend(changed::evidence(set, history, &suspects));
    evidence.extend(recreated_principal::evidence(set, history));
    let evaluation = evaluated::evaluated(set, events, chains, history, &suspects, worked);
    evidence.extend(evaluated::evidence(&evaluation, set));
    let decoded = DecodedMessage::of(set, history, &evaluation);
    evidence.extend(decoded.as_ref().map(DecodedMessage::evidence));
    evidence.extend(evaluated::reservations(&evaluation, history));
    evidence.extend(implied::evidence(set.one()));
    evidence.extend(workload::evidence(set, events, chains));
    let healed = healed::healed(set, pool, history, &suspects);
    evidence.extend(healed.as_ref().and_then(Healed::evidence));
    let evidence = evidence::each_once(evidence);
    let ranked = rank::rank(&evidence);
    let next_evidence = next::commands(set, &ranked);
    let layer = ranked.first().map_or(Layer::Unknown, |h| h.layer);
    let found = evaluation.found.clone().filter(|f| f.layer == layer);
    let proven = found.is_some() && (evaluation.is_proof() || is_stated(set, &evaluation));
    let certainty = ranked
        .first()
        .map_or(super::Certainty::Unknown, |winner| rank::certainty(winner, &evidence, proven));
    let condition_keys = match &found {
        Some(found) => found.condition_keys.clone(),
        None => contrasted::condition_keys(&evidence, layer),
    };
    let condition_keys = match decoded.as_ref().and_then(|decoded| decoded.statement.as_ref()) {
        Some(named) if condition_keys.is_empty() => named.condition_keys.clone(),
        _ => condition_keys,
    };
    let change = alias_repointed::repointed(set, events, chains, history)
        .cloned()
        .or_else(|| evaluation.turned_by.clone())
        .or_else(|| changed::culprit(&suspects, layer).cloned())
        .or_else(|| found.as_ref().and_then(|f| changed::origin(f, set, history)).cloned())
        .or_else(|| alias_repointed::taken(set, history).cloned())
        .or_else(|| reconfigured::reconfigured(set, events, chains, history, configurations));
    let condition_keys = match implied_key(set, change.as_ref()) {
        Some(key) if condition_keys.is_empty() => vec![key],
        _ => condition_keys,
    };
    let contradiction = decoded_message::contradiction(set, decoded.as_ref(), &evaluation);
    let named = decoded.and_then(|decoded| decoded.statement).filter(|s| s.layer == Some(layer));
    let effect = ranked.first().map_or(Effect::Unknown, |h| h.effect);
    let mut cause = cause(set, (layer, effect), change.as_ref(), found.as_ref());
    // Where waiting was enough, nothing is wrong that others could share.
    if let Some(healed) = healed.as_ref().filter(|healed| healed.why == Healing::Propagation) {
        cause.text.push_str(&format!("|{}", healed.event_id));
    }
    let verdict = Verdict {
        ranked,
        certainty,
        evidence,
        condition_keys,
        found,
        named,
        contradiction,
        next_evidence,
        confirmed: evaluation.confirmed,
        healed,
    };
    let one = set.one();
    let has_lost_resource = one.resource.is_none()
        && one.denial.resource.is_none()
        && events
            .get(one.denied)
            .is_some_and(|event| event.request().is_none() || one.denial.is_behind(event));
    Judged {
        count: set.count,
        has_lost_resource,
        change,
        successes: evaluation.successes,
        failing: set.failing.iter().map(|f| (*f).clone()).collect(),
        effect: verdict.ranked.first().map(|h| h.effect),
        verdict: Some(verdict),
        cause,
    }
}

/// The condition key of a tag or alias whose change is to blame: these allow or deny nothing but
/// through a condition (IAM user guide, "Controlling access using tags").
fn implied_key(set: &ComparisonSet<'_, '_>, change: Option<&Change>) -> Option<String> {
    let (of, key) = match &change?.subject {
        Subject::Tag { of, key } => (of, key),
        Subject::Alias(_) if change?.action == "kms:DeleteAlias" => {
            return Some(alias_repointed::CONDITION_KEY.to_owned());
        }
        _ => return None,
    };
    let is_of_caller = set.one().principal.as_deref().is_some_and(|principal| {
        Entity::from_arn(principal).is_some_and(|entity| Entity::from_arn(of) == Some(entity))
    });
    let family = if is_of_caller { "aws:PrincipalTag" } else { "aws:ResourceTag" };
    Some(format!("{family}/{key}"))
}

/// AWS's text names the very layer and effect that evaluating what is known gives, and evaluating
/// gives the successes too: what is not known cannot have denied.
fn is_stated(set: &ComparisonSet<'_, '_>, evaluation: &evaluated::Evaluated) -> bool {
    let stated = set.one().denial.stated.as_ref();
    let found = evaluation.found.as_ref();
    let repeats = evaluation.denied.first().is_some_and(|case| case.is_as_stated);
    evaluation.contradicted == 0
        && !repeats
        && stated.zip(found).is_some_and(|(s, f)| s.layer == f.layer && s.effect == f.effect)
}

/// What failures of one cause have in common: one statement, one change, one key state; else one missing
/// permission, which is a principal's, of a family of actions, on what can hold a policy.
fn cause(
    set: &ComparisonSet<'_, '_>,
    (layer, effect): (Layer, Effect),
    change: Option<&Change>,
    found: Option<&Found>,
) -> Cause {
    let one = set.one();
    // Where the layer is not known, one change may have hit each principal in another way.
    let whose = match layer {
        Layer::Unknown => one.principal.clone().unwrap_or_default(),
        _ => String::new(),
    };
    if let Some((label, statement)) = found.and_then(|f| f.label.as_ref().zip(f.statement.as_ref()))
    {
        let name = label.arn.as_ref().or(label.attached_to.as_ref()).or(label.name.as_ref());
        let name = name.map_or("", String::as_str);
        return Cause::of(format!("{}|{name}|{}", layer.as_str(), statement.index()));
    }
    if let Some(change) = change {
        return Cause::of(format!("{}|{}|{whose}", layer.as_str(), change.event_id));
    }
    if let (Failure::KeyState(_), Some(key)) = (one.failure, &one.resource) {
        return Cause::of(format!("{}|{key}", layer.as_str()));
    }
    let event = set.observation().event;
    let stated = one.denial.stated.as_ref();
    let said = match stated {
        Some(stated) => format!("{}|{:?}", stated.layer.as_str(), stated.effect),
        None => format!("{}|{effect:?}", layer.as_str()),
    };
    // Of a role that nothing names it matters whose it is.
    let principal = match (&one.principal, &one.denial.whose) {
        (Some(principal), _) | (None, Whose::RoleOf(principal)) => principal.as_str(),
        (None, _) => "",
    };
    let account = event.caller_account().unwrap_or_default();
    if let Some(arn) = stated.and_then(|stated| stated.policy_arn.as_deref()) {
        return Cause::of(format!("{said}|{arn}|{account}|{principal}"));
    }
    let endpoint = match layer {
        Layer::VpcEndpointPolicy => event.get(Field::VpcEndpointId).unwrap_or_default(),
        _ => "",
    };
    // What a call makes is new each time, and so is no other matter.
    let known =
        one.resource.as_deref().filter(|_| !makes_new(event) || one.denial.is_behind(event));
    let holder = known.filter(|resource| holds_policy(resource));
    let family = family(&one.action, event, holder);
    Cause {
        text: format!("{said}|{account}|{principal}|{endpoint}"),
        family,
        holder: Some(holder.unwrap_or_default().to_owned()),
    }
}

/// Alike causes are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    text: String,
    /// The actions that one permission is given for, where that is a part of the cause.
    family: String,
    /// What can hold a policy, where that is a part of the cause; empty where it is not known.
    holder: Option<String>,
}

impl Cause {
    fn of(text: String) -> Cause {
        Cause { text, family: String::new(), holder: None }
    }
}

/// Whether a resource has a policy of its own, by which it matters that it is this one. A new image, object
/// or job each time is no other matter.
fn holds_policy(resource: &str) -> bool {
    Arn::parse(resource).is_some_and(|arn| signature::can_hold(&arn))
}

/// Actions that one permission is mostly given for: those of a service on one thing; on nothing in
/// particular the reads of a service, else each action by itself.
fn family(action: &str, event: &Event, holder: Option<&str>) -> String {
    let service = action.split_once(':').map_or(action, |(service, _)| service);
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    let reads = event::is_read_like(name) || event.read_only == Some(true);
    match (holder, reads) {
        (Some(_), _) => service.to_owned(),
        (None, true) => format!("{service}|reads"),
        (None, false) => action.to_owned(),
    }
}

/// The same thing refused once with and once without its id in the record is one matter.
fn settle_holders(judged: &mut [Judged]) {
    let mut holders: BTreeMap<(String, Kind), BTreeSet<String>> = BTreeMap::new();
    let key = |one: &Judged| {
        let failing = one.failing.first()?;
        let service = failing.action.split_once(':').map(|(service, _)| service.to_owned())?;
        Some((format!("{}|{service}", one.cause.text), failing.kind))
    };
    for one in judged.iter() {
        if let (Some(key), Some(holder)) = (key(one), one.cause.holder.clone())
            && !holder.is_empty()
        {
            holders.entry(key).or_default().insert(holder);
        }
    }
    for one in judged.iter_mut() {
        let is_nameless = one.cause.holder.as_deref() == Some("") && one.has_lost_resource;
        let Some(key) = key(one).filter(|_| is_nameless) else { continue };
        if let Some(known) = holders.get(&key).filter(|known| known.len() == 1) {
            one.cause.holder = known.first().cloned();
            one.cause.family = key.0.rsplit('|').next().unwrap_or_default().to_owned();
        }
    }
}

fn merge(judged: Vec<Judged>, log: &Log<'_>) -> Vec<Incident> {
    let mut judged = judged;
    settle_holders(&mut judged);
    let mut causes: BTreeMap<(Cause, Kind, Option<Effect>), Vec<Judged>> = BTreeMap::new();
    for one in judged {
        let Some(kind) = one.failing.first().map(|f| f.kind) else { continue };
        causes.entry((one.cause.clone(), kind, one.effect)).or_default().push(one);
    }
    let causes: Vec<_> = causes.into_iter().collect();
    causes
        .into_par_iter()
        .filter_map(|((cause, kind, _), parts)| incident(cause, kind, parts, log))
        .collect()
}

/// The failure that is shown: the first, unless it is in doubt which call it belongs to and another shows
/// it surely.
fn example<'f>(failing: &'f [Failing], log: &Log<'_>) -> Option<&'f Failing> {
    let first = failing.first()?;
    let sure = |one: &Failing| log.chains.root_confidence(one.denied, log.events).unwrap_or(1.0);
    let in_doubt = sure(first) < DOUBTFUL;
    let better = failing.iter().find(|one| in_doubt && sure(one) >= SURE);
    Some(better.unwrap_or(first))
}

/// How surely a call belongs to the one above it, to be shown or not to be shown where others are.
const DOUBTFUL: f64 = 0.8;
const SURE: f64 = 0.9;

fn incident(cause: Cause, kind: Kind, mut parts: Vec<Judged>, log: &Log<'_>) -> Option<Incident> {
    // The verdict of the most frequent sort speaks for all; they agree on layer and effect.
    parts.sort_by_key(Judged::loudness);
    let shown_call = example(&parts.first()?.failing, log)?.denied;
    let mut failing: Vec<Failing> = Vec::new();
    let mut verdict = None;
    let mut change = None;
    let mut successes = Compared::default();
    for part in parts {
        failing.extend(part.failing);
        successes.extend(part.successes);
        verdict = verdict.or(part.verdict);
        change = change.or(part.change);
    }
    failing.sort_by_key(|f| f.denied);
    let calls: Vec<usize> = failing.iter().map(|f| f.denied).collect();
    let Log { events, chains, pool, counter, .. } = *log;
    let compared =
        comparing::Compared { events, chains, pool, counter, failing: &failing, shown: shown_call };
    let comparison = comparing::compare(&compared, verdict.as_ref(), change.as_ref());
    let shown = failing.iter().position(|f| f.denied == shown_call).unwrap_or(0);
    let occurrences =
        failing.into_iter().map(|f| Occurrence { root: f.root, failing: Some(f) }).collect();
    let holder = cause.holder.unwrap_or_default();
    Some(Incident {
        kind,
        cause: format!("{}|{}|{holder}", cause.text, cause.family),
        occurrences,
        tally: log.counter.refused(&calls, log.events)?,
        shown,
        verdict: verdict?,
        change,
        comparison,
        missing_steps: Vec::new(),
        successes,
        guardrail: None,
    })
}
