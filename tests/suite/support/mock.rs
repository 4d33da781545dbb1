//! Carries commands out with the AWS CLI itself, against a mock of AWS that has the document of before.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::story::REGION;

/// A document that says nothing: there was none.
fn is_none(document: &str) -> bool {
    serde_json::from_str::<Value>(document)
        .is_ok_and(|d| d["Statement"].as_array().is_some_and(Vec::is_empty))
}

/// Some commands of the CLI pass over `AWS_ENDPOINT_URL`, but none over the option.
const ALL_OF_AWS: &str = "aws() { command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }";

/// Empties the mock (moto documentation, "Reset API").
fn reset() {
    let url = std::env::var("AWS_ENDPOINT_URL").unwrap_or_else(|_| panic!("no AWS_ENDPOINT_URL"));
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    let request = "POST /moto-api/reset HTTP/1.0\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

struct Bench {
    folder: TempDir,
    /// Names in the commands, and what the mock calls it.
    called: Vec<(String, String)>,
}

impl Bench {
    fn bash(&self, script: &str) -> (String, String) {
        let output = Command::new("bash")
            .args(["-c", &format!("{ALL_OF_AWS}\n{script}")])
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_PAGER", "")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        (text(output.stdout), text(output.stderr))
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// What comes out where the mock has the thing; the thing itself is called as it says.
    fn made(&mut self, name: &str, script: &str) -> Result<(), String> {
        let (told, errors) = self.bash(script);
        if told.is_empty() || told == "None" {
            return Err(format!("{script}: {errors}"));
        }
        self.called.push((name.to_owned(), told));
        Ok(())
    }
}

/// The value of an option in the commands, quotes taken off.
fn option(commands: &[&str], name: &str) -> Option<String> {
    let words = commands.iter().flat_map(|command| command.split_ascii_whitespace());
    let value = words.skip_while(|word| *word != name).nth(1)?;
    Some(value.trim_matches('\'').to_owned())
}

/// The calls that make what has the document, `$d` where that is given on the way; the last one
/// prints what the mock calls it. `{}` stands for the name in the commands.
struct Seed {
    kind: &'static str,
    /// The option that names it.
    option: &'static str,
    made: &'static str,
    /// Puts the document where making it does not.
    put: &'static str,
}

const SEEDS: [Seed; 21] = [
    Seed {
        kind: "key-policy",
        option: "--key-id",
        made: "aws kms create-key --query KeyMetadata.Arn --output text",
        put: "aws kms put-key-policy --key-id {} --policy-name default --policy file://seed.json",
    },
    Seed {
        kind: "bucket-policy",
        option: "--bucket",
        made: "aws s3api create-bucket --bucket {} --create-bucket-configuration LocationConstraint=eu-west-1 >&2; echo {}",
        put: "aws s3api put-bucket-policy --bucket {} --policy file://seed.json",
    },
    Seed {
        kind: "queue-policy",
        option: "--queue-name",
        made: "aws sqs create-queue --queue-name {} >&2; echo {}",
        put: "jq -c '{Policy: tojson}' seed.json > attributes.json; aws sqs set-queue-attributes --queue-url \"$(aws sqs get-queue-url --queue-name {} --query QueueUrl --output text)\" --attributes file://attributes.json",
    },
    Seed {
        kind: "topic-policy",
        option: "--topic-arn",
        made: "name={}; aws sns create-topic --name \"${name##*:}\" --query TopicArn --output text",
        put: "aws sns set-topic-attributes --topic-arn {} --attribute-name Policy --attribute-value file://seed.json",
    },
    Seed {
        kind: "secret-policy",
        option: "--secret-id",
        made: "aws secretsmanager create-secret --name db-$RANDOM --secret-string x --query ARN --output text",
        put: "aws secretsmanager put-resource-policy --secret-id {} --resource-policy file://seed.json",
    },
    Seed {
        kind: "table-policy",
        option: "--resource-arn",
        made: "aws dynamodb create-table --table-name t$RANDOM --billing-mode PAY_PER_REQUEST --key-schema AttributeName=a,KeyType=HASH --attribute-definitions AttributeName=a,AttributeType=S --query TableDescription.TableArn --output text",
        put: "aws dynamodb put-resource-policy --resource-arn {} --policy file://seed.json",
    },
    Seed {
        kind: "stream-policy",
        option: "--resource-arn",
        made: "name=s$RANDOM; aws kinesis create-stream --stream-name $name --shard-count 1 && aws kinesis describe-stream-summary --stream-name $name --query StreamDescriptionSummary.StreamARN --output text",
        put: "aws kinesis put-resource-policy --resource-arn {} --policy file://seed.json",
    },
    Seed {
        kind: "repository-policy",
        option: "--repository-name",
        made: "aws ecr create-repository --repository-name {} >&2; echo {}",
        put: "aws ecr set-repository-policy --repository-name {} --policy-text file://seed.json",
    },
    Seed {
        kind: "vault-policy",
        option: "--backup-vault-name",
        made: "aws backup create-backup-vault --backup-vault-name {} >&2; echo {}",
        put: "aws backup put-backup-vault-access-policy --backup-vault-name {} --policy file://seed.json",
    },
    Seed {
        kind: "file-system-policy",
        option: "--file-system-id",
        made: "aws efs create-file-system --creation-token $RANDOM --query FileSystemId --output text",
        put: "aws efs put-file-system-policy --file-system-id {} --policy file://seed.json",
    },
    Seed {
        kind: "event-bus-policy",
        option: "--name",
        made: "aws events create-event-bus --name {} >&2; echo {}",
        put: "aws events put-permission --event-bus-name {} --policy file://seed.json",
    },
    Seed {
        kind: "catalog-policy",
        option: "--region",
        made: "echo eu-west-1",
        put: "aws glue put-resource-policy --policy-in-json file://seed.json",
    },
    Seed {
        kind: "domain-policy",
        option: "--domain-name",
        made: "aws opensearch create-domain --domain-name {} >&2; echo {}",
        put: "aws opensearch update-domain-config --domain-name {} --access-policies file://seed.json",
    },
    Seed {
        kind: "trust-policy",
        option: "--role-name",
        made: "aws iam create-role --role-name {} --assume-role-policy-document file://seed.json >&2; echo {}",
        put: "aws iam update-assume-role-policy --role-name {} --policy-document file://seed.json",
    },
    Seed {
        kind: "role-policy",
        option: "--role-name",
        made: "aws iam create-role --role-name {} --assume-role-policy-document '{}' >&2; echo {}",
        put: "aws iam put-role-policy --role-name {} --policy-name @ --policy-document file://seed.json",
    },
    Seed {
        kind: "user-policy",
        option: "--user-name",
        made: "aws iam create-user --user-name {} >&2; echo {}",
        put: "aws iam put-user-policy --user-name {} --policy-name @ --policy-document file://seed.json",
    },
    Seed {
        kind: "managed-policy",
        option: "--policy-arn",
        made: "aws iam create-policy --policy-name p$RANDOM --policy-document file://seed.json --query Policy.Arn --output text",
        put: "for n in 1 2 3 4; do aws iam create-policy-version --policy-arn {} --set-as-default --policy-document file://seed.json; done",
    },
    Seed {
        kind: "scp",
        option: "--policy-id",
        made: "aws organizations create-organization --feature-set ALL >&2; aws organizations create-policy --name n$RANDOM --description d --type SERVICE_CONTROL_POLICY --content file://seed.json --query Policy.PolicySummary.Id --output text",
        put: "",
    },
    Seed {
        kind: "rcp",
        option: "--policy-id",
        made: "aws organizations create-organization --feature-set ALL >&2; aws organizations create-policy --name n$RANDOM --description d --type RESOURCE_CONTROL_POLICY --content file://seed.json --query Policy.PolicySummary.Id --output text",
        put: "",
    },
    Seed {
        kind: "endpoint-policy",
        option: "--vpc-endpoint-ids",
        made: "vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text); aws ec2 create-vpc-endpoint --vpc-id $vpc --service-name com.amazonaws.eu-west-1.s3 --policy-document file://seed.json --query VpcEndpoint.VpcEndpointId --output text",
        put: "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --policy-document file://seed.json",
    },
    Seed {
        kind: "permission-set-policy",
        option: "--instance-arn",
        made: "instance=$(aws sso-admin list-instances --query 'Instances[0].InstanceArn' --output text); aws sso-admin create-permission-set --instance-arn $instance --name Ops >&2; echo $instance",
        put: "aws sso-admin put-inline-policy-to-permission-set --instance-arn {} --permission-set-arn \"$(aws sso-admin list-permission-sets --instance-arn {} --query 'PermissionSets[0]' --output text)\" --inline-policy file://seed.json",
    },
];

/// What the mock does not know, or tells otherwise than AWS: policies of vaults, and that a catalog
/// has none (Glue API reference, GetResourcePolicy: `EntityNotFoundException`). A topic always has one.
pub fn is_unknown(kind: &str, before: &str) -> bool {
    kind == "vault-policy" || (matches!(kind, "catalog-policy" | "topic-policy") && is_none(before))
}

/// Runs the commands twice; says what was otherwise than proven.
pub fn carried_out(kind: &str, commands: &[&str], before: &str, after: &str) -> Result<(), String> {
    let seed = SEEDS.iter().find(|seed| seed.kind == kind).ok_or("no way to make one")?;
    let name = option(commands, seed.option).ok_or_else(|| format!("{commands:#?}"))?;
    reset();
    let mut bench = Bench { folder: TempDir::new().unwrap(), called: Vec::new() };
    fs::write(bench.folder.path().join("seed.json"), before.trim()).unwrap();
    bench.made(
        &name,
        &seed
            .made
            .replace("echo {}", &format!("echo {name}"))
            .replace(" {} ", &format!(" {name} "))
            .replace("={};", &format!("={name};")),
    )?;
    let called = bench.called[0].1.clone();
    if !is_none(before) {
        let policy = option(commands, "--policy-name").unwrap_or_default();
        let put = seed.put.replace("{}", &called).replace('@', &policy);
        let (_, errors) = bench.bash(&put);
        if errors.contains("error") {
            return Err(format!("{put}: {errors}"));
        }
    }
    let script = commands.join("\n");
    let script = bench.called.iter().fold(script, |text, (from, to)| text.replace(from, to));
    let (shown, errors) = bench.bash(&script);
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let proven =
        bench.called.iter().fold(after.to_owned(), |text, (from, to)| text.replace(from, to));
    let put = bench.file(&format!("{kind}.after.json"));
    if put.is_empty() || document(&put) != document(&proven) {
        return Err(format!("puts {put} for {proven}: {shown} {errors}"));
    }
    let (_, errors) = bench.bash(&script);
    let read = bench.file(&format!("{kind}.before.json"));
    if document(&read) != document(&put) {
        return Err(format!("leaves {read} for {proven}: {errors}"));
    }
    let again = bench.file(&format!("{kind}.after.json"));
    if again.is_empty() { Ok(()) } else { Err(format!("done twice it puts {again}: {errors}")) }
}
