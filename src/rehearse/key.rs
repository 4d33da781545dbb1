//! By what distinct calls are told apart: everything that any policy known, or the change, could ask of
//! one, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::event::{CallerKind, Event, Field, denial};
use crate::history::History;
use crate::history::request::Around;
use crate::history::subject::resource_name;
use crate::iam::{ContextValue, Principal, Request};

/// Keys by which grants are matched (KMS API reference, GrantConstraints).
const OF_GRANTS: [&str; 2] = ["kms:encryptioncontextkeys", "aws:sourcearn"];

/// Pairs of the encryption context.
const PAIRS: &str = "kms:encryptioncontext:";

/// What policies ask of requests.
#[derive(Debug, Default)]
pub struct Mentioned {
    /// Condition keys, in lower case, also those of policy variables.
    keys: BTreeSet<String>,
    /// Some policy names sessions, and not only their roles.
    sessions: bool,
    /// Keys with grants that ask something of a call.
    constrained: BTreeSet<String>,
}

impl Mentioned {
    /// What the documents of these histories ask.
    pub fn by<const N: usize>(histories: [&History; N]) -> Mentioned {
        let mut all = Mentioned::default();
        for history in histories {
            for (text, policy) in history.documents() {
                let conditions = policy.statements().iter().flat_map(|one| one.condition_keys());
                all.keys.extend(conditions.map(str::to_ascii_lowercase));
                all.keys.extend(variables(text));
                all.sessions |= text.contains(":assumed-role/");
            }
            let constrained = history.keys_with_constrained_grants();
            all.constrained.extend(constrained.into_iter().map(str::to_owned));
        }
        all
    }

    /// The call's key: two calls with the same one are decided alike.
    pub(super) fn key(&self, event: &Event, around: &Around<'_>, requests: &[Request]) -> String {
        let mut key = String::with_capacity(256);
        let kind = around.kind.unwrap_or_else(|| event.caller_kind());
        // A policy that was passed when the session was made is one that no history holds.
        let session = around.issuer.filter(|issuer| {
            issuer.request().is_some_and(|request| request.to_ascii_lowercase().contains("policy"))
        });
        let stated = denial(event).and_then(|denial| denial.stated?.policy_arn);
        let endpoint = event
            .get(Field::VpcEndpointId)
            .filter(|_| event.is_own_hop(kind) && kind != CallerKind::ServicePrincipal);
        let issuer = session.map(Event::id);
        let _ = write!(key, "{kind:?}|{endpoint:?}|{issuer:?}|{stated:?}|{}|", event.failed());
        for request in requests {
            self.add(&mut key, request, session.is_some());
        }
        key
    }

    fn add(&self, key: &mut String, request: &Request, whole: bool) {
        let Request { principal, action, resource, wildcard_only_action, context } = request;
        match principal {
            Principal::RoleSession(session) if !self.sessions && !whole => {
                let role = session.role_arn.as_deref().unwrap_or(&session.role_name);
                let _ = write!(key, "{}|{role}|{:?}", session.account, session.unique_id);
            }
            other => {
                let _ = write!(key, "{other:?}");
            }
        }
        let (arn, owner) = (resource.arn.as_deref(), resource.owner());
        let _ = write!(key, "|{action}|{arn:?}|{owner:?}|{wildcard_only_action}|");
        if whole {
            let _ = write!(key, "{context:?}");
            return;
        }
        let mut name = |name: &str| match context.get(name) {
            ContextValue::Known(values) => {
                let _ = write!(key, "{name}={values:?};");
            }
            ContextValue::Absent => {
                let _ = write!(key, "{name}-;");
            }
            ContextValue::Unknown => {}
        };
        self.keys.iter().for_each(|key| name(key));
        let is_constrained = action.starts_with("kms:")
            && arn.is_none_or(|arn| self.constrained.contains(&resource_name(arn)));
        if is_constrained {
            OF_GRANTS.iter().for_each(|key| name(key));
            let pairs = context.known().map(|(name, _)| name);
            let pairs = pairs.filter(|key| key.to_ascii_lowercase().starts_with(PAIRS));
            pairs.for_each(name);
        }
    }
}

/// The names of the policy variables of a document, in lower case (IAM user guide, "IAM policy elements:
/// Variables and tags").
fn variables(text: &str) -> impl Iterator<Item = String> {
    text.split("${").skip(1).filter_map(|rest| {
        let end = rest.find([',', '}'])?;
        Some(rest.get(..end)?.trim().to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn variables_are_found_with_and_without_a_default() {
        let text = r#"["${aws:PrincipalTag/team, 'none'}", "a${aws:username}b", "${*}", "${"]"#;
        let found: Vec<String> = variables(text).collect();
        assert_eq!(found, ["aws:principaltag/team", "aws:username", "*"]);
    }
}
