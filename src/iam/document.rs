//! A policy document: read once, tolerant of what is wrong with single statements. What cannot be
//! used is reported with its place, and the rest is used (IAM User Guide, IAM JSON policy language
//! grammar).

use std::fmt;
use std::sync::Arc;

use foldhash::HashSet;
use serde_json::Value;

use super::action::ActionElement;
use super::condition::Condition;
use super::locate::{Step, locate};
use super::operator::Operator;
use super::principal_element::{PrincipalElement, entries};
use super::resource::ResourceElement;
use super::statement::{Elements, Statement, StatementEffect};

/// Why a text is no policy at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct PolicyError {
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Something in a policy that cannot be used, or that AWS would have refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWarning {
    /// Line and column, counted from 1, where the policy was read from text.
    pub place: Option<(usize, usize)>,
    /// The statement it is about, by its place in the document.
    pub statement: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// Part of what the policy says could not be read.
    pub loses: bool,
}

impl fmt::Display for PolicyWarning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(out, "line {line}, column {column}: ")?;
        }
        out.write_str(&self.message)
    }
}

/// A policy document, compiled.
///
/// ```
/// let policy = trailwhy::iam::Policy::parse(
///     r#"{"Version": "2012-10-17",
///         "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#,
/// )?;
/// assert_eq!(policy.statements()[0].sid(), Some("Read"));
/// # Ok::<(), trailwhy::iam::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    document: Value,
    statements: Vec<Arc<Statement>>,
    warnings: Vec<PolicyWarning>,
}

impl Policy {
    /// Reads a policy from JSON text.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let document: Value = serde_json::from_str(text).map_err(|error| PolicyError {
            line: error.line().max(1),
            column: error.column().max(1),
            message: without_place(&error.to_string()).to_owned(),
        })?;
        Policy::compile(document, Some(text))
    }

    /// Reads a policy from a JSON value: the document itself, or a string that holds it, as APIs
    /// and CloudTrail give it.
    pub fn from_value(value: &Value) -> Result<Policy, PolicyError> {
        Policy::from_owned(value.clone())
    }

    /// As [`Policy::from_value`], keeping the value.
    pub fn from_owned(value: Value) -> Result<Policy, PolicyError> {
        match value {
            Value::String(text) => Policy::parse(&text),
            document => Policy::compile(document, None),
        }
    }

    /// The statements in the order of the document, those that cannot be used among them.
    pub fn statements(&self) -> &[Arc<Statement>] {
        &self.statements
    }

    /// What is wrong with the document, in its order.
    pub fn warnings(&self) -> &[PolicyWarning] {
        &self.warnings
    }

    /// Whether all that the policy says could be read.
    pub fn is_whole(&self) -> bool {
        self.warnings.iter().all(|warning| !warning.loses)
    }

    /// The document as it was written.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The document with the statement at `index` replaced by `statement`, or added at the end
    /// when there are not as many, compiled anew.
    pub fn with_statement(&self, index: usize, statement: Value) -> Result<Policy, PolicyError> {
        self.with_statements(|statements| match statements.get_mut(index) {
            Some(place) => *place = statement,
            None => statements.push(statement),
        })
    }

    /// The document with its statements changed by `change`, compiled anew.
    pub fn with_statements(
        &self,
        change: impl FnOnce(&mut Vec<Value>),
    ) -> Result<Policy, PolicyError> {
        let mut document = self.document.clone();
        let mut statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(statement) => vec![statement.clone()],
            None => Vec::new(),
        };
        change(&mut statements);
        if let Some(members) = document.as_object_mut() {
            members.insert("Statement".to_owned(), Value::Array(statements));
        }
        Policy::from_value(&document)
    }

    fn compile(document: Value, text: Option<&str>) -> Result<Policy, PolicyError> {
        if !document.is_object() {
            let message = "a policy is a JSON object with `Statement`".to_owned();
            return Err(PolicyError { line: 1, column: 1, message });
        }
        let mut reader =
            Reader { path: Vec::new(), statement: None, warnings: Vec::new(), paths: Vec::new() };
        let statements = reader.statements(&document);
        let warnings = reader.placed(text);
        Ok(Policy { document, statements, warnings })
    }
}

/// serde_json's message without the place, which [`PolicyError`] has of its own.
fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

/// Reads statements and remembers where it is, for the warnings.
struct Reader {
    path: Vec<Step>,
    statement: Option<usize>,
    warnings: Vec<PolicyWarning>,
    /// Of each warning.
    paths: Vec<Vec<Step>>,
}

impl Reader {
    /// The warnings with their places in the text.
    fn placed(self, text: Option<&str>) -> Vec<PolicyWarning> {
        let mut warnings = self.warnings;
        if let Some(text) = text.filter(|_| !warnings.is_empty()) {
            for (warning, place) in warnings.iter_mut().zip(locate(text, &self.paths)) {
                warning.place = Some(place);
            }
        }
        warnings
    }

    fn warn(&mut self, message: impl Into<String>) {
        self.paths.push(self.path.clone());
        let message = message.into();
        let warning =
            PolicyWarning { place: None, statement: self.statement, message, loses: false };
        self.warnings.push(warning);
    }

    /// Warns of something that could not be read.
    fn lose(&mut self, message: impl Into<String>) {
        self.warn(message);
        if let Some(last) = self.warnings.last_mut() {
            last.loses = true;
        }
    }

    fn within<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = read(self);
        self.path.pop();
        result
    }

    fn member<'v, T>(
        &mut self,
        value: &'v Value,
        key: &str,
        read: impl FnOnce(&mut Self, &'v Value) -> T,
    ) -> Option<T> {
        let value = value.get(key)?;
        Some(self.within(Step::Key(key.to_owned()), |reader| read(reader, value)))
    }

    fn statements(&mut self, document: &Value) -> Vec<Arc<Statement>> {
        let variables = match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => true,
            Some(Some("2008-10-17")) | None => false,
            Some(_) => {
                self.within(Step::Key("Version".into()), |reader| {
                    reader.warn("`Version` is neither 2012-10-17 nor 2008-10-17");
                });
                false
            }
        };
        let read = |reader: &mut Self, value: &Value| match value {
            Value::Array(values) => values
                .iter()
                .enumerate()
                .filter_map(|(at, value)| {
                    reader.within(Step::Index(at), |reader| reader.statement(at, value, variables))
                })
                .collect(),
            value => reader.statement(0, value, variables).into_iter().collect(),
        };
        let statements: Option<Vec<Statement>> = self.member(document, "Statement", read);
        self.statement = None;
        let Some(statements) = statements else {
            self.warn("the policy has no `Statement`");
            return Vec::new();
        };
        self.warn_of_repeated_sids(&statements);
        statements.into_iter().map(Arc::new).collect()
    }

    fn warn_of_repeated_sids(&mut self, statements: &[Statement]) {
        let mut met = HashSet::default();
        for statement in statements {
            let Some(sid) = statement.sid() else { continue };
            if !met.insert(sid) {
                self.statement = Some(statement.index);
                let step = Step::Index(statement.index);
                self.within(Step::Key("Statement".into()), |reader| {
                    reader.within(step, |reader| {
                        reader.within(Step::Key("Sid".into()), |reader| {
                            reader.warn(format!("`Sid` {sid:?} stands more than once"));
                        });
                    });
                });
            }
        }
        self.statement = None;
    }

    fn statement(&mut self, index: usize, raw: &Value, variables: bool) -> Option<Statement> {
        self.statement = Some(index);
        if !raw.is_object() {
            self.lose("a statement is a JSON object");
            return None;
        }
        let sid = self.member(raw, "Sid", |reader, value| match value.as_str() {
            Some(sid) => (!sid.is_empty()).then(|| sid.to_owned()),
            None => {
                reader.warn("`Sid` is not a string");
                None
            }
        });
        let effect = match raw.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Some(StatementEffect::Allow),
            Some("Deny") => Some(StatementEffect::Deny),
            _ => {
                let place = if raw.get("Effect").is_some() { "Effect" } else { "" };
                self.within(Step::Key(place.to_owned()), |reader| {
                    reader.lose("`Effect` is neither \"Allow\" nor \"Deny\"; statement not used");
                });
                None
            }
        };
        let unusable = effect.is_none();
        let elements = self.elements(raw, variables, unusable);
        Some(Statement {
            index,
            sid: sid.flatten(),
            // A statement without a legible effect never applies, so which one stands here does
            // not matter.
            effect: effect.unwrap_or(StatementEffect::Deny),
            raw: raw.clone(),
            elements,
        })
    }

    fn elements(&mut self, raw: &Value, variables: bool, unusable: bool) -> Elements {
        let action = self
            .one_of(raw, "Action", "NotAction")
            .map(|(texts, negated)| ActionElement::new(&texts, negated));
        if action.is_none() {
            self.lose("the statement has neither `Action` nor `NotAction`; not used");
        }
        let resource = self
            .one_of(raw, "Resource", "NotResource")
            .map(|(texts, negated)| ResourceElement::new(&texts, negated, variables));
        let principal = self.principal(raw);
        let read = |reader: &mut Self, value: &Value| reader.conditions(value, variables);
        let conditions = self.member(raw, "Condition", read);
        let is_broken = conditions.as_ref().is_some_and(Option::is_none);
        Elements {
            principal,
            action,
            resource,
            conditions: conditions.flatten().unwrap_or_default(),
            unusable: unusable || is_broken,
        }
    }

    /// The texts of `key`, or of `negated_key` with `true`. AWS refuses both together.
    fn one_of(&mut self, raw: &Value, key: &str, negated_key: &str) -> Option<(Vec<String>, bool)> {
        if raw.get(key).is_some() && raw.get(negated_key).is_some() {
            self.warn(format!("`{key}` and `{negated_key}` exclude each other; `{key}` is used"));
        }
        for (name, negated) in [(key, false), (negated_key, true)] {
            if let Some(texts) = self.member(raw, name, Self::texts) {
                return Some((texts, negated));
            }
        }
        None
    }

    /// One string or a list of them; anything else is reported and left out.
    fn texts(&mut self, value: &Value) -> Vec<String> {
        match value {
            Value::Array(values) => values
                .iter()
                .enumerate()
                .flat_map(|(at, value)| {
                    self.within(Step::Index(at), |reader| match value {
                        Value::String(text) => Some(text.clone()),
                        _ => {
                            reader.lose("expected a string; left out");
                            None
                        }
                    })
                })
                .collect(),
            Value::String(text) => vec![text.clone()],
            _ => {
                self.lose("expected a string or a list of strings");
                Vec::new()
            }
        }
    }

    fn principal(&mut self, raw: &Value) -> Option<PrincipalElement> {
        for (key, negated) in [("Principal", false), ("NotPrincipal", true)] {
            let element = self.member(raw, key, |reader, value| {
                let nothing = match value {
                    Value::Object(kinds) => kinds.is_empty(),
                    _ => false,
                };
                if entries(value).is_empty() && !nothing {
                    reader.warn(format!("`{key}` names nobody"));
                }
                PrincipalElement::new(value, negated)
            });
            if element.is_some() {
                return element;
            }
        }
        None
    }

    /// `None` when the block is no object, so that nothing can be said of what it limits.
    fn conditions(&mut self, value: &Value, variables: bool) -> Option<Vec<Condition>> {
        let Some(operators) = value.as_object() else {
            self.lose("`Condition` is not an object; statement not used");
            return None;
        };
        let mut conditions = Vec::new();
        for (name, keys) in operators {
            self.within(Step::Key(name.clone()), |reader| {
                let operator = Operator::parse(name);
                if operator.is_none() {
                    reader.warn(format!("{name:?} is no condition operator; it never matches"));
                }
                let Some(keys) = keys.as_object() else {
                    reader.lose("expected an object of condition keys; it never matches");
                    conditions.push(Condition::new(None, name, &[], variables));
                    return;
                };
                for (key, values) in keys {
                    let condition = reader.within(Step::Key(key.clone()), |reader| {
                        reader.condition(operator, key, values, variables)
                    });
                    conditions.push(condition);
                }
            });
        }
        Some(conditions)
    }

    fn condition(
        &mut self,
        operator: Option<Operator>,
        key: &str,
        values: &Value,
        variables: bool,
    ) -> Condition {
        let texts = self.scalars(values);
        let is_empty_list = values.as_array().is_some_and(Vec::is_empty);
        // Values none of which can be read must not pass for an empty list, which a negated
        // operator would take as nothing excluded.
        let readable = operator.filter(|_| is_empty_list || !texts.is_empty());
        let condition = Condition::new(readable, key, &texts, variables);
        if condition.is_illegible() {
            self.warn(format!("no value of `{key}` is of the operator's type; none matches"));
        }
        condition
    }

    /// Strings, numbers and booleans, one or a list; unquoted ones are legal in conditions.
    fn scalars(&mut self, value: &Value) -> Vec<String> {
        match value {
            Value::Array(values) => values
                .iter()
                .enumerate()
                .flat_map(|(at, value)| {
                    self.within(Step::Index(at), |reader| match value {
                        Value::Array(_) => {
                            reader.lose("expected a string, number or boolean; left out");
                            Vec::new()
                        }
                        value => reader.scalars(value),
                    })
                })
                .collect(),
            Value::String(text) => vec![text.clone()],
            Value::Number(number) => vec![number.to_string()],
            Value::Bool(value) => vec![value.to_string()],
            Value::Null | Value::Object(_) => {
                self.lose("expected a string, number or boolean; left out");
                Vec::new()
            }
        }
    }
}
