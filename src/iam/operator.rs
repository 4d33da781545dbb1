//! The names of condition operators (IAM User Guide, IAM JSON policy elements: Condition
//! operators), taken apart into set qualifier, base operator, and `IfExists`.

use std::cmp::Ordering;

/// `ForAllValues:` or `ForAnyValue:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Any,
}

/// How two texts compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextComparison {
    Equals,
    EqualsIgnoreCase,
    Like,
}

/// Which of the orders satisfy a comparison of numbers or dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
}

impl Relation {
    /// Whether `order`, of the request's value to the policy's, satisfies the relation.
    pub(super) fn admits(self, order: Ordering) -> bool {
        match self {
            Relation::Equals => order.is_eq(),
            Relation::Less => order.is_lt(),
            Relation::LessOrEquals => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEquals => order.is_ge(),
        }
    }
}

/// What an operator compares, without its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Text(TextComparison),
    /// `ArnEquals` and `ArnLike` behave identically.
    Arn,
    Numeric(Relation),
    Date(Relation),
    Bool,
    Binary,
    Ip,
    Null,
}

/// A condition operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub quantifier: Option<Quantifier>,
    pub comparison: Comparison,
    pub negated: bool,
    pub if_exists: bool,
}

/// Base operators in lower case: what each compares, and whether it is the negated form.
const BASES: &[(&str, Comparison, bool)] = &[
    ("stringequals", Comparison::Text(TextComparison::Equals), false),
    ("stringnotequals", Comparison::Text(TextComparison::Equals), true),
    ("stringequalsignorecase", Comparison::Text(TextComparison::EqualsIgnoreCase), false),
    ("stringnotequalsignorecase", Comparison::Text(TextComparison::EqualsIgnoreCase), true),
    ("stringlike", Comparison::Text(TextComparison::Like), false),
    ("stringnotlike", Comparison::Text(TextComparison::Like), true),
    ("numericequals", Comparison::Numeric(Relation::Equals), false),
    ("numericnotequals", Comparison::Numeric(Relation::Equals), true),
    ("numericlessthan", Comparison::Numeric(Relation::Less), false),
    ("numericlessthanequals", Comparison::Numeric(Relation::LessOrEquals), false),
    ("numericgreaterthan", Comparison::Numeric(Relation::Greater), false),
    ("numericgreaterthanequals", Comparison::Numeric(Relation::GreaterOrEquals), false),
    ("dateequals", Comparison::Date(Relation::Equals), false),
    ("datenotequals", Comparison::Date(Relation::Equals), true),
    ("datelessthan", Comparison::Date(Relation::Less), false),
    ("datelessthanequals", Comparison::Date(Relation::LessOrEquals), false),
    ("dategreaterthan", Comparison::Date(Relation::Greater), false),
    ("dategreaterthanequals", Comparison::Date(Relation::GreaterOrEquals), false),
    ("bool", Comparison::Bool, false),
    ("binaryequals", Comparison::Binary, false),
    ("ipaddress", Comparison::Ip, false),
    ("notipaddress", Comparison::Ip, true),
    ("arnequals", Comparison::Arn, false),
    ("arnnotequals", Comparison::Arn, true),
    ("arnlike", Comparison::Arn, false),
    ("arnnotlike", Comparison::Arn, true),
    ("null", Comparison::Null, false),
];

impl Operator {
    /// Reads an operator's name; `None` when AWS has no such operator. Names compare without case.
    /// `IfExists` can be added to every operator but `Null`.
    pub(super) fn parse(name: &str) -> Option<Operator> {
        let name = name.to_ascii_lowercase();
        let (quantifier, rest) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Quantifier::All), rest),
            Some(("foranyvalue", rest)) => (Some(Quantifier::Any), rest),
            Some(_) => return None,
            None => (None, name.as_str()),
        };
        let (base, if_exists) = match rest.strip_suffix("ifexists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (_, comparison, negated) = *BASES.iter().find(|(known, _, _)| *known == base)?;
        if if_exists && comparison == Comparison::Null {
            return None;
        }
        Some(Operator { quantifier, comparison, negated, if_exists })
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Operator, Quantifier, Relation, TextComparison};

    #[test]
    fn names_come_apart() {
        let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!(operator.quantifier, Some(Quantifier::Any));
        assert_eq!(operator.comparison, Comparison::Text(TextComparison::Like));
        assert!(operator.negated && operator.if_exists);
        let operator = Operator::parse("numericLessThanEquals").unwrap();
        assert_eq!(operator.comparison, Comparison::Numeric(Relation::LessOrEquals));
    }

    #[test]
    fn what_aws_does_not_have_is_no_operator() {
        for name in ["StringEqual", "NullIfExists", "ForSome:StringEquals", "", "IfExists"] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
