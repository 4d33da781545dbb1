//! One piece of evidence: what was seen, in which events, and which layers it speaks for and
//! against, and how loudly.

use crate::event::{Effect, Layer};
use crate::wording::Sentence;

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Witness {
    /// AWS's own text.
    Stated,
    /// Evaluating policies that were in force.
    Evaluated,
    /// A policy, grant or key change just before.
    Changed,
    /// Calls that worked.
    Contrasted,
    /// A step that never came.
    AbsentStep,
    /// What AWS's documentation says applies to such a caller.
    Documented,
}

impl Witness {
    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Witness::Stated => "stated",
            Witness::Evaluated => "evaluated",
            Witness::Changed => "changed",
            Witness::Contrasted => "contrasted",
            Witness::AbsentStep => "absent_step",
            Witness::Documented => "documented",
        }
    }
}

/// One piece of evidence.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Where it comes from.
    pub witness: Witness,
    /// What was seen, for a person.
    pub text: Sentence,
    /// Weight for (positive) or against (negative) a layer denying in this way, in natural
    /// log-odds.
    pub weights: Vec<(Layer, Effect, f64)>,
    /// Events behind it, by id.
    pub event_ids: Vec<String>,
    /// Whether it names several causes and leaves open which: then it states none of them.
    pub is_ambiguous: bool,
}

/// The same pieces, each once: what was seen once and speaks for several layers is one.
pub(super) fn each_once(all: Vec<Evidence>) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = Vec::with_capacity(all.len());
    for one in all {
        let is_it = |known: &&mut Evidence| {
            known.witness == one.witness
                && known.text == one.text
                && known.is_ambiguous == one.is_ambiguous
        };
        match found.iter_mut().find(is_it) {
            Some(known) => {
                known.weights.extend(one.weights);
                for id in one.event_ids {
                    if known.event_ids.len() < MOST_EVENTS && !known.event_ids.contains(&id) {
                        known.event_ids.push(id);
                    }
                }
            }
            None => found.push(one),
        }
    }
    found
}

/// Events named for one piece.
const MOST_EVENTS: usize = 20;

impl Evidence {
    /// Evidence without weights yet.
    pub fn new(witness: Witness, text: Sentence) -> Self {
        Evidence { witness, text, weights: Vec::new(), event_ids: Vec::new(), is_ambiguous: false }
    }

    /// The same, leaving open which of several causes it was.
    #[must_use]
    pub fn ambiguous(self) -> Self {
        Evidence { is_ambiguous: true, ..self }
    }

    /// Speaks for (or, negative, against) `layer` denying with `effect`; [`Effect::Unknown`] stands
    /// for the layer whatever the effect.
    #[must_use]
    pub fn weigh(mut self, layer: Layer, effect: Effect, weight: f64) -> Self {
        self.weights.push((layer, effect, weight));
        self
    }

    /// Speaks for or against a layer whatever the effect.
    #[must_use]
    pub fn layer(self, layer: Layer, weight: f64) -> Self {
        self.weigh(layer, Effect::Unknown, weight)
    }

    /// Names an event behind it.
    #[must_use]
    pub fn event(mut self, id: &str) -> Self {
        if self.event_ids.len() < MOST_EVENTS && !self.event_ids.iter().any(|e| e == id) {
            self.event_ids.push(id.to_owned());
        }
        self
    }

    /// Layers it speaks for, strongest first.
    pub fn speaks_for(&self) -> Vec<Layer> {
        self.layers(|weight| weight > 0.0)
    }

    /// Layers it speaks against.
    pub fn speaks_against(&self) -> Vec<Layer> {
        self.layers(|weight| weight < 0.0)
    }

    fn layers(&self, side: impl Fn(f64) -> bool) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::new();
        for (layer, _, weight) in &self.weights {
            if side(*weight) && !layers.contains(layer) {
                layers.push(*layer);
            }
        }
        layers
    }
}
