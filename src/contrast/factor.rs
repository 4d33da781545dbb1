//! One value that goes with failing, and the ranked list of such values.

use std::collections::BTreeMap;

use super::attribute::Attribute;
use super::property::Property;
use crate::event::Time;

/// One value and how it goes with failing.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// What is compared.
    pub property: Property,
    /// Its value; `None` means that there is none.
    pub value: Option<String>,
    /// Calls that have any other value have it.
    pub is_not: bool,
    /// Other values that have to come together with it.
    pub together_with: Vec<String>,
    /// Failures that have the value.
    pub failed_with: usize,
    /// All failures of which it is known.
    pub failed: usize,
    /// Successes that have the value.
    pub succeeded_with: usize,
    /// All successes of which it is known.
    pub succeeded: usize,
    /// Ochiai coefficient, 0 to 1.
    pub score: f64,
    /// Fisher's exact test, two-sided, corrected for the number of splits looked at, 0 to 1.
    pub p_value: f64,
    /// Other properties whose value splits the calls in exactly the same way.
    pub same_split: Vec<String>,
}

impl Factor {
    /// Every failure has the value and no success does.
    pub fn separates(&self) -> bool {
        self.failed_with == self.failed && self.succeeded_with == 0
    }
}

/// What sets failures apart, and what could not be compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// Best first.
    pub factors: Vec<Factor>,
    /// What the log cannot show on one of the sides.
    pub not_compared: Vec<Property>,
}

/// What is known besides the calls themselves.
#[derive(Debug, Clone, Default)]
pub struct Known<'k> {
    /// When what the failures depend on was changed.
    pub change: Option<Time>,
    /// Attributes that the layer at fault hangs on.
    pub telling: &'k [Attribute],
    /// What failures were on, by position, where no record names it and the verdict proves it.
    pub resources: BTreeMap<usize, &'k str>,
    /// By what the two sides were chosen, which sets them apart anyhow.
    pub chosen_by: &'k [Property],
}

impl Known<'_> {
    /// Whether the verdict hangs on what a row is about.
    pub(super) fn hang_on(&self, factor: &Factor) -> bool {
        match &factor.property {
            Property::Attribute(attribute) => self.telling.contains(attribute),
            _ => false,
        }
    }
}
