//! Records without what must not be kept. One list, `secrets.toml`, says what is secret: members by
//! their names, and forms of values wherever they stand. It is applied where an event is made, so
//! that nothing which comes later (reports, parts, comparisons) can show it.
//!
//! Almost every record mentions nothing secret, which one pass over its text tells; what does is
//! rewritten without being parsed where that can be done.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use foldhash::HashMap;
use memchr::memmem::Finder;
use regex::{Captures, Regex};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// Whether there may be something secret in a text or in raw JSON.
pub fn mentioned(text: &str) -> bool {
    let secrets = &*SECRETS;
    secrets.hints.is_match(text) || secrets.has_userinfo(text)
}

/// Raw JSON with [`MASK`] in the place of secrets; `None` for what is no JSON, or is nested too
/// deeply to be looked through, and holds something that may be one.
pub fn without(raw: &str) -> Option<Cow<'_, str>> {
    if !mentioned(raw) {
        return Some(Cow::Borrowed(raw));
    }
    let mut rest = Rest { text: raw, out: String::with_capacity(raw.len()) };
    match rest.value(Inside::Plain, 0) {
        Some(()) if rest.text.is_empty() => Some(Cow::Owned(rest.out)),
        _ => parsed(raw).map(Cow::Owned),
    }
}

/// A text with [`MASK`] in the place of secrets.
pub fn masked(text: &str) -> Cow<'_, str> {
    match mentioned(text) {
        true => SECRETS.mask(text),
        false => Cow::Borrowed(text),
    }
}

/// JSON with [`MASK`] in the place of secrets.
pub fn hide(value: &mut Value) {
    strip(value, Inside::Plain);
}

static SECRETS: LazyLock<Secrets> = LazyLock::new(Secrets::read);

#[derive(Debug, Default, Deserialize)]
struct File {
    ends: Vec<String>,
    credentials: Vec<String>,
    public: Vec<String>,
    variables: Vec<String>,
    form: Vec<Form>,
}

#[derive(Debug, Deserialize)]
struct Form {
    hints: Vec<String>,
    pattern: String,
}

struct Secrets {
    file: File,
    /// The ends of secret names, by their last letter.
    ends: HashMap<u8, Vec<String>>,
    /// What stands before the user in an address.
    scheme: Finder<'static>,
    forms: Vec<Regex>,
    /// `name=value`, `"name": "value"`, `--name value`.
    assignments: Vec<Regex>,
    hints: Hints,
}

/// Pieces of which one stands in every text that holds a secret.
struct Hints {
    pieces: Option<AhoCorasick>,
}

impl Hints {
    fn is_match(&self, text: &str) -> bool {
        self.pieces.as_ref().is_none_or(|pieces| pieces.is_match(text))
    }
}

/// Pieces of the names in the list: each name holds one of them, as the tests check. Names are also
/// written with marks between their words.
const STEMS: &[&str] = &[
    "passw",
    "passphrase",
    "passcode",
    "secret",
    "credential",
    "variables",
    "envvars",
    "environment",
    "privatekey",
    "private_key",
    "private-key",
    "sharedkey",
    "shared_key",
    "shared-key",
    "customerkey",
    "customer_key",
    "customer-key",
    "material",
    "plaintext",
    "userdata",
    "user_data",
    "user-data",
    "uefi",
    "encodedmessage",
    "encoded_message",
    "authorization",
    "authparam",
    "amz-s",
    "xamzs",
    "cookie",
    "assertion",
    "apikey",
    "api_key",
    "api-key",
    "accesstoken",
    "access_token",
    "access-token",
    "refresh",
    "sessiontoken",
    "session_token",
    "session-token",
    "securitytoken",
    "security_token",
    "security-token",
    "identitytoken",
    "identity_token",
    "idtoken",
    "id_token",
    "id-token",
    "authtoken",
    "auth_token",
    "auth-token",
    "authentication",
    "bearer",
    "oauth",
    "jwt",
    "subjecttoken",
    "subject_token",
    "actortoken",
    "actor_token",
    "issuedtoken",
    "registrationtoken",
    "registration_token",
    "invitationtoken",
    "jointoken",
    "devicetoken",
    "device_token",
    "usertoken",
    "user_token",
    "paymenttoken",
    "clitoken",
    "webtoken",
    "tradein",
    "importtoken",
    "tasktoken",
    "task_token",
    "rotationtoken",
    "statetoken",
    "personaltoken",
    "personal_token",
    "apitoken",
    "api_token",
    "api-token",
    "githubtoken",
    "github_token",
    "tokenvalue",
    "token_value",
    "verification",
    "confirmation",
    "activation",
    "mfacode",
    "mfa_code",
    "authcode",
    "auth_code",
    "devicecode",
    "device_code",
    "codeverifier",
    "code_verifier",
    "tokencode",
    "token_code",
    "otp",
    "twofactor",
    "stringseed",
    "qrcode",
    "streamkey",
    "stream_key",
    "accountkey",
    "account_key",
    "account-key",
    "storagekey",
    "storage_key",
    "sharedaccess",
    "mackey",
    "wrappedkey",
    "policysignature",
    // Letters of names that are written as numbers.
    "\\u00",
];

impl Secrets {
    /// A list that cannot be read is a mistake in the program; the tests read it.
    fn read() -> Secrets {
        let file: File = toml::from_str(include_str!("secrets.toml")).unwrap_or_default();
        let forms = file.form.iter().filter_map(|form| Regex::new(&form.pattern).ok()).collect();
        let hints = file.form.iter().flat_map(|form| form.hints.iter().map(String::as_str));
        // All text of all records goes through it.
        let pieces = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(hints.chain(STEMS.iter().copied()))
            .ok();
        let assignments = [ASSIGNMENT, OPTION].iter().filter_map(|p| Regex::new(p).ok()).collect();
        let mut ends: HashMap<u8, Vec<String>> = HashMap::default();
        for end in &file.ends {
            let last = end.bytes().next_back().unwrap_or_default();
            ends.entry(last).or_default().push(end.clone());
        }
        let scheme = Finder::new("://");
        Secrets { forms, assignments, hints: Hints { pieces }, ends, scheme, file }
    }

    /// Whether an address in the text names a user: most texts with addresses do not.
    fn has_userinfo(&self, text: &str) -> bool {
        self.scheme.find_iter(text.as_bytes()).any(|at| {
            let mut behind = text.bytes().skip(at + 3);
            behind.find(|byte| matches!(byte, b'/' | b'@' | b'"' | b'\\' | b' ')) == Some(b'@')
        })
    }

    fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for form in &self.forms {
            replace(&mut masked, form, |found| found.name("secret").map(|part| part.range()));
        }
        for assignment in &self.assignments {
            replace(&mut masked, assignment, |found| self.assigned(found));
        }
        masked
    }

    /// Where the value stands that is given to a secret name.
    fn assigned(&self, found: &Captures<'_>) -> Option<std::ops::Range<usize>> {
        if !self.is_secret(found.name("name")?.as_str()) {
            return None;
        }
        let quoted = ["twofold", "double", "single"].iter().find_map(|group| found.name(group));
        let value = match quoted {
            Some(value) => value,
            // `password: must be longer` is a sentence.
            None if found.name("colon").is_some() => {
                found.name("bare").filter(|value| looks_random(value.as_str()))?
            }
            None => found.name("bare")?,
        };
        (!is_open(value.as_str())).then(|| value.range())
    }

    fn is_secret(&self, name: &str) -> bool {
        self.is_secret_folded(&folded(name))
    }

    fn is_secret_folded(&self, name: &str) -> bool {
        let alike = name.bytes().next_back().and_then(|last| self.ends.get(&last));
        alike.is_some_and(|ends| ends.iter().any(|end| name.ends_with(end.as_str())))
    }
}

/// The value of an assignment, in one of four ways of quoting.
macro_rules! value {
    () => {
        concat!(
            r#"(?:\\+"(?<twofold>[^"\\]+)|"(?<double>(?:[^"\\]|\\.)+)"|'(?<single>[^']+)'"#,
            r#"|(?<bare>[^\s"'\\&,;<>(){}\[\]]+))"#,
        )
    };
}

const ASSIGNMENT: &str = concat!(
    r#"(?:^|[\s"'{,;&?(\[\\])-{0,2}(?<name>[A-Za-z][A-Za-z0-9_.\-]{1,80})"#,
    r#"(?:\\*["']?\s{0,4}(?:=|%3[Dd])\s{0,4}|\\*["']\s{0,4}:\s{0,4}|(?<colon>:\s{0,4}))"#,
    value!(),
);

const OPTION: &str = concat!(r#"--(?<name>[A-Za-z][A-Za-z0-9_\-]{1,80})\s{1,4}"#, value!());

fn looks_random(value: &str) -> bool {
    value.len() >= 8 && !value.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Replaces what `secret` points at in each match.
fn replace(
    text: &mut Cow<'_, str>,
    form: &Regex,
    secret: impl Fn(&Captures<'_>) -> Option<std::ops::Range<usize>>,
) {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = form.captures_at(text, at) {
        let Some(whole) = found.get(0) else { break };
        let next = match secret(&found) {
            Some(range) => {
                out.push_str(text.get(copied..range.start).unwrap_or_default());
                out.push_str(MASK);
                copied = range.end;
                range.end
            }
            // The value of a name that is not secret may be the name of one.
            None => found.name("name").map_or(whole.end(), |name| name.end()),
        };
        at = next.max(at + usize::from(next == at));
        while !text.is_char_boundary(at) {
            at += 1;
        }
        if at >= text.len() {
            break;
        }
    }
    if copied > 0 {
        out.push_str(text.get(copied..).unwrap_or_default());
        *text = Cow::Owned(out);
    }
}

/// A name in small letters without punctuation and without numbers at its end.
fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    match name.is_ascii() {
        true => folded.extend(
            name.chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|letter| letter.to_ascii_lowercase()),
        ),
        false => folded.extend(
            name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase),
        ),
    }
    folded.truncate(folded.trim_end_matches(|letter: char| letter.is_ascii_digit()).len());
    folded
}

/// Whether a value under a secret name tells nothing secret: an ARN, a truth value, or what was
/// masked already (CloudTrail record contents, by AWS and by others).
fn is_open(value: &str) -> bool {
    let masks = ["HIDDEN_DUE_TO_SECURITY_REASONS", "<sensitiveDataRemoved>", "true", "false"];
    value.starts_with("arn:") || value.bytes().all(|byte| byte == b'*') || masks.contains(&value)
}

/// What the members of an object are held to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// What their own names say.
    Plain,
    /// Secret.
    Secret,
    /// Secret, but for those known to be public.
    Credentials,
    /// Variables: names stay, values do not.
    Variables,
    /// Variables as far as their names are written as such.
    Environment,
}

impl Inside {
    /// What the member `name` of such an object holds; `pair` is what its object's name says where
    /// it is one of name and value.
    fn below(self, name: &str, folded: &str, pair: Option<Pair>) -> Inside {
        let has = |list: &[String]| list.iter().any(|known| known == folded);
        let listed = |list: &[String]| list.iter().any(|known| folded.ends_with(known.as_str()));
        match (self, pair) {
            (Inside::Secret, _) => Inside::Secret,
            (Inside::Credentials, _) if has(&SECRETS.file.public) => Inside::Plain,
            (Inside::Credentials, _) => Inside::Secret,
            (_, Some(Pair { value: true, secret: true })) => Inside::Secret,
            (Inside::Variables | Inside::Environment, Some(Pair { value, .. })) => match value {
                true => Inside::Secret,
                false => Inside::Plain,
            },
            (Inside::Variables, None) => Inside::Secret,
            (Inside::Environment, None) if is_variable(name) => Inside::Secret,
            _ if SECRETS.is_secret_folded(folded) => Inside::Secret,
            _ if has(&SECRETS.file.credentials) => Inside::Credentials,
            _ if listed(&SECRETS.file.variables) => Inside::Variables,
            _ if folded == "environment" => Inside::Environment,
            _ => Inside::Plain,
        }
    }
}

/// A member of an object that gives a value to a name: `{"name": "DB_PASSWORD", "value": "…"}`.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Whether the member is the value.
    value: bool,
    /// Whether the name is a secret's.
    secret: bool,
}

/// Members that name, and members that hold the value (ECS, CodeBuild, CloudFormation, Elastic
/// Beanstalk, RDS and Redshift parameter groups).
const NAMING: &[&str] =
    &["name", "key", "parameterkey", "parametername", "optionname", "fieldname"];
const VALUED: &[&str] =
    &["value", "values", "parametervalue", "resolvedvalue", "stringvalue", "fieldvalue"];

/// By the folded name of a member.
fn is_of_pair(member: &str) -> bool {
    VALUED.contains(&member) || NAMING.contains(&member) || member == "type"
}

/// What a member is, by its folded name, in an object that gives a value to `named`.
fn pair(member: &str, named: &str) -> Option<Pair> {
    let value = VALUED.contains(&member);
    is_of_pair(member).then(|| Pair { value, secret: is_name(named) && SECRETS.is_secret(named) })
}

fn is_name(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || " _-.:/".contains(letter))
}

/// Names of variables of a program's environment (POSIX, Environment Variable Definition).
fn is_variable(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() > 1 && name.bytes().all(letters)
}

/// Deeper nesting is for the parser, which has its own bound.
const DEPTH: usize = 64;

/// What is left of compact JSON, and what was copied of it. Whatever is unusual, from a blank to an
/// escape in a name, ends the walk with `None`.
struct Rest<'t> {
    text: &'t str,
    out: String,
}

impl<'t> Rest<'t> {
    fn value(&mut self, inside: Inside, depth: usize) -> Option<()> {
        if depth > DEPTH {
            // What is secret as a whole need not be looked through.
            return matches!(inside, Inside::Secret | Inside::Credentials).then(|| {
                self.out.push_str("\"***\"");
                skip(&mut self.text)
            })?;
        }
        match self.text.as_bytes().first()? {
            b'{' => self.object(inside, depth),
            b'[' => self.array(inside, depth),
            b'"' => {
                let text = string(&mut self.text)?;
                self.out.push('"');
                match (inside, is_open(text)) {
                    (Inside::Secret | Inside::Credentials, false) => self.out.push_str(MASK),
                    _ => self.out.push_str(&quoted(text)?),
                }
                self.out.push('"');
                Some(())
            }
            _ => {
                let number = scalar(&mut self.text)?;
                let hidden = matches!(inside, Inside::Secret | Inside::Credentials);
                let hidden = hidden && !matches!(number, "null" | "true" | "false");
                self.out.push_str(if hidden { "\"***\"" } else { number });
                Some(())
            }
        }
    }

    fn object(&mut self, inside: Inside, depth: usize) -> Option<()> {
        let whole = self.text;
        self.copy('{')?;
        if self.copy('}').is_some() {
            return Some(());
        }
        loop {
            let name = string(&mut self.text).filter(|name| !name.contains('\\'))?;
            self.out.push('"');
            self.out.push_str(&quoted(name)?);
            self.out.push('"');
            self.copy(':')?;
            let folded = folded(name);
            let pair = match is_of_pair(&folded) {
                true => naming(whole)?.and_then(|named| pair(&folded, named)),
                false => None,
            };
            self.value(inside.below(name, &folded, pair), depth + 1)?;
            if self.copy(',').is_none() {
                return self.copy('}');
            }
        }
    }

    fn array(&mut self, inside: Inside, depth: usize) -> Option<()> {
        self.copy('[')?;
        if self.copy(']').is_some() {
            return Some(());
        }
        loop {
            self.value(inside, depth + 1)?;
            if self.copy(',').is_none() {
                return self.copy(']');
            }
        }
    }

    fn copy(&mut self, letter: char) -> Option<()> {
        self.text = self.text.strip_prefix(letter)?;
        self.out.push(letter);
        Some(())
    }
}

/// Takes a string away, without its quotes.
fn string<'t>(text: &mut &'t str) -> Option<&'t str> {
    let inside = text.strip_prefix('"')?;
    let mut end = 0;
    loop {
        end += memchr::memchr2(b'"', b'\\', inside.as_bytes().get(end..)?)?;
        match inside.as_bytes().get(end)? {
            b'"' => break,
            _ => end += 2,
        }
    }
    *text = inside.get(end + 1..)?;
    inside.get(..end)
}

/// Takes a number, a truth value or `null` away.
fn scalar<'t>(text: &mut &'t str) -> Option<&'t str> {
    let within = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    let end = text.bytes().position(|byte| !within(byte)).unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end).filter(|(value, _)| !value.is_empty())?;
    *text = rest;
    Some(value)
}

/// What the object at the start of `text` gives a value to, if it does; `None` for a name with
/// escapes and for what is no object.
fn naming(text: &str) -> Option<Option<&str>> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        let name = string(&mut rest)?;
        rest = rest.strip_prefix(':')?;
        let value = match rest.as_bytes().first()? {
            b'"' => Some(string(&mut rest)?),
            b'{' | b'[' => {
                skip(&mut rest)?;
                None
            }
            _ => {
                scalar(&mut rest)?;
                None
            }
        };
        if NAMING.contains(&folded(name).as_str()) {
            return if value.is_some_and(|value| value.contains('\\')) {
                None
            } else {
                Some(value)
            };
        }
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some(None),
        }
    }
}

/// Takes an object or an array away.
fn skip(text: &mut &str) -> Option<()> {
    let mut depth = 0_usize;
    loop {
        match text.as_bytes().first()? {
            b'"' => {
                string(text)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let mut letters = text.chars();
        letters.next();
        *text = letters.as_str();
        if depth == 0 {
            return Some(());
        }
    }
}

/// The inside of a JSON string without secrets, as the inside of one.
fn quoted(inside: &str) -> Option<Cow<'_, str>> {
    if !mentioned(inside) {
        return Some(Cow::Borrowed(inside));
    }
    if !inside.contains('\\') {
        return Some(SECRETS.mask(inside));
    }
    let text: String = serde_json::from_str(&format!("\"{inside}\"")).ok()?;
    match masked(&text) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(inside)),
        Cow::Owned(masked) => {
            let text = serde_json::to_string(&masked).ok()?;
            Some(Cow::Owned(text.strip_prefix('"')?.strip_suffix('"')?.to_owned()))
        }
    }
}

/// The same by way of the parser.
fn parsed(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    strip(&mut value, Inside::Plain);
    serde_json::to_string(&value).ok()
}

fn strip(value: &mut Value, inside: Inside) {
    match value {
        Value::Object(members) => {
            let mut naming =
                members.iter().filter(|(name, _)| NAMING.contains(&folded(name).as_str()));
            let named = naming.next().and_then(|(_, value)| value.as_str().map(str::to_owned));
            let taken = std::mem::take(members).into_iter();
            let kept: Map<String, Value> = taken
                .map(|(name, mut value)| {
                    let folded = folded(&name);
                    let pair = named.as_deref().and_then(|named| pair(&folded, named));
                    strip(&mut value, inside.below(&name, &folded, pair));
                    (masked(&name).into_owned(), value)
                })
                .collect();
            *members = kept;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, inside)),
        Value::String(text) if !is_open(text) => {
            let hidden = matches!(inside, Inside::Secret | Inside::Credentials);
            let shown = if hidden { Cow::Borrowed(MASK) } else { masked(text) };
            *text = shown.into_owned();
        }
        Value::Number(_) if matches!(inside, Inside::Secret | Inside::Credentials) => {
            *value = Value::String(MASK.to_owned());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = select(vec![
            json!(null),
            json!(1),
            json!(true),
            json!("a \"b\" }"),
            json!(""),
            json!("\\"),
            json!("arn:aws:iam::111122223333:role/r"),
            json!("x?password=abc&y"),
            json!("{\"secretString\":\"s3\"}"),
            json!("DB_PASSWORD"),
        ]);
        let name = select(vec![
            "credentials",
            "Credentials",
            "sessionToken",
            "SecretAccessKey",
            "accessKeyId",
            "expiration",
            "environment",
            "variables",
            "environmentVariables",
            "name",
            "value",
            "PATH_X",
            "x",
            "é",
            "a\"b",
        ]);
        leaf.prop_recursive(5, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((name.clone(), inner), 0..5).prop_map(|members| {
                    Value::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// With and without the parser, compact or not, the same stays.
        #[test]
        fn both_ways_leave_the_same(value in values()) {
            let compact = value.to_string();
            prop_assert_eq!(without(&compact), parsed(&compact).map(Cow::Owned));
            let spread = serde_json::to_string_pretty(&value).unwrap();
            if mentioned(&spread) {
                prop_assert_eq!(without(&spread), parsed(&compact).map(Cow::Owned));
            }
        }

        /// What was masked stays as it is.
        #[test]
        fn masking_twice_is_masking_once(value in values()) {
            let once = without(&value.to_string()).unwrap().into_owned();
            prop_assert_eq!(without(&once).unwrap(), once.clone());
        }
    }

    #[test]
    fn a_text_that_ends_like_a_secret_name_is_no_name() {
        let pair = r#"{"name":"{\"secretString\":\"s3\"}","value":"x?password=abc&y"}"#;
        let once = without(pair).unwrap().into_owned();
        assert!(once.contains("x?password=***&y"), "{once}");
        assert_eq!(without(&once).unwrap(), once);
    }

    #[test]
    fn the_list_is_whole() {
        let file: File = toml::from_str(include_str!("secrets.toml")).unwrap();
        assert_eq!(SECRETS.forms.len(), file.form.len());
        assert_eq!(SECRETS.assignments.len(), 2);
        for name in file.ends.iter().chain(&file.credentials).chain(&file.variables) {
            assert_eq!(*name, folded(name), "as names are compared");
            assert!(mentioned(name), "{name} has no stem");
        }
        for form in &file.form {
            let pattern = Regex::new(&form.pattern).unwrap();
            assert!(pattern.capture_names().flatten().any(|name| name == "secret"), "{pattern}");
        }
    }
}
