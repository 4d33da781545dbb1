//! A second evaluator, as plain as the documentation reads: straight from the JSON, two-valued,
//! nothing compiled, nothing shared with the engine. It is slow and knows no unknowns; where it
//! and the engine disagree, one of them is wrong.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde_json::Value;

/// A pattern character: itself, `*`, or `?`.
#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Char(char),
    Many,
    One,
}

fn glob(pattern: &[Symbol], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((Symbol::Many, rest)), None) => glob(rest, text),
        (Some((Symbol::Many, rest)), Some((_, tail))) => glob(rest, text) || glob(pattern, tail),
        (Some((Symbol::One, rest)), Some((_, tail))) => glob(rest, tail),
        (Some((Symbol::Char(c), rest)), Some((d, tail))) => c == d && glob(rest, tail),
        (Some(_), None) => false,
    }
}

/// A symbol of a pattern, and whether it takes no colon.
struct Piece {
    symbol: Symbol,
    inside: bool,
}

/// As [`glob`], with pieces; each character comes with whether its case counts.
fn reach(pattern: &[Piece], text: &[(char, bool)]) -> bool {
    let Some((piece, rest)) = pattern.split_first() else { return text.is_empty() };
    let takes = |c: char| c != ':' || !piece.inside;
    match (piece.symbol, text.split_first()) {
        (Symbol::Many, None) => reach(rest, text),
        (Symbol::Many, Some(((c, _), tail))) => {
            reach(rest, text) || (takes(*c) && reach(pattern, tail))
        }
        (Symbol::One, Some(((c, _), tail))) => takes(*c) && reach(rest, tail),
        (Symbol::Char(wanted), Some(((c, exact), tail))) => {
            (wanted == *c || (!exact && wanted.eq_ignore_ascii_case(c))) && reach(rest, tail)
        }
        (_, None) => false,
    }
}

fn symbols(text: &str, wild: bool) -> Vec<Symbol> {
    text.chars()
        .map(|c| match c {
            '*' if wild => Symbol::Many,
            '?' if wild => Symbol::One,
            c => Symbol::Char(c),
        })
        .collect()
}

fn like(pattern: &str, text: &str) -> bool {
    glob(&symbols(pattern, true), &text.chars().collect::<Vec<_>>())
}

/// One request and its policies.
pub struct Naive<'a> {
    pub case: &'a Value,
    /// What to take for granted where AWS documents only that it may be so: whether `NotPrincipal`
    /// with some of account, role and session, and not all, spares the caller.
    pub half_listed_is_spared: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Means {
    Nobody,
    Account,
    Entity,
    Caller,
}

struct Found<'a> {
    statement: &'a Value,
    means: Means,
}

impl Found<'_> {
    fn denies(&self) -> bool {
        self.statement["Effect"] == "Deny"
    }

    fn allows(&self) -> bool {
        self.statement["Effect"] == "Allow"
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        other => vec![other.to_string()],
    }
}

fn documents(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(policies) => policies.iter().map(|entry| &entry["policy"]).collect(),
        Value::Null => Vec::new(),
        document => vec![document],
    }
}

impl<'a> Naive<'a> {
    fn principal(&self) -> &'a str {
        self.case["request"]["principal"].as_str().unwrap_or("anonymous")
    }

    fn action(&self) -> &'a str {
        self.case["request"]["action"].as_str().unwrap()
    }

    fn arn(&self) -> &'a str {
        self.case["request"]["resource"]["arn"].as_str().unwrap()
    }

    fn caller_account(&self) -> &'a str {
        self.principal().split(':').nth(4).unwrap_or("none")
    }

    fn caller_kind(&self) -> &'a str {
        let last = self.principal().split(':').nth(5).unwrap_or("");
        last.split('/').next().unwrap()
    }

    fn role_name(&self) -> Option<&'a str> {
        match self.caller_kind() {
            "role" => self.principal().rsplit('/').next(),
            "assumed-role" => self.principal().split('/').nth(1),
            _ => None,
        }
    }

    fn values(&self, key: &str) -> Option<&'a Value> {
        let context = self.case["request"]["context"].as_object().unwrap();
        let found = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value).filter(|value| **value != serde_json::json!([]))
    }

    /// The pattern with its variables replaced; `None` when one has no value.
    fn resolve(&self, text: &str, wild: bool, version: &Value) -> Option<Vec<Symbol>> {
        if version != "2012-10-17" || !text.contains("${") {
            return Some(symbols(text, wild));
        }
        let start = text.find("${").unwrap();
        let end = start + text[start..].find('}').unwrap();
        let inside = &text[start + 2..end];
        let (name, default) = match inside.split_once(", '") {
            Some((name, default)) => (name, Some(default.trim_end_matches('\''))),
            None => (inside, None),
        };
        let value = match (self.values(name), default) {
            (Some(Value::String(value)), _) => value.clone(),
            (Some(_), _) => return None,
            (None, default) => default?.to_owned(),
        };
        let mut all = symbols(&text[..start], wild);
        all.extend(symbols(&value, false));
        all.extend(self.resolve(&text[end + 1..], wild, version)?);
        Some(all)
    }

    fn action_matches(&self, patterns: &Value) -> bool {
        let action = self.action().to_lowercase();
        strings(patterns).iter().any(|pattern| {
            let pattern = pattern.to_lowercase();
            let service = pattern.split(':').next().unwrap();
            pattern == "*" || (!service.contains(['*', '?']) && like(&pattern, &action))
        })
    }

    fn resource_matches(&self, pattern: &str, layer: &str, negated: bool, version: &Value) -> bool {
        if pattern == "*" {
            return true;
        }
        let fields = pattern.split(':').count();
        let is_reached = self.resource_is_reached(pattern, version);
        let takes_fewer = Self::takes_fewer(pattern, layer, negated);
        let completed = self.resource_is_matched(pattern, layer, negated, version);
        completed || (is_reached && (fields > 4 || takes_fewer))
    }

    /// Whether a pattern of fewer than six fields is taken in a layer.
    fn takes_fewer(pattern: &str, layer: &str, negated: bool) -> bool {
        match layer {
            _ if negated => false,
            "identity" | "boundary" | "session" => true,
            "resource" | "vpc_endpoint" => pattern.contains('*'),
            "scps" => pattern.ends_with('*'),
            _ => false,
        }
    }

    fn resource_is_matched(
        &self,
        pattern: &str,
        layer: &str,
        negated: bool,
        version: &Value,
    ) -> bool {
        let asked: Vec<&str> = self.arn().splitn(6, ':').collect();
        let mut wanted: Vec<&str> = pattern.splitn(6, ':').collect();
        if asked.len() < 6 {
            return false;
        }
        if wanted.len() < 6 {
            if !Self::takes_fewer(pattern, layer, negated) {
                return false;
            }
            wanted.resize(6, "*");
        }
        let head = (0..5).all(|at| like(&wanted[at].to_lowercase(), &asked[at].to_lowercase()));
        let tail: Vec<char> = asked[5].chars().collect();
        head && self.resolve(wanted[5], true, version).is_some_and(|pattern| glob(&pattern, &tail))
    }

    /// Reads the pattern as one text, in which a `*` before a colon takes colons, too.
    fn resource_is_reached(&self, pattern: &str, version: &Value) -> bool {
        let asked: Vec<&str> = self.arn().splitn(6, ':').collect();
        let wanted: Vec<&str> = pattern.splitn(6, ':').collect();
        if asked.len() < 6 {
            return false;
        }
        let mut text: Vec<(char, bool)> = Vec::new();
        for (at, part) in asked.iter().enumerate() {
            text.extend(part.chars().map(|c| (c, at == 5)));
            text.push((':', at == 5));
        }
        text.pop();
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, part) in wanted.iter().enumerate() {
            if at == 5 {
                let Some(last) = self.resolve(part, true, version) else { return false };
                pieces.extend(last.into_iter().map(|symbol| Piece { symbol, inside: false }));
            } else {
                let inner = part.strip_suffix('*').unwrap_or(part);
                let inside = symbols(inner, true).into_iter();
                pieces.extend(inside.map(|symbol| Piece { symbol, inside: true }));
                if inner.len() < part.len() {
                    pieces.push(Piece { symbol: Symbol::Many, inside: false });
                }
                pieces.push(Piece { symbol: Symbol::Char(':'), inside: false });
            }
        }
        if wanted.len() < 6 {
            pieces.pop();
        }
        reach(&pieces, &text)
    }

    fn named(&self, kind: &str, text: &str) -> Means {
        let principal = self.principal();
        if text == "*" || (kind == "Service" && principal == text) {
            return Means::Caller;
        }
        if kind == "Service" {
            return Means::Nobody;
        }
        let of_account = text.len() == 12 || text.ends_with(":root");
        let account = if text.len() == 12 { text } else { text.split(':').nth(4).unwrap_or("") };
        let partition = |arn: &str| arn.split(':').nth(1).map(str::to_owned);
        if text.len() != 12 && partition(text) != partition(principal) {
            return Means::Nobody;
        }
        if of_account {
            let is_mine = account == self.caller_account();
            let is_root = self.caller_kind() == "root";
            return if !is_mine {
                Means::Nobody
            } else if is_root {
                Means::Caller
            } else {
                Means::Account
            };
        }
        if text.contains(":role/") {
            let name = text.rsplit('/').next().unwrap();
            let same = account == self.caller_account()
                && self.role_name().is_some_and(|role| role.eq_ignore_ascii_case(name));
            return if same { Means::Entity } else { Means::Nobody };
        }
        if text == principal {
            return Means::Caller;
        }
        let as_user = principal.replace(":sts:", ":iam:").replace(":federated-user/", ":user/");
        let federates = self.caller_kind() == "federated-user" && text == as_user;
        if federates { Means::Entity } else { Means::Nobody }
    }

    fn listed(&self, element: &Value) -> Vec<Means> {
        match element {
            Value::Object(kinds) => kinds
                .iter()
                .flat_map(|(kind, texts)| {
                    strings(texts).into_iter().map(|text| self.named(kind, &text))
                })
                .collect(),
            other => strings(other).iter().map(|text| self.named("AWS", text)).collect(),
        }
    }

    fn means(&self, statement: &Value) -> Means {
        if let Some(element) = statement.get("Principal") {
            return self.listed(element).into_iter().max().unwrap();
        }
        let Some(element) = statement.get("NotPrincipal") else { return Means::Nobody };
        let listed = self.listed(element);
        if statement["Effect"] == "Allow" {
            let any = listed.iter().any(|means| *means != Means::Nobody);
            return if any { Means::Nobody } else { Means::Caller };
        }
        let lists = |means: Means| listed.contains(&means);
        let (named, all) = match self.caller_kind() {
            "assumed-role" => (
                lists(Means::Entity) || lists(Means::Caller),
                lists(Means::Entity) && lists(Means::Caller) && lists(Means::Account),
            ),
            "role" => (lists(Means::Entity), lists(Means::Entity) && lists(Means::Account)),
            "user" => (lists(Means::Caller), lists(Means::Caller) && lists(Means::Account)),
            "federated-user" => (
                lists(Means::Entity) || lists(Means::Caller),
                lists(Means::Caller) && lists(Means::Account),
            ),
            _ => (lists(Means::Caller), lists(Means::Caller)),
        };
        let everyone = element.to_string().contains("\"*\"");
        let spared = everyone || all || (named && self.half_listed_is_spared);
        let has_boundary = documents(&self.case["policies"]["boundary"]).is_empty();
        if spared && has_boundary { Means::Nobody } else { Means::Caller }
    }

    /// The statements of `documents` that apply.
    fn find(&self, layer: &str, documents: &[&'a Value]) -> Vec<Found<'a>> {
        let with_principal = ["resource", "vpc_endpoint", "rcps"].contains(&layer);
        let mut found = Vec::new();
        for document in documents {
            let version = &document["Version"];
            for statement in document["Statement"].as_array().unwrap() {
                let means = if with_principal { self.means(statement) } else { Means::Caller };
                let action = match statement.get("Action") {
                    Some(patterns) => self.action_matches(patterns),
                    None => !self.action_matches(&statement["NotAction"]),
                };
                let any_resource = |patterns: &Value, negated: bool| {
                    strings(patterns)
                        .iter()
                        .any(|pattern| self.resource_matches(pattern, layer, negated, version))
                };
                let resource = match statement.get("Resource") {
                    Some(patterns) => any_resource(patterns, false),
                    None => !any_resource(&statement["NotResource"], true),
                };
                let conditions = self.conditions_hold(&statement["Condition"], version);
                if means != Means::Nobody && action && resource && conditions {
                    found.push(Found { statement, means });
                }
            }
        }
        found
    }

    fn conditions_hold(&self, block: &Value, version: &Value) -> bool {
        let Some(operators) = block.as_object() else { return true };
        operators.iter().all(|(operator, keys)| {
            keys.as_object()
                .unwrap()
                .iter()
                .all(|(key, values)| self.condition_holds(operator, key, &strings(values), version))
        })
    }

    fn condition_holds(&self, name: &str, key: &str, wanted: &[String], version: &Value) -> bool {
        let (set, rest) = name.split_once(':').unwrap_or(("", name));
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let value = self.values(key);
        if base == "StringSounds" || (base == "Null" && if_exists) {
            return false;
        }
        if base == "Null" {
            let absent = value.is_none_or(|value| strings(value).iter().all(String::is_empty));
            return wanted.contains(&absent.to_string());
        }
        let negated = base.contains("Not");
        let Some(value) = value else {
            return match set {
                "ForAllValues" => true,
                "ForAnyValue" => false,
                _ => if_exists || negated,
            };
        };
        let base = base.replace("Not", "");
        let one = |value: &str| {
            let outcomes: Vec<Option<bool>> =
                wanted.iter().map(|w| self.compare(&base, w, value, version)).collect();
            // Of the wrong type on either side: neither the operator nor its negation.
            if outcomes.iter().all(Option::is_none) {
                return false;
            }
            outcomes.contains(&Some(true)) != negated
        };
        let values = strings(value);
        let is_empty = values.iter().all(String::is_empty);
        match set {
            "ForAllValues" => is_empty || values.iter().all(|value| one(value)),
            "ForAnyValue" => !is_empty && values.iter().any(|value| one(value)),
            _ => !value.is_array() && one(&values[0]),
        }
    }

    /// `None` when one of the two is not of the operator's type.
    fn compare(&self, base: &str, wanted: &str, value: &str, version: &Value) -> Option<bool> {
        let characters: Vec<char> = value.chars().collect();
        let text = |wild: bool| {
            let pattern = self.resolve(wanted, wild, version);
            pattern.is_some_and(|pattern| glob(&pattern, &characters))
        };
        let ordered =
            |order: Ordering| match base.trim_start_matches("Numeric").trim_start_matches("Date") {
                "Equals" => order == Ordering::Equal,
                "LessThan" => order == Ordering::Less,
                "LessThanEquals" => order != Ordering::Greater,
                "GreaterThan" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            };
        match base {
            "StringEquals" => Some(text(false)),
            "StringLike" => Some(text(true)),
            "StringEqualsIgnoreCase" => {
                let pattern = self.resolve(wanted, false, version);
                let plain: Option<String> = pattern.map(|pattern| {
                    pattern
                        .iter()
                        .map(|symbol| match symbol {
                            Symbol::Char(c) => *c,
                            _ => unreachable!("no wildcards here"),
                        })
                        .collect()
                });
                Some(plain.is_some_and(|plain| plain.to_lowercase() == value.to_lowercase()))
            }
            "BinaryEquals" => Some(wanted == value),
            "Bool" => {
                let (wanted, value) = (wanted.to_lowercase(), value.to_lowercase());
                let is_bool = |text: &str| text == "true" || text == "false";
                (is_bool(&wanted) && is_bool(&value)).then(|| wanted == value)
            }
            "IpAddress" => {
                let value: IpAddr = value.parse().ok()?;
                let (address, bits) = wanted.split_once('/').unwrap_or((wanted, ""));
                let address: IpAddr = address.parse().ok()?;
                Some(same_network(address, value, bits.parse().ok()))
            }
            "ArnLike" | "ArnEquals" => {
                let value: Vec<&str> = value.splitn(6, ':').collect();
                if value.len() < 6 || value[0] != "arn" {
                    return None;
                }
                let wanted: Vec<&str> = wanted.splitn(6, ':').collect();
                Some(wanted.len() == 6 && (0..6).all(|at| like(wanted[at], value[at])))
            }
            base if base.starts_with("Numeric") => {
                let (wanted, value): (f64, f64) = (wanted.parse().ok()?, value.parse().ok()?);
                Some(ordered(value.partial_cmp(&wanted).unwrap()))
            }
            base if base.starts_with("Date") => {
                Some(ordered(seconds(value)?.cmp(&seconds(wanted)?)))
            }
            other => panic!("no comparison for {other}"),
        }
    }

    fn is_linked_role(&self) -> bool {
        self.role_name().is_some_and(|name| name.starts_with("AWSServiceRoleFor"))
    }

    /// What the documentation's flow chart says.
    pub fn result(&self) -> &'static str {
        let policies = &self.case["policies"];
        let is_anonymous = self.principal() == "anonymous";
        let is_service = self.principal().ends_with(".amazonaws.com");
        let is_member = !is_anonymous && !is_service;
        let is_root = self.caller_kind() == "root";
        let find = |layer: &str| self.find(layer, &documents(&policies[layer]));
        let own = |layer: &str| if is_member { find(layer) } else { Vec::new() };
        let identity = if is_root { Vec::new() } else { own("identity") };
        let (boundary, session) = (own("boundary"), own("session"));
        if self.action() == "sts:GetSessionToken" && ["user", "root"].contains(&self.caller_kind())
        {
            return "Allowed";
        }
        let owner = self.case["request"]["resource"]["accountId"].as_str().unwrap();
        let is_owners_root = is_root && owner == self.caller_account();
        let resource = match self.action() {
            "s3:GetBucketPolicy" | "s3:PutBucketPolicy" | "s3:DeleteBucketPolicy"
                if is_owners_root =>
            {
                Vec::new()
            }
            _ => find("resource"),
        };
        let endpoint = if is_service { Vec::new() } else { find("vpc_endpoint") };
        let levels = |layer: &str| -> Vec<Vec<Found<'a>>> {
            let levels = policies[layer].as_array().unwrap().iter();
            levels.map(|level| self.find(layer, &documents(&level["policies"]))).collect()
        };
        let scps = if is_member && !self.is_linked_role() { levels("scps") } else { Vec::new() };
        let mut rcps = if self.is_linked_role() { Vec::new() } else { levels("rcps") };
        if self.action() == "kms:RetireGrant" {
            rcps.clear();
        }
        // No RCP reaches Lambda, if it does not say so itself.
        if self.action().starts_with("lambda:") {
            for level in &mut rcps {
                level.retain(|found| {
                    strings(&found.statement["Action"]).iter().any(|a| a.starts_with("lambda:"))
                });
            }
        }
        let flat = [&identity, &boundary, &session, &resource, &endpoint];
        let all = flat.into_iter().chain(&scps).chain(&rcps).flatten();
        if all.into_iter().any(Found::denies) {
            return "ExplicitlyDenied";
        }
        let is_session = ["role", "assumed-role", "federated-user"].contains(&self.caller_kind());
        let has_no_such_call = is_session && self.action() == "sts:GetSessionToken";
        if (is_root && self.action() == "sts:AssumeRole") || has_no_such_call {
            return "ImplicitlyDenied";
        }
        let allows = |found: &Vec<Found<'_>>| found.iter().any(Found::allows);
        let scps_allow = scps.iter().all(allows);
        let through_endpoint = !is_service && !documents(&policies["vpc_endpoint"]).is_empty();
        if !scps_allow || (through_endpoint && !allows(&endpoint)) {
            return "ImplicitlyDenied";
        }
        let has = |layer: &str| !documents(&policies[layer]).is_empty();
        let within_boundary = !has("boundary") || allows(&boundary);
        let within_session = match has("session") {
            true => allows(&session),
            false => self.caller_kind() != "federated-user",
        };
        let within = !is_member || (within_boundary && within_session);
        let by_identity = (is_root || allows(&identity)) && is_member && within;
        let by_resource =
            |least: Means| resource.iter().any(|found| found.allows() && found.means >= least);
        let by_grant = |least: Means| self.grant_means() >= least;
        let same_account = is_member && (self.arn() == "*" || owner == self.caller_account());
        let granted_to_account = by_resource(Means::Account) || by_grant(Means::Account);
        let waived = |least: &dyn Fn(Means) -> bool| {
            least(Means::Caller) || (least(Means::Entity) && within)
        };
        let key_or_role = self.arn().contains(":key/") || self.arn().contains(":role/");
        let granted = if !is_member {
            by_resource(Means::Caller) || by_grant(Means::Caller)
        } else if !same_account {
            waived(&by_grant) || (granted_to_account && by_identity)
        } else {
            let by_identity = by_identity && (!key_or_role || granted_to_account);
            waived(&by_resource) || waived(&by_grant) || by_identity
        };
        if granted { "Allowed" } else { "ImplicitlyDenied" }
    }

    fn grant_means(&self) -> Means {
        let grants = self.case["policies"]["kms_grants"].as_array().unwrap().iter();
        let Some(operation) = self.action().strip_prefix("kms:") else { return Means::Nobody };
        let means = |text: &Value| {
            let text = text.as_str().unwrap_or("nobody");
            self.named(if text.ends_with(".amazonaws.com") { "Service" } else { "AWS" }, text)
        };
        grants
            .flat_map(|grant| {
                let mut all = Vec::new();
                let covers = strings(&grant["operations"]).iter().any(|own| own == operation);
                if covers && self.constraints_hold(grant, operation) {
                    all.push(means(&grant["grantee_principal"]));
                    all.push(means(&grant["grantee_service_principal"]));
                }
                if operation == "RetireGrant" {
                    all.push(means(&grant["retiring_principal"]));
                    all.push(means(&grant["retiring_service_principal"]));
                }
                all
            })
            .max()
            .unwrap_or(Means::Nobody)
    }

    /// The generator knows one pair, `app`.
    fn constraints_hold(&self, grant: &Value, operation: &str) -> bool {
        let constraints = grant["constraints"].as_object().unwrap();
        let own = self.values("kms:EncryptionContext:app");
        let is_service = self.principal().ends_with(".amazonaws.com");
        constraints.iter().all(|(name, wanted)| {
            match (name.as_str(), self.values("aws:SourceArn")) {
                ("SourceArn", Some(source)) => source == wanted,
                ("SourceArn", None) => !is_service,
                _ => operation != "Decrypt" || own == wanted.get("app"),
            }
        })
    }
}

fn same_network(address: IpAddr, value: IpAddr, bits: Option<u32>) -> bool {
    match (address, value) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let shift = 32 - bits.unwrap_or(32);
            u64::from(u32::from(a)) >> shift == u64::from(u32::from(b)) >> shift
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let shift = 128 - bits.unwrap_or(128);
            shift == 128 || u128::from(a) >> shift == u128::from(b) >> shift
        }
        _ => false,
    }
}

/// The few dates of the generator.
fn seconds(text: &str) -> Option<i64> {
    const NEW_YEAR_2026: i64 = 1_767_225_600;
    match text {
        "2026-01-01T00:00:00Z" | "2026" | "1767225600" => Some(NEW_YEAR_2026),
        "2025-12-31T23:30:00-00:30" => Some(NEW_YEAR_2026),
        "2025-06-01T12:00:00+02:00" => Some(1_748_772_000),
        // Four digits would be a year; no other year is in the pool.
        count if count.len() != 4 => count.parse().ok(),
        _ => None,
    }
}
