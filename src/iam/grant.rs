//! KMS grants: they allow a grantee some operations with one key, under constraints on the
//! encryption context and on the resource a service works for, and a retiring principal to retire
//! them; they never deny (AWS KMS Developer Guide, Grants in AWS KMS).

use std::sync::Arc;

use serde_json::Value;

use super::context::{Context, ContextValue, Values};
use super::layers::PolicyLabel;
use super::principal::Principal;
use super::principal_element::{Closeness, PrincipalElement};
use super::resource::Resource;
use super::statement::{Applies, Call};
use super::ternary::Ternary;
use crate::event::partition;

/// Context keys of the pairs of an encryption context, in lower case; the pair's own key follows.
const PAIRS: &str = "kms:encryptioncontext:";
/// Context key with the names of all pairs, in lower case.
const PAIR_NAMES: &str = "kms:encryptioncontextkeys";

/// The resource that a service makes the request for.
const SOURCE_ARN: &str = "aws:sourcearn";

/// Operations that carry an encryption context, in lower case; constraints are not applied to the
/// others (AWS KMS API Reference, GrantConstraints).
const WITH_ENCRYPTION_CONTEXT: &[&str] = &[
    "decrypt",
    "encrypt",
    "generatedatakey",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
    "generatedatakeywithoutplaintext",
    "reencryptfrom",
    "reencryptto",
];

/// A grant on a KMS key.
#[derive(Debug, Clone, PartialEq)]
pub struct KmsGrant {
    label: Arc<PolicyLabel>,
    key: Option<String>,
    grantee_text: String,
    grantee: PrincipalElement,
    retiring: Option<PrincipalElement>,
    operations: Vec<String>,
    equals: Option<Vec<(String, String)>>,
    subset: Option<Vec<(String, String)>>,
    source_arn: Option<String>,
}

impl KmsGrant {
    /// The same grant without constraints, for asking what it could allow.
    #[must_use]
    pub fn unconstrained(&self) -> KmsGrant {
        KmsGrant { equals: None, subset: None, source_arn: None, ..self.clone() }
    }

    /// Reads a grant as `kms:ListGrants`, a `CreateGrant` event or `simulate` spell it: `key` or
    /// `KeyId`, `GranteePrincipal` or `GranteeServicePrincipal`, `RetiringPrincipal` or
    /// `RetiringServicePrincipal`, `Operations`, `Constraints`; case and underscores in these names
    /// do not matter. `None` without a grantee.
    pub fn from_value(value: &Value, label: PolicyLabel) -> Option<KmsGrant> {
        let text = |names: &[&str]| member(value, names).and_then(Value::as_str);
        let grantee = text(&["granteeprincipal", "granteeserviceprincipal"])?.to_owned();
        let retiring = text(&["retiringprincipal", "retiringserviceprincipal"]);
        let operations = member(value, &["operations"]).and_then(Value::as_array);
        let operations = operations.into_iter().flatten().filter_map(Value::as_str);
        let constraints = member(value, &["constraints"]);
        let pairs = |name: &str| {
            let pairs = member(constraints?, &[name])?.as_object()?;
            let pairs = pairs.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
            Some(pairs.collect())
        };
        let source = constraints.and_then(|constraints| member(constraints, &["sourcearn"]));
        Some(KmsGrant {
            label: Arc::new(label),
            key: member(value, &["key", "keyid"]).and_then(Value::as_str).map(str::to_owned),
            grantee: principal(&grantee),
            grantee_text: grantee,
            retiring: retiring.map(principal),
            operations: operations.map(str::to_ascii_lowercase).collect(),
            equals: pairs("encryptioncontextequals"),
            subset: pairs("encryptioncontextsubset"),
            source_arn: source.and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// What the grant is known by.
    pub fn label(&self) -> &Arc<PolicyLabel> {
        &self.label
    }

    /// The principal that the grant is for.
    pub fn grantee(&self) -> &str {
        &self.grantee_text
    }

    /// Whether the grant allows the call: to the grantee the operations that it lists, and to the
    /// retiring principal to retire it. Constraints limit what the grantee may do. Which grant is
    /// to be retired the call does not say, so that any on the key counts.
    pub(super) fn applies(&self, call: &Call<'_>, resource: &Resource) -> Applies {
        let is_for = self.is_for(resource);
        let retires = call.action.is("kms", "retiregrant");
        let retiring = self.retiring.as_ref().filter(|_| retires);
        let retiring = retiring.map_or(Closeness::None, |named| named.closeness(call.principal));
        let grantee = self.grantee_closeness(call);
        let by_grantee =
            Ternary::from(grantee > Closeness::None).and(is_for).and(self.constraints_hold(call));
        let by_retiring = Ternary::from(retiring > Closeness::None).and(is_for);
        if by_retiring.is_true() && (retiring >= grantee || !by_grantee.is_true()) {
            return Applies { matches: by_retiring, closeness: retiring };
        }
        match by_grantee.is_false() {
            true => Applies { matches: by_retiring, closeness: retiring },
            false => Applies { matches: by_grantee, closeness: grantee },
        }
    }

    /// How closely the grantee means the caller, if the grant lists the operation.
    fn grantee_closeness(&self, call: &Call<'_>) -> Closeness {
        let name = call.action.name();
        let covers = call.action.service() == "kms"
            && self.operations.iter().any(|operation| operation == name);
        if covers { self.grantee.closeness(call.principal) } else { Closeness::None }
    }

    fn is_for(&self, resource: &Resource) -> Ternary {
        match (&self.key, &resource.arn) {
            (None, _) => Ternary::True,
            (Some(_), None) => Ternary::Unknown,
            (Some(key), Some(arn)) => (key == arn || key_id(key) == key_id(arn)).into(),
        }
    }

    fn constraints_hold(&self, call: &Call<'_>) -> Ternary {
        let by_source = match &self.source_arn {
            Some(arn) => is_for_source(arn, call),
            None => Ternary::True,
        };
        by_source.and(self.encryption_context_holds(call.action.name(), call.context))
    }

    fn encryption_context_holds(&self, operation: &str, context: &Context) -> Ternary {
        if !WITH_ENCRYPTION_CONTEXT.contains(&operation) {
            return Ternary::True;
        }
        let subset = self.subset.iter().chain(&self.equals).flatten();
        let has_pairs = Ternary::all(subset.map(|(name, value)| has_pair(context, name, value)));
        match &self.equals {
            Some(pairs) => has_pairs.and(has_only(context, pairs)),
            None => has_pairs,
        }
    }

    /// The names of what is unknown in `context` and the grant depends on.
    pub(super) fn unknown_keys(&self, context: &Context) -> Vec<String> {
        let pairs = self.subset.iter().chain(&self.equals).flatten();
        let mut names: Vec<String> = pairs
            .filter(|(name, value)| has_pair(context, name, value).is_unknown())
            .map(|(name, _)| format!("kms:EncryptionContext:{name}"))
            .collect();
        if self.equals.as_ref().is_some_and(|pairs| has_only(context, pairs).is_unknown()) {
            names.push("kms:EncryptionContextKeys".to_owned());
        }
        let is_open = context.get_folded(SOURCE_ARN) == ContextValue::Unknown;
        if self.source_arn.is_some() && is_open {
            names.push("aws:SourceArn".to_owned());
        }
        names
    }
}

/// The member of an object with one of `names`, which are in lower case without underscores.
fn member<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let found = value
        .as_object()?
        .iter()
        .find(|(key, _)| names.contains(&key.to_ascii_lowercase().replace('_', "").as_str()));
    found.map(|(_, value)| value)
}

/// A grant's principal, in the form of a policy's.
fn principal(text: &str) -> PrincipalElement {
    let kind = if is_service(text) { "Service" } else { "AWS" };
    PrincipalElement::new(&serde_json::json!({ kind: text }), false)
}

/// Whether a `SourceArn` constraint holds: it "is effectively putting an aws:SourceArn global
/// condition key into the grant and is only evaluated when the request is made by an AWS service"
/// (AWS KMS Developer Guide, Creating grants). Only a service's request has the key.
fn is_for_source(arn: &str, call: &Call<'_>) -> Ternary {
    match call.context.get_folded(SOURCE_ARN) {
        ContextValue::Known(values) => (*values == Values::One(arn.to_owned())).into(),
        ContextValue::Absent => (!matches!(call.principal, Principal::Service { .. })).into(),
        ContextValue::Unknown => Ternary::Unknown,
    }
}

fn is_service(grantee: &str) -> bool {
    partition::without_domain(grantee).is_some()
}

fn key_id(key: &str) -> &str {
    key.rsplit_once(":key/").map_or(key, |(_, id)| id)
}

/// Encryption contexts compare with case, names too, although names of context keys do not.
fn has_pair(context: &Context, name: &str, value: &str) -> Ternary {
    let folded = super::context::fold(&format!("{PAIRS}{name}"));
    let found = context
        .family(PAIRS)
        .find(|(key, _)| key.split_at_checked(PAIRS.len()).is_some_and(|(_, own)| own == name));
    match (found, context.get_folded(&folded), pair_names(context)) {
        (Some((_, values)), ..) => (*values == Values::One(value.to_owned())).into(),
        (None, _, Some(names)) if !names.iter().any(|own| own == name) => Ternary::False,
        (None, ContextValue::Unknown, _) => Ternary::Unknown,
        (None, ..) => Ternary::False,
    }
}

/// Whether the encryption context has no pair but `pairs`.
fn has_only(context: &Context, pairs: &[(String, String)]) -> Ternary {
    let listed = |name: &str| pairs.iter().any(|(own, _)| own == name);
    let known = context.family(PAIRS).filter_map(|(key, _)| key.split_at_checked(PAIRS.len()));
    if !known.into_iter().all(|(_, name)| listed(name)) {
        return Ternary::False;
    }
    match pair_names(context) {
        Some(names) => names.iter().all(|name| listed(name)).into(),
        None if context.is_family_complete(PAIRS) => Ternary::True,
        None => Ternary::Unknown,
    }
}

fn pair_names(context: &Context) -> Option<&[String]> {
    match context.get_folded(PAIR_NAMES) {
        ContextValue::Known(values) => Some(values.as_slice()),
        ContextValue::Absent | ContextValue::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{has_only, has_pair};
    use crate::iam::context::Context;
    use crate::iam::ternary::Ternary;

    #[test]
    fn encryption_contexts_compare_with_case() {
        let mut context = Context::complete();
        context.insert("kms:EncryptionContext:Dept", "it");
        assert_eq!(has_pair(&context, "Dept", "it"), Ternary::True);
        assert_eq!(has_pair(&context, "dept", "it"), Ternary::False);
        assert_eq!(has_pair(&context, "Dept", "IT"), Ternary::False);
    }

    #[test]
    fn what_is_not_known_of_the_encryption_context_stays_open() {
        let pairs = [("a".to_owned(), "1".to_owned())];
        let mut context = Context::partial();
        assert_eq!(has_pair(&context, "a", "1"), Ternary::Unknown);
        context.insert("kms:EncryptionContext:a", "1");
        assert_eq!(has_only(&context, &pairs), Ternary::Unknown);
        context.mark_family_complete("kms:EncryptionContext:");
        assert_eq!(has_only(&context, &pairs), Ternary::True);
        context.insert("kms:EncryptionContext:b", "2");
        assert_eq!(has_only(&context, &pairs), Ternary::False);
    }
}
