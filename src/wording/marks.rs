//! Marks around what goes into a sentence. They are noncharacters, which no text interchanged holds
//! (Unicode, "Noncharacters"); a log that holds them all the same gains nothing by it, since what
//! stands between them is judged as strictly as without.

/// Before the name of an argument.
pub const OPEN: char = '\u{fdd0}';
/// Between the name and the text.
pub const NAMED: char = '\u{fdd1}';
/// Behind the text.
pub const CLOSE: char = '\u{fdd2}';

/// The text, marked as what the catalogues call `$name`.
pub(super) fn put(name: &str, text: &str) -> String {
    format!("{OPEN}{name}{NAMED}{text}{CLOSE}")
}

/// One piece of a marked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Words that the program says.
    Said(&'t str),
    /// What was put in, and the name of the argument.
    Given(&'t str, &'t str),
}

/// The pieces of a text, in order. Of marks inside marks the innermost count: what lies around them
/// was said by the program before it was put in.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut open = None;
    for run in text.split_inclusive([OPEN, CLOSE]) {
        let end = run.chars().next_back().filter(|end| matches!(*end, OPEN | CLOSE));
        let inside = run.trim_end_matches([OPEN, CLOSE]);
        let (name, inside) = match open {
            Some(()) => inside.split_once(NAMED).map_or((None, inside), |(n, i)| (Some(n), i)),
            None => (None, inside),
        };
        match (name, end) {
            (Some(name), Some(CLOSE) | None) => pieces.push(Piece::Given(name, inside)),
            _ if inside.is_empty() => {}
            _ => pieces.push(Piece::Said(inside)),
        }
        open = (end == Some(OPEN)).then_some(());
    }
    pieces
}

/// Whether the text holds a mark.
pub fn has(text: &str) -> bool {
    text.contains([OPEN, NAMED, CLOSE])
}

/// The text without marks.
pub fn strip(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for piece in pieces(text) {
        let (Piece::Said(inside) | Piece::Given(_, inside)) = piece;
        plain.extend(inside.chars().filter(|c| !matches!(*c, OPEN | NAMED | CLOSE)));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_told_from_what_is_said() {
        let inner = format!("the role {}", put("role", "denied"));
        let text = format!("Denied to {}, and {}.", put("who", &inner), put("key", ""));
        let expected = [
            Piece::Said("Denied to "),
            Piece::Said("the role "),
            Piece::Given("role", "denied"),
            Piece::Said(", and "),
            Piece::Given("key", ""),
            Piece::Said("."),
        ];
        assert_eq!(pieces(&text), expected);
        assert_eq!(strip(&text), "Denied to the role denied, and .");
        assert_eq!(pieces("plain"), [Piece::Said("plain")]);
    }
}
