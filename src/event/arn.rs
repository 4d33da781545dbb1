//! Amazon Resource Names: their parts, and whether two spellings mean one resource.

use super::partition;

/// The parts of `arn:partition:service:region:account:resource`.
///
/// Region and account are empty where the ARN has none (`arn:aws:s3:::bucket`), as AWS writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, … (see [`partition`])
    pub partition: &'a str,
    /// The service's namespace.
    pub service: &'a str,
    /// The Region, or "" where the resource is in none.
    pub region: &'a str,
    /// The account, or "" where the ARN has none.
    pub account: &'a str,
    /// All that follows, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of an ARN; `None` for anything else.
    pub fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let (partition, service) = (parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = !partition.is_empty() && !service.is_empty() && !resource.is_empty();
        whole.then_some(Arn { partition, service, region, account, resource })
    }

    /// The type and the id within it: (`key`, id), (`secret`, name), (`table`, `T/index/i`); the
    /// type is `None` where the resource is a bare name, as for buckets, queues, and topics.
    pub fn split(&self) -> (Option<&'a str>, &'a str) {
        if matches!(self.service, "s3" | "sqs" | "sns" | "execute-api" | "codecommit") {
            return (None, self.resource);
        }
        match self.resource.find([':', '/']).and_then(|at| self.resource.split_at_checked(at)) {
            Some((kind, rest)) if !kind.is_empty() => {
                let id = rest.strip_prefix([':', '/']).unwrap_or(rest);
                (Some(kind), id)
            }
            _ => (None, self.resource),
        }
    }

    /// The id or name without its type.
    pub fn id(&self) -> &'a str {
        self.split().1
    }
}

/// A role session as its ARN tells it: no path of the role is in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoleSession<'a> {
    /// The partition.
    pub partition: &'a str,
    /// The role's account.
    pub account: &'a str,
    /// The role's name, without path.
    pub role: &'a str,
    /// The session's name.
    pub session: &'a str,
}

/// Reads `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
pub fn role_session(arn: &str) -> Option<RoleSession<'_>> {
    let parsed = Arn::parse(arn)?;
    if parsed.service != "sts" {
        return None;
    }
    let (role, session) = parsed.resource.strip_prefix("assumed-role/")?.split_once('/')?;
    Some(RoleSession { partition: parsed.partition, account: parsed.account, role, session })
}

/// The account and name (without path) of a role, from its own ARN or from one of its sessions'.
pub fn role_name(arn: &str) -> Option<(&str, &str)> {
    if let Some(session) = role_session(arn) {
        return Some((session.account, session.role));
    }
    let parsed = Arn::parse(arn).filter(|parsed| parsed.service == "iam")?;
    let path = parsed.resource.strip_prefix("role/")?;
    Some((parsed.account, path.rsplit('/').next().unwrap_or(path)))
}

/// Whether a text is an account id: twelve digits (Account Management reference, "AWS account
/// identifiers").
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two texts name one resource: ARN, bare id, name, queue URL, in any pairing.
///
/// Two ARNs are the same when region and account agree or one of them lacks it; a bare text is the
/// same as an ARN that ends in it at a boundary. Short of the account of a bare name nothing can
/// be proven, so use this on texts of one account.
pub fn same_resource(one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() {
        return false;
    }
    if one == other {
        return true;
    }
    let (one_arn, other_arn) = (queue_arn(one), queue_arn(other));
    let one = one_arn.as_deref().unwrap_or(one);
    let other = other_arn.as_deref().unwrap_or(other);
    match (Arn::parse(one), Arn::parse(other)) {
        (Some(one), Some(other)) => same_arn(&one, &other),
        (Some(arn), None) => names(&arn, other),
        (None, Some(arn)) => names(&arn, one),
        (None, None) => false,
    }
}

fn same_arn(one: &Arn<'_>, other: &Arn<'_>) -> bool {
    let agree = |a: &str, b: &str| a == b || a.is_empty() || b.is_empty();
    one.service == other.service
        && agree(one.region, other.region)
        && agree(one.account, other.account)
        && bare(one) == bare(other)
}

/// The resource without what one spelling has and another has not: the `:*` of log groups, the
/// version or alias of a function.
fn bare<'a>(arn: &Arn<'a>) -> &'a str {
    let resource = arn.resource.strip_suffix(":*").unwrap_or(arn.resource);
    if arn.service != "lambda" {
        return resource;
    }
    match resource.strip_prefix("function:").and_then(|name| name.find(':')) {
        Some(at) => resource.get(.."function:".len() + at).unwrap_or(resource),
        None => resource,
    }
}

impl<'a> Arn<'a> {
    /// Every text by which [`same_resource`] may know what the ARN names: the resource as other ARNs
    /// spell it, and the names that stand for it without one.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let resource = bare(self);
        let ends = resource
            .char_indices()
            .filter(|(_, c)| matches!(c, '/' | ':'))
            .filter_map(|(at, _)| resource.get(at + 1..));
        let secret = resource
            .strip_prefix("secret:")
            .and_then(|name| name.get(..name.len().checked_sub(7)?));
        let parameter = resource.strip_prefix("parameter");
        [Some(resource), secret, parameter].into_iter().flatten().chain(ends)
    }
}

/// Whether a text that is no ARN names the resource of an ARN.
fn names(arn: &Arn<'_>, text: &str) -> bool {
    let resource = bare(arn);
    if resource == text || ends_at_boundary(resource, text) {
        return true;
    }
    match arn.service {
        // A secret's ARN ends in a hyphen and six random characters (Secrets Manager user guide).
        "secretsmanager" => resource
            .strip_prefix("secret:")
            .and_then(|name| name.get(..name.len().checked_sub(7)?))
            .is_some_and(|name| name == text),
        // A parameter "/a/b" has the ARN "…:parameter/a/b" (Systems Manager user guide).
        "ssm" => resource.strip_prefix("parameter").is_some_and(|name| name == text),
        _ => false,
    }
}

fn ends_at_boundary(resource: &str, text: &str) -> bool {
    resource.strip_suffix(text).is_some_and(|head| head.ends_with(['/', ':']))
}

/// The ARN of a queue by its URL, `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, also in the
/// older form `https://REGION.queue.amazonaws.com/ACCOUNT/NAME`.
pub fn queue_arn(url: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let (account, name) = path.split_once('/')?;
    let mut labels = host.split('.');
    let (first, second) = (labels.next()?, labels.next()?);
    let region = match (first, second) {
        ("sqs", region) => region,
        (region, "queue") => region,
        _ => return None,
    };
    let partition = partition_of(region);
    let plain = is_account_id(account);
    plain.then(|| format!("arn:{partition}:sqs:{region}:{account}:{name}"))
}

/// The name of the partition a Region belongs to.
pub fn partition_of(region: &str) -> &'static str {
    partition::of_region(region).name
}

/// The first ARN of a KMS key in a text.
pub(super) fn kms_key_in(text: &str) -> Option<&str> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>,;".contains(c);
    let mut words = text.split(around).map(|word| word.trim_matches(['.', ':', '!']));
    words.find(|word| word.starts_with("arn:") && word.contains(":kms:") && word.contains(":key/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_fall_into_parts() {
        let key = Arn::parse("arn:aws-cn:kms:cn-north-1:111122223333:key/1234").unwrap();
        assert_eq!((key.partition, key.split()), ("aws-cn", (Some("key"), "1234")));
        let object = Arn::parse("arn:aws:s3:::bucket/a:b/c").unwrap();
        assert_eq!(object.split(), (None, "bucket/a:b/c"));
        let group = Arn::parse("arn:aws:logs:r:1:log-group:/aws/x:*").unwrap();
        assert_eq!(group.split(), (Some("log-group"), "/aws/x:*"));
        for no in ["", "arn", "arn:aws:s3", "arn:aws:s3:::", "urn:a:b:c:d:e"] {
            assert_eq!(Arn::parse(no), None, "{no}");
        }
    }

    #[test]
    fn sessions_tell_role_and_name() {
        let session = role_session("arn:aws:sts::111122223333:assumed-role/Deploy/ci").unwrap();
        assert_eq!(
            (session.account, session.role, session.session),
            ("111122223333", "Deploy", "ci")
        );
        let want = Some(("111122223333", "Deploy"));
        assert_eq!(role_name("arn:aws:sts::111122223333:assumed-role/Deploy/ci"), want);
        assert_eq!(role_name("arn:aws:iam::111122223333:role/team/Deploy"), want);
        assert_eq!(role_name("arn:aws:iam::111122223333:user/ana"), None);
    }

    #[test]
    fn one_resource_in_several_spellings() {
        let same = [
            ("arn:aws:ec2:r:1:volume/vol-1", "vol-1"),
            ("arn:aws:secretsmanager:r:1:secret:db/main-AbCdEf", "db/main"),
            ("arn:aws:ssm:r:1:parameter/a/b", "/a/b"),
            ("arn:aws:ssm:r:1:parameter/plain", "plain"),
            ("arn:aws:logs:r:1:log-group:/aws/x:*", "arn:aws:logs:r:1:log-group:/aws/x"),
            ("arn:aws:lambda:r:1:function:f:live", "f"),
            ("arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f"),
            (
                "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
                "arn:aws:sqs:eu-west-1:111122223333:q",
            ),
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/q", "q"),
            ("arn:aws:dynamodb:r:1:table/T", "T"),
        ];
        for (one, other) in same {
            assert!(same_resource(one, other) && same_resource(other, one), "{one} {other}");
        }
        let different = [
            ("arn:aws:ec2:r:1:volume/vol-12", "vol-1"),
            ("arn:aws:ec2:r:1:volume/vol-12", "2"),
            ("arn:aws:kms:r:1:key/k", "arn:aws:kms:r:2:key/k"),
            ("arn:aws:secretsmanager:r:1:secret:db/main-AbCdEf", "db"),
            ("a", "b"),
            ("", ""),
        ];
        for (one, other) in different {
            assert!(!same_resource(one, other) && !same_resource(other, one), "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn sameness_is_symmetric_and_never_panics(
            one in "(arn:aws:(s3|ssm|lambda|secretsmanager):r:1:|https://sqs\\.)?\\PC{0,14}",
            other in "(arn:aws:(s3|ssm|lambda|secretsmanager):r:1:)?\\PC{0,14}",
        ) {
            proptest::prop_assert_eq!(same_resource(&one, &other), same_resource(&other, &one));
            proptest::prop_assert_eq!(same_resource(&one, &one), !one.is_empty());
        }

        #[test]
        fn a_name_is_the_same_as_the_arn_made_of_it(name in "[a-z]{2,8}(/[a-z]{2,8}){0,2}") {
            for arn in [
                format!("arn:aws:dynamodb:r:1:table/{name}"),
                format!("arn:aws:s3:::{name}"),
                format!("arn:aws:logs:r:1:log-group:{name}:*"),
                format!("arn:aws:secretsmanager:r:1:secret:{name}-AbCd12"),
            ] {
                proptest::prop_assert!(same_resource(&arn, &name), "{} {}", arn, name);
                let longer = format!("x{name}");
                proptest::prop_assert!(!same_resource(&arn, &longer), "{} {}", arn, longer);
            }
        }
    }
}
