//! Auto Scaling: a group launches through its service-linked role. `RunInstances` answers
//! `pending` whatever becomes of the volume's key; the instance then terminates by itself.

use serde_json::json;

use super::super::caller::{Caller, Principal, Role};
use super::super::record::{Record, Trail, format};
use super::kms::{self, KmsCall};
use super::{Key, Pair, Scene, ebs};

const SERVICE: &str = "autoscaling.amazonaws.com";

/// A group, and what its launch template encrypts volumes with.
#[derive(Debug, Clone)]
pub struct Group {
    pub account: String,
    pub name: String,
    pub template: String,
    pub image: String,
    pub key: Key,
}

/// Somebody asks for another size.
pub fn set_capacity(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    group: &Group,
    size: u64,
) -> String {
    let record = Record::call(scene.at, scene.region, "autoscaling", "SetDesiredCapacity", caller)
        .with(json!({
            "autoScalingGroupName": group.name, "desiredCapacity": size, "honorCooldown": false,
        }));
    trail.log(record)
}

/// One launch, denied with a text or not. The pair: the launch, with the role taken on for it, and
/// the call for the data key.
pub fn launch(trail: &mut Trail, scene: Scene, group: &Group, denial: Option<&str>) -> Pair {
    let role = Role::linked(&group.account, SERVICE, "AWSServiceRoleForAutoScaling");
    let session = Principal::session(&mut trail.random, &role, "AutoScaling", scene.at);
    let assumed = assume(trail, scene, SERVICE, &session);
    let caller = Caller::by_role(&session, SERVICE);
    let (instance, request_id) = (trail.random.resource("i"), trail.random.uuid());
    let root = run_instances(trail, scene.after(1), &caller, group, (&instance, &request_id));
    let volume = trail.random.resource("vol");
    let later = scene.after(2 + trail.random.between(0, 3));
    let data_key = KmsCall::volume_key(&group.key, &volume, denial);
    let denied = kms::log(trail, later, &caller, &data_key);
    if denial.is_none() {
        let resources = (volume.as_str(), instance.as_str());
        let within = Some(request_id.as_str());
        ebs::open_volume(trail, later.after(2), &caller, &group.key, resources, within);
    }
    Pair { roots: vec![root, assumed], denied }
}

/// A service assuming a role; the credentials it gets are those the session shows later.
pub fn assume(trail: &mut Trail, scene: Scene, service: &str, session: &Principal) -> String {
    let Principal::Session { role, name, key, .. } = session else { return String::new() };
    let caller = Caller::service(service, &role.account);
    let record = Record::read(scene.at, scene.region, "sts", "AssumeRole", &caller)
        .with(json!({"roleArn": role.arn(), "roleSessionName": name, "durationSeconds": 3600}))
        .returning(json!({
            "credentials": {
                "accessKeyId": key,
                "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaDGV1LXdlc3QtMSJHMEUCIEXAMPLE==",
                "expiration": format(scene.at + 3600, "%b %-d, %Y, %-I:%M:%S %p"),
            },
            "assumedRoleUser": {
                "assumedRoleId": format!("{}:{name}", role.id), "arn": role.session_arn(name),
            },
        }))
        .on(&role.arn(), &role.account, "AWS::IAM::Role");
    trail.log(record)
}

fn run_instances(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    group: &Group,
    (instance, request_id): (&str, &str),
) -> String {
    let zone = format!("{}a", scene.region);
    let subnet = "subnet-0b7e1c52d94f6a083";
    let token = trail.random.uuid();
    let tag = json!({"key": "aws:autoscaling:groupName", "value": group.name});
    let request = json!({
        "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}, "blockDeviceMapping": {},
        "availabilityZone": zone, "monitoring": {"enabled": false}, "subnetId": subnet,
        "disableApiTermination": false, "disableApiStop": false, "clientToken": token,
        "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [tag]}]},
        "launchTemplate": {"launchTemplateId": group.template, "version": "4"},
    });
    let response = json!({
        "requestId": request_id, "reservationId": trail.random.resource("r"),
        "ownerId": group.account, "groupSet": {},
        "instancesSet": {"items": [{
            "instanceId": instance, "imageId": group.image,
            "instanceState": {"code": 0, "name": "pending"}, "amiLaunchIndex": 0,
            "productCodes": {}, "instanceType": "m7g.large", "launchTime": scene.at * 1000,
            "placement": {"availabilityZone": zone, "tenancy": "default"},
            "monitoring": {"state": "disabled"}, "subnetId": subnet,
            "stateReason": {"code": "pending", "message": "pending"}, "architecture": "arm64",
            "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda", "blockDeviceMapping": {},
            "virtualizationType": "hvm", "hypervisor": "xen", "tagSet": {"items": [tag]},
            "clientToken": token, "sourceDestCheck": true, "ebsOptimized": true, "enaSupport": true,
        }]},
    });
    let arn = format!("arn:aws:ec2:{}:{}:instance/{instance}", scene.region, group.account);
    trail.log(
        Record::call(scene.at, scene.region, "ec2", "RunInstances", caller)
            .with(request)
            .returning(response)
            .on(&arn, &group.account, "AWS::EC2::Instance")
            .within(request_id),
    )
}
