//! From a diagnosis to the report: puts everything into words, decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::coverage;
use super::pair::Pair;
use super::root;
use super::steps::Steps;
use super::view::{
    self, Alternative, Comparison, DeniedAction, DeniedCall, Difference, Evidence, Factor,
    Incident, NearestSuccess, Occurrence, Outcome, Report, RuledOut, SCHEMA, SortOfFailure, Step,
    Tool, Verdict,
};
use crate::chain::Chains;
use crate::contrast::{self, Attribute, Property};
use crate::diagnose::{self, Actions, Diagnosis, Failing, Folded, Signature, Stood};
use crate::event::{self, Effect, Event, Field, Layer, Whose};
use crate::history::{self, History};
use crate::iam::PolicySource;
use crate::ingest::Ledger;
use crate::remedy::Remedy;
use crate::wording::{Sentence, Wording};

/// What a report is made of.
pub struct Material<'m> {
    /// Every event, sorted by time and id.
    pub events: &'m [Event],
    /// Their chains.
    pub chains: &'m Chains,
    /// What was found.
    pub diagnosis: &'m Diagnosis,
    /// The remedies of its incidents, in their order.
    pub remedies: &'m [Remedy],
    /// What was in force over time.
    pub history: &'m History,
    /// What was read.
    pub ledger: &'m Ledger,
    /// What was found of an export of which the events are left.
    pub folded: Option<&'m Folded>,
    /// Occurrences listed per incident; all of them when `None`.
    pub max_occurrences: Option<usize>,
}

/// The report in the language of `wording`.
pub fn build(material: &Material<'_>, wording: &Wording) -> Report {
    let builder = Builder::new(material, wording);
    let shown = material.diagnosis.incidents.iter().map(|incident| incident.shown);
    let incidents: Vec<Incident> =
        shown.enumerate().filter_map(|(at, shown)| builder.incident(at, shown)).collect();
    Report {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trailwhy".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        coverage: coverage(material.ledger, material.history, wording),
        incidents,
        benign: material.diagnosis.benign.iter().map(|b| builder.benign(b)).collect(),
    }
}

/// Incidents by their place, each as it happened in one of its occurrences.
pub(super) fn incidents_of(
    material: &Material<'_>,
    wording: &Wording,
    shown: &[(usize, usize)],
) -> Vec<(usize, Incident)> {
    if shown.is_empty() {
        return Vec::new();
    }
    let builder = Builder::new(material, wording);
    shown.iter().filter_map(|(at, shown)| Some((*at, builder.incident(*at, *shown)?))).collect()
}

/// A change of policies with its difference.
pub(super) fn change(
    material: &Material<'_>,
    wording: &Wording,
    change: &history::change::Change,
) -> view::Change {
    Builder::new(material, wording).change(change)
}

/// The chain that the call at `index` belongs to, parents before children.
pub fn chain_steps(
    events: &[Event],
    chains: &Chains,
    index: usize,
    wording: &Wording,
) -> Vec<Step> {
    let members = chains.work(index, events).into_iter();
    members.filter_map(|i| step(events, chains, i, wording)).collect()
}

struct Builder<'b> {
    material: &'b Material<'b>,
    wording: &'b Wording,
    actions: Actions<'b>,
    steps: Steps<'b>,
    /// By incident, the signature of each occurrence.
    signatures: Vec<Vec<Option<Signature>>>,
    /// The names of the incidents.
    ids: Vec<String>,
    /// Places of the incidents by their cause.
    by_cause: BTreeMap<&'b str, Vec<usize>>,
}

impl<'b> Builder<'b> {
    fn new(material: &'b Material<'b>, wording: &'b Wording) -> Self {
        let actions = Actions::new(material.events, material.folded);
        let incidents = material.diagnosis.incidents.iter();
        let signatures: Vec<_> =
            incidents.map(|incident| actions.signatures(&incident.occurrences)).collect();
        let ids = incident_ids(material, &signatures);
        let steps = Steps::new(material.events, material.chains, wording);
        let mut by_cause: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, incident) in material.diagnosis.incidents.iter().enumerate() {
            by_cause.entry(&incident.cause).or_default().push(at);
        }
        Builder { material, wording, actions, steps, signatures, ids, by_cause }
    }

    /// The incident at `at` as it happened at the place `place` among its occurrences.
    fn incident(&self, at: usize, place: usize) -> Option<Incident> {
        let incident = self.material.diagnosis.incidents.get(at)?;
        let remedy = self.material.remedies.get(at);
        let shown = incident.occurrences.get(place)?;
        let signatures = self.signatures.get(at)?;
        let actions: Vec<DeniedAction> = self
            .actions
            .of(incident, signatures)
            .into_iter()
            .filter_map(|action| self.denied_action(action))
            .collect();
        let is_mixed = actions.len() > 1;
        let occurrences = self.occurrences(incident, is_mixed);
        let sorts: BTreeSet<Signature> = signatures.iter().flatten().copied().collect();
        let position = shown.failing.as_ref().map(|f| f.denied).or(shown.root)?;
        let tally = &incident.tally;
        let chain = self.steps.of(position);
        let mut told = Incident {
            id: self.ids.get(at)?.clone(),
            related: self.related(at),
            kind: incident.kind,
            title: String::new(),
            signatures: sorts.iter().map(Signature::to_string).collect(),
            new_signatures: None,
            first_seen: tally.first.to_string(),
            last_seen: tally.last.to_string(),
            count: tally.count,
            occurrences: match self.material.max_occurrences {
                Some(most) => occurrences.into_iter().take(most).collect(),
                None => occurrences,
            },
            actions,
            root: root::of(self.material, shown),
            denied: shown.failing.as_ref().and_then(|f| self.denied(f)),
            chain: chain.steps,
            chain_left_out: chain.left_out,
            missing_steps: incident.missing_steps.clone(),
            comparison: match place == incident.shown {
                true => self.comparison(incident, position),
                false => self.comparison_with(incident, position),
            },
            verdict: self.verdict(incident, place),
            guardrail: incident.guardrail.is_some(),
            change: incident.change.as_ref().map(|c| self.change(c)),
            fixes: super::fixes::fixes(remedy, self.wording),
            refuted_fixes: super::fixes::refuted(remedy, self.wording),
        };
        told.title = self.wording.say(&super::title::headline(&told));
        Some(told)
    }

    fn denied_action(&self, action: diagnose::DeniedAction) -> Option<DeniedAction> {
        let id = |index: usize| self.material.events.get(index).map(|event| event.id().to_owned());
        let sorts: Vec<SortOfFailure> = action
            .sorts
            .into_iter()
            .filter_map(|sort| {
                Some(SortOfFailure {
                    signature: sort.signature.to_string(),
                    count: sort.count,
                    resource: sort.resource,
                    principal_arn: sort.principal,
                    first_event_id: id(sort.first)?,
                })
            })
            .collect();
        Some(DeniedAction {
            action: action.action,
            count: action.count,
            resource: sorts.first().and_then(|sort| sort.resource.clone()),
            first_event_id: id(action.first)?,
            event_names: action.event_names,
            root_action: action.root_action,
            sorts,
        })
    }

    /// The other incidents of one cause; where the cause is not known, none.
    fn related(&self, at: usize) -> Vec<String> {
        let is_known = |incident: &&diagnose::Incident| {
            incident.verdict.certainty != diagnose::Certainty::Unknown || incident.change.is_some()
        };
        let one = self.material.diagnosis.incidents.get(at).filter(is_known);
        let alike = one.and_then(|one| self.by_cause.get(one.cause.as_str()));
        let others = alike.into_iter().flatten().filter(|other| **other != at);
        others.filter_map(|other| self.ids.get(*other).cloned()).collect()
    }

    /// Every time it happened, in order of time.
    fn occurrences(&self, incident: &diagnose::Incident, is_mixed: bool) -> Vec<Occurrence> {
        let mut all: Vec<Occurrence> = Vec::new();
        for one in &incident.occurrences {
            let Some(told) = self.occurrence(one, is_mixed) else { continue };
            let stood = one.failing.as_ref().and_then(|failing| {
                self.material.folded.and_then(|folded| folded.stood.get(&failing.denied))
            });
            let alike = |stood: &Stood| Occurrence {
                root_event_id: stood.root.as_deref().map(str::to_owned),
                denied_event_id: Some(stood.id.to_string()),
                time: stood.time.to_string(),
                denied_action: told.denied_action.clone(),
            };
            all.extend(stood.into_iter().flatten().map(alike));
            all.push(told);
        }
        if self.material.folded.is_some() {
            let id = |one: &Occurrence| one.denied_event_id.clone().or(one.root_event_id.clone());
            all.sort_by_cached_key(|one| (one.time.clone(), id(one)));
        }
        all
    }

    fn occurrence(&self, occurrence: &diagnose::Occurrence, is_mixed: bool) -> Option<Occurrence> {
        let events = self.material.events;
        let denied = occurrence.failing.as_ref().and_then(|f| events.get(f.denied));
        let root = occurrence.root.and_then(|i| events.get(i));
        Some(Occurrence {
            root_event_id: root.map(|e| e.id().to_owned()),
            denied_event_id: denied.map(|e| e.id().to_owned()),
            time: denied.or(root)?.time.to_string(),
            denied_action: occurrence
                .failing
                .as_ref()
                .filter(|_| is_mixed)
                .map(|failing| failing.action.clone()),
        })
    }

    fn denied(&self, failing: &Failing) -> Option<DeniedCall> {
        let event = self.material.events.get(failing.denied)?;
        Some(DeniedCall {
            event_id: event.id().to_owned(),
            event_time: event.time.to_string(),
            action: failing.action.clone(),
            event_name: (!diagnose::is_own_name(&failing.action, event.name()))
                .then(|| event.name().to_owned()),
            resource: failing.resource.clone().filter(|_| failing.candidates.is_empty()),
            resource_candidates: failing.candidates.clone(),
            principal_arn: who_was_denied(failing, event),
            caller_kind: failing.caller_kind,
            invoked_by: event.invoked_by().map(str::to_owned),
            vpc_endpoint_id: event.get(Field::VpcEndpointId).map(str::to_owned),
            error_code: event.error_code().map(str::to_owned),
            error_message: error_message(event),
        })
    }

    /// The comparison, with the success that is nearest to another of the failures.
    fn comparison_with(&self, incident: &diagnose::Incident, failed: usize) -> Comparison {
        let mut told = self.comparison(incident, failed);
        let (events, chains) = (self.material.events, self.material.chains);
        let Some(nearest) = super::side_by_side::nearest(self.material, self.wording, failed)
        else {
            return told;
        };
        let chain = self.steps.of(nearest.index);
        told.nearest_success = Some(NearestSuccess {
            root_event_id: events
                .get(chains.asked(nearest.index, events))
                .map(|e| e.id().to_owned()),
            chain: chain.steps,
            chain_left_out: chain.left_out,
            differences: nearest.differences,
            because: Some(nearest.because),
        });
        told
    }

    fn comparison(&self, incident: &diagnose::Incident, failed: usize) -> Comparison {
        let comparison = &incident.comparison;
        let change = incident.change.as_ref();
        let (events, chains) = (self.material.events, self.material.chains);
        Comparison {
            failures: comparison.failures as u64,
            successes: comparison.successes as u64,
            successes_left_out: comparison.left_out as u64,
            successes_without_need: comparison.not_needed as u64,
            not_compared: not_compared(&comparison.ranking.not_compared),
            nearest_success: comparison.nearest.as_ref().map(|(index, differences)| {
                let pair = Pair { failed, succeeded: *index, differences, change };
                let because = pair.chosen(comparison.successes, self.material, self.wording);
                let chain = self.steps.of(*index);
                NearestSuccess {
                    root_event_id: events
                        .get(chains.asked(*index, events))
                        .map(|e| e.id().to_owned()),
                    chain: chain.steps,
                    chain_left_out: chain.left_out,
                    differences: differences.iter().map(difference).collect(),
                    because: Some(because),
                }
            }),
            factors: comparison.ranking.factors.iter().map(factor).collect(),
        }
    }

    fn verdict(&self, incident: &diagnose::Incident, shown: usize) -> Verdict {
        let verdict = &incident.verdict;
        let between =
            if self.wording.language() == crate::wording::Language::Ja { "" } else { " " };
        let explanation: Vec<String> =
            diagnose::explain_occurrence(incident, shown, self.material.events)
                .iter()
                .chain(&guarded(incident, shown))
                .map(|sentence| self.wording.say(sentence))
                .collect();
        let winner = verdict.ranked.first();
        let layer = match verdict.certainty {
            diagnose::Certainty::Unknown => Layer::Unknown,
            _ => winner.map_or(Layer::Unknown, |h| h.layer),
        };
        let effect = if layer == Layer::Unknown {
            Effect::Unknown
        } else {
            winner.map_or(Effect::Unknown, |h| h.effect)
        };
        Verdict {
            layer,
            effect,
            certainty: verdict.certainty,
            confidence: winner.map_or(0.0, |h| round(h.probability)),
            policy: verdict
                .found
                .as_ref()
                .and_then(policy_ref)
                .or_else(|| verdict.named.as_ref().map(named_policy))
                .or_else(|| self.holder(incident, shown, layer)),
            condition_keys: verdict.condition_keys.clone(),
            explanation: explanation.join(between),
            evidence: verdict
                .evidence
                .iter()
                .map(|t| Evidence {
                    text: self.wording.say(&t.text),
                    witness: t.witness.as_str().to_owned(),
                    speaks_for: t.speaks_for(),
                    speaks_against: t.speaks_against(),
                    event_ids: t.event_ids.clone(),
                })
                .collect(),
            alternatives: self.alternatives(verdict, layer),
            ruled_out: self.ruled_out(verdict),
            next_evidence: verdict.next_evidence.iter().map(|n| self.command(n)).collect(),
            contradiction: verdict.contradiction.as_ref().map(|text| self.wording.say(text)),
            healed: verdict.healed.as_ref().map(|healed| view::Healed {
                event_id: healed.event_id.clone(),
                time: healed.time.to_string(),
                why: healed.why.as_str().to_owned(),
            }),
        }
    }

    /// Whose policy it must be, where the policy itself is not known: the layer says what it hangs
    /// on, and AWS's text may name it.
    fn holder(
        &self,
        incident: &diagnose::Incident,
        shown: usize,
        layer: Layer,
    ) -> Option<view::PolicyRef> {
        let failing = incident.occurrences.get(shown)?.failing.as_ref()?;
        let stated = failing.denial.stated.as_ref().filter(|stated| stated.layer == layer);
        let arn = stated.and_then(|stated| stated.policy_arn.clone());
        let attached_to = match layer {
            Layer::IdentityPolicy | Layer::PermissionsBoundary => failing.principal.clone(),
            Layer::ResourcePolicy | Layer::RoleTrustPolicy => failing.arn().map(str::to_owned),
            Layer::VpcEndpointPolicy => {
                let event = self.material.events.get(failing.denied);
                event.and_then(|event| event.get(Field::VpcEndpointId)).map(str::to_owned)
            }
            _ => None,
        };
        (arn.is_some() || attached_to.is_some()).then(|| view::PolicyRef {
            arn,
            attached_to,
            ..view::PolicyRef::default()
        })
    }

    fn command(&self, next: &diagnose::Command) -> String {
        match &next.note {
            Some(note) => format!("{}  # {}", next.line, self.wording.say(note)),
            None => next.line.clone(),
        }
    }

    fn change(&self, change: &history::change::Change) -> view::Change {
        let around = self.material.history.around(change);
        let text = |state: &history::replay::State| {
            state.value().and_then(|v| v.as_text()).map(history::document::pretty)
        };
        let diff = around.and_then(|(before, after)| {
            let (before, after) =
                (text(before).unwrap_or_default(), text(after).unwrap_or_default());
            (before != after).then(|| line_diff(&before, &after))
        });
        view::Change {
            event_id: change.event_id.to_string(),
            event_time: change.time.to_string(),
            action: change.action.clone(),
            principal_arn: change.by.clone(),
            summary: self.wording.say(&change.summary),
            diff,
        }
    }

    fn alternatives(&self, verdict: &diagnose::Verdict, said: Layer) -> Vec<Alternative> {
        verdict
            .ranked
            .iter()
            .filter(|h| h.layer != said && h.probability >= 0.02)
            .take(4)
            .map(|h| Alternative {
                layer: h.layer,
                effect: h.effect,
                confidence: round(h.probability),
                because: match self.because(verdict, h.layer, |weight| weight > 0.0) {
                    // It is likely only because such causes are common.
                    none if none.is_empty() => {
                        self.wording.say(&Sentence::new("alternative-usual"))
                    }
                    because => because,
                },
            })
            .collect()
    }

    fn ruled_out(&self, verdict: &diagnose::Verdict) -> Vec<RuledOut> {
        verdict
            .ranked
            .iter()
            .filter(|h| h.probability < 0.005)
            .map(|h| RuledOut {
                layer: h.layer,
                because: self.because(verdict, h.layer, |weight| weight < 0.0),
            })
            .filter(|r| !r.because.is_empty())
            .collect()
    }

    /// The loudest testimony about a layer on one side.
    fn because(
        &self,
        verdict: &diagnose::Verdict,
        layer: Layer,
        side: impl Fn(f64) -> bool,
    ) -> String {
        verdict
            .evidence
            .iter()
            .flat_map(|t| t.weights.iter().map(move |w| (t, w)))
            .filter(|(_, (l, _, weight))| *l == layer && side(*weight))
            .max_by(|(_, a), (_, b)| a.2.abs().total_cmp(&b.2.abs()))
            .map(|(t, _)| self.wording.say(&t.text))
            .unwrap_or_default()
    }

    fn benign(&self, benign: &diagnose::Benign) -> view::Benign {
        view::Benign {
            actions: benign.actions.clone(),
            principal_arn: benign.principal.clone(),
            count: benign.count,
            because: self.wording.say(&benign.because),
        }
    }
}

/// Why it looks like a guardrail, where it does.
fn guarded(incident: &diagnose::Incident, shown: usize) -> Option<Sentence> {
    let failing = incident.occurrences.get(shown)?.failing.as_ref()?;
    let guardrail = incident.guardrail.as_ref()?;
    Some(guardrail.because(&failing.action, failing.resource.as_deref()))
}

/// The policy that decided, and its statement, as far as it is one.
fn policy_ref(found: &diagnose::evaluated::Found) -> Option<view::PolicyRef> {
    let label = found.label.as_ref()?;
    let source = label.source.as_ref().map(|source| match source {
        PolicySource::Event(id) => view::Source { event_id: Some(id.clone()), file: None },
        PolicySource::File(path) => view::Source { event_id: None, file: Some(path.clone()) },
    });
    Some(view::PolicyRef {
        arn: label.arn.clone(),
        name: label.name.clone(),
        attached_to: label.attached_to.clone(),
        statement_sid: found.statement.as_ref().and_then(|s| s.sid()).map(str::to_owned),
        statement: found.statement.as_ref().map(|s| s.raw().clone()),
        source,
    })
}

/// The policy of a statement that AWS named when asked.
fn named_policy(named: &history::evidence::NamedStatement) -> view::PolicyRef {
    view::PolicyRef {
        arn: named.policy.clone().filter(|name| name.starts_with("arn:")),
        name: named.policy.clone().filter(|name| !name.starts_with("arn:")),
        attached_to: named.attached_to.clone(),
        statement_sid: named.sid.clone(),
        statement: None,
        source: None,
    }
}

/// One call as a step of a chain.
pub(super) fn step(
    events: &[Event],
    chains: &Chains,
    index: usize,
    wording: &Wording,
) -> Option<Step> {
    let event = events.get(index)?;
    let link = chains.link(index);
    let id = |i: usize| events.get(i).map(|e| e.id().to_owned());
    let failed = chains.failed_work(index);
    let state = failed.and_then(|work| work.state.as_deref());
    Some(Step {
        event_id: Some(event.id().to_owned()),
        parent_event_id: link.and_then(|l| id(l.parent)),
        action: event::action(event),
        event_time: event.time.to_string(),
        outcome: failed.map_or_else(|| event::outcome::outcome(event), |_| Outcome::Error),
        error_code: event.error_code().or(state).map(str::to_owned),
        error_message: failed.and_then(|work| work.message.clone()),
        principal_arn: event.arn().or_else(|| event.invoked_by()).map(str::to_owned),
        caller_kind: chains.caller_kind(index, event),
        invoked_by: event.invoked_by().map(str::to_owned),
        resource: contrast::resource(event),
        link: link.map(|l| view::Link {
            kind: l.kind,
            confidence: l.confidence,
            evidence: chains.evidence(index, events).iter().map(|s| wording.say(s)).collect(),
            tied_with: l.tied_with.iter().filter_map(|&i| id(i)).collect(),
        }),
    })
}

/// The caller as recorded; where the text says that another one was denied (the role that a call
/// names), that one.
fn who_was_denied(failing: &Failing, event: &Event) -> Option<String> {
    match failing.denial.whose {
        Whose::Caller => event.arn().or_else(|| event.invoked_by()).map(str::to_owned),
        _ => failing.principal.clone(),
    }
}

/// The error text with an encoded authorization message cut short: in full it is a secret of sorts.
pub(super) fn error_message(event: &Event) -> Option<String> {
    const MARK: &str = "Encoded authorization failure message: ";
    let text = event::outcome::error_text(event)?;
    match text.split_once(MARK) {
        Some((before, encoded)) => {
            let head: String = encoded.chars().take(12).collect();
            Some(format!("{before}{MARK}{head}…"))
        }
        None => Some(text.into_owned()),
    }
}

/// One difference as the report has it.
pub(super) fn difference(difference: &contrast::Difference) -> Difference {
    Difference {
        field: difference.property.name(),
        failed: difference.failed.clone(),
        succeeded: difference.succeeded.clone(),
    }
}

/// What could not be compared: of requests and of steps only that they could not, and nothing that is lost
/// with something else.
fn not_compared(properties: &[Property]) -> Vec<String> {
    let is_lost = |attribute| properties.contains(&Property::Attribute(attribute));
    let has_request = !properties.iter().any(|one| matches!(one, Property::Parameter(_)));
    let follows = |attribute: Attribute| match attribute {
        Attribute::ResourceAccount => is_lost(Attribute::Resource),
        Attribute::EncryptionContextKeys => !has_request,
        Attribute::Network
        | Attribute::SourceAddress
        | Attribute::UserAgent
        | Attribute::Tls
        | Attribute::RootVpcEndpoint => is_lost(Attribute::RootAction),
        Attribute::SourceIdentity | Attribute::Credentials => is_lost(Attribute::SessionName),
        _ => false,
    };
    let mut named: Vec<String> = Vec::new();
    for property in properties {
        let name = match property {
            Property::Attribute(attribute) if follows(*attribute) => continue,
            Property::Parameter(_) => "requestParameters".to_owned(),
            Property::Above(action, _) => format!("{action} requestParameters"),
            Property::Step(_) => "steps".to_owned(),
            other => other.name(),
        };
        if !named.contains(&name) {
            named.push(name);
        }
    }
    named
}

/// One factor as the report has it.
pub(super) fn factor(factor: &contrast::Factor) -> Factor {
    Factor {
        attribute: factor.property.name(),
        value: factor.value.clone().unwrap_or_else(|| "absent".to_owned()),
        is_not: factor.is_not,
        together_with: factor.together_with.clone(),
        failed_with: factor.failed_with as u64,
        failed: factor.failed as u64,
        succeeded_with: factor.succeeded_with as u64,
        succeeded: factor.succeeded as u64,
        score: (factor.score * 10_000.0).round() / 10_000.0,
        p_value: significant(factor.p_value),
        same_split: factor.same_split.clone(),
    }
}

/// To three digits: more say nothing of a chance.
fn significant(chance: f64) -> f64 {
    if chance <= 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powi(2 - chance.log10().floor() as i32);
    let rounded = (chance * scale).round() / scale;
    // Dividing by a power of ten leaves digits at the end.
    format!("{rounded:.2e}").parse().unwrap_or(rounded)
}

pub(super) fn round(probability: f64) -> f64 {
    (probability.clamp(0.0, 0.999) * 1000.0).round() / 1000.0
}

/// The names of the incidents, in their order. Each is called by the signature of its first
/// occurrence, so that an export of other days, with or without policies, gives the same names. Of
/// several that begin alike the one that was seen first has that name; the next is called by the
/// first of its signatures that is free, and where none is, by its first event as well.
fn incident_ids(material: &Material<'_>, signatures: &[Vec<Option<Signature>>]) -> Vec<String> {
    let first = |at: &usize| {
        let occurrence = material.diagnosis.incidents.get(*at)?.occurrences.first()?;
        occurrence.failing.as_ref().map(|failing| failing.denied).or(occurrence.root)
    };
    let mut order: Vec<usize> = (0..signatures.len()).collect();
    order.sort_by_key(|at| (first(at).unwrap_or(usize::MAX), *at));
    let mut ids = vec![String::new(); signatures.len()];
    let mut given = BTreeSet::new();
    for at in order {
        let own = signatures.get(at).into_iter().flatten().flatten().copied();
        let Some(earliest) = own.clone().next() else { continue };
        let event = first(&at).and_then(|index| material.events.get(index));
        let apart = earliest.with(event.map_or("", |event| event.id()));
        let free = own.chain([apart]).find(|signature| !given.contains(signature));
        let name = free.unwrap_or_else(|| apart.with(&at.to_string()));
        given.insert(name);
        if let Some(id) = ids.get_mut(at) {
            *id = name.incident();
        }
    }
    ids
}

/// Lines that went and came, with three lines around each.
fn line_diff(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string()
}
