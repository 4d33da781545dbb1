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
use crate::wording::Wording;

/// Calls further down the chain are not set further in.
const DEEPEST: usize = 4;

/// One chain as a picture, and in words.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) picture: Picture,
    /// What the picture shows, for narrow screens and for those who cannot see it.
    pub(super) told: Vec<Told>,
    /// Calls that are not drawn.
    pub(super) left_out: usize,
}

/// A call of a chain, in words.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) mark: Mark,
    /// How many calls it was made below; deep ones no longer count.
    pub(super) depth: usize,
    pub(super) after: String,
    pub(super) action: String,
    pub(super) note: String,
    pub(super) who: String,
    pub(super) role: String,
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
        // One call with nothing beside it makes no picture.
        if failed.nodes.is_empty() || (failed.nodes.len() == 1 && worked.is_none()) {
            return None;
        }
        let stories: Vec<&story::Story> = std::iter::once(&failed).chain(worked.as_ref()).collect();
        let nodes = || stories.iter().flat_map(|story| &story.nodes);
        let marks = nodes().map(|node| node.mark).collect();
        let has_uncertain = nodes().any(|node| node.uncertain && node.mark != Mark::Missing);
        let pictures = layout::draw(&stories, Frame::PAGE, wording);
        let mut chains = pictures.into_iter().zip(&stories).map(|(picture, story)| Chain {
            picture,
            told: told(story, wording),
            left_out: story.left_out,
        });
        let failed = chains.next()?;
        let worked = chains.next();
        Some(Timeline { failed, worked, marks, has_uncertain })
    }
}

/// Every call in one line: when, what, how it ended, who.
fn told(story: &story::Story, wording: &Wording) -> Vec<Told> {
    let mut depths: Vec<usize> = Vec::new();
    for node in &story.nodes {
        let above = node.parent.and_then(|parent| depths.get(parent));
        depths.push(above.map_or(0, |above| (above + 1).min(DEEPEST)));
    }
    let tell = |(node, depth): (&story::Node, usize)| {
        let lane = story.lanes.iter().find(|lane| lane.key == node.lane);
        Told {
            mark: node.mark,
            depth,
            after: super::text::after(node.second),
            action: node.action.clone(),
            note: layout::note(node, wording),
            who: lane.map(|lane| lane.name.clone()).unwrap_or_default(),
            role: lane.map(|lane| lane.role.clone()).unwrap_or_default(),
        }
    };
    story.nodes.iter().zip(depths).map(tell).collect()
}
