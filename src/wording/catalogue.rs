//! Puts sentences into a language. A sentence the language lacks is said in English, and one that
//! English lacks too is said as its id: a missing word must never cost the answer.

use std::collections::BTreeSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::marks;
use super::sentence::{Argument, Sentence};

/// Sentences that only join what is said already.
const JOINING: [&str; 3] = ["list-next", "list-last", "sentence-next"];

/// A language the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::En, Language::Ja];

    /// The language of a POSIX locale such as `ja_JP.UTF-8`, or of a tag such as `ja-JP`; English
    /// for those the program does not speak.
    pub fn from_locale(locale: &str) -> Self {
        let tag = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if tag.eq_ignore_ascii_case("ja") { Language::Ja } else { Language::En }
    }

    /// The language with this tag.
    pub fn from_tag(tag: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language's tag, as in `--lang` and HTML's `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
        }
    }

    /// The catalogues of the language: file name and text.
    pub(super) fn catalogues(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Language::En => ENGLISH,
            Language::Ja => JAPANESE,
        }
    }
}

/// Lists the files of a language; both languages have the same ones.
macro_rules! catalogues {
    ($tag:literal) => {
        &[
            ("names.ftl", include_str!(concat!("../../locales/", $tag, "/names.ftl"))),
            ("chain.ftl", include_str!(concat!("../../locales/", $tag, "/chain.ftl"))),
            ("history.ftl", include_str!(concat!("../../locales/", $tag, "/history.ftl"))),
            ("diagnosis.ftl", include_str!(concat!("../../locales/", $tag, "/diagnosis.ftl"))),
            ("remedy.ftl", include_str!(concat!("../../locales/", $tag, "/remedy.ftl"))),
            ("report.ftl", include_str!(concat!("../../locales/", $tag, "/report.ftl"))),
            ("card.ftl", include_str!(concat!("../../locales/", $tag, "/card.ftl"))),
            ("help.ftl", include_str!(concat!("../../locales/", $tag, "/help.ftl"))),
            ("explain.ftl", include_str!(concat!("../../locales/", $tag, "/explain.ftl"))),
            ("compare.ftl", include_str!(concat!("../../locales/", $tag, "/compare.ftl"))),
            ("rehearse.ftl", include_str!(concat!("../../locales/", $tag, "/rehearse.ftl"))),
            ("markdown.ftl", include_str!(concat!("../../locales/", $tag, "/markdown.ftl"))),
            ("html.ftl", include_str!(concat!("../../locales/", $tag, "/html.ftl"))),
            ("sarif.ftl", include_str!(concat!("../../locales/", $tag, "/sarif.ftl"))),
            ("messages.ftl", include_str!(concat!("../../locales/", $tag, "/messages.ftl"))),
            ("log.ftl", include_str!(concat!("../../locales/", $tag, "/log.ftl"))),
        ]
    };
}

static ENGLISH: &[(&str, &str)] = catalogues!("en");
static JAPANESE: &[(&str, &str)] = catalogues!("ja");

/// Every ASCII word of the catalogues of all languages, in lower case: what the program itself
/// says, as opposed to what it repeats from a log. What goes to standard error stands in no report.
pub fn vocabulary() -> BTreeSet<String> {
    let said = |line: &&str| !line.starts_with('#');
    Language::ALL
        .into_iter()
        .flat_map(Language::catalogues)
        .filter(|(file, _)| *file != "messages.ftl")
        .flat_map(|(_, text)| text.lines().filter(said))
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .flat_map(|word| word.split('-').chain([word]))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// An id or the name of an argument as it is spelled in the English catalogues, for as long as the
/// program runs; `None` when it is nowhere.
pub(super) fn spelled(word: &str) -> Option<&'static str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if word.is_empty() || !word.chars().all(inside) {
        return None;
    }
    ENGLISH.iter().find_map(|(_, text)| {
        text.match_indices(word).find_map(|(at, found)| {
            let before = text.get(..at)?.chars().next_back().is_some_and(inside);
            let after = text.get(at + found.len()..)?.chars().next().is_some_and(inside);
            (!before && !after).then_some(found)
        })
    })
}

/// The words of one language, with English behind it.
pub struct Wording {
    language: Language,
    /// The language's own bundle first, then English.
    bundles: Vec<FluentBundle<FluentResource>>,
    /// Whether texts that go into sentences are marked.
    marked: bool,
}

impl Wording {
    /// The words of `language`. Building one parses the catalogues: keep it, and share it.
    pub fn new(language: Language) -> Self {
        let mut bundles = vec![bundle(language)];
        if language != Language::En {
            bundles.push(bundle(Language::En));
        }
        Wording { language, bundles, marked: false }
    }

    /// The words of `language`, with every text that goes into a sentence between the marks of
    /// [`marks`], so that the redactor can tell what the program says from what it repeats. The
    /// redactor takes the marks off.
    pub fn marking(language: Language) -> Self {
        Wording { marked: true, ..Wording::new(language) }
    }

    /// Which language it is.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The sentence in this language. What went into it is inserted as it is: the renderer that
    /// owns the format escapes it.
    pub fn say(&self, sentence: &Sentence) -> String {
        let mut arguments = FluentArgs::new();
        for (name, argument) in sentence.arguments() {
            let mark = self.marked && !JOINING.contains(&sentence.id());
            arguments.set(*name, self.value(argument, mark.then_some(*name)));
        }
        self.bundles
            .iter()
            .find_map(|bundle| format(bundle, sentence.id(), &arguments))
            .unwrap_or_else(|| sentence.id().to_owned())
    }

    /// Several things joined as the language joins them: `a, b and c`.
    pub fn list<T: AsRef<str>>(&self, parts: &[T]) -> String {
        let Some((last, others)) = parts.split_last() else { return String::new() };
        let Some((first, middle)) = others.split_first() else { return last.as_ref().to_owned() };
        let joined = middle.iter().fold(first.as_ref().to_owned(), |before, part| {
            self.say(&Sentence::new("list-next").arg("before", before).arg("after", part.as_ref()))
        });
        self.say(&Sentence::new("list-last").arg("before", joined).arg("after", last.as_ref()))
    }

    /// Whole sentences after each other, as the language sets them.
    pub fn paragraph<T: AsRef<str>>(&self, sentences: &[T]) -> String {
        let Some((first, others)) = sentences.split_first() else { return String::new() };
        others.iter().fold(first.as_ref().to_owned(), |before, next| {
            let next = next.as_ref();
            self.say(&Sentence::new("sentence-next").arg("before", before).arg("after", next))
        })
    }

    /// `mark` is the name that a text of the argument is marked with.
    fn value(&self, argument: &Argument, mark: Option<&str>) -> FluentValue<'static> {
        match argument {
            Argument::Number(number) => {
                FluentValue::Number(FluentNumber::new(*number, Default::default()))
            }
            _ => FluentValue::from(self.text(argument, mark)),
        }
    }

    fn text(&self, argument: &Argument, mark: Option<&str>) -> String {
        match argument {
            Argument::Text(text) => match mark {
                Some(name) => marks::put(name, text),
                None => text.clone(),
            },
            Argument::Number(number) => grouped(*number),
            Argument::Sentence(sentence) => self.say(sentence),
            Argument::List(parts) => {
                self.list(&parts.iter().map(|part| self.text(part, mark)).collect::<Vec<_>>())
            }
        }
    }
}

impl std::fmt::Debug for Wording {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Wording").field("language", &self.language).finish_non_exhaustive()
    }
}

/// Reads the catalogues of one language. Entries that do not parse are left out here and fail a
/// test; isolating marks are off because they are bidi controls, which the reports must not hold.
fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle =
        FluentBundle::new_concurrent(language.tag().parse().into_iter().collect::<Vec<_>>());
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(grouped(number.value)),
        _ => None,
    }));
    for (_, text) in language.catalogues() {
        let resource = match FluentResource::try_new((*text).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn format(
    bundle: &FluentBundle<FluentResource>,
    id: &str,
    arguments: &FluentArgs<'_>,
) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    Some(bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned())
}

/// Whole numbers in groups of three (`12,345`, as both languages write them), others as they are.
fn grouped(number: f64) -> String {
    if number.fract() != 0.0 || number < 1000.0 {
        return number.to_string();
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_nobody_wrote_is_said_as_its_id() {
        const UNWRITTEN: &str = "no-such-sentence";
        for language in Language::ALL {
            assert_eq!(Wording::new(language).say(&Sentence::new(UNWRITTEN)), UNWRITTEN);
        }
    }

    #[test]
    fn lists_are_joined_as_the_language_joins_them() {
        let (english, japanese) = (Wording::new(Language::En), Wording::new(Language::Ja));
        assert_eq!(english.list(&["a"; 0]), "");
        assert_eq!(english.list(&["a"]), "a");
        assert_eq!(english.list(&["a", "b"]), "a and b");
        assert_eq!(english.list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(japanese.list(&["a", "b", "c"]), "a、b、c");
    }

    #[test]
    fn locales_choose_the_language() {
        assert_eq!(Language::from_locale("ja_JP.UTF-8"), Language::Ja);
        assert_eq!(Language::from_locale("ja"), Language::Ja);
        assert_eq!(Language::from_locale("JA-jp"), Language::Ja);
        assert_eq!(Language::from_locale("jam_JM"), Language::En);
        assert_eq!(Language::from_locale("C"), Language::En);
        assert_eq!(Language::from_locale(""), Language::En);
    }

    #[test]
    fn whole_numbers_are_grouped() {
        let said: Vec<String> =
            [0.0, 12.0, 999.0, 1000.0, 1_234_567.0, 0.94].into_iter().map(grouped).collect();
        assert_eq!(said, ["0", "12", "999", "1,000", "1,234,567", "0.94"]);
    }
}
