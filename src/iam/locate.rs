//! Finds where in a JSON text the value at a path stands, so that a complaint about a policy can
//! name line and column although the parsed value does not remember them.

/// One step from a JSON value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Line and column, counted from 1, of the value at `path`; of the closest value on the way there
/// when the text does not have it. The text is known to be JSON.
pub(super) fn locate(text: &str, path: &[Step]) -> (usize, usize) {
    let mut cursor = Cursor { rest: text };
    cursor.skip_space();
    let mut found = cursor.rest;
    for step in path {
        let inside = match step {
            Step::Key(key) => cursor.enter_key(key),
            Step::Index(index) => cursor.enter_index(*index),
        };
        if inside.is_none() {
            break;
        }
        found = cursor.rest;
    }
    position(text, text.len() - found.len())
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

/// The text not yet read.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(wanted)?;
        self.skip_space();
        Some(())
    }

    /// Moves to the value of `key` in the object that starts here; the last of several, as the
    /// parser keeps that one.
    fn enter_key(&mut self, key: &str) -> Option<()> {
        let mut found = None;
        self.take('{')?;
        while !self.rest.starts_with('}') {
            let name = self.string()?;
            self.take(':')?;
            if serde_json::from_str::<String>(name).is_ok_and(|name| name == key) {
                found = Some(self.rest);
            }
            self.skip_value()?;
            if self.take(',').is_none() {
                break;
            }
        }
        self.rest = found?;
        Some(())
    }

    fn enter_index(&mut self, index: usize) -> Option<()> {
        self.take('[')?;
        for _ in 0..index {
            self.skip_value()?;
            self.take(',')?;
        }
        Some(())
    }

    /// Reads a string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.rest;
        let mut escaped = false;
        let end = start.char_indices().skip(1).find(|(_, character)| {
            let closes = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        });
        let (string, rest) = start.split_at_checked(end?.0 + 1)?;
        self.rest = rest;
        Some(string)
    }

    /// Reads over one value, nested ones by counting brackets.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            self.skip_space();
            match self.rest.chars().next()? {
                '"' => {
                    self.string()?;
                }
                '{' | '[' => {
                    depth += 1;
                    self.advance();
                }
                '}' | ']' if depth > 0 => {
                    depth -= 1;
                    self.advance();
                }
                ',' | ':' if depth > 0 => {
                    self.advance();
                    continue;
                }
                ',' | ':' | '}' | ']' => return Some(()),
                _ => {
                    let end = self.rest.find([',', ':', '}', ']']).unwrap_or(self.rest.len());
                    self.rest = self.rest.get(end..)?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn advance(&mut self) {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, locate};

    #[test]
    fn the_place_of_a_nested_value() {
        let text = "{\n  \"a\": [1, {\"x\\\"y\": {}},\n    {\"b\": \"c\"}]\n}";
        let path = [Step::Key("a".into()), Step::Index(2), Step::Key("b".into())];
        assert_eq!(locate(text, &path), (3, 11));
        assert_eq!(locate(text, &path[..1]), (2, 8));
        assert_eq!(locate(text, &[Step::Key("none".into())]), (1, 1));
        assert_eq!(locate("", &path), (1, 1));
    }
}
