//! What AWS's own text says. It names one layer even if several deny, and in some cases the wrong
//! one, so it is strong evidence and not proof.

use super::comparison_set::ComparisonSet;
use super::evidence::{Evidence, Witness};
use crate::event::{CallerKind, Effect, Event, Field, Form, Layer, Whose};
use crate::wording::Sentence;

/// The testimony of the denial's text and of network activity events.
pub fn evidence(set: &ComparisonSet<'_, '_>, events: &[Event]) -> Vec<Evidence> {
    let mut found = Vec::new();
    found.extend(text(set));
    found.extend(vague(set));
    found.extend(cut(set));
    found.extend(unsaid(set, events));
    found.extend(endpoint(set, events));
    found
}

fn text(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let one = set.one();
    let stated = one.denial.stated.as_ref()?;
    let id = set.observation().event.id();
    if stated.layer == Layer::Unknown {
        let evidence = Evidence::new(Witness::Stated, Sentence::new("stated-explicit-only"))
            .ambiguous()
            .event(id);
        return Some(
            Layer::ALL.iter().fold(evidence, |t, layer| t.weigh(*layer, Effect::ExplicitDeny, 2.5)),
        );
    }
    let evidence = Evidence::new(
        Witness::Stated,
        Sentence::new("stated-layer").arg("layer", stated.layer).arg("effect", stated.effect),
    )
    .event(id);
    // For a service-linked role and for a grantee the text names the identity policy, since that is
    // where an Allow is missed last; what the customer can change is the key policy or a grant.
    let weight = match (stated.layer, stated.effect, one.caller_kind) {
        (Layer::IdentityPolicy, Effect::ImplicitDeny, CallerKind::ServiceLinkedRole) => 2.0,
        (Layer::IdentityPolicy, Effect::ImplicitDeny, CallerKind::Ec2Infrastructure) => 2.0,
        (Layer::IdentityPolicy, Effect::ImplicitDeny, _) => 4.5,
        (_, Effect::ImplicitDeny, _) => 5.5,
        _ => 6.0,
    };
    let mut evidence = evidence.weigh(stated.layer, stated.effect, weight);
    // The same text is written when a grant that used to allow the call is gone.
    if matches!(stated.layer, Layer::IdentityPolicy | Layer::ResourcePolicy)
        && stated.effect == Effect::ImplicitDeny
        && one.action.starts_with("kms:")
    {
        evidence = evidence.weigh(Layer::KmsGrant, Effect::NotApplicable, 2.0);
    }
    if let Some(via) = stated.via {
        evidence = evidence.weigh(via, Effect::ExplicitDeny, 2.0);
    }
    Some(evidence)
}

/// Texts lie so near to each other that one service worded both alike.
const NEAR_SECONDS: i64 = 30 * 86_400;

/// AWS says "with an explicit deny" within an account and an organization, service by service since
/// 2021 (IAM user guide, "Troubleshoot access denied error messages"). Where this log shows that the
/// service does so in this account, a text of that kind without it speaks against such a deny; where
/// the log never shows it, its absence speaks for nothing.
fn unsaid(set: &ComparisonSet<'_, '_>, events: &[Event]) -> Option<Evidence> {
    let (one, event) = (set.one(), set.observation().event);
    let account = event.account()?;
    let owner = one.resource.as_deref().and_then(crate::contrast::account_of);
    let is_inside = owner.is_none_or(|owner| event.caller_account() == Some(owner));
    let is_plain = one.denial.form == Form::Old && !one.denial.truncated && !one.denial.encoded;
    let is_own = one.denial.whose == Whose::Caller && one.denial.stated.is_none();
    if !(is_inside && is_plain && is_own) {
        return None;
    }
    let (from, to) = (set.first.plus_seconds(-NEAR_SECONDS), set.last.plus_seconds(NEAR_SECONDS));
    let (first, count) = set.all.explicit(&one.action, account, (from, to))?;
    let first = events.get(first)?;
    let text = Sentence::new("stated-unsaid")
        .arg("count", count as f64)
        .arg("service", one.action.split(':').next().unwrap_or_default());
    let evidence = Evidence::new(Witness::Stated, text).event(event.id()).event(first.id());
    let with_denies = Layer::ALL.into_iter().filter(|layer| {
        !matches!(layer, Layer::KmsGrant | Layer::KmsKeyState | Layer::BlockPublicAccess)
    });
    Some(with_denies.fold(evidence, |t, layer| t.weigh(layer, Effect::ExplicitDeny, UNSAID)))
}

/// Texts of calls from outside of the organization say less too.
const UNSAID: f64 = -2.0;

/// An encoded message of which CloudTrail kept only the first kilobyte, so that AWS cannot decode it
/// (CloudTrail record contents, `errorMessage`).
fn cut(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let one = set.one();
    (one.denial.encoded && one.denial.truncated).then(|| {
        Evidence::new(Witness::Stated, Sentence::new("stated-encoded-cut"))
            .event(set.observation().event.id())
    })
}

/// KMS's three-way text: no such key here, no resource policy that allows, or one that denies.
fn vague(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let one = set.one();
    (one.denial.vague || one.denial.form == Form::KmsVague).then(|| {
        Evidence::new(Witness::Stated, Sentence::new("stated-kms-vague"))
            .ambiguous()
            .layer(Layer::ResourcePolicy, 3.5)
            // The same is written where a grant that used to allow the call is gone.
            .weigh(Layer::KmsGrant, Effect::NotApplicable, 2.0)
            .event(set.observation().event.id())
    })
}

/// A network activity event of the same moment, endpoint and action says that the endpoint's policy
/// denied (CloudTrail user guide, "Network activity events").
fn endpoint(set: &ComparisonSet<'_, '_>, events: &[Event]) -> Option<Evidence> {
    let mut found: Option<Evidence> = None;
    for failure in &set.failures {
        let Some(vpce) = failure.event.get(Field::VpcEndpointId) else { continue };
        let from = events.partition_point(|e| e.time < failure.event.time.plus_seconds(-5));
        let near = events.get(from..).unwrap_or_default().iter();
        let hit = near.take_while(|e| e.time <= failure.event.time.plus_seconds(5)).find(|e| {
            super::failing::is_network_activity(e)
                && e.get(Field::VpcEndpointId) == Some(vpce)
                && e.source() == failure.event.source()
                && e.name() == failure.event.name()
        });
        if let Some(hit) = hit {
            let evidence = found.unwrap_or_else(|| {
                Evidence::new(
                    Witness::Stated,
                    Sentence::new("stated-network-activity").arg("endpoint", vpce),
                )
                .layer(Layer::VpcEndpointPolicy, 7.0)
            });
            found = Some(evidence.event(hit.id()));
        }
    }
    found
}
