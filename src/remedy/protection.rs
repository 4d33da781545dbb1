//! What no fix gives up: the statements by which a permissions boundary protects itself. Whoever may
//! take a boundary away, or make a role without it, is not bound by it (IAM User Guide, "Permissions
//! boundaries for IAM entities", delegating responsibility to others).

use super::candidate::Candidate;
use super::proof::Edit;
use super::situation::Situation;
use super::statement::{tested, texts};
use crate::diagnose::evaluated::policies;
use crate::event::Layer;
use crate::iam::{Policy, Presence, Statement, StatementEffect};

/// The key by which new roles and users are forced to carry a boundary.
pub(super) const KEY: &str = "iam:PermissionsBoundary";
/// Actions that put a boundary on, take it off or replace it.
const OF_BOUNDARIES: [&str; 4] = [
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
];
/// Actions that rewrite the policy which is the boundary.
const OF_ITS_POLICY: [&str; 4] = [
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
];

/// Whether an action can be allowed only for what carries a boundary.
pub(super) fn asks_for_boundary(action: &str) -> bool {
    crate::aws::condition_keys(action).iter().any(|key| key.eq_ignore_ascii_case(KEY))
}

/// Whether a change lets a boundary give such an action as it is, by which whoever has the boundary
/// could make a role without it.
pub(super) fn opens_boundary(situation: &Situation<'_>, candidate: &Candidate) -> bool {
    candidate.layer == Layer::PermissionsBoundary
        && candidate.document.is_some()
        && situation.actions.iter().any(|action| asks_for_boundary(action))
}

/// Whether the change would let the caller past a boundary's own protection.
pub(super) fn is_given_up(situation: &Situation<'_>, candidate: &Candidate) -> bool {
    candidate.edits.iter().any(|edit| match edit {
        Edit::Replace { before, after, .. } => {
            loses_deny(situation, before, after) || loosens(situation, Some(before), after)
        }
        Edit::Attach { policy, .. } => loosens(situation, None, &policy.policy),
        _ => false,
    })
}

/// A protecting Deny that the change takes away, or touches at all.
fn loses_deny(situation: &Situation<'_>, before: &Policy, after: &Policy) -> bool {
    let stays = |one: &Statement| after.statements().iter().any(|other| other.raw() == one.raw());
    before.statements().iter().any(|one| protects(situation, one) && !stays(one))
}

fn protects(situation: &Situation<'_>, statement: &Statement) -> bool {
    if statement.effect() != StatementEffect::Deny {
        return false;
    }
    let names = |actions: &[&str]| {
        let named = statement.actions();
        let named = named.iter().filter(|pattern| **pattern != "*" && **pattern != "iam:*");
        named.into_iter().any(|pattern| actions.iter().any(|action| is_like(pattern, action)))
    };
    let tests = tested(statement.raw()).iter().any(|test| test.is_key(KEY));
    let is_on_boundary = || {
        let boundaries = boundaries(situation);
        statement
            .resources()
            .iter()
            .any(|pattern| *pattern != "*" && boundaries.iter().any(|arn| is_like(pattern, arn)))
    };
    tests || names(&OF_BOUNDARIES) || (names(&OF_ITS_POLICY) && is_on_boundary())
}

/// ARNs of the caller's boundary.
fn boundaries(situation: &Situation<'_>) -> Vec<String> {
    let case = situation.first();
    let known = case.map(|case| policies(&case.layers, Layer::PermissionsBoundary));
    known.into_iter().flatten().filter_map(|policy| policy.label.arn.clone()).collect()
}

/// A new Allow of what the caller may do only with the boundary, without asking for it.
fn loosens(situation: &Situation<'_>, before: Option<&Policy>, after: &Policy) -> bool {
    let is_new = |one: &Statement| {
        !before.is_some_and(|b| b.statements().iter().any(|other| other.raw() == one.raw()))
    };
    let is_free = |one: &Statement| {
        one.effect() == StatementEffect::Allow
            && !tested(one.raw()).iter().any(|test| test.is_key(KEY))
    };
    let bound = bound_actions(situation);
    after.statements().iter().filter(|one| is_new(one) && is_free(one)).any(|one| {
        let patterns = one.raw().get("Action").map(texts).unwrap_or_default();
        bound.iter().any(|action| patterns.iter().any(|pattern| is_like(pattern, action)))
    })
}

/// The denied actions that some policy of the caller allows only with a boundary.
fn bound_actions<'s>(situation: &'s Situation<'_>) -> Vec<&'s str> {
    let Some(case) = situation.first() else { return Vec::new() };
    let identity = match &case.layers.identity {
        Presence::Known(known) | Presence::Partly(known, _) => known.iter().collect(),
        _ => Vec::new(),
    };
    let limits = [Layer::PermissionsBoundary, Layer::Scp];
    let limits = limits.into_iter().flat_map(|layer| policies(&case.layers, layer));
    let patterns: Vec<String> = identity
        .into_iter()
        .chain(limits)
        .flat_map(|policy| policy.policy.statements())
        .filter(|statement| {
            statement.effect() == StatementEffect::Allow
                && tested(statement.raw()).iter().any(|test| test.is_key(KEY))
        })
        .flat_map(|statement| statement.raw().get("Action").map(texts).unwrap_or_default())
        .collect();
    let is_bound = |action: &&String| patterns.iter().any(|pattern| is_like(pattern, action));
    situation.actions.iter().filter(is_bound).map(String::as_str).collect()
}

/// `*` stands for anything, `?` for one character; letter case does not matter.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // `reached[i]`: the pattern up to here matches the first `i` characters.
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for sign in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (at, place) in next.iter_mut().enumerate() {
            let here = reached.get(at).copied().unwrap_or(false);
            any |= here;
            *place = match sign {
                '*' => any,
                _ => at.checked_sub(1).is_some_and(|before| {
                    reached.get(before).copied().unwrap_or(false)
                        && (sign == '?' || text.get(before) == Some(&sign))
                }),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_policies_read_them() {
        for (pattern, text, expected) in [
            ("iam:Delete*Boundary", "iam:DeleteRolePermissionsBoundary", true),
            ("iam:*", "IAM:CreateRole", true),
            ("iam:Create?ole", "iam:CreateRole", true),
            ("iam:CreateRole", "iam:CreateRoles", false),
            ("*", "", true),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
