//! What a diagnosis is made of, before it is put into words.

use super::case::Found;
use super::evidence::Evidence;
use super::failing::Failing;
use super::guardrail_reason::Guardrail;
use super::healed::Healed;
use super::kinds::{Certainty, Kind};
use super::next::Command;
use super::rank::Hypothesis;
use super::tally::Tally;
use super::worked::{Compared, Worked};
use crate::contrast::{Difference, Ranking};
use crate::history::change::Change;
use crate::history::evidence::NamedStatement;
use crate::wording::Sentence;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// One per cause and kind, worst first.
    pub incidents: Vec<Incident>,
    /// Denied calls that are noise.
    pub benign: Vec<Benign>,
    /// Files of evidence that tell of none of the refused calls, with why.
    pub unused_evidence: Vec<(String, Sentence)>,
    /// Successes that were evaluated.
    pub worked: Worked,
}

/// One cause.
#[derive(Debug)]
pub struct Incident {
    /// What sort of failure.
    pub kind: Kind,
    /// What the incidents of one cause have in common, stable over runs.
    pub cause: String,
    /// Every time it happened that was analysed, in order of time.
    pub occurrences: Vec<Occurrence>,
    /// How often it happened, whether analysed or not.
    pub tally: Tally,
    /// Position among `occurrences` of the one that is shown.
    pub shown: usize,
    /// Which layer, and why.
    pub verdict: Verdict,
    /// The change that caused it, where the trail holds one.
    pub change: Option<Change>,
    /// What was compared.
    pub comparison: Comparison,
    /// IAM actions of the steps that every comparable success has and this chain lacks.
    pub missing_steps: Vec<String>,
    /// Successes to try fixes on.
    pub successes: Compared,
    /// Why it looks like a rule doing its work, where it does.
    pub guardrail: Option<Guardrail>,
}

/// One time it happened.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Position of the call at the top of the chain, where there is one above the denied call.
    pub root: Option<usize>,
    /// The denied call; `None` for a ghost.
    pub failing: Option<Failing>,
}

/// Which layer denied, how sure that is, and why.
#[derive(Debug)]
pub struct Verdict {
    /// Every layer, likeliest first; never empty.
    pub ranked: Vec<Hypothesis>,
    /// How sure, in kind.
    pub certainty: Certainty,
    /// Every piece of evidence.
    pub evidence: Vec<Evidence>,
    /// Condition keys the denial hangs on.
    pub condition_keys: Vec<String>,
    /// The policy and statement that evaluating found.
    pub found: Option<Found>,
    /// The statement AWS named when asked.
    pub named: Option<NamedStatement>,
    /// Where AWS's texts and the evaluation disagree.
    pub contradiction: Option<Sentence>,
    /// Commands that would settle it.
    pub next_evidence: Vec<Command>,
    /// Comparable successes that evaluating the known policies gives too.
    pub confirmed: usize,
    /// The success that ended it, and why it came.
    pub healed: Option<Healed>,
}

/// Failure against success.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Failed calls.
    pub failures: usize,
    /// Successes that were compared.
    pub successes: usize,
    /// Successes of the same call that were not: too far away, or so many are nearer.
    pub left_out: usize,
    /// Those that did not need what was refused.
    pub not_needed: usize,
    /// Position of the nearest success among the events, and what differs.
    pub nearest: Option<(usize, Vec<Difference>)>,
    /// What sets failures apart from successes, best first, and what could not be compared.
    pub ranking: Ranking,
}

/// Denied calls that are noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Benign {
    /// IAM actions, sorted.
    pub actions: Vec<String>,
    /// Who.
    pub principal: Option<String>,
    /// How often, whether analysed or not.
    pub count: u64,
    /// Why it is taken for noise.
    pub because: Sentence,
}
