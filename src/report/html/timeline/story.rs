//! A chain as the picture tells it: who made which call in which second, which call it was made
//! for, and where a step that never came would have been.

use std::collections::{HashMap, HashSet};

use super::super::text::{hover, percent, principal};
use crate::event::{CallerKind, Outcome, Time};
use crate::report::{Incident, Link, Step};
use crate::wording::{Sentence, Wording};

/// More calls than this are counted, not drawn; the table of calls below the picture has them.
const DRAWN_CALLS: usize = 40;

/// Steps that never came that are drawn; the list beside the picture has more.
const DRAWN_MISSING: usize = 8;

/// How a call is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::report::html) enum Mark {
    /// It succeeded.
    Success,
    /// It was denied.
    Denied,
    /// It failed in another way.
    Error,
    /// It is not in the log but must have been made.
    Unknown,
    /// Every comparable success has it, and here it never came.
    Missing,
}

impl Mark {
    /// All there are.
    pub(in crate::report::html) const ALL: [Mark; 5] =
        [Mark::Success, Mark::Denied, Mark::Error, Mark::Unknown, Mark::Missing];

    fn of(step: &Step, denied_event_id: Option<&str>) -> Mark {
        if step.event_id.is_some() && step.event_id.as_deref() == denied_event_id {
            return Mark::Denied;
        }
        match step.outcome {
            Outcome::Success => Mark::Success,
            Outcome::Denied => Mark::Denied,
            Outcome::Error => Mark::Error,
            Outcome::Unknown => Mark::Unknown,
        }
    }

    /// The class of the mark in the style sheet.
    pub(in crate::report::html) fn class(self) -> &'static str {
        match self {
            Mark::Success => "success",
            Mark::Denied => "denied",
            Mark::Error => "error",
            Mark::Unknown => "unknown",
            Mark::Missing => "missing",
        }
    }

    /// What the mark means.
    pub(in crate::report::html) fn sentence(self) -> Sentence {
        match self {
            Mark::Success => Sentence::new("html-mark-success"),
            Mark::Denied => Sentence::new("html-mark-denied"),
            Mark::Error => Sentence::new("html-mark-error"),
            Mark::Unknown => Sentence::new("html-mark-unknown"),
            Mark::Missing => Sentence::new("html-mark-missing"),
        }
    }
}

/// What two calls must share to be in one lane: the way they are signed, and who signs. A direct
/// caller has the same lane in the failure and in the success, whoever it is, so that the two
/// pictures can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LaneKey {
    kind: CallerKind,
    who: String,
}

/// A lane, and what its head says.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) key: LaneKey,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) hover: String,
}

/// One call, or several that differ in nothing the picture shows.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) lane: LaneKey,
    pub(super) parent: Option<usize>,
    /// Whole seconds after the first call.
    pub(super) second: i64,
    pub(super) mark: Mark,
    pub(super) action: String,
    pub(super) count: usize,
    /// Where the chain has it, and so the table of calls; `None` of a step that never came.
    pub(super) step: Option<usize>,
    pub(super) uncertain: bool,
}

/// A whole chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub(super) nodes: Vec<Node>,
    pub(super) lanes: Vec<Lane>,
    /// Calls that are not drawn.
    pub(super) left_out: usize,
}

/// The failed chain with the steps that never came, and the nearest success if there is one.
pub(super) fn stories(incident: &Incident, wording: &Wording) -> (Story, Option<Story>) {
    let denied = incident.denied.as_ref().map(|call| call.event_id.as_str());
    let mut failed = Story::of(&incident.chain, denied, wording);
    let nearest = incident.comparison.nearest_success.as_ref();
    let worked = nearest
        .filter(|success| !success.chain.is_empty())
        .map(|success| Story::of(&success.chain, None, wording));
    for action in incident.missing_steps.iter().take(DRAWN_MISSING) {
        failed.add_missing(action, worked.as_ref(), wording);
    }
    (failed, worked)
}

impl Story {
    fn of(chain: &[Step], denied: Option<&str>, wording: &Wording) -> Story {
        let mut story = Story::default();
        let start = chain.first().and_then(|step| Time::parse(&step.event_time));
        let above = line_above(chain, denied);
        let mut node_of_event: HashMap<&str, usize> = HashMap::new();
        for (index, step) in chain.iter().enumerate() {
            let id = step.event_id.as_deref();
            let parent = match step.parent_event_id.as_deref() {
                Some(id) => node_of_event.get(id).copied(),
                // A synthesized root has no id that its calls could name.
                None => (step.link.is_some() && !story.nodes.is_empty()).then_some(0),
            };
            let node = Node { step: Some(index), ..Node::of(step, start, parent, denied) };
            let is_needed = id.is_some_and(|id| above.contains(id));
            let Some(place) = story.place(node, is_needed) else { continue };
            if let Some(id) = id {
                node_of_event.insert(id, place);
            }
            story.open_lane(step, wording);
        }
        story
    }

    /// Adds the call to an equal one, or as one more; `None` when the picture is full.
    fn place(&mut self, node: Node, is_needed: bool) -> Option<usize> {
        let equal = self.nodes.iter().position(|other| other.looks_like(&node));
        if let Some(index) = equal {
            if let Some(other) = self.nodes.get_mut(index) {
                other.count += 1;
            }
            return Some(index);
        }
        if self.nodes.len() >= DRAWN_CALLS && !is_needed {
            self.left_out += 1;
            return None;
        }
        self.nodes.push(node);
        Some(self.nodes.len() - 1)
    }

    fn open_lane(&mut self, step: &Step, wording: &Wording) {
        let key = lane_key(step);
        if self.lanes.iter().all(|lane| lane.key != key) {
            self.lanes.push(Lane {
                name: lane_name(step, wording),
                role: wording.say(&lane_role(step.caller_kind)),
                hover: lane_hover(step),
                key,
            });
        }
    }

    /// Draws a step that never came where the success made it. A denied call of the same action
    /// is that step already.
    fn add_missing(&mut self, action: &str, worked: Option<&Story>, wording: &Wording) {
        if self.nodes.iter().any(|node| node.action == action && node.mark == Mark::Denied) {
            return;
        }
        let model = worked.and_then(|story| story.nodes.iter().find(|node| node.action == action));
        let parent = model
            .and_then(|node| worked?.nodes.get(node.parent?))
            .and_then(|parent| self.nodes.iter().position(|node| node.answers(parent)))
            .or((!self.nodes.is_empty()).then_some(0));
        let last = self.nodes.iter().map(|node| node.second).max().unwrap_or(0);
        let lane = model.map_or_else(LaneKey::nobody, |node| node.lane.clone());
        if self.lanes.iter().all(|known| known.key != lane) {
            let head = worked.and_then(|story| story.lanes.iter().find(|known| known.key == lane));
            self.lanes.push(head.cloned().unwrap_or_else(|| Lane::of_nobody(wording)));
        }
        self.nodes.push(Node {
            lane,
            parent,
            second: model.map_or(last, |node| node.second),
            mark: Mark::Missing,
            action: action.to_owned(),
            count: 1,
            step: None,
            uncertain: true,
        });
    }
}

impl Node {
    fn of(step: &Step, start: Option<Time>, parent: Option<usize>, denied: Option<&str>) -> Node {
        let second = Time::parse(&step.event_time)
            .zip(start)
            .map_or(0, |(time, start)| time.seconds_since(start));
        let link = step.link.as_ref();
        Node {
            lane: lane_key(step),
            parent,
            second,
            mark: Mark::of(step, denied),
            action: step.action.clone(),
            count: 1,
            step: None,
            uncertain: link.is_some_and(is_uncertain),
        }
    }

    fn looks_like(&self, other: &Node) -> bool {
        self.answers(other)
            && self.parent == other.parent
            && self.second == other.second
            && self.mark == other.mark
            && self.parent.is_some()
    }

    /// The same step in another chain.
    fn answers(&self, other: &Node) -> bool {
        self.action == other.action && self.lane == other.lane
    }
}

impl LaneKey {
    fn nobody() -> LaneKey {
        LaneKey { kind: CallerKind::ServicePrincipal, who: String::new() }
    }
}

impl Lane {
    /// Where a step goes that never came and that no success shows.
    fn of_nobody(wording: &Wording) -> Lane {
        let name = wording.say(&Sentence::new("html-lane-nobody"));
        Lane { key: LaneKey::nobody(), hover: name.clone(), name, role: String::new() }
    }
}

/// The denied call and all calls it was made for: a picture without them would tell nothing.
fn line_above<'a>(chain: &'a [Step], denied: Option<&'a str>) -> HashSet<&'a str> {
    let parents: HashMap<&str, &str> = chain
        .iter()
        .filter_map(|step| Some((step.event_id.as_deref()?, step.parent_event_id.as_deref()?)))
        .collect();
    let mut line = HashSet::new();
    let mut next = denied;
    while let Some(id) = next {
        if line.len() >= DRAWN_CALLS || !line.insert(id) {
            break;
        }
        next = parents.get(id).copied();
    }
    line
}

fn lane_key(step: &Step) -> LaneKey {
    let who = match step.caller_kind {
        CallerKind::Direct | CallerKind::Agent | CallerKind::Ec2Infrastructure => String::new(),
        CallerKind::ForwardAccessSession | CallerKind::ServicePrincipal => {
            step.invoked_by.clone().or_else(|| step.principal_arn.clone()).unwrap_or_default()
        }
        CallerKind::ServiceLinkedRole | CallerKind::ServiceRole => {
            step.principal_arn.as_deref().map(|arn| role(arn).to_owned()).unwrap_or_default()
        }
    };
    LaneKey { kind: step.caller_kind, who }
}

/// The role without its session: every run of a service has a session of its own.
fn role(arn: &str) -> &str {
    let name = principal(arn);
    name.split_once('/').map_or(name, |(role, _)| role)
}

fn lane_name(step: &Step, wording: &Wording) -> String {
    let (service, who) = (step.invoked_by.as_deref(), step.principal_arn.as_deref());
    let named = match step.caller_kind {
        CallerKind::ForwardAccessSession | CallerKind::ServicePrincipal => service.or(who),
        _ => who.or(service),
    };
    match named {
        Some(name) if step.caller_kind == CallerKind::ServiceRole => role(name).to_owned(),
        Some(name) => principal(name).to_owned(),
        None => wording.say(&Sentence::new("html-not-known")),
    }
}

fn lane_role(kind: CallerKind) -> Sentence {
    match kind {
        CallerKind::Direct => Sentence::new("html-lane-direct"),
        CallerKind::ForwardAccessSession => Sentence::new("html-lane-forward-access-session"),
        CallerKind::ServicePrincipal => Sentence::new("html-lane-service-principal"),
        CallerKind::ServiceLinkedRole => Sentence::new("html-lane-service-linked-role"),
        CallerKind::ServiceRole => Sentence::new("html-lane-service-role"),
        CallerKind::Ec2Infrastructure => Sentence::new("html-lane-ec2-infrastructure"),
        CallerKind::Agent => Sentence::new("html-lane-agent"),
    }
}

fn lane_hover(step: &Step) -> String {
    hover([step.principal_arn.as_deref(), step.invoked_by.as_deref()].into_iter().flatten())
}

/// A dashed arrow: something else fits as well, or half the time it would be wrong.
fn is_uncertain(link: &Link) -> bool {
    link.confidence < 0.5 || !link.tied_with.is_empty()
}

/// What ties a call to its parent, one piece a line.
pub(in crate::report::html) fn evidence(link: &Link, wording: &Wording) -> String {
    let head = Sentence::new("html-link")
        .arg("kind", link.kind)
        .arg("confidence", percent(link.confidence));
    let head = wording.say(&head);
    let ties = (!link.tied_with.is_empty())
        .then(|| wording.say(&Sentence::new("html-link-ties").arg("count", link.tied_with.len())));
    let pieces = link.evidence.iter().map(String::as_str);
    hover(std::iter::once(head.as_str()).chain(pieces).chain(ties.as_deref()))
}

/// A node for tests of what is made of nodes.
#[cfg(test)]
pub(super) fn marked_node(
    lane: u8,
    parent: Option<usize>,
    second: i64,
    mark: Mark,
    action: String,
) -> Node {
    Node {
        lane: LaneKey { kind: CallerKind::ServiceRole, who: lane.to_string() },
        parent,
        second,
        mark,
        action,
        count: 1,
        step: None,
        uncertain: false,
    }
}

/// A story of nodes, with the lanes they need.
#[cfg(test)]
pub(super) fn story_of(nodes: Vec<Node>) -> Story {
    let mut lanes: Vec<Lane> = Vec::new();
    for node in &nodes {
        if lanes.iter().all(|lane| lane.key != node.lane) {
            let name = node.lane.who.clone();
            lanes.push(Lane {
                key: node.lane.clone(),
                hover: name.clone(),
                role: name.clone(),
                name,
            });
        }
    }
    Story { nodes, lanes, left_out: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;

    fn step(id: &str, parent: Option<&str>, action: &str, time: &str) -> Step {
        serde_json::from_value(serde_json::json!({
            "event_id": id, "parent_event_id": parent, "action": action, "event_time": time,
            "outcome": if id == "denied" { "denied" } else { "success" },
            "principal_arn": "arn:aws:iam::111122223333:user/operator",
            "caller_kind": "direct", "error_code": null,
        }))
        .unwrap()
    }

    #[test]
    fn equal_calls_are_one_mark_with_a_count_and_the_denied_call_is_always_drawn() {
        let words = Wording::new(Language::En);
        let mut chain = vec![step("root", None, "ssm:GetParameters", "2026-10-07T00:00:00Z")];
        for index in 0..42 {
            let id = format!("same-{index}");
            chain.push(step(&id, Some("root"), "kms:Decrypt", "2026-10-07T00:00:01Z"));
        }
        for index in 0..60 {
            let (id, action) = (format!("other-{index}"), format!("s3:Action{index}"));
            chain.push(step(&id, Some("root"), &action, "2026-10-07T00:00:02Z"));
        }
        chain.push(step("denied", Some("other-59"), "kms:Encrypt", "2026-10-07T00:00:03Z"));
        let story = Story::of(&chain, Some("denied"), &words);
        let decrypt = story.nodes.iter().find(|node| node.action == "kms:Decrypt").unwrap();
        assert_eq!(decrypt.count, 42);
        let denied = story.nodes.last().unwrap();
        assert_eq!(denied.mark, Mark::Denied);
        assert_eq!(story.nodes[denied.parent.unwrap()].action, "s3:Action59");
        assert_eq!(story.nodes.len() + story.left_out, 1 + 1 + 60 + 1);
    }

    #[test]
    fn a_step_that_never_came_stands_where_the_success_made_it() {
        let words = Wording::new(Language::En);
        let failed = [step("root", None, "ec2:CreateVolume", "2026-10-07T00:00:00Z")];
        let worked = [
            step("a", None, "ec2:CreateVolume", "2026-10-06T00:00:00Z"),
            step("b", Some("a"), "kms:CreateGrant", "2026-10-06T00:00:04Z"),
        ];
        let mut failed = Story::of(&failed, None, &words);
        let worked = Story::of(&worked, None, &words);
        failed.add_missing("kms:CreateGrant", Some(&worked), &words);
        failed.add_missing("kms:Unheard", Some(&worked), &words);
        let missing: Vec<(i64, Option<usize>, Mark)> =
            failed.nodes.iter().map(|node| (node.second, node.parent, node.mark)).collect();
        assert_eq!(
            missing,
            [(0, None, Mark::Success), (4, Some(0), Mark::Missing), (4, Some(0), Mark::Missing)]
        );
        assert_eq!(failed.lanes.len(), 2, "a step no success shows has a lane of its own");
    }
}
