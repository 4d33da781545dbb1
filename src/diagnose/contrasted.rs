//! What calls that worked say: who else, on what else, through what else and when else did the same
//! call succeed? Each answer speaks for some layers and against others.

use std::collections::BTreeSet;

use super::comparison_set::{ComparisonSet, Pool, When};
use super::evidence::{Evidence, Witness};
use super::refusals::is_principal;
use crate::contrast::{Attribute, Crowd, Observation};
use crate::event::{CallerKind, Effect, Event, Field, Layer};
use crate::wording::Sentence;

/// Everything the comparison with successes and with other failures says.
pub fn evidence(set: &ComparisonSet<'_, '_>, pool: &Pool<'_>) -> Vec<Evidence> {
    let mut found = Vec::new();
    found.extend(other_resources(set));
    found.extend(other_principals(set));
    found.extend(other_failures(set));
    found.extend(endpoint(set));
    found.extend(region(set));
    found.extend(mfa(set));
    found.extend(made_anew(set));
    found.extend(forwarded_only(set, pool));
    found.extend(direct_only(set));
    found.extend(other_actions(set, pool));
    found.extend(whole_account(set));
    found
}

fn contrasted(text: Sentence, ids: &[String]) -> Evidence {
    ids.iter().fold(Evidence::new(Witness::Contrasted, text), |t, id| t.event(id))
}

/// The same principal may do the same to another resource: what is attached to the principal or the
/// account as a whole is not at fault, unless it is narrowed to resources.
fn other_resources(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    set.one().resource.as_ref()?;
    let among = (set.by_principal(), set.of_both());
    let on_something =
        |o: &Observation<'_>| set.same_principal(o) && o.get(Attribute::Resource).is_some();
    let other = |when| set.seen_but(when, among, on_something, |o| set.same_resource(o));
    let seen = other(When::During);
    let (seen, loud) = if seen.none() { (other(When::After), 0.6) } else { (seen, 1.0) };
    if seen.none() {
        return None;
    }
    let text =
        Sentence::new("contrast-same-principal-other-resource").arg("count", seen.count as f64);
    Some(
        contrasted(text, &seen.ids)
            .layer(Layer::ResourcePolicy, 1.0 * loud)
            .layer(Layer::KmsGrant, 0.5 * loud)
            .weigh(Layer::IdentityPolicy, Effect::ImplicitDeny, -0.3 * loud)
            .weigh(Layer::IdentityPolicy, Effect::ExplicitDeny, -loud)
            .layer(Layer::PermissionsBoundary, -1.5 * loud)
            .layer(Layer::Scp, -1.5 * loud)
            .layer(Layer::SessionPolicy, -loud),
    )
}

/// Somebody else may do the same to the same resource: the resource is usable, and its policy
/// admits at least some.
fn other_principals(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    set.one().resource.as_ref()?;
    if !is_principal(set.one().caller_kind) {
        return None;
    }
    let among = (set.on_resource(), set.of_both());
    let of_account = |o: &Observation<'_>| set.same_account(o) && is_principal(o.caller_kind);
    let other = |when| set.seen_but(when, among, of_account, |o| set.same_principal(o));
    let seen = other(When::During);
    let (seen, loud) = if seen.none() { (other(When::After), 0.6) } else { (seen, 1.0) };
    if seen.none() {
        return None;
    }
    let text =
        Sentence::new("contrast-other-principal-same-resource").arg("count", seen.count as f64);
    Some(
        contrasted(text, &seen.ids)
            .layer(Layer::ResourcePolicy, -1.2 * loud)
            .layer(Layer::Rcp, -1.5 * loud)
            .layer(Layer::KmsKeyState, -6.0)
            .layer(Layer::Scp, -0.7 * loud)
            .layer(Layer::IdentityPolicy, 0.8 * loud)
            .layer(Layer::PermissionsBoundary, 0.5 * loud),
    )
}

/// How the failures spread over principals and resources.
fn other_failures(set: &ComparisonSet<'_, '_>) -> Vec<Evidence> {
    let one = set.one();
    let mut found = Vec::new();
    let mine = set.all.things(one);
    let theirs = set.all.principals(one);
    if mine >= 2 && is_principal(one.caller_kind) {
        let text = Sentence::new("contrast-fails-on-many").arg("count", mine as f64);
        found.push(
            contrasted(text, &[])
                .layer(Layer::ResourcePolicy, -1.8)
                .layer(Layer::KmsGrant, -0.8)
                .layer(Layer::IdentityPolicy, 0.8)
                .layer(Layer::PermissionsBoundary, 0.6)
                .layer(Layer::Scp, 0.3),
        );
    }
    let endpoint = common_endpoint(set);
    if let Some(endpoint) = endpoint.filter(|_| theirs >= 2) {
        let text = Sentence::new("contrast-many-through-endpoint")
            .arg("count", theirs as f64)
            .arg("endpoint", endpoint);
        found.push(
            contrasted(text, &[])
                .layer(Layer::VpcEndpointPolicy, 1.8)
                .layer(Layer::ResourcePolicy, 0.3)
                .layer(Layer::IdentityPolicy, -1.2)
                .layer(Layer::PermissionsBoundary, -1.2)
                .layer(Layer::SessionPolicy, -1.5),
        );
    } else if theirs >= 2 {
        let text = Sentence::new("contrast-many-fail-on-it").arg("count", theirs as f64);
        found.push(
            contrasted(text, &[])
                .layer(Layer::ResourcePolicy, 1.8)
                .layer(Layer::Rcp, 0.5)
                .layer(Layer::Scp, 0.8)
                .layer(Layer::IdentityPolicy, -1.2)
                .layer(Layer::PermissionsBoundary, -1.2)
                .layer(Layer::SessionPolicy, -1.5),
        );
    }
    found
}

/// The endpoint that all refused calls of this action on this resource came through, whoever made them,
/// where others off it succeeded: what they have in common is then the endpoint.
fn common_endpoint<'p>(set: &'p ComparisonSet<'_, '_>) -> Option<&'p str> {
    let one = set.one();
    let endpoint = one.endpoint.as_deref()?;
    let is_common = set.all.common_endpoint(one) == Some(endpoint);
    if !is_common && one.resource.is_some() {
        return None;
    }
    let off = set
        .seen(When::Ever, set.on_resource(), |o| o.get(Attribute::VpcEndpoint) != Some(endpoint));
    (!off.none()).then_some(endpoint)
}

/// The failures came through an endpoint; did others, and did it work without?
fn endpoint(set: &ComparisonSet<'_, '_>) -> Vec<Evidence> {
    let values = set.values(Attribute::VpcEndpoint);
    let mut found = Vec::new();
    let (Some((Some(endpoint), _)), 1) = (values.first_key_value(), values.len()) else {
        return found;
    };
    if !endpoint.starts_with("vpce-") || !set.is_own_hop() {
        return found;
    }
    let elsewhere = set.seen(When::Ever, set.of_both(), |o| {
        set.same_principal(o) && o.get(Attribute::VpcEndpoint) != Some(endpoint)
    });
    let other_on_it = set.seen_but(
        When::Ever,
        (set.on_resource(), set.of_both()),
        |o| o.get(Attribute::VpcEndpoint) == Some(endpoint),
        |o| set.same_principal(o),
    );
    let others_around = set
        .seen(When::Ever, set.on_resource(), |o| o.get(Attribute::VpcEndpoint) != Some(endpoint));
    let text = Sentence::new("contrast-all-through-endpoint")
        .arg("endpoint", *endpoint)
        .arg("failures", set.count as f64);
    found.push(contrasted(text, &[]).layer(Layer::VpcEndpointPolicy, 1.5));
    if !elsewhere.none() {
        let text =
            Sentence::new("contrast-works-off-endpoint").arg("count", elsewhere.count as f64);
        found.push(
            contrasted(text, &elsewhere.ids)
                .layer(Layer::VpcEndpointPolicy, 3.0)
                .weigh(Layer::IdentityPolicy, Effect::ImplicitDeny, -2.0)
                .weigh(Layer::ResourcePolicy, Effect::ImplicitDeny, -1.0)
                .layer(Layer::PermissionsBoundary, -2.0)
                .layer(Layer::Scp, -1.0),
        );
    } else if !others_around.none() {
        let text =
            Sentence::new("contrast-others-off-endpoint").arg("count", others_around.count as f64);
        found.push(contrasted(text, &others_around.ids).layer(Layer::VpcEndpointPolicy, 1.0));
    }
    if !other_on_it.none() {
        let text = Sentence::new("contrast-others-through-endpoint")
            .arg("count", other_on_it.count as f64);
        found.push(contrasted(text, &other_on_it.ids).layer(Layer::VpcEndpointPolicy, -1.5));
    }
    found
}

/// What lies so far from the failure may have met other policies.
const NEAR_SECONDS: i64 = 30 * 86_400;

/// A difference that chance alone makes more often than one time in three is none.
const CHANCE: f64 = 0.34;

/// How likely it is that all failures lie on one side and all successes on the other if neither has to
/// do with the side (Fisher's exact test for such a table: one of all ways to choose).
fn by_chance(failures: u64, successes: usize) -> f64 {
    let few = failures.min(successes as u64);
    let all = failures as f64 + successes as f64;
    (0..few.min(64)).fold(1.0, |chance, taken| chance * (few - taken) as f64 / (all - taken as f64))
}

/// Everything in one Region fails and the same works in others: SCPs that fence Regions do this.
fn region(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let values = set.values(Attribute::Region);
    let (Some((Some(region), _)), 1) = (values.first_key_value(), values.len()) else {
        return None;
    };
    let here =
        set.seen(When::Ever, set.in_account(), |o| o.get(Attribute::Region) == Some(*region));
    let near = |crowd: &Crowd<'_>| {
        let from = set.first.plus_seconds(-NEAR_SECONDS);
        crowd.within(from, set.last.plus_seconds(NEAR_SECONDS))
    };
    let there = set.seen_in(set.by_principal(), near, |o| {
        set.same_principal(o) && o.get(Attribute::Region).is_some_and(|r| r != *region)
    });
    if !here.none() || by_chance(set.count, there.count) > CHANCE {
        return None;
    }
    let text =
        Sentence::new("contrast-region").arg("region", *region).arg("count", there.count as f64);
    let evidence = contrasted(text, &there.ids)
        .weigh(Layer::Scp, Effect::ExplicitDeny, 3.0)
        .layer(Layer::ResourcePolicy, -0.5);
    Some(evidence)
}

/// Sessions without MFA fail, sessions with MFA succeed.
fn mfa(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let without = set.failures.iter().all(|o| o.get(Attribute::Mfa) != Some("true"));
    let has_it = |o: &Observation<'_>| o.get(Attribute::Mfa) == Some("true");
    let own = set.by_principal();
    let with = set.seen(When::During, own, |o| set.same_principal(o) && has_it(o));
    let unprotected = set.seen(When::During, own, |o| set.same_principal(o) && !has_it(o));
    if !without || with.none() || !unprotected.none() {
        return None;
    }
    let text = Sentence::new("contrast-mfa").arg("count", with.count as f64);
    let evidence = contrasted(text, &with.ids)
        .weigh(Layer::IdentityPolicy, Effect::ExplicitDeny, 2.5)
        .weigh(Layer::Scp, Effect::ExplicitDeny, 0.5);
    Some(evidence)
}

/// The role or user that fails has another unique id than the one of its name that succeeded: policies
/// of resources and grants bind the id, so that they do not know it (IAM "Principal"; KMS "Grants").
fn made_anew(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let id = |o: &Observation<'_>| o.event.get(Field::IssuerPrincipalId).map(str::to_owned);
    let failed: BTreeSet<String> = set.failures.iter().filter_map(id).collect();
    let before = |crowd: &Crowd<'_>| crowd.before(set.first);
    let worked = |o: &Observation<'_>| set.same_principal(o) && id(o).is_some();
    let seen = set.seen_in(set.by_principal(), before, worked);
    let same = set.seen_in(set.by_principal(), before, |o| {
        set.same_principal(o) && id(o).is_some_and(|id| failed.contains(&id))
    });
    if failed.is_empty() || seen.none() || !same.none() {
        return None;
    }
    let text = Sentence::new("contrast-made-anew").arg("count", seen.count as f64);
    let evidence = contrasted(text, &seen.ids)
        .weigh(Layer::ResourcePolicy, Effect::ImplicitDeny, 3.0)
        .weigh(Layer::RoleTrustPolicy, Effect::ImplicitDeny, 2.0);
    Some(match set.one().action.starts_with("kms:") {
        true => evidence.weigh(Layer::KmsGrant, Effect::NotApplicable, 2.0),
        false => evidence,
    })
}

/// The same call works when the principal makes it itself and fails when a service makes it: a
/// condition sees the hop (`aws:SourceIp`, `aws:ViaAWSService`, `aws:MultiFactorAuthPresent`, …).
fn forwarded_only(set: &ComparisonSet<'_, '_>, pool: &Pool<'_>) -> Option<Evidence> {
    if set.one().caller_kind != CallerKind::ForwardAccessSession {
        return None;
    }
    let event: &Event = set.observation().event;
    let mut ids = Vec::new();
    let mut count = 0;
    for (_, crowd) in pool.of_service(event) {
        let during = set.range(crowd, When::During);
        let own = set.by_principal();
        let of = |kinds: &'static [CallerKind]| {
            crowd.count(own, during.clone(), |o| kinds.contains(&o.caller_kind))
        };
        // A forwarded call of the same service works as well: the hop is not the difference.
        if of(&[CallerKind::ForwardAccessSession]).count > 0 {
            return None;
        }
        let direct = of(&[CallerKind::Direct, CallerKind::Agent]);
        count += direct.count;
        let calls = direct.first.iter().filter_map(|at| crowd.at(*at));
        ids.extend(calls.map(|o| o.event.id().to_owned()));
    }
    ids.truncate(3);
    if count == 0 {
        return None;
    }
    let text = Sentence::new("contrast-forwarded-only").arg("count", count as f64);
    let evidence = contrasted(text, &ids)
        .weigh(Layer::IdentityPolicy, Effect::ExplicitDeny, 1.5)
        .weigh(Layer::ResourcePolicy, Effect::ExplicitDeny, 0.5);
    Some(evidence)
}

/// The principal's own call fails although services may make it for the same principal.
fn direct_only(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    if set.one().caller_kind != CallerKind::Direct {
        return None;
    }
    let seen = set
        .seen(When::During, set.of_both(), |o| o.caller_kind == CallerKind::ForwardAccessSession);
    if seen.none() {
        return None;
    }
    let text = Sentence::new("contrast-direct-only").arg("count", seen.count as f64);
    Some(contrasted(text, &seen.ids).layer(Layer::VpcEndpointPolicy, 1.0).weigh(
        Layer::ResourcePolicy,
        Effect::ImplicitDeny,
        0.5,
    ))
}

/// The same principal may do other things to the same resource, only not this: a list of actions
/// is at fault.
fn other_actions(set: &ComparisonSet<'_, '_>, pool: &Pool<'_>) -> Option<Evidence> {
    let event: &Event = set.observation().event;
    let mut names = BTreeSet::new();
    let mut ids = Vec::new();
    for (name, crowd) in pool.of_service(event).filter(|(name, _)| *name != event.name()) {
        let during = set.range(crowd, When::During);
        let own = crowd.count(set.of_both(), during, |o| set.same_principal(o));
        if let Some(first) = own.first.first().and_then(|at| crowd.at(*at)) {
            names.insert(name.to_owned());
            ids.push(first.event.id().to_owned());
        }
    }
    if names.is_empty() {
        return None;
    }
    let list: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = Sentence::new("contrast-other-actions").arg("actions", list.join(", "));
    Some(
        contrasted(text, &ids)
            .layer(Layer::KmsKeyState, -6.0)
            .weigh(Layer::IdentityPolicy, Effect::ImplicitDeny, 0.4)
            .weigh(Layer::Scp, Effect::ExplicitDeny, 0.4)
            .layer(Layer::PermissionsBoundary, -0.3),
    )
}

/// Several principals of an account fail on several resources and nobody there succeeds: what they
/// have in common is the account.
fn whole_account(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let one = set.one();
    if !is_principal(one.caller_kind) || common_endpoint(set).is_some() {
        return None;
    }
    let account = set.observation().get(Attribute::CallerAccount)?;
    let (principals, resources) = set.all.of_account(&one.action, account);
    let account_calls = set.in_account();
    let anybody = set.seen(When::During, account_calls, |o| is_principal(o.caller_kind));
    if principals < 2 {
        if !anybody.none() {
            let others = set.seen_but(
                When::During,
                (account_calls, set.by_principal()),
                |o| set.same_account(o) && is_principal(o.caller_kind),
                |o| set.same_principal(o),
            );
            if !others.none() {
                let text = Sentence::new("contrast-account-works")
                    .arg("account", account)
                    .arg("count", others.count as f64);
                return Some(contrasted(text, &others.ids).layer(Layer::Scp, -1.2));
            }
        }
        return None;
    }
    if !anybody.none() {
        return None;
    }
    let text = Sentence::new("contrast-whole-account")
        .arg("principals", principals as f64)
        .arg("resources", resources as f64)
        .arg("account", account);
    let several = resources >= 2;
    let evidence = contrasted(text, &[])
        .layer(Layer::Scp, if several { 3.5 } else { 1.5 })
        .layer(Layer::IdentityPolicy, if several { -0.5 } else { 0.0 });
    Some(evidence)
}

/// Condition keys that the comparison itself points at, where no policy is known.
pub fn condition_keys(evidence: &[Evidence], layer: Layer) -> Vec<String> {
    let keys = evidence.iter().filter(|t| t.speaks_for().contains(&layer)).filter_map(|t| match t
        .text
        .id()
    {
        "contrast-region" => Some("aws:RequestedRegion"),
        "contrast-mfa" => Some("aws:MultiFactorAuthPresent"),
        _ => None,
    });
    keys.map(str::to_owned).collect()
}
