//! ARN patterns in `Resource` and in ARN conditions: split at the first five colons, each part a
//! pattern of its own, the last one reaching to the end across further colons and slashes
//! (IAM User Guide, IAM JSON policy elements: Resource; Amazon Resource Name condition operators).

use super::context::Context;
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
}

/// An ARN pattern with as many parts as its text has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArnPattern {
    parts: Vec<Pattern>,
}

impl ArnPattern {
    /// A pattern of an ARN condition: variables may stand anywhere, parts compare with case.
    pub(super) fn for_condition(text: &str, variables: bool) -> ArnPattern {
        let syntax = Syntax { wildcards: true, variables };
        let parts = split_arn(text, variables);
        ArnPattern { parts: parts.into_iter().map(|part| Pattern::new(part, syntax)).collect() }
    }

    /// A pattern of a `Resource` element: variables only after the fifth colon; everything before
    /// compares without case.
    pub(super) fn for_resource(text: &str, variables: bool) -> ArnPattern {
        let parts = split_arn(text, variables)
            .into_iter()
            .enumerate()
            .map(|(at, part)| match at {
                5 => Pattern::new(part, Syntax { wildcards: true, variables }),
                _ => Pattern::new(
                    &part.to_ascii_lowercase(),
                    Syntax { wildcards: true, variables: false },
                ),
            })
            .collect();
        ArnPattern { parts }
    }

    /// Whether the pattern lacks parts.
    pub(super) fn is_short(&self) -> bool {
        self.parts.len() < PARTS
    }

    /// Whether the pattern is a lone `*`.
    pub(super) fn is_everything(&self) -> bool {
        match self.parts.as_slice() {
            [Pattern::Glob(glob)] => glob.is_everything(),
            _ => false,
        }
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
