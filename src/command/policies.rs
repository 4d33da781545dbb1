//! `trailwhy policies`: what was in force at a moment, from where it is known, and its gaps.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value as Json;

use super::config::Config;
use super::{analysis, reading};
use crate::cli::{DumpArguments, ListFormat, PoliciesArguments, ReadArguments};
use crate::event::arn::Arn;
use crate::event::{Layer, Time};
use crate::history::answer::{Document, Documents, Held, Levels, Likely, Missing, Why};
use crate::history::change::Value;
use crate::history::dump::Gap;
use crate::history::replay::{Source, State};
use crate::history::subject::{Entity, EntityKind};
use crate::history::{History, Inventory, document};
use crate::report::sanitize;
use crate::wording::{Sentence, Wording};

/// One policy as JSON gives it.
#[derive(Serialize)]
struct Policy {
    layer: &'static str,
    name: Option<String>,
    arn: Option<String>,
    attached_to: Option<String>,
    source: Origin,
    since: Option<String>,
    document: Json,
}

/// From where a state is known.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Origin {
    EventId(String),
    File(String),
    Default(String),
}

#[derive(Serialize)]
struct Gone {
    layer: &'static str,
    what: String,
    why: String,
    likely: Option<String>,
}

#[derive(Serialize)]
struct Granted {
    id: String,
    grantee: String,
    operations: Vec<String>,
    encryption_context_equals: Option<BTreeMap<String, String>>,
    encryption_context_subset: Option<BTreeMap<String, String>>,
    source: Origin,
    stale: Option<bool>,
}

/// What holds for one principal, resource, account or endpoint.
#[derive(Serialize)]
struct Holding {
    of: String,
    policies: Vec<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_state: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    grants: Vec<Granted>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    missing: Vec<Gone>,
}

#[derive(Serialize)]
struct Damage {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

#[derive(Serialize)]
struct Listing {
    at: String,
    in_force: Vec<Holding>,
    gaps: Vec<Damage>,
}

/// Reads export and dumps, and shows the moment.
pub fn run(arguments: &PoliciesArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(&arguments.read)?;
    let (history, last) = history(&arguments.read, &arguments.dumps, &config)?;
    let at = analysis::moment(arguments.at, last).unwrap_or_default();
    let inventory = history.at(at);
    let wording = Wording::new(analysis::language(arguments.lang, &config));
    let owners = match &arguments.only_for {
        Some(owner) => [owner.clone()].into(),
        None => history.owners(),
    };
    let mut in_force: Vec<Holding> =
        owners.iter().map(|owner| holding(&inventory, owner, &wording)).collect();
    if arguments.only_for.is_none() {
        in_force.retain(|holding| {
            !holding.policies.is_empty()
                || !holding.grants.is_empty()
                || holding.key_state.is_some()
        });
    }
    let listing = Listing { at: at.to_string(), in_force, gaps: damage(history.gaps()) };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        ListFormat::Json => {
            let json = serde_json::to_string_pretty(&listing)?;
            writeln!(out, "{}", sanitize::json(&json))?;
        }
        ListFormat::Text => write_text(&mut out, &listing, &wording, arguments.only_for.is_some())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The history of export and dumps, and the time of the last event. All of the export is read,
/// whatever part was asked for: what holds now may have been set long ago.
pub(super) fn history(
    read: &ReadArguments,
    dumps: &DumpArguments,
    config: &Config,
) -> anyhow::Result<(History, Option<Time>)> {
    let whole = ReadArguments { since: None, until: None, ..read.clone() };
    let ingested = reading::read(&whole, config)?;
    let dump = analysis::dump(dumps, config, &ingested.events)?;
    let last = ingested.events.last().map(|event| event.time);
    let history = History::new(&ingested.events, dump);
    if !read.quiet {
        reading::warn_of_gaps(&history);
    }
    Ok((history, last))
}

fn damage(gaps: &[Gap]) -> Vec<Damage> {
    gaps.iter()
        .map(|gap| Damage {
            file: gap.file.to_string(),
            line: gap.line,
            column: gap.column,
            message: gap.message.clone(),
        })
        .collect()
}

/// Everything that speaks of an owner: what kind it is, its ARN or id says.
fn holding(inventory: &Inventory<'_>, owner: &str, wording: &Wording) -> Holding {
    let mut found = Collected { holding: Holding::new(owner), wording };
    let is_account = owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
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
    holding: Holding,
    wording: &'w Wording,
}

impl Holding {
    fn new(of: &str) -> Holding {
        Holding {
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

fn policy(layer: Layer, found: &Document) -> Policy {
    Policy {
        layer: layer.as_str(),
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

fn gone(layer: Layer, missing: &Missing, wording: &Wording) -> Gone {
    let why = match &missing.why {
        Why::NotRecorded => Sentence::new("missing-not-recorded"),
        Why::BeforeChange(event) => {
            Sentence::new("missing-before-change").arg("event", event.as_ref())
        }
        Why::Hidden(why) => Sentence::new("missing-hidden").arg("why", *why),
        Why::ListIncomplete => Sentence::new("missing-list-incomplete"),
        Why::Partly => Sentence::new("missing-partly"),
    };
    let likely = match &missing.likely {
        Likely::Unknown => None,
        Likely::Nothing => Some("none".to_owned()),
        Likely::Document(document) => Some(document.text.to_string()),
        Likely::Value(value) => value.as_text().map(str::to_owned),
    };
    Gone { layer: layer.as_str(), what: missing.subject.describe(), why: wording.say(&why), likely }
}

fn write_text(
    out: &mut dyn Write,
    listing: &Listing,
    wording: &Wording,
    in_full: bool,
) -> std::io::Result<()> {
    let heading = Sentence::new("policies-in-force").arg("time", listing.at.as_str());
    writeln!(out, "{}\n", wording.say(&heading))?;
    if listing.in_force.is_empty() {
        writeln!(out, "{}", wording.say(&Sentence::new("policies-nothing-known")))?;
    }
    for holding in &listing.in_force {
        write_holding(out, holding, wording, in_full)?;
    }
    Ok(())
}

fn write_holding(
    out: &mut dyn Write,
    holding: &Holding,
    wording: &Wording,
    in_full: bool,
) -> std::io::Result<()> {
    writeln!(out, "{}", sanitize::line(&holding.of))?;
    if let Some(state) = &holding.key_state {
        writeln!(out, "  kms_key_state: {}", sanitize::line(state))?;
    }
    for policy in &holding.policies {
        let name = policy.arn.as_ref().or(policy.name.as_ref()).or(policy.attached_to.as_ref());
        let name = name.map(String::as_str).unwrap_or_default();
        let from = said_origin(&policy.source, policy.since.as_deref(), wording);
        writeln!(out, "  {}: {}  ({from})", policy.layer, sanitize::line(name))?;
        if in_full {
            let text = document::pretty(&policy.document.to_string());
            for line in sanitize::lines(&text).lines() {
                writeln!(out, "    {line}")?;
            }
        }
    }
    for grant in &holding.grants {
        let stale = if grant.stale == Some(true) { "!" } else { "" };
        let operations = grant.operations.join(", ");
        let from = said_origin(&grant.source, None, wording);
        let line = format!("{stale}{}: {operations}  ({from})", grant.grantee);
        writeln!(out, "  kms_grant: {}", sanitize::line(&line))?;
    }
    for missing in &holding.missing {
        let line = format!("{}: {}", missing.what, missing.why);
        writeln!(out, "  ? {}: {}", missing.layer, sanitize::line(&line))?;
    }
    writeln!(out)
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
