//! Cuts what strangers wrote to what a page can hold, before anything is rendered: a user agent of
//! a megabyte would otherwise be in the page a dozen times. Goes through the whole report, so no
//! field can be forgotten.

use serde_json::Value;

use super::text::grouped;
use crate::report::Report;
use crate::report::sanitize::conceal;
use crate::wording::{Sentence, Wording};

/// Letters kept of an ordinary text. CloudTrail cuts user agents and error messages at 1 KB.
const TEXT: usize = 2_000;
/// Letters kept of a text within something that people copy: policies have at most 20 KB (IAM and
/// Organizations quotas), a key policy 32 KB, a template more.
const DOCUMENT: usize = 200_000;

/// The members that hold documents.
const DOCUMENTS: [&str; 6] = ["document", "patch", "statement", "commands", "terraform", "diff"];

/// The report with long texts cut and their lengths said.
pub(super) fn bounded(report: &Report, words: &Wording) -> Report {
    let Ok(mut value) = serde_json::to_value(report) else { return report.clone() };
    cut(&mut value, TEXT, words);
    serde_json::from_value(value).unwrap_or_else(|_| report.clone())
}

fn cut(value: &mut Value, most: usize, words: &Wording) {
    match value {
        Value::String(text) => {
            if let Some(shorter) = shortened(text, most, words) {
                *text = shorter;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| cut(value, most, words)),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                let within = if DOCUMENTS.contains(&name.as_str()) { DOCUMENT } else { most };
                cut(value, within, words);
            }
        }
        _ => {}
    }
}

/// The text without what a page must not hold; `None` when all of it may stay. Documents are not
/// searched for encoded messages: they hold none, and a name in them may look like one.
fn shortened(text: &str, most: usize, words: &Wording) -> Option<String> {
    let concealed = (most < DOCUMENT).then(|| conceal(text)).filter(|concealed| concealed != text);
    cut_to(concealed.as_deref().unwrap_or(text), most, words).or(concealed)
}

/// The first `most` letters and how many follow; `None` when there are no more.
pub(super) fn cut_to(text: &str, most: usize, words: &Wording) -> Option<String> {
    // Bytes are at least as many as letters, so most texts are not counted.
    if text.len() <= most {
        return None;
    }
    let rest = text.chars().count().checked_sub(most).filter(|rest| *rest > 0)?;
    let kept: String = text.chars().take(most).collect();
    let more = Sentence::new("html-letters-cut").arg("count", grouped(rest as u64));
    Some(format!("{kept}… {}", words.say(&more)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;

    #[test]
    fn long_texts_and_encoded_messages_are_cut() {
        let words = Wording::new(Language::En);
        let text = "é".repeat(2_010);
        let shown = shortened(&text, TEXT, &words).unwrap();
        assert_eq!(shown, format!("{}… (10 more letters not shown)", "é".repeat(2_000)));
        assert_eq!(shortened(&"é".repeat(2_000), TEXT, &words), None);
        let message = format!("Encoded authorization failure message: {}", "x".repeat(900));
        let shown = shortened(&message, TEXT, &words).unwrap();
        assert_eq!(shown, "Encoded authorization failure message: xxxxxxxxxxxxxxxx…(+884)");
        assert_eq!(shortened(&message, DOCUMENT, &words), None);
    }
}
