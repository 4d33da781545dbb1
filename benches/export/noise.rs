//! What fills a trail while nothing is wrong: reads by people, pipelines and monitoring, AWS
//! services looking after the account, credentials handed out, encrypted reads that work, and the
//! failures everybody has and nobody minds.

use serde_json::{Value, json};

use super::caller::{Caller, Client, Principal, Role};
use super::chains::autoscaling::assume;
use super::chains::secrets::{self, Protected};
use super::chains::{Actor, Key, Scene};
use super::random::Random;
use super::record::{Record, Trail};

/// Who makes the noise in one account and region, and on what.
#[derive(Debug, Clone)]
pub struct Cast {
    pub account: String,
    pub region: String,
    pub readers: Vec<Actor>,
    /// Service-linked roles at work, with the service that uses each.
    pub linked: Vec<(Principal, &'static str)>,
    pub workloads: Vec<Role>,
    pub secrets: Vec<Protected>,
    pub parameters: Vec<Protected>,
    pub objects: Vec<Protected>,
    pub instances: Vec<String>,
    pub log_bucket: String,
}

/// Reads that succeed: service, operation, parameters.
const READS: &[(&str, &str, &str)] = &[
    ("ec2", "DescribeInstances", r#"{"maxResults":1000,"instancesSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeVolumes", r#"{"maxResults":500,"volumeSet":{},"filterSet":{}}"#),
    (
        "ec2",
        "DescribeSecurityGroups",
        r#"{"securityGroupSet":{},"securityGroupIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-0a4b7c91e3d25f680"}]}}]}}"#,
    ),
    ("ec2", "DescribeSubnets", r#"{"subnetSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeVpcs", r#"{"vpcSet":{},"filterSet":{}}"#),
    (
        "ec2",
        "DescribeNetworkInterfaces",
        r#"{"networkInterfaceIdSet":{},"filterSet":{},"maxResults":1000}"#,
    ),
    (
        "ec2",
        "DescribeSnapshots",
        r#"{"maxResults":200,"snapshotSet":{},"ownersSet":{"items":[{"owner":"self"}]},"filterSet":{}}"#,
    ),
    ("iam", "ListRoles", r#"{"maxItems":100}"#),
    ("iam", "GetAccountSummary", "null"),
    ("sts", "GetCallerIdentity", "null"),
    ("monitoring", "DescribeAlarms", r#"{"maxRecords":100}"#),
    ("monitoring", "ListMetrics", r#"{"namespace":"AWS/EC2","metricName":"CPUUtilization"}"#),
    ("logs", "DescribeLogGroups", r#"{"limit":50}"#),
    ("cloudformation", "DescribeStacks", "null"),
    (
        "cloudformation",
        "ListStacks",
        r#"{"stackStatusFilter":["CREATE_COMPLETE","UPDATE_COMPLETE"]}"#,
    ),
    ("rds", "DescribeDBInstances", r#"{"maxRecords":100}"#),
    ("s3", "ListBuckets", r#"{"Host":"s3.amazonaws.com"}"#),
    ("lambda", "ListFunctions20150331", r#"{"maxItems":50}"#),
    ("ecs", "ListClusters", r#"{"maxResults":100}"#),
    ("ecs", "DescribeServices", r#"{"cluster":"shop","services":["checkout","catalog"]}"#),
    ("eks", "ListClusters", r#"{"maxResults":100}"#),
    ("elasticloadbalancing", "DescribeLoadBalancers", r#"{"pageSize":100}"#),
    (
        "elasticloadbalancing",
        "DescribeTargetHealth",
        r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/73e2d6bc24d8a067"}"#,
    ),
    ("autoscaling", "DescribeAutoScalingGroups", r#"{"maxRecords":100}"#),
    ("autoscaling", "DescribeScalingActivities", r#"{"maxRecords":20}"#),
    ("dynamodb", "ListTables", r#"{"limit":100}"#),
    ("dynamodb", "DescribeTable", r#"{"tableName":"orders"}"#),
    ("kms", "ListKeys", r#"{"limit":100}"#),
    ("kms", "ListAliases", r#"{"limit":100}"#),
    ("secretsmanager", "ListSecrets", r#"{"maxResults":100}"#),
    ("ssm", "DescribeInstanceInformation", r#"{"maxResults":50,"filters":[]}"#),
    ("backup", "ListBackupJobs", r#"{"maxResults":100}"#),
    ("cloudtrail", "DescribeTrails", r#"{"includeShadowTrails":true,"trailNameList":[]}"#),
    ("sqs", "ListQueues", "null"),
    ("sns", "ListTopics", "null"),
];

/// What AWS services read in passing with their service-linked roles.
const LINKED_READS: &[(&str, &str, &str)] = &[
    ("ec2", "DescribeInstances", r#"{"maxResults":1000,"instancesSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeVpcs", r#"{"vpcSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeSubnets", r#"{"subnetSet":{},"filterSet":{}}"#),
    (
        "ec2",
        "DescribeSecurityGroups",
        r#"{"securityGroupSet":{},"securityGroupIdSet":{},"filterSet":{}}"#,
    ),
    ("lambda", "ListFunctions20150331", r#"{"maxItems":50}"#),
    ("rds", "DescribeDBInstances", r#"{"maxRecords":100}"#),
];

/// Failures that are part of a day: service, operation, parameters, code, text.
type Failure = (&'static str, &'static str, &'static str, &'static str, &'static str);
const FAILURES: &[Failure] = &[
    (
        "iam",
        "GetRolePolicy",
        r#"{"roleName":"shop-worker","policyName":"legacy"}"#,
        "NoSuchEntityException",
        "The role policy with name legacy cannot be found.",
    ),
    (
        "s3",
        "GetBucketTagging",
        r#"{"bucketName":"shop-assets-3f9c2a","Host":"shop-assets-3f9c2a.s3.amazonaws.com","tagging":""}"#,
        "NoSuchTagSet",
        "The TagSet does not exist",
    ),
    (
        "s3",
        "GetBucketPolicy",
        r#"{"bucketName":"shop-assets-3f9c2a","Host":"shop-assets-3f9c2a.s3.amazonaws.com","policy":""}"#,
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
    ),
    (
        "lambda",
        "GetFunction20150331v2",
        r#"{"functionName":"shop-mailer"}"#,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:shop-mailer",
    ),
    (
        "ec2",
        "RunInstances",
        r#"{"instancesSet":{"items":[{"imageId":"ami-0d5eff06f840b45e9","minCount":1,"maxCount":1}]},"instanceType":"m7g.large","dryRun":true}"#,
        "Client.DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
    ),
];

impl Cast {
    /// The cast of an account and region. Sessions were opened some time before `start`.
    pub fn new(random: &mut Random, account: &str, region: &str, start: i64) -> Self {
        let mut readers = Vec::new();
        for (role, name, address) in [
            ("Monitoring", "datapoint-collector", "198.51.100.24"),
            ("ReadOnly", "dashboard", "198.51.100.31"),
            ("platform-admin", "platform-oncall", "203.0.113.17"),
            ("ci-pipeline", "build-runner", "203.0.113.80"),
        ] {
            let role = Role::new(account, "/", role);
            let opened = start - random.between(600, 2400);
            let session = Principal::session(random, &role, name, opened);
            let client = match name {
                "platform-oncall" => Client::console(address),
                "build-runner" => Client::terraform(address),
                _ => Client::new(
                    address,
                    "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.40.45",
                ),
            };
            readers.push(Actor::new(session, client));
        }
        readers.push(Actor::new(
            Principal::user(account, "ops", "AKIAI44QH8DHBEXAMPLE"),
            Client::cli("203.0.113.42"),
        ));
        let linked = [
            ("config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfig-Describe"),
            ("inspector2.amazonaws.com", "AWSServiceRoleForAmazonInspector2", "inspector2"),
            ("access-analyzer.amazonaws.com", "AWSServiceRoleForAccessAnalyzer", "access-analyzer"),
        ];
        let linked = linked.map(|(service, role, name)| {
            let role = Role::linked(account, service, role);
            let opened = start - random.between(30, 900);
            (Principal::session(random, &role, name, opened), service)
        });
        let data = Key::new(account, region, "6f1d7b0e-52aa-4a3c-9c36-3d0e9b1c7a54");
        let protected = |name: &str| Protected {
            account: account.into(),
            name: name.into(),
            key: data.clone(),
        };
        Cast {
            account: account.into(),
            region: region.into(),
            readers,
            linked: linked.into(),
            workloads: ["shop-worker", "shop-web"].map(|name| Role::new(account, "/", name)).into(),
            secrets: ["shop/database-Qm3xWn", "shop/payments-Zt81Lk"].map(protected).into(),
            parameters: ["/shop/api/token", "/shop/smtp/password"].map(protected).into(),
            objects: [
                "shop-exports-91be44/daily/orders.csv",
                "shop-exports-91be44/daily/stock.csv",
            ]
            .map(protected)
            .into(),
            instances: (0..6).map(|_| random.resource("i")).collect(),
            log_bucket: format!("trail-logs-{account}"),
        }
    }

    /// The cast of a large account: many people and programs, instances, keys and objects.
    pub fn wide(random: &mut Random, account: &str, region: &str, start: i64) -> Self {
        let mut cast = Cast::new(random, account, region, start);
        for number in 0..80 {
            let role = Role::new(account, "/", &format!("team-{:02}", number % 24));
            let name = format!("{}-{}", random.pick(&["deploy", "worker", "ops"]), random.hex(8));
            let session = Principal::session(random, &role, &name, start);
            let address = format!("198.51.100.{}", random.below(250) + 1);
            cast.readers.push(Actor::new(session, Client::cli(&address)));
        }
        let keys: Vec<Key> = (0..12)
            .map(|number| Key::new(account, region, &Random::part(number, 78).uuid()))
            .collect();
        let mut protected = |name: String| Protected {
            account: account.into(),
            name,
            key: random.pick(&keys).clone(),
        };
        for number in 0..150 {
            cast.secrets.push(protected(format!("team/service-{number:03}-Ab3xYz")));
            cast.parameters.push(protected(format!("/team/service-{number:03}/token")));
            let object = format!("shop-exports-91be44/daily/part-{number:05}.parquet");
            cast.objects.push(protected(object));
        }
        let instances = (0..400).map(|number| Random::part(number, 79).resource("i"));
        cast.instances.extend(instances);
        cast
    }

    /// One thing that happens at `at`; it makes one to three records.
    pub fn noise(&self, trail: &mut Trail, at: i64) {
        let scene = Scene { at, region: &self.region };
        match trail.random.below(1000) {
            0..=569 => self.read(trail, scene),
            570..=709 => self.linked_read(trail, scene),
            710..=779 => self.log_delivery(trail, scene),
            780..=849 => self.workload(trail, scene),
            850..=929 => self.protected_read(trail, scene),
            930..=969 => self.failure(trail, scene),
            _ => self.write(trail, scene),
        }
    }

    /// The cast of a large account of which nothing is known elsewhere: what it uses begins with
    /// `prefix`, but for what AWS itself brings.
    pub fn apart(
        random: &mut Random,
        (account, region): (&str, &str),
        prefix: &str,
        start: i64,
    ) -> Self {
        let mut cast = Cast::wide(random, account, region, start);
        for role in cast.workloads.iter_mut().chain(cast.readers.iter_mut().filter_map(role_of)) {
            *role = Role::new(account, &role.path, &format!("{prefix}{}", role.name));
        }
        for reader in &mut cast.readers {
            if let Principal::User { name, key, .. } = &mut reader.principal {
                *name = format!("{prefix}{name}");
                *key = random.session_key().replacen("ASIA", "AKIA", 1);
            }
        }
        // The keys of an account are its own, in every Region others.
        let ids: Vec<String> = (0..12).map(|_| random.uuid()).collect();
        let keys = [&mut cast.secrets, &mut cast.parameters, &mut cast.objects];
        for protected in keys.into_iter().flatten() {
            let id: &String = random.pick(&ids);
            protected.key = Key::new(account, region, id);
            let (slash, name) = match protected.name.strip_prefix('/') {
                Some(name) => ("/", name),
                None => ("", protected.name.as_str()),
            };
            protected.name = format!("{slash}{prefix}{name}");
        }
        cast.instances = (0..400).map(|_| random.resource("i")).collect();
        cast.log_bucket = format!("{prefix}{}", cast.log_bucket);
        cast
    }

    /// One thing that happens at `at` and does not fail.
    pub fn calm(&self, trail: &mut Trail, at: i64) {
        let scene = Scene { at, region: &self.region };
        match trail.random.below(1000) {
            0..=569 => self.read(trail, scene),
            570..=709 => self.linked_read(trail, scene),
            710..=779 => self.log_delivery(trail, scene),
            780..=849 => self.workload(trail, scene),
            850..=959 => self.protected_read(trail, scene),
            _ => self.write(trail, scene),
        }
    }

    /// One thing that AWS services do at `at`, day and night.
    pub fn upkeep(&self, trail: &mut Trail, at: i64) {
        let scene = Scene { at, region: &self.region };
        match trail.random.per_mille(500) {
            true => self.linked_read(trail, scene),
            false => self.log_delivery(trail, scene),
        }
    }

    fn read(&self, trail: &mut Trail, scene: Scene) {
        let (service, name, request) = *trail.random.pick(READS);
        let caller = trail.random.pick(&self.readers).direct();
        let region = if service == "iam" { "us-east-1" } else { scene.region };
        trail.log(Record::read(scene.at, region, service, name, &caller).with(parsed(request)));
    }

    fn linked_read(&self, trail: &mut Trail, scene: Scene) {
        let (service, name, request) = *trail.random.pick(LINKED_READS);
        let (session, by) = trail.random.pick(&self.linked);
        let caller = Caller::by_role(session, by);
        let record = Record::read(scene.at, scene.region, service, name, &caller);
        trail.log(record.with(parsed(request)));
    }

    /// CloudTrail looking after its own bucket.
    fn log_delivery(&self, trail: &mut Trail, scene: Scene) {
        let caller = Caller::service("cloudtrail.amazonaws.com", &self.account);
        let bucket = &self.log_bucket;
        let record = Record::read(scene.at, scene.region, "s3", "GetBucketAcl", &caller)
            .with(json!({
                "bucketName": bucket, "Host": format!("{bucket}.s3.{}.amazonaws.com", scene.region),
                "acl": "",
            }))
            .also(json!({
                "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
                "bytesTransferredIn": 0, "AuthenticationMethod": "AuthHeader",
                "x-amz-id-2": trail.random.base62(72), "bytesTransferredOut": 568,
            }))
            .on(&format!("arn:aws:s3:::{bucket}"), &self.account, "AWS::S3::Bucket");
        trail.log(record);
    }

    /// An instance gets credentials and reports with them.
    fn workload(&self, trail: &mut Trail, scene: Scene) {
        let role = trail.random.pick(&self.workloads);
        let instance = trail.random.pick(&self.instances);
        let session = Principal::session(&mut trail.random, role, instance, scene.at);
        assume(trail, scene, "ec2.amazonaws.com", &session);
        let client = Client::new(
            "198.51.100.77",
            "aws-sdk-go/1.55.5 (go1.24.6; linux; amd64) amazon-ssm-agent/3.3.2958.0",
        );
        let caller = Caller::direct(&session, &client);
        let later = scene.after(trail.random.between(2, 30));
        let record =
            Record::call(later.at, later.region, "ssm", "UpdateInstanceInformation", &caller);
        trail.log(record.with(json!({
            "instanceId": instance, "agentVersion": "3.3.2958.0", "agentStatus": "Active",
            "platformType": "Linux", "platformName": "Amazon Linux", "platformVersion": "2023",
            "iPAddress": "10.0.4.17", "computerName": "ip-10-0-4-17.eu-west-1.compute.internal",
            "availabilityZone": format!("{}a", later.region), "sSMConnectionChannel": "ssmmessages",
        })));
    }

    fn protected_read(&self, trail: &mut Trail, scene: Scene) {
        let actor = trail.random.pick(&self.readers).clone();
        let caller = actor.direct();
        let by = (&actor.principal, &caller);
        match trail.random.below(3) {
            0 => {
                let secret = trail.random.pick(&self.secrets).clone();
                secrets::get_secret(trail, scene, by, &secret, None);
            }
            1 => {
                let parameter = trail.random.pick(&self.parameters).clone();
                secrets::get_parameter(trail, scene, by, &parameter);
            }
            _ => {
                let object = trail.random.pick(&self.objects).clone();
                secrets::get_object(trail, scene, by, &object);
            }
        }
    }

    fn failure(&self, trail: &mut Trail, scene: Scene) {
        let caller = trail.random.pick(&self.readers).direct();
        if trail.random.per_mille(250) {
            return throttled(trail, scene, &caller);
        }
        let (service, name, request, code, text) = *trail.random.pick(FAILURES);
        let region = if service == "iam" { "us-east-1" } else { scene.region };
        let record = match name {
            "RunInstances" => Record::call(scene.at, region, service, name, &caller),
            _ => Record::read(scene.at, region, service, name, &caller),
        };
        trail.log(record.with(parsed(request)).failing(code, Some(text)));
    }

    fn write(&self, trail: &mut Trail, scene: Scene) {
        let caller = trail.random.pick(&self.readers).direct();
        let record = match trail.random.below(3) {
            0 => {
                let instance = trail.random.pick(&self.instances);
                Record::call(scene.at, scene.region, "ec2", "CreateTags", &caller)
                    .with(json!({
                        "resourcesSet": {"items": [{"resourceId": instance}]},
                        "tagSet": {"items": [{"key": "last-seen", "value": scene.at.to_string()}]},
                    }))
                    .returning(json!({"requestId": trail.random.uuid(), "_return": true}))
            }
            1 => Record::call(scene.at, scene.region, "monitoring", "PutMetricAlarm", &caller)
                .with(json!({
                    "alarmName": "shop-latency", "metricName": "TargetResponseTime",
                    "namespace": "AWS/ApplicationELB", "statistic": "Average", "period": 60,
                    "threshold": 0.8, "comparisonOperator": "GreaterThanThreshold",
                    "evaluationPeriods": 5,
                })),
            _ => Record::call(scene.at, scene.region, "logs", "CreateLogStream", &caller).with(
                json!({
                    "logGroupName": "/shop/deployments", "logStreamName": trail.random.uuid(),
                }),
            ),
        };
        trail.log(record);
    }
}

fn role_of(actor: &mut Actor) -> Option<&mut Role> {
    match &mut actor.principal {
        Principal::Session { role, .. } => Some(role),
        Principal::User { .. } => None,
    }
}

/// A call that was throttled, and its repetition a moment later.
fn throttled(trail: &mut Trail, scene: Scene, caller: &Caller) {
    let read = |at| Record::read(at, scene.region, "rds", "DescribeDBInstances", caller);
    trail.log(read(scene.at).failing("ThrottlingException", Some("Rate exceeded")));
    trail.log(read(scene.at + 1).with(json!({"maxRecords": 100})));
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
