//! Which resources carry a policy of their own (`policies.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

use super::table::{action, names_of};

/// A kind of resource-based policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    service: String,
    types: Vec<String>,
    #[serde(default)]
    under: Vec<String>,
    policy: String,
    by: Vec<String>,
    across: Across,
    #[serde(default)]
    governs: Vec<String>,
    source: String,
}

/// What a resource-based policy can do for other accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Across {
    /// It opens the resource to them and holds within its own account as well.
    Yes,
    /// It only shares with them: nothing within the owner's account depends on it.
    Only,
    /// Other accounts cannot be given access by it.
    No,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Policy>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("policies.toml")).unwrap_or_default();
    rows.row
});

impl Policy {
    /// What AWS calls it, e.g. `bucket policy`.
    pub fn name(&self) -> &str {
        &self.policy
    }

    /// The IAM actions that change it.
    pub fn changed_by(&self) -> &[String] {
        &self.by
    }

    /// What it can do for other accounts.
    pub fn across(&self) -> Across {
        self.across
    }

    /// The public page that tells of it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it can allow or deny that action.
    pub fn decides(&self, action: &str) -> bool {
        let Some((service, _)) = action.split_once(':') else { return false };
        if self.governs.is_empty() {
            return service.eq_ignore_ascii_case(&self.service);
        }
        self.governs.iter().any(|governed| match governed.strip_suffix('*') {
            Some(start) => {
                action.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
            }
            None => governed.eq_ignore_ascii_case(action),
        })
    }

    fn is_on(&self, service: &str, kind: &str) -> bool {
        self.service == service && self.types.iter().chain(&self.under).any(|named| named == kind)
    }
}

/// The kinds of policies that hold for the resource with that ARN: its own, or that of what it lies
/// in (an object: its bucket's).
pub fn policies_of(arn: &str) -> Vec<&'static Policy> {
    let (service, types) = names_of(arn);
    policies_on(service, &types).collect()
}

fn policies_on(service: &str, types: &[&str]) -> impl Iterator<Item = &'static Policy> {
    TABLE.iter().filter(move |row| types.iter().any(|kind| row.is_on(service, kind)))
}

/// Whether any resource of the service, by its word in ARNs, carries a policy.
pub fn service_carries_policies(service: &str) -> bool {
    TABLE.iter().any(|row| row.service == service)
}

/// Whether a policy can hold for the resource; `None` where its type is not known.
pub fn carries_policy(arn: &str) -> Option<bool> {
    let (service, types) = names_of(arn);
    (!types.is_empty()).then(|| policies_on(service, &types).next().is_some())
}

/// Whether a resource-based policy can be what decides on `action` on that resource, for a caller of
/// the owner's account or of another; `None` where the resource's type is not known.
pub fn can_decide(action: &str, arn: &str, same_account: bool) -> Option<bool> {
    let counts = |row: &Policy| {
        let reaches = match row.across {
            Across::Yes => true,
            Across::Only => !same_account,
            Across::No => same_account,
        };
        reaches && row.decides(action)
    };
    let (service, types) = names_of(arn);
    (!types.is_empty()).then(|| policies_on(service, &types).any(counts))
}

/// Whether a resource-based policy can be what decides on `action` on some resource, whichever it is,
/// for a caller of the owner's account; `None` where AWS publishes no such action.
pub fn can_be_decided(name: &str) -> Option<bool> {
    let action = action(name)?;
    let (service, _) = name.split_once(':')?;
    let types = action.types();
    // A trust policy is IAM's and decides on actions of STS.
    let is_of = |row: &Policy| row.service == service || !row.governs.is_empty();
    let is_on =
        |row: &Policy| is_of(row) && types.iter().any(|kind| row.is_on(&row.service, kind.name));
    let counts = |row: &Policy| row.across != Across::Only && is_on(row) && row.decides(name);
    Some(TABLE.iter().any(counts))
}

#[cfg(test)]
mod tests {
    use super::super::table::resource_types;
    use super::*;

    #[test]
    fn every_row_names_what_exists() {
        let rows: Rows = toml::from_str(include_str!("policies.toml")).unwrap();
        assert!(rows.row.len() > 80);
        for row in rows.row {
            let known: Vec<&str> =
                resource_types(&row.service).iter().map(|kind| kind.name).collect();
            for kind in row.types.iter().chain(&row.under) {
                assert!(known.contains(&kind.as_str()), "{}: {kind}", row.service);
            }
            assert!(!row.types.is_empty() && !row.policy.is_empty(), "{row:?}");
            for name in row.by.iter().chain(row.governs.iter().filter(|name| !name.ends_with('*')))
            {
                assert!(action(name).is_some(), "{}: {name}", row.service);
            }
            assert!(row.source.starts_with("https://"), "{row:?}");
        }
    }

    #[test]
    fn an_action_without_a_resource_is_asked_by_its_types() {
        for (action, want) in [
            ("s3:PutObject", Some(true)),
            ("kms:Decrypt", Some(true)),
            ("kms:CreateKey", Some(false)),
            ("s3:ListAllMyBuckets", Some(false)),
            ("iam:CreateUser", Some(false)),
            ("ec2:RunInstances", Some(false)),
            ("sts:AssumeRole", Some(true)),
            ("sqs:ReceiveMessage", Some(true)),
            ("nothing:AtAll", None),
        ] {
            assert_eq!(can_be_decided(action), want, "{action}");
        }
    }

    #[test]
    fn a_policy_decides_where_the_resource_can_have_one() {
        const SAME: bool = true;
        for (action, arn, same, want) in [
            ("s3:GetObject", "arn:aws:s3:::b/k", SAME, Some(true)),
            ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k", SAME, Some(true)),
            ("iam:CreateUser", "arn:aws:iam::111122223333:user/u", SAME, Some(false)),
            ("iam:PassRole", "arn:aws:iam::111122223333:role/r", SAME, Some(false)),
            ("sts:AssumeRole", "arn:aws:iam::111122223333:role/r", SAME, Some(true)),
            ("ec2:AttachVolume", "arn:aws:ec2:eu-west-1:111122223333:volume/v", SAME, Some(false)),
            (
                "ssm:GetParameter",
                "arn:aws:ssm:eu-west-1:111122223333:parameter/p",
                SAME,
                Some(false),
            ),
            (
                "ssm:GetParameter",
                "arn:aws:ssm:eu-west-1:111122223333:parameter/p",
                !SAME,
                Some(true),
            ),
            (
                "execute-api:Invoke",
                "arn:aws:execute-api:eu-west-1:111122223333:abc/prod/GET/x",
                SAME,
                Some(true),
            ),
            ("x:Y", "arn:aws:nothing:::x", SAME, None),
        ] {
            assert_eq!(can_decide(action, arn, same), want, "{action} {arn} {same}");
        }
    }
}
