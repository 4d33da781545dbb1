//! From failures to incidents: alike failures are judged together, and what turns out to have one
//! cause is one incident.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::evaluated::{Case, Found};
use super::failing::{Failing, failing};
use super::incident::{Benign, Comparison, Diagnosis, Incident, Occurrence, Verdict};
use super::picture::{Picture, Pool, Worked};
use super::tally::Counter;
use super::told::{self, Told};
use super::words::Kind;
use super::{
    alias, changed, contrasted, documented, evaluated, implied, moved, next, rank, stated,
};
use crate::chain::{Chains, Knowledge};
use crate::contrast::{self, Observation};
use crate::event::{self, CallerKind, Effect, Event, Failure, Field, Layer};
use crate::history::History;
use crate::history::change::Change;
use crate::history::subject::{Entity, Subject};
use crate::ingest::Sample;
use crate::wording::Sentence;

/// Finds and judges everything that failed in `events`, which must be sorted by time and id; a
/// `sample` says how they stand for the records they were drawn from, where they are not all.
pub fn diagnose(
    events: &[Event],
    chains: &Chains,
    knowledge: &Knowledge,
    history: &History,
    sample: Option<&Sample>,
) -> Diagnosis {
    let mut all = failing(events, chains, knowledge);
    if let Some(sample) = sample {
        // Of the others the call above may be missing, which tells what sort of failure it is.
        all.retain(|failing| sample.is_judged(failing.denied));
    }
    implied::fill(&mut all, events, chains, history, sample);
    let all = all;
    let counter = Counter::new(sample);
    let pool = Pool::new(events, chains, &all, sample);
    let worked = pool.principals();
    let (noise, real): (Vec<&Failing>, Vec<&Failing>) =
        all.iter().partition(|f| is_noise(f, events, &worked));
    let configurations = moved::Configurations::new(events, sample);
    let log = Log {
        events,
        chains,
        pool: &pool,
        counter: &counter,
        history,
        configurations: &configurations,
    };
    let judged: Vec<Judged> = alike(&real, events, sample)
        .into_par_iter()
        .filter_map(|alike| {
            let calls: Vec<usize> = alike.iter().map(|failing| failing.denied).collect();
            let tally = counter.refused(&calls, events)?;
            Picture::new(events, chains, &pool, (alike, tally), &all)
        })
        .map(|picture| judge(&picture, &log))
        .collect();
    let mut incidents = merge(judged, &log);
    let export = contrast::Export { events, chains, knowledge, sample };
    let ghosts = super::ghost::ghosts(&export, history, &incidents);
    incidents.extend(ghosts);
    incidents.sort_by(|a, b| {
        let key = |i: &Incident| (i.kind, std::cmp::Reverse(i.tally.count), first_position(i));
        key(a).cmp(&key(b))
    });
    Diagnosis { incidents, benign: benign(&noise, events, &counter) }
}

/// What the log tells, by what it is asked.
struct Log<'l> {
    events: &'l [Event],
    chains: &'l Chains,
    pool: &'l Pool<'l>,
    counter: &'l Counter<'l>,
    history: &'l History,
    configurations: &'l moved::Configurations<'l>,
}

fn first_position(incident: &Incident) -> usize {
    incident
        .occurrences
        .first()
        .and_then(|o| o.failing.as_ref().map(|f| f.denied).or(o.root))
        .unwrap_or(usize::MAX)
}

/// A console page or scanner that asks for lists it may never see: the principal's own read of no
/// particular resource, which never once worked. Of a sample that is known too: it has calls of every
/// principal and name that worked.
fn is_noise(failing: &Failing, events: &[Event], worked: &Worked<'_>) -> bool {
    let Some(event) = events.get(failing.denied) else { return false };
    let is_own = failing.kind == Kind::Direct || event.is_own_hop(failing.caller_kind);
    if !is_own || failing.failure != Failure::Denied || !is_listing(event) {
        return false;
    }
    // An endpoint's policy is made for the programs behind it, not for who browses.
    if failing.denial.stated.as_ref().is_some_and(|s| s.layer == Layer::VpcEndpointPolicy) {
        return false;
    }
    !worked.contains(&(event.source(), event.name(), failing.principal.as_deref()))
}

fn is_listing(event: &Event) -> bool {
    let name = event.name();
    // Who asks for a token or credentials is about to use them.
    if name.ends_with("Token") || name.ends_with("Credentials") {
        return false;
    }
    let lists = ["Describe", "List", "Lookup", "Search"].iter().any(|verb| name.starts_with(verb));
    lists && event.source() != "kms.amazonaws.com"
        || event::is_read_like(name)
            && contrast::resource(event).is_none()
            && event.source() != "kms.amazonaws.com"
}

fn benign(noise: &[&Failing], events: &[Event], counter: &Counter<'_>) -> Vec<Benign> {
    let mut by_principal: BTreeMap<Option<String>, (Vec<usize>, BTreeSet<String>)> =
        BTreeMap::new();
    for failing in noise {
        let entry = by_principal.entry(failing.principal.clone()).or_default();
        entry.0.push(failing.denied);
        entry.1.insert(failing.action.clone());
    }
    by_principal
        .into_iter()
        .map(|(principal, (calls, actions))| Benign {
            actions: actions.into_iter().collect(),
            principal,
            count: counter.refused(&calls, events).map_or(0, |tally| tally.count),
            because: Sentence::new("benign-never-allowed"),
        })
        .collect()
}

/// What makes failures alike: they can be judged as one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    kind: Kind,
    caller_kind: CallerKind,
    principal: Option<String>,
    action: String,
    resource: Option<String>,
    stated: Option<(Layer, Effect, Option<String>)>,
    endpoint: Option<String>,
    key_state: bool,
}

/// Failures by sort, in order of time; those of a sample whose surroundings were kept come first,
/// since the first speaks for all.
fn alike<'f>(
    failing: &[&'f Failing],
    events: &[Event],
    sample: Option<&Sample>,
) -> Vec<Vec<&'f Failing>> {
    let mut sorts: BTreeMap<Sort, Vec<&'f Failing>> = BTreeMap::new();
    for failing in failing {
        let sort = Sort {
            kind: failing.kind,
            caller_kind: failing.caller_kind,
            principal: failing.principal.clone(),
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
        sorts.entry(sort).or_default().push(failing);
    }
    let mut sorts: Vec<Vec<&Failing>> = sorts.into_values().collect();
    for sort in &mut sorts {
        sort.sort_by_key(|f| !sample.is_none_or(|sample| sample.is_surrounded(f.denied)));
    }
    sorts
}

/// Alike failures with their verdict.
struct Judged {
    failing: Vec<Failing>,
    /// How often it happened.
    count: u64,
    successes: Vec<Case>,
    verdict: Verdict,
    change: Option<Change>,
    cause: String,
}

fn judge(picture: &Picture<'_, '_>, log: &Log<'_>) -> Judged {
    let Log { events, chains, pool, history, configurations, .. } = *log;
    let mut testimony = documented::testimony(picture);
    testimony.extend(stated::testimony(picture, events));
    testimony.extend(contrasted::testimony(picture, pool));
    testimony.extend(changed::testimony(picture, history));
    let evaluation = evaluated::evaluated(picture, events, chains, history);
    testimony.extend(evaluated::testimony(&evaluation, picture));
    let told = Told::of(picture, history, &evaluation);
    testimony.extend(told.as_ref().map(Told::testimony));
    testimony.extend(evaluated::reservations(&evaluation, history));
    testimony.extend(implied::testimony(picture.one()));
    let ranked = rank::rank(&testimony);
    let next_evidence = next::commands(picture, &ranked);
    let layer = ranked.first().map_or(Layer::Unknown, |h| h.layer);
    let found = evaluation.found.clone().filter(|f| f.layer == layer);
    let proven = found.is_some() && (evaluation.is_proof() || is_stated(picture, &evaluation));
    let certainty = ranked
        .first()
        .map_or(super::Certainty::Unknown, |winner| rank::certainty(winner, &testimony, proven));
    let condition_keys = match &found {
        Some(found) => found.condition_keys.clone(),
        None => contrasted::condition_keys(&testimony, layer),
    };
    let condition_keys = match told.as_ref().and_then(|told| told.statement.as_ref()) {
        Some(named) if condition_keys.is_empty() => named.condition_keys.clone(),
        _ => condition_keys,
    };
    let change = alias::repointed(picture, events, chains, history)
        .cloned()
        .or_else(|| evaluation.turned_by.clone())
        .or_else(|| changed::culprit(picture, history, layer).cloned())
        .or_else(|| found.as_ref().and_then(|f| changed::origin(f, picture, history)).cloned())
        .or_else(|| alias::taken(picture, history).cloned())
        .or_else(|| moved::moved(picture, events, chains, history, configurations));
    let condition_keys = match implied_key(picture, change.as_ref()) {
        Some(key) if condition_keys.is_empty() => vec![key],
        _ => condition_keys,
    };
    let contradiction = told::contradiction(picture, told.as_ref(), &evaluation);
    let named = told.and_then(|told| told.statement).filter(|s| s.layer == Some(layer));
    let cause = cause(picture, layer, change.as_ref(), found.as_ref());
    let verdict = Verdict {
        ranked,
        certainty,
        testimony,
        condition_keys,
        found,
        named,
        contradiction,
        next_evidence,
    };
    Judged {
        count: picture.count,
        change,
        successes: evaluation.successes,
        failing: picture.failing.iter().map(|f| (*f).clone()).collect(),
        verdict,
        cause,
    }
}

/// The condition key of a tag or alias whose change is to blame: these allow or deny nothing but
/// through a condition (IAM user guide, "Controlling access using tags").
fn implied_key(picture: &Picture<'_, '_>, change: Option<&Change>) -> Option<String> {
    let (of, key) = match &change?.subject {
        Subject::Tag { of, key } => (of, key),
        Subject::Alias(_) if change?.action == "kms:DeleteAlias" => {
            return Some(alias::CONDITION_KEY.to_owned());
        }
        _ => return None,
    };
    let is_of_caller = picture.one().principal.as_deref().is_some_and(|principal| {
        Entity::from_arn(principal).is_some_and(|entity| Entity::from_arn(of) == Some(entity))
    });
    let family = if is_of_caller { "aws:PrincipalTag" } else { "aws:ResourceTag" };
    Some(format!("{family}/{key}"))
}

/// AWS's text names the very layer and effect that evaluating what is known gives, and evaluating
/// gives the successes too: what is not known cannot have denied.
fn is_stated(picture: &Picture<'_, '_>, evaluation: &evaluated::Evaluated) -> bool {
    let stated = picture.one().denial.stated.as_ref();
    let found = evaluation.found.as_ref();
    let repeats = evaluation.denied.first().is_some_and(|case| case.is_as_stated);
    evaluation.contradicted == 0
        && !repeats
        && stated.zip(found).is_some_and(|(s, f)| s.layer == f.layer && s.effect == f.effect)
}

/// What failures of one cause have in common, by layer: the policy lies at the principal, at the
/// resource, at the account or at the endpoint.
fn cause(
    picture: &Picture<'_, '_>,
    layer: Layer,
    change: Option<&Change>,
    found: Option<&Found>,
) -> String {
    if let Some((label, statement)) = found.and_then(|f| f.label.as_ref().zip(f.statement.as_ref()))
    {
        let name = label.arn.as_ref().or(label.attached_to.as_ref()).or(label.name.as_ref());
        let name = name.map_or("", String::as_str);
        return format!("{}|{name}|{}", layer.as_str(), statement.index());
    }
    if let Some(change) = change {
        return format!("{}|{}", layer.as_str(), change.event_id);
    }
    let one = picture.one();
    let observation = picture.observation();
    let what = match layer {
        Layer::IdentityPolicy | Layer::PermissionsBoundary | Layer::SessionPolicy => {
            one.principal.clone()
        }
        Layer::Scp | Layer::Rcp => observation.event.caller_account().map(str::to_owned),
        Layer::VpcEndpointPolicy => observation.event.get(Field::VpcEndpointId).map(str::to_owned),
        _ => one.resource.clone(),
    };
    format!("{}|{}", layer.as_str(), what.unwrap_or_default())
}

fn merge(judged: Vec<Judged>, log: &Log<'_>) -> Vec<Incident> {
    let mut causes: BTreeMap<(String, Kind, Option<Effect>), Vec<Judged>> = BTreeMap::new();
    for one in judged {
        let Some(kind) = one.failing.first().map(|f| f.kind) else { continue };
        let effect = one.verdict.ranked.first().map(|h| h.effect);
        causes.entry((one.cause.clone(), kind, effect)).or_default().push(one);
    }
    let causes: Vec<_> = causes.into_iter().collect();
    causes
        .into_par_iter()
        .filter_map(|((cause, kind, _), parts)| incident(cause, kind, parts, log))
        .collect()
}

fn incident(cause: String, kind: Kind, mut parts: Vec<Judged>, log: &Log<'_>) -> Option<Incident> {
    // The verdict of the most frequent sort speaks for all; they agree on layer and effect.
    parts.sort_by_key(|p| (std::cmp::Reverse(p.count), p.failing.first().map(|f| f.denied)));
    let shown_call = parts.first()?.failing.first()?.denied;
    let mut failing: Vec<Failing> = Vec::new();
    let mut verdict = None;
    let mut change = None;
    let mut successes = Vec::new();
    for part in parts {
        failing.extend(part.failing);
        successes.extend(part.successes);
        verdict.get_or_insert(part.verdict);
        change = change.or(part.change);
    }
    failing.sort_by_key(|f| f.denied);
    let calls: Vec<usize> = failing.iter().map(|f| f.denied).collect();
    let comparison = compare(&failing, shown_call, log);
    let shown = failing.iter().position(|f| f.denied == shown_call).unwrap_or(0);
    let occurrences =
        failing.into_iter().map(|f| Occurrence { root: f.root, failing: Some(f) }).collect();
    Some(Incident {
        kind,
        cause,
        occurrences,
        tally: log.counter.refused(&calls, log.events)?,
        shown,
        verdict: verdict?,
        change,
        comparison,
        missing_steps: Vec::new(),
        successes,
    })
}

fn compare(failing: &[Failing], shown: usize, log: &Log<'_>) -> Comparison {
    let Log { events, chains, pool, .. } = *log;
    let Some(one) = Observation::new(events, chains, shown) else { return Comparison::default() };
    let failures: Vec<Observation<'_>> = failing
        .iter()
        .filter(|f| events.get(f.denied).is_some_and(|e| e.name() == one.event.name()))
        .filter_map(|f| Observation::new(events, chains, f.denied))
        .collect();
    let successes = pool.of(one.event);
    let nearest = contrast::nearest(&one, successes)
        .and_then(|i| successes.get(i))
        .map(|success| (success.index, contrast::differences(&one, success)));
    Comparison {
        failures: failing.len(),
        successes: successes.len(),
        nearest,
        factors: contrast::factors(&failures, successes),
    }
}
