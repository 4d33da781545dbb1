//! The policy that AWS's text names by ARN, put in its place: it was in force, whatever is or is not
//! known of what hangs on the caller (IAM user guide, "Troubleshoot access denied error messages").

use super::super::answer::Naming;
use super::super::subject::PolicyType;
use super::Gather;
use crate::event::{Layer, denial};
use crate::iam::{AttachedPolicy, Layers, Level, Presence};

impl Gather<'_> {
    /// Adds the named policy to its layer, where the layer does not have it and its text is known.
    pub(super) fn add_stated(&self, layers: &mut Layers) {
        // At an earlier moment it may not have been attached yet.
        if self.inventory.time() < self.event.time {
            return;
        }
        let Some(stated) = denial(self.event).and_then(|denial| denial.stated) else { return };
        let Some(arn) = stated.policy_arn else { return };
        match stated.layer {
            Layer::IdentityPolicy => self.add_named(&mut layers.identity, &arn),
            Layer::SessionPolicy => self.add_named(&mut layers.session, &arn),
            // There is just one boundary.
            Layer::PermissionsBoundary => {
                if let Some(policy) = self.managed(&arn) {
                    layers.boundary = Presence::Known(vec![policy]);
                }
            }
            Layer::Scp => self.add_level(&mut layers.scps, &arn),
            Layer::Rcp => self.add_level(&mut layers.rcps, &arn),
            _ => {}
        }
    }

    fn managed(&self, arn: &str) -> Option<AttachedPolicy> {
        let mut document = self.inventory.managed_policy(arn).document?;
        document.attached_to = self.owner();
        self.attached(&document)
    }

    fn add_named(&self, presence: &mut Presence<Vec<AttachedPolicy>>, arn: &str) {
        let has_it = |known: &Vec<AttachedPolicy>| known.iter().any(|policy| is_named(policy, arn));
        if !presence.known().is_some_and(has_it)
            && let Some(policy) = self.managed(arn)
        {
            add(presence, policy);
        }
    }

    fn add_level(&self, presence: &mut Presence<Vec<Level>>, arn: &str) {
        let in_level = |level: &Level| level.policies.iter().any(|policy| is_named(policy, arn));
        let is_there = presence.known().is_some_and(|levels| levels.iter().any(in_level));
        if is_there || *presence == Presence::NotApplicable {
            return;
        }
        let Some(id) = arn.rsplit('/').next().filter(|_| PolicyType::of_arn(arn).is_some()) else {
            return;
        };
        let naming = Naming { name: None, arn: Some(arn.to_owned()), to: None };
        let document = self.inventory.organization_policy(id, naming).document;
        if let Some(policy) = document.and_then(|document| self.attached(&document)) {
            add(presence, Level { id: id.to_owned(), policies: vec![policy] });
        }
    }
}

fn is_named(policy: &AttachedPolicy, arn: &str) -> bool {
    policy.label.arn.as_deref() == Some(arn)
}

/// What is known in part, and what was not known at all, is known in part afterwards. A layer that
/// does not apply stays so but for policies passed with a session, which few sessions have.
pub(super) fn add<T>(presence: &mut Presence<Vec<T>>, one: T) {
    let taken = std::mem::replace(presence, Presence::NotApplicable);
    *presence = match taken {
        Presence::Known(mut all) => {
            all.push(one);
            Presence::Known(all)
        }
        Presence::Partly(mut all, why) => {
            all.push(one);
            Presence::Partly(all, why)
        }
        Presence::Unknown(why) => Presence::Partly(vec![one], why),
        Presence::NotApplicable => Presence::Known(vec![one]),
    };
}
