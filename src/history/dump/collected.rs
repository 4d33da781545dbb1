//! What the script of `trailwhy collect` wrote: each file is one answer of the AWS CLI in an envelope that
//! says to what; a file of its own says what could not be read. Nothing hangs on the files' names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::super::change::{Value, at, document_value, text_at};
use super::super::replay::Source;
use super::super::subject::{Entity, EntityKind, PolicyType, Subject, resource_name};
use super::{Dump, Fact, Names, Page, Scope, iam, kms, organizations, permission_sets, resource};
use crate::aws::{self, Read};
use crate::event::arn::{self, Arn};
use crate::event::{Layer, Time};
use crate::history::document::Hidden;
use crate::wording::Sentence;

/// A call that was not answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unanswered {
    /// Service and operation, as the AWS CLI has them.
    pub call: String,
    /// What it was about: an ARN, an account, the id of a target or policy.
    pub of: String,
    /// The account that was asked.
    pub account: Option<String>,
    /// The error's code, or what the CLI said.
    pub why: String,
    kind: Option<PolicyType>,
}

/// What the envelopes tell together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collection {
    answered: BTreeSet<(String, String)>,
    /// Accounts that were asked themselves.
    accounts: BTreeSet<String>,
    unanswered: BTreeSet<Unanswered>,
    /// What each run shows of an entity.
    entities: BTreeMap<(Arc<str>, Entity), Shown>,
}

/// Which lists of an entity were answered.
#[derive(Debug, Clone, Default)]
struct Shown {
    time: Time,
    is_itself: bool,
    has_attached: bool,
    has_groups: bool,
    /// The names of its inline policies.
    inline: Option<Vec<String>>,
}

/// What an envelope says of its answer.
struct Head<'p> {
    call: &'p str,
    of: &'p str,
    account: Option<&'p str>,
    region: Option<&'p str>,
    kind: Option<PolicyType>,
}

/// The call that tells whose the credentials are.
const ACCOUNT_ITSELF: &str = "sts get-caller-identity";

/// A reader of answers, where the name of what they are about lies in the file's name.
type Reader = fn(&Page<'_>, &mut Dump) -> bool;

/// Calls whose answers read as if the file had been named for them; of others the row of the resource's
/// policy tells, or a function of its own.
const AS_FILES: [(&str, Reader); 20] = [
    ("ec2 describe-vpc-endpoints", resource::read),
    ("iam get-account-authorization-details", iam::read),
    ("iam get-group", iam::read),
    ("iam get-group-policy", iam::read),
    ("iam get-role", iam::read),
    ("iam get-role-policy", iam::read),
    ("iam get-user", iam::read),
    ("iam get-user-policy", iam::read),
    ("kms describe-key", kms::read),
    ("kms list-aliases", kms::read),
    ("kms list-grants", kms::read),
    ("kms list-resource-tags", kms::read),
    ("organizations describe-organization", organizations::read),
    ("organizations describe-policy", organizations::read),
    ("organizations list-parents", organizations::read),
    ("organizations list-roots", organizations::read),
    ("organizations list-targets-for-policy", organizations::read),
    ("sso-admin describe-permission-set", permission_sets::read),
    ("sso-admin get-inline-policy-for-permission-set", permission_sets::read),
    ("sso-admin get-permissions-boundary-for-permission-set", permission_sets::read),
];

/// The policies of a permission set's lists, which read as files too.
const LISTS_OF_SETS: [&str; 2] = [
    "sso-admin list-managed-policies-in-permission-set",
    "sso-admin list-customer-managed-policy-references-in-permission-set",
];

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    let Some(head) = Head::of(page) else { return false };
    if let Some(why) = page.text("missing") {
        dump.collection.unanswered.insert(head.unanswered(why));
        return true;
    }
    dump.collection.answered.insert((head.call.to_owned(), head.of.to_owned()));
    dump.collection.accounts.extend(head.account.map(str::to_owned));
    let time = page.text("collected.time").and_then(Time::parse).filter(|_| !dump.is_dated);
    let time = time.unwrap_or(page.time);
    let names = head.names();
    let nothing = Json::Null;
    let json = page.get("answer").unwrap_or(&nothing);
    // What a run tells of an entity is told in many files, and complete in all of them together.
    let source = match Entity::from_arn(head.of) {
        Some(_) => Source::File(folder_of(page).into()),
        None => page.source.clone(),
    };
    let answer =
        Page { json, names: &names, time, source, file: page.file.clone(), text: page.text };
    if let Some(list) = page.list("listed") {
        let all: Vec<&str> = list.iter().filter_map(Json::as_str).collect();
        listed(&answer, dump, &head, &all);
    } else if page.get("absent").is_some() {
        absent(&answer, dump, &head);
    } else {
        answered(&answer, dump, &head);
    }
    true
}

impl<'p> Head<'p> {
    fn of<'a: 'p>(page: &'a Page<'p>) -> Option<Head<'p>> {
        let text = |name: &str| page.text(&format!("collected.{name}")).filter(|t| !t.is_empty());
        Some(Head {
            call: text("call")?,
            of: text("of")?,
            account: text("account").filter(|account| arn::is_account_id(account)),
            region: text("region"),
            kind: text("kind").map(PolicyType::parse),
        })
    }

    fn unanswered(&self, why: &str) -> Unanswered {
        Unanswered {
            call: self.call.to_owned(),
            of: self.of.to_owned(),
            account: self.account.map(str::to_owned),
            why: why.to_owned(),
            kind: self.kind,
        }
    }

    /// What the name of a file that holds the bare answer would tell.
    fn names(&self) -> Names {
        let (service, operation) = self.call.split_once(' ').unwrap_or((self.call, ""));
        let last = self.of.rsplit('/').next().unwrap_or(self.of);
        let account = match service {
            // There an account is what the call is about.
            "organizations" => Some(self.of).filter(|of| arn::is_account_id(of)),
            _ => self.account,
        };
        let stem = match service {
            "organizations" => format!("{operation}-{last}"),
            _ => last.to_owned(),
        };
        Names {
            account: account.map(str::to_owned),
            region: self.region.map(str::to_owned),
            folders: vec![service.to_owned()],
            stem,
        }
    }
}

fn folder_of<'p>(page: &'p Page<'_>) -> &'p str {
    page.file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder)
}

fn answered(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    let as_file = AS_FILES.iter().find(|(call, _)| *call == head.call).map(|(_, reader)| *reader);
    let in_set = LISTS_OF_SETS.contains(&head.call).then_some(permission_sets::read as Reader);
    if let Some(reader) = as_file.or(in_set) {
        itself(page, dump, head);
        reader(page, dump);
        return;
    }
    match (head.call, aws::read_by(head.call)) {
        ("iam get-policy-version", _) => policy_version(page, dump, head),
        ("organizations list-policies-for-target", _) => policies_at(page, dump, head),
        ("logs describe-resource-policies", _) => policies_of_logs(page, dump, head),
        ("s3api get-public-access-block" | "s3control get-public-access-block", _) => {
            let settings = page.get("PublicAccessBlockConfiguration");
            let value = settings.map_or(Value::Absent, |shown| Value::text(shown.to_string()));
            public_access_block(page, dump, head, value);
        }
        (_, Some(row)) => resource::policy(page, dump, head.of, document(page.json, row)),
        _ => {}
    }
}

/// The document of an answer; services also tell with an empty one that there is none.
fn document(answer: &Json, row: &Read) -> Value {
    let shown = at(answer, row.policy()).filter(|shown| match shown {
        Json::String(text) => !["", "{}"].contains(&text.trim()),
        Json::Object(members) => !members.is_empty(),
        Json::Null => false,
        _ => true,
    });
    shown.map_or(Value::Absent, |shown| {
        document_value(shown).unwrap_or(Value::Hidden(Hidden::Unreadable))
    })
}

/// AWS said that there is nothing.
fn absent(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    match head.call {
        "organizations describe-organization" => {
            // Of other accounts that says nothing.
            dump.fact(page, Subject::Parent(head.of.to_owned()), Value::Absent);
        }
        "s3api get-public-access-block" | "s3control get-public-access-block" => {
            public_access_block(page, dump, head, Value::Absent);
        }
        call if aws::read_by(call).is_some() => {
            resource::policy(page, dump, head.of, Value::Absent);
        }
        _ => {}
    }
}

fn public_access_block(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>, value: Value) {
    dump.fact(page, Subject::PublicAccessBlock(resource_name(head.of)), value);
}

fn policy_version(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    let Some(shown) = page.get("PolicyVersion") else { return };
    let (Some(version), Some(document)) =
        (text_at(shown, "VersionId"), at(shown, "Document").and_then(document_value))
    else {
        return;
    };
    let policy = head.of.to_owned();
    if at(shown, "IsDefaultVersion").and_then(Json::as_bool) == Some(true) {
        dump.fact(page, Subject::ManagedPolicy(policy.clone()), Value::text(version));
    }
    dump.fact(page, Subject::PolicyVersion { policy, version: version.to_owned() }, document);
}

/// The policies of one type that hang at a target; none is told as well as many.
fn policies_at(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    let (Some(policies), Some(kind)) = (page.list("Policies"), head.kind) else { return };
    let target = head.of.to_owned();
    for one in policies {
        let Some(policy) = organizations::remember(dump, one) else { continue };
        let subject = Subject::OrganizationAttachment { policy, target: target.clone() };
        dump.fact(page, subject, Value::Present);
    }
    dump.listed(page, vec![Scope::PoliciesAt(target, kind)]);
}

/// All resource policies of CloudWatch Logs in an account and Region.
fn policies_of_logs(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    let (Some(account), Some(region)) = (head.account, head.region) else { return };
    for policy in page.list("resourcePolicies").unwrap_or_default() {
        let Some(name) = text_at(policy, "policyName") else { continue };
        let Some(document) = at(policy, "policyDocument").and_then(document_value) else {
            continue;
        };
        let arn = dump.arn(page, &format!("logs:{region}:{account}:resource-policy:{name}"));
        resource::policy(page, dump, &arn, document);
    }
}

fn shown<'d>(page: &Page<'_>, dump: &'d mut Dump, head: &Head<'_>) -> Option<&'d mut Shown> {
    let of = Entity::from_arn(head.of)?;
    let shown = dump.collection.entities.entry((folder_of(page).into(), of)).or_default();
    shown.time = page.time;
    Some(shown)
}

fn itself(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>) {
    if ["iam get-role", "iam get-user", "iam get-group"].contains(&head.call)
        && let Some(shown) = shown(page, dump, head)
    {
        shown.is_itself = true;
    }
}

/// What belongs to a user, role or group, by name or ARN.
fn listed(page: &Page<'_>, dump: &mut Dump, head: &Head<'_>, all: &[&str]) {
    let Some(of) = Entity::from_arn(head.of) else { return };
    let operation = head.call.strip_prefix("iam list-").unwrap_or_default();
    let Some(shown) = shown(page, dump, head) else { return };
    if operation.starts_with("attached-") {
        shown.has_attached = true;
        for policy in all {
            let subject = Subject::Attachment { to: of.clone(), policy: (*policy).to_owned() };
            dump.fact(page, subject, Value::Present);
        }
    } else if operation == "groups-for-user" {
        shown.has_groups = true;
        for group in all {
            let group = Entity::new(&of.account, EntityKind::Group, group);
            let subject = Subject::Membership { user: of.clone(), group };
            dump.fact(page, subject, Value::Present);
        }
    } else if operation.ends_with("-policies") {
        shown.inline = Some(all.iter().map(|name| (*name).to_owned()).collect());
    }
}

impl Dump {
    /// Draws together what single answers tell: which lists are whole, and which calls were answered
    /// in no run.
    pub(super) fn finish_collection(&mut self) {
        let Collection { answered, accounts, mut unanswered, entities } =
            std::mem::take(&mut self.collection);
        unanswered.retain(|one| {
            let is_of_account = one.call == ACCOUNT_ITSELF;
            let is_known = answered.contains(&(one.call.clone(), one.of.clone()))
                || (is_of_account && accounts.contains(&one.of));
            !is_known
        });
        self.unanswered = unanswered.into_iter().collect();
        let known: BTreeSet<Subject> = self.facts.iter().map(|fact| fact.subject.clone()).collect();
        for ((folder, of), shown) in entities {
            let source = Source::File(folder);
            let Shown { time, is_itself, has_attached, has_groups, inline } = shown;
            let is_whole = is_itself
                && has_attached
                && inline.is_some()
                && (has_groups || of.kind != EntityKind::User);
            let unread = inline.unwrap_or_default().into_iter();
            let unread = unread.map(|name| Subject::InlinePolicy { of: of.clone(), name });
            for subject in unread.filter(|subject| !known.contains(subject)) {
                let value = Value::Hidden(Hidden::NotInDump);
                self.facts.push(Fact { subject, value, time, source: source.clone() });
            }
            if is_whole {
                self.scopes.push((Scope::Entity(of), time, source));
            }
        }
    }
}

impl Unanswered {
    /// The layer of which something is missing therefore.
    pub fn layer(&self) -> Option<Layer> {
        const LAYERS: [(&str, Layer); 7] = [
            ("iam ", Layer::IdentityPolicy),
            ("sso-admin ", Layer::IdentityPolicy),
            ("sts ", Layer::IdentityPolicy),
            ("kms list-grants", Layer::KmsGrant),
            ("kms describe-key", Layer::KmsKeyState),
            ("ec2 describe-vpc-endpoints", Layer::VpcEndpointPolicy),
            ("get-resource-policy", Layer::ResourcePolicy),
        ];
        if self.call.ends_with("get-public-access-block") {
            return Some(Layer::BlockPublicAccess);
        }
        if self.call.starts_with("organizations ") {
            return Some(self.kind.map_or(Layer::Scp, PolicyType::layer));
        }
        let named = LAYERS.iter().find(|(call, _)| self.call.starts_with(call));
        let layer = named.map(|(_, layer)| *layer);
        layer.or_else(|| aws::read_by(&self.call).map(|_| Layer::ResourcePolicy))
    }

    /// The account that it would have told of.
    pub fn account(&self) -> Option<&str> {
        let of = Arn::parse(&self.of).map(|arn| arn.account).filter(|id| arn::is_account_id(id));
        let is_account = arn::is_account_id(&self.of);
        of.or(self.account.as_deref()).or(is_account.then_some(&self.of))
    }

    /// What is missing, and why, of calls about one thing that ended alike; `None` where there is none.
    pub fn sentence(all: &[&Unanswered]) -> Option<Sentence> {
        let first = all.first()?;
        if first.call == ACCOUNT_ITSELF {
            return Some(Sentence::new("log-unasked").arg("account", &first.of));
        }
        let calls: Vec<&str> = all.iter().map(|one| one.call.as_str()).collect();
        Some(
            Sentence::new("log-unanswered")
                .arg("of", &first.of)
                .arg("calls", calls.join(", "))
                .arg("why", &first.why),
        )
    }
}
