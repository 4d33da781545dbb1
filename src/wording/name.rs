//! The names of the words that the whole program shares: layers, effects, outcomes, callers.

use super::sentence::{Argument, Sentence};
use crate::event::{CallerKind, Effect, Layer, Outcome};

impl From<Layer> for Sentence {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::IdentityPolicy => Sentence::new("layer-identity-policy"),
            Layer::PermissionsBoundary => Sentence::new("layer-permissions-boundary"),
            Layer::SessionPolicy => Sentence::new("layer-session-policy"),
            Layer::ResourcePolicy => Sentence::new("layer-resource-policy"),
            Layer::RoleTrustPolicy => Sentence::new("layer-role-trust-policy"),
            Layer::Scp => Sentence::new("layer-scp"),
            Layer::Rcp => Sentence::new("layer-rcp"),
            Layer::VpcEndpointPolicy => Sentence::new("layer-vpc-endpoint-policy"),
            Layer::KmsGrant => Sentence::new("layer-kms-grant"),
            Layer::KmsKeyState => Sentence::new("layer-kms-key-state"),
            Layer::BlockPublicAccess => Sentence::new("layer-block-public-access"),
            Layer::Unknown => Sentence::new("layer-unknown"),
        }
    }
}

impl From<Effect> for Sentence {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::ExplicitDeny => Sentence::new("effect-explicit-deny"),
            Effect::ImplicitDeny => Sentence::new("effect-implicit-deny"),
            Effect::NotApplicable => Sentence::new("effect-not-applicable"),
            Effect::Unknown => Sentence::new("effect-unknown"),
        }
    }
}

impl From<Outcome> for Sentence {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Sentence::new("outcome-success"),
            Outcome::Denied => Sentence::new("outcome-denied"),
            Outcome::Error => Sentence::new("outcome-error"),
            Outcome::Unknown => Sentence::new("outcome-unknown"),
        }
    }
}

impl From<CallerKind> for Sentence {
    fn from(caller: CallerKind) -> Self {
        match caller {
            CallerKind::Direct => Sentence::new("caller-direct"),
            CallerKind::ForwardAccessSession => Sentence::new("caller-forward-access-session"),
            CallerKind::ServicePrincipal => Sentence::new("caller-service-principal"),
            CallerKind::ServiceLinkedRole => Sentence::new("caller-service-linked-role"),
            CallerKind::ServiceRole => Sentence::new("caller-service-role"),
            CallerKind::Ec2Infrastructure => Sentence::new("caller-ec2-infrastructure"),
            CallerKind::Agent => Sentence::new("caller-agent"),
        }
    }
}

/// Lets the shared words go into a sentence as they are: `.arg("layer", layer)`.
macro_rules! arguments {
    ($($word:ty),*) => {$(
        impl From<$word> for Argument {
            fn from(word: $word) -> Self {
                Argument::Sentence(Sentence::from(word))
            }
        }
    )*};
}

arguments!(Layer, Effect, Outcome, CallerKind);

/// The layer by the name it has for resources of a service (`kms`, `s3`): people say key policy and
/// bucket policy, not resource-based policy.
pub fn layer_on(layer: Layer, service: Option<&str>) -> Sentence {
    match (layer, service) {
        (Layer::ResourcePolicy, Some("kms")) => Sentence::new("layer-key-policy"),
        (Layer::ResourcePolicy, Some("s3")) => Sentence::new("layer-bucket-policy"),
        (Layer::ResourcePolicy, Some("sqs")) => Sentence::new("layer-queue-policy"),
        (Layer::ResourcePolicy, Some("sns")) => Sentence::new("layer-topic-policy"),
        _ => layer.into(),
    }
}

/// A length of time in its two largest units, as a person says it: `3 days 4 hours`, `45 seconds`.
pub fn duration(milliseconds: u64) -> Sentence {
    let seconds = milliseconds / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        Sentence::new("duration-days").arg("days", days).arg("hours", hours % 24)
    } else if hours > 0 {
        Sentence::new("duration-hours").arg("hours", hours).arg("minutes", minutes % 60)
    } else if minutes > 0 {
        Sentence::new("duration-minutes").arg("minutes", minutes).arg("seconds", seconds % 60)
    } else {
        Sentence::new("duration-seconds").arg("seconds", seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::{Language, Wording};

    #[test]
    fn durations_are_said_in_their_two_largest_units() {
        let (english, japanese) = (Wording::new(Language::En), Wording::new(Language::Ja));
        let said: Vec<(String, String)> = [0, 1_000, 61_000, 180_000, 7_500_000, 90_000_000]
            .into_iter()
            .map(|length| {
                let sentence = duration(length);
                (english.say(&sentence), japanese.say(&sentence))
            })
            .collect();
        let expected = [
            ("0 seconds", "0 秒"),
            ("1 second", "1 秒"),
            ("1 minute 1 second", "1 分 1 秒"),
            ("3 minutes", "3 分"),
            ("2 hours 5 minutes", "2 時間 5 分"),
            ("1 day 1 hour", "1 日 1 時間"),
        ];
        let expected: Vec<(String, String)> =
            expected.into_iter().map(|(en, ja)| (en.to_owned(), ja.to_owned())).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn shared_words_go_into_sentences_in_the_same_language() {
        let sentence = Sentence::new("layer-named").arg("layer", Layer::VpcEndpointPolicy);
        assert_eq!(Wording::new(Language::En).say(&sentence), "Layer: VPC endpoint policy");
        assert_eq!(
            Wording::new(Language::Ja).say(&sentence),
            "レイヤー: VPC エンドポイントポリシー"
        );
    }
}
