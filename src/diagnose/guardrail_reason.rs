//! Why a refusal looks like a guardrail doing its work, and the sentence that says so.

use super::sensitive::Deed;
use crate::event::Layer;
use crate::wording::{Sentence, layer_on};

/// Why a refusal looks like a guardrail doing its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guardrail {
    /// What the call would have done is what such rules are made against.
    Sensitive(Deed),
    /// The caller was refused one sort of call after another.
    Sweep {
        /// Different actions that were refused.
        actions: usize,
        /// Services that they are of.
        services: usize,
    },
    /// A layer refused that does nothing but limit.
    Limit(Layer),
}

impl Guardrail {
    /// The reason, in a sentence about this action and resource.
    pub fn because(&self, action: &str, resource: Option<&str>) -> Sentence {
        match self {
            Guardrail::Sensitive(deed) => deed.sentence(action),
            Guardrail::Sweep { actions, services } => Sentence::new("guardrail-sweep")
                .arg("actions", *actions)
                .arg("services", *services)
                .arg("minutes", SWEEP_SECONDS.unsigned_abs() as usize / 60),
            Guardrail::Limit(layer) => {
                Sentence::new("guardrail-limit").arg("layer", layer_on(*layer, resource))
            }
        }
    }
}

/// A caller sweeps when it is refused many different actions within so many seconds.
pub(super) const SWEEP_SECONDS: i64 = 600;
