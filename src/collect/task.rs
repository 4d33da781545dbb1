//! What a script does, one call of its functions each, and the IAM actions that it takes.

use std::collections::BTreeSet;

use super::wanted::{OfAccount, Wanted};
use crate::aws::{self, Read};
use crate::event::arn::Arn;
use crate::event::partition;
use crate::history::subject::EntityKind;
use crate::wording::shell::quote;

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The Region it is done in, where that matters.
    pub region: Option<String>,
    /// The command.
    pub line: String,
    /// The IAM actions that it takes.
    pub needs: BTreeSet<String>,
    /// The kind of policy whose function it calls.
    pub read: Option<&'static Read>,
}

/// The IAM actions of the functions in `functions.sh`.
const ENTITY: [(EntityKind, &[&str]); 2] = [
    (
        EntityKind::Role,
        &[
            "iam:GetRole",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListPolicyVersions",
            "iam:GetPolicyVersion",
        ],
    ),
    (
        EntityKind::User,
        &[
            "iam:GetUser",
            "iam:ListUserPolicies",
            "iam:GetUserPolicy",
            "iam:ListAttachedUserPolicies",
            "iam:ListGroupsForUser",
            "iam:GetGroup",
            "iam:ListGroupPolicies",
            "iam:GetGroupPolicy",
            "iam:ListAttachedGroupPolicies",
            "iam:ListPolicyVersions",
            "iam:GetPolicyVersion",
        ],
    ),
];
const KEY: [&str; 5] = [
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
    "kms:ListAliases",
    "kms:ListResourceTags",
];
const BUCKET: &str = "s3:GetBucketPublicAccessBlock";
const ACCOUNT_BLOCK: &str = "s3:GetAccountPublicAccessBlock";
const ENDPOINTS: &str = "ec2:DescribeVpcEndpoints";
const MEMBERSHIP: &str = "organizations:DescribeOrganization";
const LOGS: &str = "logs:DescribeResourcePolicies";
const WHOLE_ACCOUNT: &str = "iam:GetAccountAuthorizationDetails";
/// What a member of an organization may ask is not enough for the rest.
pub(super) const ORGANIZATION: [&str; 6] = [
    "organizations:DescribeOrganization",
    "organizations:ListRoots",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:DescribePolicy",
    "organizations:ListTargetsForPolicy",
];
pub(super) const IDENTITY_CENTER: [&str; 7] = [
    "sso:ListInstances",
    "sso:ListPermissionSets",
    "sso:DescribePermissionSet",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:ListManagedPoliciesInPermissionSet",
    "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
    "sso:GetPermissionsBoundaryForPermissionSet",
];

impl Task {
    fn new(region: Option<&str>, line: String, needs: &[&str]) -> Task {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        Task { region: region.map(str::to_owned), line, needs, read: None }
    }

    /// Everything to do in one account, IAM first.
    pub(super) fn all(account: &str, of: &OfAccount) -> Vec<Task> {
        let mut tasks = Vec::new();
        if of.all {
            let line = format!("keep {account} '' iam get-account-authorization-details");
            tasks.push(Task::new(None, line, &[WHOLE_ACCOUNT]));
        }
        for entity in of.entities.iter().filter(|_| !of.all) {
            let Some((kind, needs)) = ENTITY.iter().find(|(kind, _)| *kind == entity.kind) else {
                continue;
            };
            let line = match is_name(&entity.name) {
                true => format!("entity {} {}", kind.as_str(), quote(&entity.name)),
                false => refused(&format!("iam get-{}", kind.as_str()), &entity.name),
            };
            tasks.push(Task::new(None, line, needs));
        }
        if of.public_access {
            tasks.push(Task::new(None, "account_block".to_owned(), &[ACCOUNT_BLOCK]));
        }
        if of.organization {
            tasks.push(Task::new(None, "membership".to_owned(), &[MEMBERSHIP]));
        }
        let mut regional: Vec<Task> = of.resources.iter().map(|arn| resource(arn)).collect();
        for (region, id) in of.endpoints.iter().filter(|_| !of.all) {
            let line = match is_name(id) && id.starts_with("vpce-") && partition::is_region(region)
            {
                true => format!("endpoint {}", quote(id)),
                false => refused("ec2 describe-vpc-endpoints", id),
            };
            regional.push(Task::new(Some(region), line, &[ENDPOINTS]));
        }
        for region in of.logs.iter().filter(|_| !of.all) {
            regional.push(Task::new(Some(region), "policies_of_logs".to_owned(), &[LOGS]));
        }
        if of.all {
            regional = everything(account, of);
        }
        regional.sort_by(|one, other| one.region.cmp(&other.region));
        tasks.extend(regional);
        tasks
    }
}

/// What is listed in every Region, and then read.
fn everything(account: &str, of: &OfAccount) -> Vec<Task> {
    let mut tasks = Vec::new();
    for row in aws::reads() {
        let is_global = row.service() == "s3" && row.kind().is_empty();
        let regions: Vec<&str> = match is_global {
            true => vec![""],
            false => of.regions.iter().map(String::as_str).collect(),
        };
        for region in regions {
            tasks.extend(each(row, account, &of.partition, region));
        }
    }
    for region in &of.regions {
        let all = "keep all '' ec2 describe-vpc-endpoints \"--region=$region\"".to_owned();
        tasks.push(Task::new(Some(region), all, &[ENDPOINTS]));
        tasks.push(Task::new(Some(region), "policies_of_logs".to_owned(), &[LOGS]));
    }
    tasks
}

fn each(row: &'static Read, account: &str, partition: &str, region: &str) -> Option<Task> {
    let in_region = Some(region).filter(|region| !region.is_empty());
    if let Some(of) = row.of() {
        let arn = format!("arn:{partition}:{}:{region}:{account}:{of}", row.service());
        return Some(resource(&arn));
    }
    let listing = row.listing()?;
    let fill = |text: &str| {
        text.replace("{partition}", partition)
            .replace("{region}", region)
            .replace("{account}", account)
            .replace("{item}", "")
    };
    let how = if listing.is_paged { "pages" } else { "names" };
    let made = listing.makes.map(fill).unwrap_or_default();
    let words = fill(listing.words);
    let at = in_region.map_or("", |_| " \"--region=$region\"");
    let line = format!(
        "each {} {how} {} {} {words}{at}",
        function(row),
        quote(listing.query),
        quote(&made)
    );
    let mut task = Task { read: Some(row), ..Task::new(in_region, line, &[listing.needs]) };
    task.needs.extend(needs(row));
    Some(task)
}

fn needs(row: &Read) -> impl Iterator<Item = String> {
    let besides: &[&str] = match (row.service(), row.kind()) {
        ("kms", _) => &KEY,
        ("s3", "") => &[BUCKET],
        _ => &[],
    };
    row.needs().iter().cloned().chain(besides.iter().map(|need| (*need).to_owned()))
}

/// The policy of one resource.
fn resource(arn: &str) -> Task {
    let Some(parsed) = Arn::parse(arn).filter(|_| is_name(arn)) else {
        return Task::new(None, refused("get-resource-policy", arn), &[]);
    };
    let region = Some(parsed.region).filter(|region| !region.is_empty());
    if region.is_some_and(|region| !partition::is_region(region)) {
        return Task::new(None, refused("get-resource-policy", arn), &[]);
    }
    let kind = match (parsed.service, parsed.resource.split_once([':', '/'])) {
        ("s3", _) if region.is_none() => None,
        // An alias stands for its key.
        ("kms", Some(("alias", _))) => Some("key"),
        (_, parts) => parts.map(|(kind, _)| kind),
    };
    let Some(row) = aws::read_of(parsed.service, kind) else {
        let why = "how its policy is read is not known here";
        let line = format!("lack get-resource-policy {} {}", quote(arn), quote(why));
        return Task::new(region, line, &[]);
    };
    let arn = match row.of() {
        Some(of) => {
            let Arn { partition, service, region, account, .. } = parsed;
            format!("arn:{partition}:{service}:{region}:{account}:{of}")
        }
        None => arn.to_owned(),
    };
    let line = format!("{} {}", function(row), quote(&arn));
    let mut task = Task { read: Some(row), ..Task::new(region, line, &[]) };
    task.needs.extend(needs(row));
    task
}

/// What no name of AWS's looks like is asked of nobody: the AWS CLI takes some texts for the names of
/// files or addresses whose content it is to send (AWS CLI user guide, "Loading a parameter from a file").
fn is_name(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && !text.is_empty() && text.len() <= 2_048 && !text.contains("://")
}

fn refused(call: &str, of: &str) -> String {
    format!("lack {} {} 'no name that AWS gives'", quote(call), quote(of))
}

/// The function that reads this kind of policy.
pub(super) fn function(row: &Read) -> String {
    if row.service() == "kms" {
        return "key".to_owned();
    }
    let name = format!("of_{}_{}", row.service(), row.kind());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect::<String>().trim_end_matches('_').to_owned()
}

/// The shell text of that function; `None` where it is written by hand.
pub(super) fn defined(row: &Read) -> Option<String> {
    if row.service() == "kms" {
        return None;
    }
    let kind = row.kind();
    let id = match kind {
        "" => "local id=${1##*:}".to_owned(),
        kind => format!("local id=${{1#*:{kind}[:/]}}"),
    };
    let mut text = format!("{}() {{ # ARN\n  {id}\n", function(row));
    let at = if row.service() == "s3" && kind.is_empty() { "" } else { " \"--region=$region\"" };
    if let Some(first) = row.first() {
        let (words, query) = first.rsplit_once(" --query=").unwrap_or((first, ""));
        text.push_str(&format!("  names \"$1\" {query} {}{at} || return 1\n", in_shell(words)));
    }
    let none = row.none().unwrap_or("''");
    text.push_str(&format!("  keep \"$1\" {none} {}{at}\n", in_shell(row.words())));
    if row.service() == "s3" && kind.is_empty() {
        text.push_str("  bucket_block \"$1\"\n");
    }
    text.push_str("}\n");
    Some(text)
}

/// The words of a command with shell variables in their places.
fn in_shell(words: &str) -> String {
    const PLACES: [(&str, &str); 6] = [
        ("{arn}", "$1"),
        ("{id}", "$id"),
        ("{1}", "${id%%/*}"),
        ("{2}", "${id#*/}"),
        ("{account}", "$account"),
        ("{first}", "$list"),
    ];
    let word = |word: &str| match word.contains('{') {
        true => {
            let filled = PLACES
                .iter()
                .fold(word.to_owned(), |text, (name, variable)| text.replace(name, variable));
            format!("\"{filled}\"")
        }
        false => word.to_owned(),
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Everything to do, by account.
pub(super) fn tasks(wanted: &Wanted) -> Vec<(&str, &OfAccount, Vec<Task>)> {
    let accounts = wanted.accounts.iter();
    accounts.map(|(id, of)| (id.as_str(), of, Task::all(id, of))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_exists() {
        let entities = ENTITY.iter().flat_map(|(_, needs)| needs.iter().copied());
        let others = [BUCKET, ACCOUNT_BLOCK, ENDPOINTS, LOGS, WHOLE_ACCOUNT];
        let all = entities.chain(KEY).chain(others).chain(ORGANIZATION).chain(IDENTITY_CENTER);
        for need in all {
            assert!(aws::action(need).is_some(), "{need}");
        }
    }

    #[test]
    fn names_that_the_cli_would_read_as_files_are_asked_of_nobody() {
        for name in ["file:///etc/passwd", "https://example.com/x", "a b", "", "a\nb", "é"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("-o") && is_name("team/app_1+2=3,@x"));
    }
}
