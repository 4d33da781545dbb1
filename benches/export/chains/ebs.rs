//! Encrypted EBS volumes. EC2 answers at once; the data key is made a moment later with the
//! caller's permissions, and nothing tells the caller when that is denied.

use serde_json::{Value, json};

use super::super::caller::{Caller, Principal};
use super::super::record::{Record, Trail};
use super::kms::{self, KmsCall};
use super::{Key, Scene};

const EC2: &str = "ec2-frontend-api.amazonaws.com";

/// What became of a `CreateVolume`.
#[derive(Debug, Clone)]
pub struct Created {
    pub root: String,
    pub volume: String,
    /// The call that made, or did not make, the data key; absent for an unencrypted volume.
    pub data_key: Option<String>,
}

/// `CreateVolume`, signed by `caller` for `principal`, and the data key EC2 asks for.
pub fn create_volume(
    trail: &mut Trail,
    scene: Scene,
    principal: &Principal,
    caller: &Caller,
    key: Option<&Key>,
    denial: Option<&str>,
) -> Created {
    let volume = trail.random.resource("vol");
    let request_id = trail.random.uuid();
    let size = *trail.random.pick(&[20, 50, 100, 200]);
    let zone = format!("{}a", scene.region);
    let mut request = json!({
        "size": size.to_string(), "zone": zone, "volumeType": "gp3", "encrypted": key.is_some(),
        "clientToken": trail.random.uuid(),
    });
    let mut response = json!({
        "requestId": request_id, "volumeId": volume, "size": size.to_string(), "zone": zone,
        "status": "creating", "createTime": scene.at * 1000, "volumeType": "gp3", "iops": 3000,
        "encrypted": key.is_some(), "multiAttachEnabled": false,
    });
    for document in [&mut request, &mut response] {
        if let (Some(members), Some(key)) = (document.as_object_mut(), key) {
            members.insert("kmsKeyId".into(), Value::from(key.arn()));
        }
    }
    let root = trail.log(
        Record::call(scene.at, scene.region, "ec2", "CreateVolume", caller)
            .with(request)
            .returning(response)
            .within(&request_id),
    );
    let data_key = key.map(|key| {
        // The time recorded is that of completion, so that a child can come before its root.
        let later = scene.after(trail.random.between(-1, 3));
        let service = trail.forwarded(principal, EC2, later.at);
        kms::log(trail, later, &service, &KmsCall::volume_key(key, &volume, denial))
    });
    Created { root, volume, data_key }
}

/// `DescribeVolumes` of one volume, which is gone if its data key was denied.
pub fn describe_volume(trail: &mut Trail, scene: Scene, caller: &Caller, volume: &str, gone: bool) {
    let record = Record::read(scene.at, scene.region, "ec2", "DescribeVolumes", caller)
        .with(json!({"volumeSet": {"items": [{"volumeId": volume}]}, "filterSet": {}}));
    let text = format!("The volume '{volume}' does not exist.");
    trail.log(match gone {
        true => record.failing("Client.InvalidVolume.NotFound", Some(&text)),
        false => record,
    });
}

/// `AttachVolume`, the grant to the instance's infrastructure, and the decryption by it.
pub fn attach_volume(
    trail: &mut Trail,
    scene: Scene,
    principal: &Principal,
    caller: &Caller,
    key: &Key,
    (volume, instance): (&str, &str),
) {
    let record = Record::call(scene.at, scene.region, "ec2", "AttachVolume", caller)
        .with(json!({
            "volumeId": volume, "instanceId": instance, "device": "/dev/sdf",
            "deleteOnTermination": false,
        }))
        .returning(json!({
            "requestId": trail.random.uuid(), "volumeId": volume, "instanceId": instance,
            "device": "/dev/sdf", "status": "attaching", "attachTime": scene.at * 1000,
            "deleteOnTermination": false,
        }));
    trail.log(record);
    let service = trail.forwarded(principal, EC2, scene.at + 1);
    open_volume(trail, scene.after(1), &service, key, (volume, instance), None);
}

/// The grant for an instance to decrypt its volume, by whoever starts or attaches, and the
/// infrastructure's `Decrypt`; both carry one request id, the given one or their own.
pub fn open_volume(
    trail: &mut Trail,
    scene: Scene,
    by: &Caller,
    key: &Key,
    (volume, instance): (&str, &str),
    within: Option<&str>,
) {
    let request_id = within.map_or_else(|| trail.random.uuid(), String::from);
    let account = by.account.clone();
    let request = json!({
        "constraints": {"encryptionContextSubset": {"aws:ebs:id": volume}},
        "retiringPrincipal": format!("ec2.{}.amazonaws.com", scene.region),
        "operations": ["Decrypt"],
        "granteePrincipal":
            format!("arn:aws:sts::{account}:assumed-role/aws:ec2-infrastructure/{instance}"),
    });
    let call = KmsCall { within: Some(&request_id), ..kms::grant(trail, key, request, None) };
    kms::log(trail, scene, by, &call);
    let later = scene.after(trail.random.between(1, 6));
    let session = trail.random.session_key();
    let host = Caller::infrastructure(&account, scene.region, instance, &session, later.at);
    let context = json!({"aws:ebs:id": volume});
    let call = KmsCall { within: Some(&request_id), ..KmsCall::decrypt(key, context, None) };
    kms::log(trail, later, &host, &call);
}
