//! The exact commands that would settle a verdict: the policies of the layers still in question,
//! the full message behind an encoded or identified denial.

use super::comparison_set::ComparisonSet;
use super::rank::Hypothesis;
use crate::aws;
use crate::event::arn::Arn;
use crate::event::{self, Event, Field, Layer};
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Layers less likely than this are not worth a command.
const WORTH_ASKING: f64 = 0.02;
/// Commands listed at most.
const MOST: usize = 9;

/// A command, and what is to be known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// As it is typed; comments in it name a member of the answer.
    pub line: String,
    /// What stands behind it, for the reader.
    pub note: Option<Sentence>,
}

impl Command {
    fn noted(line: String, note: Sentence) -> Command {
        Command { line, note: Some(note) }
    }
}

impl From<String> for Command {
    fn from(line: String) -> Command {
        Command { line, note: None }
    }
}

/// The commands, most telling first.
pub fn commands(set: &ComparisonSet<'_, '_>, ranked: &[Hypothesis]) -> Vec<Command> {
    let mut commands = message(set);
    let told = commands.len();
    for hypothesis in ranked.iter().filter(|h| h.probability >= WORTH_ASKING) {
        for command in of_layer(set, hypothesis.layer) {
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
    }
    if commands.len() > told {
        commands.insert(told, all_at_once());
    }
    commands.truncate(MOST);
    commands
}

/// What reads the policies of all layers, versions and parents that single commands leave to find.
fn all_at_once() -> Command {
    let line = "trailwhy collect '<EXPORT>' > collect && bash collect policies";
    Command::noted(line.to_owned(), Sentence::new("next-collect"))
}

/// What AWS holds back in the text and gives on request. The encoded message itself is never
/// printed: it is taken from the event.
fn message(set: &ComparisonSet<'_, '_>) -> Vec<Command> {
    let denial = &set.one().denial;
    let mut found = Vec::new();
    if let Some(id) = &denial.authorization_id {
        let line = format!(
            "aws iam-toolbox get-request-authorization-details --authorization-id {}",
            quote(id)
        );
        found.push(Command::noted(line, Sentence::new("log-kept-a-day")));
    }
    if denial.encoded && !denial.truncated {
        let line = "aws sts decode-authorization-message --encoded-message \"$MESSAGE\"";
        let event = quote(set.observation().event.id());
        let note = Sentence::new("log-encoded-text").arg("event", event);
        found.push(Command::noted(line.to_owned(), note));
    }
    found
}

/// The rule that would have kept what the service tells of such work, which AWS itself keeps nowhere
/// (EventBridge user guide, "Events from AWS services").
pub(super) fn notification(root: &Event) -> Option<Command> {
    let pattern = event::notification::pattern(root.source())?;
    let line = format!(
        "aws events put-rule --name keep-reports-of-failed-work --event-pattern {}",
        quote(&pattern)
    );
    Some(Command::noted(line, Sentence::new("next-notification")))
}

fn of_layer(set: &ComparisonSet<'_, '_>, layer: Layer) -> Vec<Command> {
    let event = set.observation().event;
    let plain = |lines: Vec<String>| lines.into_iter().map(Command::from).collect();
    match layer {
        Layer::Scp => organization("SERVICE_CONTROL_POLICY", event.caller_account()),
        Layer::Rcp => organization(
            "RESOURCE_CONTROL_POLICY",
            set.one().resource.as_deref().and_then(crate::contrast::account_of),
        ),
        Layer::IdentityPolicy => plain(identity(set)),
        Layer::ResourcePolicy => plain(resource(set)),
        Layer::RoleTrustPolicy => plain(role(set)),
        _ => one_of_layer(set, layer).map(Command::from).into_iter().collect(),
    }
}

fn one_of_layer(set: &ComparisonSet<'_, '_>, layer: Layer) -> Option<String> {
    Some(match layer {
        Layer::PermissionsBoundary => {
            let (kind, name) = entity(set)?;
            format!("aws iam get-{kind} --{kind}-name {}  # PermissionsBoundary", quote(name))
        }
        Layer::KmsGrant => format!("aws kms list-grants --key-id {}", quote(key(set)?)),
        Layer::KmsKeyState => format!("aws kms describe-key --key-id {}", quote(key(set)?)),
        Layer::VpcEndpointPolicy => format!(
            "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {} --query 'VpcEndpoints[].PolicyDocument'",
            quote(set.observation().event.get(Field::VpcEndpointId)?)
        ),
        Layer::BlockPublicAccess if !set.one().action.starts_with("s3:") => {
            aws::blocks_of(&set.one().action, false).next()?.shown_by.to_owned()
        }
        Layer::BlockPublicAccess => {
            format!("aws s3api get-public-access-block --bucket {}", quote(bucket(set)?))
        }
        _ => return None,
    })
}

/// `role` or `user`, and its name.
fn entity<'p>(set: &'p ComparisonSet<'_, '_>) -> Option<(&'static str, &'p str)> {
    let arn = Arn::parse(set.one().principal.as_deref()?)?;
    let (kind, path) = arn.resource.split_once('/')?;
    let name = path.rsplit('/').next()?;
    match kind {
        "role" => Some(("role", name)),
        "user" => Some(("user", name)),
        _ => None,
    }
}

fn identity(set: &ComparisonSet<'_, '_>) -> Vec<String> {
    let Some((kind, name)) = entity(set) else { return Vec::new() };
    let mut commands = Vec::new();
    if let (Some(principal), Some(resource)) = (&set.one().principal, &set.one().resource) {
        commands.push(format!(
            "aws iam simulate-principal-policy --policy-source-arn {} --action-names {} --resource-arns {}",
            quote(principal),
            quote(&set.one().action),
            quote(resource)
        ));
    }
    commands.push(format!("aws iam list-attached-{kind}-policies --{kind}-name {}", quote(name)));
    commands.push(format!("aws iam list-{kind}-policies --{kind}-name {}", quote(name)));
    commands
}

fn key<'p>(set: &'p ComparisonSet<'_, '_>) -> Option<&'p str> {
    set.one().resource.as_deref().filter(|r| r.contains(":kms:"))
}

fn bucket<'p>(set: &'p ComparisonSet<'_, '_>) -> Option<&'p str> {
    set.one().resource.as_deref()?.split_once(":s3:::").map(|(_, bucket)| bucket)
}

fn resource(set: &ComparisonSet<'_, '_>) -> Vec<String> {
    if let Some(key) = key(set) {
        return vec![
            format!(
                "aws kms get-key-policy --key-id {} --policy-name default --output text",
                quote(key)
            ),
            format!("aws kms list-grants --key-id {}", quote(key)),
        ];
    }
    if let Some(bucket) = bucket(set) {
        return vec![format!(
            "aws s3api get-bucket-policy --bucket {} --output text",
            quote(bucket)
        )];
    }
    let Some(arn) = set.one().resource.as_deref() else { return Vec::new() };
    let Some(parsed) = Arn::parse(arn) else { return Vec::new() };
    let command = match parsed.service {
        "sqs" => format!(
            "aws sqs get-queue-attributes --attribute-names Policy --queue-url \"$(aws sqs get-queue-url --queue-name {} --output text)\"",
            quote(parsed.resource)
        ),
        "sns" => format!("aws sns get-topic-attributes --topic-arn {}", quote(arn)),
        "secretsmanager" => {
            format!("aws secretsmanager get-resource-policy --secret-id {}", quote(arn))
        }
        "lambda" => format!("aws lambda get-policy --function-name {}", quote(arn)),
        "dynamodb" => format!("aws dynamodb get-resource-policy --resource-arn {}", quote(arn)),
        "ecr" => format!("aws ecr get-repository-policy --repository-name {}", quote(parsed.id())),
        "backup" => format!(
            "aws backup get-backup-vault-access-policy --backup-vault-name {}",
            quote(parsed.id())
        ),
        _ => return by_row(arn, &parsed).into_iter().collect(),
    };
    vec![command]
}

/// The command of the table, for policies that have none of their own above.
fn by_row(arn: &str, parsed: &Arn<'_>) -> Option<String> {
    let (kind, id) = parsed.split();
    let row = aws::read_of(parsed.service, kind).filter(|row| row.first().is_none())?;
    let word = |word: &str| match word.split_once('=') {
        Some((option, place)) => {
            let (first, second) = id.split_once('/').unwrap_or((id, ""));
            let named = match place {
                "{arn}" => arn,
                "{id}" => id,
                "{1}" => first,
                "{2}" => second,
                "{account}" => parsed.account,
                word => word,
            };
            format!("{option} {}", quote(named))
        }
        None => word.to_owned(),
    };
    let words: Vec<String> = row.words().split(' ').map(word).collect();
    Some(format!("aws {}", words.join(" ")))
}

fn role(set: &ComparisonSet<'_, '_>) -> Vec<String> {
    let role = set.one().resource.as_deref().filter(|r| r.contains(":role/"));
    role.and_then(|arn| arn.rsplit('/').next())
        .map(|name| {
            format!("aws iam get-role --role-name {}  # AssumeRolePolicyDocument", quote(name))
        })
        .into_iter()
        .collect()
}

fn organization(filter: &str, account: Option<&str>) -> Vec<Command> {
    let command = account.map(|account| {
        let line = format!(
            "aws organizations list-policies-for-target --target-id {} --filter {filter}",
            quote(account)
        );
        Command::noted(line, Sentence::new("log-and-parents"))
    });
    command.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_command_of_its_own_is_read_as_the_table_says() {
        let at = "eu-west-1:111122223333";
        for (arn, want) in [
            (
                format!("arn:aws:kinesis:{at}:stream/clicks"),
                Some(
                    "aws kinesis get-resource-policy --resource-arn arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
                ),
            ),
            (
                format!("arn:aws:codeartifact:{at}:repository/team/npm"),
                Some(
                    "aws codeartifact get-repository-permissions-policy --domain team --domain-owner 111122223333 --repository npm",
                ),
            ),
            (
                format!("arn:aws:events:{at}:event-bus/$(id)"),
                Some("aws events describe-event-bus --name '$(id)'"),
            ),
            (format!("arn:aws:ec2:{at}:instance/i-1"), None),
        ] {
            let told = Arn::parse(&arn).and_then(|parsed| by_row(&arn, &parsed));
            assert_eq!(told.as_deref(), want);
        }
    }
}
