//! Finds where in a JSON text the value at a path stands, so that a complaint about a policy can
//! name line and column although the parsed value does not remember them.

use foldhash::HashMap;

/// One step from a JSON value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Line and column, counted from 1, of the value at each of `paths`; of the closest value on the
/// way there when the text does not have it. The text is known to be JSON and is read once, however
/// many paths there are.
pub(super) fn locate(text: &str, paths: &[Vec<Step>]) -> Vec<(usize, usize)> {
    let mut wanted = Wanted::default();
    for (which, path) in paths.iter().enumerate() {
        wanted.add(path, which);
    }
    let mut cursor = Cursor { rest: text };
    cursor.skip_space();
    let mut offsets = vec![0; paths.len()];
    cursor.visit(text.len(), &wanted, &mut offsets);
    positions(text, &offsets)
}

/// The paths as a tree, so that each value is visited once for all of them.
#[derive(Debug, Default)]
struct Wanted<'p> {
    /// Those that end here.
    here: Vec<usize>,
    keys: HashMap<&'p str, Wanted<'p>>,
    items: HashMap<usize, Wanted<'p>>,
}

impl<'p> Wanted<'p> {
    fn add(&mut self, path: &'p [Step], which: usize) {
        match path.split_first() {
            None => self.here.push(which),
            Some((Step::Key(key), rest)) => self.keys.entry(key).or_default().add(rest, which),
            Some((Step::Index(at), rest)) => self.items.entry(*at).or_default().add(rest, which),
        }
    }

    /// Sets all from here on, until a closer value is found.
    fn set(&self, offset: usize, offsets: &mut [usize]) {
        for which in &self.here {
            if let Some(known) = offsets.get_mut(*which) {
                *known = offset;
            }
        }
        for below in self.keys.values().chain(self.items.values()) {
            below.set(offset, offsets);
        }
    }
}

/// Lines and columns of offsets, in one walk.
fn positions(text: &str, offsets: &[usize]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    let offset = |which: usize| offsets.get(which).copied().unwrap_or_default();
    order.sort_by_key(|which| offset(*which));
    let mut places = vec![(1, 1); offsets.len()];
    let (mut line, mut column, mut read) = (1, 1, 0);
    for which in order {
        for character in text.get(read..offset(which)).unwrap_or_default().chars() {
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        read = read.max(offset(which));
        if let Some(place) = places.get_mut(which) {
            *place = (line, column);
        }
    }
    places
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

    /// Reads over the value that starts here, and notes where the wanted ones in it stand. A path is
    /// as deep as a policy, so the recursion is.
    fn visit(&mut self, length: usize, wanted: &Wanted<'_>, offsets: &mut [usize]) -> Option<()> {
        wanted.set(length - self.rest.len(), offsets);
        if self.rest.starts_with('{') && !wanted.keys.is_empty() {
            self.visit_members(length, wanted, offsets)
        } else if self.rest.starts_with('[') && !wanted.items.is_empty() {
            self.visit_items(length, wanted, offsets)
        } else {
            self.skip_value()
        }
    }

    /// Of several members of a name the last counts, as for the parser.
    fn visit_members(
        &mut self,
        length: usize,
        wanted: &Wanted<'_>,
        offsets: &mut [usize],
    ) -> Option<()> {
        self.take('{')?;
        while !self.rest.starts_with('}') {
            let name = self.string()?;
            self.take(':')?;
            let name = serde_json::from_str::<String>(name).ok();
            match name.and_then(|name| wanted.keys.get(name.as_str())) {
                Some(below) => self.visit(length, below, offsets)?,
                None => self.skip_value()?,
            }
            if self.take(',').is_none() {
                break;
            }
        }
        self.take('}')
    }

    fn visit_items(
        &mut self,
        length: usize,
        wanted: &Wanted<'_>,
        offsets: &mut [usize],
    ) -> Option<()> {
        self.take('[')?;
        for at in 0.. {
            if self.rest.starts_with(']') {
                break;
            }
            match wanted.items.get(&at) {
                Some(below) => self.visit(length, below, offsets)?,
                None => self.skip_value()?,
            }
            if self.take(',').is_none() {
                break;
            }
        }
        self.take(']')
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
        let none = vec![Step::Key("none".into())];
        let paths = [path.to_vec(), path[..1].to_vec(), none, vec![]];
        assert_eq!(locate(text, &paths), [(3, 11), (2, 8), (1, 1), (1, 1)]);
        assert_eq!(locate("", &paths), [(1, 1); 4]);
    }
}
