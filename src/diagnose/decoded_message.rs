//! What AWS itself told of the decision when asked (`sts decode-authorization-message`, IAM Toolbox
//! `get-request-authorization-details`), and where its texts and the evaluation disagree.

use super::behind;
use super::case::{Case, policies};
use super::comparison_set::ComparisonSet;
use super::evaluated::Evaluated;
use super::evidence::{Evidence, Witness};
use super::failing::Failing;
use crate::contrast;
use crate::event::{Effect, Event, Layer};
use crate::history::History;
use crate::history::evidence::{Finding, NamedStatement, Unused};
use crate::iam::StatementEffect;
use crate::wording::Sentence;

/// AWS's own account outweighs what a text alone says, and gives way only to proof.
const NAMED: f64 = 8.0;
/// It tells the effect and not the layer.
const EFFECT_ONLY: f64 = 3.0;

/// AWS's account of one of the failures.
pub(super) struct DecodedMessage<'h> {
    finding: &'h Finding,
    /// The statement that decided, where one is named.
    pub(super) statement: Option<NamedStatement>,
    /// The layer, as told or as the statement's place in the known policies shows.
    layer: Option<Layer>,
    event: String,
}

impl<'h> DecodedMessage<'h> {
    /// What was told of the failures of a comparison set; `None` where AWS was not asked.
    pub(super) fn of(
        set: &ComparisonSet<'_, '_>,
        history: &'h History,
        evaluation: &Evaluated,
    ) -> Option<DecodedMessage<'h>> {
        let (finding, event) = set.failures.iter().find_map(|failure| {
            Some((history.evidence().for_event(failure.event)?, failure.event.id().to_owned()))
        })?;
        let denies = finding.effect == Effect::ExplicitDeny;
        let mut statement = finding.statements.iter().find(|s| s.denies && denies).cloned();
        let place = statement.as_ref().and_then(|s| place_of(evaluation.denied.first()?, s));
        if let (Some(named), Some(layer)) = (statement.as_mut(), place) {
            named.layer = named.layer.or(Some(layer));
        }
        let layer = finding.layer.or_else(|| statement.as_ref().and_then(|s| s.layer));
        Some(DecodedMessage { finding, statement, layer, event })
    }

    pub(super) fn evidence(&self) -> Evidence {
        let effect = self.finding.effect;
        let text = match (self.layer, self.statement.as_ref().and_then(|s| s.sid.as_deref())) {
            (Some(layer), Some(sid)) => Sentence::new("told-statement")
                .arg("file", self.finding.file.as_str())
                .arg("sid", sid)
                .arg("layer", layer)
                .arg("effect", effect),
            (Some(layer), None) => Sentence::new("told-layer")
                .arg("file", self.finding.file.as_str())
                .arg("layer", layer)
                .arg("effect", effect),
            (None, _) => Sentence::new("told-effect")
                .arg("file", self.finding.file.as_str())
                .arg("effect", effect),
        };
        let evidence = Evidence::new(Witness::Stated, text).event(&self.event);
        match self.layer {
            Some(layer) => evidence.weigh(layer, effect, NAMED),
            None => Layer::ALL
                .into_iter()
                .filter(|layer| has_effects(*layer))
                .fold(evidence, |t, layer| t.weigh(layer, effect, EFFECT_ONLY)),
        }
    }

    /// The layer and effect AWS told, where it told both.
    fn said(&self) -> Option<(Layer, Effect)> {
        Some((self.layer?, self.finding.effect))
    }
}

/// Takes over the action and resource that AWS told, which go before what the record shows.
pub(super) fn apply(failing: &mut [Failing], events: &[Event], history: &History) {
    if history.evidence().is_empty() {
        return;
    }
    for one in failing {
        let Some(event) = events.get(one.denied) else { continue };
        let Some(told) = history.evidence().for_event(event) else { continue };
        let resource = told.resource.as_deref().filter(|resource| *resource != "*");
        if let Some(resource) = resource {
            one.denial.resource = Some(resource.to_owned());
            one.resource = Some(contrast::policy_holder(resource));
            one.candidates.clear();
        }
        let action = told.action.as_deref().filter(|action| action.contains(':'));
        if let Some(action) = action.filter(|action| !action.eq_ignore_ascii_case(&one.action)) {
            one.action = action.to_owned();
            one.denial.action = Some(action.to_owned());
            one.behind = behind::same_caller(event, action, resource, one.caller_kind);
        }
    }
}

/// What was told and could not be used, with why.
pub(super) fn unused(
    failing: &[Failing],
    events: &[Event],
    history: &History,
) -> Vec<(String, Sentence)> {
    if history.evidence().is_empty() {
        return Vec::new();
    }
    let calls: Vec<&Event> = failing.iter().filter_map(|one| events.get(one.denied)).collect();
    let said = |why: Unused| match why {
        Unused::Allowed => Sentence::new("evidence-allowed"),
        Unused::Principal => Sentence::new("evidence-other-principal"),
        Unused::Time => Sentence::new("evidence-other-time"),
        Unused::Call => Sentence::new("evidence-other-call"),
    };
    let left = history.evidence().unused(&calls).into_iter();
    left.map(|(finding, why)| (finding.file.clone(), said(why))).collect()
}

/// Layers of policies, which allow or deny.
fn has_effects(layer: Layer) -> bool {
    !matches!(
        layer,
        Layer::KmsGrant | Layer::KmsKeyState | Layer::BlockPublicAccess | Layer::Unknown
    )
}

/// The one layer whose known policies have a Deny of this Sid.
fn place_of(case: &Case, named: &NamedStatement) -> Option<Layer> {
    let sid = named.sid.as_deref()?;
    let mut layers = Layer::ALL.into_iter().filter(|layer| {
        policies(&case.layers, *layer).iter().any(|policy| {
            policy.policy.statements().iter().any(|statement| {
                statement.effect() == StatementEffect::Deny && statement.sid() == Some(sid)
            })
        })
    });
    // A trust policy and a resource's own policy are one place.
    let first = layers.next()?;
    layers.all(|other| other == Layer::RoleTrustPolicy).then_some(first)
}

/// Where AWS's text, AWS's account and the evaluation do not name the same layer.
pub(super) fn contradiction(
    set: &ComparisonSet<'_, '_>,
    told: Option<&DecodedMessage<'_>>,
    evaluation: &Evaluated,
) -> Option<Sentence> {
    let stated = set.one().denial.stated.as_ref().map(|s| (s.layer, s.effect));
    let told = told.and_then(DecodedMessage::said);
    // Where a change may be missing, it is the evaluation that is in doubt and not AWS's word.
    let found = evaluation.found.as_ref();
    let found = found.filter(|f| f.layer != Layer::KmsGrant);
    let evaluated = found.map(|f| (f.layer, f.effect));
    let differ = |one: Option<(Layer, Effect)>, other: Option<(Layer, Effect)>| {
        one.zip(other).filter(|(one, other)| one.0 != other.0)
    };
    if let Some((said, result)) = differ(told.or(stated), evaluated) {
        return Some(
            Sentence::new("contradiction-evaluated")
                .arg("said", said.0)
                .arg("said-effect", said.1)
                .arg("evaluated", result.0)
                .arg("evaluated-effect", result.1),
        );
    }
    if evaluation.is_allowed {
        return Some(Sentence::new("contradiction-allowed"));
    }
    let (text, account) = differ(stated, told)?;
    Some(
        Sentence::new("contradiction-told")
            .arg("said", text.0)
            .arg("said-effect", text.1)
            .arg("told", account.0)
            .arg("told-effect", account.1),
    )
}
