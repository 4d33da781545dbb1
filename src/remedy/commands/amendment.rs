//! What a fix changes in a document, told so that it can be done to whatever the document says by
//! then: statements are found by their Sid, and what others wrote meanwhile stays.
//!
//! The same amendment is carried out here, for the proof, and by `jq`, in the reader's shell.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// The steps from one document to another.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::remedy) struct Amendment {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// A member of the document beside its statements.
    Member(String, Value),
    /// A statement goes.
    Remove(Which),
    /// A statement says something else in some places.
    Change(Which, Vec<Touch>),
    /// A statement comes, unless one of its name, or one that says the same, is there.
    Add(Value),
}

/// How a statement is found.
#[derive(Debug, Clone, PartialEq)]
enum Which {
    Sid(String),
    Whole(Value),
}

/// One place of a statement, by the names that lead there.
#[derive(Debug, Clone, PartialEq)]
enum Touch {
    Set(Vec<String>, Value),
    Delete(Vec<String>),
    /// Entries taken out of a list and put into it.
    List {
        path: Vec<String>,
        taken: Vec<Value>,
        added: Vec<Value>,
    },
}

/// The statements of a document: IAM takes one alone for a list of one.
pub(in crate::remedy) fn statements(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(all)) => all.clone(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one.clone()],
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
}

impl Amendment {
    /// What turns `before` into `after`, but for the order of the statements.
    pub(in crate::remedy) fn between(before: &Value, after: &Value) -> Amendment {
        let mut steps = members(before, after);
        let all = statements(before);
        let (mut old, mut new) = without_common(&all, statements(after));
        // A statement that stays pairs with itself.
        new.retain(|statement| match old.iter().position(|one| one == statement) {
            Some(at) => {
                old.remove(at);
                false
            }
            None => true,
        });
        let mut added = Vec::new();
        for statement in new {
            let named = old.iter().position(|o| sid(o).is_some() && sid(o) == sid(&statement));
            let nameless =
                || old.iter().position(|o| sid(o).is_none()).filter(|_| sid(&statement).is_none());
            match named.or_else(nameless) {
                Some(at) => {
                    let from = old.remove(at);
                    let touches = touches(&from, &statement);
                    steps.push(Step::Change(which(&from, &all), touches));
                }
                None => added.push(statement),
            }
        }
        steps.extend(old.iter().map(|statement| Step::Remove(which(statement, &all))));
        steps.extend(added.into_iter().map(Step::Add));
        Amendment { steps }
    }

    /// The same, but only of statements that still are as `from` has them: what somebody touched
    /// since is left.
    pub(in crate::remedy) fn only_untouched(mut self, from: &Value) -> Amendment {
        let all = statements(from);
        for step in &mut self.steps {
            let (Step::Remove(which) | Step::Change(which, _)) = step else { continue };
            if let Some(whole) = all.iter().find(|one| which.is(one)) {
                *which = Which::Whole(whole.clone());
            }
        }
        self
    }

    /// Whether some statement that is to be changed is not there, or no longer as it was.
    pub(in crate::remedy) fn misses(&self, document: &Value) -> bool {
        let all = statements(document);
        self.steps.iter().any(|step| match step {
            Step::Remove(which) | Step::Change(which, _) => !all.iter().any(|one| which.is(one)),
            Step::Member(..) | Step::Add(_) => false,
        })
    }

    /// Statements put into a document that may or may not be there.
    pub(in crate::remedy) fn adding(statements: &[Value]) -> Amendment {
        Amendment { steps: statements.iter().cloned().map(Step::Add).collect() }
    }

    /// The service whose actions are added.
    pub(in crate::remedy) fn service(&self) -> Option<String> {
        let added = self.steps.iter().find_map(|step| match step {
            Step::Add(statement) => statement.get("Action"),
            _ => None,
        });
        let action = added.map(listed)?.into_iter().next()?;
        Some(action.as_str()?.split_once(':')?.0.to_owned())
    }

    /// Whether carrying it out would change the document.
    pub(in crate::remedy) fn changes(&self, document: &Value) -> bool {
        self.applied(document) != *document
    }

    /// The document with the steps done.
    pub(in crate::remedy) fn applied(&self, document: &Value) -> Value {
        let mut document = document.clone();
        let mut all = statements(&document);
        let mut members = Vec::new();
        for step in &self.steps {
            match step {
                Step::Member(name, value) => members.push((name.clone(), value.clone())),
                Step::Remove(which) => all.retain(|one| !which.is(one)),
                Step::Change(which, touches) => {
                    for one in all.iter_mut().filter(|one| which.is(one)) {
                        touches.iter().for_each(|touch| touch.apply(one));
                    }
                }
                Step::Add(statement) => {
                    let same = |one: &Value| match sid(statement) {
                        Some(name) => sid(one) == Some(name),
                        None => one == statement,
                    };
                    if !all.iter().any(same) {
                        all.push(statement.clone());
                    }
                }
            }
        }
        members.push(("Statement".to_owned(), Value::Array(all)));
        if let Some(object) = document.as_object_mut() {
            object.extend(members);
        }
        document
    }

    /// The same for `jq`; what it gives is empty where nothing changes.
    pub(in crate::remedy) fn jq(&self) -> String {
        let mut program = String::from(". as $was | .Statement |= ([. // []] | flatten(1)");
        for step in &self.steps {
            match step {
                Step::Member(..) => continue,
                Step::Remove(Which::Sid(sid)) => {
                    let _ = write!(program, " | map(select(.Sid != {}))", json!(sid));
                }
                Step::Remove(Which::Whole(one)) => {
                    let _ = write!(program, " | . - [{one}]");
                }
                Step::Change(which, touches) => {
                    let edits: Vec<String> = touches.iter().map(Touch::jq).collect();
                    let edits = edits.join(" | ");
                    let _ = write!(program, " | map(if {} then {edits} else . end)", which.jq());
                }
                Step::Add(statement) => match sid(statement) {
                    Some(sid) => {
                        let sid = json!(sid);
                        let _ = write!(
                            program,
                            " | if any(.Sid == {sid}) then . else . + [{statement}] end"
                        );
                    }
                    None => {
                        let _ = write!(program, " | . + ([{statement}] - .)");
                    }
                },
            }
        }
        program.push(')');
        for step in &self.steps {
            if let Step::Member(name, value) = step {
                let _ = write!(program, " | {} = {value}", path_text(std::slice::from_ref(name)));
            }
        }
        program.push_str(" | select(. != $was)");
        program
    }
}

/// What is left of both lists without what they begin and end with alike; documents have thousands
/// of statements at times.
fn without_common(old: &[Value], new: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
    let begin = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let rest = old.len().min(new.len()) - begin;
    let ends = old.iter().rev().zip(new.iter().rev()).take(rest);
    let end = ends.take_while(|(one, other)| one == other).count();
    let middle = |all: &[Value]| all.get(begin..all.len() - end).unwrap_or_default().to_vec();
    (middle(old), middle(&new))
}

fn members(before: &Value, after: &Value) -> Vec<Step> {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return Vec::new();
    };
    new.iter()
        .filter(|(name, value)| *name != "Statement" && old.get(*name) != Some(*value))
        .map(|(name, value)| Step::Member(name.clone(), value.clone()))
        .collect()
}

/// By its Sid where it has one that no other has.
fn which(statement: &Value, all: &[Value]) -> Which {
    match sid(statement) {
        Some(name) if all.iter().filter(|one| sid(one) == Some(name)).count() == 1 => {
            Which::Sid(name.to_owned())
        }
        _ => Which::Whole(statement.clone()),
    }
}

impl Which {
    fn is(&self, statement: &Value) -> bool {
        match self {
            Which::Sid(name) => sid(statement) == Some(name),
            Which::Whole(whole) => statement == whole,
        }
    }

    fn jq(&self) -> String {
        match self {
            Which::Sid(name) => format!(".Sid == {}", json!(name)),
            Which::Whole(whole) => format!(". == {whole}"),
        }
    }
}

/// What differs, place by place, so that the rest of the statement may change meanwhile.
fn touches(from: &Value, to: &Value) -> Vec<Touch> {
    let mut found = Vec::new();
    differ(from, to, &mut Vec::new(), &mut found);
    found
}

fn differ(from: &Value, to: &Value, path: &mut Vec<String>, found: &mut Vec<Touch>) {
    let none = Map::new();
    let (Some(old), Some(new)) = (from.as_object(), to.as_object()) else { return };
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        found.push(Touch::Delete(with(path, name)));
    }
    for (name, value) in new {
        let present = old.get(name);
        match (present, value) {
            (Some(present), value) if present == value => {}
            (Some(Value::Object(_)), Value::Object(_)) => {
                path.push(name.clone());
                differ(present.unwrap_or(&Value::Null), value, path, found);
                path.pop();
            }
            (None, Value::Object(members)) if !members.is_empty() => {
                path.push(name.clone());
                differ(&Value::Object(none.clone()), value, path, found);
                path.pop();
            }
            (Some(present), Value::Array(entries)) => {
                found.push(entries_of(present, entries, with(path, name)));
            }
            _ => found.push(Touch::Set(with(path, name), value.clone())),
        }
    }
}

fn with(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

/// Entries taken and added, where that gives the list; else the list as it is to be.
fn entries_of(present: &Value, entries: &[Value], path: Vec<String>) -> Touch {
    let old = listed(present);
    let taken: Vec<Value> = old.iter().filter(|one| !entries.contains(one)).cloned().collect();
    let added: Vec<Value> = entries.iter().filter(|one| !old.contains(one)).cloned().collect();
    let touch = Touch::List { path: path.clone(), taken, added };
    if touch.list(present) == entries {
        touch
    } else {
        Touch::Set(path, Value::Array(entries.to_vec()))
    }
}

fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

impl Touch {
    fn list(&self, present: &Value) -> Vec<Value> {
        let old = listed(present);
        let Touch::List { taken, added, .. } = self else { return old };
        let stay = old.iter().filter(|one| !taken.contains(one)).cloned();
        let come = added.iter().filter(|one| !old.contains(one)).cloned();
        stay.chain(come).collect()
    }

    fn apply(&self, statement: &mut Value) {
        match self {
            Touch::Set(path, value) => {
                if let Some(place) = place(statement, path) {
                    *place = value.clone();
                }
            }
            Touch::List { path, .. } => {
                if let Some(place) = place(statement, path) {
                    *place = Value::Array(self.list(place));
                }
            }
            Touch::Delete(path) => {
                let Some((last, before)) = path.split_last() else { return };
                if let Some(members) = place(statement, before).and_then(Value::as_object_mut) {
                    members.shift_remove(last);
                }
            }
        }
    }

    fn jq(&self) -> String {
        match self {
            Touch::Set(path, value) => format!("{} = {value}", path_text(path)),
            Touch::Delete(path) => format!("del({})", path_text(path)),
            Touch::List { path, taken, added } => {
                let mut edit = format!("{} |= ([. // []] | flatten(1)", path_text(path));
                edit.push_str(" | . ");
                if !taken.is_empty() {
                    let _ = write!(edit, "- {}", Value::Array(taken.clone()));
                }
                if !added.is_empty() {
                    let blank = if taken.is_empty() { "" } else { " " };
                    let _ = write!(edit, "{blank}+ ({} - .)", Value::Array(added.clone()));
                }
                edit.push(')');
                edit
            }
        }
    }
}

/// The place that a path leads to, made where it is not there, as `jq` does.
fn place<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    let mut at = value;
    for name in path {
        if at.is_null() {
            *at = json!({});
        }
        at = at.as_object_mut()?.entry(name.clone()).or_insert(Value::Null);
    }
    Some(at)
}

/// A path as `jq` writes it.
fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for name in path {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        match (plain && !name.is_empty(), text.is_empty()) {
            (true, _) => {
                let _ = write!(text, ".{name}");
            }
            (false, true) => {
                let _ = write!(text, ".[{}]", json!(name));
            }
            (false, false) => {
                let _ = write!(text, "[{}]", json!(name));
            }
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// What `jq` makes of the document; `None` where there is no `jq` to ask.
    fn by_jq(program: &str, document: &Value) -> Option<Value> {
        let mut child = Command::new("jq")
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        child.stdin.take().unwrap().write_all(document.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program}");
        let text = String::from_utf8(output.stdout).unwrap();
        // Nothing is what it gives where nothing changes.
        Some(if text.trim().is_empty() { document.clone() } else { text.parse().unwrap() })
    }

    /// Pairs of documents as owners have them: before and after.
    fn pairs() -> Vec<(Value, Value)> {
        let deny = json!({"Sid": "Net", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}});
        let spared = json!({"Sid": "Net", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Null": {"kms:ViaService": "true"}}});
        let nameless = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
        let wider = json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:\\(PutObject"], "Resource": "*"});
        let bare = json!({"Effect": "Deny", "Action": "*", "NotResource": ["a", "é'\" b"]});
        let all = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
        vec![
            (all(json!([deny])), all(json!([spared]))),
            (all(deny.clone()), all(json!([spared, nameless]))),
            (all(json!([nameless, deny])), all(json!([wider, deny]))),
            (all(json!([nameless, deny])), all(json!([deny]))),
            (all(json!([wider, deny])), all(json!([nameless]))),
            (
                json!({"Version": "2008-10-17", "Statement": [nameless]}),
                all(json!([bare, nameless])),
            ),
            (all(json!([spared, bare])), all(json!([deny, wider, nameless]))),
        ]
    }

    fn sorted(document: &Value) -> Vec<String> {
        let mut all: Vec<String> = statements(document).iter().map(Value::to_string).collect();
        all.sort();
        all
    }

    #[test]
    fn what_is_proven_is_what_jq_leaves_and_once_is_enough() {
        for (before, after) in pairs() {
            let amendment = Amendment::between(&before, &after);
            let done = amendment.applied(&before);
            assert_eq!(sorted(&done), sorted(&after), "{}", amendment.jq());
            assert_eq!(amendment.applied(&done), done, "{}", amendment.jq());
            if let Some(shown) = by_jq(&amendment.jq(), &before) {
                assert_eq!(shown, done, "{}", amendment.jq());
                assert_eq!(by_jq(&amendment.jq(), &done).unwrap(), done);
            }
        }
    }

    #[test]
    fn what_others_wrote_meanwhile_stays() {
        let (before, after) = pairs().swap_remove(0);
        let amendment = Amendment::between(&before, &after);
        let mut newer = before.clone();
        newer["Statement"][0]["Condition"]["Bool"] = json!({"aws:ViaAWSService": "false"});
        newer["Statement"].as_array_mut().unwrap().push(json!({"Sid": "Later", "Effect": "Deny"}));
        let done = amendment.applied(&newer);
        assert_eq!(done["Statement"][1]["Sid"], "Later");
        assert_eq!(
            done.pointer("/Statement/0/Condition").unwrap(),
            &json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "Bool": {"aws:ViaAWSService": "false"}, "Null": {"kms:ViaService": "true"}})
        );
        if let Some(shown) = by_jq(&amendment.jq(), &newer) {
            assert_eq!(shown, done);
        }
    }

    #[test]
    fn a_statement_comes_once_and_into_nothing_too() {
        let named = json!({"Sid": "Use", "Effect": "Allow", "Action": "kms:Decrypt"});
        let nameless = json!({"Effect": "Allow", "Action": "kms:Encrypt"});
        let amendment = Amendment::adding(&[named.clone(), nameless.clone()]);
        for document in [
            json!({"Version": "2012-10-17", "Statement": []}),
            json!({"Version": "2012-10-17"}),
            json!({"Version": "2012-10-17", "Statement": nameless}),
        ] {
            let done = amendment.applied(&document);
            assert_eq!(statements(&done).len(), 2);
            if let Some(shown) = by_jq(&amendment.jq(), &document) {
                assert_eq!(shown, done);
                assert_eq!(by_jq(&amendment.jq(), &done).unwrap(), done);
            }
        }
    }
}
