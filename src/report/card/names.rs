//! Short names: of layers, effects, and lengths of time.

use crate::event::{Effect, Time};
use crate::report::{Incident, Layer, words};
use crate::wording::Sentence;

/// The layer and its effect where there is little room.
pub(in crate::report) fn brief(incident: &Incident, layer: Layer, effect: Effect) -> Sentence {
    let layer = brief_layer(words::layer(incident, layer));
    match effect {
        Effect::ExplicitDeny => Sentence::new("brief-deny").arg("layer", layer),
        // That it does not allow is what is left.
        Effect::ImplicitDeny | Effect::NotApplicable | Effect::Unknown => layer,
    }
}

/// A layer as a card names it.
pub(super) fn layer(layer: Sentence) -> Sentence {
    match layer.id() {
        "layer-identity-policy" => Sentence::new("card-layer-identity-policy"),
        "layer-resource-policy" => Sentence::new("card-layer-resource-policy"),
        "layer-scp" => Sentence::new("card-layer-scp"),
        "layer-rcp" => Sentence::new("card-layer-rcp"),
        _ => layer,
    }
}

/// A layer in a word.
pub(super) fn brief_layer(layer: Sentence) -> Sentence {
    match layer.id() {
        "layer-identity-policy" => Sentence::new("brief-identity-policy"),
        "layer-permissions-boundary" => Sentence::new("brief-permissions-boundary"),
        "layer-session-policy" => Sentence::new("brief-session-policy"),
        "layer-resource-policy" => Sentence::new("brief-resource-policy"),
        "layer-key-policy" => Sentence::new("brief-key-policy"),
        "layer-bucket-policy" => Sentence::new("brief-bucket-policy"),
        "layer-queue-policy" => Sentence::new("brief-queue-policy"),
        "layer-topic-policy" => Sentence::new("brief-topic-policy"),
        "layer-role-trust-policy" => Sentence::new("brief-role-trust-policy"),
        "layer-scp" => Sentence::new("brief-scp"),
        "layer-rcp" => Sentence::new("brief-rcp"),
        "layer-vpc-endpoint-policy" => Sentence::new("brief-vpc-endpoint-policy"),
        "layer-kms-grant" => Sentence::new("brief-kms-grant"),
        "layer-kms-key-state" => Sentence::new("brief-kms-key-state"),
        "layer-block-public-access" => Sentence::new("brief-block-public-access"),
        _ => Sentence::new("brief-unknown"),
    }
}

/// How long it is from one moment to the other; `None` backwards.
pub(super) fn between(from: &str, to: &str) -> Option<Sentence> {
    let (from, to) = (Time::parse(from)?, Time::parse(to)?);
    (from <= to).then(|| length(to.0.abs_diff(from.0) / 1000))
}

/// So many seconds in their largest unit.
pub(super) fn length(seconds: u64) -> Sentence {
    match seconds {
        ..60 => Sentence::new("card-seconds").arg("count", seconds),
        60..3600 => Sentence::new("card-minutes").arg("count", seconds / 60),
        3600..172_800 => Sentence::new("card-hours").arg("count", seconds / 3600),
        _ => Sentence::new("card-days").arg("count", seconds / 86_400),
    }
}
