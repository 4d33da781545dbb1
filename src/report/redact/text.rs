//! Texts: which words of the report are the contract's and stay, and how the others are taken apart.

use super::Redactor;
use super::policy::Member;
use super::recorded;
use super::stand_in::Shape;
use crate::contrast::PRESENT;
use crate::event::Time;
use crate::wording::marks::{self, Piece};

/// How the words of a text are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A sentence of the program's: its words and AWS's stay.
    Prose,
    /// A text from the log: the words of AWS's fixed sentences stay.
    Log,
    /// The words between the names of AWS's sentence: as in other texts from the log, but a name is
    /// announced by a colon only.
    Fixed,
}

/// Where in the report a text stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    parent: String,
    field: String,
}

/// What a field of the report holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A word of the contract, a time or a version.
    Contract,
    /// What someone chose, or an id.
    Name,
    /// Who called: a name, or a service.
    Caller,
    /// A service, since nothing else is written there.
    Service,
    /// A Region.
    Region,
    /// A path in a file system.
    File,
    /// A command of a shell.
    Command,
    /// A policy document as text.
    Code,
    /// Operations of a grant.
    Operation,
    /// What a client said it is.
    Agent,
    /// A text from the log.
    Log,
}

/// Fields by what they hold; all others hold sentences.
const FIELDS: [(Holds, &[&str]); 11] = [
    (
        Holds::Contract,
        &[
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
            "since",
            "as_of",
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
            "not_compared",
            "ending",
            "found_as",
            "event_name",
            "event_names",
            "root_action",
            "denied_action",
            "belongs_by",
            "key_state",
            "way",
        ],
    ),
    (
        Holds::Name,
        &[
            "name",
            "statement_sid",
            "attached_to",
            "attach_to",
            "resources",
            "resource",
            "resource_candidates",
            "account",
            "account_id",
            "accounts",
            "of",
            "asked",
            "arn",
            "id",
            "related",
            "signature",
            "signatures",
            "new_signatures",
            "incident_id",
            "event_id",
            "event_ids",
            "parent_event_id",
            "root_event_id",
            "denied_event_id",
            "first_event_id",
            "failed_event_id",
            "tied_with",
            "named_by",
            "request_id",
            "vpc_endpoint_id",
            "value",
        ],
    ),
    (Holds::Caller, &["principal_arn", "source_ip", "grantee"]),
    (Holds::Service, &["invoked_by"]),
    (Holds::Region, &["region", "regions"]),
    (Holds::File, &["path", "file"]),
    (Holds::Command, &["commands", "next_evidence"]),
    (Holds::Code, &["diff", "terraform"]),
    (Holds::Operation, &["operations"]),
    (Holds::Agent, &["user_agent"]),
    (Holds::Log, &["error_message"]),
];

/// Fields that hold policy documents as JSON.
const POLICIES: [&str; 6] = [
    "statement",
    "document",
    "patch",
    "tags",
    "encryption_context_equals",
    "encryption_context_subset",
];

/// What goes into sentences, by the names the catalogues give it; everything else is a name.
const ARGUMENTS: [(Given, &[&str]); 7] = [
    (
        Given::Action,
        &["action", "actions", "root", "denied", "call", "missing", "operations", "events"],
    ),
    (Given::Contract, &["code", "state", "type", "setting", "hours", "length", "share", "p"]),
    (Given::Key, &["key"]),
    (Given::Region, &["region"]),
    (Given::Time, &["time", "from", "to", "end", "first", "last"]),
    (Given::Caller, &["service", "services", "principal", "who", "by", "caller", "grantee"]),
    (
        Given::Said,
        &[
            "what",
            "detail",
            "reason",
            "flaw",
            "error",
            "message",
            "because",
            "summary",
            "title",
            "headline",
            "before",
            "after",
            "why",
            "said",
            "told",
            "evaluated",
            "listed",
            "condition",
            "level",
            "found",
            "percent",
            "confidence",
            "page",
            "number",
            "version",
            "bytes",
            "seconds",
            "second",
            "statement",
            "thing",
            "kinds",
            "kind",
            "told-effect",
            "attribute",
            "attributes",
            "fields",
            "complete",
            "shared",
            "more",
            "on",
        ],
    ),
];

/// Arguments that say what they name before its name.
const ENTITIES: [&str; 3] = ["entity", "of", "to"];

/// What a piece that went into a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Action,
    /// A word of AWS's or of the contract.
    Contract,
    /// A condition key, or a key of KMS.
    Key,
    Region,
    Time,
    Caller,
    /// What the program said before.
    Said,
}

impl Place {
    pub(super) fn inside(&self, field: &str) -> Place {
        Place { parent: self.field.clone(), field: field.to_owned() }
    }

    pub(super) fn is_name(&self) -> bool {
        matches!(self.holds(), Some(Holds::Name | Holds::Caller))
    }

    /// Whether a policy document stands here.
    pub(super) fn is_policy(&self) -> bool {
        POLICIES.contains(&self.field.as_str())
    }

    pub(super) fn field(&self) -> &str {
        &self.field
    }

    pub(super) fn is_service(&self) -> bool {
        self.holds() == Some(Holds::Service)
    }

    pub(super) fn is_action(&self) -> bool {
        matches!(
            self.field.as_str(),
            "action" | "actions" | "missing_steps" | "root_action" | "denied_action"
        )
    }

    fn holds(&self) -> Option<Holds> {
        let field = self.field.as_str();
        if self.parent == "tool" {
            return Some(Holds::Contract);
        }
        FIELDS.iter().find(|(_, fields)| fields.contains(&field)).map(|(holds, _)| *holds)
    }
}

/// The member of a request that a path names, without what is deeper, where people choose names.
pub(super) fn member(path: &str) -> String {
    let Some((head, rest)) = path.split_once(REQUEST) else { return path.to_owned() };
    let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let more = if name.len() < rest.len() { ".…" } else { "" };
    format!("{head}{REQUEST}{name}{more}")
}

const REQUEST: &str = "requestParameters.";

impl Redactor {
    /// Remembers a name that is no single word, so that it is found inside texts.
    pub(super) fn collect_name(&mut self, name: &str) {
        let whole = name.chars().all(is_word_character) || name.trim().is_empty();
        if !whole
            && !name.starts_with("arn:")
            && name != "AWS Internal"
            && !self.phrases.iter().any(|known| known == name)
        {
            self.phrases.push(name.to_owned());
            // Longest first: a name may contain another.
            self.phrases.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The text at its place, without what identifies.
    pub(super) fn text(&mut self, text: &str, place: &Place) -> String {
        if marks::has(text) {
            return self.marked(text);
        }
        match place.holds() {
            Some(Holds::Contract) if is_contract_word(text) => text.to_owned(),
            Some(Holds::Contract) if place.is_action() => self.call(text),
            Some(Holds::Contract | Holds::Name) => self.name(text),
            Some(Holds::Caller) => self.caller(text),
            Some(Holds::Service) if super::word::is_service(text) => text.to_owned(),
            Some(Holds::Service) => self.caller(text),
            Some(Holds::Region) => self.region(text),
            Some(Holds::File) => self.stand_ins.of(Shape::File, "", text),
            Some(Holds::Command) => match super::command::is_command(text) {
                true => self.command(text),
                false => self.text_of_program(text),
            },
            Some(Holds::Code) => self.code(text),
            Some(Holds::Operation) => {
                self.policy_text(text, &Member::default().inside("Operations"))
            }
            Some(Holds::Agent) => self.agent(text),
            Some(Holds::Log) => self.log(text),
            None => self.text_of_program(text),
        }
    }

    /// A sentence of the program's, marked or not.
    pub(super) fn text_of_program(&mut self, text: &str) -> String {
        if marks::has(text) {
            return self.marked(text);
        }
        let text = self.replace_phrases(text);
        self.words(&text, Reading::Prose)
    }

    /// A sentence whose pieces are known for what they are.
    fn marked(&mut self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        for piece in marks::pieces(text) {
            match piece {
                Piece::Said(said) => result.push_str(&self.words(said, Reading::Prose)),
                Piece::Given(name, given) => result.push_str(&self.given_as(name, given)),
            }
        }
        marks::strip(&result)
    }

    /// What went into a sentence as the catalogues' `$name`.
    fn given_as(&mut self, name: &str, text: &str) -> String {
        let sort = ARGUMENTS.iter().find(|(_, names)| names.contains(&name)).map(|(sort, _)| *sort);
        match sort {
            Some(Given::Action) if self.is_action(text) => text.to_owned(),
            // What is missing may also be told in words.
            Some(Given::Action) if name == "missing" => self.words(text, Reading::Prose),
            Some(Given::Action) => self.call(text),
            Some(Given::Contract) if is_contract_word(text) => text.to_owned(),
            Some(Given::Key) => self.key(text),
            Some(Given::Region) => self.region(text),
            Some(Given::Time) if Time::parse(text).is_some() => text.to_owned(),
            Some(Given::Caller) => self.caller(text),
            Some(Given::Said) if name == "condition" => self.code(text),
            Some(Given::Said) => self.words(text, Reading::Prose),
            _ => match text.split_once(' ') {
                // `user deploy`: what it is, and its name.
                Some((kind @ ("user" | "role" | "group"), entity)) if ENTITIES.contains(&name) => {
                    format!("{kind} {}", self.name(entity))
                }
                _ => self.name(text),
            },
        }
    }

    /// The value of an attribute by which calls are compared.
    pub(super) fn attribute(&mut self, attribute: &str, value: &str) -> String {
        match attribute {
            _ if value == "absent" || value == PRESENT => value.to_owned(),
            "time" | "session_age" => value.to_owned(),
            "region" => self.region(value),
            "root_action" if self.is_action(value) => value.to_owned(),
            "invoked_by" if super::word::is_service(value) => value.to_owned(),
            "mfa" | "credentials" | "caller_kind" | "caller"
                if self.vocabulary.is_attribute(value) =>
            {
                value.to_owned()
            }
            "network" if matches!(value, "private" | "public") => value.to_owned(),
            "tls" if value.starts_with("TLSv1") && value.len() <= 7 => value.to_owned(),
            "user_agent" => self.agent(value),
            "encryption_context_keys" => {
                let keys: Vec<String> =
                    value.split(", ").map(|key| self.context_key(key)).collect();
                keys.join(", ")
            }
            // Elsewhere a session or a bucket may be called as a service is.
            "principal" | "caller" | "source_address" | "network" | "invoked_by" => {
                self.caller(value)
            }
            _ => self.name(value),
        }
    }

    /// `attribute = value`, `attribute ≠ value`, or `no attribute`.
    pub(super) fn split(&mut self, text: &str) -> String {
        for sign in [" = ", " ≠ "] {
            if let Some((attribute, value)) = text.split_once(sign) {
                let value = self.attribute(attribute, value);
                return format!("{}{sign}{value}", member(attribute));
            }
        }
        match text.strip_prefix("no ").filter(|name| name.contains(REQUEST)) {
            Some(name) => format!("no {}", member(name)),
            None => self.words(text, Reading::Prose),
        }
    }

    fn region(&mut self, text: &str) -> String {
        match super::word::is_region(text) {
            true => text.to_owned(),
            false => self.name(text),
        }
    }

    /// The client's product and its version; the rest of it is somebody's.
    fn agent(&mut self, text: &str) -> String {
        if self.is_service(text) || text == "AWS Internal" {
            return text.to_owned();
        }
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (product, version) = first.split_once('/').unwrap_or((first, ""));
        let versioned = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !self.vocabulary.is_agent(product) || !versioned {
            return self.name(text);
        }
        match rest {
            "" => first.to_owned(),
            rest => format!("{first} {}", self.name(rest)),
        }
    }

    /// Takes a text apart into words and puts it together again.
    pub(super) fn words(&mut self, text: &str, reading: Reading) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = String::new();
        while let Some(first) = rest.chars().next() {
            let arn = rest.starts_with("arn:");
            let inside = if arn { is_arn_character } else { same_sort(first) };
            let end = rest.find(|character| !inside(character)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end.max(first.len_utf8()));
            rest = after;
            if is_word_character(first) {
                let announced = recorded::announces(reading, &before, run);
                result.push_str(&self.run(run, reading, announced));
                run.clone_into(&mut before);
            } else if reading != Reading::Prose && first.is_alphanumeric() {
                result.push_str(&self.stand_ins.of(Shape::Name, "", run));
            } else {
                // Brackets and quotes stand around names, other signs end what announces them.
                if !first.is_whitespace() && !"[(<{\"'`#=".contains(first) {
                    before.clear();
                }
                result.push_str(run);
            }
        }
        result
    }

    /// A run of word characters; a full stop or a colon at its end belongs to the sentence.
    fn run(&mut self, run: &str, reading: Reading, is_name: bool) -> String {
        let word = run.trim_end_matches(['.', ':', ',', '?']);
        let end = run.strip_prefix(word).unwrap_or_default();
        let told = match is_name && !word.is_empty() && !self.given.contains(word) {
            true => self.name(word),
            false => self.word(word, reading),
        };
        format!("{told}{end}")
    }

    /// Whether this stands for a phrase already.
    pub(super) fn is_given(&self, word: &str) -> bool {
        self.given.contains(word)
    }

    pub(super) fn replace_phrases(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        let found: Vec<String> =
            self.phrases.iter().filter(|phrase| text.contains(phrase.as_str())).cloned().collect();
        for phrase in found {
            let stand_in = self.name(&phrase);
            text = text.replace(phrase.as_str(), &stand_in);
            self.given.insert(stand_in);
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
pub(super) fn is_contract_word(text: &str) -> bool {
    text.len() <= 100
        && !super::word::holds_account(text)
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " _-./:*+".contains(character))
}
