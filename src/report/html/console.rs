//! Links into the AWS console, for those who may sign in there. A link is made only of parts that
//! have the form AWS gives them; what does not is no link.

use super::RawEvents;
use crate::event::arn::Arn;
use crate::event::partition;
use serde_json::Value;

/// Where the console of each partition is (AWS General Reference, "AWS Management Console"; Amazon
/// Web Services in China, "Getting started"; AWS GovCloud (US) user guide, "Signing in"). The others
/// have none that is public.
const HOSTS: [(&str, &str); 3] = [
    ("aws", "console.aws.amazon.com"),
    ("aws-cn", "console.amazonaws.cn"),
    ("aws-us-gov", "console.amazonaws-us-gov.com"),
];

/// Pages of IAM by the type of the resource: where they are, and what names the resource there.
const IAM: [(&str, &str, Named); 3] = [
    ("role", "roles", Named::ByName),
    ("user", "users", Named::ByName),
    ("policy", "policies", Named::ByArn),
];

#[derive(Clone, Copy)]
enum Named {
    ByName,
    ByArn,
}

fn host(partition: &str) -> Option<&'static str> {
    HOSTS.iter().find(|(name, _)| *name == partition).map(|(_, host)| *host)
}

/// The page of an event in CloudTrail's event history, which has the management events of the last
/// 90 days (CloudTrail user guide, "Working with CloudTrail event history").
pub(super) fn event(id: &str, raw: Option<&dyn RawEvents>) -> Option<String> {
    let record: Value = serde_json::from_str(&raw?.record(id)?).ok()?;
    let category = record.get("eventCategory").and_then(Value::as_str);
    if !is_uuid(id) || category.is_some_and(|category| category != "Management") {
        return None;
    }
    let region = record.get("awsRegion")?.as_str().filter(|region| is_region(region))?;
    let host = host(partition::of_region(region).name)?;
    Some(format!("https://{host}/cloudtrailv2/home?region={region}#/events/{id}"))
}

/// The page of a KMS key, or of a role, user or policy of IAM; of a session, that of its role.
pub(super) fn resource(text: &str, raw: Option<&dyn RawEvents>) -> Option<String> {
    raw?;
    let arn = Arn::parse(text)?;
    let host = host(arn.partition)?;
    let (sort, rest) = arn.split();
    match (arn.service, sort?) {
        ("kms", "key") => {
            let is_key =
                is_uuid(rest) || rest.strip_prefix("mrk-").is_some_and(|id| is_hex(id, 32));
            let region = Some(arn.region).filter(|region| is_key && is_region(region))?;
            Some(format!("https://{host}/kms/home?region={region}#/kms/keys/{rest}"))
        }
        ("sts", "assumed-role") => {
            iam(host, "roles", rest.split('/').next().filter(|role| is_name(role))?)
        }
        ("iam", sort) => {
            let (_, place, named) = IAM.iter().find(|(name, _, _)| *name == sort)?;
            let name = rest.rsplit('/').next().filter(|name| is_name(name))?;
            iam(
                host,
                place,
                match named {
                    Named::ByName => name,
                    Named::ByArn => text,
                },
            )
        }
        _ => None,
    }
}

fn iam(host: &str, place: &str, what: &str) -> Option<String> {
    let fits = what.len() <= 2048
        && !what.is_empty()
        && what.chars().all(|c| is_of_name(c) || c == ':' || c == '/');
    fits.then(|| format!("https://{host}/iam/home#/{place}/details/{}", encoded(what)))
}

/// What IAM lets names be made of (IAM user guide, "IAM and AWS STS quotas").
fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.chars().all(is_of_name)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uuid(text: &str) -> bool {
    let mut lengths = [8, 4, 4, 4, 12].into_iter();
    text.split('-').all(|part| lengths.next().is_some_and(|length| is_hex(part, length)))
        && lengths.next().is_none()
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    (2..=4).contains(&words.len())
        && text.len() <= 32
        && words.iter().all(is_word)
        && matches!(number.len(), 1..=2)
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// All but plain characters in per cent (RFC 3986).
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let letter = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const ID: &str = "90c72977-31e0-4079-9a74-ee25e5d7aadf";

    fn kept(record: &str) -> HashMap<String, String> {
        HashMap::from([
            (ID.to_owned(), record.to_owned()),
            ("x/../y".to_owned(), record.to_owned()),
        ])
    }

    #[test]
    fn events_have_a_page_in_their_own_region_and_partition() {
        for (region, category, expected) in [
            ("us-east-1", "Management", Some("console.aws.amazon.com")),
            ("cn-north-1", "Management", Some("console.amazonaws.cn")),
            ("us-gov-west-1", "Management", Some("console.amazonaws-us-gov.com")),
            ("us-iso-east-1", "Management", None),
            ("us-east-1", "Data", None),
            ("us-east-1#/../", "Management", None),
            ("evil.example/", "Management", None),
        ] {
            let record =
                serde_json::json!({ "awsRegion": region, "eventCategory": category }).to_string();
            let kept = kept(&record);
            let expected = expected.map(|host| {
                format!("https://{host}/cloudtrailv2/home?region={region}#/events/{ID}")
            });
            assert_eq!(event(ID, Some(&kept)), expected, "{region} {category}");
            assert_eq!(event("x/../y", Some(&kept)), None);
            assert_eq!(event(ID, None), None);
        }
    }

    #[test]
    fn resources_have_a_page_where_their_arn_is_one_that_aws_could_have_given() {
        let none = HashMap::<String, String>::new();
        let key = "mrk-0123456789abcdef0123456789abcdef";
        let cases = [
            (
                format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}"),
                format!("https://console.aws.amazon.com/kms/home?region=eu-west-1#/kms/keys/{ID}"),
            ),
            (
                format!("arn:aws-us-gov:kms:us-gov-east-1:111122223333:key/{key}"),
                format!(
                    "https://console.amazonaws-us-gov.com/kms/home?region=us-gov-east-1#/kms/keys/{key}"
                ),
            ),
            (
                "arn:aws:iam::111122223333:role/team/a+b@c".to_owned(),
                "https://console.aws.amazon.com/iam/home#/roles/details/a%2Bb%40c".to_owned(),
            ),
            (
                "arn:aws-cn:sts::111122223333:assumed-role/Deploy/run-7".to_owned(),
                "https://console.amazonaws.cn/iam/home#/roles/details/Deploy".to_owned(),
            ),
            (
                "arn:aws:iam::111122223333:user/alice".to_owned(),
                "https://console.aws.amazon.com/iam/home#/users/details/alice".to_owned(),
            ),
            (
                "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
                "https://console.aws.amazon.com/iam/home#/policies/details/\
                 arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess"
                    .to_owned(),
            ),
        ];
        for (arn, expected) in cases {
            assert_eq!(resource(&arn, Some(&none)), Some(expected), "{arn}");
            assert_eq!(resource(&arn, None), None, "{arn}");
        }
        for arn in [
            "arn:aws:iam::111122223333:role/\"><script>",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:root",
            "arn:evil.example:iam::111122223333:role/x",
            "arn:aws:kms:evil.example/:111122223333:key/1",
            "arn:aws:kms:us-east-1:111122223333:key/../x",
            "arn:aws:s3:::bucket",
            "kms.amazonaws.com",
        ] {
            assert_eq!(resource(arn, Some(&none)), None, "{arn}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_leads_anywhere_else(service in "iam|kms|sts", sort in "role|user|policy|key|assumed-role", rest: String) {
            let none = HashMap::<String, String>::new();
            let arn = format!("arn:aws:{service}:us-east-1:111122223333:{sort}/{rest}");
            if let Some(url) = resource(&arn, Some(&none)) {
                proptest::prop_assert!(url.starts_with("https://console.aws.amazon.com/"));
                proptest::prop_assert!(url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/:?=#%".contains(&b)));
            }
        }
    }
}
