//! `aws organizations describe-policy`, `list-policies`, `list-targets-for-policy`,
//! `list-policies-for-target`, `list-parents`, `list-children`, `list-accounts`,
//! `list-accounts-for-parent`, `list-organizational-units-for-parent`, `list-roots`,
//! `describe-organization`, `describe-account`.

use serde_json::Value as Json;

use super::super::change::{Value, at, document_value, text_at};
use super::super::subject::{PolicyType, Subject};
use super::{Dump, Page, PolicyInfo, Scope};
use crate::history::document::Hidden;

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    const READERS: [fn(&Page<'_>, &mut Dump) -> Option<()>; 9] = [
        describe_policy,
        list_policies,
        list_targets,
        list_parents,
        list_children,
        list_accounts,
        list_units,
        list_roots,
        describe_organization,
    ];
    READERS.iter().any(|reader| reader(page, dump).is_some())
}

pub(super) fn remember(dump: &mut Dump, summary: &Json) -> Option<String> {
    let id = text_at(summary, "Id").filter(|id| id.starts_with("p-"))?;
    let arn = text_at(summary, "Arn");
    let kind = text_at(summary, "Type")
        .map(PolicyType::parse)
        .or_else(|| arn.and_then(PolicyType::of_arn));
    let info = PolicyInfo {
        kind,
        name: text_at(summary, "Name").map(str::to_owned),
        arn: arn.map(str::to_owned),
    };
    dump.organization_policies.insert(id.to_owned(), info);
    Some(id.to_owned())
}

fn describe_policy(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let id = remember(dump, page.get("Policy.PolicySummary")?)?;
    let value = page
        .get("Policy.Content")
        .and_then(document_value)
        .unwrap_or(Value::Hidden(Hidden::NotInDump));
    dump.fact(page, Subject::OrganizationPolicy(id), value);
    Some(())
}

/// `list-policies` tells types; `list-policies-for-target` also that nothing else hangs there, if
/// the file's name has the target.
fn list_policies(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let policies = page.list("Policies")?;
    let ids: Vec<String> = policies.iter().filter_map(|policy| remember(dump, policy)).collect();
    let kind = dump.organization_policies.get(ids.first()?)?.kind;
    if page.names.stem.contains("for-target") {
        let target = target_in_name(page)?;
        let kind = kind?;
        for policy in ids {
            let subject = Subject::OrganizationAttachment { policy, target: target.clone() };
            dump.fact(page, subject, Value::Present);
        }
        dump.listed(page, vec![Scope::PoliciesAt(target, kind)]);
    } else if let Some(kind) = kind {
        dump.listed(page, vec![Scope::OrganizationPolicies(kind)]);
    }
    Some(())
}

fn target_in_name(page: &Page<'_>) -> Option<String> {
    let names = page.names;
    let id = names.id("ou-").or_else(|| names.id("r-")).map(str::to_owned);
    id.or_else(|| names.account.clone())
}

fn list_targets(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let targets = page.list("Targets")?;
    let is_target = |target: &Json| text_at(target, "TargetId").is_some();
    if !targets.iter().all(is_target) {
        return None;
    }
    let Some(policy) = page.names.id("p-").map(str::to_owned) else {
        dump.complain(page, "targets of a policy, but the file's name does not say of which");
        return Some(());
    };
    for target in targets {
        let Some(id) = text_at(target, "TargetId") else { continue };
        let subject =
            Subject::OrganizationAttachment { policy: policy.clone(), target: id.to_owned() };
        dump.fact(page, subject, Value::Present);
        if let Some(arn) = text_at(target, "Arn") {
            member(dump, arn, id);
        }
    }
    dump.listed(page, vec![Scope::TargetsOf(policy)]);
    Some(())
}

fn parent(page: &Page<'_>, dump: &mut Dump, child: &str, parent: &str) {
    dump.fact(page, Subject::Parent(child.to_owned()), Value::text(parent));
}

fn list_parents(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let above = page.list("Parents")?.first()?;
    let above = text_at(above, "Id")?;
    let Some(child) = target_in_name(page) else {
        dump.complain(page, "a parent, but the file's name does not say of what");
        return Some(());
    };
    parent(page, dump, &child, above);
    Some(())
}

fn list_children(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let children = page.list("Children")?;
    let above = target_in_name(page)?;
    for child in children.iter().filter_map(|child| text_at(child, "Id")) {
        parent(page, dump, child, &above);
    }
    Some(())
}

/// `list-accounts` has all accounts, `list-accounts-for-parent` those of the parent in its name.
fn list_accounts(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let one = page.get("Account").map(std::slice::from_ref);
    let accounts = page.list("Accounts").or(one)?;
    let above = page.names.id("ou-").or_else(|| page.names.id("r-")).map(str::to_owned);
    let mut known = false;
    for account in accounts {
        let (Some(id), Some(arn)) = (text_at(account, "Id"), text_at(account, "Arn")) else {
            continue;
        };
        if !arn.contains(":organizations:") {
            continue;
        }
        known = true;
        member(dump, arn, id);
        if let Some(above) = &above {
            parent(page, dump, id, above);
        }
    }
    known.then_some(())
}

/// Notes a root or account in the organization of its ARN,
/// `arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT`.
fn member(dump: &mut Dump, arn: &str, id: &str) {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (Some(management), Some(path)) = (parts.next(), parts.next()) else { return };
    let management = Some(management).filter(|account| !account.is_empty() && *account != "aws");
    let organization = path.split('/').find(|part| part.starts_with("o-"));
    dump.organization(organization, management, |organization| {
        if id.starts_with("r-") {
            organization.root.get_or_insert_with(|| id.to_owned());
        } else if !id.starts_with("ou-") {
            organization.add_account(id);
        }
    });
}

fn list_units(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let units = page.list("OrganizationalUnits")?;
    let above = page.names.id("ou-").or_else(|| page.names.id("r-"))?.to_owned();
    for unit in units.iter().filter_map(|unit| text_at(unit, "Id")) {
        parent(page, dump, unit, &above);
    }
    Some(())
}

fn list_roots(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    for root in page.list("Roots")? {
        let Some(id) = text_at(root, "Id") else { continue };
        member(dump, text_at(root, "Arn").unwrap_or(":::::"), id);
        let Some(Json::Array(types)) = at(root, "PolicyTypes") else { continue };
        let enabled = |kind: PolicyType| {
            types.iter().any(|entry| {
                text_at(entry, "Type").map(PolicyType::parse) == Some(kind)
                    && text_at(entry, "Status") == Some("ENABLED")
            })
        };
        for kind in [PolicyType::Scp, PolicyType::Rcp] {
            let value = if enabled(kind) { Value::Present } else { Value::Absent };
            let subject = Subject::PolicyTypeEnabled { root: id.to_owned(), kind };
            dump.fact(page, subject, value);
        }
    }
    Some(())
}

fn describe_organization(page: &Page<'_>, dump: &mut Dump) -> Option<()> {
    let organization = page.get("Organization")?;
    let id = text_at(organization, "Id")?;
    let management = text_at(organization, "MasterAccountId")
        .or_else(|| text_at(organization, "ManagementAccountId"));
    dump.organization(Some(id), management, |_| {});
    Some(())
}
