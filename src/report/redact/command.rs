//! Suggested commands: the words of a shell, each judged by the option before it.

use super::Redactor;
use super::policy::Member;
use crate::wording::shell;

/// What the program's commands have between the words that name something: bash, `jq`, `diff`.
const SHELL: [&str; 33] = [
    "|", "||", "&&", ";", ">", "2>", "{", "}", "[", "]", "!=", "-s", "if", "then", "else", "fi",
    "for", "each", "in", "do", "done", "jq", "-c", "-r", "--arg", "name", "cat", "grep", "-qF",
    "echo", "diff", ".", "None",
];
/// Words in quotes that the program writes and nobody else.
const WHOLE: [&str; 8] = [
    "'Nothing to put: not read, done already, or no longer as it was'",
    "'{Policy: tojson}'",
    "'select(.Name == $name).PermissionSetArn'",
    "\"$oldest\"",
    "\"$boundary\"",
    "\"$instance\"",
    "\"$set\"",
    "\"$each\"",
];
/// What stands directly before a word or behind it.
const BEFORE: [&str; 8] =
    ["<(", "\"$(", "$(", "name=", "oldest=", "boundary=", "instance=", "set="];
const BEHIND: [&str; 4] = [")\"", ");", ")", ";"];
/// The ends of the files that the program names.
const FILES: [&str; 4] = [".before.json", ".after.json", ".error.txt", ".attributes.json"];
/// How those begin, beside `…-policy`.
const POLICIES: [&str; 19] = [
    "key",
    "bucket",
    "queue",
    "topic",
    "secret",
    "table",
    "stream",
    "repository",
    "vault",
    "file-system",
    "event-bus",
    "catalog",
    "domain",
    "endpoint",
    "trust",
    "user",
    "role",
    "group",
    "managed",
];

/// Why a version of a policy goes.
const ROOM: &str = "makes room: five versions at most";

/// How the program's commands begin; what begins otherwise is said in words.
const BEGINNINGS: [&str; 7] =
    ["aws ", "jq -c ", "[ -s ", "if [ -s ", "boundary=$(", "instance=$(", "name="];

/// Whether a text is a command and no sentence.
pub(super) fn is_command(text: &str) -> bool {
    BEGINNINGS.iter().any(|begin| text.starts_with(begin))
}

/// A file that the commands of a fix read or write.
fn is_file(word: &str) -> bool {
    let word = word.strip_prefix("file://").unwrap_or(word);
    FILES.iter().filter_map(|end| word.strip_suffix(end)).any(|begin| {
        matches!(begin, "scp" | "rcp" | "permission-set-policy")
            || begin.strip_suffix("-policy").is_some_and(|of| POLICIES.contains(&of))
    })
}

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
        // The words of a call that follow its `aws`.
        let mut fixed = 0;
        let mut service = String::new();
        for word in &raw {
            let (before, word, behind) = bare(word);
            let at = told.len();
            if word == "aws" {
                fixed = 2;
                told.push(word.to_owned());
            } else if fixed > 0 && is_label(word) {
                if fixed == 2 {
                    word.clone_into(&mut service);
                }
                fixed -= 1;
                told.push(word.to_owned());
            } else if let Some(call) = inner(word) {
                told.push(format!("\"$({})\"", self.command(call)));
            } else if SHELL.contains(&word)
                || WHOLE.contains(&word)
                || is_variable(word)
                || is_file(word)
                || word.is_empty()
            {
                if matches!(word, "|" | "||" | "&&" | ";" | "jq") {
                    option.clear();
                }
                told.push(word.to_owned());
            } else if word.trim_start_matches('$').starts_with("'. as $was | ")
                || word.starts_with("'if . == null")
            {
                told.push(shell::quote(&self.jq(&unquoted(word))));
            } else if word.starts_with("--")
                && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            {
                word.clone_into(&mut option);
                told.push(word.to_owned());
            } else {
                let value = unquoted(word);
                let value = self.option(&option, &service, &value);
                told.push(shell::quote(&value));
            }
            if let Some(last) = told.get_mut(at) {
                *last = format!("{before}{last}{behind}");
            }
        }
        let told = told.join(" ");
        match comment {
            Some(ROOM) => format!("{told}  # {ROOM}"),
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

/// A word without what the shell reads before and behind it.
fn bare(word: &str) -> (&str, &str, &str) {
    if WHOLE.contains(&word) || inner(word).is_some() {
        return ("", word, "");
    }
    let mut rest = word;
    while let Some(begin) = BEFORE.iter().find(|begin| rest.starts_with(**begin)) {
        rest = rest.get(begin.len()..).unwrap_or_default();
    }
    let before = word.get(..word.len() - rest.len()).unwrap_or_default();
    let end = BEHIND.iter().find(|end| rest.ends_with(**end)).copied().unwrap_or_default();
    let middle = rest.strip_suffix(end).unwrap_or(rest);
    (before, middle, rest.get(middle.len()..).unwrap_or_default())
}

/// The call in `"$(…)"`.
fn inner(word: &str) -> Option<&str> {
    word.strip_prefix("\"$(")?.strip_suffix(")\"")
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
