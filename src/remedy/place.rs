//! Where a policy lives, and so with which call it is put there: one command of the AWS CLI and one
//! Terraform resource per kind of policy (AWS CLI Command Reference; Terraform AWS provider).

use serde_json::Value;

use crate::event::Layer;
use crate::event::arn::Arn;
use crate::history::subject::{Entity, EntityKind};
use crate::wording::shell::quote;

/// The place of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub layer: Layer,
    /// Its own ARN, where the kind has one.
    pub arn: Option<String>,
    /// The name of an inline policy.
    pub name: Option<String>,
    /// What it is attached to: ARN or id.
    pub at: Option<String>,
}

impl Place {
    /// AWS owns the policy, so that nobody can change it.
    pub(super) fn is_managed_by_aws(&self) -> bool {
        self.arn.as_deref().is_some_and(|arn| {
            arn.contains(":iam::aws:policy/") || arn.contains(":organizations::aws:policy/")
        })
    }

    /// The commands that put `document` there; empty where the kind is not known.
    pub(super) fn commands(&self, document: &Value) -> Vec<String> {
        let policy = quote(&document.to_string());
        let one = match self.layer {
            Layer::Scp | Layer::Rcp => self.organization_command(&policy),
            Layer::VpcEndpointPolicy => self.at.as_deref().map(|id| {
                format!(
                    "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --policy-document {policy}",
                    quote(last_of(id))
                )
            }),
            Layer::RoleTrustPolicy => self.entity().map(|role| {
                format!(
                    "aws iam update-assume-role-policy --role-name {} --policy-document {policy}",
                    quote(&role.name)
                )
            }),
            Layer::ResourcePolicy => self.at.as_deref().and_then(|arn| resource(arn, &policy)),
            Layer::IdentityPolicy | Layer::PermissionsBoundary => self.identity_command(&policy),
            _ => None,
        };
        one.into_iter().collect()
    }

    fn organization_command(&self, policy: &str) -> Option<String> {
        let id = last_of(self.arn.as_deref()?);
        Some(format!(
            "aws organizations update-policy --policy-id {} --content {policy}",
            quote(id)
        ))
    }

    fn identity_command(&self, policy: &str) -> Option<String> {
        if let Some(arn) = &self.arn {
            return Some(format!(
                "aws iam create-policy-version --policy-arn {} --set-as-default --policy-document {policy}",
                quote(arn)
            ));
        }
        let entity = self.entity()?;
        let kind = entity.kind.as_str();
        Some(format!(
            "aws iam put-{kind}-policy --{kind}-name {} --policy-name {} --policy-document {policy}",
            quote(&entity.name),
            quote(self.name.as_deref()?)
        ))
    }

    fn entity(&self) -> Option<Entity> {
        Entity::from_arn(self.at.as_deref()?)
    }

    /// The same as a Terraform resource.
    pub(super) fn terraform(&self, document: &Value) -> Option<String> {
        let policy = jsonencode(document);
        let (resource, members) = match self.layer {
            Layer::Scp | Layer::Rcp => {
                let kind = if self.layer == Layer::Scp { "SERVICE" } else { "RESOURCE" };
                let members = vec![
                    ("name", text(self.name.as_deref()?)),
                    ("type", text(&format!("{kind}_CONTROL_POLICY"))),
                    ("content", policy),
                ];
                ("aws_organizations_policy", members)
            }
            Layer::VpcEndpointPolicy => {
                let id = text(last_of(self.at.as_deref()?));
                ("aws_vpc_endpoint_policy", vec![("vpc_endpoint_id", id), ("policy", policy)])
            }
            Layer::RoleTrustPolicy => {
                let name = text(&self.entity()?.name);
                ("aws_iam_role", vec![("name", name), ("assume_role_policy", policy)])
            }
            Layer::ResourcePolicy => of_resource(self.at.as_deref()?, policy)?,
            Layer::IdentityPolicy | Layer::PermissionsBoundary => self.of_identity(policy)?,
            _ => return None,
        };
        Some(block(resource, &members))
    }

    fn of_identity(&self, policy: String) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        if let Some(arn) = &self.arn {
            let name = text(last_of(arn));
            return Some(("aws_iam_policy", vec![("name", name), ("policy", policy)]));
        }
        let entity = self.entity()?;
        let (resource, member) = match entity.kind {
            EntityKind::User => ("aws_iam_user_policy", "user"),
            EntityKind::Role => ("aws_iam_role_policy", "role"),
            EntityKind::Group => ("aws_iam_group_policy", "group"),
        };
        let name = text(self.name.as_deref()?);
        Some((resource, vec![("name", name), (member, text(&entity.name)), ("policy", policy)]))
    }
}

/// What stands after the last `/` or `:`.
pub(super) fn last_of(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// ` --region …` of a resource that lives in one.
pub(super) fn in_region(arn: &str) -> String {
    match Arn::parse(arn).map(|arn| arn.region).filter(|region| !region.is_empty()) {
        Some(region) => format!(" --region {}", quote(region)),
        None => String::new(),
    }
}

fn resource(arn: &str, policy: &str) -> Option<String> {
    let parsed = Arn::parse(arn)?;
    let region = in_region(arn);
    let whole = quote(arn);
    let id = quote(parsed.id());
    Some(match parsed.service {
        "kms" => {
            format!(
                "aws kms put-key-policy --key-id {whole} --policy-name default{region} --policy {policy}"
            )
        }
        "s3" => {
            let bucket = quote(parsed.resource.split('/').next().unwrap_or_default());
            format!("aws s3api put-bucket-policy --bucket {bucket} --policy {policy}")
        }
        "sqs" => {
            let attributes = serde_json::json!({ "Policy": unquoted(policy) }).to_string();
            format!(
                "aws sqs set-queue-attributes --queue-url \"$(aws sqs get-queue-url --queue-name {id} --query QueueUrl --output text{region})\"{region} --attributes {}",
                quote(&attributes)
            )
        }
        "sns" => {
            format!(
                "aws sns set-topic-attributes --topic-arn {whole} --attribute-name Policy{region} --attribute-value {policy}"
            )
        }
        "secretsmanager" => {
            format!(
                "aws secretsmanager put-resource-policy --secret-id {whole}{region} --resource-policy {policy}"
            )
        }
        "dynamodb" | "kinesis" => format!(
            "aws {} put-resource-policy --resource-arn {whole}{region} --policy {policy}",
            parsed.service
        ),
        "ecr" => {
            format!(
                "aws ecr set-repository-policy --repository-name {id}{region} --policy-text {policy}"
            )
        }
        "backup" => {
            format!(
                "aws backup put-backup-vault-access-policy --backup-vault-name {id}{region} --policy {policy}"
            )
        }
        "elasticfilesystem" => {
            format!(
                "aws efs put-file-system-policy --file-system-id {id}{region} --policy {policy}"
            )
        }
        "events" => {
            format!("aws events put-permission --event-bus-name {id}{region} --policy {policy}")
        }
        "glue" => format!("aws glue put-resource-policy{region} --policy-in-json {policy}"),
        "es" => {
            format!(
                "aws opensearch update-domain-config --domain-name {id}{region} --access-policies {policy}"
            )
        }
        _ => return None,
    })
}

/// The JSON in a quoted word again; SQS takes the policy inside another document.
fn unquoted(word: &str) -> String {
    match word.strip_prefix('\'').and_then(|w| w.strip_suffix('\'')) {
        Some(inner) => inner.replace(r"'\''", "'"),
        None => word.to_owned(),
    }
}

fn of_resource(arn: &str, policy: String) -> Option<(&'static str, Vec<(&'static str, String)>)> {
    let parsed = Arn::parse(arn)?;
    let (whole, id) = (text(arn), text(parsed.id()));
    Some(match parsed.service {
        "kms" => ("aws_kms_key_policy", vec![("key_id", whole), ("policy", policy)]),
        "s3" => {
            let bucket = text(parsed.resource.split('/').next().unwrap_or_default());
            ("aws_s3_bucket_policy", vec![("bucket", bucket), ("policy", policy)])
        }
        "sqs" => {
            let url = format!("data.aws_sqs_queue.{}.url", identifier(parsed.id()));
            ("aws_sqs_queue_policy", vec![("queue_url", url), ("policy", policy)])
        }
        "sns" => ("aws_sns_topic_policy", vec![("arn", whole), ("policy", policy)]),
        "secretsmanager" => {
            ("aws_secretsmanager_secret_policy", vec![("secret_arn", whole), ("policy", policy)])
        }
        "dynamodb" => {
            ("aws_dynamodb_resource_policy", vec![("resource_arn", whole), ("policy", policy)])
        }
        "kinesis" => {
            ("aws_kinesis_resource_policy", vec![("resource_arn", whole), ("policy", policy)])
        }
        "ecr" => ("aws_ecr_repository_policy", vec![("repository", id), ("policy", policy)]),
        "backup" => {
            ("aws_backup_vault_policy", vec![("backup_vault_name", id), ("policy", policy)])
        }
        "elasticfilesystem" => {
            ("aws_efs_file_system_policy", vec![("file_system_id", id), ("policy", policy)])
        }
        "events" => {
            ("aws_cloudwatch_event_bus_policy", vec![("event_bus_name", id), ("policy", policy)])
        }
        "es" => {
            ("aws_opensearch_domain_policy", vec![("domain_name", id), ("access_policies", policy)])
        }
        _ => return None,
    })
}

/// A resource block; values are expressions already.
pub(super) fn block(resource: &str, members: &[(&str, String)]) -> String {
    let width = members.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String =
        members.iter().map(|(name, value)| format!("  {name:width$} = {value}\n")).collect();
    format!("resource \"{resource}\" \"fixed\" {{\n{lines}}}")
}

/// A text as Terraform spells it: JSON's escapes, and no templates.
pub(super) fn text(value: &str) -> String {
    untemplated(&Value::from(value).to_string())
}

fn jsonencode(document: &Value) -> String {
    let pretty = serde_json::to_string_pretty(document).unwrap_or_default();
    format!("jsonencode({})", untemplated(&pretty.replace('\n', "\n  ")))
}

/// `${` and `%{` begin a template in Terraform (HCL native syntax, "Template expressions").
fn untemplated(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A name Terraform takes for a label.
fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(layer: Layer, arn: Option<&str>, name: Option<&str>, at: &str) -> Place {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Place { layer, arn: own(arn), name: own(name), at: Some(at.to_owned()) }
    }

    #[test]
    fn every_kind_of_policy_is_put_with_its_own_command() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let role = "arn:aws:iam::111122223333:role/path/Deploy";
        let managed = "arn:aws:iam::111122223333:policy/Limits";
        let rows = [
            (place(Layer::ResourcePolicy, None, None, key), "put-key-policy", "aws_kms_key_policy"),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:s3:::pictures"),
                "put-bucket-policy --bucket pictures",
                "aws_s3_bucket_policy",
            ),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:sns:eu-west-1:111122223333:news"),
                "set-topic-attributes",
                "aws_sns_topic_policy",
            ),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:sqs:eu-west-1:111122223333:jobs"),
                "set-queue-attributes",
                "aws_sqs_queue_policy",
            ),
            (
                place(Layer::RoleTrustPolicy, None, None, role),
                "update-assume-role-policy --role-name Deploy",
                "aws_iam_role",
            ),
            (
                place(Layer::IdentityPolicy, None, Some("own"), role),
                "put-role-policy --role-name Deploy --policy-name own",
                "aws_iam_role_policy",
            ),
            (
                place(Layer::IdentityPolicy, Some(managed), None, role),
                "create-policy-version",
                "aws_iam_policy",
            ),
            (
                place(Layer::PermissionsBoundary, Some(managed), None, role),
                "create-policy-version",
                "aws_iam_policy",
            ),
            (
                place(
                    Layer::Scp,
                    Some("arn:aws:organizations::1:policy/o-1/service_control_policy/p-9"),
                    Some("Guard"),
                    "r-1",
                ),
                "update-policy --policy-id p-9",
                "aws_organizations_policy",
            ),
            (
                place(Layer::VpcEndpointPolicy, None, None, "vpce-1"),
                "modify-vpc-endpoint --vpc-endpoint-id vpce-1",
                "aws_vpc_endpoint_policy",
            ),
        ];
        let document = json!({"Statement": [{"Resource": "arn:aws:s3:::b/${aws:username}"}]});
        for (place, command, resource) in rows {
            let commands = place.commands(&document);
            assert!(commands.iter().any(|c| c.contains(command)), "{commands:?}");
            let terraform = place.terraform(&document).unwrap();
            assert!(terraform.contains(resource), "{terraform}");
            assert!(terraform.contains("$${aws:username}"), "{terraform}");
        }
    }

    #[test]
    fn hostile_names_stay_one_word() {
        let place =
            place(Layer::IdentityPolicy, None, Some("a'; id #"), "arn:aws:iam::1:user/$(id)");
        let commands = place.commands(&json!({}));
        assert_eq!(
            commands,
            [
                r"aws iam put-user-policy --user-name '$(id)' --policy-name 'a'\''; id #' --policy-document '{}'"
            ]
        );
    }
}
