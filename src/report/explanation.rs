//! What `explain` tells of one event, request or resource: the chains it is part of and how they
//! ended, the incident behind them with everything for and against each layer, and what was in
//! force.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::build::{Material, chain_steps, error_message, incidents_of};
use super::in_force::{self, InForce};
use super::{CallerKind, Effect, Incident, Layer, Outcome, Step};
use crate::diagnose::{self, evaluated};
use crate::event::{self, Field};
use crate::iam::{Decision, DecisionResult, Missing, evaluate};
use crate::wording::{Sentence, Wording};

/// The value of `schema`.
const SCHEMA: &str = "trailwhy.explanation/1";

/// What was asked about, and the events it names.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As typed.
    pub id: String,
    /// What it is.
    pub found_as: FoundAs,
    /// Positions of the events it names, in order of time; not empty.
    pub events: Vec<usize>,
}

/// What an id turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundAs {
    /// The id of an event.
    Event,
    /// A request id, or the id that copies of one call share.
    Request,
    /// The id of an incident.
    Incident,
    /// Something that events name: a volume, a key, a role.
    Resource,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// `trailwhy.explanation/1`.
    pub schema: String,
    /// As typed.
    pub asked: String,
    /// What it is.
    pub found_as: FoundAs,
    /// The call that matters most: the one asked about, or the one that was denied for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventTold>,
    /// The chains of the events it names, in order of time.
    pub chains: Vec<ChainTold>,
    /// The incidents that those chains belong to, each shown as it happened there.
    pub incidents: Vec<Incident>,
    /// For each of `incidents`, every layer, likeliest first.
    pub weighed: Vec<Vec<Weighed>>,
    /// What was in force for the call in `event`, at its moment.
    pub in_force: Vec<InForce>,
    /// What evaluating that says of the call in `event`; absent where it is no request that could
    /// be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<Evaluated>,
}

/// One event in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventTold {
    /// CloudTrail event id.
    pub event_id: String,
    /// When.
    pub event_time: String,
    /// IAM action.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// `errorCode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The text, wherever the service put it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Who made it: an ARN or a service principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// In which way it was signed.
    pub caller_kind: CallerKind,
    /// `invokedBy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
    /// The account the record was delivered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `sourceIPAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// `userAgent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// `vpce-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,
    /// `requestID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Ids and ARNs of what it was about.
    pub resources: Vec<String>,
}

/// A chain and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainTold {
    /// The call at its top.
    pub root_event_id: String,
    /// How it ended.
    pub ending: Ending,
    /// The steps that never came, for [`Ending::StepMissing`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_steps: Vec<String>,
    /// The incident it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<String>,
    /// The events of it that name what was asked about.
    pub named_by: Vec<String>,
    /// The calls, parents before children.
    pub chain: Vec<Step>,
}

/// How a chain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every call worked.
    Success,
    /// The call at the top failed, and none below it.
    Failed,
    /// A call below was denied.
    StepDenied,
    /// A call below failed otherwise.
    StepFailed,
    /// Every call worked, but one that always follows never came.
    StepMissing,
}

/// One layer with everything for and against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// The layer.
    pub layer: Layer,
    /// How it would have denied.
    pub effect: Effect,
    /// Probability that it did.
    pub confidence: f64,
    /// Strongest first.
    pub evidence_for: Vec<String>,
    /// Strongest first.
    pub evidence_against: Vec<String>,
}

/// What the policies known say of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// `allowed`, `denied` or `unknown`.
    pub denied_request: String,
    /// The same in a sentence.
    pub text: String,
}

/// Puts the answer together.
pub fn explain(material: &Material<'_>, wording: &Wording, asked: &Asked) -> Explanation {
    let named = asked.events.iter().copied().collect();
    let mut teller = Teller { material, wording, asked, named, roots: BTreeSet::new() };
    teller.roots = asked.events.iter().map(|index| teller.root(*index)).collect();
    let involved = teller.involved();
    let incidents = incidents_of(material, wording, &involved);
    let focus = teller.focus(&involved);
    Explanation {
        schema: SCHEMA.to_owned(),
        asked: asked.id.clone(),
        found_as: asked.found_as,
        event: teller.event(focus),
        chains: teller.chains(&incidents),
        weighed: incidents.iter().map(|(at, _)| teller.weighed(*at)).collect(),
        incidents: incidents.into_iter().map(|(_, incident)| incident).collect(),
        in_force: teller.in_force(focus),
        evaluated: teller.evaluated(focus),
    }
}

/// One chain and how it ended.
pub(super) fn chain_told(
    material: &Material<'_>,
    root: usize,
    named: &BTreeSet<usize>,
    wording: &Wording,
) -> ChainTold {
    let members = material.chains.members(root);
    let id = |index: &usize| material.events.get(*index).map(|event| event.id().to_owned());
    let chain = chain_steps(material.events, material.chains, root, wording);
    ChainTold {
        root_event_id: id(&root).unwrap_or_default(),
        ending: ending(&chain),
        missing_steps: Vec::new(),
        incident_id: None,
        named_by: members.iter().filter(|member| named.contains(member)).filter_map(id).collect(),
        chain,
    }
}

fn ending(chain: &[Step]) -> Ending {
    let below = || chain.iter().skip(1);
    if below().any(|step| step.outcome == Outcome::Denied) {
        Ending::StepDenied
    } else if below().any(|step| step.outcome == Outcome::Error) {
        Ending::StepFailed
    } else if chain.first().is_some_and(|root| root.outcome != Outcome::Success) {
        Ending::Failed
    } else {
        Ending::Success
    }
}

/// An incident as it is shown, as it was found, and the occurrence in one chain.
type Tie<'i> = (&'i Incident, &'i diagnose::Incident, &'i diagnose::Occurrence);

struct Teller<'t> {
    material: &'t Material<'t>,
    wording: &'t Wording,
    asked: &'t Asked,
    /// The events asked about.
    named: BTreeSet<usize>,
    /// The tops of their chains.
    roots: BTreeSet<usize>,
}

impl Teller<'_> {
    fn root(&self, index: usize) -> usize {
        let chains = self.material.chains;
        chains.root(chains.copy_of(index).unwrap_or(index))
    }

    /// The incidents of the chains asked about, with the occurrence to show: the one whose denied
    /// call was asked about, else the first in one of the chains.
    fn involved(&self) -> Vec<(usize, usize)> {
        let incidents = self.material.diagnosis.incidents.iter().enumerate();
        incidents
            .filter_map(|(at, incident)| {
                let mut found = None;
                for (place, occurrence) in incident.occurrences.iter().enumerate() {
                    let denied = occurrence.failing.as_ref().map(|failing| failing.denied);
                    if denied.is_some_and(|denied| self.named.contains(&denied)) {
                        return Some((at, place));
                    }
                    let top = denied.or(occurrence.root).map(|index| self.root(index));
                    if found.is_none() && top.is_some_and(|top| self.roots.contains(&top)) {
                        found = Some((at, place));
                    }
                }
                found
            })
            .collect()
    }

    fn focus(&self, involved: &[(usize, usize)]) -> usize {
        let of_incident = involved.first().and_then(|(at, place)| {
            let incident = self.material.diagnosis.incidents.get(*at)?;
            let occurrence: &diagnose::Occurrence = incident.occurrences.get(*place)?;
            occurrence.failing.as_ref().map(|failing| failing.denied).or(occurrence.root)
        });
        let named = match self.asked.found_as {
            FoundAs::Event => self.asked.events.first(),
            _ => self.asked.events.last(),
        };
        of_incident.or(named.copied()).unwrap_or_default()
    }

    fn event(&self, index: usize) -> Option<EventTold> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let event = self.material.events.get(index)?;
        let get = |field| owned(event.get(field));
        Some(EventTold {
            event_id: event.id().to_owned(),
            event_time: event.time.to_string(),
            action: event::action(event),
            outcome: event::outcome::outcome(event),
            error_code: owned(event.error_code()),
            error_message: error_message(event),
            principal_arn: owned(event.arn().or_else(|| event.invoked_by())),
            caller_kind: self.material.chains.caller_kind(index, event),
            invoked_by: owned(event.invoked_by()),
            account_id: owned(event.account()),
            region: owned(event.region()),
            source_ip: get(Field::SourceIpAddress),
            user_agent: get(Field::UserAgent),
            vpc_endpoint_id: get(Field::VpcEndpointId),
            request_id: get(Field::RequestId),
            resources: event::resource::resources_of(event).into_iter().map(|r| r.id).collect(),
        })
    }

    fn chains(&self, incidents: &[(usize, Incident)]) -> Vec<ChainTold> {
        let ties = self.ties(incidents);
        let told = self.roots.iter().map(|root| {
            let mut told = chain_told(self.material, *root, &self.named, self.wording);
            for (shown, incident, occurrence) in ties.get(root).into_iter().flatten() {
                told.incident_id.get_or_insert_with(|| shown.id.clone());
                if occurrence.failing.is_none() && told.ending == Ending::Success {
                    told.ending = Ending::StepMissing;
                    told.missing_steps.clone_from(&incident.missing_steps);
                }
            }
            told
        });
        told.collect()
    }

    /// For the top of each chain the incidents that it belongs to, with how it did: found once for
    /// all chains, since a busy principal has tens of thousands of both.
    fn ties<'i>(&'i self, shown: &'i [(usize, Incident)]) -> BTreeMap<usize, Vec<Tie<'i>>> {
        let mut ties: BTreeMap<usize, Vec<Tie<'i>>> = BTreeMap::new();
        for (at, shown) in shown {
            let Some(incident) = self.material.diagnosis.incidents.get(*at) else { continue };
            let mut met = BTreeSet::new();
            for occurrence in &incident.occurrences {
                let index = occurrence.failing.as_ref().map(|failing| failing.denied);
                let Some(index) = index.or(occurrence.root) else { continue };
                let root = self.root(index);
                if self.roots.contains(&root) && met.insert(root) {
                    ties.entry(root).or_default().push((shown, incident, occurrence));
                }
            }
        }
        ties
    }

    fn weighed(&self, at: usize) -> Vec<Weighed> {
        let Some(incident) = self.material.diagnosis.incidents.get(at) else { return Vec::new() };
        let verdict = &incident.verdict;
        let ranked = verdict.ranked.iter().map(|hypothesis| Weighed {
            layer: hypothesis.layer,
            effect: hypothesis.effect,
            confidence: super::build::round(hypothesis.probability),
            evidence_for: self.evidence(verdict, hypothesis.layer, 1.0),
            evidence_against: self.evidence(verdict, hypothesis.layer, -1.0),
        });
        ranked.collect()
    }

    /// What was testified about a layer on one side, loudest first.
    fn evidence(&self, verdict: &diagnose::Verdict, layer: Layer, side: f64) -> Vec<String> {
        let mut pieces: Vec<(f64, String)> = Vec::new();
        for testimony in &verdict.evidence {
            let weights = testimony.weights.iter().filter(|(l, _, _)| *l == layer);
            let loudest = weights.map(|(_, _, weight)| weight * side).fold(0.0, f64::max);
            let text = self.wording.say(&testimony.text);
            if loudest > 0.0 && !pieces.iter().any(|(_, known)| *known == text) {
                pieces.push((loudest, text));
            }
        }
        pieces.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        pieces.into_iter().map(|(_, text)| text).collect()
    }

    /// For its principal, its resource, its endpoint and its account.
    fn in_force(&self, index: usize) -> Vec<InForce> {
        let Some(event) = self.material.events.get(index) else { return Vec::new() };
        let inferred = self.material.chains.inferred_key(index).map(str::to_owned);
        let owners = [
            event.principal_arn().map(str::to_owned),
            crate::contrast::resource(event).or(inferred),
            event.get(Field::VpcEndpointId).map(str::to_owned),
            event.caller_account().map(str::to_owned),
        ];
        let inventory = self.material.history.at(event.time);
        let mut found: Vec<InForce> = Vec::new();
        for owner in owners.into_iter().flatten() {
            let mut held = in_force::of(&inventory, &owner, self.wording);
            held.order_without_names();
            if !held.says_nothing() && !found.iter().any(|other| other.of == owner) {
                found.push(held);
            }
        }
        found
    }

    fn evaluated(&self, index: usize) -> Option<Evaluated> {
        let Material { events, chains, history, .. } = self.material;
        let case = evaluated::case(events, chains, history, index, None)?;
        let decision = evaluate(&case.request, &case.layers);
        let word = match decision.result {
            DecisionResult::Allowed => "allowed",
            DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied => "denied",
            DecisionResult::Unknown => "unknown",
        };
        let said = [said(&decision), decided_by(&decision)];
        let said: Vec<String> = said.iter().flatten().map(|s| self.wording.say(s)).collect();
        Some(Evaluated { denied_request: word.to_owned(), text: self.wording.paragraph(&said) })
    }
}

fn said(decision: &Decision) -> Option<Sentence> {
    Some(match decision.result {
        DecisionResult::Allowed => Sentence::new("told-evaluated-allowed"),
        DecisionResult::Unknown => {
            let missing: Vec<Sentence> = decision.unknown.iter().map(Missing::sentence).collect();
            Sentence::new("told-evaluated-unknown").arg("missing", missing)
        }
        DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied => {
            let layer = decision.layer.unwrap_or(Layer::Unknown);
            let effect = decision.effect.unwrap_or(Effect::Unknown);
            Sentence::new("told-evaluated-denied").arg("layer", layer).arg("effect", effect)
        }
    })
}

/// The statements that decide, by policy and Sid.
fn decided_by(decision: &Decision) -> Option<Sentence> {
    let named: BTreeSet<String> = decision
        .statements
        .iter()
        .map(|deciding| {
            let label = &deciding.label;
            let name = label.name.as_ref().or(label.arn.as_ref()).or(label.attached_to.as_ref());
            let name = name.map_or("?", String::as_str);
            match deciding.sid() {
                Some(sid) => format!("{name} ({sid})"),
                None => format!("{name} (#{})", deciding.index() + 1),
            }
        })
        .collect();
    let named: Vec<String> = named.into_iter().collect();
    (!named.is_empty()).then(|| Sentence::new("told-decided-by").arg("statements", named))
}
