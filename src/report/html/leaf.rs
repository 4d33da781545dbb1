//! A comparison as one HTML file: failure and success side by side, what differs in colour.

use askama::Template;

use super::{POLICY, STYLE, written};
use crate::report::groups::Groups;
use crate::report::leaf::{self, Detail, Leaf, Part, Sort};
use crate::report::side_by_side::SideBySide;
use crate::wording::Wording;

/// The page.
#[derive(Template)]
#[template(path = "leaf.html")]
struct Page<'a> {
    words: &'a Wording,
    policy: &'a str,
    style: &'a str,
    version: &'a str,
    leaf: Leaf,
}

/// Two chains side by side.
pub fn side_by_side(found: &SideBySide, detail: Detail, words: &Wording) -> String {
    page(leaf::of_chains(found, detail, words), words)
}

/// Two groups of calls.
pub fn groups(groups: &Groups, detail: Detail, words: &Wording) -> String {
    page(leaf::of_groups(groups, detail, words), words)
}

fn page(leaf: Leaf, words: &Wording) -> String {
    written(&Page { words, policy: POLICY, style: STYLE, version: env!("CARGO_PKG_VERSION"), leaf })
}
