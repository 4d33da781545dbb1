//! Where a policy lives, and the Terraform resource that it is (Terraform AWS provider). The commands
//! that put it there are in [`super::commands`].

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

    /// AWS writes what such a role is allowed, and who may assume it (IAM "Service-linked roles";
    /// IAM Identity Center "Permission sets").
    pub(super) fn is_kept_by_aws(&self) -> bool {
        self.at.as_deref().is_some_and(|arn| {
            arn.contains(":role/aws-service-role/")
                || arn.contains(":role/aws-reserved/sso.amazonaws.com/")
                || self.entity().is_some_and(|role| role.name.starts_with("AWSReservedSSO_"))
        })
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
    fn every_kind_of_policy_has_its_own_resource() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let role = "arn:aws:iam::111122223333:role/path/Deploy";
        let managed = "arn:aws:iam::111122223333:policy/Limits";
        let rows = [
            (place(Layer::ResourcePolicy, None, None, key), "aws_kms_key_policy"),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:s3:::pictures"),
                "aws_s3_bucket_policy",
            ),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:sns:eu-west-1:111122223333:news"),
                "aws_sns_topic_policy",
            ),
            (
                place(Layer::ResourcePolicy, None, None, "arn:aws:sqs:eu-west-1:111122223333:jobs"),
                "aws_sqs_queue_policy",
            ),
            (place(Layer::RoleTrustPolicy, None, None, role), "aws_iam_role"),
            (place(Layer::IdentityPolicy, None, Some("own"), role), "aws_iam_role_policy"),
            (place(Layer::IdentityPolicy, Some(managed), None, role), "aws_iam_policy"),
            (place(Layer::PermissionsBoundary, Some(managed), None, role), "aws_iam_policy"),
            (
                place(
                    Layer::Scp,
                    Some("arn:aws:organizations::1:policy/o-1/service_control_policy/p-9"),
                    Some("Guard"),
                    "r-1",
                ),
                "aws_organizations_policy",
            ),
            (place(Layer::VpcEndpointPolicy, None, None, "vpce-1"), "aws_vpc_endpoint_policy"),
        ];
        let document = json!({"Statement": [{"Resource": "arn:aws:s3:::b/${aws:username}"}]});
        for (place, resource) in rows {
            let terraform = place.terraform(&document).unwrap();
            assert!(terraform.contains(resource), "{terraform}");
            assert!(terraform.contains("$${aws:username}"), "{terraform}");
        }
    }
}
