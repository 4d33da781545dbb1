//! How a fix is carried out: the present document is read, edited, shown beside what it was, and
//! put. The commands can be pasted in order, and twice; nothing is put that was not read before.

pub(super) mod amendment;
mod identity_center;
mod kinds;
pub(super) mod whose;

pub(super) use amendment::Amendment;
use kinds::Absent;
pub(super) use whose::Whose;

use super::place::{Place, last_of};
use crate::event::Layer;
use crate::history::subject::{Entity, EntityKind};
use crate::wording::shell::quote;

/// What a document begins as where there is none.
const EMPTY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// How one document is read and put.
struct Access {
    /// Name of the files, without what tells before from after.
    file: &'static str,
    /// What has to be found first.
    first: Vec<String>,
    read: String,
    query: String,
    /// The answer has the document itself, not its text.
    is_parsed: bool,
    absent: Absent,
    /// Commands that put it, the last of them with [`Access::after`]; each runs only where there is
    /// something to put.
    write: Vec<String>,
    whose: Whose,
}

/// The template with its names filled in, in one pass: what is filled in is not looked at again.
fn fill(template: &str, words: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        match words.iter().find(|(name, _)| after.starts_with(name)) {
            Some((name, word)) => {
                filled.push_str(word);
                rest = after.get(name.len()..).unwrap_or_default();
            }
            None => {
                filled.push('{');
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// What changes the document at `place`, and whose credentials do it. `is_there` where the document
/// is known to exist, so that none is begun.
pub(super) fn carried_out(
    place: &Place,
    amendment: &Amendment,
    is_there: bool,
) -> Option<(Whose, Vec<String>)> {
    let mut access = access(place, amendment)?;
    if is_there {
        access.absent = Absent::Never;
    }
    let mut commands = access.first.clone();
    commands.push(access.reading());
    commands.push(format!(
        "jq -c {} {} > {}",
        quote(&amendment.jq()),
        access.before(),
        access.after()
    ));
    commands.push(format!(
        "if [ -s {1} ]; then diff <(jq . {0}) <(jq . {1}); else echo 'Nothing to put: not read, done already, or no longer as it was'; fi",
        access.before(),
        access.after()
    ));
    let when_changed = |command: &String| format!("[ -s {} ] && {command}", access.after());
    commands.extend(access.write.iter().map(when_changed));
    Some((access.whose, commands))
}

impl Access {
    fn before(&self) -> String {
        format!("{}.before.json", self.file)
    }

    fn after(&self) -> String {
        after(self.file)
    }

    fn reading(&self) -> String {
        let (read, query, before) = (&self.read, quote(&self.query), self.before());
        let output = if self.is_parsed { "json" } else { "text" };
        match self.absent {
            Absent::Never => format!("{read} --query {query} --output {output} > {before}"),
            Absent::Error(code) => {
                let error = format!("{}.error.txt", self.file);
                format!(
                    "{read} --query {query} --output {output} > {before} 2> {error} || {{ cat {error}; grep -qF '({code})' {error} && echo '{EMPTY}' > {before}; }}"
                )
            }
            Absent::Empty => format!(
                "{read} --query {query} --output json | jq 'if . == null or . == \"\" or . == \"{{}}\" then {EMPTY} else fromjson end' > {before}"
            ),
        }
    }
}

fn after(file: &str) -> String {
    format!("{file}.after.json")
}

fn access(place: &Place, amendment: &Amendment) -> Option<Access> {
    match place.layer {
        Layer::Scp | Layer::Rcp => organization(place),
        Layer::VpcEndpointPolicy => endpoint(place),
        Layer::RoleTrustPolicy => trust(place),
        Layer::ResourcePolicy => resource(place, amendment),
        Layer::IdentityPolicy | Layer::PermissionsBoundary => identity(place),
        _ => None,
    }
}

fn organization(place: &Place) -> Option<Access> {
    let arn = place.arn.as_deref()?;
    let id = quote(last_of(arn));
    let file = if place.layer == Layer::Scp { "scp" } else { "rcp" };
    Some(Access {
        file,
        first: Vec::new(),
        read: format!("aws organizations describe-policy --policy-id {id}"),
        query: "Policy.Content".to_owned(),
        is_parsed: false,
        absent: Absent::Never,
        write: vec![format!(
            "aws organizations update-policy --policy-id {id} --content file://{}",
            after(file)
        )],
        whose: Whose::of(place.layer, arn),
    })
}

fn endpoint(place: &Place) -> Option<Access> {
    let at = place.at.as_deref()?;
    let (id, region) = (quote(last_of(at)), super::place::in_region(at));
    let file = "endpoint-policy";
    Some(Access {
        file,
        first: Vec::new(),
        read: format!("aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {id}{region}"),
        query: "VpcEndpoints[0].PolicyDocument".to_owned(),
        is_parsed: false,
        absent: Absent::Never,
        write: vec![format!(
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {id}{region} --policy-document file://{}",
            after(file)
        )],
        whose: Whose::of(place.layer, at),
    })
}

fn trust(place: &Place) -> Option<Access> {
    let at = place.at.as_deref()?;
    let role = Entity::from_arn(at).filter(|entity| entity.kind == EntityKind::Role)?;
    if place.is_kept_by_aws() {
        return None;
    }
    let (name, file) = (quote(&role.name), "trust-policy");
    Some(Access {
        file,
        first: Vec::new(),
        read: format!("aws iam get-role --role-name {name}"),
        query: "Role.AssumeRolePolicyDocument".to_owned(),
        is_parsed: true,
        absent: Absent::Never,
        write: vec![format!(
            "aws iam update-assume-role-policy --role-name {name} --policy-document file://{}",
            after(file)
        )],
        whose: Whose::of(place.layer, at),
    })
}

/// Where no record names the resource, what is allowed says of which kind it is.
fn resource(place: &Place, amendment: &Amendment) -> Option<Access> {
    let arn = place.at.as_deref();
    let kind = match arn {
        Some(arn) => kinds::of_arn(arn)?,
        None => kinds::of_service(&amendment.service()?)?,
    };
    let (id, region) = kind.names(arn);
    Some(Access {
        file: kind.file,
        first: Vec::new(),
        read: kind.reads(&id, &region),
        query: kind.query.to_owned(),
        is_parsed: false,
        absent: kind.absent,
        write: vec![kind.writes(&id, &region, &after(kind.file))],
        whose: Whose::of(place.layer, arn.unwrap_or(kind.placeholder)),
    })
}

fn identity(place: &Place) -> Option<Access> {
    if let Some(arn) = &place.arn {
        return Some(managed(quote(arn), Vec::new(), Whose::of(place.layer, arn)));
    }
    let at = place.at.as_deref()?;
    let entity = Entity::from_arn(at)?;
    if place.layer == Layer::PermissionsBoundary {
        return boundary(place, &entity, at);
    }
    if let Some(set) = identity_center::permission_set(&entity) {
        return Some(identity_center::access(set));
    }
    if place.is_kept_by_aws() {
        return None;
    }
    let (kind, name) = (entity.kind.as_str(), quote(&entity.name));
    let policy = quote(place.name.as_deref()?);
    let file = match entity.kind {
        EntityKind::User => "user-policy",
        EntityKind::Role => "role-policy",
        EntityKind::Group => "group-policy",
    };
    Some(Access {
        file,
        first: Vec::new(),
        read: format!("aws iam get-{kind}-policy --{kind}-name {name} --policy-name {policy}"),
        query: "PolicyDocument".to_owned(),
        is_parsed: true,
        absent: Absent::Error("NoSuchEntity"),
        write: vec![format!(
            "aws iam put-{kind}-policy --{kind}-name {name} --policy-name {policy} --policy-document file://{}",
            after(file)
        )],
        whose: Whose::of(place.layer, at),
    })
}

/// A boundary that only AWS can name: it is asked.
fn boundary(place: &Place, entity: &Entity, at: &str) -> Option<Access> {
    if place.is_kept_by_aws() || identity_center::permission_set(entity).is_some() {
        return None;
    }
    let (kind, name) = (entity.kind.as_str(), quote(&entity.name));
    let member = match entity.kind {
        EntityKind::User => "User",
        EntityKind::Role => "Role",
        EntityKind::Group => return None,
    };
    let first = format!(
        "boundary=$(aws iam get-{kind} --{kind}-name {name} --query {member}.PermissionsBoundary.PermissionsBoundaryArn --output text)"
    );
    Some(managed("\"$boundary\"".to_owned(), vec![first], Whose::of(place.layer, at)))
}

/// A customer managed policy: its default version is read and a new one made. It has at most five
/// versions (IAM quotas), so that the oldest has to make room.
fn managed(arn: String, first: Vec<String>, whose: Whose) -> Access {
    let file = "managed-policy";
    let version = format!(
        "\"$(aws iam get-policy --policy-arn {arn} --query Policy.DefaultVersionId --output text)\""
    );
    let oldest = "Versions[4] && sort_by(Versions[?!IsDefaultVersion], &CreateDate)[0].VersionId";
    Access {
        file,
        first,
        read: format!("aws iam get-policy-version --policy-arn {arn} --version-id {version}"),
        query: "PolicyVersion.Document".to_owned(),
        is_parsed: true,
        absent: Absent::Never,
        write: vec![
            format!(
                "oldest=$(aws iam list-policy-versions --policy-arn {arn} --query '{oldest}' --output text) && [ \"$oldest\" != None ] && aws iam delete-policy-version --policy-arn {arn} --version-id \"$oldest\"  # makes room: five versions at most"
            ),
            format!(
                "aws iam create-policy-version --policy-arn {arn} --set-as-default --policy-document file://{}",
                after(file)
            ),
        ],
        whose,
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(layer: Layer, arn: Option<&str>, name: Option<&str>, at: Option<&str>) -> Place {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Place { layer, arn: own(arn), name: own(name), at: own(at) }
    }

    fn commands(place: &Place, is_there: bool) -> Vec<String> {
        let statement = json!({"Sid": "Use", "Effect": "Allow", "Action": "*", "Resource": "*"});
        let told = carried_out(place, &Amendment::adding(&[statement]), is_there);
        told.map(|(_, commands)| commands).unwrap_or_default()
    }

    /// Layer, the policy's ARN, its name, what it is at, and the calls that read and put it.
    type Row = (
        Layer,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
        &'static str,
        &'static str,
    );
    const ROWS: [Row; 23] = {
        use Layer::{
            IdentityPolicy as Identity, PermissionsBoundary as Boundary, ResourcePolicy as Resource,
        };
        const ROLE: &str = "arn:aws:iam::111122223333:role/path/Deploy";
        const MANAGED: Option<&str> = Some("arn:aws:iam::111122223333:policy/Limits");
        const SCP: Option<&str> =
            Some("arn:aws:organizations::999999999999:policy/o-1/service_control_policy/p-9");
        [
            (
                Resource,
                None,
                None,
                "arn:aws:kms:eu-west-1:111122223333:key/1",
                "kms get-key-policy",
                "kms put-key-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:kms:eu-west-1:111122223333:alias/a",
                "kms describe-key",
                "kms put-key-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:s3:::pictures/2026/*",
                "get-bucket-policy --bucket pictures ",
                "put-bucket-policy --bucket pictures ",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:sqs:eu-west-1:111122223333:jobs",
                "get-queue-attributes",
                "set-queue-attributes",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:sns:eu-west-1:111122223333:news",
                "get-topic-attributes",
                "set-topic-attributes",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1B2c3",
                "get-resource-policy --secret-id",
                "put-resource-policy --secret-id",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i",
                "table/t --region",
                "table/t --region",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
                "kinesis get-resource-policy",
                "kinesis put-resource-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:ecr:eu-west-1:111122223333:repository/team/app",
                "--repository-name team/app",
                "set-repository-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:backup:eu-west-1:111122223333:backup-vault:v",
                "get-backup-vault-access-policy",
                "put-backup-vault-access-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1",
                "describe-file-system-policy",
                "put-file-system-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:events:eu-west-1:111122223333:event-bus/main",
                "describe-event-bus --name main",
                "put-permission",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:glue:eu-west-1:111122223333:catalog",
                "glue get-resource-policy",
                "glue put-resource-policy",
            ),
            (
                Resource,
                None,
                None,
                "arn:aws:es:eu-west-1:111122223333:domain/logs",
                "describe-domain-config",
                "update-domain-config",
            ),
            (
                Layer::RoleTrustPolicy,
                None,
                None,
                ROLE,
                "get-role --role-name Deploy",
                "update-assume-role-policy --role-name Deploy",
            ),
            (Identity, None, Some("own"), ROLE, "get-role-policy", "put-role-policy"),
            (
                Identity,
                None,
                Some("own"),
                "arn:aws:iam::111122223333:user/deploy",
                "get-user-policy",
                "put-user-policy",
            ),
            (
                Identity,
                None,
                Some("own"),
                "arn:aws:iam::111122223333:group/team",
                "get-group-policy",
                "put-group-policy",
            ),
            (Identity, MANAGED, None, ROLE, "get-policy-version", "create-policy-version"),
            (Boundary, MANAGED, None, ROLE, "get-policy-version", "create-policy-version"),
            (
                Boundary,
                None,
                Some("own"),
                ROLE,
                "PermissionsBoundaryArn",
                "create-policy-version --policy-arn \"$boundary\"",
            ),
            (
                Layer::Scp,
                SCP,
                Some("Guard"),
                "r-1",
                "describe-policy --policy-id p-9",
                "update-policy --policy-id p-9",
            ),
            (
                Layer::VpcEndpointPolicy,
                None,
                None,
                "vpce-1",
                "describe-vpc-endpoints --vpc-endpoint-ids vpce-1",
                "modify-vpc-endpoint --vpc-endpoint-id vpce-1",
            ),
        ]
    };

    #[test]
    fn every_kind_is_read_edited_shown_and_put_in_this_order() {
        for (layer, arn, name, at, read, put) in ROWS {
            let commands = commands(&place(layer, arn, name, Some(at)), false);
            let find = |word: &str| commands.iter().position(|command| command.contains(word));
            let told = format!("{commands:#?}");
            let (read, edit) = (find(read).expect(&told), find("jq -c '. as").expect(&told));
            let (show, put) = (
                find("diff <(").expect(&told),
                commands.iter().rposition(|c| c.contains(put)).expect(&told),
            );
            assert!(read < edit && edit < show && show < put, "{told}");
            assert!(commands[show + 1..].iter().all(|c| c.starts_with("[ -s ")), "{told}");
        }
    }

    #[test]
    fn a_document_is_begun_only_where_aws_says_there_is_none() {
        for (layer, arn, name, at, ..) in ROWS {
            let place = place(layer, arn, name, Some(at));
            assert!(!commands(&place, true).iter().any(|c| c.contains(EMPTY)), "{at}");
            for command in commands(&place, false).iter().filter(|c| c.contains(EMPTY)) {
                assert!(
                    command.contains("grep -qF '(") || command.contains(". == null"),
                    "{command}"
                );
            }
        }
    }

    #[test]
    fn a_resource_that_no_record_names_is_left_to_be_filled_in() {
        let unnamed = place(Layer::ResourcePolicy, None, None, None);
        for (action, word) in [
            ("kms:Decrypt", "'<KEY_ID>'"),
            ("sqs:SendMessage", "'<QUEUE_NAME>'"),
            ("s3:GetObject", "'<BUCKET>'"),
        ] {
            let added = Amendment::adding(&[json!({"Effect": "Allow", "Action": [action]})]);
            let (_, commands) = carried_out(&unnamed, &added, false).unwrap();
            assert!(commands.iter().any(|command| command.contains(word)), "{commands:?}");
        }
    }

    #[test]
    fn what_aws_keeps_is_not_touched() {
        let linked = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
        let reserved = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef";
        for at in [linked, reserved] {
            assert!(
                commands(&place(Layer::RoleTrustPolicy, None, None, Some(at)), true).is_empty()
            );
            assert!(
                commands(&place(Layer::PermissionsBoundary, None, None, Some(at)), true).is_empty()
            );
        }
        assert!(
            commands(&place(Layer::IdentityPolicy, None, Some("own"), Some(linked)), true)
                .is_empty()
        );
        let set = commands(&place(Layer::IdentityPolicy, None, Some("own"), Some(reserved)), false);
        let joined = set.join("\n");
        for word in [
            "list-instances",
            "put-inline-policy-to-permission-set",
            "ALL_PROVISIONED_ACCOUNTS",
            "Ops",
        ] {
            assert!(joined.contains(word), "{joined}");
        }
        assert!(!joined.contains("put-role-policy"), "{joined}");
    }

    #[test]
    fn hostile_names_stay_one_word() {
        let place = place(
            Layer::IdentityPolicy,
            None,
            Some("a'; id {name} #"),
            Some("arn:aws:iam::1:user/$(id)"),
        );
        let commands = commands(&place, true);
        assert_eq!(
            commands[0],
            r"aws iam get-user-policy --user-name '$(id)' --policy-name 'a'\''; id {name} #' --query PolicyDocument --output json > user-policy.before.json"
        );
    }
}
