//! Text patterns with `*` (any run, also of `/`, `:` and newlines, also none) and `?` (exactly one
//! character), matched without backtracking beyond the last star, so that a hostile pattern cannot
//! make evaluation slow (IAM User Guide, IAM JSON policy elements: Resource).

use foldhash::HashMap;

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

/// Atoms that are tried at each place of a text; more of them are followed all at once.
const FEW: usize = 8;

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

    /// Whether the pattern has a star.
    pub(super) fn has_star(&self) -> bool {
        self.rest.is_some()
    }

    /// Whether what stands before the first star matches the beginning of `text`.
    pub(super) fn starts(&self, text: &str) -> bool {
        strip_start(&self.first, text).is_some()
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
    if run.len() > FEW {
        return Automaton::new(run).find(text);
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

/// A run as an automaton that holds a bit for each beginning of the run which the text read so far
/// ends in (Baeza-Yates and Gonnet, "A new approach to text searching", 1992). One character of
/// text costs a step for each 64 of the run, whatever both are made of.
struct Automaton {
    /// Which places of the run take any character.
    any: Vec<u64>,
    /// Which places take this one.
    own: HashMap<char, Places>,
    /// The last place of the run.
    last: usize,
}

/// Places in a run.
enum Places {
    /// Each by its number, where they are fewer than the words of a set.
    Few(Vec<usize>),
    /// As a set, those that take any character included.
    Many(Vec<u64>),
}

impl Automaton {
    fn new(run: &[Atom]) -> Automaton {
        let mut length = 0;
        let mut at_any = Vec::new();
        let mut at: HashMap<char, Vec<usize>> = HashMap::default();
        for atom in run {
            match atom {
                Atom::AnyCharacter => {
                    at_any.push(length);
                    length += 1;
                }
                Atom::Text(literal) => {
                    for character in literal.chars() {
                        at.entry(character).or_default().push(length);
                        length += 1;
                    }
                }
            }
        }
        let mut any = vec![0; length.div_ceil(WORD)];
        at_any.into_iter().for_each(|place| set(&mut any, place));
        let places = |places: Vec<usize>| {
            if places.len() < any.len() {
                return Places::Few(places);
            }
            let mut many = any.clone();
            places.into_iter().for_each(|place| set(&mut many, place));
            Places::Many(many)
        };
        let own = at.into_iter().map(|(character, at)| (character, places(at))).collect();
        Automaton { own, last: length.saturating_sub(1), any }
    }

    /// The text after the leftmost match.
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut state = vec![0_u64; self.any.len()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            advance(&mut state);
            match self.own.get(&character) {
                Some(Places::Many(many)) => keep(&mut state, many),
                Some(Places::Few(few)) => {
                    let held: Vec<usize> =
                        few.iter().copied().filter(|place| holds(&state, *place)).collect();
                    keep(&mut state, &self.any);
                    held.into_iter().for_each(|place| set(&mut state, place));
                }
                None => keep(&mut state, &self.any),
            }
            if holds(&state, self.last) {
                return Some(characters.as_str());
            }
        }
        None
    }
}

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Every beginning grows by one character, and a new one begins.
fn advance(state: &mut [u64]) {
    let mut carry = 1;
    for word in state {
        let next = *word >> (WORD - 1);
        *word = (*word << 1) | carry;
        carry = next;
    }
}

fn keep(state: &mut [u64], these: &[u64]) {
    for (word, these) in state.iter_mut().zip(these) {
        *word &= these;
    }
}

fn set(places: &mut [u64], place: usize) {
    if let Some(word) = places.get_mut(place / WORD) {
        *word |= 1 << (place % WORD);
    }
}

fn holds(places: &[u64], place: usize) -> bool {
    places.get(place / WORD).is_some_and(|word| word >> (place % WORD) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Automaton, Glob, Token};

    /// The definition: after each piece of the pattern, the places of the text where it may end.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        let mut ends = vec![false; text.len() + 1];
        ends[0] = true;
        for token in pattern {
            let mut next = vec![false; text.len() + 1];
            for at in (0..ends.len()).filter(|at| ends[*at]) {
                match token {
                    '*' => next[at..].fill(true),
                    '?' if at < text.len() => next[at + 1] = true,
                    literal if text.get(at) == Some(literal) => next[at + 1] = true,
                    _ => {}
                }
            }
            ends = next;
        }
        ends[text.len()]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_pattern_matches_what_its_definition_matches(
            pattern in "([ab?é]{0,12}\\*?){0,4}", text in "[abé]{0,60}"
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = naive(&characters(&pattern), &characters(&text));
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected);
        }

        #[test]
        fn a_long_run_is_found_where_its_definition_has_it(
            run in "(\\?[ab]|[a-dé]\\?){5,120}", text in "[ab]{0,300}[a-dé]{0,40}"
        ) {
            let pattern = format!("*{run}*");
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = naive(&characters(&pattern), &characters(&text));
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected);
        }
    }

    #[test]
    fn a_run_of_thousands_of_atoms_costs_a_word_for_each_64_of_it() {
        for thousands in [1, 4, 16] {
            let run = format!("{}b", "?a".repeat(thousands * 1_000));
            let automaton = Automaton::new(&Glob::new(&run).first);
            assert!(automaton.any.len() <= run.len() / 64 + 1);
            let few = automaton.own.values().filter_map(|places| match places {
                super::Places::Few(few) => Some(few.len()),
                super::Places::Many(_) => None,
            });
            assert!(few.max().unwrap_or_default() <= automaton.any.len());
        }
    }

    #[test]
    fn a_pattern_of_thousands_of_atoms_is_matched() {
        let pattern = format!("*{}b*", "?a".repeat(5_000));
        let text = "a".repeat(50_000);
        assert!(!Glob::new(&pattern).matches(&text));
        assert!(Glob::new(&pattern).matches(&format!("{text}b!")));
    }

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
