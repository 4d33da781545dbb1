//! By what the same failure is known again in another export: a mark made of the refused record
//! alone. Neither other records nor policies nor what was concluded go into it, so that the logs of
//! today and of yesterday, whole or in parts, give one failure one mark.

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::incident::Occurrence;
use crate::contrast;
use crate::event::arn::{self, Arn};
use crate::event::{Event, Field, IdentityType, action};

/// Goes into every mark: what is made in another way must not be taken for the same.
const VERSION: &str = "1";

/// The mark of a sort of failure. Where its event stands in the log does not matter, nor when it
/// was or in which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(u64);

impl Signature {
    /// Of a refused record, or of the call whose step never came: account, role or user, error
    /// code, recorded operation, and what it was on, cut to what can hold a policy.
    pub fn of(event: &Event) -> Signature {
        let account = event.caller_account().or_else(|| event.account());
        Signature::of_texts(&[
            VERSION,
            account.unwrap_or_default(),
            &principal(event),
            event.error_code().unwrap_or_default(),
            event.source(),
            action::operation(event.name()),
            &resource(event),
        ])
    }

    /// Of the record that an occurrence is known by: the refused one, else the call at the top.
    pub fn of_occurrence(occurrence: &Occurrence, events: &[Event]) -> Option<Signature> {
        let denied = occurrence.failing.as_ref().map(|failing| failing.denied);
        events.get(denied.or(occurrence.root)?).map(Signature::of)
    }

    /// The same mark for something that has another name already.
    #[must_use]
    pub fn with(self, more: &str) -> Signature {
        Signature::of_texts(&[&self.to_string(), more])
    }

    /// The word for an incident that is known by this mark.
    pub fn incident(self) -> String {
        format!("inc-{:016x}", self.0)
    }

    /// A name in the log may be anything, and the mark decides what a baseline hides: nobody must be
    /// able to choose a name that gives the mark of another failure.
    fn of_texts(texts: &[&str]) -> Signature {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        let first = hash.finalize();
        Signature(first.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte)))
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sig-{:016x}", self.0)
    }
}

/// The role without path and session (some records lack the one, all sessions have the other), the
/// user, or the service by its name.
fn principal(event: &Event) -> String {
    if event.identity_type == IdentityType::AwsService {
        return event.invoked_by().unwrap_or_default().to_owned();
    }
    if let Some(arn) = event.principal_arn() {
        return match arn::role_name(arn) {
            Some((account, name)) => format!("role {account} {name}"),
            None => arn.to_owned(),
        };
    }
    let id = event.principal_id().map(|id| match event.identity_type {
        IdentityType::WebIdentityUser | IdentityType::SamlUser => id,
        // `AROA…:session`, as a record that another account gets has it.
        _ => id.split_once(':').map_or(id, |(id, _)| id),
    });
    id.or_else(|| event.get(Field::UserName))
        .or_else(|| event.invoked_by())
        .unwrap_or_default()
        .to_owned()
}

fn resource(event: &Event) -> String {
    let service = action::service_prefix(event.source());
    contrast::resource(event).map_or_else(String::new, |named| holder(service, &named))
}

/// A row of `holders.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    service: String,
    #[serde(rename = "type")]
    kind: String,
    between: Option<char>,
    parts: Option<usize>,
    #[serde(default)]
    bare: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Row>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("holders.toml")).unwrap_or_default();
    rows.row
});

/// What can hold a policy of what a call of `service` was on: the bucket of an object, the key, the
/// role; of what can hold none its type alone.
pub fn holder(service: &str, resource: &str) -> String {
    if let Some(session) = arn::role_session(resource) {
        return format!("role {} {}", session.account, session.role);
    }
    let Some(arn) = Arn::parse(resource) else {
        let named = TABLE.iter().any(|row| row.service == service && row.bare);
        return match resource.split_once('-') {
            _ if named => format!("{service} {resource}"),
            // `vol-…`, `sg-…`: the type by its prefix.
            Some((prefix, id)) if is_id(prefix, id) => format!("{service} {prefix}"),
            _ => service.to_owned(),
        };
    };
    let kind = arn.split().0.unwrap_or_default();
    let Some(row) = TABLE.iter().find(|row| row.service == arn.service && row.kind == kind) else {
        return format!("{} {kind}", arn.service);
    };
    let held = match (row.between, row.parts) {
        (Some(between), Some(parts)) => {
            let end = arn.resource.match_indices(between).nth(parts.saturating_sub(1));
            end.map_or(arn.resource, |(end, _)| arn.resource.get(..end).unwrap_or_default())
        }
        _ => arn.resource,
    };
    format!("{}:{}:{}:{held}", arn.service, arn.region, arn.account)
}

/// Whether such a resource can hold a policy of its own.
pub(super) fn can_hold(arn: &Arn<'_>) -> bool {
    let kind = arn.split().0.unwrap_or_default();
    TABLE.iter().any(|row| row.service == arn.service && row.kind == kind)
}

fn is_id(prefix: &str, id: &str) -> bool {
    let letters = prefix.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..=12).contains(&prefix.len()) && letters && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, Time};

    #[test]
    fn the_table_can_be_read() {
        let rows: Rows = toml::from_str(include_str!("holders.toml")).unwrap();
        assert!(rows.row.len() > 40);
        for row in &rows.row {
            assert_eq!(row.between.is_some(), row.parts.is_some(), "{row:?}");
        }
    }

    #[test]
    fn a_resource_is_cut_to_what_can_hold_a_policy() {
        for (service, resource, held) in [
            ("s3", "arn:aws:s3:::logs/2026/a.gz", "s3:::logs"),
            ("s3", "arn:aws:s3:::logs", "s3:::logs"),
            (
                "kms",
                "arn:aws:kms:eu-west-1:111122223333:key/1-2",
                "kms:eu-west-1:111122223333:key/1-2",
            ),
            ("kms", "alias/orders", "kms alias/orders"),
            (
                "sqs",
                "arn:aws:sqs:eu-west-1:111122223333:orders",
                "sqs:eu-west-1:111122223333:orders",
            ),
            (
                "sns",
                "arn:aws:sns:eu-west-1:111122223333:orders:0a1b",
                "sns:eu-west-1:111122223333:orders",
            ),
            (
                "lambda",
                "arn:aws:lambda:eu-west-1:111122223333:function:f:7",
                "lambda:eu-west-1:111122223333:function:f",
            ),
            (
                "dynamodb",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/T/index/i",
                "dynamodb:eu-west-1:111122223333:table/T",
            ),
            (
                "logs",
                "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/x:log-stream:s",
                "logs:eu-west-1:111122223333:log-group:/aws/x",
            ),
            ("sts", "arn:aws:iam::111122223333:role/a/R", "iam::111122223333:role/a/R"),
            ("sts", "arn:aws:sts::111122223333:assumed-role/R/s", "role 111122223333 R"),
            ("ec2", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a1b2c3d", "ec2 volume"),
            ("ec2", "arn:aws:ec2:eu-west-1::image/ami-0a1b2c3d", "ec2 image"),
            ("ec2", "vol-0a1b2c3d", "ec2 vol"),
            ("glue", "arn:aws:glue:eu-west-1:111122223333:job/nightly", "glue job"),
            ("batch", "nightly-report", "batch"),
            ("secretsmanager", "prod-db", "secretsmanager prod-db"),
        ] {
            assert_eq!(holder(service, resource), held, "{resource}");
        }
    }

    /// A refused call of a role's session: error code, event, resource, session.
    fn refused(parts: [&str; 4]) -> Signature {
        let [code, name, resource, session] = parts;
        let mut b = EventBuilder::default();
        b.put(Field::EventSource, Some("ec2.amazonaws.com"));
        b.put(Field::EventName, Some(name));
        b.put(Field::ErrorCode, Some(code));
        b.put(Field::ErrorMessage, Some(resource));
        b.put(
            Field::Arn,
            Some(&format!("arn:aws:sts::111122223333:assumed-role/Deploy/{session}")),
        );
        b.put(Field::AccountId, Some("111122223333"));
        let issuer =
            (session == "with-issuer").then_some("arn:aws:iam::111122223333:role/x/Deploy");
        b.put(Field::IssuerArn, issuer);
        Signature::of(&b.finish(Time(0), IdentityType::AssumedRole))
    }

    #[test]
    fn sessions_ids_and_api_dates_do_not_matter() {
        let on = |id: &str| format!("not authorized on arn:aws:ec2:eu-west-1::volume/{id}");
        let one = refused(["AccessDenied", "CreateVolume", &on("vol-1"), "one"]);
        for same in [
            ["AccessDenied", "CreateVolume", &on("vol-2"), "other"],
            ["AccessDenied", "CreateVolume20161115", &on("vol-1"), "with-issuer"],
        ] {
            assert_eq!(refused(same), one, "{same:?}");
        }
        for other in [
            ["UnauthorizedOperation", "CreateVolume", &on("vol-1"), "one"],
            ["AccessDenied", "DeleteVolume", &on("vol-1"), "one"],
            ["AccessDenied", "CreateVolume", "not authorized on arn:aws:sqs:r:1:q", "one"],
        ] {
            assert_ne!(refused(other), one, "{other:?}");
        }
        assert_eq!(one.to_string().len(), "sig-".len() + 16);
        assert_eq!(one.incident().get(4..), one.to_string().get(4..));
        assert_ne!(one.with("x"), one);
    }

    #[test]
    fn what_stands_in_two_fields_is_not_what_stands_in_one() {
        assert_ne!(Signature::of_texts(&["ab", "c"]), Signature::of_texts(&["a", "bc"]));
        // The first eight bytes of SHA-256, fixed for ever.
        assert_eq!(Signature::of_texts(&[]).to_string(), "sig-e3b0c44298fc1c14");
    }
}
