//! Texts: which words of the report are the contract's and stay, and how the others are taken apart.

use super::Redactor;
use super::stand_in::Shape;

/// How the words of a text are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A sentence: the program's and AWS's words stay.
    Prose,
    /// A policy document: IAM's words stay.
    Policy,
    /// A value that someone chose: nothing stays but what its shape shows to be AWS's.
    Name,
}

/// Where in the report a text stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    field: String,
    policy: bool,
}

/// Fields that hold words of the contract, times and versions.
const CONTRACT: [&str; 33] = [
    "schema",
    "version",
    "kind",
    "outcome",
    "caller_kind",
    "layer",
    "effect",
    "certainty",
    "first_seen",
    "last_seen",
    "time",
    "event_time",
    "first",
    "last",
    "reason",
    "witness",
    "denied_request",
    "speaks_for",
    "speaks_against",
    "unchecked_layers",
    "action",
    "error_code",
    "actions",
    "missing_steps",
    "attribute",
    "field",
    "ending",
    "found_as",
    "event_name",
    "event_names",
    "root_action",
    "denied_action",
    "belongs_by",
];

/// Fields whose whole value someone chose.
const NAMES: [&str; 13] = [
    "name",
    "statement_sid",
    "attached_to",
    "attach_to",
    "principal_arn",
    "resources",
    "resource",
    "resource_candidates",
    "account_id",
    "accounts",
    "of",
    "grantee",
    "asked",
];

/// Fields that hold policy documents, as JSON or as text.
const POLICIES: [&str; 8] = [
    "statement",
    "document",
    "patch",
    "diff",
    "terraform",
    "tags",
    "encryption_context_equals",
    "encryption_context_subset",
];

impl Place {
    pub(super) fn inside(&self, field: &str) -> Place {
        Place { field: field.to_owned(), policy: self.policy || POLICIES.contains(&field) }
    }

    pub(super) fn is_name(&self) -> bool {
        !self.policy && NAMES.contains(&self.field.as_str())
    }

    pub(super) fn is_policy(&self) -> bool {
        self.policy
    }

    pub(super) fn is_action(&self) -> bool {
        !self.policy
            && matches!(
                self.field.as_str(),
                "action" | "actions" | "missing_steps" | "root_action" | "denied_action"
            )
    }

    fn is_contract(&self) -> bool {
        !self.policy && CONTRACT.contains(&self.field.as_str())
    }

    fn is_file(&self) -> bool {
        !self.policy && matches!(self.field.as_str(), "path" | "file")
    }

    fn is_command(&self) -> bool {
        !self.policy && matches!(self.field.as_str(), "commands" | "next_evidence")
    }
}

impl Redactor {
    /// Gives a stand-in to a name that is no single word, so that it is found inside texts.
    pub(super) fn collect_name(&mut self, name: &str) {
        let whole = name.chars().all(is_word_character) || name.trim().is_empty();
        if !whole
            && !name.starts_with("arn:")
            && name != "AWS Internal"
            && self.stand_ins.get(name).is_none()
        {
            self.stand_ins.of(Shape::Name, "", name);
            self.phrases.push(name.to_owned());
            // Longest first: a name may contain another.
            self.phrases.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The text at its place, without what identifies.
    pub(super) fn text(&mut self, text: &str, place: &Place) -> String {
        let contract = place.is_contract() && is_contract_word(text);
        if contract || (place.field == "name" && text == "trailwhy") {
            return text.to_owned();
        }
        if place.is_file() {
            return self.stand_ins.of(Shape::File, "", text);
        }
        if let Some(known) = self.stand_ins.get(text) {
            return known.to_owned();
        }
        if place.is_command() {
            return self.command(text);
        }
        let reading = match place.field.as_str() {
            _ if place.policy => Reading::Policy,
            _ if place.is_name() => Reading::Name,
            _ => Reading::Prose,
        };
        let from_log = place.field == "error_message";
        self.words(text, reading, from_log)
    }

    /// The name of a field inside a policy.
    pub(super) fn policy_key(&mut self, name: &str) -> String {
        self.words(name, Reading::Policy, false)
    }

    /// `aws SERVICE OPERATION` and the options stay; their values are judged as names.
    fn command(&mut self, command: &str) -> String {
        let mut words = 0;
        let mut result = String::new();
        for part in command.split_inclusive(char::is_whitespace) {
            let word = part.trim_end();
            let blank = part.strip_prefix(word).unwrap_or_default();
            words += 1;
            let kept = words <= 3 && command.starts_with("aws ") && is_command_word(word);
            match kept {
                true => result.push_str(word),
                false => result.push_str(&self.words(word, Reading::Policy, false)),
            }
            result.push_str(blank);
        }
        result
    }

    /// Takes a text apart into words and puts it together again.
    pub(super) fn words(&mut self, text: &str, reading: Reading, from_log: bool) -> String {
        let text = self.replace_phrases(text);
        // The program speaks Japanese too; AWS's messages and names it repeats do not.
        let foreign = from_log || reading != Reading::Prose;
        let mut result = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let arn = rest.starts_with("arn:");
            let inside = if arn { is_arn_character } else { same_sort(first) };
            let end = rest.find(|character| !inside(character)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end.max(first.len_utf8()));
            rest = after;
            if is_word_character(first) {
                result.push_str(&self.run(run, reading));
            } else if foreign && first.is_alphanumeric() {
                result.push_str(&self.stand_ins.of(Shape::Name, "", run));
            } else {
                result.push_str(run);
            }
        }
        result
    }

    /// A run of word characters; a full stop or a colon at its end belongs to the sentence.
    fn run(&mut self, run: &str, reading: Reading) -> String {
        let word = run.trim_end_matches(['.', ':', ',', '?']);
        let end = run.strip_prefix(word).unwrap_or_default();
        format!("{}{end}", self.word(word, reading))
    }

    fn replace_phrases(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for phrase in &self.phrases {
            if text.contains(phrase.as_str())
                && let Some(stand_in) = self.stand_ins.get(phrase)
            {
                text = text.replace(phrase.as_str(), stand_in);
                self.given.insert(stand_in.to_owned());
            }
        }
        text
    }
}

/// The characters that ARNs, ids, addresses, actions and names are made of.
fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-./:@+*?~%".contains(character)
}

/// The characters of an ARN inside a text; role session names may hold `=` and `,`.
fn is_arn_character(character: char) -> bool {
    character.is_ascii_graphic() && !"\"'`<>()[]{}\\;|".contains(character)
}

/// Letters beyond ASCII form runs of their own; everything else stands alone.
fn same_sort(first: char) -> fn(char) -> bool {
    if is_word_character(first) {
        is_word_character
    } else if first.is_alphanumeric() {
        |character| character.is_alphanumeric() && !character.is_ascii()
    } else {
        |_| false
    }
}

/// What a word of the contract may look like: a hostile record may hold anything as its event name.
fn is_contract_word(text: &str) -> bool {
    text.len() <= 100
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " _-./:*+".contains(character))
}

fn is_command_word(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
