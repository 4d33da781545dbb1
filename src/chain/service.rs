//! The services that call others on somebody's behalf, and how their calls look in `CloudTrail`.
//!
//! What is known of them is data (`services.toml`, which explains its own form). Module `rows` reads it
//! and refuses what it cannot understand; this file answers the questions the chain rules ask.

mod rows;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::event::action::operation;
use crate::event::arn::same_resource;
use crate::event::resource::resources_of;
use crate::event::{CallerKind, Event, Field, json, partition};

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Short name, unique in the table.
    pub id: String,
    /// What people call the service.
    pub name: String,
    /// `eventSource` of the calls users make to it.
    pub event_source: Vec<String>,
    /// `invokedBy` of the calls it makes; `{region}` stands for any Region.
    pub invoked_by: Vec<String>,
    /// First labels of `kms:ViaService`.
    #[serde(default)]
    pub via_service: Vec<String>,
    /// IAM actions it calls; a `*` at the end stands for any ending.
    pub calls: Vec<String>,
    /// The ways it signs.
    pub callers: Vec<CallerKind>,
    /// Whether later uses of a key rest on a grant made at the start.
    #[serde(default)]
    pub through_grant: bool,
    /// What the names of its service-linked roles start with.
    #[serde(default)]
    pub service_linked_roles: Vec<String>,
    /// What the names of the sessions start with in which it uses the roles it was handed.
    #[serde(default)]
    pub sessions: Vec<String>,
    /// The encryption context of its KMS calls.
    #[serde(default)]
    pub context: Vec<ContextKey>,
    /// Calls that start such work, `source:EventName`.
    pub roots: Vec<String>,
    /// Whether the root waits.
    pub timing: Timing,
    /// How long after the root a call may still come because of it, in seconds.
    pub max_lag_seconds: u32,
    /// IAM actions without which the root fails: a root that succeeded was refused none of them.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Roots that succeed in part where one of `needs` was refused.
    #[serde(default)]
    pub in_part: Vec<String>,
    /// What a root says that needs no key.
    #[serde(default)]
    pub keyless: Vec<Keyless>,
    /// Roots that start one run of a program: what it does in the session that began with the run is
    /// what the root asked for.
    #[serde(default)]
    pub runs: Vec<String>,
    /// Calls that carry out what an earlier call prepared.
    #[serde(default)]
    pub prepared: Vec<Prepared>,
    /// Service events that report how the work ended.
    #[serde(default)]
    pub completion: Vec<Completion>,
    /// How far the row can be trusted.
    pub status: Status,
    /// Where it is written.
    pub source: Vec<String>,
}

/// A key of the encryption context, and where the root shows its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextKey {
    /// The key, e.g. `aws:ebs:id`.
    pub key: String,
    /// Where the root call shows the value; empty when it does not.
    pub at: Vec<Place>,
}

/// A place in a call where a value shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// A member of one of the JSON documents of an event.
    Member(Document, String),
    /// The resource the call was on.
    Resource,
    /// The account of the call.
    Account,
}

/// The JSON documents of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `requestParameters`.
    Request,
    /// `responseElements`.
    Response,
    /// `serviceEventDetails`.
    Details,
    /// `additionalEventData`.
    Additional,
}

/// Whether a root call waits for the calls made because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// It waits; what fails below fails it.
    Synchronous,
    /// It answers before; what fails below is silent.
    Asynchronous,
}

/// Where a root says that it needs no key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyless {
    /// The roots that it is about, `source:EventName`; all where it is empty.
    #[serde(default)]
    pub roots: Vec<String>,
    /// The places that tell; the first that shows a value counts.
    pub at: Vec<Place>,
    /// The values there that mean that no key is needed.
    pub is: Vec<String>,
}

/// A call that carries out what an earlier one prepared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// The earlier call, `source:EventName`.
    pub call: String,
    /// The later one.
    pub by: String,
    /// What both name.
    pub shared: Vec<Shared>,
}

/// A thing that two calls name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// Where the later call names it.
    pub later: Place,
    /// Where the earlier call may name it.
    pub earlier: Vec<Place>,
}

impl Keyless {
    /// Whether `root` says that it needs no key.
    pub fn told_by(&self, root: &Event) -> bool {
        let name = event_key(root);
        if !self.roots.is_empty() && !self.roots.iter().any(|known| matches(known, &name)) {
            return false;
        }
        let shown = self.at.iter().map(|place| place.values(root));
        let values = shown.into_iter().find(|values| !values.is_empty()).unwrap_or_default();
        let is_none = |value: &String| self.is.iter().any(|none| none.eq_ignore_ascii_case(value));
        !values.is_empty() && values.iter().all(is_none)
    }
}

impl Prepared {
    /// Whether a call is one that prepares.
    pub fn is_earlier(&self, event: &Event) -> bool {
        self.call == event_key(event)
    }

    /// Whether a call is one that carries out.
    pub fn is_later(&self, event: &Event) -> bool {
        self.by == event_key(event)
    }

    /// Whether `later` carries out what `earlier` prepared, by the things that they name: all that
    /// the later one names stand in the earlier one.
    pub fn is_carried_out(&self, earlier: &Event, later: &Event) -> bool {
        let mut named = false;
        for shared in &self.shared {
            let values = shared.later.values(later);
            if values.is_empty() {
                continue;
            }
            named = true;
            let known: Vec<String> =
                shared.earlier.iter().flat_map(|place| place.values(earlier)).collect();
            let is_known = |value: &String| known.iter().any(|other| same_resource(other, value));
            if !values.iter().any(is_known) {
                return false;
            }
        }
        named
    }
}

/// How far a row can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// By analogy.
    Assumed,
    /// AWS's pages say so.
    Documented,
    /// Seen in CloudTrail records.
    Seen,
}

/// A service event that reports how asynchronous work ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// `source:EventName`.
    pub event: String,
    /// Where it names the work, as the root's response does.
    pub id: Place,
    /// Where it tells the end.
    pub state: Option<Place>,
    /// The words in `state` that mean failure.
    #[serde(default)]
    pub failed: Vec<String>,
    /// The end where the event itself tells it.
    pub always: Option<Ending>,
    /// Where it says why.
    pub message: Option<Place>,
}

/// How work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Ending {
    Succeeded,
    Failed,
}

impl Service {
    /// Whether the event is a call that starts work of this service.
    pub fn is_root(&self, event: &Event) -> bool {
        let name = event_key(event);
        self.roots.iter().any(|root| matches(root, &name))
    }

    /// Whether this service is known to call an IAM action.
    pub fn may_call(&self, action: &str) -> bool {
        self.calls.iter().any(|call| matches(call, action))
    }

    /// Whether this service is known to sign this way.
    pub fn signs_as(&self, kind: CallerKind) -> bool {
        self.callers.contains(&kind)
    }

    /// Whether the event is a call that starts one run of a program.
    pub fn starts_run(&self, event_source: &str, event_name: &str) -> bool {
        let name = key_of(event_source, event_name);
        self.runs.iter().any(|root| matches(root, &name))
    }

    /// Whether the service names the sessions so in which it uses the roles it was handed.
    pub fn names_session(&self, name: &str) -> bool {
        self.sessions.iter().any(|start| name.starts_with(start.as_str()))
    }

    /// Whether such a root, having succeeded, was not refused this IAM action.
    pub fn had(&self, root: &Event, action: &str) -> bool {
        let name = event_key(root);
        self.needs.iter().any(|need| matches(need, action))
            && !self.in_part.iter().any(|known| matches(known, &name))
    }

    /// Whether `root` shows `value` where the value of this context key belongs: `Some(false)` where
    /// it shows another one, `None` where it shows none or the table knows no place for it.
    pub fn shows(&self, root: &Event, key: &str, value: &str) -> Option<bool> {
        let known = self.context.iter().find(|known| known.key.eq_ignore_ascii_case(key))?;
        let mut answer = None;
        for shown in known.at.iter().flat_map(|place| place.values(root)) {
            if same_resource(&shown, value) {
                return Some(true);
            }
            answer = Some(false);
        }
        answer
    }

    /// Whether a call this long after the root's time (before, if negative) may come because of
    /// it. Event times are those of completion, so a child may be a few seconds early.
    pub fn in_time(&self, seconds: i64) -> bool {
        (-EARLY_SECONDS..=i64::from(self.max_lag_seconds)).contains(&seconds)
    }

    /// The report of the end in a service event of this service.
    pub fn completion_of(&self, event: &Event) -> Option<&Completion> {
        let name = event_key(event);
        self.completion.iter().find(|completion| matches(&completion.event, &name))
    }
}

/// How much earlier than its root a child can be stamped: two seconds were seen (facts of FAS
/// calls of S3 and Systems Manager), with room.
const EARLY_SECONDS: i64 = 5;

impl Completion {
    /// How the work ended; `None` where the event does not say.
    pub fn ending(&self, event: &Event) -> Option<Ending> {
        if self.always.is_some() {
            return self.always;
        }
        let state = self.state.as_ref()?.values(event).into_iter().next()?;
        let failed = self.failed.iter().any(|word| word.eq_ignore_ascii_case(&state));
        Some(if failed { Ending::Failed } else { Ending::Succeeded })
    }
}

impl Place {
    /// The values at this place of a call.
    pub fn values(&self, event: &Event) -> Vec<String> {
        match self {
            Place::Resource => resources_of(event).into_iter().map(|found| found.id).collect(),
            Place::Account => event.account().map(str::to_owned).into_iter().collect(),
            Place::Member(document, path) => {
                let mut values = Vec::new();
                if let Some(raw) = event.get(document.field()) {
                    json::leaves(raw, |at, value| {
                        if at.eq_ignore_ascii_case(path) {
                            values.push(value.to_owned());
                        }
                    });
                }
                values
            }
        }
    }
}

impl Document {
    fn field(self) -> Field {
        match self {
            Document::Request => Field::RequestParameters,
            Document::Response => Field::ResponseElements,
            Document::Details => Field::ServiceEventDetails,
            Document::Additional => Field::AdditionalEventData,
        }
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Place, String> {
        match text.as_str() {
            "resource" => return Ok(Place::Resource),
            "account" => return Ok(Place::Account),
            _ => {}
        }
        let (document, path) = text.split_once('.').unwrap_or((text.as_str(), ""));
        let document = match document {
            "request" => Document::Request,
            "response" => Document::Response,
            "details" => Document::Details,
            "additional" => Document::Additional,
            _ => return Err(format!("`{text}` is no place: {PLACES}")),
        };
        if path.is_empty() {
            return Err(format!("`{text}` names no member: {PLACES}"));
        }
        Ok(Place::Member(document, path.to_owned()))
    }
}

const PLACES: &str = "use request.X, response.X, details.X, additional.X, `resource`, or `account`";

/// `ec2:RunInstances`: first label of the source, name without API date.
fn event_key(event: &Event) -> String {
    key_of(event.source(), event.name())
}

/// The same from the two names.
pub(super) fn key_of(event_source: &str, event_name: &str) -> String {
    let source = event_source.split('.').next().unwrap_or_default();
    format!("{source}:{}", operation(event_name))
}

/// Whether a pattern, whose `*` can only be its last character, covers a text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head)),
        None => pattern.eq_ignore_ascii_case(text),
    }
}

// ---- the table ---------------------------------------------------------------------------------

/// The rows, and ways to look them up.
#[derive(Debug, Clone, Default)]
pub struct Table {
    services: Vec<Service>,
    internal: Vec<String>,
    by_source: BTreeMap<String, Vec<usize>>,
    by_invoked_by: BTreeMap<String, Vec<usize>>,
    by_context: BTreeMap<String, Vec<usize>>,
    by_via: BTreeMap<String, Vec<usize>>,
    /// By the first label of the roots' event source.
    by_root: BTreeMap<String, Vec<usize>>,
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The row by its id, or by its number where it has none.
    pub row: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = &self.row {
            write!(f, "service {row}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "field `{field}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for TableError {}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static BUILTIN: LazyLock<Table> =
    LazyLock::new(|| Table::parse(include_str!("services.toml")).unwrap_or_default());

/// `{region}` in `invoked_by`.
const REGION: &str = "{region}";

/// The one spelling all spellings of [`Table::is_internal`] are looked up by.
const INTERNAL: &str = "aws internal";

impl Table {
    /// The table that comes with the program.
    pub fn builtin() -> &'static Table {
        &BUILTIN
    }

    /// Reads a table of the form of `services.toml`.
    ///
    /// # Errors
    /// Names the row and field that cannot be understood.
    pub fn parse(text: &str) -> Result<Table, TableError> {
        let whole: toml::Table = toml::from_str(text).map_err(|error| TableError {
            row: None,
            field: None,
            message: error.to_string(),
        })?;
        let mut services = Vec::new();
        let mut internal = Vec::new();
        for (name, value) in whole {
            match (name.as_str(), value) {
                ("service", toml::Value::Array(rows)) => services = rows::read_rows(rows)?,
                ("internal", toml::Value::Table(table)) => internal = rows::read_internal(table)?,
                _ => {
                    let message = "only [[service]] and [internal] are known here".to_owned();
                    return Err(TableError { row: None, field: Some(name), message });
                }
            }
        }
        Ok(Table::of(services, internal))
    }

    /// This table with the rows of another: a row with a known id replaces that row.
    #[must_use]
    pub fn merge(&self, other: &Table) -> Table {
        let mut services = self.services.clone();
        for row in &other.services {
            match services.iter_mut().find(|held| held.id == row.id) {
                Some(held) => held.clone_from(row),
                None => services.push(row.clone()),
            }
        }
        let mut internal = self.internal.clone();
        internal.extend(other.internal.iter().filter(|s| !self.internal.contains(s)).cloned());
        Table::of(services, internal)
    }

    fn of(services: Vec<Service>, internal: Vec<String>) -> Table {
        let mut table = Table { internal, ..Table::default() };
        let mut source: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut invoked: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut context: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut via: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut root: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let add = |index: &mut BTreeMap<String, Vec<usize>>, key: String, at: usize| {
            let rows = index.entry(key).or_default();
            if rows.last() != Some(&at) {
                rows.push(at);
            }
        };
        for (at, service) in services.iter().enumerate() {
            for name in &service.event_source {
                add(&mut source, name.to_ascii_lowercase(), at);
            }
            for name in &service.invoked_by {
                add(&mut invoked, table.spelling(name), at);
            }
            for known in &service.context {
                add(&mut context, known.key.to_ascii_lowercase(), at);
            }
            for name in &service.via_service {
                add(&mut via, name.to_ascii_lowercase(), at);
            }
            for name in &service.roots {
                let label = name.split(':').next().unwrap_or_default();
                add(&mut root, label.to_ascii_lowercase(), at);
            }
        }
        table.services = services;
        table.by_source = source;
        table.by_invoked_by = invoked;
        table.by_context = context;
        table.by_via = via;
        table.by_root = root;
        table
    }

    /// All rows, in the table's order.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// A row by its id.
    pub fn get(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    fn rows<'t>(
        &'t self,
        index: &'t BTreeMap<String, Vec<usize>>,
        key: &str,
    ) -> impl Iterator<Item = &'t Service> + use<'t> {
        let found = index.get(key).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|at| self.services.get(*at))
    }

    /// The rows whose users call this `eventSource`.
    pub fn by_event_source(&self, source: &str) -> impl Iterator<Item = &Service> + use<'_> {
        self.rows(&self.by_source, &source.to_ascii_lowercase())
    }

    /// The services that `invokedBy` (or `sourceIPAddress`) may stand for; several for
    /// "AWS Internal", none for a service that the table does not know.
    pub fn by_invoked_by(&self, invoked_by: &str) -> impl Iterator<Item = &Service> + use<'_> {
        self.rows(&self.by_invoked_by, &self.spelling(invoked_by))
    }

    /// The services whose KMS calls carry this encryption context key.
    pub fn by_context_key(&self, key: &str) -> impl Iterator<Item = &Service> + use<'_> {
        self.rows(&self.by_context, &key.to_ascii_lowercase())
    }

    /// The services behind a value of `kms:ViaService`, e.g. `ec2.eu-west-1.amazonaws.com`.
    pub fn by_via_service(&self, value: &str) -> impl Iterator<Item = &Service> + use<'_> {
        let label = value.split('.').next().unwrap_or_default();
        self.rows(&self.by_via, &label.to_ascii_lowercase())
    }

    /// The services that a service-linked role is for.
    pub fn by_service_linked_role<'t>(
        &'t self,
        role_name: &str,
    ) -> impl Iterator<Item = &'t Service> + use<'t> {
        let role = role_name.to_owned();
        self.services.iter().filter(move |service| {
            service.service_linked_roles.iter().any(|start| role.starts_with(start.as_str()))
        })
    }

    /// The services for which this event is a call that starts work.
    pub fn started_by<'t>(&'t self, event: &Event) -> impl Iterator<Item = &'t Service> + use<'t> {
        let name = event_key(event);
        let label = name.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let candidates = self.rows(&self.by_root, &label);
        candidates.filter(move |service| service.roots.iter().any(|root| matches(root, &name)))
    }

    /// Whether this `invokedBy` is one of the spellings that name no service.
    pub fn is_internal(&self, invoked_by: &str) -> bool {
        self.internal.iter().any(|spelling| spelling.eq_ignore_ascii_case(invoked_by))
    }

    /// How `invokedBy` is looked up: one spelling for "AWS Internal", `{region}` for any Region.
    fn spelling(&self, invoked_by: &str) -> String {
        if self.is_internal(invoked_by) || invoked_by.eq_ignore_ascii_case(INTERNAL) {
            return INTERNAL.to_owned();
        }
        let host = match partition::without_domain(invoked_by) {
            Some(name) => format!("{name}.amazonaws.com"),
            None => invoked_by.to_owned(),
        };
        let is_region = partition::is_region;
        let labels = host.split('.').map(|label| if is_region(label) { REGION } else { label });
        labels.collect::<Vec<_>>().join(".").to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_table_is_sound() {
        let table = Table::parse(include_str!("services.toml")).unwrap();
        assert!(table.services().len() >= 90);
        assert_eq!(Table::builtin().services(), table.services());
    }

    fn row(change: &str) -> String {
        let good = r#"
            [[service]]
            id = "x"
            name = "X"
            event_source = ["x.amazonaws.com"]
            invoked_by = ["x.amazonaws.com"]
            calls = ["kms:Decrypt"]
            callers = ["service_role"]
            roots = ["x:Start"]
            timing = "asynchronous"
            max_lag_seconds = 60
            status = "assumed"
            source = ["here"]
            context = [{ key = "k", at = ["request.a"] }]
        "#;
        let field = change.split('=').next().unwrap_or_default().trim();
        let mut lines: Vec<&str> =
            good.lines().filter(|l| l.split('=').next().unwrap().trim() != field).collect();
        lines.push(change);
        lines.join("\n")
    }

    #[test]
    fn errors_name_row_and_field() {
        let errors: Vec<String> = [
            r#"timing = "soon""#,
            r#"max_lag_seconds = -1"#,
            r#"callers = ["direct"]"#,
            r#"callers = ["grant"]"#,
            r#"calls = []"#,
            r#"calls = ["kms:De*crypt"]"#,
            r#"roots = ["Start"]"#,
            r#"id = "X Y""#,
            r#"colour = "blue""#,
            r#"context = [{ key = "k", at = ["requests.a"] }]"#,
            r#"context = [{ key = "k", at = ["request"] }]"#,
            r#"completion = [{ event = "x:Done", id = "details.id" }]"#,
            r#"name = ["#,
        ]
        .iter()
        .map(|change| Table::parse(&row(change)).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(errors.join("\n"));
        let twice = format!("{}{}", row("name = \"a\""), row("name = \"b\""));
        assert_eq!(
            Table::parse(&twice).unwrap_err().to_string(),
            "service `x`: field `id`: another row has the same id"
        );
    }

    #[test]
    fn a_users_row_replaces_or_adds() {
        let mine = Table::parse(&row(r#"id = "ebs""#)).unwrap();
        let more = Table::parse(&row(r#"id = "mine""#)).unwrap();
        let table = Table::builtin().merge(&mine).merge(&more);
        assert_eq!(table.services().len(), Table::builtin().services().len() + 1);
        assert_eq!(table.get("ebs").unwrap().name, "X");
        assert!(table.by_invoked_by("x.amazonaws.com").any(|service| service.id == "mine"));
        assert!(!table.by_context_key("aws:ebs:id").any(|service| service.id == "ebs"));
    }

    #[test]
    fn rows_are_found_by_every_spelling() {
        let table = Table::builtin();
        let ids = |services: Vec<&Service>| -> Vec<String> {
            services.into_iter().map(|service| service.id.clone()).collect()
        };
        let by = |spelling: &str| ids(table.by_invoked_by(spelling).collect());
        assert_eq!(by("fas.s3.amazonaws.com"), ["s3", "s3-express", "cloudtrail-log-files"]);
        assert_eq!(by("logs.eu-central-1.amazonaws.com"), ["cloudwatch-logs"]);
        assert_eq!(by("workmail.us-gov-west-1.amazonaws.com"), ["workmail"]);
        assert_eq!(by("AWS Internal"), by("internal.amazonaws.com"));
        assert!(by("AWS Internal").contains(&"ssm-parameters".to_owned()));
        assert!(by("nobody.amazonaws.com").is_empty());
        let context = |key: &str| ids(table.by_context_key(key).collect());
        assert_eq!(context("secretarn"), ["secretsmanager"]);
        assert_eq!(context("aws:lambda:FunctionArn"), ["lambda", "lambda-run"]);
        let via = |value: &str| ids(table.by_via_service(value).collect());
        assert!(via("ec2.eu-west-1.amazonaws.com").contains(&"ebs".to_owned()));
        let role = |name: &str| ids(table.by_service_linked_role(name).collect());
        assert!(role("AWSServiceRoleForAutoScaling_team").contains(&"autoscaling".to_owned()));
    }
}
