//! Kleene's three-valued logic: what is not known stays unknown until something known decides.

use std::ops::Not;

/// True, false, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ternary {
    /// Certainly not.
    False,
    /// Not known.
    Unknown,
    /// Certainly.
    True,
}

impl Ternary {
    /// Both hold: one false side decides.
    #[must_use]
    pub fn and(self, other: Ternary) -> Ternary {
        self.min(other)
    }

    /// One of them holds: one true side decides.
    #[must_use]
    pub fn or(self, other: Ternary) -> Ternary {
        self.max(other)
    }

    /// Every item holds; stops at the first that does not. True when there is none.
    pub fn all(items: impl IntoIterator<Item = Ternary>) -> Ternary {
        let mut result = Ternary::True;
        for item in items {
            result = result.and(item);
            if result == Ternary::False {
                break;
            }
        }
        result
    }

    /// Some item holds; stops at the first that does. False when there is none.
    pub fn any(items: impl IntoIterator<Item = Ternary>) -> Ternary {
        let mut result = Ternary::False;
        for item in items {
            result = result.or(item);
            if result == Ternary::True {
                break;
            }
        }
        result
    }

    /// Whether it certainly holds.
    pub fn is_true(self) -> bool {
        self == Ternary::True
    }

    /// Whether it certainly does not hold.
    pub fn is_false(self) -> bool {
        self == Ternary::False
    }

    /// Whether it is not known.
    pub fn is_unknown(self) -> bool {
        self == Ternary::Unknown
    }
}

impl Not for Ternary {
    type Output = Ternary;

    fn not(self) -> Ternary {
        match self {
            Ternary::False => Ternary::True,
            Ternary::Unknown => Ternary::Unknown,
            Ternary::True => Ternary::False,
        }
    }
}

impl From<bool> for Ternary {
    fn from(value: bool) -> Ternary {
        if value { Ternary::True } else { Ternary::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Ternary::{self, False, True, Unknown};

    #[test]
    fn a_known_side_decides_and_nothing_else_does() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(!Unknown, Unknown);
        assert_eq!(Ternary::all([]), True);
        assert_eq!(Ternary::any([]), False);
    }
}
