//! Suggested commands: the words of a shell, each judged by the option before it.

use super::Redactor;
use super::policy::Member;
use crate::wording::shell;

/// Options whose values are AWS's or the program's words.
const FIXED: [&str; 3] = ["--output", "--query", "--expression"];

impl Redactor {
    /// `aws SERVICE OPERATION` and the options stay; values are judged by their options.
    pub(super) fn command(&mut self, command: &str) -> String {
        let (command, comment) = match command.split_once("  # ") {
            Some((command, comment)) if !comment.contains(['\'', '"']) => (command, Some(comment)),
            _ => (command, None),
        };
        let mut told: Vec<String> = Vec::new();
        let mut option = String::new();
        let raw = words(command);
        let is_aws = raw.first().is_some_and(|word| word == "aws");
        for (index, word) in raw.iter().enumerate() {
            let fixed = index < 3 && is_aws && is_label(word);
            if fixed || is_variable(word) || matches!(word.as_str(), "|" | "&&" | ";" | ">") {
                told.push(word.clone());
            } else if word.starts_with("--")
                && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            {
                option.clone_from(word);
                told.push(word.clone());
            } else {
                let service = raw.get(1).map(String::as_str).unwrap_or_default();
                let value = unquoted(word);
                let value = self.option(&option, service, &value);
                told.push(shell::quote(&value));
            }
        }
        let told = told.join(" ");
        match comment {
            Some(comment) => format!("{told}  # {}", self.text_of_program(comment)),
            None => told,
        }
    }

    fn option(&mut self, option: &str, service: &str, value: &str) -> String {
        let kept = match option {
            "--region" => super::word::is_region(value),
            // Key policies have this name and no other (KMS API reference, `PutKeyPolicy`).
            "--policy-name" => service == "kms" && value == "default",
            // Versions of managed policies are numbered by IAM.
            "--version-id" => value.strip_prefix('v').is_some_and(|number| {
                number.len() < 5 && number.bytes().all(|byte| byte.is_ascii_digit())
            }),
            "--action-names" => self.is_action(value),
            _ => FIXED.contains(&option),
        };
        if kept {
            return value.to_owned();
        }
        if value.starts_with(['{', '['])
            && let Ok(mut document) = serde_json::from_str(value)
        {
            self.policy(&mut document, &Member::default());
            return document.to_string();
        }
        match option {
            "--operations" => self.policy_text(value, &Member::default().inside("Operations")),
            _ => match value.strip_prefix("file://") {
                Some(file) => format!("file://{}", self.name(file)),
                None => self.name(value),
            },
        }
    }
}

/// The words of a command as they are written, quotes included.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut escaped) = (None, false);
    for character in command.chars() {
        if quote.is_none() && !escaped && character.is_ascii_whitespace() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let ansi = word.ends_with('$') && quote.is_none();
        match (character, quote) {
            _ if escaped => escaped = false,
            ('\'', None) => quote = Some(if ansi { '$' } else { '\'' }),
            ('"', None) => quote = Some('"'),
            ('\\', None | Some('"' | '$')) => escaped = true,
            ('\'', Some('\'' | '$')) | ('"', Some('"')) => quote = None,
            _ => {}
        }
        word.push(character);
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// The value that a shell makes of a word; escapes by number stay as they are written.
fn unquoted(word: &str) -> String {
    let mut value = String::new();
    let mut rest =
        word.strip_prefix('$').filter(|rest| rest.starts_with('\'')).unwrap_or(word).chars();
    let mut quote = None;
    while let Some(character) = rest.next() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (end, Some(begin)) if end == begin => quote = None,
            ('\\', None | Some('"')) => value.extend(rest.next()),
            _ => value.push(character),
        }
    }
    value
}

fn is_label(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// `"$MESSAGE"`: a variable that the reader fills in.
fn is_variable(word: &str) -> bool {
    let name = word.trim_matches('"').strip_prefix('$').unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}
