//! What a customer can hand over beside the logs: the AWS CLI's own outputs, one file per command,
//! as of the end of the trail.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::export::caller::{Role, unique_id};
use crate::export::chains::Key;

/// When everything that no story changes was made.
pub const LONG_AGO: &str = "2026-02-03T09:12:44Z";

const MANAGEMENT: &str = "123456789012";
const ORGANIZATION: &str = "o-exampleorg1";

/// `AdministratorAccess`, name and ARN.
pub const ADMINISTRATOR: (&str, &str) =
    ("AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess");

/// The dump in the making.
#[derive(Debug, Default)]
pub struct Dump {
    accounts: BTreeMap<String, Details>,
    files: BTreeMap<String, Value>,
}

#[derive(Debug, Default)]
struct Details {
    users: Vec<Value>,
    roles: Vec<Value>,
    policies: Vec<Value>,
}

/// The policies of one user or role: inline ones by name, managed ones by name and ARN.
#[derive(Debug, Default, Clone)]
pub struct Attached<'a> {
    pub inline: Vec<(&'a str, Value)>,
    pub managed: Vec<(&'a str, &'a str)>,
}

impl<'a> Attached<'a> {
    /// Only an inline policy.
    pub fn inline(name: &'a str, document: Value) -> Self {
        Attached { inline: vec![(name, document)], managed: Vec::new() }
    }

    /// Only a managed policy.
    pub fn managed(policy: (&'a str, &'a str)) -> Self {
        Attached { inline: Vec::new(), managed: vec![policy] }
    }

    /// One more inline policy.
    pub fn and_inline(mut self, name: &'a str, document: Value) -> Self {
        self.inline.push((name, document));
        self
    }

    /// One more managed policy.
    pub fn and_managed(mut self, policy: (&'a str, &'a str)) -> Self {
        self.managed.push(policy);
        self
    }

    fn inline_list(&self) -> Value {
        let entry = |(name, document): &(&str, Value)| json!({"PolicyName": name, "PolicyDocument": document});
        self.inline.iter().map(entry).collect()
    }

    fn managed_list(&self) -> Value {
        let entry = |(name, arn): &(&str, &str)| json!({"PolicyName": name, "PolicyArn": arn});
        self.managed.iter().map(entry).collect()
    }
}

/// A policy with these statements.
pub fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A policy that allows actions on everything.
pub fn allows(actions: &[&str]) -> Value {
    policy(&[json!({"Effect": "Allow", "Action": actions, "Resource": "*"})])
}

/// The statement by which a key policy leaves access to IAM.
pub fn delegation(account: &str) -> Value {
    json!({
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "kms:*",
        "Resource": "*",
    })
}

impl Dump {
    /// A role and who may assume it.
    pub fn role(&mut self, role: &Role, trusted: Value, attached: &Attached) {
        let trust = policy(&[json!({
            "Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole",
        })]);
        self.details(&role.account).roles.push(json!({
            "Path": role.path, "RoleName": role.name, "RoleId": role.id, "Arn": role.arn(),
            "CreateDate": LONG_AGO, "AssumeRolePolicyDocument": trust, "InstanceProfileList": [],
            "RolePolicyList": attached.inline_list(),
            "AttachedManagedPolicies": attached.managed_list(), "Tags": [],
        }));
    }

    /// A role that people and programs of the account assume.
    pub fn staff_role(&mut self, role: &Role, attached: &Attached) {
        let root = format!("arn:aws:iam::{}:root", role.account);
        self.role(role, json!({"AWS": root}), attached);
    }

    /// A user.
    pub fn user(&mut self, account: &str, name: &str, attached: &Attached) {
        self.details(account).users.push(json!({
            "Path": "/", "UserName": name, "UserId": unique_id("AIDA", account, name),
            "Arn": format!("arn:aws:iam::{account}:user/{name}"), "CreateDate": LONG_AGO,
            "UserPolicyList": attached.inline_list(), "GroupList": [],
            "AttachedManagedPolicies": attached.managed_list(), "Tags": [],
        }));
    }

    /// A managed policy, of the account or of AWS.
    pub fn managed(&mut self, account: &str, (name, arn): (&str, &str), document: &Value) {
        let id = unique_id("ANPA", account, name);
        self.details(account).policies.push(json!({
            "PolicyName": name, "PolicyId": id, "Arn": arn, "Path": "/", "DefaultVersionId": "v1",
            "AttachmentCount": 1, "IsAttachable": true, "CreateDate": LONG_AGO,
            "PolicyVersionList": [{
                "Document": document, "VersionId": "v1", "IsDefaultVersion": true,
                "CreateDate": LONG_AGO,
            }],
        }));
    }

    /// A customer managed key: `get-key-policy`, `describe-key`, `list-grants`.
    pub fn key(&mut self, key: &Key, document: &Value, grants: &[Value]) {
        self.any_key(key, document, grants, "CUSTOMER");
    }

    /// A key that AWS manages for the account.
    pub fn aws_managed_key(&mut self, key: &Key, document: &Value) {
        self.any_key(key, document, &[], "AWS");
    }

    fn any_key(&mut self, key: &Key, document: &Value, grants: &[Value], manager: &str) {
        let base = format!("{}/kms/{}", key.account, key.id);
        let text = serde_json::to_string_pretty(document).unwrap_or_default();
        self.file(format!("{base}.json"), json!({"Policy": text, "PolicyName": "default"}));
        self.file(
            format!("{base}.describe-key.json"),
            json!({"KeyMetadata": {
                "AWSAccountId": key.account, "KeyId": key.id, "Arn": key.arn(),
                "CreationDate": LONG_AGO, "Enabled": true, "Description": "",
                "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS",
                "KeyManager": manager, "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
            }}),
        );
        self.file(format!("{base}.list-grants.json"), json!({"Grants": grants}));
    }

    /// `describe-vpc-endpoints`.
    pub fn endpoints(&mut self, account: &str, endpoints: &[Value]) {
        let path = format!("{account}/vpc-endpoints.json");
        self.file(path, json!({"VpcEndpoints": endpoints}));
    }

    /// `get-bucket-policy`.
    pub fn bucket(&mut self, account: &str, bucket: &str, document: &Value) {
        let path = format!("{account}/s3/{bucket}.json");
        self.file(path, json!({"Policy": document.to_string()}));
    }

    /// An organisation in which nothing is forbidden, with these accounts below its root.
    pub fn organization(&mut self, accounts: &[&str]) {
        let root = format!("r-{}", "ex01");
        let arn = |kind: &str, id: &str| {
            format!("arn:aws:organizations::{MANAGEMENT}:{kind}/{ORGANIZATION}/{id}")
        };
        let all: Vec<&str> = [MANAGEMENT].into_iter().chain(accounts.iter().copied()).collect();
        self.organizations(
            "describe-organization",
            json!({"Organization": {
                "Id": ORGANIZATION, "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT,
                "Arn": format!("arn:aws:organizations::{MANAGEMENT}:organization/{ORGANIZATION}"),
            }}),
        );
        self.organizations(
            "list-roots",
            json!({"Roots": [{
                "Id": root, "Arn": arn("root", &root), "Name": "Root", "PolicyTypes": [
                    {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"},
                    {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"},
                ],
            }]}),
        );
        let listed: Value = all
            .iter()
            .map(|id| json!({"Id": id, "Arn": arn("account", id), "Status": "ACTIVE"}))
            .collect();
        self.organizations("list-accounts", json!({"Accounts": listed}));
        for id in &all {
            let parents = json!({"Parents": [{"Id": root, "Type": "ROOT"}]});
            self.organizations(&format!("list-parents-{id}"), parents);
        }
        let mut targets = vec![
            json!({"TargetId": root, "Arn": arn("root", &root), "Name": "Root", "Type": "ROOT"}),
        ];
        targets.extend(all.iter().map(
            |id| json!({"TargetId": id, "Arn": arn("account", id), "Name": id, "Type": "ACCOUNT"}),
        ));
        for (name, kind, extra) in [
            ("FullAWSAccess", "SERVICE_CONTROL_POLICY", None),
            ("RCPFullAWSAccess", "RESOURCE_CONTROL_POLICY", Some(("Principal", "*"))),
        ] {
            let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            if let (Some((member, value)), Some(members)) = (extra, statement.as_object_mut()) {
                members.insert(member.into(), value.into());
            }
            let id = format!("p-{name}");
            self.organizations(
                &format!("describe-policy-{id}"),
                json!({"Policy": {
                    "PolicySummary": {
                        "Id": id, "Name": name, "Description": "", "Type": kind, "AwsManaged": true,
                        "Arn": format!("arn:aws:organizations::aws:policy/{}/{id}", kind.to_lowercase()),
                    },
                    "Content": policy(&[statement]).to_string(),
                }}),
            );
            self.organizations(
                &format!("list-targets-for-policy-{id}"),
                json!({"Targets": targets}),
            );
        }
    }

    fn organizations(&mut self, name: &str, value: Value) {
        self.file(format!("organizations/{name}.json"), value);
    }

    fn file(&mut self, path: String, value: Value) {
        self.files.insert(path, value);
    }

    fn details(&mut self, account: &str) -> &mut Details {
        self.accounts.entry(account.into()).or_default()
    }

    /// All files, by path.
    pub fn files(mut self) -> BTreeMap<String, Value> {
        for (account, details) in std::mem::take(&mut self.accounts) {
            let value = json!({
                "UserDetailList": details.users, "GroupDetailList": [],
                "RoleDetailList": details.roles, "Policies": details.policies,
            });
            self.file(format!("{account}/account-authorization-details.json"), value);
        }
        self.files
    }

    /// Everybody who makes the noise in an account, with what lets them; the key they share.
    pub fn everyday(&mut self, account: &str, region: &str) {
        let reads = allows(&[
            "ec2:Describe*",
            "ec2:Get*",
            "iam:Get*",
            "iam:List*",
            "cloudwatch:Describe*",
            "cloudwatch:List*",
            "logs:Describe*",
            "cloudformation:Describe*",
            "cloudformation:List*",
            "rds:Describe*",
            "s3:Get*",
            "s3:List*",
            "lambda:List*",
            "lambda:Get*",
            "ecs:List*",
            "ecs:Describe*",
            "eks:List*",
            "elasticloadbalancing:Describe*",
            "autoscaling:Describe*",
            "dynamodb:List*",
            "dynamodb:Describe*",
            "kms:List*",
            "kms:Describe*",
            "kms:Decrypt",
            "secretsmanager:List*",
            "secretsmanager:GetSecretValue",
            "ssm:Describe*",
            "ssm:GetParameter",
            "backup:List*",
            "cloudtrail:Describe*",
            "sqs:List*",
            "sns:List*",
        ]);
        let works = allows(&[
            "ec2:CreateTags",
            "ec2:RunInstances",
            "cloudwatch:PutMetricAlarm",
            "logs:CreateLogStream",
        ]);
        for name in ["Monitoring", "ReadOnly", "ci-pipeline"] {
            let attached =
                Attached::inline("read", reads.clone()).and_inline("work", works.clone());
            self.staff_role(&Role::new(account, "/", name), &attached);
        }
        let admin = Attached::managed(ADMINISTRATOR);
        self.staff_role(&Role::new(account, "/", "platform-admin"), &admin);
        self.user(account, "ops", &admin);
        self.managed(account, ADMINISTRATOR, &allows(&["*"]));
        for name in ["shop-worker", "shop-web"] {
            let attached = Attached::inline("agent", allows(&["ssm:UpdateInstanceInformation"]));
            let trusted = json!({"Service": "ec2.amazonaws.com"});
            self.role(&Role::new(account, "/", name), trusted, &attached);
        }
        for (service, name) in [
            ("config.amazonaws.com", "AWSServiceRoleForConfig"),
            ("inspector2.amazonaws.com", "AWSServiceRoleForAmazonInspector2"),
            ("access-analyzer.amazonaws.com", "AWSServiceRoleForAccessAnalyzer"),
        ] {
            let attached = Attached::inline("service", reads.clone());
            self.role(
                &Role::linked(account, service, name),
                json!({"Service": service}),
                &attached,
            );
        }
        let data = Key::new(account, region, "6f1d7b0e-52aa-4a3c-9c36-3d0e9b1c7a54");
        self.key(&data, &policy(&[delegation(account)]), &[]);
    }
}
