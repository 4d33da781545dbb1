//! A record put together from parts: columns of a table, members under other names. It ends as JSON
//! in CloudTrail's own form, so that there is one way from a record to an event.

use serde_json::{Map, Value};

use super::structs;

/// Members of a record, by their folded names (lower case, letters and digits only).
const RECORD: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "managementEvent",
    "apiVersion",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "eventCategory",
    "addendum",
    "sessionCredentialFromConsole",
    "tlsDetails",
    "eventContext",
];

/// Members below those whose names CloudTrail fixes; requests and responses keep the names they
/// have.
const BELOW: &[(&str, &[&str])] = &[
    (
        "userIdentity",
        &[
            "type",
            "principalId",
            "arn",
            "accountId",
            "accessKeyId",
            "userName",
            "invokedBy",
            "sessionContext",
            "attributes",
            "creationDate",
            "mfaAuthenticated",
            "sessionIssuer",
            "webIdFederationData",
            "federatedProvider",
            "sourceIdentity",
            "ec2RoleDelivery",
            "signInSessionArn",
            "inScopeOf",
            "sourceArn",
            "sourceAccount",
            "issuerType",
            "credentialsIssuedTo",
            "onBehalfOf",
            "userId",
            "identityStoreArn",
            "credentialId",
            "identityProvider",
        ],
    ),
    ("resources", &["ARN", "ARNPrefix", "accountId", "type"]),
    ("tlsDetails", &["tlsVersion", "cipherSuite", "clientProvidedHostHeader", "keyExchange"]),
    ("addendum", &["reason", "updatedFields", "originalRequestID", "originalEventID"]),
];

/// Members that hold structures; as text they hold JSON or a printed struct.
const STRUCTURES: &[&str] = &[
    "userIdentity",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "resources",
    "serviceEventDetails",
    "addendum",
    "tlsDetails",
    "eventContext",
];

/// CloudTrail's spelling of a member's name, however it is written: `useridentity`, `user_identity`,
/// `User Identity`.
pub(super) fn spelled(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    RECORD.iter().find(|known| known.eq_ignore_ascii_case(&folded)).copied()
}

fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A record being put together.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Draft(Map<String, Value>);

impl Draft {
    /// Sets a member by its name in some spelling, `userIdentity.arn` included; a name that is none
    /// of a record's is passed over. The first value that is none of nothing stays.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        let (head, tail) = match name.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (name, None),
        };
        let Some(member) = spelled(head) else { return };
        let value = structure(member, value);
        if is_nothing(&value) {
            return;
        }
        match tail {
            None => {
                let slot = self.0.entry(member).or_insert(Value::Null);
                if slot.is_null() {
                    *slot = respelled(member, value);
                }
            }
            Some(path) => self.set_below(member, path, value),
        }
    }

    fn set_below(&mut self, member: &str, path: &str, value: Value) {
        let mut slot = self.0.entry(member).or_insert_with(|| Value::Object(Map::new()));
        for name in path.split('.') {
            if !slot.is_object() {
                return;
            }
            let Value::Object(map) = slot else { return };
            slot = map.entry(below(member, name)).or_insert_with(|| Value::Object(Map::new()));
        }
        if slot.as_object().is_some_and(Map::is_empty) {
            *slot = value;
        }
    }

    /// Whether there is a member under CloudTrail's name.
    pub(super) fn has(&self, member: &str) -> bool {
        self.0.contains_key(member)
    }

    /// The record as JSON.
    pub(super) fn json(self) -> Option<String> {
        serde_json::to_string(&Value::Object(self.0)).ok()
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text == "-",
        _ => false,
    }
}

/// Structures that come as text are parsed: JSON, or `{k=v}` as Athena prints it.
fn structure(member: &str, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    if !STRUCTURES.contains(&member) {
        return value;
    }
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed == "null" {
        return Value::Null;
    }
    serde_json::from_str(trimmed).ok().or_else(|| structs::parse(trimmed)).unwrap_or(value)
}

/// CloudTrail's spelling of every name in a structure whose names are fixed.
fn respelled(member: &str, value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.into_iter();
            Value::Object(
                members.map(|(name, v)| (below(member, &name), respelled(member, v))).collect(),
            )
        }
        Value::Array(list) => {
            Value::Array(list.into_iter().map(|v| respelled(member, v)).collect())
        }
        other => other,
    }
}

fn below(member: &str, name: &str) -> String {
    let known = BELOW.iter().find(|(at, _)| *at == member).map_or(&[][..], |(_, names)| names);
    let folded = fold(name);
    match known.iter().find(|known| known.eq_ignore_ascii_case(&folded)) {
        Some(spelled) => (*spelled).to_owned(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_columns_together() {
        let mut draft = Draft::default();
        draft.set("eventname", "Decrypt".into());
        draft.set("useridentity", "{type=IAMUser, principalid=AIDA}".into());
        draft.set("requestparameters", r#"{"keyId":"k"}"#.into());
        draft.set("resources", "[{arn=arn:aws:s3:::b, accountid=1}]".into());
        draft.set("responseelements", "null".into());
        draft.set("p_log_type", "AWS.CloudTrail".into());
        draft.set("userIdentity.arn", "arn:x".into());
        assert_eq!(
            draft.json().unwrap(),
            concat!(
                r#"{"eventName":"Decrypt","#,
                r#""userIdentity":{"type":"IAMUser","principalId":"AIDA","arn":"arn:x"},"#,
                r#""requestParameters":{"keyId":"k"},"#,
                r#""resources":[{"ARN":"arn:aws:s3:::b","accountId":"1"}]}"#
            )
        );
    }
}
