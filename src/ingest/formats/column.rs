//! From the name of a column, as any tool writes it, to the member of a record that it holds.
//!
//! Tools spell the names in many ways (`useridentity`, `user_identity`, `User Identity`), flatten what
//! is nested with many kinds of separators (`userIdentity.type`, `userIdentity_type`, `UserIdentityType`,
//! `resources{}.ARN`), and some have names of their own. The first two are one rule, over the names of
//! CloudTrail's own record; the last is a table.

/// Members of a record (CloudTrail user guide, "CloudTrail record contents").
pub(crate) const RECORD_MEMBERS: &[&str] = &[
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

/// Members that hold structures.
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

/// The names below the structures whose names CloudTrail fixes (CloudTrail user guide, "CloudTrail
/// userIdentity element" and "CloudTrail record contents"); requests and responses keep the names
/// they have.
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
            "identityProvider",
            "credentialId",
            "sessionContext",
            "sessionContext.attributes",
            "sessionContext.attributes.creationDate",
            "sessionContext.attributes.mfaAuthenticated",
            "sessionContext.sessionIssuer",
            "sessionContext.sessionIssuer.type",
            "sessionContext.sessionIssuer.principalId",
            "sessionContext.sessionIssuer.arn",
            "sessionContext.sessionIssuer.accountId",
            "sessionContext.sessionIssuer.userName",
            "sessionContext.webIdFederationData",
            "sessionContext.webIdFederationData.federatedProvider",
            "sessionContext.webIdFederationData.attributes",
            "sessionContext.sourceIdentity",
            "sessionContext.ec2RoleDelivery",
            "sessionContext.signInSessionArn",
            "sessionContext.assumedRoot",
            "inScopeOf",
            "inScopeOf.sourceArn",
            "inScopeOf.sourceAccount",
            "inScopeOf.issuerType",
            "inScopeOf.credentialsIssuedTo",
            "onBehalfOf",
            "onBehalfOf.userId",
            "onBehalfOf.identityStoreArn",
            "invokedByDelegate",
            "invokedByDelegate.accountId",
        ],
    ),
    ("resources", &["ARN", "ARNPrefix", "accountId", "type"]),
    ("tlsDetails", &["tlsVersion", "cipherSuite", "clientProvidedHostHeader", "keyExchange"]),
    ("addendum", &["reason", "updatedFields", "originalRequestID", "originalEventID"]),
];

/// Levels that some tools leave out when they flatten (Elastic's `aws.cloudtrail` fields:
/// `user_identity.session_context.creation_date`).
const LEFT_OUT: &[&str] = &["attributes", "sessionContext"];

/// Names of columns that are no spelling of a record's member, letters and digits only.
const ALIASES: &[(&str, &str)] = &[
    // Microsoft Sentinel, table AWSCloudTrail (Azure Monitor Logs reference).
    ("awseventid", "eventID"),
    ("awsrequestid", "requestID"),
    ("eventtypename", "eventType"),
    ("sessionmfaauthenticated", "userIdentity.sessionContext.attributes.mfaAuthenticated"),
    ("sessioncreationdate", "userIdentity.sessionContext.attributes.creationDate"),
    ("sessionissuertype", "userIdentity.sessionContext.sessionIssuer.type"),
    ("sessionissuerprincipalid", "userIdentity.sessionContext.sessionIssuer.principalId"),
    ("sessionissuerarn", "userIdentity.sessionContext.sessionIssuer.arn"),
    ("sessionissueraccountid", "userIdentity.sessionContext.sessionIssuer.accountId"),
    ("sessionissuerusername", "userIdentity.sessionContext.sessionIssuer.userName"),
    ("ec2roledelivery", "userIdentity.sessionContext.ec2RoleDelivery"),
    ("tlsversion", "tlsDetails.tlsVersion"),
    ("ciphersuite", "tlsDetails.cipherSuite"),
    ("clientprovidedhostheader", "tlsDetails.clientProvidedHostHeader"),
    // Steampipe, tables aws_cloudtrail_trail_event and aws_cloudtrail_lookup_event
    // (turbot/steampipe-plugin-aws); the first has the user's type and name beside the whole record.
    ("accesskeyid", "userIdentity.accessKeyId"),
    ("usertype", "userIdentity.type"),
];

/// Columns that hold the time where the record's own time was dropped: Logstash's date filter, CloudWatch Logs
/// Insights, Splunk's CSV, Sentinel's tables.
const TIMES: &[&str] = &["@timestamp", "TimeGenerated", "_time"];

/// Prefixes that tools put before the names of all columns (Elastic, Splunk, jq and pandas over a wrapper).
const PREFIXES: &[&str] = &[
    "_source.",
    "aws.cloudtrail.",
    "aws_cloudtrail_",
    "cloudtrail_event.",
    "CloudTrailEvent.",
    "detail.",
    "Records{}.",
    "Records.",
    "result.",
    "json.",
];

/// Columns that hold a whole record, letters and digits only.
const WHOLE: &[&str] = &[
    "message",
    "cloudtrailevent",
    "eventjson",
    "raw",
    "detail",
    "event",
    "eventoriginal",
    "original",
    "records",
    "record",
];

/// The member of a record that a column's value belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The member of the record.
    pub(crate) member: &'static str,
    /// The names below it.
    pub(crate) below: Vec<String>,
    /// Whether it is used only if the member itself is missing.
    pub(crate) is_fallback: bool,
}

impl Place {
    fn of(member: &'static str, below: Vec<String>) -> Place {
        Place { member, below, is_fallback: false }
    }
}

/// The place of the value of a column of that name; `None` when it is not that of a member.
pub(crate) fn place(name: &str) -> Option<Place> {
    // Azure's portal adds the time zone to the names of columns of times.
    let name = name.trim().trim_end_matches(" [UTC]");
    if TIMES.contains(&name) {
        return Some(Place { is_fallback: true, ..Place::of("eventTime", Vec::new()) });
    }
    let plain = || PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    named(name).or_else(|| named(plain()?))
}

fn named(name: &str) -> Option<Place> {
    if let Some(member) = spelled(name) {
        return Some(Place::of(member, Vec::new()));
    }
    let folded = fold(name);
    if let Some((_, path)) = ALIASES.iter().find(|(alias, _)| folded.eq_ignore_ascii_case(alias)) {
        let (head, tail) = path.split_once('.').unwrap_or((path, ""));
        let below = tail.split('.').filter(|part| !part.is_empty());
        return Some(Place::of(spelled(head)?, below.map(str::to_owned).collect()));
    }
    STRUCTURES.iter().find_map(|member| below(member, name))
}

/// CloudTrail's spelling of a member's name, however it is written.
pub(crate) fn spelled(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    RECORD_MEMBERS.iter().find(|known| known.eq_ignore_ascii_case(&folded)).copied()
}

/// Whether a column of that name holds whole records in some export.
pub(crate) fn holds_records(name: &str) -> bool {
    let folded = fold(name);
    WHOLE.iter().any(|whole| folded.eq_ignore_ascii_case(whole))
}

/// Whether a member holds a structure.
pub(crate) fn is_structure(member: &str) -> bool {
    STRUCTURES.contains(&member)
}

/// CloudTrail's spelling of a name somewhere below a member whose names are fixed.
pub(crate) fn respelled(member: &str, name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let parts = fixed(member)?.iter().filter_map(|path| path.rsplit('.').next());
    let mut found = parts.filter(|part| part.eq_ignore_ascii_case(&folded));
    found.next()
}

fn fixed(member: &str) -> Option<&'static [&'static str]> {
    BELOW.iter().find(|(at, _)| *at == member).map(|(_, paths)| *paths)
}

fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The place of a flattened name whose beginning spells the member.
fn below(member: &'static str, name: &str) -> Option<Place> {
    let (tail, joint) = after(member, name)?;
    let separators = |c: char| match joint {
        Some('_') => c == '_',
        _ => matches!(c, '.' | '/' | '[' | ']' | '{' | '}'),
    };
    let parts: Vec<&str> = tail.split(separators).filter(|part| !part.is_empty()).collect();
    let numbers = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    let leading = parts.iter().copied().take_while(numbers).map(str::to_owned);
    let mut path: Vec<String> = leading.collect();
    let rest = parts.get(path.len()..)?;
    match fixed(member).and_then(|paths| known(paths, &rest.concat())) {
        Some(known) => path.extend(known.split('.').map(str::to_owned)),
        // Without a separator any word that begins like a member would match.
        None if joint.is_none() && fixed(member).is_some() => return None,
        None => {
            path.extend(rest.iter().map(|part| respelled(member, part).unwrap_or(part).to_owned()));
        }
    }
    (!path.is_empty()).then(|| Place::of(member, path))
}

/// What follows the member's name, and the separator between them, if there is one.
fn after<'n>(member: &str, name: &'n str) -> Option<(&'n str, Option<char>)> {
    let mut letters = member.chars();
    let mut rest = name;
    let mut wanted = letters.next();
    while let Some(letter) = wanted {
        let first = rest.chars().next()?;
        rest = rest.get(first.len_utf8()..)?;
        if !first.is_ascii_alphanumeric() {
            continue;
        }
        if !first.eq_ignore_ascii_case(&letter) {
            return None;
        }
        wanted = letters.next();
    }
    let joint = rest.chars().next()?;
    Some((rest, (!joint.is_ascii_alphanumeric()).then_some(joint)))
}

/// The path that a flattened tail spells.
fn known(paths: &[&'static str], tail: &str) -> Option<&'static str> {
    let tail = fold(tail);
    let is = |path: &str| fold(path).eq_ignore_ascii_case(&tail);
    let without = |path: &str, level: &str| {
        path.split('.').filter(|part| *part != level).collect::<Vec<_>>().join(".")
    };
    let exact = paths.iter().find(|path| is(path));
    let shorter =
        || paths.iter().find(|path| LEFT_OUT.iter().any(|level| is(&without(path, level))));
    exact.or_else(shorter).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_places() {
        const ISSUER: &str = "userIdentity.sessionContext.sessionIssuer.arn";
        for (name, want) in [
            ("eventName", "eventName"),
            ("event_name", "eventName"),
            ("Event name", "eventName"),
            ("sourceipaddress", "sourceIPAddress"),
            ("userIdentity.type", "userIdentity.type"),
            ("userIdentity_type", "userIdentity.type"),
            ("userIdentitytype", "userIdentity.type"),
            ("UserIdentityPrincipalid", "userIdentity.principalId"),
            ("user_identity_session_context_session_issuer_arn", ISSUER),
            ("userIdentity.sessionContext.sessionIssuer.arn", ISSUER),
            ("aws.cloudtrail.user_identity.session_context.session_issuer.arn", ISSUER),
            ("SessionIssuerArn", ISSUER),
            (
                "aws.cloudtrail.user_identity.session_context.creation_date",
                "userIdentity.sessionContext.attributes.creationDate",
            ),
            ("resources{}.ARN", "resources.ARN"),
            ("resources.0.accountId", "resources.0.accountId"),
            ("resources[1].arn", "resources.1.ARN"),
            ("requestParameters.bucketName", "requestParameters.bucketName"),
            ("requestParameters_x_y", "requestParameters.x.y"),
            ("requestParametersinstanceType", "requestParameters.instanceType"),
            (
                "requestParameters.encryptionContext.aws:s3:arn",
                "requestParameters.encryptionContext.aws:s3:arn",
            ),
            ("@timestamp", "eventTime"),
            ("TimeGenerated [UTC]", "eventTime"),
            ("AwsRequestId_", "requestID"),
        ] {
            let found = place(name).unwrap_or_else(|| panic!("{name}"));
            let mut path = vec![found.member.to_owned()];
            path.extend(found.below);
            assert_eq!(path.join("."), want, "{name}");
        }
        for name in ["", "id", "price", "userIdentityX", "resourcesUsed", "é", "event", "user"] {
            assert_eq!(place(name), None, "{name}");
        }
    }
}
