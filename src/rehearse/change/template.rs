//! Changes out of a Terraform plan and a CloudFormation template: the literal documents in them, found by
//! a table. What is not literal, not known before it is applied, or of no type that the table has and
//! still holds a policy, is told and never taken to change nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Changes, Document, Now, PolicyKind, Target, Unread, yaml};
use crate::error::{Error, Result};
use crate::event::arn::{self, Arn};
use crate::given::{self, Cap};
use crate::history::subject::{Entity, EntityKind};
use crate::wording::Sentence;

/// Plans of large stacks have tens of megabytes.
const LARGEST: Cap = Cap { bytes: 512 << 20, instead: "plan one stack at a time" };

/// The table.
#[derive(Debug, Default, Deserialize)]
struct Table {
    row: Vec<Row>,
}

/// Where a type of resource holds a policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    r#type: String,
    does: Does,
    document: String,
    of: Vec<String>,
    r#as: Names,
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    list: Option<String>,
}

/// What a row's attribute does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    Put,
    Attach,
    Boundary,
    /// Nothing that is read here; it is told.
    Told,
    /// The same; it only ever allows, so that its coming breaks nothing.
    Allow,
}

/// What the attribute that says whose it is names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Names {
    Arn,
    Managed,
    Key,
    Role,
    User,
    Group,
    Bucket,
    Queue,
    Topic,
    Secret,
    Repository,
    Vault,
    Endpoint,
    Target,
    Policy,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("templates.toml")).unwrap_or_default());

/// Resources whose names an ARN ends in (service authorization reference, resource types).
const ENDS: [(Names, &str); 4] = [
    (Names::Repository, ":repository/"),
    (Names::Vault, ":backup-vault:"),
    (Names::Secret, ":secret:"),
    (Names::Managed, ":policy/"),
];

/// One resource, as it is and as it would be.
struct Resource<'r> {
    address: &'r str,
    r#type: &'r str,
    before: &'r Json,
    after: &'r Json,
    /// What is known only when it is applied.
    unknown: &'r Json,
}

/// Reads a file that holds JSON.
fn json(path: &Path, bytes: &[u8]) -> Result<Json> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::document(path, format!("line {}: {error}", error.line())))
}

/// Reads a text that is a template.
fn json_or_yaml(path: &Path, text: &str) -> Result<Json> {
    let text = text.trim_start_matches('\u{feff}');
    match text.trim_start().starts_with('{') {
        true => json(path, text.as_bytes()),
        false => yaml::read(text).map_err(|wrong| {
            Error::document(path, format!("line {}: {}", wrong.line, wrong.message))
        }),
    }
}

/// What `terraform show -json` prints of a plan (Terraform, "JSON Output Format").
#[derive(Debug)]
pub struct Plan {
    json: Json,
    source: String,
}

impl Plan {
    /// Reads it from a file, or from standard input where it is called `-`.
    ///
    /// # Errors
    /// When it cannot be read or is no plan.
    pub fn read(path: &Path) -> Result<Plan> {
        let bytes = match path.as_os_str() == "-" {
            true => given::bytes_of(std::io::stdin().lock(), path, LARGEST)?,
            false => given::bytes(path, LARGEST)?,
        };
        let json = json(path, &bytes)?;
        if !json.get("resource_changes").is_some_and(Json::is_array) {
            let hint = "no `resource_changes`\nhint: terraform show -json plan.out > plan.json";
            return Err(Error::document(path, hint));
        }
        Ok(Plan { json, source: path.to_string_lossy().into_owned() })
    }

    /// The changes in it.
    pub fn add_to(&self, changes: &mut Changes, now: &Now<'_>) {
        let all = self.json.get("resource_changes").and_then(Json::as_array);
        let mut reader = Reader::new(&self.source, changes, now, account_of(&self.json));
        for one in all.into_iter().flatten() {
            let text = |name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default();
            let change = one.get("change").unwrap_or(&Json::Null);
            let actions: Vec<&str> = change
                .get("actions")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .collect();
            let is_changed =
                actions.iter().any(|action| ["create", "update", "delete"].contains(action));
            if text("mode") == "data" || !is_changed {
                continue;
            }
            let member = |name: &str| change.get(name).unwrap_or(&Json::Null);
            reader.resource(&Resource {
                address: text("address"),
                r#type: text("type"),
                before: member("before"),
                after: member("after"),
                unknown: member("after_unknown"),
            });
        }
    }
}

/// The account that the ARNs in a plan name, where they name one alone.
fn account_of(plan: &Json) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    let all = plan.get("resource_changes").and_then(Json::as_array).into_iter().flatten();
    for one in all {
        for side in ["before", "after"] {
            let arn = one.pointer(&format!("/change/{side}/arn")).and_then(Json::as_str);
            let account = arn.and_then(Arn::parse).map(|arn| arn.account.to_owned());
            found.extend(account.filter(|account| arn::is_account_id(account)));
        }
    }
    found.sort();
    found.dedup();
    <[String; 1]>::try_from(found).ok().map(|[one]| one)
}

/// A CloudFormation template, in JSON or YAML.
#[derive(Debug)]
pub struct Template {
    json: Json,
    source: String,
}

impl Template {
    /// Reads it from a file.
    ///
    /// # Errors
    /// When it cannot be read or is no template.
    pub fn read(path: &Path) -> Result<Template> {
        let text = given::text(path, LARGEST)?;
        let json = json_or_yaml(path, &text)?;
        // What `aws cloudformation get-template` prints has the template inside, one in YAML as text.
        let json = match json.get("TemplateBody") {
            Some(Json::String(text)) => json_or_yaml(path, text)?,
            Some(body) => body.clone(),
            None => json,
        };
        if !json.get("Resources").is_some_and(Json::is_object) {
            return Err(Error::document(path, "no `Resources`"));
        }
        Ok(Template { json, source: path.to_string_lossy().into_owned() })
    }

    /// The changes in it: every document as it would be, whatever is there now.
    pub fn add_to(&self, changes: &mut Changes, now: &Now<'_>) {
        let mut reader = Reader::new(&self.source, changes, now, None);
        let resources = self.json.get("Resources").and_then(Json::as_object);
        for (name, resource) in resources.into_iter().flatten() {
            reader.resource(&Resource {
                address: name,
                r#type: resource.get("Type").and_then(Json::as_str).unwrap_or_default(),
                before: &Json::Null,
                after: resource.get("Properties").unwrap_or(&Json::Null),
                unknown: &Json::Null,
            });
        }
    }
}

/// Reads resources one after the other.
struct Reader<'r, 'n> {
    source: &'r str,
    changes: &'r mut Changes,
    now: &'r Now<'n>,
    account: Option<String>,
}

/// A policy in its place: of what, and its name where it has one.
type Place = (String, Option<String>);

impl<'r, 'n> Reader<'r, 'n> {
    fn new(
        source: &'r str,
        changes: &'r mut Changes,
        now: &'r Now<'n>,
        account: Option<String>,
    ) -> Self {
        Reader { source, changes, now, account }
    }

    fn resource(&mut self, resource: &Resource<'_>) {
        let rows: Vec<&Row> =
            TABLE.row.iter().filter(|row| row.r#type == resource.r#type).collect();
        if rows.is_empty() {
            return self.stranger(resource);
        }
        for row in rows {
            self.row(row, resource);
        }
    }

    /// A type that no row has, with something in it that looks like a policy.
    fn stranger(&mut self, resource: &Resource<'_>) {
        let sides = [resource.before, resource.after];
        let holds = |side: &&Json| {
            let members = side.as_object().into_iter().flatten();
            members.into_iter().any(|(name, value)| is_policy(name, value))
        };
        if resource.before != resource.after && sides.iter().any(holds) {
            let said = Sentence::new("rehearse-unread-type").arg("sort", resource.r#type);
            self.unread(resource, said);
        }
    }

    fn unread(&mut self, resource: &Resource<'_>, because: Sentence) {
        self.changes.unread.push(Unread {
            source: self.source.to_owned(),
            place: resource.address.to_owned(),
            because,
        });
    }

    fn row(&mut self, row: &Row, resource: &Resource<'_>) {
        if matches!(row.does, Does::Told | Does::Allow) {
            let comes = resource.before.is_null() && row.does == Does::Allow;
            if resource.before != resource.after && !comes {
                let said = Sentence::new("rehearse-unread-way").arg("sort", resource.r#type);
                self.unread(resource, said);
            }
            return;
        }
        let is_unknown = |name: &String| resource.unknown.get(name) == Some(&Json::Bool(true));
        let document = row.list.as_ref().unwrap_or(&row.document);
        if is_unknown(document) {
            let said = Sentence::new("rehearse-unread-later").arg("attribute", document);
            return self.unread(resource, said);
        }
        let before = self.held(row, resource, resource.before);
        let after = self.held(row, resource, resource.after);
        if row.does == Does::Attach {
            return self.attachments(row, resource, &before, &after);
        }
        for (place, value) in &after {
            if before.get(place) != Some(value) {
                self.put(row, resource, place, value);
            }
        }
        for place in before.keys().filter(|place| !after.contains_key(*place)) {
            self.gone(row, resource, place);
        }
    }

    /// The documents of one side, by what they belong to. What there is and cannot be placed is told.
    fn held(&mut self, row: &Row, resource: &Resource<'_>, side: &Json) -> BTreeMap<Place, Json> {
        let mut found = BTreeMap::new();
        let items: Vec<&Json> = match &row.list {
            Some(list) => side.get(list).and_then(Json::as_array).into_iter().flatten().collect(),
            None => vec![side],
        };
        for item in items {
            let Some(value) = item.get(&row.document).filter(|value| !is_empty(value)) else {
                continue;
            };
            let name = row.name.as_ref().and_then(|name| item.get(name)).and_then(Json::as_str);
            let named = row.of.iter().find_map(|of| side.get(of).filter(|of| !is_empty(of)));
            // A resource that is only made now has no id yet, and no call of the trail used it.
            let is_new =
                resource.before.is_null() && row.of.iter().all(|of| side.get(of).is_none());
            let Some(named) = named else {
                let own =
                    row.of.iter().any(|of| ["arn", "id", "key_id", "url"].contains(&of.as_str()));
                if !(is_elsewhere(row, side) || is_new && own) {
                    let said = Sentence::new("rehearse-unread-whose");
                    self.unread(resource, said);
                }
                continue;
            };
            let targets = match named {
                Json::Array(many) => many.iter().collect(),
                one => vec![one],
            };
            for target in targets {
                match target.as_str().map(|text| self.resolved(row.r#as, text)) {
                    Some(Some(on)) => {
                        found.insert((on, name.map(str::to_owned)), value.clone());
                    }
                    Some(None) => {
                        let name = target.as_str().unwrap_or_default();
                        let said = Sentence::new("rehearse-unread-name").arg("name", name);
                        self.unread(resource, said);
                    }
                    None => self.unread(resource, Sentence::new("rehearse-unread-literal")),
                }
            }
        }
        found
    }

    /// The ARN or id of what a name stands for.
    fn resolved(&self, names: Names, text: &str) -> Option<String> {
        if text.starts_with("arn:") || text.starts_with("https://") {
            return Some(text.to_owned());
        }
        let known = |end: &str| {
            let mut found: Vec<String> =
                self.now.history.owners().into_iter().filter(|one| one.ends_with(end)).collect();
            found.dedup();
            <[String; 1]>::try_from(found).ok().map(|[one]| one)
        };
        let entity = |kind: EntityKind| {
            let here = self
                .account
                .as_ref()
                .map(|account| self.now.history.owner_of(&Entity::new(account, kind, text)));
            known(&format!(":{}/{text}", kind.as_str())).or(here)
        };
        match names {
            Names::Role => entity(EntityKind::Role),
            Names::User => entity(EntityKind::User),
            Names::Group => entity(EntityKind::Group),
            Names::Bucket => Some(format!("arn:aws:s3:::{text}")),
            Names::Key | Names::Endpoint | Names::Target | Names::Policy => Some(text.to_owned()),
            Names::Arn | Names::Queue | Names::Topic => None,
            other => {
                let end = ENDS.iter().find(|(names, _)| *names == other)?.1;
                known(&format!("{end}{text}"))
            }
        }
    }

    fn put(&mut self, row: &Row, resource: &Resource<'_>, (on, name): &Place, value: &Json) {
        if row.does == Does::Boundary {
            let boundary = value.as_str().map(|policy| self.now.boundary(on, Some(policy)));
            return self.done(resource, boundary);
        }
        let text = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        if is_computed(value) {
            return self.unread(resource, Sentence::new("rehearse-unread-literal"));
        }
        let source = format!("{} {}", self.source, resource.address);
        let stem = name.clone().unwrap_or_default();
        match Document::new(text, source, stem) {
            Ok(document) => {
                let target = self.target(row, resource, on, name);
                let put = self.now.put(target, &document);
                self.done(resource, Some(put));
            }
            Err(error) => {
                let said =
                    Sentence::new("rehearse-unread-document").arg("message", error.to_string());
                self.unread(resource, said);
            }
        }
    }

    fn gone(&mut self, row: &Row, resource: &Resource<'_>, (on, name): &Place) {
        let done = match row.does {
            Does::Boundary => self.now.boundary(on, None),
            _ => self.now.delete(self.target(row, resource, on, name)),
        };
        self.done(resource, Some(done));
    }

    fn target<'t>(
        &self,
        row: &Row,
        resource: &Resource<'_>,
        on: &'t str,
        name: &'t Option<String>,
    ) -> Target<'t> {
        // The type of a policy of an organization stands beside it.
        let sides = [resource.after, resource.before];
        let said = sides.iter().find_map(|side| side.get("type").or_else(|| side.get("Type")));
        let is_rcp = said.and_then(Json::as_str) == Some("RESOURCE_CONTROL_POLICY");
        let kind = match is_rcp && row.kind == PolicyKind::Scp.word() {
            true => Some(PolicyKind::Rcp),
            false => PolicyKind::parse(&row.kind),
        };
        Target { on, kind, name: name.as_deref() }
    }

    /// What would hang where, against what hangs there.
    fn attachments(
        &mut self,
        row: &Row,
        resource: &Resource<'_>,
        before: &BTreeMap<Place, Json>,
        after: &BTreeMap<Place, Json>,
    ) {
        let pairs = |held: &BTreeMap<Place, Json>| -> Vec<(String, Option<String>)> {
            let each = held.iter().flat_map(|((on, _), value)| {
                let policies = match value {
                    Json::Array(many) => many.iter().collect(),
                    one => vec![one],
                };
                policies.into_iter().map(|policy| (on.clone(), policy.as_str().map(str::to_owned)))
            });
            each.collect()
        };
        let (before, after) = (pairs(before), pairs(after));
        let kind = PolicyKind::parse(&row.kind);
        let sides = [(&after, &before, true), (&before, &after, false)];
        for (here, there, is_there) in sides {
            for pair in here.iter().filter(|pair| !there.contains(pair)) {
                match pair {
                    (on, Some(policy)) => {
                        let done = self.now.attach(policy, on, kind, is_there);
                        self.done(resource, Some(done));
                    }
                    (_, None) => self.unread(resource, Sentence::new("rehearse-unread-literal")),
                }
            }
        }
    }

    fn done(
        &mut self,
        resource: &Resource<'_>,
        made: Option<Result<(Vec<crate::history::amend::Amendment>, super::Told)>>,
    ) {
        match made {
            Some(Ok((amendments, mut told))) => {
                told.source = format!("{} {}", self.source, resource.address);
                self.changes.add((amendments, told));
            }
            Some(Err(Error::Said(_))) | Some(Err(_)) => {
                self.unread(resource, Sentence::new("rehearse-unread-whose"));
            }
            None => self.unread(resource, Sentence::new("rehearse-unread-literal")),
        }
    }
}

/// Whether another row of the type says whose the document is: some hang on roles, users and groups alike.
fn is_elsewhere(row: &Row, side: &Json) -> bool {
    let like = |other: &&Row| other.r#type == row.r#type && other.document == row.document;
    let mut others = TABLE.row.iter().filter(like).flat_map(|other| &other.of);
    others.any(|of| side.get(of).is_some_and(|of| !is_empty(of)))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(all) => all.is_empty(),
        Json::Object(all) => all.is_empty(),
        _ => false,
    }
}

/// Whether CloudFormation works out a part of it (template reference, "Intrinsic functions").
fn is_computed(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.iter().any(|(name, value)| {
            name == "Ref"
                || name.starts_with("Fn::")
                || name == "Condition" && value.is_string()
                || is_computed(value)
        }),
        Json::Array(all) => all.iter().any(is_computed),
        _ => false,
    }
}

/// Whether a member looks like it holds a policy document.
fn is_policy(name: &str, value: &Json) -> bool {
    let is_document = |value: &Json| value.get("Statement").is_some();
    match value {
        Json::String(text) if text.trim_start().starts_with('{') => {
            serde_json::from_str::<Json>(text).is_ok_and(|json| is_document(&json))
        }
        Json::Object(_) => {
            is_document(value)
                || (name.to_ascii_lowercase().contains("policy") && is_computed(value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::rehearse::change::PolicyKind;

    #[test]
    fn the_table_is_read_and_its_kinds_are_known() {
        assert!(TABLE.row.len() > 40);
        for row in &TABLE.row {
            assert!(PolicyKind::parse(&row.kind).is_some(), "{}", row.r#type);
            assert!(!row.of.is_empty(), "{}", row.r#type);
        }
    }
}
