//! Where in a file a document stands that was found inside it, so that a complaint about the
//! document can name line and column of the file.

/// Line and column, from 1, in `file`, of a place in `document` given the same way.
///
/// The document stands in the file as JSON, with whatever blanks and line ends, or as a JSON text
/// (escaped); `None` where it is found in neither dress.
pub(super) fn in_file(file: &str, document: &str, place: (usize, usize)) -> Option<(usize, usize)> {
    let offset = offset_of(document, place);
    let at = escaped_at(file, document, offset).or_else(|| compacted_at(file, document, offset))?;
    Some(place_of(file, at))
}

fn escaped_at(file: &str, document: &str, offset: usize) -> Option<usize> {
    let escaped = escaped(document)?;
    let start = file.find(&escaped)?;
    let before = escaped_length(document.get(..offset)?)?;
    Some(start + before)
}

fn escaped(text: &str) -> Option<String> {
    let quoted = serde_json::to_string(text).ok()?;
    quoted.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

fn escaped_length(text: &str) -> Option<usize> {
    escaped(text).map(|escaped| escaped.len())
}

/// Finds the document in the file with the blanks between tokens left out of both.
fn compacted_at(file: &str, document: &str, offset: usize) -> Option<usize> {
    let (file, places) = compacted(file);
    let (document, kept) = compacted(document);
    let start = file.find(&document)?;
    let before = kept.iter().take_while(|at| **at < offset).count();
    places.get(start + before).or(places.last()).copied()
}

/// JSON without blanks between tokens, and for each byte of it where it stood.
fn compacted(json: &str) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(json.len());
    let mut places = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for (at, character) in json.char_indices() {
        if !in_string && character.is_ascii_whitespace() {
            continue;
        }
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        text.push(character);
        places.extend(at..at + character.len_utf8());
    }
    (text, places)
}

fn offset_of(text: &str, (line, column): (usize, usize)) -> usize {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.take(line.max(1)).last().unwrap_or(0);
    (start + column.saturating_sub(1)).min(text.len())
}

fn place_of(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, offset.saturating_sub(start) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_document_is_found_in_its_file() {
        let nested = "{\n  \"Policy\": {\n    \"Statement\": [ 7 ]\n  }\n}";
        let document = r#"{"Statement":[7]}"#;
        assert_eq!(in_file(nested, document, (1, 15)), Some((3, 20)));
        let text = "{\n \"Policy\": \"{\\n\\\"Statement\\\": 7}\"\n}";
        assert_eq!(in_file(text, "{\n\"Statement\": 7}", (2, 14)), Some((2, 31)));
        assert_eq!(in_file("{}", document, (1, 1)), None);
        assert_eq!(in_file(document, document, (1, 15)), Some((1, 15)));
    }
}
