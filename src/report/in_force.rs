//! What was in force for one principal, resource, account or endpoint at a moment: the policies,
//! grants and tags that are known, from where, and what is not.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::sanitize;
use crate::event::Layer;
use crate::event::arn::Arn;
use crate::history::answer::{Document, Documents, Held, Levels, Likely, Missing, Why};
use crate::history::change::Value;
use crate::history::replay::{Source, State};
use crate::history::subject::{Entity, EntityKind};
use crate::history::{Inventory, document};
use crate::wording::{Sentence, Wording};

/// One policy as JSON gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The layer, in the contract's words.
    pub layer: String,
    /// Its name.
    pub name: Option<String>,
    /// Its ARN.
    pub arn: Option<String>,
    /// What it hangs on.
    pub attached_to: Option<String>,
    /// From where it is known.
    pub source: Origin,
    /// Since when.
    pub since: Option<String>,
    /// Its document.
    pub document: Json,
}

/// From where a state is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An event.
    EventId(String),
    /// A file.
    File(String),
    /// AWS's default, by the page that tells it.
    Default(String),
}

/// Something that is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unseen {
    /// The layer, in the contract's words.
    pub layer: String,
    /// What.
    pub what: String,
    /// Why it is not known.
    pub why: String,
    /// What it probably was.
    pub likely: Option<String>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Granted {
    /// Its id.
    pub id: String,
    /// Who may use it.
    pub grantee: String,
    /// For which operations.
    pub operations: Vec<String>,
    /// Only with this encryption context.
    pub encryption_context_equals: Option<BTreeMap<String, String>>,
    /// Only with an encryption context that holds this.
    pub encryption_context_subset: Option<BTreeMap<String, String>>,
    /// From where it is known.
    pub source: Origin,
    /// Whether its grantee is gone; nobody can use it then.
    pub stale: Option<bool>,
}

/// What holds for one principal, resource, account or endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    /// The ARN, account or id.
    pub of: String,
    /// The policies known.
    pub policies: Vec<Policy>,
    /// Of a KMS key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_state: Option<String>,
    /// Of a KMS key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Granted>,
    /// The tags known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What is not known.
    pub missing: Vec<Unseen>,
}

/// Everything that speaks of an owner: what kind it is, its ARN or id says.
pub fn of(inventory: &Inventory<'_>, owner: &str, wording: &Wording) -> InForce {
    let mut found = Collected { holding: InForce::new(owner), wording };
    let is_account = crate::event::arn::is_account_id(owner);
    if let Some(entity) = Entity::from_arn(owner) {
        found.documents(Layer::IdentityPolicy, inventory.identity_policies(owner));
        if entity.kind != EntityKind::Group {
            found.one(Layer::PermissionsBoundary, inventory.boundary(owner));
        }
        if entity.kind == EntityKind::Role {
            found.one(Layer::RoleTrustPolicy, inventory.trust_policy(owner));
        }
        found.holding.tags = inventory.tags(owner).tags;
    } else if owner.contains(":policy/") && owner.contains(":iam:") {
        found.one(Layer::IdentityPolicy, inventory.managed_policy(owner));
    } else if owner.starts_with("vpce-") {
        found.one(Layer::VpcEndpointPolicy, inventory.vpc_endpoint_policy(owner));
    } else if is_account || owner.starts_with("ou-") || owner.starts_with("r-") {
        found.levels(Layer::Scp, inventory.scps(owner));
        found.levels(Layer::Rcp, inventory.rcps(owner));
    } else if Arn::parse(owner).is_some() {
        found.one(Layer::ResourcePolicy, inventory.resource_policy(owner));
        found.key(inventory, owner);
        found.holding.tags = inventory.tags(owner).tags;
    }
    found.holding
}

struct Collected<'w> {
    holding: InForce,
    wording: &'w Wording,
}

impl InForce {
    /// Neither anything known nor anything missing.
    pub(super) fn says_nothing(&self) -> bool {
        self.policies.is_empty()
            && self.key_state.is_none()
            && self.grants.is_empty()
            && self.missing.is_empty()
    }

    /// Puts the policies in an order that does not follow from what people called them, so that a
    /// redacted list does not show how names are sorted: by layer, since when, event, and what they
    /// allow and deny.
    pub(super) fn order_without_names(&mut self) {
        let layers: Vec<String> = self.policies.iter().map(|policy| policy.layer.clone()).collect();
        self.policies.sort_by_cached_key(|policy| {
            let layer = layers.iter().position(|layer| *layer == policy.layer);
            let origin = match &policy.source {
                Origin::EventId(id) => Some(id.clone()),
                Origin::File(_) | Origin::Default(_) => None,
            };
            let mut grammar = Vec::new();
            collect_grammar(&policy.document, "", &mut grammar);
            (layer, policy.since.clone(), origin, grammar)
        });
    }

    fn new(of: &str) -> InForce {
        InForce {
            of: of.to_owned(),
            policies: Vec::new(),
            key_state: None,
            grants: Vec::new(),
            tags: BTreeMap::new(),
            missing: Vec::new(),
        }
    }
}

impl Collected<'_> {
    fn documents(&mut self, layer: Layer, found: Documents) {
        let policies = found.documents.iter().map(|document| policy(layer, document));
        self.holding.policies.extend(policies);
        let missing = found.missing.iter().map(|gap| gone(layer, gap, self.wording));
        self.holding.missing.extend(missing);
    }

    fn one(&mut self, layer: Layer, held: Held) {
        let documents = held.document.into_iter().collect();
        self.documents(layer, Documents { documents, missing: held.missing.into_iter().collect() });
    }

    fn levels(&mut self, layer: Layer, found: Levels) {
        for level in found.levels {
            self.documents(layer, level.policies);
        }
        let missing = found.missing.iter().map(|gap| gone(layer, gap, self.wording));
        self.holding.missing.extend(missing);
    }

    fn key(&mut self, inventory: &Inventory<'_>, owner: &str) {
        if !owner.contains(":kms:") {
            return;
        }
        let state = inventory.key_state(owner).and_then(State::value);
        self.holding.key_state = state.and_then(Value::as_text).map(str::to_owned);
        let grants = inventory.grants(owner);
        self.holding.grants = grants
            .grants
            .iter()
            .map(|found| Granted {
                id: found.grant.id.clone(),
                grantee: found.grant.grantee.clone(),
                operations: found.grant.operations.clone(),
                encryption_context_equals: found.grant.context_equals.clone(),
                encryption_context_subset: found.grant.context_subset.clone(),
                source: origin(&found.source),
                stale: found.stale,
            })
            .collect();
        let missing = grants.missing.iter().map(|gap| gone(Layer::KmsGrant, gap, self.wording));
        self.holding.missing.extend(missing);
    }
}

/// The parts of a policy document that nobody names.
fn collect_grammar(document: &Json, member: &str, into: &mut Vec<String>) {
    match document {
        Json::String(text) if matches!(member, "Effect" | "Action" | "NotAction") => {
            into.push(text.clone());
        }
        Json::Array(parts) => {
            parts.iter().for_each(|part| collect_grammar(part, member, into));
        }
        Json::Object(members) => {
            for (member, part) in members {
                collect_grammar(part, member, into);
            }
        }
        _ => {}
    }
}

fn policy(layer: Layer, found: &Document) -> Policy {
    Policy {
        layer: layer.as_str().to_owned(),
        name: found.name.clone(),
        arn: found.arn.clone(),
        attached_to: found.attached_to.clone(),
        source: origin(&found.source),
        since: found.since.map(|time| time.to_string()),
        document: serde_json::from_str(&found.text)
            .unwrap_or_else(|_| Json::String(found.text.to_string())),
    }
}

fn origin(source: &Source) -> Origin {
    match source {
        Source::Event(id) | Source::Before(id) => Origin::EventId(id.to_string()),
        Source::File(path) => Origin::File(path.to_string()),
        Source::Default(page) => Origin::Default((*page).to_owned()),
    }
}

fn gone(layer: Layer, missing: &Missing, wording: &Wording) -> Unseen {
    let why = match &missing.why {
        Why::NotRecorded => Sentence::new("missing-not-recorded"),
        Why::BeforeChange(event) => {
            Sentence::new("missing-before-change").arg("event", event.as_ref())
        }
        Why::Hidden(why) => Sentence::new("missing-hidden").arg("why", why.sentence()),
        Why::ListIncomplete => Sentence::new("missing-list-incomplete"),
        Why::Partly => Sentence::new("missing-partly"),
    };
    let likely = match &missing.likely {
        Likely::Unknown => None,
        Likely::Nothing => Some("none".to_owned()),
        Likely::Document(document) => Some(document.text.to_string()),
        Likely::Value(value) => value.as_text().map(str::to_owned),
    };
    Unseen {
        layer: layer.as_str().to_owned(),
        what: wording.say(&missing.subject.sentence()),
        why: wording.say(&why),
        likely,
    }
}

/// As text, a line for each; `in_full` shows the documents too.
pub fn text(in_force: &InForce, wording: &Wording, in_full: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, in_force, wording, in_full);
    out
}

fn write_text(
    out: &mut String,
    in_force: &InForce,
    wording: &Wording,
    in_full: bool,
) -> std::fmt::Result {
    writeln!(out, "{}", sanitize::line(&in_force.of))?;
    if let Some(state) = &in_force.key_state {
        writeln!(out, "  kms_key_state: {}", sanitize::line(state))?;
    }
    for policy in &in_force.policies {
        let name = policy.arn.as_ref().or(policy.name.as_ref()).or(policy.attached_to.as_ref());
        let name = name.map(String::as_str).unwrap_or_default();
        // A policy of the organization hangs on several levels above an account.
        let place = policy.attached_to.as_deref();
        let place = place.filter(|place| *place != in_force.of && *place != name);
        let place = place.map(|place| format!(" · {}", sanitize::line(place))).unwrap_or_default();
        let from = said_origin(&policy.source, policy.since.as_deref(), wording);
        writeln!(out, "  {}: {}{place}  ({from})", policy.layer, sanitize::line(name))?;
        if in_full {
            let text = document::pretty(&policy.document.to_string());
            for line in sanitize::lines(&text).lines() {
                writeln!(out, "    {line}")?;
            }
        }
    }
    for grant in &in_force.grants {
        let stale = if grant.stale == Some(true) { "!" } else { "" };
        let operations = grant.operations.join(", ");
        let from = said_origin(&grant.source, None, wording);
        let line = format!("{stale}{}: {operations}  ({from})", grant.grantee);
        writeln!(out, "  kms_grant: {}", sanitize::line(&line))?;
    }
    for missing in &in_force.missing {
        let line = format!("{}: {}", missing.what, missing.why);
        writeln!(out, "  ? {}: {}", missing.layer, sanitize::line(&line))?;
    }
    Ok(())
}

fn said_origin(origin: &Origin, since: Option<&str>, wording: &Wording) -> String {
    let sentence = match (origin, since) {
        (Origin::EventId(id), Some(time)) => {
            Sentence::new("source-event-since").arg("event", id.as_str()).arg("time", time)
        }
        (Origin::EventId(id), None) => Sentence::new("source-event").arg("event", id.as_str()),
        (Origin::File(path), _) => Sentence::new("source-file").arg("file", path.as_str()),
        (Origin::Default(page), _) => Sentence::new("source-default").arg("page", page.as_str()),
    };
    sanitize::line(&wording.say(&sentence))
}
