//! The partitions of AWS: groups of Regions with ARNs, accounts and a domain of their own.
//!
//! An account lies in one partition (Fault isolation boundaries whitepaper, "Partitions"). The names
//! of services stay the same in records (`eventSource` is `kms.amazonaws.com` in China too, EventBridge
//! events reference of the China Regions); the domain changes in endpoints, in what is named after
//! them, and for some services in their principals (AWS CDK, `region-info`).

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// As ARNs have it.
    pub name: &'static str,
    /// What the names of its Regions begin with; the first one has all others.
    regions: &'static str,
    /// The domain of its endpoints.
    pub domain: &'static str,
    /// The Region in which IAM and Organizations are recorded (CloudTrail user guide, "Global service
    /// events"; for the last five the `implicitGlobalRegion` of the AWS SDKs).
    pub home: &'static str,
}

const fn row(
    name: &'static str,
    regions: &'static str,
    domain: &'static str,
    home: &'static str,
) -> Partition {
    Partition { name, regions, domain, home }
}

const STANDARD: Partition = row("aws", "", "amazonaws.com", "us-east-1");

/// Names, Regions and domains (AWS SDKs, `partitions.json`: `id`, `regionRegex`, `dnsSuffix`).
static PARTITIONS: [Partition; 8] = [
    STANDARD,
    row("aws-cn", "cn-", "amazonaws.com.cn", "cn-north-1"),
    row("aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1"),
    row("aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1"),
    row("aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1"),
    row("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1"),
    row("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1"),
    row("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1"),
];

/// All partitions.
pub fn all() -> impl Iterator<Item = &'static Partition> {
    PARTITIONS.iter()
}

/// The partition a Region belongs to; the first one where nothing tells.
pub fn of_region(region: &str) -> &'static Partition {
    let mut others = PARTITIONS.iter().filter(|partition| !partition.regions.is_empty());
    others.find(|other| region.starts_with(other.regions)).unwrap_or(const { &STANDARD })
}

/// The partition of this name, as ARNs have it.
pub fn named(name: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.name == name)
}

/// The partition of the first ARN in a text.
pub fn first_in(text: &str) -> Option<&'static Partition> {
    text.match_indices("arn:aws").find_map(|(at, _)| {
        let (name, _) = text.get(at + "arn:".len()..)?.split_once(':')?;
        named(name)
    })
}

/// Whether a word is the name of a Region, by its form: new ones are made all the time.
/// `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
pub fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else { return false };
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_area = area.len() == 2 || PARTITIONS.iter().skip(1).any(|other| of(other, area));
    (1..=2).contains(&middle.len())
        && is_area
        && letters(area)
        && middle.iter().all(letters)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn of(partition: &Partition, area: &str) -> bool {
    partition.regions.split('-').next() == Some(area)
}

/// The name of an AWS service or host without the domain, which differs between partitions:
/// `logs.cn-north-1` of `logs.cn-north-1.amazonaws.com.cn`; `None` of another host.
pub fn without_domain(host: &str) -> Option<&str> {
    PARTITIONS.iter().find_map(|partition| host.strip_suffix(partition.domain)?.strip_suffix('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_tells_its_partition() {
        for (region, name, domain) in [
            ("eu-west-1", "aws", "amazonaws.com"),
            ("mx-central-1", "aws", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-east-1", "aws-us-gov", "amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("us-iso-west-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("", "aws", "amazonaws.com"),
        ] {
            let found = of_region(region);
            assert_eq!((found.name, found.domain), (name, domain), "{region}");
            assert!(region.is_empty() || is_region(region), "{region}");
            assert!(is_region(found.home) && of_region(found.home) == found);
        }
        for word in
            ["my-app-1", "eu-west", "eu-west-1a", "logs", "eu--1", "eu-a-b-c-1", "EU-west-1"]
        {
            assert_eq!(is_region(word), word == "my-app-1", "{word}");
        }
    }

    #[test]
    fn a_host_is_read_without_its_domain() {
        for (host, name) in [
            ("kms.amazonaws.com", Some("kms")),
            ("logs.cn-north-1.amazonaws.com.cn", Some("logs.cn-north-1")),
            ("config.c2s.ic.gov", Some("config")),
            ("ec2.eusc-de-east-1.amazonaws.eu", Some("ec2.eusc-de-east-1")),
            ("example.com", None),
            ("notamazonaws.com", None),
            ("AWS Internal", None),
        ] {
            assert_eq!(without_domain(host), name, "{host}");
        }
    }

    #[test]
    fn the_first_arn_in_a_text_tells_its_partition() {
        let text = r#"{"a": "arn:aws-made-up:s3:::x", "b": "arn:aws-iso-b:s3:::y"}"#;
        assert_eq!(first_in(text).map(|found| found.name), Some("aws-iso-b"));
        assert_eq!(first_in("no arn:aws"), None);
    }
}
