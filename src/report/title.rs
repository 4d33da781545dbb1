//! An incident in one sentence, and the phrases in it: what was asked, what was denied, to whom, and
//! how surely the one was made for the other.

use std::collections::BTreeSet;

use super::{DeniedAction, Incident, Kind, RootCall, sanitize, words};
use crate::event::arn::{self, Arn};
use crate::event::partition;
use crate::wording::{Argument, Sentence, Wording};

/// Actions that a sentence names; of more it says how many.
const NAMED: usize = 3;

/// How the call at the top and the denied one stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    /// Two calls, both in the log.
    Above,
    /// One call whose error text tells of the refusal of another one.
    Hiding,
    /// The denied call itself: its own caller asked for it.
    Itself,
    /// A call that the log lacks.
    Unlogged,
    /// None is known.
    Unknown,
}

impl Top {
    pub(super) fn of(incident: &Incident) -> Top {
        let Some(root) = &incident.root else {
            return if incident.kind == Kind::Direct { Top::Itself } else { Top::Unknown };
        };
        let Some(denied) = &incident.denied else { return Top::Above };
        match &root.event_id {
            None => Top::Unlogged,
            Some(id) if *id != denied.event_id => Top::Above,
            Some(_) if root.action == denied.action => Top::Itself,
            Some(_) => Top::Hiding,
        }
    }

    /// Whether there is one record and not two.
    pub(super) fn is_one_record(self) -> bool {
        matches!(self, Top::Hiding | Top::Itself)
    }
}

/// The incident in one sentence: what was asked, what was denied, by what.
pub(super) fn headline(incident: &Incident) -> Sentence {
    let why = words::why(incident, incident.verdict.layer, incident.verdict.effect);
    let denied = denied(incident);
    let count = distinct_actions(incident).len().max(1);
    let is_made_for = matches!(incident.kind, Kind::Silent | Kind::Opaque);
    match (incident.kind, Top::of(incident)) {
        (Kind::Ghost, _) if incident.missing_steps.is_empty() => {
            Sentence::new("headline-gone").arg("root", root(incident)).arg("why", why)
        }
        (Kind::Ghost, _) => Sentence::new("headline-ghost")
            .arg("root", root(incident))
            .arg("steps", incident.missing_steps.clone())
            .arg("why", why),
        (_, Top::Hiding) => Sentence::new("headline-hiding")
            .arg("root", root(incident))
            .arg("code", code(incident))
            .arg("who", who(denied_principal(incident)))
            .arg("denied", denied)
            .arg("why", why),
        (_, Top::Unlogged) if is_made_for => Sentence::new("headline-unlogged")
            .arg("root", root(incident))
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
        (_, Top::Unknown) if is_made_for => Sentence::new("headline-rootless")
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
        (Kind::Silent, _) => Sentence::new("headline-silent")
            .arg("root", root(incident))
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
        (Kind::Opaque, _) => Sentence::new("headline-opaque")
            .arg("root", root(incident))
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
        (Kind::Background, _) => Sentence::new("headline-background")
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
        (Kind::Direct, _) => Sentence::new("headline-direct")
            .arg("denied", denied)
            .arg("count", count)
            .arg("why", why),
    }
}

/// What the kind of the incident means, in one sentence.
pub(super) fn meaning(incident: &Incident) -> Sentence {
    match Top::of(incident) {
        Top::Hiding => Sentence::new("kind-hiding-means"),
        _ => incident.kind.meaning(),
    }
}

/// Gives incidents their titles anew. Out of its place a name may be a word like any other, so the
/// titles of a redacted report are made of what stands in it.
pub fn retitle(incidents: &mut [Incident], wording: &Wording) {
    for incident in incidents {
        incident.title = wording.say(&headline(incident));
    }
}

/// That it looks like a rule doing its work, which every report says first.
pub(super) fn guardrail(incident: &Incident) -> Option<Sentence> {
    incident.guardrail.then(|| Sentence::new("guardrail-lead"))
}

/// Every denied action once, most frequent first.
fn distinct_actions(incident: &Incident) -> Vec<&str> {
    match incident.actions.as_slice() {
        [] => incident.denied.iter().map(|denied| denied.action.as_str()).collect(),
        actions => actions.iter().map(|one| one.action.as_str()).collect(),
    }
}

/// Whether there is more than one action, so that the list of them tells something.
pub(super) fn is_mixed(incident: &Incident) -> bool {
    incident.actions.len() > 1
}

/// Every denied action by its name, or how many of how many services.
pub(super) fn denied(incident: &Incident) -> Argument {
    let actions = distinct_actions(incident);
    if actions.is_empty() {
        return "?".into();
    }
    if actions.len() <= NAMED {
        return Argument::List(actions.into_iter().map(Argument::from).collect());
    }
    let mut services: Vec<&str> =
        actions.iter().filter_map(|action| action.split(':').next()).collect();
    services.sort_unstable();
    services.dedup();
    let counted = Sentence::new("actions-of-services")
        .arg("actions", actions.len())
        .arg("services", services.len());
    counted.into()
}

/// The denied actions as they stand in a table: the most frequent one, and how many others.
pub(super) fn denied_in_short(incident: &Incident, wording: &Wording) -> String {
    match distinct_actions(incident).as_slice() {
        [] if incident.missing_steps.is_empty() => wording.say(&Sentence::new("overview-gone")),
        [] => wording.list(&incident.missing_steps),
        [one] => (*one).to_owned(),
        [first, others @ ..] => {
            let more = wording.say(&Sentence::new("and-more").arg("count", others.len()));
            wording.list(&[*first, &more])
        }
    }
}

/// The calls that were asked for, by their actions, or how many of them.
pub(super) fn root(incident: &Incident) -> Argument {
    let shown = incident.root.as_ref().map(|root| root.action.as_str());
    let mut roots: Vec<&str> = shown.into_iter().collect();
    for root in incident.actions.iter().filter_map(|action| action.root_action.as_deref()) {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    match roots.len() {
        0 => "?".into(),
        1..=NAMED => Argument::List(roots.into_iter().map(Argument::from).collect()),
        more => Sentence::new("several-calls").arg("count", more).into(),
    }
}

/// The error code of the call at the top.
pub(super) fn code(incident: &Incident) -> Argument {
    match incident.root.as_ref().and_then(|root| root.error_code.as_deref()) {
        Some(code) => code.into(),
        None => Sentence::new("an-error").into(),
    }
}

/// Who was denied.
pub(super) fn denied_principal(incident: &Incident) -> Option<&str> {
    incident.denied.as_ref()?.principal_arn.as_deref()
}

/// A principal as a sentence names it: a role or user by its name, a service by its own.
pub(super) fn who(principal: Option<&str>) -> Sentence {
    let Some(principal) = principal else { return Sentence::new("who-unknown") };
    if let Some((_, name)) = arn::role_name(principal) {
        return Sentence::new("who-role").arg("name", name);
    }
    match Arn::parse(principal) {
        Some(arn) if arn.service == "iam" && arn.resource.starts_with("user/") => {
            let name = arn.resource.rsplit('/').next().unwrap_or(arn.resource);
            Sentence::new("who-user").arg("name", name)
        }
        None if partition::without_domain(principal).is_some() => {
            Sentence::new("who-service").arg("name", principal)
        }
        _ => Sentence::new("who-other").arg("name", principal),
    }
}

/// How surely the denied call was made for the one at the top, and what else it may have been made
/// for; `None` where there is nothing to say.
pub(super) fn belongs(root: &RootCall) -> Option<Sentence> {
    if root.synthesized {
        return Some(Sentence::new("call-synthesized"));
    }
    let (confidence, kind) = (root.confidence?, root.belongs_by?);
    let percent = words::percent(confidence);
    Some(match root.tied_with.as_slice() {
        [] => Sentence::new("root-belongs").arg("kind", kind).arg("percent", percent),
        tied => Sentence::new("root-belongs-or")
            .arg("kind", kind)
            .arg("percent", percent)
            .arg("events", tied.to_vec()),
    })
}

/// That no call is known that asked for it; `None` where one is, or none was needed.
pub(super) fn rootless(incident: &Incident) -> Option<Sentence> {
    let is_asked_for = !matches!(incident.kind, Kind::Direct | Kind::Ghost);
    (incident.root.is_none() && is_asked_for).then(|| Sentence::new("root-unknown"))
}

/// What it was denied on, or may have been.
pub(super) fn denied_on(incident: &Incident, wording: &Wording) -> Option<String> {
    let denied = incident.denied.as_ref()?;
    match (&denied.resource, denied.resource_candidates.as_slice()) {
        (Some(resource), _) => Some(resource.clone()),
        (None, []) => None,
        (None, [only]) => Some(wording.say(&Sentence::new("perhaps-on").arg("resource", only))),
        (None, candidates) => {
            Some(wording.say(&Sentence::new("one-of").arg("resources", candidates.to_vec())))
        }
    }
}

/// Under what other name the denied call was recorded; `None` where the action is called after it,
/// or the call is told of anyway.
pub(super) fn recorded_as(incident: &Incident) -> Option<Sentence> {
    let name = incident.denied.as_ref()?.event_name.as_deref()?;
    (Top::of(incident) != Top::Hiding).then(|| Sentence::new("recorded-as").arg("name", name))
}

/// An action of the list: under what other name it was recorded, and whether it is new.
pub(super) fn named(incident: &Incident, action: &DeniedAction, wording: &Wording) -> String {
    let recorded = (!action.event_names.is_empty())
        .then(|| Sentence::new("recorded-as").arg("name", action.event_names.clone()));
    let new = incident.new_signatures.as_deref().unwrap_or_default();
    let is_new = action.sorts.iter().any(|sort| new.contains(&sort.signature));
    let mark = is_new.then(|| Sentence::new("baseline-mark"));
    let told = [recorded, mark].into_iter().flatten().map(|told| wording.say(&told));
    let told: Vec<String> = told.collect();
    match told.is_empty() {
        true => action.action.clone(),
        false => format!("{} ({})", action.action, told.join("; ")),
    }
}

/// What an action of the list was denied on, and on how many other things.
pub(super) fn resources(action: &DeniedAction, wording: &Wording) -> String {
    let Some(resource) = &action.resource else { return "–".to_owned() };
    let others: BTreeSet<&String> =
        action.sorts.iter().filter_map(|sort| sort.resource.as_ref()).collect();
    match others.len().saturating_sub(1) {
        0 => resource.clone(),
        more => {
            let more = wording.say(&Sentence::new("and-more").arg("count", more));
            wording.list(&[resource.as_str(), &more])
        }
    }
}

/// What the baseline knows of it; `None` where none was given.
pub(super) fn known(incident: &Incident) -> Option<Sentence> {
    let new = incident.new_signatures.as_ref()?;
    let all = incident.signatures.len();
    Some(match new.len() {
        0 => Sentence::new("baseline-known"),
        count if count >= all => Sentence::new("baseline-new"),
        count => Sentence::new("baseline-partly")
            .arg("new", count)
            .arg("all", all)
            .arg("what", new_sorts(incident, new)),
    })
}

/// What of a known incident is new: actions with what they were denied on and their first events.
fn new_sorts(incident: &Incident, new: &[String]) -> Vec<Sentence> {
    let sorts = incident.actions.iter().flat_map(|action| {
        action
            .sorts
            .iter()
            .map(move |sort| (action, sort))
            .filter(|(_, s)| new.contains(&s.signature))
    });
    let told = sorts.map(|(action, sort)| match &sort.resource {
        Some(resource) => Sentence::new("baseline-new-on")
            .arg("action", &action.action)
            .arg("resource", sanitize::clip(resource, 200))
            .arg("event", &sort.first_event_id),
        None => Sentence::new("baseline-new-sort")
            .arg("action", &action.action)
            .arg("event", &sort.first_event_id),
    });
    let mut told: Vec<Sentence> = told.collect();
    let more = told.len().saturating_sub(NAMED);
    if more > 0 {
        told.truncate(NAMED);
        told.push(Sentence::new("and-more").arg("count", more));
    }
    told
}
