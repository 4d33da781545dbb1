//! Policy variables: `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}`
//! (IAM User Guide, IAM policy elements: Variables and tags). What a variable resolves to is
//! literal text: a `*` in the value of a tag is no wildcard.

use super::context::{Context, ContextValue, Values, fold};
use super::glob::{Glob, Token, push_wildcards};
use super::ternary::Ternary;

/// Which characters of a policy text have a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` is a variable; only documents of version 2012-10-17 have them.
    pub variables: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    name: Box<str>,
    key: Box<str>,
    default: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(Token),
    Variable(Variable),
}

/// A policy text, compiled as far as its variables allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    Exact(Box<str>),
    Glob(Glob),
    Template(Template),
}

/// A policy text with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Compiles `text`.
    pub(super) fn new(text: &str, syntax: Syntax) -> Pattern {
        let pieces = if syntax.variables { parse(text, syntax) } else { plain(text, syntax) };
        if pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))) {
            return Pattern::Template(Template { pieces });
        }
        let tokens: Vec<Token> = pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Plain(token) => Some(token),
                Piece::Variable(_) => None,
            })
            .collect();
        if tokens.iter().any(|token| !matches!(token, Token::Text(_))) {
            return Pattern::Glob(Glob::from_tokens(tokens));
        }
        let text: String = tokens
            .iter()
            .filter_map(|token| match token {
                Token::Text(text) => Some(text.as_str()),
                Token::Star | Token::AnyCharacter => None,
            })
            .collect();
        Pattern::Exact(text.into())
    }

    /// Whether `value` matches. A variable without a value makes the text match nothing ("you
    /// would match against a null value"), so that negated operators hold; an unknown one leaves
    /// the answer open only where some value of it could match.
    pub(super) fn matches(&self, value: &str, context: &Context) -> Ternary {
        match self {
            Pattern::Exact(text) => (text.as_ref() == value).into(),
            Pattern::Glob(glob) => glob.matches(value).into(),
            Pattern::Template(template) => template.matches(value, context, |text| text),
        }
    }

    /// As [`Pattern::matches`], without regard to case; the pattern was compiled from text in
    /// lower case, and `value` is in lower case.
    pub(super) fn matches_folded(&self, value: &str, context: &Context) -> Ternary {
        match self {
            Pattern::Template(template) => {
                template.matches(value, context, |text| text.to_lowercase())
            }
            other => other.matches(value, context),
        }
    }

    /// The pattern with what its variables are in `context`, to be matched many times.
    pub(super) fn ready(&self, context: &Context) -> Ready {
        let glob = match self {
            Pattern::Exact(text) => Glob::from_tokens(vec![Token::Text(text.to_string())]),
            Pattern::Glob(glob) => glob.clone(),
            Pattern::Template(template) => match template.filled(context, |text| text) {
                Some((glob, open)) => return Ready { glob: Some(glob), open },
                None => return Ready { glob: None, open: false },
            },
        };
        Ready { glob: Some(glob), open: false }
    }

    /// The names of the variables that are unknown in `context`.
    pub(super) fn unknown_variables<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Iterator<Item = &'a str> {
        let pieces: &[Piece] = match self {
            Pattern::Template(template) => &template.pieces,
            Pattern::Exact(_) | Pattern::Glob(_) => &[],
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable)
                if context.get_folded(&variable.key) == ContextValue::Unknown =>
            {
                Some(variable.name.as_ref())
            }
            _ => None,
        })
    }
}

/// A pattern without variables.
#[derive(Debug)]
pub(super) struct Ready {
    /// `None` when a variable has no value.
    glob: Option<Glob>,
    /// Whether a star stands for an unknown variable.
    open: bool,
}

impl Ready {
    /// Whether `text` matches.
    pub(super) fn matches(&self, text: &str) -> Ternary {
        match (self.glob.as_ref().is_some_and(|glob| glob.matches(text)), self.open) {
            (false, _) => Ternary::False,
            (true, false) => Ternary::True,
            (true, true) => Ternary::Unknown,
        }
    }

    /// Whether what stands before the first star matches the beginning of `text`.
    pub(super) fn starts(&self, text: &str) -> bool {
        self.glob.as_ref().is_some_and(|glob| glob.starts(text))
    }

    /// Whether there is a star.
    pub(super) fn has_star(&self) -> bool {
        self.glob.as_ref().is_some_and(Glob::has_star)
    }
}

impl Template {
    fn matches(&self, value: &str, context: &Context, fold: impl Fn(String) -> String) -> Ternary {
        match self.filled(context, fold) {
            Some((glob, open)) => Ready { glob: Some(glob), open }.matches(value),
            None => Ternary::False,
        }
    }

    /// The text with its variables replaced, and whether one of them is unknown; `None` when one
    /// has no value.
    fn filled(&self, context: &Context, fold: impl Fn(String) -> String) -> Option<(Glob, bool)> {
        let mut tokens = Vec::with_capacity(self.pieces.len());
        let mut open = false;
        for piece in &self.pieces {
            let token = match piece {
                Piece::Plain(Token::Text(text)) => Token::Text(fold(text.clone())),
                Piece::Plain(token) => token.clone(),
                Piece::Variable(variable) => match variable.resolve(context) {
                    Resolved::Text(text) => Token::Text(fold(text.to_owned())),
                    Resolved::Nothing => return None,
                    Resolved::Unknown => {
                        open = true;
                        Token::Star
                    }
                },
            };
            tokens.push(token);
        }
        Some((Glob::from_tokens(tokens), open))
    }
}

enum Resolved<'a> {
    Text(&'a str),
    Nothing,
    Unknown,
}

impl Variable {
    /// A multivalued key cannot be used as a variable, so it resolves to nothing.
    fn resolve<'a>(&'a self, context: &'a Context) -> Resolved<'a> {
        match (context.get_folded(&self.key), &self.default) {
            (ContextValue::Known(values), _) => match values {
                Values::One(value) => Resolved::Text(value),
                Values::Many(_) => Resolved::Nothing,
            },
            (ContextValue::Absent, Some(default)) => Resolved::Text(default),
            (ContextValue::Absent, None) => Resolved::Nothing,
            (ContextValue::Unknown, _) => Resolved::Unknown,
        }
    }
}

fn plain(text: &str, syntax: Syntax) -> Vec<Piece> {
    let mut tokens = Vec::new();
    push_text(&mut tokens, text, syntax);
    tokens.into_iter().map(Piece::Plain).collect()
}

fn push_text(tokens: &mut Vec<Token>, text: &str, syntax: Syntax) {
    if syntax.wildcards {
        push_wildcards(tokens, text);
    } else if !text.is_empty() {
        tokens.push(Token::Text(text.to_owned()));
    }
}

fn parse(text: &str, syntax: Syntax) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        // A brace that never closes is text.
        let Some((inside, after)) = after.split_once('}') else { break };
        pieces.extend(plain(before, syntax));
        pieces.push(piece_of(inside));
        rest = after;
    }
    pieces.extend(plain(rest, syntax));
    pieces
}

fn piece_of(inside: &str) -> Piece {
    if matches!(inside, "*" | "?" | "$") {
        return Piece::Plain(Token::Text(inside.to_owned()));
    }
    let (name, default) = match inside.split_once(',') {
        Some((name, default)) => (name.trim(), unquote(default.trim())),
        None => (inside.trim(), None),
    };
    Piece::Variable(Variable { name: name.into(), key: fold(name), default })
}

fn unquote(text: &str) -> Option<Box<str>> {
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inside.into())
}

/// Splits a policy text at its first five colons, as an ARN; the colon inside `${aws:username}`
/// is no separator where variables are in force.
pub(super) fn split_arn(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let mut rest = text;
    while parts.len() < 5 {
        let Some((part, after)) = split_once_outside(rest, variables) else { break };
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn split_once_outside(text: &str, variables: bool) -> Option<(&str, &str)> {
    let mut inside = false;
    let mut previous = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '{' if previous == '$' && variables => inside = true,
            '}' => inside = false,
            ':' if !inside => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
        previous = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Syntax, split_arn};
    use crate::iam::context::Context;
    use crate::iam::ternary::Ternary;

    const LIKE: Syntax = Syntax { wildcards: true, variables: true };

    fn matches(pattern: &str, value: &str, context: &Context) -> Ternary {
        Pattern::new(pattern, LIKE).matches(value, context)
    }

    #[test]
    fn variables_resolve_to_literal_text() {
        let mut context = Context::complete();
        context.insert("aws:PrincipalTag/team", "a*");
        assert_eq!(matches("x-${AWS:principaltag/Team}-*", "x-a*-1", &context), Ternary::True);
        assert_eq!(matches("x-${aws:PrincipalTag/team}-*", "x-ab-1", &context), Ternary::False);
        assert_eq!(matches("${aws:PrincipalTag/none, 'd'}", "d", &context), Ternary::True);
        assert_eq!(matches("a${aws:PrincipalTag/none, ''}b", "ab", &context), Ternary::True);
        assert_eq!(matches("${aws:PrincipalTag/none}*", "x", &context), Ternary::False);
        assert_eq!(matches("a${*}b${$}", "a*b$", &context), Ternary::True);
        assert_eq!(matches("a${*}b", "axb", &context), Ternary::False);
    }

    #[test]
    fn an_unknown_variable_leaves_open_only_what_it_could_change() {
        let context = Context::partial();
        assert_eq!(matches("home/${aws:username}/*", "home/x/y", &context), Ternary::Unknown);
        assert_eq!(matches("home/${aws:username}/*", "away/x/y", &context), Ternary::False);
    }

    #[test]
    fn colons_inside_variables_do_not_split() {
        assert_eq!(
            split_arn("arn:aws:iam::${aws:PrincipalAccount}:role/a:b", true),
            ["arn", "aws", "iam", "", "${aws:PrincipalAccount}", "role/a:b"]
        );
        assert_eq!(split_arn("arn:aws:s3:::${x:y}", false).len(), 6);
    }
}
