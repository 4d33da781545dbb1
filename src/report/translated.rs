//! What the history says in English of what is not known, and the notes behind commands, for readers
//! of other languages. A text is found here by the English sentence
//! of the catalogue, and what stands in its gaps goes into the sentence of the other language. A text
//! that no sentence fits is left as it is.

use crate::wording::{Argument, Language, Sentence, Wording};

/// What stands in the gaps of a sentence, in the order of the English one.
struct Gaps<'g> {
    texts: &'g [String],
}

impl Gaps<'_> {
    fn at(&self, place: usize) -> &str {
        self.texts.get(place).map_or("", String::as_str)
    }
}

/// Makes a sentence of what stands in its gaps.
type Filled = fn(&Gaps<'_>) -> Sentence;

/// Every sentence. Where several fit, the one with the most words of its own is meant.
const SENTENCES: [Filled; 27] = [
    |_| Sentence::new("log-kept-a-day"),
    |said| Sentence::new("log-encoded-text").arg("event", said.at(0)),
    |_| Sentence::new("log-and-parents"),
    |said| Sentence::new("log-missing-not-recorded").arg("what", said.at(0)),
    |said| Sentence::new("log-missing-before").arg("what", said.at(0)).arg("event", said.at(1)),
    |said| Sentence::new("log-missing-hidden").arg("what", said.at(0)).arg("why", said.at(1)),
    |said| Sentence::new("log-missing-more").arg("what", said.at(0)),
    |said| Sentence::new("log-missing-part").arg("what", said.at(0)),
    |said| Sentence::new("log-of-policies-of").arg("of", said.at(0)),
    |said| Sentence::new("log-of-inline").arg("name", said.at(0)).arg("of", said.at(1)),
    |said| Sentence::new("log-of-attachment").arg("policy", said.at(0)).arg("to", said.at(1)),
    |said| Sentence::new("log-of-boundary").arg("of", said.at(0)),
    |said| Sentence::new("log-of-trust").arg("role", said.at(0)),
    |said| Sentence::new("log-of-session").arg("session", said.at(0)),
    |said| Sentence::new("log-of-membership").arg("user", said.at(0)).arg("group", said.at(1)),
    |said| Sentence::new("log-of-managed").arg("policy", said.at(0)),
    |said| Sentence::new("log-of-version").arg("version", said.at(0)).arg("policy", said.at(1)),
    |said| Sentence::new("log-of-resource-policy").arg("of", said.at(0)),
    |said| Sentence::new("log-of-key-state").arg("key", said.at(0)),
    |said| Sentence::new("log-of-grants").arg("key", said.at(0)),
    |said| Sentence::new("log-of-alias").arg("alias", said.at(0)),
    |said| Sentence::new("log-of-public-access").arg("of", said.at(0)),
    |said| Sentence::new("log-of-organization-policy").arg("policy", said.at(0)),
    |said| Sentence::new("log-of-organization-policies").arg("target", said.at(0)),
    |said| Sentence::new("log-of-policy-types").arg("root", said.at(0)),
    |said| Sentence::new("log-of-unit").arg("of", said.at(0)),
    |said| Sentence::new("log-of-endpoint-policy").arg("endpoint", said.at(0)),
];

/// Stands in a gap while the English sentence is taken apart; no text of a report holds it.
const GAP: char = '\u{1}';

/// Most gaps a sentence has.
const MOST_GAPS: usize = 2;

/// Says English texts in another language.
pub(super) struct Translator<'w> {
    wording: &'w Wording,
    /// The English sentences, cut at their gaps; empty where nothing is to be translated.
    patterns: Vec<(Filled, Vec<String>)>,
}

impl<'w> Translator<'w> {
    pub(super) fn new(wording: &'w Wording) -> Self {
        if wording.language() == Language::En {
            return Translator { wording, patterns: Vec::new() };
        }
        let english = Wording::new(Language::En);
        let gaps = vec![GAP.to_string(); MOST_GAPS];
        let cut = |sentence: Filled| {
            let said = english.say(&sentence(&Gaps { texts: &gaps }));
            (sentence, said.split(GAP).map(str::to_owned).collect())
        };
        let mut patterns: Vec<(_, Vec<String>)> = SENTENCES.into_iter().map(cut).collect();
        let own = |parts: &[String]| parts.iter().map(String::len).sum::<usize>();
        // What ends in words of its own holds more than what ends in a gap, which takes anything.
        let open = |parts: &[String]| parts.last().is_none_or(String::is_empty);
        patterns.sort_by_key(|(_, parts)| (open(parts), std::cmp::Reverse(own(parts))));
        Translator { wording, patterns }
    }

    /// The text in the language of the wording.
    pub(super) fn text(&self, text: &str) -> String {
        if self.patterns.is_empty() {
            return text.to_owned();
        }
        self.whole(text).unwrap_or_else(|| match text.split_once("; ") {
            Some((first, rest)) => format!("{}; {}", self.text(first), self.text(rest)),
            None => text.to_owned(),
        })
    }

    /// A sentence with the texts in it.
    pub(super) fn sentence(&self, sentence: &Sentence) -> Sentence {
        let id = sentence.id();
        let arguments = sentence.arguments().iter();
        arguments.fold(Sentence::new(id), |said, &(name, ref argument)| {
            said.arg(name, self.argument(argument))
        })
    }

    fn argument(&self, argument: &Argument) -> Argument {
        match argument {
            // A single word is somebody's name for something.
            Argument::Text(text) if text.contains(' ') => Argument::Text(self.text(text)),
            Argument::Sentence(sentence) => Argument::Sentence(self.sentence(sentence)),
            Argument::List(parts) => {
                Argument::List(parts.iter().map(|part| self.argument(part)).collect())
            }
            Argument::Text(_) | Argument::Number(_) => argument.clone(),
        }
    }

    /// A command with the note behind it.
    pub(super) fn command(&self, command: &str) -> String {
        match command.rsplit_once("  # ") {
            Some((command, note)) => format!("{command}  # {}", self.text(note)),
            None => command.to_owned(),
        }
    }

    fn whole(&self, text: &str) -> Option<String> {
        self.patterns.iter().find_map(|(sentence, parts)| {
            let texts: Vec<String> = fill(text, parts)?
                .into_iter()
                // What is missing and the like are sentences of their own.
                .map(|gap| self.whole(gap).unwrap_or_else(|| gap.to_owned()))
                .collect();
            Some(self.wording.say(&sentence(&Gaps { texts: &texts })))
        })
    }
}

/// What of a text stands between the parts of a sentence; `None` where it is another sentence. A
/// gap is never empty, and holds no more than one thing of a list.
fn fill<'t>(text: &'t str, parts: &[String]) -> Option<Vec<&'t str>> {
    let (first, rest) = parts.split_first()?;
    let mut text = text.strip_prefix(first.as_str())?;
    let mut gaps = Vec::new();
    for (place, part) in rest.iter().enumerate() {
        let last = place + 1 == rest.len();
        let end = if last { text.strip_suffix(part.as_str())?.len() } else { text.find(part)? };
        let gap = text.get(..end)?;
        if gap.is_empty() || gap.contains("; ") {
            return None;
        }
        gaps.push(gap);
        text = text.get(end + part.len()..)?;
    }
    text.is_empty().then_some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Translator::new(&Wording::new(Language::Ja)).text(text)
    }

    #[test]
    fn texts_are_found_by_the_english_sentence() {
        for (english, japanese) in [
            ("aws:ebs:id = vol-1", "aws:ebs:id = vol-1"),
            (
                "the session policy of role a is not recorded; the policies of role b may be more than recorded",
                "role a のセッションポリシー (記録なし); role b のポリシー (記録されている以外にもある可能性)",
            ),
            ("No such file or directory", "No such file or directory"),
        ] {
            assert_eq!(said(english), japanese);
        }
    }

    #[test]
    fn nothing_changes_in_english() {
        let english = Wording::new(Language::En);
        let translator = Translator::new(&english);
        for text in ["the grants on key k is not recorded", "a, b", ""] {
            assert_eq!(translator.text(text), text);
        }
        assert_eq!(
            translator.command("aws x  # AWS keeps it for 24 hours"),
            "aws x  # AWS keeps it for 24 hours"
        );
    }

    #[test]
    fn the_note_behind_a_command_is_said_and_the_command_stays() {
        let japanese = Wording::new(Language::Ja);
        let translator = Translator::new(&japanese);
        assert_eq!(
            translator.command("aws a 'b  # c'  # AWS keeps it for 24 hours"),
            "aws a 'b  # c'  # AWS での保存期間は 24 時間"
        );
        assert_eq!(translator.command("aws a"), "aws a");
    }

    /// Every English sentence of the table leads back to itself.
    #[test]
    fn every_sentence_is_found_again() {
        let english = Wording::new(Language::En);
        let japanese = Wording::new(Language::Ja);
        let translator = Translator::new(&japanese);
        let texts: Vec<String> = (0..MOST_GAPS).map(|gap| format!("g{gap}")).collect();
        for sentence in SENTENCES {
            let sentence = sentence(&Gaps { texts: &texts });
            assert_eq!(translator.text(&english.say(&sentence)), japanese.say(&sentence));
        }
    }
}
