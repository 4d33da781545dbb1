//! Runs the commands of a fix in bash, with `jq`, and does to a story's policies what they put.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::dump;
use super::story::{ACCOUNT, OTHER};

/// Whether the commands can be run here; with `CI` set they have to.
pub fn is_there() -> bool {
    let has = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
    let there = has("jq") && has("bash");
    assert!(there || std::env::var_os("CI").is_none(), "no jq or no bash to run commands with");
    there
}

/// What a run of commands did.
pub struct Done {
    /// Calls that changed something.
    pub puts: usize,
    /// What bash and the tools complained of.
    pub errors: String,
    /// The documents that the commands wrote down, by file name.
    #[allow(dead_code, reason = "only some tests look at them")]
    pub files: BTreeMap<String, String>,
}

/// Runs the commands, in their order, against the policies, and changes these.
pub fn run(commands: &[&str], attach_to: &str, policies: &mut Value) -> Done {
    let folder = TempDir::new().unwrap();
    let put = folder.path().join("puts");
    dump::write(policies, &folder.path().join("dump"));
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let aws = tools.join("aws");
    fs::write(&aws, include_str!("aws.sh")).unwrap();
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let account = attach_to.split(':').nth(4).filter(|a| *a == OTHER).unwrap_or(ACCOUNT);
    let output = Command::new("bash")
        .args(["-c", &commands.join("\n")])
        .env("PATH", path)
        .env("DUMP", folder.path().join("dump"))
        .env("PUTS", &put)
        .env("ACCOUNT", account)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = fs::read_to_string(Path::new(&put)).unwrap_or_default();
    let mut puts = 0;
    for call in told.split_terminator('\u{1e}') {
        let words: Vec<String> = call.split_terminator('\0').map(str::to_owned).collect();
        puts += usize::from(apply(&words, attach_to, policies));
    }
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let files =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        });
    Done {
        puts,
        files: files.collect(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Applies one call; `false` where it is one that changes nothing here.
fn apply(words: &[String], attach_to: &str, policies: &mut Value) -> bool {
    let option = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).map(String::as_str)
    };
    let document =
        |name: &str| option(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let account = attach_to.split(':').nth(4).filter(|a| *a == OTHER).unwrap_or(ACCOUNT).to_owned();
    let (Some(service), Some(verb)) = (words.first(), words.get(1)) else { return false };
    match (service.as_str(), verb.as_str()) {
        ("iam", "put-role-policy" | "put-user-policy") => {
            let (kind, name) = entity(&option);
            let (Some(policy), Some(document)) =
                (option("--policy-name"), document("--policy-document"))
            else {
                return false;
            };
            let entity = entity_in(policies, kind, name, &account);
            if policy == "work" {
                entity.as_object_mut().unwrap().remove("allow");
            }
            entity["inline"][policy] = document;
        }
        ("iam", "create-policy-version") => {
            let Some(document) = document("--policy-document") else { return false };
            let name = option("--policy-arn").unwrap().rsplit('/').next().unwrap().to_owned();
            for kind in ["roles", "users"] {
                for (of, entity) in policies[kind].as_object_mut().into_iter().flatten() {
                    if entity["managed"].get(&name).is_some() {
                        entity["managed"][&name] = document.clone();
                    }
                    if name == format!("limits-of-{}", of.split('@').next().unwrap()) {
                        entity["boundary"] = document.clone();
                    }
                }
            }
        }
        ("iam", "update-assume-role-policy") => {
            let (_, name) = entity(&option);
            let Some(document) = document("--policy-document") else { return false };
            entity_in(policies, "roles", name, &account)["trust"] = document;
        }
        ("sso-admin", "put-inline-policy-to-permission-set") => {
            let Some(document) = document("--inline-policy") else { return false };
            let roles = policies["roles"].as_object_mut().unwrap();
            let role = roles.iter_mut().find(|(name, _)| name.starts_with("AWSReservedSSO_"));
            role.unwrap().1["inline"]["AwsSSOInlinePolicy"] = document;
        }
        ("kms", "put-key-policy") => {
            let Some(document) = document("--policy") else { return false };
            policies["keys"][option("--key-id").unwrap()]["policy"] = document;
        }
        ("kms", "enable-key") => {
            policies["keys"][option("--key-id").unwrap()]["state"] = json!("Enabled")
        }
        ("kms", "create-grant") => {
            let key = option("--key-id").unwrap();
            let from = words.iter().position(|word| word == "--operations").unwrap() + 1;
            let operations: Vec<&String> =
                words[from..].iter().take_while(|w| !w.starts_with("--")).collect();
            let grants = &mut policies["keys"][key]["grants"];
            if grants.is_null() {
                *grants = json!([]);
            }
            let number = grants.as_array().unwrap().len();
            grants.as_array_mut().unwrap().push(
                json!({"KeyId": key, "GrantId": format!("new{number}"),
                "GranteePrincipal": option("--grantee-principal"), "Operations": operations,
                "CreationDate": "2026-05-01T00:00:00Z"}),
            );
        }
        ("s3api", "put-bucket-policy") => {
            let Some(document) = document("--policy") else { return false };
            policies["buckets"][option("--bucket").unwrap()] = document;
        }
        ("s3api", "put-public-access-block") => {
            policies["public_access_block"][option("--bucket").unwrap()]["RestrictPublicBuckets"] =
                json!(false);
        }
        ("organizations", "update-policy") => {
            let Some(document) = document("--content") else { return false };
            let id = option("--policy-id").unwrap();
            for kind in ["scps", "rcps"] {
                if policies[kind].get(id).is_some() {
                    policies[kind][id]["statements"] = document.clone();
                }
            }
        }
        ("organizations", "attach-policy") => {
            let target = option("--target-id").unwrap();
            if let Some(without) = policies["without_full_access"].as_array_mut() {
                without.retain(|level| level != target);
            }
        }
        ("organizations", "detach-policy") => {
            let id = option("--policy-id").unwrap();
            for kind in ["scps", "rcps"] {
                if let Some(all) = policies[kind].as_object_mut() {
                    all.remove(id);
                }
            }
        }
        ("ec2", "modify-vpc-endpoint") => {
            let Some(document) = document("--policy-document") else { return false };
            policies["endpoints"][option("--vpc-endpoint-id").unwrap()] = document;
        }
        (
            "secretsmanager" | "dynamodb" | "kinesis" | "ecr" | "backup" | "efs" | "events"
            | "glue" | "opensearch" | "sns",
            "put-resource-policy"
            | "set-repository-policy"
            | "put-backup-vault-access-policy"
            | "put-file-system-policy"
            | "put-permission"
            | "update-domain-config"
            | "set-topic-attributes",
        ) => {
            let options = [
                "--policy",
                "--resource-policy",
                "--policy-text",
                "--policy-in-json",
                "--access-policies",
                "--attribute-value",
            ];
            let Some(document) = options.into_iter().find_map(document) else { return false };
            *resource(policies, attach_to) = document;
        }
        ("sqs", "set-queue-attributes") => {
            let Some(attributes) = document("--attributes") else { return false };
            let text = attributes["Policy"].as_str().unwrap();
            *resource(policies, attach_to) = serde_json::from_str(text).unwrap();
        }
        _ => return false,
    }
    true
}

fn entity<'o>(option: &impl Fn(&str) -> Option<&'o str>) -> (&'static str, &'o str) {
    match option("--role-name") {
        Some(name) => ("roles", name),
        None => ("users", option("--user-name").unwrap()),
    }
}

/// The role or user of this name and account in a story's policies.
fn entity_in<'p>(policies: &'p mut Value, kind: &str, name: &str, account: &str) -> &'p mut Value {
    let entities = policies[kind].as_object_mut().unwrap();
    let key = entities
        .keys()
        .find(|key| {
            let (of, at) = key.split_once('@').unwrap_or((key, ACCOUNT));
            at == account && of.rsplit('/').next() == Some(name)
        })
        .unwrap_or_else(|| panic!("no {kind} {name} of {account}"))
        .clone();
    &mut entities[&key]
}

/// The policy of a resource; secrets are called with the suffix of their ARN and without.
fn resource<'p>(policies: &'p mut Value, arn: &str) -> &'p mut Value {
    let known = policies["resources"].as_object().and_then(|all| {
        all.keys()
            .find(|key| *key == arn || key.strip_prefix(arn).is_some_and(|s| s.starts_with('-')))
    });
    let key = known.cloned().unwrap_or_else(|| arn.to_owned());
    &mut policies["resources"][key]
}
