//! Calls of many services, with the members of their requests (API references of the services).

use serde_json::{Map, Value, json};

/// How a request writes tags.
#[derive(Debug, Clone, Copy)]
pub enum Tags {
    /// A list of keys and values, by the names of the member, of the key and of the value.
    List(&'static str, &'static str, &'static str),
    /// A map.
    Map(&'static str),
    /// As EC2 does when something is made.
    Specified(&'static str),
}

impl Tags {
    /// Writes tags into a request.
    pub fn put(self, request: &mut Map<String, Value>, tags: &[(&str, String)]) {
        let listed = |key: &str, value: &str| -> Vec<Value> {
            tags.iter().map(|(k, v)| json!({ key: k, value: v })).collect()
        };
        match self {
            _ if tags.is_empty() => None,
            Tags::List(member, key, value) => {
                request.insert(member.to_owned(), json!(listed(key, value)))
            }
            Tags::Map(member) => {
                let map: Map<String, Value> =
                    tags.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
                request.insert(member.to_owned(), Value::Object(map))
            }
            Tags::Specified(kind) => request.insert(
                "tagSpecificationSet".to_owned(),
                json!({ "items": [{ "resourceType": kind, "tags": listed("key", "value") }] }),
            ),
        };
    }
}

/// One call.
#[derive(Debug)]
pub struct Operation {
    /// `eventSource`.
    pub source: &'static str,
    /// `eventName`.
    pub name: &'static str,
    /// The action.
    pub action: &'static str,
    /// Members that always have the same value.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Members with a name or id of their own each time, and how it begins.
    pub named: &'static [(&'static str, &'static str)],
    /// Members with a number, and the highest.
    pub numbers: &'static [(&'static str, usize)],
    /// Members with one of a few values.
    pub choices: &'static [(&'static str, &'static [&'static str])],
    /// Members that may be there or not.
    pub optional: &'static [&'static str],
    /// The member by which a repeated request is known.
    pub token: Option<&'static str>,
    /// How tags are written.
    pub tags: Tags,
}

/// A call for which its service makes others.
#[derive(Debug)]
pub struct StepsOf {
    /// The call.
    pub root: Operation,
    /// The service that makes them.
    pub invoked_by: &'static str,
    /// The key that they are on.
    pub key: &'static str,
    /// The step that may be there before, by source and name.
    pub before: (&'static str, &'static str),
    /// The step that is refused or not.
    pub deciding: (&'static str, &'static str),
    /// With what the call fails then, where it waits for the step.
    pub fails_with: Option<(&'static str, &'static str)>,
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const KMS: &str = "kms.amazonaws.com";
const TYPES: &[&str] = &["m5.large", "m5.xlarge", "c6i.large", "r6g.large", "t3.micro"];
const PLAIN: Tags = Tags::List("tags", "key", "value");

/// Calls that people and programs make themselves.
pub const OPERATIONS: [Operation; 16] = [
    Operation {
        source: "ec2.amazonaws.com",
        name: "RunInstances",
        action: "ec2:RunInstances",
        fixed: &[],
        named: &[],
        numbers: &[("minCount", 4)],
        choices: &[
            ("instanceType", TYPES),
            (
                "imageId",
                &["ami-0aaa1111aaa1111aa", "ami-0bbb2222bbb2222bb", "ami-0ccc3333ccc3333cc"],
            ),
            ("subnetId", &["subnet-0a1", "subnet-0b2", "subnet-0c3", "subnet-0d4"]),
        ],
        optional: &["keyName", "userDataHash", "placementGroup"],
        token: Some("clientToken"),
        tags: Tags::Specified("instance"),
    },
    Operation {
        source: "ec2.amazonaws.com",
        name: "CreateSnapshot",
        action: "ec2:CreateSnapshot",
        fixed: &[],
        named: &[("volumeId", "vol-0")],
        numbers: &[],
        choices: &[("location", &["regional", "local", "outpost"])],
        optional: &["outpostArn", "description"],
        token: None,
        tags: Tags::Specified("snapshot"),
    },
    Operation {
        source: "sqs.amazonaws.com",
        name: "CreateQueue",
        action: "sqs:CreateQueue",
        fixed: &[],
        named: &[("queueName", "jobs-")],
        numbers: &[("visibilityTimeout", 900)],
        choices: &[("fifoThroughputLimit", &["perQueue", "perMessageGroupId", "none"])],
        optional: &["redrivePolicy", "kmsMasterKeyId"],
        token: None,
        tags: Tags::Map("tags"),
    },
    Operation {
        source: "sns.amazonaws.com",
        name: "CreateTopic",
        action: "sns:CreateTopic",
        fixed: &[],
        named: &[("name", "topic-")],
        numbers: &[],
        choices: &[("tracingConfig", &["Active", "PassThrough"])],
        optional: &["dataProtectionPolicy", "kmsMasterKeyId"],
        token: None,
        tags: Tags::List("tags", "key", "value"),
    },
    Operation {
        source: "lambda.amazonaws.com",
        name: "CreateFunction20150331",
        action: "lambda:CreateFunction",
        fixed: &[("role", "arn:aws:iam::111122223333:role/function")],
        named: &[("functionName", "fn-")],
        numbers: &[("memorySize", 3000), ("timeout", 900)],
        choices: &[
            ("runtime", &["python3.12", "nodejs20.x", "java21", "provided.al2023"]),
            ("packageType", &["Zip", "Image"]),
        ],
        optional: &["kMSKeyArn", "codeSigningConfigArn"],
        token: None,
        tags: Tags::Map("tags"),
    },
    Operation {
        source: "rds.amazonaws.com",
        name: "CreateDBInstance",
        action: "rds:CreateDBInstance",
        fixed: &[],
        named: &[("dBInstanceIdentifier", "db-")],
        numbers: &[("allocatedStorage", 900)],
        choices: &[
            ("engine", &["postgres", "mysql", "mariadb"]),
            ("dBInstanceClass", &["db.m5.large", "db.t3.micro", "db.r6g.large"]),
            ("storageEncrypted", &["true", "false"]),
        ],
        optional: &["dBSubnetGroupName", "monitoringRoleArn"],
        token: None,
        tags: PLAIN,
    },
    Operation {
        source: "dynamodb.amazonaws.com",
        name: "CreateTable",
        action: "dynamodb:CreateTable",
        fixed: &[],
        named: &[("tableName", "table-")],
        numbers: &[],
        choices: &[
            ("billingMode", &["PAY_PER_REQUEST", "PROVISIONED"]),
            ("tableClass", &["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
        ],
        optional: &["resourcePolicy", "streamViewType"],
        token: None,
        tags: PLAIN,
    },
    Operation {
        source: "ecs.amazonaws.com",
        name: "RunTask",
        action: "ecs:RunTask",
        fixed: &[("cluster", "main")],
        named: &[("startedBy", "run-")],
        numbers: &[("count", 5)],
        choices: &[
            ("launchType", &["FARGATE", "EC2", "EXTERNAL"]),
            ("taskDefinition", &["web:3", "web:4", "batch:11"]),
        ],
        optional: &["platformVersion", "group"],
        token: Some("clientToken"),
        tags: PLAIN,
    },
    Operation {
        source: "cloudformation.amazonaws.com",
        name: "CreateStack",
        action: "cloudformation:CreateStack",
        fixed: &[],
        named: &[("stackName", "stack-")],
        numbers: &[("timeoutInMinutes", 90)],
        choices: &[("onFailure", &["ROLLBACK", "DELETE", "DO_NOTHING"])],
        optional: &["roleARN", "enableTerminationProtection"],
        token: Some("clientRequestToken"),
        tags: PLAIN,
    },
    Operation {
        source: "secretsmanager.amazonaws.com",
        name: "CreateSecret",
        action: "secretsmanager:CreateSecret",
        fixed: &[],
        named: &[("name", "app/")],
        numbers: &[],
        choices: &[("type", &["partner", "managed", "own"])],
        optional: &["kmsKeyId", "addReplicaRegions"],
        token: Some("clientRequestToken"),
        tags: PLAIN,
    },
    Operation {
        source: "elasticfilesystem.amazonaws.com",
        name: "CreateFileSystem",
        action: "elasticfilesystem:CreateFileSystem",
        fixed: &[],
        named: &[],
        numbers: &[("provisionedThroughputInMibps", 500)],
        choices: &[
            ("performanceMode", &["generalPurpose", "maxIO"]),
            ("throughputMode", &["bursting", "provisioned", "elastic"]),
        ],
        optional: &["kmsKeyId", "availabilityZoneName"],
        token: Some("creationToken"),
        tags: PLAIN,
    },
    Operation {
        source: "glue.amazonaws.com",
        name: "CreateJob",
        action: "glue:CreateJob",
        fixed: &[("role", "glue-runner")],
        named: &[("name", "job-")],
        numbers: &[("numberOfWorkers", 50)],
        choices: &[
            ("workerType", &["G.1X", "G.2X", "G.025X"]),
            ("glueVersion", &["3.0", "4.0", "5.0"]),
        ],
        optional: &["securityConfiguration", "maintenanceWindow"],
        token: None,
        tags: Tags::Map("tags"),
    },
    Operation {
        source: "eks.amazonaws.com",
        name: "CreateNodegroup",
        action: "eks:CreateNodegroup",
        fixed: &[("clusterName", "main")],
        named: &[("nodegroupName", "group-")],
        numbers: &[("diskSize", 300)],
        choices: &[
            ("amiType", &["AL2023_x86_64_STANDARD", "BOTTLEROCKET_x86_64", "AL2_ARM_64"]),
            ("capacityType", &["ON_DEMAND", "SPOT"]),
        ],
        optional: &["releaseVersion", "remoteAccessKey"],
        token: Some("clientRequestToken"),
        tags: Tags::Map("tags"),
    },
    Operation {
        source: "elasticache.amazonaws.com",
        name: "CreateReplicationGroup",
        action: "elasticache:CreateReplicationGroup",
        fixed: &[],
        named: &[("replicationGroupId", "cache-")],
        numbers: &[("numCacheClusters", 6)],
        choices: &[
            ("engine", &["redis", "valkey", "memcached"]),
            ("cacheNodeType", &["cache.t3.small", "cache.m6g.large", "cache.r6g.large"]),
        ],
        optional: &["kmsKeyId", "snapshotName"],
        token: None,
        tags: PLAIN,
    },
    Operation {
        source: "sagemaker.amazonaws.com",
        name: "CreateTrainingJob",
        action: "sagemaker:CreateTrainingJob",
        fixed: &[("roleArn", "arn:aws:iam::111122223333:role/trainer")],
        named: &[("trainingJobName", "train-")],
        numbers: &[("volumeSizeInGB", 200)],
        choices: &[
            ("trainingInputMode", &["File", "Pipe", "FastFile"]),
            ("instanceType", &["ml.m5.large", "ml.p3.2xlarge", "ml.g5.xlarge"]),
        ],
        optional: &["vpcConfigSubnet", "volumeKmsKeyId"],
        token: None,
        tags: PLAIN,
    },
    Operation {
        source: "kinesis.amazonaws.com",
        name: "CreateStream",
        action: "kinesis:CreateStream",
        fixed: &[],
        named: &[("streamName", "stream-")],
        numbers: &[("shardCount", 60)],
        choices: &[("streamMode", &["ON_DEMAND", "PROVISIONED"])],
        optional: &["maxRecordSizeInKiB", "warmThroughput"],
        token: None,
        tags: Tags::Map("tags"),
    },
];

const fn root(
    source: &'static str,
    name: &'static str,
    named: &'static [(&str, &str)],
) -> Operation {
    Operation {
        source,
        name,
        action: "",
        fixed: &[("kmsKeyId", KEY)],
        named,
        numbers: &[],
        choices: &[("mode", &["one", "two", "three"])],
        optional: &["origin"],
        token: Some("clientToken"),
        tags: PLAIN,
    }
}

/// Calls with steps of their services below them.
pub const SERVICE_STEPS: [StepsOf; 4] = [
    StepsOf {
        root: root("rds.amazonaws.com", "CreateDBInstance", &[("dBInstanceIdentifier", "db-")]),
        invoked_by: "rds.amazonaws.com",
        key: KEY,
        before: (KMS, "DescribeKey"),
        deciding: (KMS, "CreateGrant"),
        fails_with: None,
    },
    StepsOf {
        root: root("secretsmanager.amazonaws.com", "CreateSecret", &[("name", "app/")]),
        invoked_by: "secretsmanager.amazonaws.com",
        key: KEY,
        before: (KMS, "DescribeKey"),
        deciding: (KMS, "GenerateDataKey"),
        fails_with: Some(("AccessDeniedException", "Access to KMS is not allowed")),
    },
    StepsOf {
        root: root("dynamodb.amazonaws.com", "CreateTable", &[("tableName", "table-")]),
        invoked_by: "dynamodb.amazonaws.com",
        key: KEY,
        before: (KMS, "DescribeKey"),
        deciding: (KMS, "CreateGrant"),
        fails_with: None,
    },
    StepsOf {
        root: root("lambda.amazonaws.com", "CreateFunction20150331", &[("functionName", "fn-")]),
        invoked_by: "lambda.amazonaws.com",
        key: KEY,
        before: (KMS, "DescribeKey"),
        deciding: (KMS, "Encrypt"),
        fails_with: None,
    },
];
