//! How each kind of policy is read and put with the AWS CLI, and how the CLI tells that there is none
//! (AWS CLI Command Reference; the services' API references, errors of their `Get…Policy`).

use super::fill;
use crate::event::arn::Arn;
use crate::wording::shell::quote;

/// How AWS tells that there is no policy yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// There is always one.
    Never,
    /// With an error of this code.
    Error(&'static str),
    /// With nothing in its place.
    Empty,
}

/// What a resource is called in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    /// By its ARN.
    Arn,
    /// By its name or id, without the type.
    Id,
    /// A key by its ARN or id; an alias has to be looked up.
    Key,
    /// By what stands before the first `/`.
    Bucket,
    /// A table by its ARN; an index has no policy of its own.
    Table,
    /// Not at all: there is one for account and Region.
    Account,
}

/// One kind of resource policy.
pub(super) struct Kind {
    service: &'static str,
    /// The type in an ARN of what has the policy; "" where ARNs of the service have none.
    resource: &'static str,
    called: Called,
    /// What stands for a name that is not known.
    pub placeholder: &'static str,
    /// Name of the files.
    pub file: &'static str,
    read: &'static str,
    /// Where the answer has the text of the policy.
    pub query: &'static str,
    pub absent: Absent,
    write: &'static str,
}

/// One row for each kind.
const KINDS: [Kind; 13] = [
    Kind {
        service: "kms",
        resource: "",
        called: Called::Key,
        placeholder: "<KEY_ID>",
        file: "key-policy",
        read: "aws kms get-key-policy --key-id {id} --policy-name default",
        query: "Policy",
        absent: Absent::Never,
        write: "aws kms put-key-policy --key-id {id} --policy-name default{region} --policy {file}",
    },
    Kind {
        service: "s3",
        resource: "",
        called: Called::Bucket,
        placeholder: "<BUCKET>",
        file: "bucket-policy",
        read: "aws s3api get-bucket-policy --bucket {id}",
        query: "Policy",
        absent: Absent::Error("NoSuchBucketPolicy"),
        write: "aws s3api put-bucket-policy --bucket {id}{region} --policy {file}",
    },
    Kind {
        service: "sqs",
        resource: "",
        called: Called::Id,
        placeholder: "<QUEUE_NAME>",
        file: "queue-policy",
        read: "aws sqs get-queue-attributes --queue-url \"$(aws sqs get-queue-url --queue-name {id}{region} --query QueueUrl --output text)\" --attribute-names Policy",
        query: "Attributes.Policy",
        absent: Absent::Empty,
        write: "jq -c '{Policy: tojson}' {path} > queue-policy.attributes.json && aws sqs set-queue-attributes --queue-url \"$(aws sqs get-queue-url --queue-name {id}{region} --query QueueUrl --output text)\"{region} --attributes file://queue-policy.attributes.json",
    },
    Kind {
        service: "sns",
        resource: "",
        called: Called::Arn,
        placeholder: "<TOPIC_ARN>",
        file: "topic-policy",
        read: "aws sns get-topic-attributes --topic-arn {id}",
        query: "Attributes.Policy",
        absent: Absent::Empty,
        write: "aws sns set-topic-attributes --topic-arn {id}{region} --attribute-name Policy --attribute-value {file}",
    },
    Kind {
        service: "secretsmanager",
        resource: "secret",
        called: Called::Arn,
        placeholder: "<SECRET_ID>",
        file: "secret-policy",
        read: "aws secretsmanager get-resource-policy --secret-id {id}",
        query: "ResourcePolicy",
        absent: Absent::Empty,
        write: "aws secretsmanager put-resource-policy --secret-id {id}{region} --resource-policy {file}",
    },
    Kind {
        service: "dynamodb",
        resource: "table",
        called: Called::Table,
        placeholder: "<TABLE_ARN>",
        file: "table-policy",
        read: "aws dynamodb get-resource-policy --resource-arn {id}",
        query: "Policy",
        absent: Absent::Error("PolicyNotFoundException"),
        write: "aws dynamodb put-resource-policy --resource-arn {id}{region} --policy {file}",
    },
    Kind {
        service: "kinesis",
        resource: "stream",
        called: Called::Arn,
        placeholder: "<STREAM_ARN>",
        file: "stream-policy",
        read: "aws kinesis get-resource-policy --resource-arn {id}",
        query: "Policy",
        absent: Absent::Empty,
        write: "aws kinesis put-resource-policy --resource-arn {id}{region} --policy {file}",
    },
    Kind {
        service: "ecr",
        resource: "repository",
        called: Called::Id,
        placeholder: "<REPOSITORY>",
        file: "repository-policy",
        read: "aws ecr get-repository-policy --repository-name {id}",
        query: "policyText",
        absent: Absent::Error("RepositoryPolicyNotFoundException"),
        write: "aws ecr set-repository-policy --repository-name {id}{region} --policy-text {file}",
    },
    Kind {
        service: "backup",
        resource: "backup-vault",
        called: Called::Id,
        placeholder: "<VAULT_NAME>",
        file: "vault-policy",
        read: "aws backup get-backup-vault-access-policy --backup-vault-name {id}",
        query: "Policy",
        absent: Absent::Error("ResourceNotFoundException"),
        write: "aws backup put-backup-vault-access-policy --backup-vault-name {id}{region} --policy {file}",
    },
    Kind {
        service: "elasticfilesystem",
        resource: "file-system",
        called: Called::Id,
        placeholder: "<FILE_SYSTEM_ID>",
        file: "file-system-policy",
        read: "aws efs describe-file-system-policy --file-system-id {id}",
        query: "Policy",
        absent: Absent::Error("PolicyNotFound"),
        write: "aws efs put-file-system-policy --file-system-id {id}{region} --policy {file}",
    },
    Kind {
        service: "events",
        resource: "event-bus",
        called: Called::Id,
        placeholder: "<EVENT_BUS>",
        file: "event-bus-policy",
        read: "aws events describe-event-bus --name {id}",
        query: "Policy",
        absent: Absent::Empty,
        write: "aws events put-permission --event-bus-name {id}{region} --policy {file}",
    },
    Kind {
        service: "glue",
        resource: "",
        called: Called::Account,
        placeholder: "",
        file: "catalog-policy",
        read: "aws glue get-resource-policy",
        query: "PolicyInJson",
        absent: Absent::Error("EntityNotFoundException"),
        write: "aws glue put-resource-policy{region} --policy-in-json {file}",
    },
    Kind {
        service: "es",
        resource: "domain",
        called: Called::Id,
        placeholder: "<DOMAIN>",
        file: "domain-policy",
        read: "aws opensearch describe-domain-config --domain-name {id}",
        query: "DomainConfig.AccessPolicies.Options",
        absent: Absent::Empty,
        write: "aws opensearch update-domain-config --domain-name {id}{region} --access-policies {file}",
    },
];

/// The kind of a resource's policy, by its ARN.
pub(super) fn of_arn(arn: &str) -> Option<&'static Kind> {
    let parsed = Arn::parse(arn)?;
    KINDS.iter().find(|kind| {
        kind.service == parsed.service
            && (kind.resource.is_empty() || parsed.split().0 == Some(kind.resource))
    })
}

/// The kind of policy that the resources of a service have.
pub(super) fn of_service(service: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.service == service)
}

impl Kind {
    /// The words that name the resource, and its Region.
    pub(super) fn names(&self, arn: Option<&str>) -> (String, String) {
        let Some((arn, parsed)) = arn.and_then(|arn| Some((arn, Arn::parse(arn)?))) else {
            return (quote(self.placeholder), String::new());
        };
        let region = super::super::place::in_region(arn);
        let id = match self.called {
            Called::Arn => quote(arn),
            Called::Id => quote(parsed.id()),
            Called::Bucket => quote(parsed.resource.split('/').next().unwrap_or_default()),
            Called::Table => quote(arn.split("/index/").next().unwrap_or(arn)),
            Called::Key if parsed.resource.starts_with("alias/") => {
                let told = format!(
                    "aws kms describe-key --key-id {}{region} --query KeyMetadata.Arn --output text",
                    quote(arn)
                );
                format!("\"$({told})\"")
            }
            Called::Key => quote(arn),
            Called::Account => String::new(),
        };
        (id, region)
    }

    /// The command that reads the policy, without `--query`.
    pub(super) fn reads(&self, id: &str, region: &str) -> String {
        let read = fill(self.read, &[("{id}", id), ("{region}", region)]);
        format!("{read}{region}")
    }

    /// The command that puts what the file says.
    pub(super) fn writes(&self, id: &str, region: &str, path: &str) -> String {
        let file = format!("file://{path}");
        let words = [("{id}", id), ("{region}", region), ("{file}", &file), ("{path}", path)];
        fill(self.write, &words)
    }
}
