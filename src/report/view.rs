//! The JSON report, `trailwhy.report/1`: the contract that every renderer reads and that others
//! build on. Names and words are fixed; fields may be added, never renamed. Absent means unknown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::chain::LinkKind;
pub use crate::diagnose::{Certainty, Kind};
pub use crate::event::{CallerKind, Effect, Layer, Outcome};

/// The value of `schema`.
pub const SCHEMA: &str = "trailwhy.report/1";

/// The whole report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Who wrote the report.
    pub tool: Tool,
    /// What was read, and what could not be seen.
    pub coverage: Coverage,
    /// One per cause, worst first.
    pub incidents: Vec<Incident>,
    /// Denied calls that are noise (scanners, console pages), grouped; never mixed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub benign: Vec<Benign>,
}

/// The program that wrote the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// `trailwhy`.
    pub name: String,
    /// Semantic version.
    pub version: String,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Files.
    pub files: Files,
    /// Records: `read = kept + duplicates + malformed + out_of_range`.
    pub events: Events,
    /// Sizes.
    pub bytes: Bytes,
    /// First and last event time among the kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Accounts the records were delivered to, sorted.
    pub accounts: Vec<String>,
    /// Regions, sorted.
    pub regions: Vec<String>,
    /// What the log cannot show, found from the records themselves.
    pub blind_spots: Vec<BlindSpot>,
    /// What `--policies` and `--evidence` gave; absent when neither was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PoliciesGiven>>,
}

/// The policies given of one account that decide on one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoliciesGiven {
    /// The account; of organization policies the management account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The layer's word; `evidence` for AWS's own accounts of decisions, `other` for files that
    /// could not be placed.
    pub kind: String,
    /// Policy documents, grants or decisions read.
    pub documents: u64,
    /// The date of the latest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// What the files speak of and do not show.
    pub missing: Vec<String>,
    /// Files of which some part could not be read.
    pub unreadable: Vec<UnreadableFile>,
}

/// A policy file of which some part could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnreadableFile {
    /// The file, as named by the user.
    pub path: String,
    /// What is wrong.
    pub why: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Files found, read and passed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    /// Files met below the paths given.
    pub found: u64,
    /// Files that gave records, even if only some.
    pub read: u64,
    /// Files passed over or damaged, sorted by path.
    pub skipped: Vec<SkippedFile>,
}

/// A file that was passed over, or that gave only part of its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// The path as found below what the user named.
    pub path: String,
    /// A word: `truncated_gzip`, `corrupt_gzip`, `digest`, `insight`, `not_cloudtrail`, …
    pub reason: String,
    /// What happened, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Records that were kept from it all the same.
    pub events_recovered: u64,
}

/// Where every record went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// All records met.
    pub read: u64,
    /// Records analysed.
    pub kept: u64,
    /// Records with an `eventID` met before.
    pub duplicates: u64,
    /// Records that are no CloudTrail event.
    pub malformed: u64,
    /// Records outside `--since`, `--until` or a filter.
    pub out_of_range: u64,
    /// Of those kept, what services told Amazon EventBridge: no calls. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub notifications: u64,
}

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// As stored.
    pub compressed: u64,
    /// After inflating.
    pub uncompressed: u64,
}

/// First and last moment, RFC 3339 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Earliest.
    pub first: String,
    /// Latest.
    pub last: String,
}

/// Something the log cannot show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlindSpot {
    /// A word such as `kms_events_excluded`.
    pub kind: String,
    /// What it means, for a person.
    pub detail: String,
    /// The event that shows it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Stable: same logs, same id.
    pub id: String,
    /// Incidents of other kinds that have the same cause: what repairs one repairs them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// What sort of failure.
    pub kind: Kind,
    /// The incident in one sentence; names every action it holds, or how many.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// By what each sort of failure in it is known again in another export, sorted. Made of the
    /// denied records alone (of a ghost, of its root).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
    /// Those of them that the baseline lacks; absent where none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_signatures: Option<Vec<String>>,
    /// Time of the first denied call (of the root, for a ghost).
    pub first_seen: String,
    /// Time of the last.
    pub last_seen: String,
    /// How many occurrences there are in all.
    pub count: u64,
    /// All of them, or the first `--max-occurrences`.
    pub occurrences: Vec<Occurrence>,
    /// Each denied action, most frequent first; none for a ghost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<DeniedAction>,
    /// The representative occurrence's user call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RootCall>,
    /// The representative occurrence's denied call; absent for a ghost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<DeniedCall>,
    /// The representative chain, parents before children; of a long one the calls around the denied
    /// one.
    pub chain: Vec<Step>,
    /// Calls of the chain that are not in `chain`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub chain_left_out: u64,
    /// Steps every comparable success has and this chain lacks.
    pub missing_steps: Vec<String>,
    /// What was compared.
    pub comparison: Comparison,
    /// Which layer, how, how sure, and why.
    pub verdict: Verdict,
    /// Whether it looks like a rule doing its work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guardrail: bool,
    /// The change that caused it, where the trail holds one.
    pub change: Option<Change>,
    /// What to do, best first.
    pub fixes: Vec<Fix>,
    /// Changes that look right and are not, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuted_fixes: Vec<RefutedFix>,
}

/// One time it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// The user call; absent where it is not in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_event_id: Option<String>,
    /// The denied call; absent for a ghost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_event_id: Option<String>,
    /// When.
    pub time: String,
    /// The denied action, where the incident holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_action: Option<String>,
}

/// An action that was denied in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeniedAction {
    /// IAM action.
    pub action: String,
    /// How often.
    pub count: u64,
    /// What it was denied on; of several, what most of the calls were on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The first denied call, by its CloudTrail event id.
    pub first_event_id: String,
    /// Names of the events that recorded it, where one of them is not the action's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_names: Vec<String>,
    /// IAM action of the call that it was first denied for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_action: Option<String>,
    /// By what its failures are known again, most frequent first.
    pub sorts: Vec<SortOfFailure>,
}

/// Failures of one action that have one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortOfFailure {
    /// One of the incident's.
    pub signature: String,
    /// How often.
    pub count: u64,
    /// What the first was denied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Who was denied: role, user or service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// The first denied call, by its CloudTrail event id.
    pub first_event_id: String,
}

/// The call a user made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RootCall {
    /// Absent when the call is synthesized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// When.
    pub event_time: String,
    /// IAM action, `ec2:CreateVolume`.
    pub action: String,
    /// The caller's ARN as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// The caller's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `sourceIPAddress` as recorded, which may be a service's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// `vpce-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// `errorCode`; null when it succeeded.
    pub error_code: Option<String>,
    /// `errorMessage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Ids and ARNs of what it was about.
    pub resources: Vec<String>,
    /// True when the call is not in the log and was inferred from an encryption context.
    pub synthesized: bool,
    /// How sure it is that the denied call was made for this one: the weakest link between them,
    /// 0 to 1. Says nothing of how sure the layer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// What the weakest link rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub belongs_by: Option<LinkKind>,
    /// Other calls that the denied one may equally well have been made for, by event id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tied_with: Vec<String>,
}

/// The call that was denied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeniedCall {
    /// CloudTrail event id.
    pub event_id: String,
    /// When.
    pub event_time: String,
    /// The action that was denied, which need not be the event's name.
    pub action: String,
    /// `eventName` as recorded, where the action is not called after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// ARN of what it was denied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What it may have been denied on, where no record tells which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_candidates: Vec<String>,
    /// Who was denied: the caller's ARN as recorded, or the service principal; where the text says
    /// that it was another one, that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// In which way it was signed.
    pub caller_kind: CallerKind,
    /// `invokedBy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
    /// `vpce-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,
    /// `errorCode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The text, wherever the service put it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// One call of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// CloudTrail event id; absent for a synthesized root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Null for the root.
    pub parent_event_id: Option<String>,
    /// IAM action.
    pub action: String,
    /// When.
    pub event_time: String,
    /// How it ended.
    pub outcome: Outcome,
    /// `errorCode`; of an event in which a service tells that work failed, the state it ended in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Why work failed, in the words of the service.
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
    /// What it was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// How it is known to belong to its parent; absent for the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// Why a call belongs to its parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Strongest evidence.
    pub kind: LinkKind,
    /// 0 to 1.
    pub confidence: f64,
    /// What matched, `aws:ebs:id = vol-…`.
    pub evidence: Vec<String>,
    /// Other parents that fit equally well, by event id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tied_with: Vec<String>,
}

/// Failure against success.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Failed calls of this cause.
    pub failures: u64,
    /// Comparable successes.
    pub successes: u64,
    /// Calls of that name that worked and were not compared: more than 30 days away, or so many are nearer.
    #[serde(default, skip_serializing_if = "is_none")]
    pub successes_left_out: u64,
    /// Calls of that name that worked and did not need what was refused.
    #[serde(default, skip_serializing_if = "is_none")]
    pub successes_without_need: u64,
    /// What could not be compared, since the log does not show it on one of the sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
    /// The success that answers best "what is different?".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_success: Option<NearestSuccess>,
    /// What separates, best first.
    pub factors: Vec<Factor>,
}

/// The nearest success and what differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearestSuccess {
    /// The user call of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_event_id: Option<String>,
    /// The chain; of a long one the calls around the compared one.
    pub chain: Vec<Step>,
    /// Calls of the chain that are not in `chain`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub chain_left_out: u64,
    /// Field by field.
    pub differences: Vec<Difference>,
    /// Why this one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The attribute.
    pub field: String,
    /// In the failure; absent when it lacks the attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// In the success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<String>,
}

/// One attribute value and how it goes with failing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// The attribute.
    pub attribute: String,
    /// Its value; several that split alike are joined.
    pub value: String,
    /// Calls that have any other value have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_not: bool,
    /// What has to come together with it, `attribute = value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together_with: Vec<String>,
    /// Failures that have it.
    pub failed_with: u64,
    /// All failures.
    pub failed: u64,
    /// Successes that have it.
    pub succeeded_with: u64,
    /// All successes compared.
    pub succeeded: u64,
    /// Ochiai coefficient, 0 to 1.
    pub score: f64,
    /// Fisher's exact test, two-sided, Holm-corrected.
    pub p_value: f64,
    /// Other attributes that split the calls in exactly this way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_split: Vec<String>,
}

/// Which layer denied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The layer.
    pub layer: Layer,
    /// How.
    pub effect: Effect,
    /// How sure, in kind.
    pub certainty: Certainty,
    /// Calibrated probability that the layer is right.
    pub confidence: f64,
    /// The policy, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// Condition keys the denial hangs on.
    pub condition_keys: Vec<String>,
    /// One paragraph a tired engineer understands.
    pub explanation: String,
    /// Every piece of evidence, for and against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What else it could be, likeliest first.
    pub alternatives: Vec<Alternative>,
    /// What it is not.
    pub ruled_out: Vec<RuledOut>,
    /// Commands that would turn inferred into proven.
    pub next_evidence: Vec<String>,
    /// Where AWS's text and evaluation disagree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
    /// The success that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<Healed>,
}

/// The same call that later succeeded, and why it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Healed {
    /// `eventID` of the success.
    pub event_id: String,
    /// When.
    pub time: String,
    /// `propagation`, `change` or `retry`.
    pub why: String,
}

/// A policy, and the statement that decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// ARN, for policies that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Name, for inline policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ARN of what it is attached to: principal, resource, account, OU or root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<String>,
    /// Sid of the deciding statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_sid: Option<String>,
    /// The deciding statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Value>,
    /// Where the document is known from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Where something is known from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The event that carried it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The file that held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was seen.
    pub text: String,
    /// `stated`, `contrasted`, `evaluated`, `absent_step`, `changed`.
    pub witness: String,
    /// Layers it speaks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speaks_for: Vec<Layer>,
    /// Layers it speaks against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speaks_against: Vec<Layer>,
    /// Events behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<String>,
}

/// A verdict that lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The layer.
    pub layer: Layer,
    /// How it would deny.
    pub effect: Effect,
    /// Its share of the probability.
    pub confidence: f64,
    /// Why it is possible.
    pub because: String,
}

impl Verdict {
    /// What cannot be it, with the layers that one reason rules out together.
    pub(super) fn ruled_out_together(&self) -> Vec<(Vec<Layer>, &str)> {
        together(self.ruled_out.iter().map(|out| (out.layer, out.because.as_str())))
    }

    /// What else it could be, with those for which one reason speaks together.
    pub(super) fn alternatives_together(&self) -> Vec<(Vec<&Alternative>, &str)> {
        together(self.alternatives.iter().map(|other| (other, other.because.as_str())))
    }
}

/// What one reason is given for, in the order in which the reasons first come.
fn together<'r, T>(each: impl Iterator<Item = (T, &'r str)>) -> Vec<(Vec<T>, &'r str)> {
    let mut found: Vec<(Vec<T>, &str)> = Vec::new();
    for (one, because) in each {
        match found.iter_mut().find(|(_, known)| *known == because) {
            Some((ones, _)) => ones.push(one),
            None => found.push((vec![one], because)),
        }
    }
    found
}

/// A layer that cannot be it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledOut {
    /// The layer.
    pub layer: Layer,
    /// Why not.
    pub because: String,
}

/// The change that caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// CloudTrail event id.
    pub event_id: String,
    /// When.
    pub event_time: String,
    /// IAM action.
    pub action: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// What it did, in one sentence.
    pub summary: String,
    /// Line diff of the document, before to after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// One way to repair it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What to do, in one line.
    pub title: String,
    /// The layer it changes.
    pub layer: Layer,
    /// What to attach it to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach_to: Option<String>,
    /// The whole new statement or policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
    /// RFC 6902 patch from the present policy, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    /// AWS CLI commands.
    pub commands: Vec<String>,
    /// Changes of the document after the failure, which the fix keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_since: Vec<Change>,
    /// The same for Terraform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terraform: Option<String>,
    /// What else to know: what it opens, when not to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whose it is to make; absent of an ordinary fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// What re-evaluating showed; absent when nothing could be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// Whose a fix is to make, where it is no ordinary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The caller's: the call is made otherwise, and no policy changes.
    WithinRule,
    /// The owner's of a guardrail, if it is made at all.
    Exemption,
}

/// What re-evaluating with the fix showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// `allowed`, `denied` or `unknown`.
    pub denied_request: String,
    /// Successes that stay allowed.
    pub successes_kept: u64,
    /// Successes that the fix would break.
    pub successes_broken: u64,
    /// Requests that must stay denied and do.
    pub still_denied: u64,
    /// Layers whose policies are not known.
    pub unchecked_layers: Vec<Layer>,
}

/// A change that looks right and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefutedFix {
    /// What one would try.
    pub title: String,
    /// Why it does not help.
    pub because: String,
}

/// Denied calls that are noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Benign {
    /// IAM actions, sorted.
    pub actions: Vec<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// How often.
    pub count: u64,
    /// Why it is taken for noise.
    pub because: String,
}
