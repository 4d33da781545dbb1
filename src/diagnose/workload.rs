//! For which pod, workflow or job a session was made, as far as the records tell: the subject that an
//! identity provider vouched for, or the tags that the session was given.

use serde_json::Value as Json;

use super::comparison_set::ComparisonSet;
use super::evidence::{Evidence, Witness};
use crate::chain::Chains;
use crate::event::{Event, Field, IdentityType};
use crate::wording::Sentence;

/// Tags of the sessions of EKS Pod Identity, and what they name (EKS user guide, "Grant Pods access to
/// AWS resources based on tags").
const POD: [&str; 4] = [
    "kubernetes-pod-name",
    "kubernetes-service-account",
    "kubernetes-namespace",
    "eks-cluster-name",
];

/// Tags told of one session.
const MOST_TAGS: usize = 6;

/// Whether a piece of evidence tells for whom a session was made.
pub(super) fn tells(text: &Sentence) -> bool {
    ["workload-subject", "workload-pod", "workload-tags"].contains(&text.id())
}

/// Weighs nothing: who stands behind a session is no layer.
pub(super) fn evidence(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
) -> Option<Evidence> {
    let event = set.observation().event;
    let issuer = chains.issuer(event).and_then(|at| events.get(at));
    let calls = [Some(event), issuer].into_iter().flatten();
    let (text, by) = calls.into_iter().find_map(|call| Some((behind(call)?, call)))?;
    Some(Evidence::new(Witness::Documented, text).event(by.id()))
}

/// What a call by which a session is made tells of whom it is for.
fn behind(call: &Event) -> Option<Sentence> {
    if call.identity_type == IdentityType::WebIdentityUser {
        let subject = call.get(Field::UserName).filter(|subject| !subject.is_empty())?;
        let principal = call.principal_id().unwrap_or_default();
        let host = principal.split_once(":oidc-provider/").map_or(principal, |(_, rest)| rest);
        let provider = host.split(':').next().unwrap_or(host);
        return Some(
            Sentence::new("workload-subject").arg("subject", subject).arg("provider", provider),
        );
    }
    let request = call.request().filter(|_| call.name().starts_with("AssumeRole"))?;
    let request: Json = serde_json::from_str(request).ok()?;
    let tags: Vec<(&str, &str)> =
        request.get("tags")?.as_array()?.iter().filter_map(pair).collect();
    let tag = |name: &str| tags.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    if let [Some(pod), Some(account), Some(namespace), Some(cluster)] = POD.map(tag) {
        return Some(
            Sentence::new("workload-pod")
                .arg("pod", pod)
                .arg("account", account)
                .arg("namespace", namespace)
                .arg("cluster", cluster),
        );
    }
    let told: Vec<String> =
        tags.iter().take(MOST_TAGS).map(|(key, value)| format!("{key}={value}")).collect();
    (!told.is_empty()).then(|| Sentence::new("workload-tags").arg("tags", told))
}

fn pair(tag: &Json) -> Option<(&str, &str)> {
    Some((tag.get("key")?.as_str()?, tag.get("value")?.as_str()?))
}
