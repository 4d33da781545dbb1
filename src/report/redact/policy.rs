//! Policy documents, as JSON and as text: what a piece is follows from the member it stands in.

use serde_json::{Map, Value};

use super::Redactor;
use crate::event::Time;

/// Members of policies, grants and statements whose names are IAM's (IAM user guide, "IAM JSON policy
/// elements reference"; KMS API reference, `CreateGrant`), and the same in Terraform.
const MEMBERS: [&str; 60] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "AWS",
    "Service",
    "Federated",
    "CanonicalUser",
    "KeyId",
    "Name",
    "GranteePrincipal",
    "RetiringPrincipal",
    "Operations",
    "Constraints",
    "EncryptionContextSubset",
    "EncryptionContextEquals",
    "op",
    "path",
    "from",
    "value",
    "policy",
    "name",
    "role",
    "user",
    "group",
    "bucket",
    "key_id",
    "policy_arn",
    "queue_url",
    "arn",
    "vpc_endpoint_id",
    "grantee_principal",
    "retiring_principal",
    "operations",
    "sid",
    "effect",
    "actions",
    "not_actions",
    "resources",
    "not_resources",
    "type",
    "identifiers",
    "test",
    "variable",
    "values",
    "provider",
    "for_each",
    "count",
    "target_id",
    "policy_id",
    "PolicyName",
    "PolicyDocument",
];

/// Operations of grants (KMS API reference, `CreateGrant`).
const OPERATIONS: [&str; 17] = [
    "Encrypt",
    "Decrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
];

/// Members and condition keys whose values are services (IAM user guide, "AWS global condition context
/// keys"; KMS developer guide, "kms:ViaService").
const SERVICES: [&str; 6] = [
    "Service",
    "kms:ViaService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:PrincipalServiceName",
];

/// Beginnings of condition operators (IAM user guide, "IAM JSON policy elements: Condition
/// operators").
const OPERATORS: [&str; 6] = ["String", "Numeric", "Date", "Arn", "IpAddress", "NotIpAddress"];

/// Where in a policy a value stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    /// The condition operator around it.
    operator: Option<String>,
    /// The member that holds it.
    name: String,
    /// Whether the members here were named by people: tags, encryption contexts.
    free: bool,
}

impl Member {
    /// Inside the member `name`.
    pub(super) fn inside(&self, name: &str) -> Member {
        let free = matches!(
            name,
            "tags"
                | "Tags"
                | "EncryptionContextSubset"
                | "EncryptionContextEquals"
                | "encryption_context_equals"
                | "encryption_context_subset"
        );
        let operator = match is_operator(name) && self.operator.is_none() {
            true => Some(name.to_owned()),
            false => self.operator.clone(),
        };
        Member { operator, name: name.to_owned(), free }
    }

    /// Whether the member here is a condition key: what stands directly in an operator.
    fn holds_keys(&self) -> bool {
        self.operator.as_deref() == Some(self.name.as_str())
    }
}

/// A member of a policy, or an operator of its conditions.
pub(super) fn is_member(word: &str) -> bool {
    MEMBERS.contains(&word) || is_operator(word)
}

impl Redactor {
    /// A document, or a part of one.
    pub(super) fn policy(&mut self, value: &mut Value, at: &Member) {
        match value {
            Value::String(text) => *text = self.policy_text(text, at),
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.policy(part, at)),
            Value::Object(fields) => {
                let replaced: Map<String, Value> = std::mem::take(fields)
                    .into_iter()
                    .map(|(name, mut field)| {
                        self.policy(&mut field, &at.inside(&name));
                        (self.member(&name, at), field)
                    })
                    .collect();
                *fields = replaced;
            }
            _ => {}
        }
    }

    /// The name of a member.
    fn member(&mut self, name: &str, at: &Member) -> String {
        if at.free {
            return self.context_key(name);
        }
        if at.holds_keys() {
            return self.key(name);
        }
        match is_member(name) {
            true => name.to_owned(),
            false => self.key(name),
        }
    }

    /// `aws:ebs:id`: AWS's own context key; others are names.
    pub(super) fn context_key(&mut self, name: &str) -> String {
        match name.strip_prefix("aws:") {
            Some(rest) if rest.bytes().all(|b| b.is_ascii_lowercase() || b":-".contains(&b)) => {
                name.to_owned()
            }
            _ => self.name(name),
        }
    }

    /// A value at its place.
    pub(super) fn policy_text(&mut self, text: &str, at: &Member) -> String {
        let operator = at.operator.as_deref().unwrap_or_default();
        let operator = operator.rsplit(':').next().unwrap_or_default();
        let plain = !at.free;
        let kept = plain
            && match (operator, at.name.as_str()) {
                ("Bool" | "BoolIfExists" | "Null", _) => matches!(text, "true" | "false"),
                // The value of a patch, whose path tells the operator.
                ("", key) if matches!(text, "true" | "false") => {
                    key == "value" || (key.contains(':') && !key.contains('/'))
                }
                (_, "Effect" | "effect") => matches!(text, "Allow" | "Deny"),
                (_, "Version") => matches!(text, "2012-10-17" | "2008-10-17"),
                (_, "Action" | "NotAction" | "actions" | "not_actions") => self.is_action(text),
                (_, "Operations" | "operations") => OPERATIONS.contains(&text),
                (_, key) if SERVICES.contains(&key) => self.is_service(text),
                (_, "aws:RequestedRegion") => super::word::is_region(text),
                (_, "op") => {
                    matches!(text, "add" | "remove" | "replace" | "move" | "copy" | "test")
                }
                (_, "type") => matches!(text, "AWS" | "Service" | "Federated" | "*"),
                (_, "test") => is_operator(text),
                (operator, _) if operator.starts_with("Numeric") => text.parse::<f64>().is_ok(),
                (operator, _) if operator.starts_with("Date") => Time::parse(text).is_some(),
                _ => false,
            };
        if kept || text == "*" {
            return text.to_owned();
        }
        match at.name.as_str() {
            "path" | "from" => self.pointer(text),
            "variable" => self.key(text),
            _ => self.name(text),
        }
    }

    /// A JSON pointer: members of policies and positions stay.
    fn pointer(&mut self, text: &str) -> String {
        let mut at = Member::default();
        let mut result = Vec::new();
        for part in text.split('/') {
            let part = part.replace("~1", "/").replace("~0", "~");
            let position = part == "-" || part.bytes().all(|b| b.is_ascii_digit());
            let told = match position && part.len() < 5 {
                true => part.clone(),
                false => self.member(&part, &at),
            };
            if !position {
                at = at.inside(&part);
            }
            result.push(told.replace('~', "~0").replace('/', "~1"));
        }
        result.join("/")
    }

    /// A document as text: the lines of a difference, Terraform. Strings are told by the member before
    /// them, other words are the languages' own.
    pub(super) fn code(&mut self, text: &str) -> String {
        let mut at = Member::default();
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        let mut words: Vec<String> = Vec::new();
        let (mut test, mut variable) = (String::new(), String::new());
        while let Some(first) = rest.chars().next() {
            let inside = |c: char| c.is_alphanumeric() || "_.-:/".contains(c);
            if first == '"' {
                let (string, after) = quoted(rest);
                rest = after;
                let value = string.trim_matches('"');
                match at.name.as_str() {
                    "test" => value.clone_into(&mut test),
                    "variable" => value.clone_into(&mut variable),
                    _ => {}
                }
                result.push_str(&self.quoted(string, after, &mut at, &words));
                words.push("\"".to_owned());
            } else if first == '#' {
                let (comment, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
                rest = after;
                result.push_str(&self.text_of_program(comment));
            } else if first.is_alphanumeric() || first == '_' {
                let (word, after) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
                rest = after;
                if after.trim_start().starts_with('=') {
                    at = match word {
                        "values" => Member::default().inside(&test).inside(&variable),
                        _ => Member::default().inside(word),
                    };
                }
                result.push_str(&self.bare(word));
                words.push(word.to_owned());
            } else {
                if first == '\n' {
                    words.clear();
                }
                result.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        result
    }

    fn quoted(&mut self, string: &str, after: &str, at: &mut Member, words: &[String]) -> String {
        let Ok(value) = serde_json::from_str::<String>(string) else {
            return format!("\"{}\"", self.name(string.trim_matches('"')));
        };
        let declares = words.first().is_some_and(|word| word == "resource" || word == "data");
        let told = if declares && words.len() == 1 && is_type(&value)
            || declares && words.len() == 2 && value == "fixed"
        {
            value
        } else if after.trim_start_matches([' ', '\t']).starts_with([':', '=']) {
            // A member: an operator holds keys until a member of the statement comes.
            let holder = match at.operator.clone() {
                Some(operator) if !MEMBERS.contains(&value.as_str()) && !is_operator(&value) => {
                    Member { name: operator.clone(), operator: Some(operator), free: false }
                }
                _ => Member {
                    free: at.free && !MEMBERS.contains(&value.as_str()),
                    ..Member::default()
                },
            };
            let told = self.member(&value, &holder);
            let free = holder.free;
            *at = holder.inside(&value);
            at.free |= free;
            told
        } else {
            self.policy_text(&value, at)
        };
        serde_json::to_string(&told).unwrap_or_default()
    }

    /// A word outside quotes: a keyword, a number, a reference.
    fn bare(&mut self, word: &str) -> String {
        let known = |part: &str| self.vocabulary.is_grammar(part) || is_type(part);
        let number =
            word.len() < 12 && word.bytes().all(|b| b.is_ascii_digit() || b".,-".contains(&b));
        match number || word.split('.').all(known) {
            true => word.to_owned(),
            false => self.name(word),
        }
    }
}

/// A string with its quotes, and what follows.
fn quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return text.split_at(at + 1),
            '\n' => return text.split_at(at),
            _ => escaped = character == '\\' && !escaped,
        }
    }
    (text, "")
}

/// `aws_kms_key_policy`: a type of the AWS provider's.
fn is_type(word: &str) -> bool {
    word.starts_with("aws_")
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `StringEquals`, `ForAnyValue:StringLikeIfExists`, `Null`.
pub(super) fn is_operator(word: &str) -> bool {
    let word =
        word.strip_prefix("ForAllValues:").or(word.strip_prefix("ForAnyValue:")).unwrap_or(word);
    let word = word.strip_suffix("IfExists").unwrap_or(word);
    let rest = OPERATORS.iter().find_map(|begin| word.strip_prefix(begin));
    let relation = |rest: &str| {
        let tails = [
            "",
            "Equals",
            "NotEquals",
            "EqualsIgnoreCase",
            "NotEqualsIgnoreCase",
            "Like",
            "NotLike",
            "LessThan",
            "LessThanEquals",
            "GreaterThan",
            "GreaterThanEquals",
        ];
        tails.contains(&rest)
    };
    matches!(word, "Bool" | "Null" | "BinaryEquals") || rest.is_some_and(relation)
}
