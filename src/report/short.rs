//! ARNs as people say them: `user/deploy`, `key/0c7de1f4`, `s3://bucket/key`. Only what the place of an
//! incident tells already is left out, so that two things never get one name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Incident, Report, piece};
use crate::event::arn::{self, Arn};

/// Digits of a UUID that are always told.
const LEAST: usize = 8;

/// Where an incident is: what is of the same account and Region is told without them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Twelve digits.
    pub account: Option<&'a str>,
    /// `eu-west-1`.
    pub region: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The account and Region of the call that was made, else of what was denied.
    pub fn of(incident: &'a Incident) -> Place<'a> {
        let denied = incident.denied.as_ref();
        let root = incident.root.as_ref();
        let of_arn = |arn: Option<&'a String>| arn.and_then(|arn| Arn::parse(arn));
        let principal = of_arn(denied.and_then(|denied| denied.principal_arn.as_ref()))
            .or(of_arn(root.and_then(|root| root.principal_arn.as_ref())));
        let resource = of_arn(denied.and_then(|denied| denied.resource.as_ref()));
        let known = |part: &'a str| Some(part).filter(|part| !part.is_empty());
        let account = root
            .and_then(|root| root.account_id.as_deref())
            .or(principal.and_then(|arn| known(arn.account)))
            .or(resource.and_then(|arn| known(arn.account)));
        let region = root
            .and_then(|root| root.region.as_deref())
            .or(resource.and_then(|arn| known(arn.region)));
        Place { account, region }
    }
}

/// How the type of a resource is told.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// `role/x`: the type, and the name without its path, which is unique in the account (IAM User
    /// Guide, "IAM identifiers").
    Named,
    /// `key/0c7de1f4`: the type, and so much of a UUID as no other of the report begins with.
    Begun,
    /// `vol-0a1b2c3d4e5f60718`: the id says what it is.
    Itself,
    /// `table/T`: as it is.
    Whole,
    /// `queue/q`: the ARN has no type.
    Under(&'static str),
}

/// The services whose types say alone what a thing is: service, type (`*`: any), how it is told. What is
/// in no row is told with its service, `ecs:cluster/x`.
const TYPES: [(&str, &str, Told); 18] = [
    ("iam", "role", Told::Named),
    ("iam", "user", Told::Named),
    ("iam", "group", Told::Named),
    ("iam", "policy", Told::Named),
    ("iam", "instance-profile", Told::Named),
    ("iam", "root", Told::Whole),
    ("kms", "key", Told::Begun),
    ("kms", "alias", Told::Whole),
    ("ec2", "volume", Told::Itself),
    ("ec2", "snapshot", Told::Itself),
    ("ec2", "instance", Told::Itself),
    ("ec2", "vpc-endpoint", Told::Itself),
    ("lambda", "function", Told::Whole),
    ("dynamodb", "table", Told::Whole),
    ("logs", "log-group", Told::Whole),
    ("secretsmanager", "secret", Told::Whole),
    ("sqs", "*", Told::Under("queue/")),
    ("sns", "*", Told::Under("topic/")),
];

/// Shortens what stands in one report.
#[derive(Debug, Clone, Default)]
pub struct Short {
    /// Of each UUID of a key, how much tells it from all others of the report.
    begun: BTreeMap<String, usize>,
}

impl Short {
    /// For the names of a report.
    pub fn of(report: &Report) -> Short {
        let text = serde_json::to_string(&report.incidents).unwrap_or_default();
        let ids = text.match_indices(":key/").filter_map(|(at, found)| {
            let rest = text.get(at + found.len()..)?;
            let id = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?;
            is_begun(id).then(|| id.to_owned())
        });
        Short::among(ids.collect())
    }

    fn among(ids: BTreeSet<String>) -> Short {
        let ids: Vec<String> = ids.into_iter().collect();
        let shared = |one: &str, other: Option<&String>| {
            let other = other.map_or("", String::as_str);
            one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
        };
        // In order, what shares most stands beside it.
        let begun = ids.iter().enumerate().map(|(at, id)| {
            let before = at.checked_sub(1).and_then(|at| ids.get(at));
            let alike = shared(id, before).max(shared(id, ids.get(at + 1)));
            let least = if id.starts_with(MULTI_REGION) { MULTI_REGION.len() } else { 0 } + LEAST;
            (id.clone(), least.max(alike + 1).min(id.len()))
        });
        Short { begun: begun.collect() }
    }

    /// An ARN as it is called at this place; what is no ARN stays as it is.
    pub fn name(&self, arn: &str, place: Place<'_>) -> String {
        let Some(parsed) = Arn::parse(arn) else { return arn.to_owned() };
        if parsed.service == "s3" && parsed.region.is_empty() && parsed.account.is_empty() {
            return format!("s3://{}", parsed.resource);
        }
        if let Some(session) = arn::role_session(arn) {
            let owner = owner(&parsed, place);
            return format!("{owner}role/{}/{}", session.role, session.session);
        }
        let (kind, id) = parsed.split();
        let kind = kind.unwrap_or(parsed.resource);
        let row = TYPES
            .iter()
            .find(|(service, of, _)| *service == parsed.service && (*of == "*" || *of == kind));
        let owner = owner(&parsed, place);
        match row.map(|(_, _, told)| told) {
            None => format!("{}:{owner}{}", parsed.service, parsed.resource),
            Some(Told::Named) => {
                format!("{owner}{kind}/{}", id.rsplit('/').next().unwrap_or(id))
            }
            Some(Told::Begun) => format!("{owner}{kind}/{}", self.begun(id)),
            Some(Told::Itself) if id.starts_with(|c: char| c.is_ascii_lowercase()) => {
                format!("{owner}{id}")
            }
            Some(Told::Under(kind)) => format!("{owner}{kind}{}", parsed.resource),
            Some(Told::Whole | Told::Itself) => format!("{owner}{}", parsed.resource),
        }
    }

    /// A running text with the ARNs in it shortened.
    pub fn text(&self, text: &str, place: Place<'_>) -> String {
        let pieces = piece::pieces(text).into_iter().map(|piece| match piece.is_arn {
            true => self.name(piece.text, place),
            false => piece.text.to_owned(),
        });
        pieces.collect()
    }

    fn begun<'i>(&self, id: &'i str) -> &'i str {
        let length = self.begun.get(id).copied().unwrap_or(id.len());
        id.get(..length).unwrap_or(id)
    }
}

/// What the id of a multi-Region key begins with (KMS Developer Guide, "Multi-Region keys").
const MULTI_REGION: &str = "mrk-";

/// What stands in for an id in a report that is shared.
const STAND_IN: &str = "00000000";

/// Whether an id is made of random digits, so that its beginning tells it.
fn is_begun(id: &str) -> bool {
    let digits = id.strip_prefix(MULTI_REGION).unwrap_or(id);
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    digits.len() >= 32 && digits.bytes().all(is_digit) && !digits.starts_with(STAND_IN)
}

/// Account and Region, where they are not those of the place: `us-east-1:444455556666:`.
fn owner(arn: &Arn<'_>, place: Place<'_>) -> String {
    let other = |part: &str, known: Option<&str>| match !part.is_empty() && Some(part) != known {
        true => format!("{part}:"),
        false => String::new(),
    };
    other(arn.region, place.region) + &other(arn.account, place.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { account: Some("111122223333"), region: Some("eu-west-1") };

    #[test]
    fn what_the_place_tells_is_left_out() {
        let short = Short::default();
        for (arn, name) in [
            ("arn:aws:iam::111122223333:user/people/deploy", "user/deploy"),
            ("arn:aws:iam::444455556666:role/Build", "444455556666:role/Build"),
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", "aws:policy/ReadOnlyAccess"),
            ("arn:aws:iam::111122223333:root", "root"),
            ("arn:aws:sts::111122223333:assumed-role/Admin/alice", "role/Admin/alice"),
            ("arn:aws:s3:::bucket/a/b.txt", "s3://bucket/a/b.txt"),
            (
                "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a1b2c3d4e5f60718",
                "vol-0a1b2c3d4e5f60718",
            ),
            ("arn:aws:ec2:eu-west-1:111122223333:volume/*", "volume/*"),
            ("arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b2c3d", "us-east-1:i-0a1b2c3d"),
            ("arn:aws:sqs:eu-west-1:111122223333:orders", "queue/orders"),
            ("arn:aws:ecs:eu-west-1:111122223333:cluster/main", "ecs:cluster/main"),
            (
                "arn:aws:eks:us-east-1:444455556666:cluster/main",
                "eks:us-east-1:444455556666:cluster/main",
            ),
            ("arn:aws:kms:eu-west-1:111122223333:alias/app", "alias/app"),
            ("ec2.amazonaws.com", "ec2.amazonaws.com"),
            ("deploy", "deploy"),
        ] {
            assert_eq!(short.name(arn, HERE), name);
        }
        let nowhere = "444455556666:user/x";
        assert_eq!(short.name("arn:aws:iam::444455556666:user/x", Place::default()), nowhere);
    }

    #[test]
    fn keys_are_told_by_as_much_as_no_other_begins_with() {
        let ids = [
            "0c7de1f4-0000-4000-8000-000000000001",
            "0c7de1f4-0000-4000-8000-000000000002",
            "1a2b3c4d-0000-4000-8000-000000000001",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
        ];
        let short = Short::among(ids.map(str::to_owned).into());
        let names =
            ids.map(|id| short.name(&format!("arn:aws:kms:eu-west-1:111122223333:key/{id}"), HERE));
        let whole = format!("key/{}", ids[0]);
        assert_eq!(names[0], whole);
        assert_eq!(names[2], "key/1a2b3c4d");
        assert_eq!(names[3], "key/mrk-1234abcd");
        let stand_in = "00000000-0000-4000-8000-000000000001";
        assert!(!is_begun(stand_in), "it leads back as a whole");
        let unknown = "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-0000-4000-8000-000000000001";
        assert_eq!(short.name(unknown, HERE), "key/ffffffff-0000-4000-8000-000000000001");
    }

    #[test]
    fn arns_in_a_text_are_shortened_and_its_words_stay() {
        let text = "The key policy of arn:aws:kms:eu-west-1:111122223333:alias/a (arn:aws:s3:::b).";
        assert_eq!(Short::default().text(text, HERE), "The key policy of alias/a (s3://b).");
    }
}
