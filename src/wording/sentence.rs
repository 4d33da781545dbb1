//! A sentence before it is put into a language: its id and what goes into it.
//!
//! Sentences are ordered, so that lists of findings come out the same whatever the language: by what
//! goes into them, then by id. What was found decides, before how it is said.

use std::cmp::Ordering;

use super::catalogue;

/// One sentence the program may say. The words are in `locales/*/*.ftl` under the same id.
#[derive(Debug, Clone)]
pub struct Sentence {
    id: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

/// What goes into a sentence.
#[derive(Debug, Clone)]
pub enum Argument {
    /// Text that is the same in every language: an ARN, an action, a time.
    Text(String),
    /// A number. Whole numbers are grouped (`12,345`) and choose the plural form.
    Number(f64),
    /// Another sentence, said in the same language.
    Sentence(Sentence),
    /// Several things, joined as the language joins them (`a, b and c`).
    List(Vec<Argument>),
}

impl Sentence {
    /// The sentence with this id. Always pass a literal: a test looks for them in the sources and
    /// compares them with the catalogues.
    pub const fn new(id: &'static str) -> Self {
        Sentence { id, arguments: Vec::new() }
    }

    /// Adds what the catalogue calls `$name`. Chain it directly to [`Sentence::new`], so that the
    /// test can compare the names too.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// A sentence that was written down elsewhere; `None` when the catalogues lack its words.
    pub(crate) fn recalled(id: &str, arguments: Vec<(&str, Argument)>) -> Option<Self> {
        let id = catalogue::spelled(id)?;
        let named = |(name, argument)| Some((catalogue::spelled(name)?, argument));
        Some(Sentence { id, arguments: arguments.into_iter().map(named).collect::<Option<_>>()? })
    }

    /// The id in the catalogues.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What goes into it, in the order given.
    pub fn arguments(&self) -> &[(&'static str, Argument)] {
        &self.arguments
    }
}

impl Ord for Sentence {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = (self.arguments.iter(), other.arguments.iter());
        own.map(|(_, value)| value)
            .cmp(others.map(|(_, value)| value))
            .then_with(|| self.id.cmp(other.id))
            .then_with(|| self.arguments.cmp(&other.arguments))
    }
}

impl Ord for Argument {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Argument::Text(a), Argument::Text(b)) => a.cmp(b),
            (Argument::Number(a), Argument::Number(b)) => a.total_cmp(b),
            (Argument::Sentence(a), Argument::Sentence(b)) => a.cmp(b),
            (Argument::List(a), Argument::List(b)) => a.cmp(b),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl Argument {
    /// Different kinds in the same place: one order is as good as another, if it stays.
    fn kind(&self) -> u8 {
        match self {
            Argument::Text(_) => 0,
            Argument::Number(_) => 1,
            Argument::Sentence(_) => 2,
            Argument::List(_) => 3,
        }
    }
}

/// What follows from the total order; numbers have none of their own.
macro_rules! ordered {
    ($($type:ty),*) => {$(
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $type {}

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )*};
}

ordered!(Sentence, Argument);

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Argument::Text(text.to_owned())
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Argument::Text(text.clone())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Argument::Text(text)
    }
}

impl From<f64> for Argument {
    fn from(number: f64) -> Self {
        Argument::Number(number)
    }
}

impl From<u32> for Argument {
    fn from(number: u32) -> Self {
        Argument::Number(f64::from(number))
    }
}

/// Counts of records; those above 2^53 would lose their last digits.
impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Argument::Number(number as f64)
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        Argument::Number(number as f64)
    }
}

impl From<Sentence> for Argument {
    fn from(sentence: Sentence) -> Self {
        Argument::Sentence(sentence)
    }
}

impl<T: Into<Argument>> From<Vec<T>> for Argument {
    fn from(parts: Vec<T>) -> Self {
        Argument::List(parts.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Argument>> From<&[T]> for Argument {
    fn from(parts: &[T]) -> Self {
        Argument::List(parts.iter().cloned().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_orders_before_the_id() {
        let about = |name: &str, count: f64| {
            Sentence::new("list-next").arg("before", name).arg("after", count)
        };
        let bare = Sentence::new("list-last").arg("before", "b").arg("after", "c");
        let mut sentences = vec![about("b", 2.0), bare.clone(), about("b", 1.0), about("a", 9.0)];
        sentences.sort();
        assert_eq!(sentences, [about("a", 9.0), bare, about("b", 1.0), about("b", 2.0)]);
        assert_ne!(sentences[1].id(), sentences[2].id());
    }
}
