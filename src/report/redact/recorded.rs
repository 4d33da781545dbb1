//! Texts that services wrote (`errorMessage`). Where one holds AWS's sentence of a denial, principal,
//! resource and policy are told by their position, whatever word they are. In others a word is kept
//! only if AWS's texts are made of it and no word before it announces a name.

use super::Redactor;
use super::text::{Reading, is_contract_word};
use crate::event::denial::{self, Part};

/// Words of a service's text after which mostly a name comes.
const ANNOUNCING: &str = "
    user role group key policy queue topic bucket stack function secret repository cluster table
    resource principal for named called name database instance volume snapshot domain stream template
    alias vault trail rule pipeline project account tag parameter path prefix file
    object layer image model job task profile boundary statement arn destination";

/// Words that follow those without being a name.
const GRAMMATICAL: &str = "
    a an the this that these those it its your you of to in on with without for from by at as and or
    nor but if when while because than not is are was were be been being has have had does do did don
    doesn isn cannot can could would should will may might must allows denies grants exists needs
    requires defined provided specified used named called name arn id";

/// What AWS writes before a resource that it does not name by its ARN (IAM: `user X`).
const KINDS: [&str; 6] = ["instance profile", "access key", "user", "role", "group", "policy"];

/// What is left of a word at the apostrophe: `doesn't`, `function's`.
const CLIPPED: [&str; 7] = ["t", "s", "re", "ve", "ll", "d", "m"];

impl Redactor {
    /// A text that a service wrote.
    pub(super) fn log(&mut self, text: &str) -> String {
        let Some(parts) = denial::parts(text) else {
            let text = self.replace_phrases(text);
            return self.recorded(&text, Reading::Log);
        };
        let told = parts.iter().enumerate().map(|(at, (part, text))| match part {
            // Before the sentence a service may say anything.
            Part::Said if at == 0 => self.recorded(text, Reading::Log),
            Part::Said => self.recorded(text, Reading::Fixed),
            Part::Principal => self.caller(text),
            Part::Action => self.denied(text),
            Part::Resource => self.denied_on(text),
            Part::Policy => self.name(text),
        });
        told.collect()
    }

    /// The action of a sentence; AWS does not always write the service in small letters.
    fn denied(&mut self, action: &str) -> String {
        let (service, call) = action.split_once(':').unwrap_or((action, ""));
        let known = self.is_action(&format!("{}:{call}", service.to_ascii_lowercase()));
        match known && is_contract_word(action) {
            true => action.to_owned(),
            false => self.call(action),
        }
    }

    /// The resource of a sentence.
    fn denied_on(&mut self, text: &str) -> String {
        let kinds = KINDS.iter();
        let mut rests = kinds.filter_map(|kind| Some((kind, text.strip_prefix(kind)?)));
        let named = rests.find_map(|(kind, rest)| Some((kind, rest.strip_prefix(' ')?)));
        let Some((kind, named)) = named else { return self.name(text) };
        match named.rsplit_once(" version v") {
            Some((named, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{kind} {} version v{number}", self.name(named))
            }
            _ => format!("{kind} {}", self.name(named)),
        }
    }

    /// Words of AWS's, between which names may stand; quoted pieces are names.
    fn recorded(&mut self, text: &str, reading: Reading) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['"', '`', '\'']) {
            let (before, quoted) = rest.split_at(at);
            let mark = quoted.chars().next().unwrap_or_default();
            let inside = quoted.get(1..).unwrap_or_default();
            // An apostrophe within a word quotes nothing.
            let opens = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
            result.push_str(&self.words(before, reading));
            match inside.find(mark).filter(|end| opens && *end > 0) {
                Some(end) => {
                    let (name, after) = inside.split_at(end);
                    let told = match self.is_action(name) || self.is_given(name) {
                        true => name.to_owned(),
                        false => self.name(name),
                    };
                    result.extend([mark.to_string(), told, mark.to_string()]);
                    rest = after.get(1..).unwrap_or_default();
                }
                None => {
                    let (clip, after) = if opens { ("", inside) } else { clipped(inside) };
                    result.push(mark);
                    result.push_str(clip);
                    rest = after;
                }
            }
        }
        result.push_str(&self.words(rest, reading));
        result
    }
}

/// What an apostrophe cut off, and what follows.
fn clipped(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (clip, rest) = text.split_at(end);
    if CLIPPED.contains(&clip) { (clip, rest) } else { ("", text) }
}

/// Whether the word is a name because of the one before it. Behind a colon always; else unless it is
/// one that holds a sentence together.
pub(super) fn announces(reading: Reading, before: &str, word: &str) -> bool {
    if reading == Reading::Prose {
        return false;
    }
    let (announcing, colon) = match before.strip_suffix(':') {
        Some(word) => (word, true),
        None => (before, false),
    };
    let word = word.trim_end_matches(['.', ':', ',', '?']);
    is_kind(announcing) && (colon || reading == Reading::Log && !is_in(GRAMMATICAL, word))
}

/// Whether the word says what is named; it is a name only behind another such word.
pub(super) fn is_kind(word: &str) -> bool {
    is_in(ANNOUNCING, word)
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_recorded_texts_are_told_by_their_position() {
        let rows = include_str!("../../../tests/data/recorded.txt");
        let rows: Vec<&str> = rows.lines().filter(|line| !line.is_empty()).collect();
        let pairs = rows.chunks_exact(2);
        assert!(pairs.len() >= 25);
        let mut wrong = Vec::new();
        for pair in pairs {
            let [text, expected] = pair else { continue };
            let told = Redactor::new().log(text);
            if told != *expected {
                wrong.push(format!("{text}\n{told}\n"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
