//! The picture of an incident: the failed chain, and the nearest success on the same scale with
//! the same lanes.

mod frame;
mod layout;
mod scale;
mod story;

use std::collections::BTreeSet;

pub(super) use layout::Picture;
pub(super) use story::{Mark, evidence};

use self::frame::Frame;
use crate::report::Incident;
use crate::wording::{Sentence, Wording};

/// One chain in both sizes, and in words.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) pictures: Vec<Picture>,
    /// What the picture shows, for those who cannot see it.
    pub(super) description: String,
    /// Calls that are not drawn.
    pub(super) left_out: usize,
}

/// The failed chain and, where there is one, the success beside it.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) failed: Chain,
    pub(super) worked: Option<Chain>,
    /// The marks that are used, for the legend.
    pub(super) marks: BTreeSet<Mark>,
    /// Some arrow is dashed.
    pub(super) has_uncertain: bool,
}

impl Timeline {
    /// Draws the incident; `None` when there is nothing to draw.
    pub(super) fn of(incident: &Incident, wording: &Wording) -> Option<Timeline> {
        let (failed, worked) = story::stories(incident, wording);
        if failed.nodes.is_empty() {
            return None;
        }
        let stories: Vec<&story::Story> = std::iter::once(&failed).chain(worked.as_ref()).collect();
        let nodes = || stories.iter().flat_map(|story| &story.nodes);
        let marks = nodes().map(|node| node.mark).collect();
        let has_uncertain = nodes().any(|node| node.uncertain && node.mark != Mark::Missing);
        let wide = layout::draw(&stories, Frame::WIDE, wording);
        let narrow = layout::draw(&stories, Frame::NARROW, wording);
        let mut chains =
            wide.into_iter().zip(narrow).zip(&stories).map(|((wide, narrow), story)| Chain {
                pictures: vec![wide, narrow],
                description: description(story, wording),
                left_out: story.left_out,
            });
        let failed = chains.next()?;
        let worked = chains.next();
        Some(Timeline { failed, worked, marks, has_uncertain })
    }
}

/// Every call in one line: when, who, what, how it ended.
fn description(story: &story::Story, wording: &Wording) -> String {
    let lines = story.nodes.iter().map(|node| {
        let lane = story.lanes.iter().find(|lane| lane.key == node.lane);
        let call = Sentence::new("html-call-in-words")
            .arg("after", super::text::after(node.second))
            .arg("who", lane.map_or("", |lane| lane.name.as_str()))
            .arg("action", node.action.as_str())
            .arg("count", node.count)
            .arg("outcome", node.mark.sentence());
        wording.say(&call)
    });
    lines.collect::<Vec<_>>().join("; ")
}
