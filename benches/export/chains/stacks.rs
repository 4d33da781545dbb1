//! Deployments: `CloudFormation` acting with its caller's permissions, and a load balancer whose
//! certificate sits behind a key that AWS manages.

use serde_json::json;

use super::super::caller::Caller;
use super::super::record::{Record, Trail};
use super::kms::{self, KmsCall};
use super::secrets::object_event;
use super::{Actor, Key, Pair, Scene};

const STACKS: &str = "cloudformation.amazonaws.com";

/// `CreateStack` from a template in a bucket; a template that cannot be read fails the call with a
/// text that does not say for whom, or why.
pub fn create_stack(
    trail: &mut Trail,
    scene: Scene,
    actor: &Actor,
    (bucket, stack): (&str, &str),
    denial: Option<&str>,
) -> Pair {
    let path = format!("{stack}.yaml");
    let account = actor.principal.account();
    let record =
        Record::call(scene.at, scene.region, "cloudformation", "CreateStack", &actor.direct())
            .with(json!({
                "stackName": stack,
                "templateURL": format!("https://{bucket}.s3.{}.amazonaws.com/{path}", scene.region),
                "capabilities": ["CAPABILITY_IAM"],
                "disableRollback": false,
            }));
    let opaque = "S3 error: Access Denied\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
    let arn = format!(
        "arn:aws:cloudformation:{}:{account}:stack/{stack}/{}",
        scene.region,
        trail.random.uuid()
    );
    let root = trail.log(match denial {
        Some(_) => record.failing("ValidationError", Some(opaque)),
        None => record.returning(json!({"stackId": arn})),
    });
    let service = trail.forwarded(&actor.principal, STACKS, scene.at);
    let denied = object_event(trail, scene, &service, (bucket, &path), denial);
    Pair::new(root, denied)
}

/// `CreateStack` from a template handed over in the call, which no trail shows.
pub fn start_stack(trail: &mut Trail, scene: Scene, actor: &Actor, stack: &str) -> String {
    let arn = format!(
        "arn:aws:cloudformation:{}:{}:stack/{stack}/{}",
        scene.region,
        actor.principal.account(),
        trail.random.uuid()
    );
    trail.log(
        Record::call(scene.at, scene.region, "cloudformation", "CreateStack", &actor.direct())
            .with(json!({"stackName": stack, "disableRollback": false}))
            .returning(json!({"stackId": arn})),
    )
}

/// `CloudFormation`'s own calls for a stack of `actor`.
pub fn stack_caller(trail: &mut Trail, scene: Scene, actor: &Actor) -> Caller {
    trail.forwarded(&actor.principal, STACKS, scene.at)
}

/// One resource of a stack: `CreateSecurityGroup`.
pub fn create_security_group(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    stack: &str,
    denial: Option<&str>,
) -> String {
    let record =
        Record::call(scene.at, scene.region, "ec2", "CreateSecurityGroup", caller).with(json!({
            "groupName": format!("{stack}-service"), "groupDescription": "service",
            "vpcId": "vpc-0a4b7c91e3d25f680",
        }));
    let record = match denial {
        Some(text) => record.failing("Client.UnauthorizedOperation", Some(text)),
        None => record.returning(json!({
            "requestId": trail.random.uuid(), "_return": true,
            "groupId": trail.random.resource("sg"),
        })),
    };
    trail.log(record)
}

/// `CreateListener` with a certificate: ACM grants the load balancer the use of the certificate's
/// key, with the caller's permissions.
pub fn create_listener(
    trail: &mut Trail,
    scene: Scene,
    actor: &Actor,
    (certificate, key): (&str, &Key),
    denial: Option<&str>,
) -> Pair {
    let account = actor.principal.account();
    let balancer_id = trail.random.hex(16);
    let balancer = format!(
        "arn:aws:elasticloadbalancing:{}:{account}:loadbalancer/app/shop/{balancer_id}",
        scene.region
    );
    let request = json!({
        "loadBalancerArn": balancer, "protocol": "HTTPS", "port": 443,
        "certificates": [{"certificateArn": certificate}], "defaultActions": [{"type": "forward"}],
    });
    let record = Record::call(
        scene.at,
        scene.region,
        "elasticloadbalancing",
        "CreateListener",
        &actor.direct(),
    )
    .with(request);
    let opaque = format!("Certificate '{certificate}' not found");
    let listener = format!(
        "{}/{}",
        balancer.replacen(":loadbalancer/", ":listener/", 1),
        trail.random.hex(16)
    );
    let root = trail.log(match denial {
        Some(_) => record.failing("CertificateNotFound", Some(&opaque)),
        None => record.returning(json!({"listeners": [{
            "listenerArn": listener, "loadBalancerArn": balancer, "port": 443, "protocol": "HTTPS",
            "certificates": [{"certificateArn": certificate}],
        }]})),
    });
    let service = trail.forwarded(&actor.principal, "acm.amazonaws.com", scene.at);
    let context = json!({
        "aws:acm:arn": certificate, "aws:elasticloadbalancing:arn": balancer,
    });
    let grantee = format!(
        "arn:aws:sts::{account}:assumed-role/DecryptACMCertificate/{}",
        trail.random.hex(32)
    );
    let request = json!({
        "constraints": {"encryptionContextSubset": context},
        "retiringPrincipal": format!("elasticloadbalancing.{}.amazonaws.com", scene.region),
        "operations": ["Decrypt"], "granteePrincipal": grantee,
    });
    let call: KmsCall = kms::grant(trail, key, request, denial);
    let denied = kms::log(trail, scene, &service, &call);
    Pair::new(root, denied)
}
