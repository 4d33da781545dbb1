//! `Condition`: one key under one operator, compiled, and what it says of a request context
//! (IAM User Guide, IAM JSON policy elements: Condition; Multivalued context keys).

use std::net::IpAddr;

use ipnet::IpNet;

use super::arn_pattern::{ArnParts, ArnPattern};
use super::context::{Context, ContextValue, Values, fold};
use super::instant::Instant;
use super::operator::{Comparison, Operator, Quantifier, Relation, TextComparison};
use super::ternary::Ternary;
use super::variable::{Pattern, Syntax};

/// The policy's values, typed by the operator. A value that its operator cannot read matches
/// nothing.
#[derive(Debug, Clone, PartialEq)]
enum Comparand {
    Text(TextComparison, Vec<Pattern>),
    Arn(Vec<ArnPattern>),
    Numeric(Relation, Vec<f64>),
    Date(Relation, Vec<Instant>),
    Bool(Vec<bool>),
    Binary(Vec<Box<str>>),
    Ip(Vec<IpNet>),
    Null(Vec<bool>),
    /// Values none of which can be read: a key that is present satisfies neither the operator nor
    /// its negation; for a key that is absent the values do not matter.
    Illegible,
    /// An operator that does not exist, which nothing satisfies.
    Never,
}

/// One key under one operator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    name: Box<str>,
    key: Box<str>,
    quantifier: Option<Quantifier>,
    negated: bool,
    if_exists: bool,
    comparand: Comparand,
}

impl Condition {
    /// Compiles `operator` (`None`: there is no such operator) on `key` with the policy's values.
    pub(super) fn new(
        operator: Option<Operator>,
        key: &str,
        values: &[String],
        variables: bool,
    ) -> Condition {
        let comparand = match operator {
            Some(operator) => comparand(operator.comparison, values, variables),
            None => Comparand::Never,
        };
        Condition {
            name: key.into(),
            key: fold(key),
            quantifier: operator.and_then(|operator| operator.quantifier),
            negated: operator.is_some_and(|operator| operator.negated),
            if_exists: operator.is_some_and(|operator| operator.if_exists),
            comparand,
        }
    }

    /// The key's name as the policy spells it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there are values and none of them could be read.
    pub(super) fn is_illegible(&self) -> bool {
        self.comparand == Comparand::Illegible
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, context: &Context) -> Ternary {
        if self.comparand == Comparand::Never {
            return Ternary::False;
        }
        let state = context.get_folded(&self.key);
        if let Comparand::Null(wanted) = &self.comparand {
            return null_holds(wanted, state);
        }
        match state {
            ContextValue::Unknown => Ternary::Unknown,
            ContextValue::Absent => self.holds_when_absent().into(),
            ContextValue::Known(values) => self.holds_for(values, context),
        }
    }

    /// A missing key: `ForAnyValue` never holds, also with `IfExists` (the guide says so of the
    /// qualifier, and requests made to try it were denied: AWS re:Post, "ForAnyValue:
    /// StringEqualsIfExists behaving unexpectedly"); `ForAllValues` and `IfExists` hold; without
    /// either just the negated operators hold.
    fn holds_when_absent(&self) -> bool {
        match self.quantifier {
            Some(Quantifier::All) => true,
            Some(Quantifier::Any) => false,
            None => self.if_exists || self.negated,
        }
    }

    fn holds_for(&self, values: &Values, context: &Context) -> Ternary {
        match (self.quantifier, values) {
            (Some(Quantifier::All), values) if values.is_empty_set() => Ternary::True,
            (Some(Quantifier::Any), values) if values.is_empty_set() => Ternary::False,
            (Some(Quantifier::All), values) => {
                Ternary::all(values.as_slice().iter().map(|value| self.admits(value, context)))
            }
            (Some(Quantifier::Any), values) => {
                Ternary::any(values.as_slice().iter().map(|value| self.admits(value, context)))
            }
            (None, Values::One(value)) => self.admits(value, context),
            // A multivalued key needs a set operator; with any other, nothing matches.
            (None, Values::Many(_)) => Ternary::False,
        }
    }

    /// One value of the request against all of the policy's: any for a positive operator, none
    /// for a negated one.
    fn admits(&self, value: &str, context: &Context) -> Ternary {
        match self.matches_any(value, context) {
            None => Ternary::False,
            Some(matched) if self.negated => !matched,
            Some(matched) => matched,
        }
    }

    /// `None` when the request's value is not of the operator's type, so that neither the operator
    /// nor its negation applies.
    fn matches_any(&self, value: &str, context: &Context) -> Option<Ternary> {
        let found = match &self.comparand {
            Comparand::Text(TextComparison::EqualsIgnoreCase, patterns) => {
                let value = value.to_lowercase();
                Ternary::any(patterns.iter().map(|p| p.matches_folded(&value, context)))
            }
            Comparand::Text(_, patterns) => {
                Ternary::any(patterns.iter().map(|p| p.matches(value, context)))
            }
            Comparand::Arn(patterns) => {
                let arn = ArnParts::parse(value)?;
                let usable = patterns.iter().filter(|p| !p.is_short() || p.is_everything());
                Ternary::any(usable.map(|p| p.matches(&arn, context)))
            }
            Comparand::Numeric(relation, numbers) => {
                let value = number(value)?;
                numbers.iter().any(|n| relation.admits(value.total_cmp(n))).into()
            }
            Comparand::Date(relation, dates) => {
                let value = Instant::parse(value)?;
                dates.iter().any(|date| relation.admits(value.cmp(date))).into()
            }
            Comparand::Bool(wanted) => wanted.contains(&boolean(value)?).into(),
            Comparand::Binary(texts) => texts.iter().any(|text| text.as_ref() == value).into(),
            Comparand::Ip(networks) => {
                let value: IpAddr = value.parse().ok()?;
                networks.iter().any(|network| network.contains(&value)).into()
            }
            Comparand::Null(_) | Comparand::Illegible | Comparand::Never => return None,
        };
        Some(found)
    }

    /// The names of the keys, the condition's own and those of variables, that are unknown in
    /// `context`.
    pub(super) fn unknown_keys<'a>(&'a self, context: &'a Context) -> Vec<&'a str> {
        let mut names = Vec::new();
        if context.get_folded(&self.key) == ContextValue::Unknown {
            names.push(self.name.as_ref());
        }
        match &self.comparand {
            Comparand::Text(_, patterns) => {
                names.extend(patterns.iter().flat_map(|p| p.unknown_variables(context)));
            }
            Comparand::Arn(patterns) => {
                names.extend(patterns.iter().flat_map(|p| p.unknown_variables(context)));
            }
            _ => {}
        }
        names
    }
}

/// `Null`: "true" wants the key absent, "false" present and not empty. Quantifiers change nothing.
fn null_holds(wanted: &[bool], state: ContextValue<'_>) -> Ternary {
    let absent = match state {
        ContextValue::Unknown => return Ternary::Unknown,
        ContextValue::Absent => true,
        ContextValue::Known(values) => values.is_empty_set(),
    };
    wanted.contains(&absent).into()
}

fn comparand(comparison: Comparison, values: &[String], variables: bool) -> Comparand {
    fn read<T>(values: &[String], read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let readable: Vec<T> = values.iter().filter_map(|value| read(value)).collect();
        (!readable.is_empty() || values.is_empty()).then_some(readable)
    }
    let typed = match comparison {
        Comparison::Text(text) => {
            let syntax = Syntax { wildcards: text == TextComparison::Like, variables };
            let compile = |value: &String| match text {
                TextComparison::EqualsIgnoreCase => Pattern::new(&value.to_lowercase(), syntax),
                TextComparison::Equals | TextComparison::Like => Pattern::new(value, syntax),
            };
            Some(Comparand::Text(text, values.iter().map(compile).collect()))
        }
        Comparison::Arn => Some(Comparand::Arn(
            values.iter().map(|value| ArnPattern::for_condition(value, variables)).collect(),
        )),
        Comparison::Numeric(relation) => {
            read(values, number).map(|numbers| Comparand::Numeric(relation, numbers))
        }
        Comparison::Date(relation) => {
            read(values, Instant::parse).map(|dates| Comparand::Date(relation, dates))
        }
        Comparison::Bool => read(values, boolean).map(Comparand::Bool),
        Comparison::Null => Some(read(values, boolean).map_or(Comparand::Never, Comparand::Null)),
        Comparison::Binary => {
            Some(Comparand::Binary(values.iter().map(|v| v.as_str().into()).collect()))
        }
        Comparison::Ip => read(values, network).map(Comparand::Ip),
    };
    typed.unwrap_or(Comparand::Illegible)
}

/// An integer or decimal; `inf` and `nan` are no numbers in a policy.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    // Adding zero turns -0 into 0, which the total order would tell apart.
    number.is_finite().then_some(number + 0.0)
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A network in CIDR notation, or a bare address, which AWS reads as a network of one. Bits of
/// the address beyond the prefix do not count.
fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => text.parse().ok(),
    }
}
