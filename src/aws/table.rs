//! Reads `actions.tsv`; its head explains the form.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, RwLock};

const TABLE: &str = include_str!("actions.tsv");

/// First sign of the lines that list actions.
const LEVELS: [char; 5] = ['L', 'R', 'W', 'P', 'T'];

/// An IAM action as AWS publishes it.
#[derive(Debug, Clone)]
pub struct Action {
    service: Arc<Service>,
    name: String,
    columns: [&'static str; 5],
}

/// A resource type that an action can be allowed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionType {
    /// As in the service's table of resource types.
    pub name: &'static str,
    /// Whether a policy has to allow the action on a resource of this type.
    pub required: bool,
    /// Condition keys that the action knows for this type alone.
    pub condition_keys: Vec<String>,
}

/// A resource type of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// The prefix of the service that defines it.
    pub service: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Its ARNs, with `*` for what varies and `$P`, `$R`, `$A` for partition, Region and account.
    pub arns: Vec<String>,
    /// Condition keys that tell of the resource.
    pub condition_keys: Vec<String>,
}

/// The lines of one service.
#[derive(Debug)]
struct Service {
    prefix: &'static str,
    sets: Vec<&'static str>,
    types: Vec<[&'static str; 3]>,
    actions: BTreeMap<String, (String, [&'static str; 5])>,
}

impl Action {
    /// Prefix and name as AWS writes them, e.g. `s3:GetObject`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.prefix, self.name)
    }

    /// Whether AWS counts it as `Permissions management`.
    pub fn manages_permissions(&self) -> bool {
        self.columns[0].contains('P')
    }

    /// Whether AWS counts it as `Tagging`.
    pub fn tags(&self) -> bool {
        self.columns[0].contains('T')
    }

    /// Whether it only looks (`List` or `Read`).
    pub fn only_reads(&self) -> bool {
        self.columns[0].chars().all(|level| matches!(level, 'L' | 'R'))
    }

    /// The resource types it can be allowed on; none where only `*` is possible.
    pub fn types(&self) -> Vec<ActionType> {
        words(self.columns[1]).map(|word| self.service.action_type(word)).collect()
    }

    /// The ARNs of what it can be allowed on, first those that a policy has to name and that the
    /// action is called after; `*` for what varies and `$P`, `$R`, `$A` for partition, Region and account. Empty where only `*` is
    /// possible.
    pub fn arns(&self) -> Vec<String> {
        let verb = self.name.to_ascii_lowercase();
        let mut kinds = self.types();
        kinds.sort_by_key(|kind| (!kind.required, !verb.contains(&kind.name.replace('-', ""))));
        let named = |kind: &ActionType| {
            let row = self.service.types.iter().find(|[name, ..]| *name == kind.name);
            row.map(|row| self.service.resource_type(*row).arns).unwrap_or_default()
        };
        kinds.iter().flat_map(named).collect()
    }

    /// The condition keys of the action itself.
    pub fn condition_keys(&self) -> Vec<String> {
        self.service.keys(self.columns[2], ' ')
    }

    /// What it also needs.
    pub fn dependent_actions(&self) -> Vec<&'static str> {
        words(self.columns[3]).collect()
    }

    /// The condition keys of the action, of its resource types, and of the two together.
    pub fn all_condition_keys(&self) -> Vec<String> {
        let mut keys = self.condition_keys();
        for kind in self.types() {
            keys.extend(kind.condition_keys);
            let known = self.service.types.iter().filter(|[name, ..]| *name == kind.name);
            keys.extend(known.flat_map(|[_, _, keys]| self.service.keys(keys, ' ')));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Service {
    fn parse(section: &'static str) -> Option<Service> {
        let mut lines = section.lines();
        let prefix = columns::<2>(lines.next()?)[0].strip_prefix('=')?;
        let mut service =
            Service { prefix, sets: Vec::new(), types: Vec::new(), actions: BTreeMap::new() };
        for line in lines {
            match line.chars().next() {
                Some('&') => service.sets.push(columns::<2>(line)[1]),
                Some('%') => {
                    let [name, arns, keys] = columns(line);
                    service.types.push([name.trim_start_matches('%'), arns, keys]);
                }
                Some(level) if LEVELS.contains(&level) => service.add_actions(columns(line)),
                _ => {}
            }
        }
        Some(service)
    }

    fn add_actions(&mut self, columns: [&'static str; 5]) {
        for word in words(columns[4]) {
            let (verb, names) = word.split_once(':').unwrap_or(("", word));
            for name in names.split(',') {
                let name = format!("{verb}{name}");
                self.actions.insert(name.to_ascii_lowercase(), (name, columns));
            }
        }
    }

    /// Condition keys written out: `&2` is the second set, `:X` the service's own key.
    fn keys(&self, text: &'static str, between: char) -> Vec<String> {
        let number = text.strip_prefix('&').and_then(|number| number.parse::<usize>().ok());
        let (text, between) = match number {
            Some(number) => (self.sets.get(number).copied().unwrap_or_default(), ' '),
            None => (text, between),
        };
        let whole = |key: &str| match key.starts_with(':') {
            true => format!("{}{key}", self.prefix),
            false => key.to_owned(),
        };
        text.split(between).filter(|key| !key.is_empty()).map(whole).collect()
    }

    fn action_type(&self, word: &'static str) -> ActionType {
        let (name, keys) = word.split_once('(').unwrap_or((word, ""));
        ActionType {
            name: name.trim_end_matches('*'),
            required: name.ends_with('*'),
            condition_keys: self.keys(keys.trim_end_matches(')'), ','),
        }
    }

    /// The types whose patterns fit a resource and say most about it.
    fn rows_of(&self, prefix: &str, resource: &str) -> impl Iterator<Item = &[&'static str; 3]> {
        let said = |row: &[&'static str; 3]| {
            words(row[1]).filter_map(|pattern| self.fits(pattern, prefix, resource)).max()
        };
        let each: Vec<Option<usize>> = self.types.iter().map(said).collect();
        let best = each.iter().flatten().max().copied();
        let rows = self.types.iter().zip(each);
        rows.filter(move |(_, said)| said.is_some() && *said == best).map(|(row, _)| row)
    }

    /// How many signs of the resource a pattern tells, where it fits.
    fn fits(&self, pattern: &'static str, prefix: &str, resource: &str) -> Option<usize> {
        let (service, pattern) = match pattern.strip_prefix('@') {
            Some(rest) => (self.prefix, rest),
            None => service_and_resource(pattern)?,
        };
        let is_of_it = service == prefix && matches(pattern.as_bytes(), resource.as_bytes());
        is_of_it.then(|| pattern.bytes().filter(|sign| *sign != b'*').count())
    }

    fn resource_type(&self, [name, arns, keys]: [&'static str; 3]) -> ResourceType {
        let whole = |arn: &str| match arn.strip_prefix('@') {
            Some(rest) => format!("arn:$P:{}:$R:$A:{rest}", self.prefix),
            None => arn.to_owned(),
        };
        ResourceType {
            service: self.prefix,
            name,
            arns: words(arns).map(whole).collect(),
            condition_keys: self.keys(keys, ' '),
        }
    }
}

/// Services that somebody asked for.
static SERVICES: LazyLock<RwLock<BTreeMap<String, Option<Arc<Service>>>>> =
    LazyLock::new(RwLock::default);

fn service(prefix: &str) -> Option<Arc<Service>> {
    let known = SERVICES.read().ok().and_then(|services| services.get(prefix).cloned());
    known.unwrap_or_else(|| {
        let service = section(prefix).and_then(Service::parse).map(Arc::new);
        // Prefixes that AWS does not have are found missing fast, and logs can name any number.
        if let (Some(_), Ok(mut services)) = (&service, SERVICES.write()) {
            services.insert(prefix.to_owned(), service.clone());
        }
        service
    })
}

/// The lines of a service, found by halving: services stand in order of their prefixes.
fn section(prefix: &str) -> Option<&'static str> {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = low.midpoint(high);
        let Some(start) = next_service(middle).filter(|start| *start < high) else {
            high = middle;
            continue;
        };
        let text = TABLE.get(start..)?;
        let name = text.get(1..)?.split(['\t', '\n']).next()?;
        match name.cmp(prefix) {
            std::cmp::Ordering::Equal => {
                let end = next_service(start + 1).unwrap_or(TABLE.len());
                return TABLE.get(start..end);
            }
            std::cmp::Ordering::Less => low = start + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Where the first service at or after `from` starts.
fn next_service(from: usize) -> Option<usize> {
    let before = from.saturating_sub(1);
    let rest = TABLE.as_bytes().get(before..)?;
    memchr::memmem::find(rest, b"\n=").map(|at| before + at + 1)
}

/// What is known of an action.
pub(super) fn action(name: &str) -> Option<Action> {
    let (prefix, name) = name.split_once(':')?;
    let service = service(&prefix.to_ascii_lowercase())?;
    let (name, columns) = service.actions.get(&name.to_ascii_lowercase()).cloned()?;
    Some(Action { service, name, columns })
}

/// The resource types of a service, by its IAM prefix.
pub fn resource_types(prefix: &str) -> Vec<ResourceType> {
    let Some(service) = service(prefix) else { return Vec::new() };
    service.types.iter().map(|row| service.resource_type(*row)).collect()
}

/// The resource types that an ARN can be of: those whose pattern says most about it (a bucket's
/// pattern fits objects too). Empty where none fits.
pub fn types_of(arn: &str) -> Vec<ResourceType> {
    let Some((prefix, resource)) = service_and_resource(arn) else { return Vec::new() };
    let Some(service) = service(prefix) else { return Vec::new() };
    service.rows_of(prefix, resource).map(|row| service.resource_type(*row)).collect()
}

/// The names of the resource types that an ARN can be of, and the service that they are of.
pub(super) fn names_of(arn: &str) -> (&'static str, Vec<&'static str>) {
    let Some((prefix, resource)) = service_and_resource(arn) else { return Default::default() };
    let Some(service) = service(prefix) else { return Default::default() };
    (service.prefix, service.rows_of(prefix, resource).map(|[name, ..]| *name).collect())
}

fn service_and_resource(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    let service = parts.nth(1)?;
    Some((service, parts.nth(2)?))
}

/// `*` stands for one sign or more.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(sign) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                (p, t) = (p + 1, t + 1);
                retry = Some((p, t));
            }
            Some(wanted) if wanted == sign => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((after, from)) = retry else { return false };
                (p, t) = (after, from + 1);
                retry = Some((after, from + 1));
            }
        }
    }
    p == pattern.len()
}

fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// The columns of a line; those that are not there are empty.
fn columns<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut columns = line.split('\t');
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes() -> Vec<&'static str> {
        let first = |line: &'static str| columns::<1>(line)[0].strip_prefix('=');
        TABLE.lines().filter_map(first).collect()
    }

    #[test]
    fn services_stand_in_order_and_each_is_found() {
        let prefixes = prefixes();
        assert!(prefixes.len() > 400);
        assert!(prefixes.is_sorted());
        for prefix in prefixes {
            assert_eq!(service(prefix).unwrap().prefix, prefix);
        }
        for unknown in ["", "a", "zz", "s3x", "ec", "="] {
            assert!(service(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn every_line_can_be_read() {
        let mut actions = 0;
        for prefix in prefixes() {
            let service = service(prefix).unwrap();
            let types: Vec<&str> = service.types.iter().map(|[name, ..]| *name).collect();
            for (name, columns) in service.actions.values() {
                actions += 1;
                assert!(!name.contains([':', ',', '(']), "{prefix}:{name}");
                let action = action(&format!("{prefix}:{name}")).unwrap();
                for kind in action.types() {
                    assert!(types.contains(&kind.name), "{prefix}:{name}: {}", kind.name);
                }
                for key in action.all_condition_keys() {
                    assert!(!key.contains('&') && !key.is_empty(), "{prefix}:{name}: {key}");
                }
                assert!(columns[0].chars().all(|level| LEVELS.contains(&level)));
            }
        }
        assert!(actions > 20_000);
    }

    #[test]
    fn every_action_that_stands_for_an_event_exists() {
        fn texts(value: &toml::Value, found: &mut Vec<String>) {
            match value {
                toml::Value::String(text) => found.push(text.clone()),
                toml::Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
                toml::Value::Table(table) => table.values().for_each(|value| texts(value, found)),
                _ => {}
            }
        }
        let table: toml::Table = toml::from_str(include_str!("../event/actions.toml")).unwrap();
        let mut actions = Vec::new();
        for (name, value) in &table {
            if !["prefix", "verbs"].contains(&name.as_str()) {
                texts(value, &mut actions);
            }
        }
        assert!(actions.len() > 150);
        for name in actions {
            assert!(action(&name).is_some(), "{name}");
        }
        for prefix in table["prefix"].as_table().unwrap().values() {
            let prefix = prefix.as_str().unwrap();
            assert!(service(prefix).is_some(), "{prefix}");
        }
    }

    #[test]
    fn a_star_stands_for_one_sign_or_more() {
        for (pattern, text, want) in [
            ("*", "b", true),
            ("*", "", false),
            ("*/*", "b/k/l", true),
            ("*/*", "b", false),
            ("table/*/index/*", "table/t/index/i", true),
            ("table/*/index/*", "table/t/stream/i", false),
            ("function:*", "function:f", true),
            ("function:*:*", "function:f", false),
            ("catalog", "catalog", true),
            ("catalog", "catalogs", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), want, "{pattern} {text}");
        }
    }

    #[test]
    fn an_arn_tells_its_type() {
        for (arn, want) in [
            ("arn:aws:s3:::b", "bucket"),
            ("arn:aws:s3:::b/k/l", "object"),
            ("arn:aws-cn:sqs:cn-north-1:111122223333:q", "queue"),
            ("arn:aws:iam::111122223333:role/path/r", "role"),
            ("arn:aws:ec2:eu-west-1:111122223333:volume/vol-0abc", "volume"),
            ("arn:aws:ec2:eu-west-1::snapshot/snap-0abc", "snapshot"),
            ("arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i", "index"),
            ("arn:aws:kms:eu-west-1:111122223333:key/k", "key"),
            ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f", "log-group"),
        ] {
            let found: Vec<&str> = types_of(arn).iter().map(|kind| kind.name).collect();
            assert_eq!(found, [want], "{arn}");
        }
        assert!(types_of("vol-0abc").is_empty());
        assert!(types_of("arn:aws:nothing:::x").is_empty());
    }
}
