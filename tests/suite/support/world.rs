//! What a stand-in for the AWS CLI answers: the policies of a story, call by call.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::dump;
use super::story::{ACCOUNT, OTHER};

const MANAGEMENT: &str = "123456789012";

/// Whether a script can be run here; with `CI` set it has to.
pub fn is_there() -> bool {
    let there = Command::new("bash").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "no bash to run a script with");
    there
}

/// Answers, and a place to collect them into.
pub struct World {
    pub folder: TempDir,
}

impl World {
    /// A world in which nothing is, but errors that say that there is no policy.
    pub fn empty() -> World {
        let world = World { folder: TempDir::new().unwrap() };
        for row in trailwhy::aws::reads() {
            let kind = if row.none().is_some() { "none" } else { "empty" };
            world.put(kind, row.call(), row.none().unwrap_or_default());
        }
        for call in ["s3api get-public-access-block", "s3control get-public-access-block"] {
            world.put("none", call, "NoSuchPublicAccessBlockConfiguration");
        }
        let tools = world.path("tools");
        fs::create_dir(&tools).unwrap();
        let sleep = "#!/usr/bin/env bash\necho \"sleep $1\" >>\"$CALLS\"\n";
        for (name, text) in [("aws", include_str!("world_aws.sh")), ("sleep", sleep)] {
            fs::write(tools.join(name), text).unwrap();
            fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What an account answers to a call, or `FILE.error`, `FILE.again`.
    pub fn put(&self, account: &str, call: &str, answer: impl AsRef<[u8]>) {
        let folder = self.path("answers").join(account);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(call.replace('/', "%")), answer).unwrap();
    }

    fn json(&self, account: &str, call: &str, answer: &Value) {
        self.put(account, call, serde_json::to_string_pretty(answer).unwrap());
    }

    /// A list as the AWS CLI prints it for `--output text`.
    fn list(&self, account: &str, call: &str, names: &[&str]) {
        self.put(account, call, names.join("\t") + "\n");
    }

    /// The world of a story's policies.
    pub fn of(policies: &Value) -> World {
        let world = World::empty();
        let dumps = world.path("dumps");
        dump::write(policies, &dumps);
        for account in [ACCOUNT, OTHER, MANAGEMENT] {
            world.put(account, "nothing", "");
        }
        for account in [ACCOUNT, OTHER] {
            world.identities(
                account,
                &read(&dumps, &format!("{account}/account-authorization-details.json")),
            );
        }
        for file in files(&dumps) {
            let name = file.strip_prefix(&dumps).unwrap().to_string_lossy().into_owned();
            let body = read(&dumps, &name);
            let parts: Vec<&str> = name.trim_end_matches(".json").split('/').collect();
            match parts.as_slice() {
                [account, "kms", key] => world.key(account, key, &body),
                [account, "s3", bucket] => world.bucket(account, bucket, &body),
                [_, "resources", _] => world.resource(&body),
                [account, "vpc-endpoints"] => {
                    for one in body["VpcEndpoints"].as_array().unwrap() {
                        let call = format!(
                            "ec2 describe-vpc-endpoints --vpc-endpoint-ids={}",
                            one["VpcEndpointId"].as_str().unwrap()
                        );
                        world.json(account, &call, &json!({"VpcEndpoints": [one]}));
                    }
                }
                _ => {}
            }
        }
        world.organization(&dumps);
        world
    }

    fn identities(&self, account: &str, details: &Value) {
        for (list, kind, word) in
            [("RoleDetailList", "role", "Role"), ("UserDetailList", "user", "User")]
        {
            for one in details[list].as_array().unwrap() {
                let name = one[format!("{word}Name")].as_str().unwrap();
                let of = format!("--{kind}-name={name}");
                let mut shown = one.clone();
                for member in [&format!("{word}PolicyList"), "AttachedManagedPolicies", "GroupList"]
                {
                    shown.as_object_mut().unwrap().remove(member);
                }
                self.json(account, &format!("iam get-{kind} {of}"), &json!({ word: shown }));
                let inline = one[format!("{word}PolicyList")].as_array().unwrap();
                let names: Vec<&str> =
                    inline.iter().map(|p| p["PolicyName"].as_str().unwrap()).collect();
                let list = format!("iam list-{kind}-policies {of} --query PolicyNames[]");
                self.list(account, &list, &names);
                for policy in inline {
                    let mut answer = policy.clone();
                    answer[format!("{word}Name")] = json!(name);
                    let policy = policy["PolicyName"].as_str().unwrap();
                    let call = format!("iam get-{kind}-policy {of} --policy-name={policy}");
                    self.json(account, &call, &answer);
                }
                let attached = one["AttachedManagedPolicies"].as_array().unwrap();
                let arns: Vec<&str> =
                    attached.iter().map(|p| p["PolicyArn"].as_str().unwrap()).collect();
                let list = format!(
                    "iam list-attached-{kind}-policies {of} --query AttachedPolicies[].PolicyArn"
                );
                self.list(account, &list, &arns);
                if kind == "user" {
                    let list = format!("iam list-groups-for-user {of} --query Groups[].GroupName");
                    self.list(account, &list, &[]);
                }
            }
        }
        for policy in details["Policies"].as_array().unwrap() {
            let arn = policy["Arn"].as_str().unwrap();
            let list =
                format!("iam list-policy-versions --policy-arn={arn} --query Versions[].VersionId");
            self.list(account, &list, &["v1"]);
            let call = format!("iam get-policy-version --policy-arn={arn} --version-id=v1");
            self.json(account, &call, &json!({"PolicyVersion": policy["PolicyVersionList"][0]}));
        }
    }

    fn key(&self, account: &str, file: &str, body: &Value) {
        let (id, what) = file.split_once('.').unwrap_or((file, "get-key-policy"));
        let of = format!("arn:aws:kms:eu-west-1:{account}:key/{id}");
        let rest = if what == "get-key-policy" { " --policy-name=default" } else { "" };
        self.json(account, &format!("kms {what} --key-id={of}{rest}"), body);
        for (call, member) in [("list-aliases", "Aliases"), ("list-resource-tags", "Tags")] {
            self.json(account, &format!("kms {call} --key-id={of}"), &json!({ member: [] }));
        }
    }

    fn bucket(&self, account: &str, file: &str, body: &Value) {
        let (bucket, call) = match file.strip_suffix(".get-public-access-block") {
            Some(bucket) => (bucket, "get-public-access-block"),
            None => (file, "get-bucket-policy"),
        };
        let call = format!("s3api {call} --bucket={bucket} --expected-bucket-owner={account}");
        self.json(account, &call, body);
    }

    /// A resource is read as its row says, and answers as the row expects.
    fn resource(&self, body: &Value) {
        let arn = body["ResourceArn"].as_str().unwrap();
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let (service, account, resource) = (parts[2], parts[4], parts[5]);
        let (kind, id) =
            resource.split_once(['/', ':']).map_or((None, resource), |(k, i)| (Some(k), i));
        let Some(row) = trailwhy::aws::read_of(service, kind) else { return };
        let id = if row.kind().is_empty() { resource.rsplit(':').next().unwrap() } else { id };
        let fill = |words: &str| {
            words
                .replace("{arn}", arn)
                .replace("{id}", id)
                .replace("{1}", id.split('/').next().unwrap())
                .replace("{account}", account)
                .replace("{first}", "https://queues.example/q")
        };
        if let Some(first) = row.first() {
            self.list(
                account,
                &fill(first).replace("--query=", "--query "),
                &["https://queues.example/q"],
            );
        }
        let mut answer = body["Policy"].clone();
        for member in row.policy().rsplit('.') {
            answer = json!({ member: answer });
        }
        self.json(account, &fill(row.words()), &answer);
    }

    fn organization(&self, dumps: &Path) {
        let of = |name: &str| read(dumps, &format!("organizations/{name}.json"));
        let mut policies: Vec<(Value, Vec<String>)> = Vec::new();
        for file in files(&dumps.join("organizations")) {
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            let body = of(&stem);
            if let Some(id) = stem.strip_prefix("describe-policy-") {
                self.json(
                    MANAGEMENT,
                    &format!("organizations describe-policy --policy-id={id}"),
                    &body,
                );
                let targets = of(&format!("list-targets-for-policy-{id}"));
                let call = format!("organizations list-targets-for-policy --policy-id={id}");
                self.json(MANAGEMENT, &call, &targets);
                let targets = targets["Targets"].as_array().unwrap().iter();
                let targets = targets.map(|t| t["TargetId"].as_str().unwrap().to_owned()).collect();
                policies.push((body["Policy"]["PolicySummary"].clone(), targets));
            } else if let Some(id) = stem.strip_prefix("list-parents-") {
                self.json(
                    MANAGEMENT,
                    &format!("organizations list-parents --child-id={id}"),
                    &body,
                );
            } else {
                for account in [ACCOUNT, OTHER, MANAGEMENT] {
                    self.json(account, &format!("organizations {stem}"), &body);
                }
            }
        }
        for target in ["r-a1b2", "ou-a1b2-0c1d2e3f", ACCOUNT, OTHER, MANAGEMENT] {
            for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
                let here: Vec<&Value> = policies
                    .iter()
                    .filter(|(policy, at)| policy["Type"] == kind && at.iter().any(|t| t == target))
                    .map(|(policy, _)| policy)
                    .collect();
                let call = format!(
                    "organizations list-policies-for-target --target-id={target} --filter={kind}"
                );
                self.json(MANAGEMENT, &call, &json!({ "Policies": here }));
            }
        }
    }

    /// Runs a script with this world in the place of AWS.
    pub fn run(&self, script: &str, account: &str) -> Output {
        fs::write(self.path("collect.sh"), script).unwrap();
        let path = format!("{}:{}", self.path("tools").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .arg(self.path("collect.sh"))
            .arg(self.path("policies"))
            .env("PATH", path)
            .env("ANSWERS", self.path("answers"))
            .env("CALLS", self.path("calls"))
            .env("ACCOUNT", account)
            .env_remove("AWS_ACCESS_KEY_ID")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// What was asked, each call with the account it was asked of.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Every file below a folder, in the order of their names.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
