//! What AWS's own text says. It names one layer even if several deny, and in some cases the wrong
//! one, so it is strong evidence and not proof.

use super::picture::Picture;
use super::testimony::{Testimony, Witness};
use crate::event::{CallerKind, Effect, Event, Field, Form, Layer};
use crate::wording::Sentence;

/// The testimony of the denial's text and of network activity events.
pub fn testimony(picture: &Picture<'_, '_>, events: &[Event]) -> Vec<Testimony> {
    let mut found = Vec::new();
    found.extend(text(picture));
    found.extend(vague(picture));
    found.extend(cut(picture));
    found.extend(endpoint(picture, events));
    found
}

fn text(picture: &Picture<'_, '_>) -> Option<Testimony> {
    let one = picture.one();
    let stated = one.denial.stated.as_ref()?;
    let id = picture.observation().event.id();
    if stated.layer == Layer::Unknown {
        let testimony = Testimony::new(Witness::Stated, Sentence::new("stated-explicit-only"))
            .ambiguous()
            .event(id);
        return Some(
            Layer::ALL
                .iter()
                .fold(testimony, |t, layer| t.weigh(*layer, Effect::ExplicitDeny, 2.5)),
        );
    }
    let testimony = Testimony::new(
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
    let mut testimony = testimony.weigh(stated.layer, stated.effect, weight);
    // The same text is written when a grant that used to allow the call is gone.
    if matches!(stated.layer, Layer::IdentityPolicy | Layer::ResourcePolicy)
        && stated.effect == Effect::ImplicitDeny
        && one.action.starts_with("kms:")
    {
        testimony = testimony.weigh(Layer::KmsGrant, Effect::NotApplicable, 2.0);
    }
    if let Some(via) = stated.via {
        testimony = testimony.weigh(via, Effect::ExplicitDeny, 2.0);
    }
    Some(testimony)
}

/// An encoded message of which CloudTrail kept only the first kilobyte, so that AWS cannot decode it
/// (CloudTrail record contents, `errorMessage`).
fn cut(picture: &Picture<'_, '_>) -> Option<Testimony> {
    let one = picture.one();
    (one.denial.encoded && one.denial.truncated).then(|| {
        Testimony::new(Witness::Stated, Sentence::new("stated-encoded-cut"))
            .event(picture.observation().event.id())
    })
}

/// KMS's three-way text: no such key here, no resource policy that allows, or one that denies.
fn vague(picture: &Picture<'_, '_>) -> Option<Testimony> {
    let one = picture.one();
    (one.denial.vague || one.denial.form == Form::KmsVague).then(|| {
        Testimony::new(Witness::Stated, Sentence::new("stated-kms-vague"))
            .ambiguous()
            .layer(Layer::ResourcePolicy, 3.5)
            // The same is written where a grant that used to allow the call is gone.
            .weigh(Layer::KmsGrant, Effect::NotApplicable, 2.0)
            .event(picture.observation().event.id())
    })
}

/// A network activity event of the same moment, endpoint and action says that the endpoint's policy
/// denied (CloudTrail user guide, "Network activity events").
fn endpoint(picture: &Picture<'_, '_>, events: &[Event]) -> Option<Testimony> {
    let mut found: Option<Testimony> = None;
    for failure in &picture.failures {
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
            let testimony = found.unwrap_or_else(|| {
                Testimony::new(
                    Witness::Stated,
                    Sentence::new("stated-network-activity").arg("endpoint", vpce),
                )
                .layer(Layer::VpcEndpointPolicy, 7.0)
            });
            found = Some(testimony.event(hit.id()));
        }
    }
    found
}
