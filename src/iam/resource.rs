//! `Resource` and `NotResource` (IAM User Guide, IAM JSON policy elements: Resource), and the
//! resource that a request is about.

use super::arn_pattern::{ArnParts, ArnPattern};
use super::context::Context;
use super::ternary::Ternary;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its ARN; `*` for actions on no resource in particular; `None` when the log does not say.
    pub arn: Option<String>,
    /// The account that owns it, where the ARN does not say it (a bucket's does not).
    pub account: Option<String>,
}

impl Resource {
    /// The resource with this ARN; its account is taken from the ARN, where that has one.
    pub fn new(arn: impl Into<String>) -> Resource {
        Resource { arn: Some(arn.into()), account: None }
    }

    /// A resource of which nothing is known.
    pub fn unknown() -> Resource {
        Resource { arn: None, account: None }
    }

    /// Names the account that owns the resource.
    #[must_use]
    pub fn owned_by(mut self, account: impl Into<String>) -> Resource {
        self.account = Some(account.into());
        self
    }

    /// The account that owns the resource, as given or as the ARN has it.
    pub fn owner(&self) -> Option<&str> {
        let in_arn = || self.part(4).filter(|account| !account.is_empty());
        self.account.as_deref().or_else(in_arn)
    }

    /// The service in the ARN.
    pub fn service(&self) -> Option<&str> {
        self.part(2).filter(|service| !service.is_empty())
    }

    /// The last part of the ARN, from the resource type on.
    pub fn path(&self) -> Option<&str> {
        self.part(5)
    }

    fn part(&self, at: usize) -> Option<&str> {
        let mut parts = self.arn.as_deref()?.splitn(6, ':');
        (parts.next()? == "arn").then_some(())?;
        parts.nth(at.checked_sub(1)?)
    }
}

/// Which kind of policy a pattern stands in; they differ in how they read an ARN that lacks parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShortArn {
    /// Identity-based policies, boundaries, session policies: missing parts match anything.
    Completed,
    /// Resource-based and endpoint policies: only where some part has a `*`.
    CompletedWithStar,
    /// Service control policies: only where the last part ends in `*`.
    CompletedWithFinalStar,
    /// Resource control policies: never.
    Refused,
}

/// The resource of a request, taken apart once.
#[derive(Debug, Clone)]
pub(super) enum RequestResource<'a> {
    /// `*`: the action has no resource types.
    Everything,
    /// An ARN: as it is, and with all but the last part in lower case.
    Arn(ArnParts<'a>),
    /// No ARN and no `*`: only a lone `*` matches it.
    Other,
    /// Not known.
    Unknown,
}

impl<'a> RequestResource<'a> {
    /// `folded` is the ARN as [`fold_arn`] gives it.
    pub(super) fn new(folded: Option<&'a str>) -> RequestResource<'a> {
        match folded {
            None => RequestResource::Unknown,
            Some("*") => RequestResource::Everything,
            Some(text) => match ArnParts::parse(text) {
                Some(parts) => RequestResource::Arn(parts),
                None => RequestResource::Other,
            },
        }
    }
}

/// An ARN with everything before the fifth colon in lower case, as resource patterns have it.
pub(super) fn fold_arn(arn: &str) -> String {
    let start = arn.match_indices(':').nth(4).map_or(0, |(at, _)| at);
    match arn.split_at_checked(start) {
        Some((before, after)) => before.to_ascii_lowercase() + after,
        None => arn.to_owned(),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ResourcePattern {
    arn: ArnPattern,
    everything: bool,
    has_star: bool,
    ends_with_star: bool,
}

impl ResourcePattern {
    fn new(text: &str, variables: bool) -> ResourcePattern {
        ResourcePattern {
            arn: ArnPattern::for_resource(text, variables),
            everything: !text.is_empty() && text.bytes().all(|byte| byte == b'*'),
            has_star: text.contains('*'),
            ends_with_star: text.ends_with('*'),
        }
    }

    fn is_refused(&self, short: ShortArn) -> bool {
        self.arn.is_short()
            && match short {
                ShortArn::Completed => false,
                ShortArn::CompletedWithStar => !self.has_star,
                ShortArn::CompletedWithFinalStar => !self.ends_with_star,
                ShortArn::Refused => true,
            }
    }

    fn matches(
        &self,
        resource: &RequestResource<'_>,
        short: ShortArn,
        context: &Context,
    ) -> Ternary {
        if self.everything {
            return Ternary::True;
        }
        match resource {
            // What ends in an account part can still reach into the last one.
            RequestResource::Arn(_) if self.is_refused(short) && self.arn.is_very_short() => {
                Ternary::False
            }
            RequestResource::Arn(arn) if self.is_refused(short) => self.arn.reaches(arn, context),
            RequestResource::Arn(arn) => match self.arn.matches(arn, context) {
                Ternary::True => Ternary::True,
                near => near.or(self.arn.reaches(arn, context)),
            },
            RequestResource::Everything | RequestResource::Other => Ternary::False,
            RequestResource::Unknown => Ternary::Unknown,
        }
    }
}

/// `Resource` or `NotResource` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResourceElement {
    negated: bool,
    patterns: Vec<ResourcePattern>,
}

impl ResourceElement {
    pub(super) fn new(texts: &[String], negated: bool, variables: bool) -> ResourceElement {
        let patterns = texts.iter().map(|text| ResourcePattern::new(text, variables)).collect();
        ResourceElement { negated, patterns }
    }

    pub(super) fn matches(
        &self,
        resource: &RequestResource<'_>,
        short: ShortArn,
        context: &Context,
    ) -> Ternary {
        // `NotResource` takes ARNs as they are: one that lacks parts excludes nothing.
        let short = if self.negated { ShortArn::Refused } else { short };
        let found = Ternary::any(
            self.patterns.iter().map(|pattern| pattern.matches(resource, short, context)),
        );
        if self.negated { !found } else { found }
    }

    /// The names of the variables that are unknown in `context`.
    pub(super) fn unknown_variables<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Iterator<Item = &'a str> {
        self.patterns.iter().flat_map(|pattern| pattern.arn.unknown_variables(context))
    }
}

#[cfg(test)]
mod tests {
    use super::{RequestResource, Resource, ResourceElement, ShortArn, fold_arn};
    use crate::iam::context::Context;
    use crate::iam::ternary::Ternary;

    fn matches(pattern: &str, arn: &str, short: ShortArn) -> bool {
        let folded = fold_arn(arn);
        ResourceElement::new(&[pattern.to_owned()], false, true)
            .matches(&RequestResource::new(Some(&folded)), short, &Context::complete())
            .is_true()
    }

    #[test]
    fn parts_match_one_by_one_and_only_the_last_with_case() {
        let queue = "arn:aws:sqs:us-east-1:111122223333:Orders";
        let full = ShortArn::Completed;
        assert!(matches("arn:aws:SQS:US-*:*:Ord*", queue, full));
        assert!(!matches("arn:aws:sqs:us-east-1:111122223333:orders", queue, full));
        assert!(!matches("arn:aws:sqs:us-east-1:Orders", queue, full));
        assert!(matches("arn:aws:ec2:*:*:*/*", "arn:aws:ec2:r:1:volume/v", full));
        assert!(matches("arn:aws:s3:::b/*/c/*", "arn:aws:s3:::b/x/y/c/d", full));
        assert!(!matches("arn:aws:s3:::*", "*", full));
        assert!(matches("*", "*", full));
    }

    #[test]
    fn a_star_that_ends_a_part_reaches_across_colons_and_others_do_not() {
        let function = "arn:aws:lambda:us-east-1:111122223333:function:Resize";
        let stream = "arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:s:1";
        for (pattern, arn, expected) in [
            ("arn:aws:lambda:us-east-1:*:Resize", function, true),
            ("arn:aws:lambda:*:Resize", function, true),
            ("arn:aws:lambda:*:function:Resize", function, true),
            ("arn:aws:lambda:*:1111*:Resize", function, true),
            ("arn:aws:lambda:us-*:resize", function, false),
            ("arn:aws:lambda:*:Function:Resize", function, false),
            ("arn:aws:lambda:*:*1:Resize", function, false),
            ("arn:aws:lambda:eu-*:Resize", function, false),
            ("arn:aws:*ambda:us-east-1:Resize", function, false),
            ("arn:aws:l*a:us-east-1:Resize", function, false),
            ("arn:*:Resize", function, true),
            ("arn:aws:logs:*:*:s:1", stream, true),
            ("arn:aws:logs:*:*:s:?", stream, true),
            ("arn:aws:logs:*:*:s:*2", stream, false),
            ("arn:aws:logs:*:log-*:/a:log-stream:*", stream, true),
            ("arn:aws:logs:*:*:*:*:*:*:*:*:1", stream, false),
            ("arn:aws:logs:us-east-1:*", stream, true),
        ] {
            assert_eq!(matches(pattern, arn, ShortArn::Completed), expected, "{pattern}");
        }
        assert!(matches("arn:aws:logs:us-east-1:*", stream, ShortArn::Refused));
        assert!(matches("arn:aws:logs:*:s:1", stream, ShortArn::Refused));
        assert!(!matches("arn:aws:logs:us-east-1:1111*2", stream, ShortArn::Refused));
    }

    #[test]
    fn an_unknown_variable_beyond_a_reaching_star_leaves_the_match_open() {
        let element =
            ResourceElement::new(&["arn:aws:logs:*:*:x-${aws:username}".to_owned()], false, true);
        for (arn, expected) in [
            ("arn:aws:logs:r:1:log-group:x-ana", Ternary::Unknown),
            ("arn:aws:logs:r:1:log-group:y-ana", Ternary::False),
        ] {
            let folded = fold_arn(arn);
            let resource = RequestResource::new(Some(&folded));
            let matches = element.matches(&resource, ShortArn::Completed, &Context::partial());
            assert_eq!(matches, expected, "{arn}");
        }
    }

    #[test]
    fn short_arns_are_read_as_the_kind_of_policy_does() {
        let queue = "arn:aws:sqs:us-east-1:111122223333:Orders";
        for (pattern, expected) in [
            ("arn:aws:sqs", [true, false, false, false]),
            ("arn:aws:sqs:*", [true, true, true, false]),
            ("arn:aws:*:us-east-1", [true, true, false, false]),
        ] {
            let kinds = [
                ShortArn::Completed,
                ShortArn::CompletedWithStar,
                ShortArn::CompletedWithFinalStar,
                ShortArn::Refused,
            ];
            assert_eq!(kinds.map(|kind| matches(pattern, queue, kind)), expected, "{pattern}");
        }
    }

    #[test]
    fn the_owner_is_the_given_account_or_that_of_the_arn() {
        assert_eq!(Resource::new("arn:aws:sqs:r:1:q").owner(), Some("1"));
        assert_eq!(Resource::new("arn:aws:s3:::b").owner(), None);
        assert_eq!(Resource::new("arn:aws:s3:::b").owned_by("2").owner(), Some("2"));
        assert_eq!(Resource::new("bucket").owner(), None);
    }
}
