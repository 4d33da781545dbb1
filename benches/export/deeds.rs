//! What teams have AWS services do for them, each with roles and keys of its own.

use super::caller::{Client, Principal, Role};
use super::chains::autoscaling::{self, Group};
use super::chains::backup::{self, Vault};
use super::chains::secrets::{self, Protected};
use super::chains::{Actor, Key, Scene, ebs, stacks};
use super::random::Random;
use super::record::Trail;

/// A service that works with somebody's permissions or its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Volume,
    Launch,
    Secret,
    Backup,
    Stack,
    Listener,
}

const SERVICES: [Service; 6] = [
    Service::Volume,
    Service::Launch,
    Service::Secret,
    Service::Backup,
    Service::Stack,
    Service::Listener,
];

/// How many roles and keys the teams of an account have.
pub const ROLES: u64 = 24;
const KEYS: u64 = 12;

/// What somebody does: a service, used by a role, with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    pub service: Service,
    pub role: u64,
    pub key: u64,
}

impl Deed {
    /// Anything by anybody.
    pub fn any(random: &mut Random) -> Deed {
        let service = *random.pick(&SERVICES);
        let role = random.below(ROLES);
        Deed { service, role, key: random.below(KEYS) }
    }

    /// Anything by one role.
    pub fn of_role(random: &mut Random, role: u64) -> Deed {
        Deed { service: *random.pick(&SERVICES), role, key: random.below(KEYS) }
    }
}

/// The teams of an account, in a Region, from some moment on.
#[derive(Debug, Clone, Copy)]
pub struct Teams<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub start: i64,
    /// What the names of their things begin with.
    pub prefix: &'a str,
    /// What the ids of their keys are made from.
    pub seed: u64,
}

impl Teams<'_> {
    /// The name of one of their roles.
    pub fn role_name(&self, number: u64) -> String {
        format!("{}team-{number:02}", self.prefix)
    }

    /// Does it, and has it denied or not.
    pub fn have(&self, trail: &mut Trail, at: i64, deed: Deed, denied: bool) {
        let Teams { account, region, prefix, .. } = *self;
        let scene = Scene { at, region };
        let actor = self.actor(deed.role);
        let key = self.key(deed.key);
        let name = actor.principal.arn();
        let text = |action: &str, resource: &str| {
            denied.then(|| format!("User: {name} is not authorized to perform: {action} on resource: {resource} with an explicit deny in an identity-based policy"))
        };
        match deed.service {
            Service::Volume => {
                let text = text("kms:GenerateDataKeyWithoutPlaintext", &key.arn());
                let by = actor.direct();
                let key = Some(&key);
                ebs::create_volume(trail, scene, &actor.principal, &by, key, text.as_deref());
            }
            Service::Launch => self.launch(trail, scene, deed, key, denied),
            Service::Secret => {
                let text = text("kms:Decrypt", &key.arn());
                let name = format!("{prefix}team-{}/service-{:02}-Ab3xYz", deed.role, deed.key);
                let secret = Protected { account: account.into(), name, key };
                let by = actor.direct();
                secrets::get_secret(
                    trail,
                    scene,
                    (&actor.principal, &by),
                    &secret,
                    text.as_deref(),
                );
            }
            Service::Backup => {
                let vault = format!("{prefix}vault-{:02}", deed.key);
                let vault = Vault {
                    account: account.into(),
                    name: vault,
                    key,
                    role: format!("{prefix}{}", backup::DEFAULT_ROLE),
                };
                let table = format!("{prefix}table-{}", deed.role);
                let text = denied.then_some("User: backup-storage.amazonaws.com is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access");
                backup::run_job(trail, scene, &actor.direct(), (&vault, &table), text);
            }
            Service::Stack => {
                let stack = format!("{prefix}team-{}-{}", deed.role, trail.random.hex(6));
                let bucket = format!("{prefix}templates-{:02}", deed.key);
                let text = text("s3:GetObject", &format!("\"arn:aws:s3:::{bucket}/{stack}.yaml\""));
                stacks::create_stack(trail, scene, &actor, (&bucket, &stack), text.as_deref());
                if !denied {
                    let by = stacks::stack_caller(trail, scene, &actor);
                    stacks::create_security_group(trail, scene.after(6), &by, &stack, None);
                }
            }
            Service::Listener => {
                let text = text("kms:CreateGrant", &key.arn());
                let certificate = format!("arn:aws:acm:{region}:{account}:certificate/{}", key.id);
                let with = (certificate.as_str(), &key);
                stacks::create_listener(trail, scene, &actor, with, text.as_deref());
            }
        }
    }

    fn launch(&self, trail: &mut Trail, scene: Scene, deed: Deed, key: Key, denied: bool) {
        let group = Group {
            account: self.account.into(),
            name: format!("{}group-{}-{}", self.prefix, deed.role, deed.key),
            template: format!("lt-0{:016x}", self.seed << 16 | deed.role << 8 | deed.key),
            image: "ami-0d5eff06f840b45e9".into(),
            key,
        };
        let text = denied.then(|| format!("User: arn:aws:sts::{}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling is not authorized to perform: kms:GenerateDataKeyWithoutPlaintext on resource: {} because no resource-based policy allows the kms:GenerateDataKeyWithoutPlaintext action", self.account, group.key.arn()));
        autoscaling::launch(trail, scene, &group, text.as_deref());
    }

    /// A session of a role, the same through the hour.
    fn actor(&self, role: u64) -> Actor {
        let opened = self.start - self.start.rem_euclid(3600);
        let mut random = Random::part(opened as u64 ^ self.seed, role);
        let role = Role::new(self.account, "/", &self.role_name(role));
        let name = format!("run-{}", random.hex(8));
        let address = format!("203.0.113.{}", random.below(250) + 1);
        let session = Principal::session(&mut random, &role, &name, opened);
        Actor::new(session, Client::cli(&address))
    }

    fn key(&self, number: u64) -> Key {
        let id = Random::part(self.seed ^ number, 77).uuid();
        Key::new(self.account, self.region, &id)
    }
}
