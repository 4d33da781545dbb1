//! A sentence before it is put into a language: its id and what goes into it.

/// One sentence the program may say. The words are in `locales/*/*.ftl` under the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    id: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

/// What goes into a sentence.
#[derive(Debug, Clone, PartialEq)]
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

    /// The id in the catalogues.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What goes into it, in the order given.
    pub fn arguments(&self) -> &[(&'static str, Argument)] {
        &self.arguments
    }
}

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
