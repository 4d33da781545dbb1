//! Grants on a key, and its state.

use serde_json::json;

use super::super::answer::{GrantInForce, Likely, Missing, Why};
use super::super::change::Grant;
use super::super::replay::Known;
use super::super::subject::{Entity, Subject, resource_name};
use super::{Gather, Likelihood, policy_source, presence, reasons, why};
use crate::event::arn::Arn;
use crate::event::partition;
use crate::iam::{KeyState, KmsGrant, PolicyLabel, Presence, Principal};
use crate::wording::Sentence;

impl Gather<'_> {
    fn key(&self) -> Option<&str> {
        let arn = self.request.resource.arn.as_deref()?;
        (self.service() == "kms" && arn.contains(":key/")).then_some(arn)
    }

    pub(super) fn grants(&mut self) -> Presence<Vec<KmsGrant>> {
        if self.service() != "kms" || self.request.wildcard_only_action {
            return Presence::NotApplicable;
        }
        let Some(key) = self.key().map(str::to_owned) else {
            return Presence::Unknown(Sentence::new("log-no-key"));
        };
        let found = self.inventory.grants_where(&key, |grant| self.may_use(grant));
        let missing: Vec<Missing> =
            found.missing.into_iter().filter(|gap| self.likely(gap).is_none()).collect();
        let grants = found.grants.iter().filter_map(|grant| self.grant(grant)).collect();
        presence(grants, &reasons(&missing))
    }

    /// Whether the grant can be meant for this call: operation and grantee. One that names its
    /// grantee in a way that is not compared here stays.
    fn may_use(&self, grant: &Grant) -> bool {
        let name = self.request.action.split(':').nth(1).unwrap_or_default();
        let principal = &self.request.principal;
        // Who may retire it need not be the grantee, nor be allowed anything else by it.
        if name.eq_ignore_ascii_case("RetireGrant") && grant.retiring.is_some() {
            return true;
        }
        let is_other = match (Entity::from_arn(&grant.grantee), principal.arn()) {
            (Some(grantee), Some(arn)) if grantee.name != "aws:ec2-infrastructure" => {
                Entity::from_arn(arn).is_none_or(|caller| caller != grantee)
            }
            (Some(_), Some(arn)) => grant.grantee != arn,
            _ => false,
        };
        grant.operations.iter().any(|operation| operation.eq_ignore_ascii_case(name)) && !is_other
    }

    /// A grant for the engine. A grantee that was deleted since is nobody; one shown by unique id
    /// is whoever has that id.
    fn grant(&self, found: &GrantInForce) -> Option<KmsGrant> {
        if found.stale == Some(true) {
            return None;
        }
        let grant = &found.grant;
        let grantee = self.grantee(&grant.grantee)?;
        let mut constraints = serde_json::Map::new();
        if let Some(pairs) = &grant.context_equals {
            constraints.insert("EncryptionContextEquals".to_owned(), json!(pairs));
        }
        if let Some(pairs) = &grant.context_subset {
            constraints.insert("EncryptionContextSubset".to_owned(), json!(pairs));
        }
        if let Some(source) = &grant.source_arn {
            constraints.insert("SourceArn".to_owned(), json!(source));
        }
        let value = json!({
            "GranteePrincipal": grantee,
            "RetiringPrincipal": grant.retiring.as_deref().and_then(|name| self.grantee(name)),
            "Operations": grant.operations,
            "Constraints": constraints,
        });
        let label = PolicyLabel {
            name: Some(grant.id.clone()),
            arn: None,
            attached_to: self.key().map(str::to_owned),
            source: policy_source(&found.source),
        };
        KmsGrant::from_value(&value, label)
    }

    /// The grantee as the engine compares it. Grants name services by Region
    /// (`rds.eu-west-1.amazonaws.com`) and, in old records, EC2 by account and instance.
    fn grantee(&self, grantee: &str) -> Option<String> {
        if let Some((account, rest)) = grantee.split_once(":aws:ec2-infrastructure:") {
            let role = "assumed-role/aws:ec2-infrastructure";
            let partition = Arn::parse(self.key()?)?.partition;
            return Some(format!("arn:{partition}:sts::{account}:{role}/{rest}"));
        }
        if let Some(id) = grantee.split(':').next().filter(|id| id.starts_with("AROA")) {
            return self.inventory.arn_of_unique_id(id);
        }
        let service = |host: &str| {
            let name = partition::without_domain(host)?;
            name.split('.').next().map(str::to_owned)
        };
        match &self.request.principal {
            Principal::Service { name } if service(name) == service(grantee) => Some(name.clone()),
            _ => Some(grantee.to_owned()),
        }
    }

    pub(super) fn key_state(&mut self) -> Presence<KeyState> {
        let Some(key) = self.key() else { return Presence::NotApplicable };
        let state = self.inventory.key_state(key);
        let likely = match state.map(|state| &state.known) {
            Some(Known::Is(value)) => {
                let word = value.as_text().and_then(KeyState::parse);
                return match word {
                    Some(state) => Presence::Known(state),
                    None => Presence::Unknown(Sentence::new("log-key-gone")),
                };
            }
            Some(Known::Unknown { likely: Some(value), .. }) => value.as_text(),
            // Nearly all keys are enabled, and a call to one that is not fails with a text of its
            // own.
            _ => Some("Enabled"),
        };
        let subject = Subject::KeyState(resource_name(key));
        let gap = Missing { subject, why: Why::NotRecorded, likely: Likely::Unknown };
        match likely.and_then(KeyState::parse) {
            Some(state) if self.likelihood == Likelihood::Assumed => {
                self.assumed.push(gap);
                Presence::Known(state)
            }
            _ => Presence::Unknown(why(&[gap])),
        }
    }
}
