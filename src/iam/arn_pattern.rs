//! ARN patterns in `Resource` and in ARN conditions: split at the first five colons, each part a
//! pattern of its own, the last one reaching to the end across further colons and slashes
//! (IAM User Guide, IAM JSON policy elements: Resource; Amazon Resource Name condition operators).
//!
//! In `Resource` a `*` that ends a part reaches across colons, too: "If the * wildcard is the last
//! character of a resource ARN segment, it can expand to match beyond the colon boundaries" (IAM
//! User Guide, IAM JSON policy elements: Resource, Using wildcards in resource ARNs). ARN operators
//! compare part by part.

use super::context::Context;
use super::glob::Glob;
use super::ternary::Ternary;
use super::variable::{Pattern, Syntax, split_arn};

/// The parts of a full ARN.
const PARTS: usize = 6;

/// An ARN of a request or of a context key, taken apart.
#[derive(Debug, Clone)]
pub(super) struct ArnParts<'a>(Vec<&'a str>);

impl<'a> ArnParts<'a> {
    /// `None` when `text` is no ARN.
    pub(super) fn parse(text: &'a str) -> Option<ArnParts<'a>> {
        let parts = split_arn(text, false);
        (parts.len() == PARTS && parts.first() == Some(&"arn")).then_some(ArnParts(parts))
    }

    /// The ARN cut at every colon: the parts, the last one cut, too.
    fn segments(&self) -> Vec<Segment<'a>> {
        let mut segments = Vec::with_capacity(PARTS);
        for (at, part) in self.0.iter().enumerate() {
            let is_last = at + 1 == PARTS;
            let mut rest = *part;
            while let Some((text, after)) = rest.split_once(':').filter(|_| is_last) {
                segments.push(Segment { text, rest, is_last });
                rest = after;
            }
            segments.push(Segment { text: rest, rest, is_last });
        }
        segments
    }
}

/// What stands between two colons of an ARN.
#[derive(Debug, Clone, Copy)]
struct Segment<'a> {
    text: &'a str,
    /// From here to the end of the part.
    rest: &'a str,
    /// Whether it belongs to the ARN's last part, which compares with case.
    is_last: bool,
}

/// An ARN pattern with as many parts as its text has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArnPattern {
    parts: Vec<Pattern>,
    /// Where a `*` ends a part before the last.
    far: Option<Box<FarPattern>>,
}

/// The parts of a resource pattern from the first one on whose final `*` reaches across colons.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FarPattern {
    /// The place of the first of these parts.
    first: usize,
    parts: Vec<FarPart>,
    /// What follows the fifth colon; `None` when the pattern is shorter.
    last: Option<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FarPart {
    /// For the parts of an ARN that compare without case.
    folded: Glob,
    /// For the last one.
    exact: Glob,
    reaches: bool,
}

impl FarPart {
    fn new(text: &str) -> FarPart {
        FarPart {
            folded: Glob::new(&text.to_ascii_lowercase()),
            exact: Glob::new(text),
            reaches: text.ends_with('*'),
        }
    }

    fn matches(&self, segment: &Segment<'_>) -> bool {
        let glob = if segment.is_last { &self.exact } else { &self.folded };
        glob.matches(segment.text)
    }
}

impl FarPattern {
    fn new(parts: &[&str], last: Option<&Pattern>) -> Option<FarPattern> {
        let before = parts.get(..parts.len().min(PARTS - 1))?;
        let first = before.iter().position(|part| part.ends_with('*'))?;
        let far = before.get(first..)?.iter().map(|part| FarPart::new(part)).collect();
        Some(FarPattern { first, parts: far, last: last.cloned() })
    }

    /// Whether the segments, from `first` on, match to the end. A part whose star reaches may skip
    /// segments; the nearest place where the parts up to the next such star match leaves the most
    /// for the rest, so that no other needs trying.
    fn matches(&self, segments: &[Segment<'_>], context: &Context) -> Ternary {
        let mut left = segments.get(self.first..).unwrap_or_default();
        let mut may_skip = false;
        let mut groups = self.parts.split_inclusive(|part| part.reaches).peekable();
        while let Some(group) = groups.next() {
            if groups.peek().is_none() && !group.last().is_some_and(|part| part.reaches) {
                return self.ends(group, left, context);
            }
            let Some(after) = skip_to(group, left, may_skip) else { return Ternary::False };
            left = after;
            may_skip = true;
        }
        self.ends(&[], left, context)
    }

    /// Whether `group` and what follows the fifth colon match some last segments of `left`.
    fn ends(&self, group: &[FarPart], left: &[Segment<'_>], context: &Context) -> Ternary {
        let Some(last) = &self.last else {
            // A final star takes all that is left; without one the parts must be the last.
            let start = left.len().checked_sub(group.len());
            let found = start.and_then(|start| left.get(start..));
            return (group.is_empty() || found.is_some_and(|found| all_match(group, found))).into();
        };
        let last = last.ready(context);
        for start in 0..left.len() {
            let candidate = left.get(start..).unwrap_or_default();
            let Some(rest) = candidate.get(group.len()) else { break };
            if all_match(group, candidate) && rest.is_last && last.starts(rest.rest) {
                let matches = last.matches(rest.rest);
                // With a star in it, what fails here fails in the shorter rests, too.
                if !matches.is_false() || last.has_star() {
                    return matches;
                }
            }
        }
        Ternary::False
    }
}

/// What is left after the nearest segments that `group` matches.
fn skip_to<'s, 'a>(
    group: &[FarPart],
    left: &'s [Segment<'a>],
    may_skip: bool,
) -> Option<&'s [Segment<'a>]> {
    let most = if may_skip { left.len().checked_sub(group.len())? } else { 0 };
    let start = (0..=most)
        .find(|start| left.get(*start..).is_some_and(|candidate| all_match(group, candidate)))?;
    left.get(start + group.len()..)
}

fn all_match(group: &[FarPart], segments: &[Segment<'_>]) -> bool {
    group.len() <= segments.len()
        && group.iter().zip(segments).all(|(part, segment)| part.matches(segment))
}

impl ArnPattern {
    /// A pattern of an ARN condition: variables may stand anywhere, parts compare with case.
    pub(super) fn for_condition(text: &str, variables: bool) -> ArnPattern {
        let syntax = Syntax { wildcards: true, variables };
        let parts = split_arn(text, variables);
        let parts = parts.into_iter().map(|part| Pattern::new(part, syntax)).collect();
        ArnPattern { parts, far: None }
    }

    /// A pattern of a `Resource` element: variables only after the fifth colon; everything before
    /// compares without case.
    pub(super) fn for_resource(text: &str, variables: bool) -> ArnPattern {
        let texts = split_arn(text, variables);
        let parts: Vec<Pattern> = texts
            .iter()
            .enumerate()
            .map(|(at, part)| match at {
                5 => Pattern::new(part, Syntax { wildcards: true, variables }),
                _ => Pattern::new(
                    &part.to_ascii_lowercase(),
                    Syntax { wildcards: true, variables: false },
                ),
            })
            .collect();
        let far = FarPattern::new(&texts, parts.get(PARTS - 1)).map(Box::new);
        ArnPattern { parts, far }
    }

    /// Whether the pattern lacks parts.
    pub(super) fn is_short(&self) -> bool {
        self.parts.len() < PARTS
    }

    /// Whether the pattern lacks more than its last part.
    pub(super) fn is_very_short(&self) -> bool {
        self.parts.len() + 1 < PARTS
    }

    /// Whether the pattern is a lone `*`.
    pub(super) fn is_everything(&self) -> bool {
        match self.parts.as_slice() {
            [Pattern::Glob(glob)] => glob.is_everything(),
            _ => false,
        }
    }

    /// Whether `arn` matches as the pattern is written, lacking nothing, with a star that ends a
    /// part reaching across colons.
    pub(super) fn reaches(&self, arn: &ArnParts<'_>, context: &Context) -> Ternary {
        let Some(far) = &self.far else { return Ternary::False };
        let near = self.parts.iter().zip(&arn.0).take(far.first + 1);
        let starts = near.into_iter().all(|(part, text)| part.matches(text, context).is_true());
        // A star that goes on needs a colon more than the pattern has to go to.
        let has_more = far.last.is_none() || arn.0.last().is_some_and(|last| last.contains(':'));
        if !starts || !has_more {
            return Ternary::False;
        }
        far.matches(&arn.segments(), context)
    }

    /// Whether `arn` matches part by part; parts that the pattern lacks match anything.
    pub(super) fn matches(&self, arn: &ArnParts<'_>, context: &Context) -> Ternary {
        Ternary::all(
            self.parts.iter().zip(&arn.0).map(|(pattern, part)| pattern.matches(part, context)),
        )
    }

    /// The names of the variables that are unknown in `context`.
    pub(super) fn unknown_variables<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Iterator<Item = &'a str> {
        self.parts.iter().flat_map(|part| part.unknown_variables(context))
    }
}
