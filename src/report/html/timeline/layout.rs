//! Where everything in the picture goes. Calls of one second stand side by side in the order of
//! the chain, because the log cannot order them. A call takes the first row of its lane where its
//! arrow, its mark and its label touch nothing, so no text can meet another.

use std::collections::BTreeMap;

use super::super::label::{fit, width};
use super::frame::{Frame, round};
use super::scale::{Band, Scale};
use super::story::{Lane, LaneKey, Mark, Node, Story};
use crate::wording::Wording;

/// Height of the axis with its seconds.
const AXIS: f64 = 30.0;
/// Blank above the first row and below the last row of a lane.
const LANE_BLANK: f64 = 8.0;
/// Least height of a lane, whose head has two lines.
const LANE: f64 = 50.0;
/// From the middle of a mark to the start of its label.
const LABEL_GAP: f64 = 15.0;

/// One chain, drawn.
#[derive(Debug)]
pub(in crate::report::html) struct Picture {
    pub(in crate::report::html) width: f64,
    pub(in crate::report::html) height: f64,
    pub(in crate::report::html) bands: Vec<Band>,
    pub(in crate::report::html) lanes: Vec<LaneHead>,
    pub(in crate::report::html) arrows: Vec<Arrow>,
    pub(in crate::report::html) calls: Vec<Call>,
}

/// Who calls in a lane.
#[derive(Debug)]
pub(in crate::report::html) struct LaneHead {
    /// The line above the lane.
    pub(in crate::report::html) top: f64,
    pub(in crate::report::html) name: Words,
    pub(in crate::report::html) role: Words,
    pub(in crate::report::html) hover: String,
}

/// A text, and the room it has.
#[derive(Debug)]
pub(in crate::report::html) struct Words {
    pub(in crate::report::html) text: String,
    pub(in crate::report::html) x: f64,
    /// The base line.
    pub(in crate::report::html) y: f64,
    pub(in crate::report::html) width: f64,
}

/// A link from a call to one made for it.
#[derive(Debug)]
pub(in crate::report::html) struct Arrow {
    pub(in crate::report::html) class: &'static str,
    pub(in crate::report::html) path: String,
    pub(in crate::report::html) head: String,
    /// The step it leads to.
    pub(in crate::report::html) step: Option<usize>,
}

/// A call and its label.
#[derive(Debug)]
pub(in crate::report::html) struct Call {
    pub(in crate::report::html) mark: Mark,
    pub(in crate::report::html) x: f64,
    pub(in crate::report::html) y: f64,
    pub(in crate::report::html) label: Words,
    /// `denied`, `×42`.
    pub(in crate::report::html) note: String,
    /// The step it is.
    pub(in crate::report::html) step: Option<usize>,
}

/// A node that has its place.
struct Placed<'a> {
    node: &'a Node,
    x: f64,
    row: usize,
    label: Label,
}

/// What is written beside a mark.
struct Label {
    action: String,
    note: String,
    width: f64,
}

/// A row of a lane, taken from one place to another.
struct Taken<'a> {
    lane: &'a LaneKey,
    row: usize,
    start: f64,
    end: f64,
}

/// Draws the chains on one scale with the same lanes.
pub(super) fn draw(stories: &[&Story], frame: Frame, wording: &Wording) -> Vec<Picture> {
    let scale = Scale::new(&calls_by_second(stories), frame, tail(stories, frame, wording));
    stories
        .iter()
        .map(|story| Drawing { story, frame, scale: &scale, wording }.picture(stories))
        .collect()
}

/// How many calls each second has at most.
fn calls_by_second(stories: &[&Story]) -> BTreeMap<i64, usize> {
    let mut most: BTreeMap<i64, usize> = BTreeMap::new();
    for story in stories {
        let mut calls: BTreeMap<i64, usize> = BTreeMap::new();
        for node in &story.nodes {
            *calls.entry(node.second).or_default() += 1;
        }
        for (second, count) in calls {
            let known = most.entry(second).or_default();
            *known = count.max(*known);
        }
    }
    most
}

/// Room at the right for the labels of the last second.
fn tail(stories: &[&Story], frame: Frame, wording: &Wording) -> f64 {
    let nodes = || stories.iter().flat_map(|story| &story.nodes);
    let last = nodes().map(|node| node.second).max();
    let widest = nodes()
        .filter(|node| Some(node.second) == last)
        .map(|node| label_width(&node.action, &note(node, wording), frame))
        .fold(0.0, f64::max);
    (widest + LABEL_GAP).min((frame.width - frame.gutter) * 0.55)
}

/// What stands behind the action.
pub(super) fn note(node: &Node, wording: &Wording) -> String {
    let times = (node.count > 1).then(|| format!("×{}", node.count));
    let state = (node.mark != Mark::Success).then(|| wording.say(&node.mark.sentence()));
    [times, state].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn label_width(action: &str, note: &str, frame: Frame) -> f64 {
    let blank = if note.is_empty() { 0.0 } else { 8.0 };
    width(action, frame.letter) + blank + width(note, frame.letter)
}

/// One chain on its way to a picture.
struct Drawing<'a> {
    story: &'a Story,
    frame: Frame,
    scale: &'a Scale,
    wording: &'a Wording,
}

impl<'a> Drawing<'a> {
    fn picture(&self, stories: &[&Story]) -> Picture {
        let lanes = shared_lanes(self.story, stories);
        let placed = self.placed();
        let tops = self.tops(&lanes, &placed);
        let middles: Vec<f64> =
            placed.iter().map(|placed| self.middle(&lanes, &tops, placed)).collect();
        let places: Vec<(f64, f64)> =
            placed.iter().zip(&middles).map(|(placed, y)| (round(placed.x), round(*y))).collect();
        let arrows = placed.iter().zip(&places).filter_map(|(child, to)| {
            let from = places.get(child.node.parent?)?;
            Some(arrow(child.node, *from, *to))
        });
        Picture {
            width: self.frame.width,
            height: round(tops.last().copied().unwrap_or(AXIS) + 1.0),
            bands: self.scale.bands(self.frame),
            lanes: lanes.iter().zip(&tops).map(|(lane, top)| self.head(lane, *top)).collect(),
            arrows: arrows.collect(),
            calls: placed.iter().zip(&places).map(|(placed, place)| call(placed, *place)).collect(),
        }
    }

    /// Every node with its place in its second and its row, in the order of the chain.
    fn placed(&self) -> Vec<Placed<'a>> {
        let mut slots: BTreeMap<i64, usize> = BTreeMap::new();
        let mut taken: Vec<Taken<'_>> = Vec::new();
        let mut placed: Vec<Placed<'_>> = Vec::new();
        for node in &self.story.nodes {
            let slot = slots.entry(node.second).or_default();
            let x = self.scale.place(node.second, *slot);
            *slot += 1;
            let label = self.label(node, x);
            let parent = node.parent.and_then(|index| placed.get(index));
            let from = parent.map_or(x, |parent| parent.x);
            let below = parent.filter(|parent| parent.node.lane == node.lane);
            let start = from.min(x - 12.0);
            let end = (x + LABEL_GAP + label.width + 6.0).max(from);
            let touches = |row: usize| {
                taken.iter().any(|taken| {
                    *taken.lane == node.lane
                        && taken.row == row
                        && taken.end > start
                        && taken.start < end
                })
            };
            let first = below.map_or(0, |parent| parent.row + 1);
            let row = (first..).find(|row| !touches(*row)).unwrap_or(first);
            taken.push(Taken { lane: &node.lane, row, start, end });
            placed.push(Placed { node, x, row, label });
        }
        placed
    }

    /// The label, cut to the room at the right of its mark.
    fn label(&self, node: &Node, x: f64) -> Label {
        let note = note(node, self.wording);
        let room = self.frame.width - x - LABEL_GAP - 2.0;
        let action_room = (room - label_width("", &note, self.frame)).max(0.0);
        let action = fit(&node.action, self.frame.letter, action_room);
        let width = label_width(&action, &note, self.frame).min(room);
        Label { action, note, width }
    }

    /// The top of each lane, and the bottom of the last.
    fn tops(&self, lanes: &[Lane], placed: &[Placed<'_>]) -> Vec<f64> {
        let mut top = AXIS;
        let mut tops = vec![top];
        for lane in lanes {
            let rows = placed
                .iter()
                .filter(|placed| placed.node.lane == lane.key)
                .map(|placed| placed.row + 1)
                .max()
                .unwrap_or(1);
            top += (rows as f64 * self.frame.row + 2.0 * LANE_BLANK).max(LANE);
            tops.push(top);
        }
        tops
    }

    fn middle(&self, lanes: &[Lane], tops: &[f64], placed: &Placed<'_>) -> f64 {
        let lane = lanes.iter().position(|lane| lane.key == placed.node.lane).unwrap_or(0);
        let top = tops.get(lane).copied().unwrap_or(AXIS);
        top + LANE_BLANK + (placed.row as f64 + 0.5) * self.frame.row
    }

    fn head(&self, lane: &Lane, top: f64) -> LaneHead {
        let (letter, small) = (self.frame.letter, self.frame.letter - 1.5);
        let room = self.frame.gutter - 16.0;
        let name = words(&lane.name, letter, (0.0, top + 23.0), room);
        let role = words(&lane.role, small, (0.0, top + 39.0), room);
        LaneHead { top: round(top), name, role, hover: lane.hover.clone() }
    }
}

/// A text cut to its room.
fn words(text: &str, letter: f64, (x, y): (f64, f64), room: f64) -> Words {
    let text = fit(text, letter, room - 2.0);
    Words { width: round(width(&text, letter) + 2.0), x: round(x), y: round(y), text }
}

fn call(placed: &Placed<'_>, (x, y): (f64, f64)) -> Call {
    let label = Words {
        text: placed.label.action.clone(),
        x: round(x + LABEL_GAP),
        y,
        width: round(placed.label.width + 2.0),
    };
    Call {
        mark: placed.node.mark,
        x,
        y,
        label,
        note: placed.label.note.clone(),
        step: placed.node.step,
    }
}

/// The lanes of all stories, in the order they come up, with this story's own heads.
fn shared_lanes(own: &Story, stories: &[&Story]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for lane in stories.iter().flat_map(|story| &story.lanes) {
        if lanes.iter().all(|known| known.key != lane.key) {
            let head = own.lanes.iter().find(|known| known.key == lane.key);
            lanes.push(head.unwrap_or(lane).clone());
        }
    }
    lanes
}

/// From the parent down (or up) to the child's height, then across to the child. A child that the
/// log dates before its parent is reached from above.
fn arrow(child: &Node, (x, y): (f64, f64), (end_x, end_y): (f64, f64)) -> Arrow {
    let class = match (child.mark, child.uncertain) {
        (Mark::Missing, _) => "missing",
        (Mark::Denied, true) => "denied uncertain",
        (Mark::Denied, false) => "denied",
        (_, true) => "uncertain",
        (_, false) => "certain",
    };
    let (path, head) = if end_x > x {
        let tip = round(end_x - 12.0);
        let turn = 8.0_f64.min((tip - x).max(0.0)).min((end_y - y).abs());
        let corner = round(if end_y > y { end_y - turn } else { end_y + turn });
        let back = round(tip - 6.0);
        (
            format!("M{x} {y}V{corner}Q{x} {end_y} {} {end_y}H{tip}", round(x + turn)),
            format!("M{back} {}L{tip} {end_y}L{back} {}", round(end_y - 4.0), round(end_y + 4.0)),
        )
    } else {
        let (across, tip) = (round(end_y - 17.0), round(end_y - 11.0));
        let back = round(tip - 5.0);
        (
            format!("M{x} {y}V{across}H{end_x}V{tip}"),
            format!("M{} {back}L{end_x} {tip}L{} {back}", round(end_x - 4.0), round(end_x + 4.0)),
        )
    };
    Arrow { class, path, head, step: child.step }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::story::{marked_node, story_of};
    use super::*;
    use crate::wording::Language;

    /// The room of a call: its mark and its label.
    fn room(call: &Call) -> (f64, f64, f64, f64) {
        (call.x - 10.0, call.label.x + call.label.width, call.y - 12.0, call.y + 12.0)
    }

    fn meet(one: &Call, other: &Call) -> bool {
        let ((left, right, top, bottom), (from, to, above, below)) = (room(one), room(other));
        left < to && from < right && top < below && above < bottom
    }

    /// Lane, parent (of those before), second, mark, action.
    fn nodes() -> impl Strategy<Value = Vec<Node>> {
        let mark = prop_oneof![Just(Mark::Success), Just(Mark::Denied), Just(Mark::Missing)];
        let node = (0..4_u8, any::<prop::sample::Index>(), -3..90_i64, mark, "[a-z:]{1,60}");
        prop::collection::vec(node, 1..40).prop_map(|all| {
            all.into_iter()
                .enumerate()
                .map(|(index, (lane, parent, second, mark, action))| {
                    let parent = (index > 0).then(|| parent.index(index));
                    marked_node(lane, parent, second, mark, action)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn no_call_touches_another_or_leaves_the_picture(failed in nodes(), worked in nodes()) {
            let words = Wording::new(Language::En);
            let (failed, worked) = (story_of(failed), story_of(worked));
            let frame = Frame::PAGE;
            for picture in draw(&[&failed, &worked], frame, &words) {
                for (index, call) in picture.calls.iter().enumerate() {
                    let (left, right, top, bottom) = room(call);
                    prop_assert!(left >= frame.gutter - 10.0, "{call:?}");
                    prop_assert!(right <= frame.width + 1.0, "{call:?}");
                    prop_assert!(top >= AXIS && bottom <= picture.height, "{call:?}");
                    for other in picture.calls.iter().skip(index + 1) {
                        prop_assert!(!meet(call, other), "{call:?} {other:?}");
                    }
                }
            }
        }
    }
}
