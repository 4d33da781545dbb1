//! The words that identify nobody: what the program says, and what AWS's texts, policies and
//! commands are made of.

use std::collections::BTreeSet;

use crate::wording;

/// The sentences of AWS's denials and key states, without what goes into them (facts: IAM user
/// guide, "Troubleshoot access denied error messages"; KMS developer guide, "Key states").
const DENIALS: &str = "
    User: is not authorized to perform: on resource: because no identity-based policy allows the
    action with an explicit deny in a resource-based policy permissions boundary session sessions
    policy service control resource control VPC endpoint role trust transitively through
    You are not authorized to perform this operation Encoded authorization failure message
    An error occurred when calling the operation on this resource the specified resource
    because the resource does not exist in this Region no resource-based policies allow access or a
    resource-based explicitly denies access
    The ciphertext refers to a customer master key that does not exist does not exist in this region
    or you are not allowed to access
    is disabled pending deletion or pending replica deletion import unavailable creating updating
    The request would have succeeded but the DryRun option is set was denied due to
    Access Denied S3 error Forbidden KMS key access denied error disabled validation volume encrypted
    public ACLs policies are prevented by setting in Block Public Access bucket has blocked upload
    requests that specify Server Side Encryption with Customer provided keys SSE-C BlockPublicAcls
    BlockPublicPolicy IgnorePublicAcls RestrictPublicBuckets Cross-account pass role
    internal failure please retry Client error on launch Creating instance failed due to
    For more information check unknown An has been revoked was unable to account group role user
    instance profile access key version policy ARN";

/// Words of AWS's other errors that are nobody's name.
const ERRORS: &str = "
    the a an of to in with for from by and or is are was were be been not no cannot can found find exist
    exists already invalid value request rate exceeded limit must at that this it has have does do
    could would should may only more than when while as on its your you Service: Status Code: Error
    Code: Request ID: Proxy: null ThrottlingException specified missing required parameter parameters
    valid state name arn: region Region: account Amazon AWS KMS S3 EC2 IAM Lambda SQS SNS STS id
    identity enforced by principal assume assumed trust relationship permissions sufficient
    insufficient additional provided defined used using call perform operation operations create
    write read publish validate verify decrypt deliver ensure sure try again settings configuration
    environment variables incorrect configured don doesn isn won couldn";

/// Principals of services whose names differ from those of their actions (AWS General Reference; the
/// services' guides on service-linked and service roles).
const PRINCIPALS: &str = "
    ecs-tasks spot spotfleet vpc-flow-logs dlm eks-nodegroup eks-fargate-pods edgelambda monitoring
    replicator scheduler pods ops.apigateway cloudwatch rds-performance-insights autoscaling-plans
    resource-explorer member s3-replication ec2.application-autoscaling delivery email
    fas lifecycle config-multiaccountsetup ssm-sap export states sso console signin";

/// Products that call AWS (`userAgent`).
const AGENTS: &str = "
    aws-cli aws-sdk-java aws-sdk-go aws-sdk-go-v2 aws-sdk-js aws-sdk-nodejs aws-sdk-ruby2 aws-sdk-ruby3
    aws-sdk-php aws-sdk-dotnet aws-sdk-cpp aws-sdk-rust aws-internal aws-cdk Boto3 Botocore Terraform
    Pulumi HashiCorp S3Console Mozilla Coral Netty4 APN";

/// The words of policy documents (IAM user guide, "IAM JSON policy elements reference").
const POLICIES: &str = "
    Version Id Statement Sid Effect Allow Deny Principal NotPrincipal Action NotAction Resource
    NotResource Condition AWS Service Federated CanonicalUser 2012-10-17 2008-10-17 true false null
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike
    StringNotLike NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals
    NumericGreaterThan NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan
    DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool BinaryEquals IpAddress
    NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null IfExists ForAllValues ForAnyValue
    GranteePrincipal RetiringPrincipal Operations Constraints EncryptionContextSubset
    EncryptionContextEquals KeyId Name op add remove replace path value test move copy from
    Enabled Disabled PendingDeletion PendingImport Unavailable SYMMETRIC_DEFAULT
    Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext
    GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext Sign Verify GetPublicKey CreateGrant
    RetireGrant DescribeKey GenerateMac VerifyMac DeriveSharedSecret";

/// The words of commands and of Terraform.
const COMMANDS: &str = "
    aws file json text yaml table output query jq cat echo base64 default terraform resource data
    statement effect actions not_actions principals not_principals identifiers type condition test
    variable values sid policy jsonencode role user group bucket key_id name policy_arn
    http https VpcEndpoints PolicyDocument Policy Policies Grants
    assume_role_policy provider depends_on locals module each for_each count";

/// The report's own words.
const CONTRACT: &str = "
    direct forward_access_session service_principal service_linked_role service_role
    ec2_infrastructure resource_id issued_credentials request_id shared_event identity_policy
    permissions_boundary session_policy resource_policy role_trust_policy scp rcp
    vpc_endpoint_policy kms_grant kms_key_state block_public_access explicit_deny implicit_deny
    not_applicable";

/// The names and values of the attributes that are compared, and how links and files are described.
const ATTRIBUTES: &str = "
    principal resource resource_account caller_account caller_kind invoked_by root_action
    vpc_endpoint root_vpc_endpoint region mfa source_address network session_name source_identity
    credentials encryption_context_keys user_agent tls absent private public console long-term
    temporary true false accessKeyId requestID issued by this call session began with same
    a digest file of log validation signature query result aggregated data events Config snapshot
    item load balancer access logs flow inside record ends early after bytes damaged checksum
    aws-cli aws-sdk-java aws-sdk-go aws-sdk-go-v2 aws-sdk-js aws-sdk-nodejs aws-sdk-ruby2
    aws-sdk-ruby3 aws-sdk-php aws-sdk-dotnet aws-sdk-cpp aws-sdk-rust aws-internal aws-cdk Boto3
    Botocore Terraform Pulumi HashiCorp S3Console Mozilla console.amazonaws.com Coral Netty4";

/// What AWS and its records call themselves.
const NAMES: &str = "
    AWS Amazon CloudTrail IAM KMS STS S3 EC2 EBS RDS SQS SNS ECS EKS ECR ELB ALB ACM DynamoDB Lambda
    CloudFormation CloudWatch Backup EventBridge Organizations Config Glue Athena Kinesis Redshift
    Secrets Manager Systems Auto Scaling AutoScaling SSM EFS FSx VPC SCP SCPs RCP RCPs FAS ARN ARNs
    Region MFA TLS TLSv1 UTC CLI SDK Internal Unknown None Boto3 botocore console ec2-infrastructure
    docs.aws.amazon.com AdministratorAccess PowerUserAccess ReadOnlyAccess RCPFullAWSAccess FullAWSAccess";

/// What stands before the colon of actions and condition keys of the services most in use; those
/// of other services are learned from the report's own actions.
const SERVICES: &str = "
    access-analyzer account acm acm-pca airflow amplify apigateway appconfig application-autoscaling
    appstream appsync athena autoscaling aws backup backup-storage batch bedrock budgets ce
    cloudformation cloudfront cloudhsm cloudtrail cloudwatch codeartifact codebuild codecommit
    codedeploy codepipeline cognito-identity cognito-idp config connect datasync dax dms docdb ds
    dynamodb ebs ec2 ec2messages ecr ecs eks elasticache elasticbeanstalk elasticfilesystem
    elasticloadbalancing elasticmapreduce emr-containers emr-serverless es events execute-api
    firehose fsx geo glacier glue guardduty health iam imagebuilder inspector2 iot kafka kendra
    kinesis kinesisanalytics kms lakeformation lambda lex license-manager lightsail logs macie2
    mediaconvert memorydb mq network-firewall opensearch organizations outposts pipes pricing qldb
    quicksight ram rds rds-data rds-db redshift redshift-data rekognition resource-explorer-2
    resource-groups route53 route53resolver s3 s3-object-lambda s3express sagemaker scheduler schemas
    secretsmanager securityhub securitylake serverlessrepo servicecatalog ses shield signer sns sqs
    ssm ssm-incidents ssmmessages sso sso-directory states storagegateway sts support swf synthetics
    tag textract transfer trustedadvisor verifiedpermissions waf wafv2 workmail workspaces xray";

/// Words that are kept wherever they stand as words of a text.
#[derive(Debug)]
pub(super) struct Vocabulary {
    words: BTreeSet<String>,
    /// Those of policies, commands and AWS's own things, which are kept as values too.
    grammar: BTreeSet<String>,
    services: BTreeSet<String>,
    /// Those of AWS's own texts.
    denials: BTreeSet<String>,
    attributes: BTreeSet<String>,
}

impl Vocabulary {
    pub(super) fn new() -> Self {
        let grammar: BTreeSet<String> = words(POLICIES).chain(words(COMMANDS)).collect();
        let mut all = wording::vocabulary();
        all.extend(words(DENIALS).chain(words(NAMES)).chain(words(CONTRACT)));
        all.extend(words(ATTRIBUTES));
        all.extend(grammar.iter().cloned());
        let services = words(SERVICES).collect();
        let denials = words(DENIALS).chain(words(ERRORS)).collect();
        let attributes = words(ATTRIBUTES).chain(words(CONTRACT)).collect();
        Vocabulary { words: all, grammar, services, denials, attributes }
    }

    /// Remembers the service of an action that the report speaks of.
    pub(super) fn learn_service(&mut self, action: &str) {
        if let Some((service, _)) = action.split_once(':')
            && !super::word::holds_account(service)
        {
            self.services.insert(service.to_owned());
        }
    }

    /// True for what stands before the colon of an action or a condition key.
    pub(super) fn is_service(&self, prefix: &str) -> bool {
        self.services.contains(prefix)
    }

    /// Remembers a service principal that a record calls the invoker.
    pub(super) fn learn_principal(&mut self, principal: &str) {
        if let Some((service, _)) = principal.split_once('.')
            && !super::word::holds_account(service)
        {
            self.services.insert(service.to_owned());
        }
    }

    /// True for a service principal whose label is no service's prefix.
    pub(super) fn is_principal(&self, principal: &str) -> bool {
        let label = principal.split('.').next().unwrap_or_default();
        words(PRINCIPALS).any(|known| known == label)
    }

    /// True for a word of AWS's own error texts.
    pub(super) fn is_denial(&self, word: &str) -> bool {
        self.denials.contains(&word.to_ascii_lowercase())
    }

    /// True for the value of an attribute that the program made.
    pub(super) fn is_attribute(&self, value: &str) -> bool {
        value.split([' ', '-']).all(|word| {
            ["key", "credentials", "long", "term", "temporary", "console"].contains(&word)
        }) || self.attributes.contains(value)
    }

    /// True for a product that calls AWS.
    pub(super) fn is_agent(&self, product: &str) -> bool {
        words(AGENTS).any(|known| known.eq_ignore_ascii_case(product))
    }

    /// True for a word of the program's or of AWS's.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.contains(&word.to_ascii_lowercase())
    }

    /// True for a word of a policy or a command.
    pub(super) fn is_grammar(&self, word: &str) -> bool {
        self.grammar.contains(&word.to_ascii_lowercase())
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|character: char| character.is_whitespace() || character == ':')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}
