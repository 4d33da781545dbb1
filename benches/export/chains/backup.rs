//! AWS Backup of a `DynamoDB` table into a vault: Backup assumes the role it is given, and the
//! storage behind the vault uses the vault's key as a service principal.

use serde_json::json;

use super::super::caller::{Caller, Principal, Role};
use super::super::record::{Record, Trail, format};
use super::kms::{self, KmsCall};
use super::{Key, Pair, Scene, autoscaling::assume};

const SERVICE: &str = "backup.amazonaws.com";
const STORAGE: &str = "backup-storage.amazonaws.com";

/// A vault, the key it encrypts with, and the role of the jobs that fill it.
#[derive(Debug, Clone)]
pub struct Vault {
    pub account: String,
    pub name: String,
    pub key: Key,
    pub role: String,
}

/// The role that AWS Backup's console makes.
pub const DEFAULT_ROLE: &str = "AWSBackupDefaultServiceRole";

/// One on-demand job. The pair is `StartBackupJob` and the storage's `Decrypt`.
pub fn run_job(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    (vault, table): (&Vault, &str),
    denial: Option<&str>,
) -> Pair {
    let role = Role::new(&vault.account, "/service-role/", &vault.role);
    let table_arn = format!("arn:aws:dynamodb:{}:{}:table/{table}", scene.region, vault.account);
    let job = trail.random.uuid();
    let root = start(trail, scene, caller, vault, (&table_arn, &role, &job));
    let begun = scene.after(trail.random.between(40, 150));
    let name = format!("AWSBackup-{}", vault.role);
    let session = Principal::session(&mut trail.random, &role, &name, begun.at);
    assume(trail, begun, SERVICE, &session);
    let worker = Caller::by_role(&session, SERVICE);
    trail.log(
        Record::call(begun.at + 1, scene.region, "dynamodb", "StartAwsBackupJob", &worker)
            .with(json!({"tableName": table, "backupVaultArn": vault_arn(scene, vault)})),
    );
    let later = begun.after(trail.random.between(8, 25));
    let context = json!({"aws:backup:backup-vault": vault_arn(scene, vault)});
    let storage = Caller::service(STORAGE, &vault.account);
    let call = KmsCall::decrypt(&vault.key, context, denial);
    let denied = kms::log(trail, later, &storage, &call);
    let ended = later.after(trail.random.between(60, 140));
    finish(trail, ended, vault, (&table_arn, &role, &job), denial.is_some());
    Pair::new(root, denied)
}

fn vault_arn(scene: Scene, vault: &Vault) -> String {
    format!("arn:aws:backup:{}:{}:backup-vault:{}", scene.region, vault.account, vault.name)
}

fn start(
    trail: &mut Trail,
    scene: Scene,
    caller: &Caller,
    vault: &Vault,
    (table, role, job): (&str, &Role, &str),
) -> String {
    trail.log(
        Record::call(scene.at, scene.region, "backup", "StartBackupJob", caller)
            .with(json!({
                "backupVaultName": vault.name, "resourceArn": table, "iamRoleArn": role.arn(),
                "startWindowMinutes": 60,
            }))
            .returning(json!({
                "backupJobId": job,
                "creationDate": format(scene.at, "%b %-d, %Y, %-I:%M:%S %p"),
            })),
    )
}

/// The event of the end; of a failed job it says no more than that.
fn finish(
    trail: &mut Trail,
    scene: Scene,
    vault: &Vault,
    (table, role, job): (&str, &Role, &str),
    failed: bool,
) {
    let mut details = json!({
        "completionDate": {"seconds": scene.at, "nanos": 906_000_000},
        "state": if failed { "FAILED" } else { "COMPLETED" },
        "percentDone": if failed { 0 } else { 100 },
        "backupJobId": job,
        "backupVaultName": vault.name,
        "backupVaultArn": vault_arn(scene, vault),
        "recoveryPointArn": format!(
            "arn:aws:backup:{}:{}:recovery-point:{}",
            scene.region, vault.account, trail.random.uuid()
        ),
        "resourceArn": table,
        "iamRoleArn": role.arn(),
        "resourceType": "DynamoDB",
    });
    if let (true, Some(members)) = (failed, details.as_object_mut()) {
        let text = "Access Denied trying to call AWS Backup service";
        members.insert("statusMessage".into(), text.into());
    }
    let event = Record::service_event(
        scene.at,
        scene.region,
        "backup",
        "BackupJobCompleted",
        &vault.account,
    );
    trail.log(event.detailing(details));
}
