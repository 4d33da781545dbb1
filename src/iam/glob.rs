//! Text patterns with `*` (any run, also of `/`, `:` and newlines, also none) and `?` (exactly one
//! character), matched without backtracking beyond the last star, so that a hostile pattern cannot
//! make evaluation slow (IAM User Guide, IAM JSON policy elements: Resource).

/// One piece of a pattern before it is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Stands for itself, also where it contains `*` or `?`.
    Text(String),
    /// Any run of characters.
    Star,
    /// Exactly one character.
    AnyCharacter,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Atom {
    Text(Box<str>),
    AnyCharacter,
}

/// A compiled pattern: the runs between the stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    first: Vec<Atom>,
    /// The runs after each star, the last one apart; `None` when the pattern has no star.
    rest: Option<(Vec<Vec<Atom>>, Vec<Atom>)>,
}

impl Glob {
    /// Reads `text`, where every `*` and `?` is a wildcard.
    pub(super) fn new(text: &str) -> Glob {
        let mut tokens = Vec::new();
        push_wildcards(&mut tokens, text);
        Glob::from_tokens(tokens)
    }

    /// Compiles tokens; the text ones are literal.
    pub(super) fn from_tokens(tokens: Vec<Token>) -> Glob {
        let mut runs: Vec<Vec<Atom>> = Vec::new();
        let mut run: Vec<Atom> = Vec::new();
        for token in tokens {
            match token {
                Token::Text(text) if text.is_empty() => {}
                Token::Text(text) => run.push(Atom::Text(text.into())),
                Token::AnyCharacter => run.push(Atom::AnyCharacter),
                Token::Star => runs.push(std::mem::take(&mut run)),
            }
        }
        if runs.is_empty() {
            return Glob { first: run, rest: None };
        }
        let first = runs.remove(0);
        runs.retain(|middle| !middle.is_empty());
        Glob { first, rest: Some((runs, run)) }
    }

    /// Whether the pattern is nothing but stars and matches everything.
    pub(super) fn is_everything(&self) -> bool {
        self.first.is_empty()
            && self.rest.as_ref().is_some_and(|(middle, last)| middle.is_empty() && last.is_empty())
    }

    /// Whether the whole of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(rest) = strip_start(&self.first, text) else { return false };
        let Some((middle, last)) = &self.rest else { return rest.is_empty() };
        let mut rest = rest;
        for run in middle {
            let Some(after) = find(run, rest) else { return false };
            rest = after;
        }
        strip_end(last, rest).is_some()
    }
}

/// Splits `text` at its wildcards and appends the pieces.
pub(super) fn push_wildcards(tokens: &mut Vec<Token>, text: &str) {
    let mut literal = String::new();
    for character in text.chars() {
        let wildcard = match character {
            '*' => Token::Star,
            '?' => Token::AnyCharacter,
            other => {
                literal.push(other);
                continue;
            }
        };
        if !literal.is_empty() {
            tokens.push(Token::Text(std::mem::take(&mut literal)));
        }
        tokens.push(wildcard);
    }
    if !literal.is_empty() {
        tokens.push(Token::Text(literal));
    }
}

fn strip_start<'a>(run: &[Atom], text: &'a str) -> Option<&'a str> {
    let mut rest = text;
    for atom in run {
        rest = match atom {
            Atom::Text(literal) => rest.strip_prefix(literal.as_ref())?,
            Atom::AnyCharacter => {
                let mut characters = rest.chars();
                characters.next()?;
                characters.as_str()
            }
        };
    }
    Some(rest)
}

fn strip_end<'a>(run: &[Atom], text: &'a str) -> Option<&'a str> {
    let mut rest = text;
    for atom in run.iter().rev() {
        rest = match atom {
            Atom::Text(literal) => rest.strip_suffix(literal.as_ref())?,
            Atom::AnyCharacter => {
                let mut characters = rest.chars();
                characters.next_back()?;
                characters.as_str()
            }
        };
    }
    Some(rest)
}

/// The text after the leftmost place where `run` matches; the leftmost leaves the most for the
/// runs that follow, so no other place needs trying.
fn find<'a>(run: &[Atom], text: &'a str) -> Option<&'a str> {
    if let [Atom::Text(literal)] = run {
        return text.split_once(literal.as_ref()).map(|(_, after)| after);
    }
    let mut rest = text;
    loop {
        if let Some(after) = strip_start(run, rest) {
            return Some(after);
        }
        let mut characters = rest.chars();
        characters.next()?;
        rest = characters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::{Glob, Token};

    #[test]
    fn wildcards_match_as_aws_documents() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "a/b:c\nd", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("a*bc*bc", "abcbc", true),
            ("a*bc*bc", "abc", false),
            ("?", "", false),
            ("?", "é", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*?", "", false),
            ("*?b*", "aab", true),
            ("", "", true),
            ("", "x", false),
            ("aab", "aab", true),
            ("*aab", "aaab", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} ~ {text}");
        }
    }

    #[test]
    fn literal_tokens_are_no_wildcards() {
        let glob = Glob::from_tokens(vec![Token::Text("a*".into()), Token::Star]);
        assert!(glob.matches("a*b"));
        assert!(!glob.matches("ab"));
    }

    #[test]
    fn only_stars_are_everything() {
        assert!(Glob::new("**").is_everything());
        assert!(!Glob::new("*?").is_everything());
        assert!(!Glob::new("").is_everything());
    }
}
