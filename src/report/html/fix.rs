//! What to do: each fix as a diff or a document, with its commands and what re-evaluating showed.

use serde_json::Value;

use super::code::{Code, pretty};
use crate::report::words::layer;
use crate::report::{Fix, Incident, Verified, Way};
use crate::wording::{Sentence, Wording};

/// Fixes shown in full.
const FIXES: usize = 6;

/// One fix.
pub(super) struct FixView<'a> {
    pub(super) fix: &'a Fix,
    pub(super) layer: String,
    pub(super) verified: Option<Verification>,
    pub(super) blocks: Vec<Code>,
    /// Other forms of the same, by name, which few need.
    pub(super) folded: Vec<(String, Code)>,
}

/// What re-evaluating showed.
pub(super) struct Verification {
    /// `good`, `bad` or `open`, for the style sheet.
    pub(super) class: &'static str,
    pub(super) sentences: Vec<String>,
}

impl<'a> FixView<'a> {
    pub(super) fn of(incident: &'a Incident, words: &Wording) -> Vec<Self> {
        let fixes = incident.fixes.iter().take(FIXES);
        fixes.map(|fix| FixView::new(fix, incident, words)).collect()
    }

    /// Whether the caller does it, and nothing is changed.
    pub(super) fn is_within_rule(&self) -> bool {
        self.fix.way == Some(Way::WithinRule)
    }

    fn new(fix: &'a Fix, incident: &Incident, words: &Wording) -> Self {
        let present = incident.verdict.policy.as_ref().and_then(|policy| policy.statement.as_ref());
        let documents = fix
            .document
            .as_ref()
            .map(|document| documents(present, document, words))
            .unwrap_or_default();
        let patch = fix.patch.as_ref().map(|patch| {
            let title = words.say(&Sentence::new("html-fix-patch"));
            (title.clone(), Code::plain(title, &pretty(patch)))
        });
        let title = words.say(&Sentence::new("html-fix-commands"));
        let commands = commands(title, &fix.commands);
        let terraform = fix.terraform.as_ref().map(|text| {
            let title = "Terraform".to_owned();
            (title.clone(), Code::plain(title, text))
        });
        FixView {
            fix,
            layer: words.say(&layer(incident, fix.layer)),
            verified: fix.verified.as_ref().map(|verified| verification(incident, verified, words)),
            blocks: documents.into_iter().chain(commands).collect(),
            folded: patch.into_iter().chain(terraform).collect(),
        }
    }
}

/// The document of a fix. Where it has the statement that denied, changed, a diff shows the change;
/// a document of that statement alone needs nothing more than the diff.
fn documents(present: Option<&Value>, document: &Value, words: &Wording) -> Vec<Code> {
    let whole = || Code::json(words.say(&Sentence::new("html-fix-document")), document);
    let Some((before, after)) = present.and_then(|before| replaced(before, document)) else {
        return vec![whole()];
    };
    let diff = Code::change(words.say(&Sentence::new("html-fix-diff")), (before, after));
    if after == document { vec![diff.copying(document)] } else { vec![diff, whole()] }
}

/// The statement that denied, and the one of the same `Sid` that takes its place.
fn replaced<'a>(present: &'a Value, document: &'a Value) -> Option<(&'a Value, &'a Value)> {
    let sid = present.get("Sid")?;
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => std::slice::from_ref(document),
    };
    let same = statements.iter().find(|statement| statement.get("Sid") == Some(sid))?;
    (same != present).then_some((present, same))
}

/// Commands one after the other; `None` when there are none.
pub(super) fn commands(title: String, commands: &[String]) -> Option<Code> {
    (!commands.is_empty()).then(|| Code::plain(title, &commands.join("\n")))
}

fn verification(incident: &Incident, verified: &Verified, words: &Wording) -> Verification {
    let class = match (verified.denied_request.as_str(), verified.successes_broken) {
        ("allowed", 0) => "good",
        ("allowed" | "denied", _) => "bad",
        _ => "open",
    };
    let sentences = crate::report::words::verified(incident, verified);
    Verification { class, sentences: sentences.iter().map(|said| words.say(said)).collect() }
}
