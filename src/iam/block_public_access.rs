//! S3 Block Public Access (Amazon S3 User Guide, Blocking public access to your Amazon S3 storage;
//! there, The meaning of "public").

use super::document::Policy;
use super::statement::{Statement, StatementEffect};

/// The settings in force for a bucket: those of bucket and account together, where either turns
/// one on. Of the four only `RestrictPublicBuckets` bears on requests that bucket policies allow;
/// the others concern ACLs and the writing of policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockPublicAccess {
    /// Keeps out other accounts and anonymous callers where the bucket policy is public.
    pub restrict_public_buckets: bool,
}

/// Condition keys that, pinned to fixed values, make a statement non-public, in lower case.
const PINNING_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Whether S3 considers a bucket policy public: some Allow statement grants to more than fixed
/// principals and is not pinned by a condition to fixed values.
pub fn is_public(policy: &Policy) -> bool {
    policy.statements().iter().any(|statement| is_public_statement(statement))
}

fn is_public_statement(statement: &Statement) -> bool {
    statement.effect() == StatementEffect::Allow && means_anyone(statement) && !is_pinned(statement)
}

/// Web identity providers count as anyone: everybody has an account there.
fn means_anyone(statement: &Statement) -> bool {
    let principals = statement.principals();
    statement.raw().get("NotPrincipal").is_some()
        || principals.iter().any(|(kind, text)| match *kind {
            "Federated" => !text.starts_with("arn:"),
            _ => text.contains('*'),
        })
}

fn is_pinned(statement: &Statement) -> bool {
    let operators = statement.raw().get("Condition").and_then(serde_json::Value::as_object);
    operators.into_iter().flatten().any(|(operator, keys)| {
        let keys = keys.as_object();
        keys.into_iter().flatten().any(|(key, values)| pins(operator, key, &texts(values)))
    })
}

fn texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::Array(values) => values.iter().filter_map(|v| v.as_str()).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// Whether the operator holds the key to fixed values: positive, present, without wildcards or
/// policy variables.
fn pins(operator: &str, key: &str, values: &[&str]) -> bool {
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
    let key = key.to_ascii_lowercase();
    if values.is_empty() || !PINNING_KEYS.contains(&key.as_str()) {
        return false;
    }
    match operator {
        "ipaddress" => key == "aws:sourceip" && values.iter().all(|value| is_narrow(value)),
        "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike" => {
            values.iter().all(|value| is_fixed(&key, operator, value))
        }
        _ => false,
    }
}

fn is_fixed(key: &str, operator: &str, value: &str) -> bool {
    let takes_wildcards = !operator.starts_with("stringequals");
    let has_wildcard = takes_wildcards && value.contains(['*', '?']);
    if value.contains("${") {
        return false;
    }
    match key {
        // The name of the access point may be left open, its account may not.
        "s3:dataaccesspointarn" => {
            let account = value.split(':').nth(4).unwrap_or_default();
            !takes_wildcards || (!account.is_empty() && !account.contains(['*', '?']))
        }
        _ => !has_wildcard,
    }
}

/// At least /8, or /32 for IPv6; private ranges (RFC 1918) are exempt from the rule.
fn is_narrow(text: &str) -> bool {
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    match text.parse::<ipnet::IpNet>() {
        Ok(ipnet::IpNet::V4(network)) => network.prefix_len() >= 8,
        Ok(ipnet::IpNet::V6(network)) => network.prefix_len() >= 32,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_public;
    use crate::iam::document::Policy;

    fn public(principal: &str, condition: &str) -> bool {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:*",
                "Resource": "*", "Principal": {principal}, "Condition": {condition}}}]}}"#
        );
        is_public(&Policy::parse(&text).unwrap())
    }

    #[test]
    fn fixed_principals_and_pinned_conditions_are_not_public() {
        let everyone = "\"*\"";
        for (principal, condition, expected) in [
            (everyone, "{}", true),
            (r#"{"AWS": "*"}"#, "{}", true),
            (r#"{"AWS": "111122223333"}"#, "{}", false),
            (r#"{"Service": "cloudtrail.amazonaws.com"}"#, "{}", false),
            (r#"{"Federated": "graph.facebook.com"}"#, "{}", true),
            (everyone, r#"{"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}"#, false),
            (everyone, r#"{"StringLike": {"aws:SourceVpc": "vpc-*"}}"#, true),
            (everyone, r#"{"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}}"#, true),
            (everyone, r#"{"StringEqualsIfExists": {"aws:SourceVpc": "vpc-9"}}"#, true),
            (everyone, r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#, false),
            (everyone, r#"{"StringEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}}"#, true),
            (everyone, r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.1"]}}"#, false),
            (everyone, r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}"#, true),
            (everyone, r#"{"Bool": {"aws:SecureTransport": "true"}}"#, true),
            (
                everyone,
                r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}"#,
                false,
            ),
            (
                everyone,
                r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/x"}}"#,
                true,
            ),
        ] {
            assert_eq!(public(principal, condition), expected, "{principal} {condition}");
        }
    }
}
