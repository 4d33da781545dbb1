//! Reads AWS's denial texts: who was denied what on which resource, and which policy layer AWS
//! itself names.
//!
//! The grammar is that of the IAM user guide, "Troubleshoot access denied error messages", and of
//! the services that write their own (EC2, KMS, S3, …):
//!
//! ```text
//! prefix? "User: " principal " is not authorized to perform: " action on? context? trailer*
//! on      := " on resource: " resource | " on this resource" | " on the … resource …"
//! context := " because no " type " allows the " action " action" | " with an explicit deny" (" in a " type policy?)?
//! trailer := ". Encoded authorization failure message: " text | ". Go to " link | " (Service: …)"
//! ```
//!
//! Much of such a text is chosen by whoever made the call (session names, object keys), so the
//! context is looked for from the end, and a quoted resource ends at the last quote.

use std::borrow::Cow;

use super::layer::{Effect, Layer};
use super::outcome::{self, Failure};
use super::record::Event;
use super::refusals::{self, Telling, Whose};
use super::{action, arn};

/// What AWS says of a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Who was denied: an ARN (for a role its session's, which has no path), a service, or as is.
    pub principal: Option<String>,
    /// The denied action with a lower-case service prefix; need not be that of the event
    /// (`iam:PassRole` within `RunInstances`).
    pub action: Option<String>,
    /// Other actions that have to be allowed for the same.
    pub also: Vec<String>,
    /// Whose permission it is.
    pub whose: Whose,
    /// The resource: an ARN or `*`.
    pub resource: Option<String>,
    /// The resource as prose where AWS writes prose: `user X`, `policy ARN version v2`, a name.
    pub resource_text: Option<String>,
    /// The layer AWS names, if it names one.
    pub stated: Option<Stated>,
    /// KMS's text that covers a missing key, a missing Allow and a Deny alike.
    pub vague: bool,
    /// Which form the text has.
    pub form: Form,
    /// An encoded authorization message is attached (`sts decode-authorization-message` reads it).
    pub encoded: bool,
    /// The id for `aws iam-toolbox get-request-authorization-details`; kept by AWS for 24 hours
    /// (IAM user guide, "Troubleshoot access denied error messages with authorization ID").
    pub authorization_id: Option<String>,
    /// `CloudTrail` cut the text at 1 KB.
    pub truncated: bool,
}

/// What AWS's text says of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The layer; [`Layer::Unknown`] where only the effect is told.
    pub layer: Layer,
    /// Explicit or implicit.
    pub effect: Effect,
    /// The policy, which AWS names for some explicit denies since January 2026.
    pub policy_arn: Option<String>,
    /// The layer behind the named one: "in a VPC endpoint policy transitively through a service
    /// control policy".
    pub via: Option<Layer>,
}

/// The form of a denial text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Names a layer or at least the effect.
    Stated,
    /// As [`Form::Stated`], with the ARN of the policy.
    StatedWithArn,
    /// Ends after the action or resource: older services, calls across accounts, before 2021.
    Old,
    /// KMS does not say whether key, Allow or Deny is at fault.
    KmsVague,
    /// Nothing but "Access Denied".
    BareAccessDenied,
    /// Nothing but an encoded authorization message.
    Encoded,
    /// No text at all.
    Absent,
    /// EC2's `iam:PassRole` denial, which names no user.
    PassRole,
    /// The key's state.
    KeyState,
    /// The service reports a denial of a call it made and does not quote it.
    Consequence,
    /// None of these.
    Other,
}

/// The denial behind a failed call; `None` where the call succeeded or failed otherwise.
pub fn denial(event: &Event) -> Option<Denial> {
    let failure = outcome::failure(event).filter(|failure| failure.is_refusal())?;
    Some(refused(event, failure))
}

/// The denial behind a call that is known to have failed in such a way.
pub fn refused(event: &Event, failure: Failure) -> Denial {
    let text = outcome::error_text(event).or_else(|| outcome::unsuccessful(event).map(Cow::Owned));
    let code = event.error_code().unwrap_or_default();
    let mut denial = text.as_deref().map_or_else(Denial::absent, parse);
    denial.whose = denial.principal.as_deref().map_or(Whose::Caller, |named| whose(named, event));
    denial.complete(failure, code);
    let text = text.as_deref().unwrap_or_default();
    let telling = refusals::telling(event.source(), Some(event.name()), code, text);
    if let Some(telling) = telling.filter(Telling::is_refused) {
        denial.take(&telling, event);
    }
    denial
}

impl Denial {
    fn absent() -> Denial {
        Denial {
            principal: None,
            action: None,
            also: Vec::new(),
            whose: Whose::Caller,
            resource: None,
            resource_text: None,
            stated: None,
            vague: false,
            form: Form::Absent,
            encoded: false,
            authorization_id: None,
            truncated: false,
        }
    }

    /// The layer AWS names, where it names one.
    pub fn layer(&self) -> Option<Layer> {
        self.stated.as_ref().map(|stated| stated.layer).filter(|layer| *layer != Layer::Unknown)
    }

    /// Takes over what a row of the table of refusals says.
    fn take(&mut self, telling: &Telling, event: &Event) {
        let mut actions = telling.actions(event).into_iter();
        let Some(first) = actions.next() else { return };
        self.action = Some(first);
        self.also = actions.collect();
        self.whose = telling.whose(event);
        // The first ARN of such a text is mostly that of what the call was about.
        self.resource = telling.resource(event);
        self.resource_text = None;
        let effect = |layer: Layer| match layer {
            Layer::KmsKeyState | Layer::KmsGrant => Effect::NotApplicable,
            Layer::BlockPublicAccess => Effect::ExplicitDeny,
            _ => Effect::Unknown,
        };
        let layer = telling.row().and_then(|row| row.layer);
        let is_behind = self.is_behind(event);
        if is_behind || layer.is_some() {
            self.stated = layer.map(|layer| Stated::of(layer, effect(layer)));
        }
        if is_behind && !self.vague {
            self.form = Form::Consequence;
        }
    }

    /// Whether what was refused is not the call itself but one of another service or by somebody
    /// else, which the call needed.
    pub fn is_behind(&self, event: &Event) -> bool {
        let service = |action: &str| action.split_once(':').map(|(service, _)| service.to_owned());
        let own = Some(action::service_prefix(event.source()).to_owned());
        let of_another = self.action.as_deref().is_some_and(|action| service(action) != own);
        of_another || self.whose != Whose::Caller
    }

    /// Adds what the kind of failure and the code tell beyond the text.
    fn complete(&mut self, failure: Failure, code: &str) {
        let silent = matches!(self.form, Form::Other | Form::BareAccessDenied | Form::Absent);
        match failure {
            Failure::KeyState(_) => {
                self.form = Form::KeyState;
                self.stated = Some(Stated::of(Layer::KmsKeyState, Effect::NotApplicable));
            }
            Failure::ConsequenceOfKms(_) | Failure::ConsequenceOfDenial if silent => {
                self.form = Form::Consequence;
            }
            // CloudTrail network activity events: the code alone names the layer.
            Failure::Denied if code.eq_ignore_ascii_case("VpceAccessDenied") => {
                self.form = Form::Stated;
                let stated = || Stated::of(Layer::VpcEndpointPolicy, Effect::Unknown);
                self.stated.get_or_insert_with(stated);
            }
            _ => {}
        }
    }
}

/// Whether the principal that a text names is the caller: a role is the same in all its sessions.
fn whose(named: &str, event: &Event) -> Whose {
    let caller = event.arn();
    if !named.starts_with("arn:") || caller.is_none() || Some(named) == caller {
        return Whose::Caller;
    }
    let named_role = arn::role_name(named);
    // Accounts are masked in one place and not in another; a session's name is not chosen twice.
    let session =
        |arn: &str| arn::role_session(arn).map(|s| (s.role.to_owned(), s.session.to_owned()));
    if session(named).is_some() && caller.and_then(session) == session(named) {
        return Whose::Caller;
    }
    let is_caller = named_role.is_some()
        && [caller, event.principal_arn()]
            .into_iter()
            .flatten()
            .any(|a| arn::role_name(a) == named_role);
    match named_role {
        _ if is_caller || Some(named) == event.principal_arn() => Whose::Caller,
        Some((account, role)) => {
            let partition = named.split(':').nth(1).unwrap_or("aws");
            Whose::Principal(format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        None if named.contains(":user/") => Whose::Principal(named.to_owned()),
        None => Whose::Caller,
    }
}

impl Stated {
    fn of(layer: Layer, effect: Effect) -> Stated {
        Stated { layer, effect, policy_arn: None, via: None }
    }
}

/// Reads one denial text.
pub fn parse(text: &str) -> Denial {
    let text = with_single_blanks(text);
    let mut denial = Denial::absent();
    denial.truncated = text.ends_with("...") || text.ends_with('…');
    let body = without_trailers(&text, &mut denial);
    match sentence(body) {
        Some(sentence) => read_sentence(&sentence, &mut denial),
        None => read_other(body, &mut denial),
    }
    denial
}

/// The text without white space but single blanks between its words; mostly it has no other.
fn with_single_blanks(text: &str) -> Cow<'_, str> {
    let other = |byte: u8| byte < b' ' || !byte.is_ascii();
    let ends = [text.bytes().next(), text.bytes().next_back()];
    if ends.contains(&Some(b' ')) || text.contains("  ") || text.bytes().any(other) {
        return Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    Cow::Borrowed(text)
}

/// As [`str::rsplit_once`]. Whether a text holds words is told much faster than where.
fn rsplit_once<'t>(text: &'t str, words: &str) -> Option<(&'t str, &'t str)> {
    text.contains(words).then(|| text.rsplit_once(words)).flatten()
}

// ---- parts -------------------------------------------------------------------------------------

/// What a part of a text is that holds AWS's sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Words of AWS's.
    Said,
    /// Who was denied.
    Principal,
    /// What was denied.
    Action,
    /// On what; as AWS writes it, `user X` and `policy ARN version v2` included.
    Resource,
    /// The policy that denies.
    Policy,
}

/// The text in parts, each told by its position alone; `None` where it does not hold AWS's sentence.
/// The parts together are the text with single blanks.
pub fn parts(text: &str) -> Option<Vec<(Part, String)>> {
    let text = with_single_blanks(text);
    let body = without_trailers(&text, &mut Denial::absent());
    let sentence = sentence(body)?;
    let action = sentence.action.trim_end_matches(['.', ',']);
    let action_at = body.len().checked_sub(sentence.rest.len() + sentence.action.len())?;
    let (on, context) = split_context(sentence.rest);
    let mut told = Denial::absent();
    read_resource(on, &mut told);
    // Of prose all of it is the resource's, of which an ARN is only a part.
    let resource = told.resource_text.or(told.resource);
    let policy = context.and_then(stated).and_then(|stated| stated.policy_arn);
    let on_at = action_at + sentence.action.len();
    let context_at = on_at + on.len();
    let before = body.get(..action_at)?;
    let who_ends = before.rfind("not authorized to perform")?;
    let mut marks = vec![(action_at, Part::Action, action)];
    if let Some(principal) = sentence.principal {
        let head = before.get(..who_ends)?.trim_end();
        let head = head.strip_suffix(" is").or_else(|| head.strip_suffix(" are")).unwrap_or(head);
        marks.push((head.rfind(principal)?, Part::Principal, principal));
    }
    if let Some(resource) = resource.as_deref() {
        marks.push((on_at + on.rfind(resource)?, Part::Resource, resource));
    }
    let behind = body.get(context_at..)?;
    if let Some(at) = behind.rfind(&format!(" the {action} action")) {
        marks.push((context_at + at + " the ".len(), Part::Action, action));
    }
    if let Some(policy) = policy.as_deref() {
        marks.push((context_at + behind.find(policy)?, Part::Policy, policy));
    }
    marks.sort_by_key(|(at, _, _)| *at);
    cut(&text, &marks)
}

fn cut(text: &str, marks: &[(usize, Part, &str)]) -> Option<Vec<(Part, String)>> {
    let (mut parts, mut done) = (Vec::new(), 0);
    for (at, part, inside) in marks {
        parts.push((Part::Said, text.get(done..*at)?.to_owned()));
        parts.push((*part, (*inside).to_owned()));
        done = at + inside.len();
    }
    parts.push((Part::Said, text.get(done..)?.to_owned()));
    Some(parts)
}

// ---- trailers ----------------------------------------------------------------------------------

const ENCODED: &str = "Encoded authorization failure message:";
const AUTHORIZATION_ID: &str = "authorization id:";
const CONSOLE_LINK: &str = " Go to https://";

/// The text without encoded message, console link and SDK details, which are noted in `denial`.
fn without_trailers<'t>(text: &'t str, denial: &mut Denial) -> &'t str {
    let mut body = text;
    if let Some((before, after)) = rsplit_once(body, CONSOLE_LINK) {
        // Only the real link leads to authorization details; an object key might say "Go to".
        if after.contains("/authorization-details/") {
            denial.authorization_id = authorization_id(after);
            body = before;
        }
    }
    if let Some((before, after)) = rsplit_once(body, ENCODED) {
        let message = after.trim();
        if !message.contains([' ', ':', '/', '"']) {
            denial.encoded = true;
            body = before;
        }
    }
    if let Some((before, _)) = rsplit_once(body, " (Service: ") {
        body = before;
    }
    body.trim_end().trim_end_matches('.')
}

fn authorization_id(link: &str) -> Option<String> {
    let from_words = link.rsplit_once(AUTHORIZATION_ID).map(|(_, id)| id);
    let from_link = link.rsplit_once("/authorization-details/").map(|(_, id)| id);
    let id = from_words.or(from_link)?.trim_start();
    let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!id.is_empty()).then_some(id)
}

// ---- the sentence ------------------------------------------------------------------------------

struct Sentence<'t> {
    principal: Option<&'t str>,
    action: &'t str,
    /// What follows the action, with its leading blank.
    rest: &'t str,
}

/// Splits "User: P is not authorized to perform: A …".
fn sentence(body: &str) -> Option<Sentence<'_>> {
    const PERFORM: &str = "not authorized to perform";
    let mut from = 0;
    // "You are not authorized to perform this operation. User: …": the prefix has no action.
    while let Some(after_from) = body.get(from..) {
        let at = from + memchr::memmem::find(after_from.as_bytes(), PERFORM.as_bytes())?;
        let head = body.get(..at)?;
        let tail = body.get(at + PERFORM.len()..)?;
        let tail_action = tail.strip_prefix(':').unwrap_or(tail).trim_start();
        let end = tail_action.find(' ').unwrap_or(tail_action.len());
        let (action, rest) = tail_action.split_at_checked(end)?;
        if is_action(action.trim_end_matches(['.', ','])) {
            return Some(Sentence { principal: principal(head), action, rest });
        }
        from = at + PERFORM.len();
    }
    None
}

fn principal(head: &str) -> Option<&str> {
    let head = head.trim_end();
    let head = head.strip_suffix(" is").or_else(|| head.strip_suffix(" are")).unwrap_or(head);
    let name = match head.rsplit_once("User: ") {
        Some((_, name)) => name,
        // "Role arn:… is not authorized": services quote a refusal of the role they were given.
        None => match head.rsplit_once("User ") {
            Some((_, name)) => name,
            None => head.rsplit(' ').next().filter(|name| name.contains("arn:"))?,
        },
    };
    let name = name.trim().trim_matches(['\'', '"', '(', ')']);
    (!name.is_empty() && !name.contains(' ')).then_some(name)
}

/// `service:Action`, wildcards included.
fn is_action(word: &str) -> bool {
    let Some((service, name)) = word.split_once(':') else { return false };
    let plain = |text: &str, more: &[char]| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    plain(service, &['-']) && plain(name, &['*', '-', '_'])
}

fn read_sentence(sentence: &Sentence<'_>, denial: &mut Denial) {
    denial.principal = sentence.principal.map(str::to_owned);
    denial.action = lower_service(sentence.action.trim_end_matches(['.', ',']));
    let (on, context) = split_context(sentence.rest);
    read_resource(on, denial);
    if context.is_some_and(is_vague) {
        denial.vague = true;
        denial.form = Form::KmsVague;
        return;
    }
    denial.stated = context.and_then(stated);
    denial.form = match &denial.stated {
        Some(stated) if stated.policy_arn.is_some() => Form::StatedWithArn,
        Some(_) => Form::Stated,
        None if context.is_some() => Form::Other,
        None if is_pass_role(denial) => Form::PassRole,
        None => Form::Old,
    };
}

fn is_pass_role(denial: &Denial) -> bool {
    denial.principal.is_none() && denial.action.as_deref() == Some("iam:PassRole")
}

fn lower_service(action: &str) -> Option<String> {
    let (service, name) = action.split_once(':')?;
    Some(format!("{}:{name}", service.to_ascii_lowercase()))
}

/// Where the context begins, as seen from the end.
const CONTEXT: [&str; 2] = [" because ", " with an explicit deny"];

/// Splits what follows the action into resource and context.
fn split_context(rest: &str) -> (&str, Option<&str>) {
    // A quoted resource may contain anything, also words that look like a context.
    let quoted_until = match rest.trim_start().strip_prefix("on ") {
        Some(_) => rest.rfind('"').map_or(0, |at| at + 1),
        None => 0,
    };
    let Some(tail) = rest.get(quoted_until..) else { return (rest, None) };
    let at = CONTEXT.iter().filter_map(|mark| tail.rfind(mark)).max();
    match at.and_then(|at| rest.split_at_checked(quoted_until + at)) {
        Some((on, context)) => (on, Some(context.trim_start())),
        None => (rest, None),
    }
}

fn read_resource(on: &str, denial: &mut Denial) {
    let on = on.trim();
    let Some(resource) = on.strip_prefix("on ") else { return };
    let named = resource.strip_prefix("resource:").or_else(|| resource.strip_prefix("resource "));
    let resource = match named {
        Some(named) => named.trim(),
        // "on "arn:…"", as S3 writes; but "on this resource" names nothing.
        None if resource.starts_with('"') => resource,
        None => return,
    };
    let resource = resource.trim_matches('"').trim_end_matches(',');
    if resource == "*" || resource.starts_with("arn:") {
        denial.resource = Some(resource.to_owned());
        return;
    }
    if resource.is_empty() {
        return;
    }
    // "policy arn:aws:iam::1:policy/N version v2"
    denial.resource = arn_in(resource).map(str::to_owned);
    denial.resource_text = Some(resource.to_owned());
}

/// The first ARN in a text, up to a blank, without closing punctuation.
pub(super) fn arn_in(text: &str) -> Option<&str> {
    let at = text.find("arn:")?;
    let arn = text.get(at..)?.split([' ', '"', '\'', ';']).next()?;
    let arn = arn.trim_end_matches(['.', ',', ')', ']']);
    (arn.matches(':').count() >= 5).then_some(arn)
}

// ---- the context -------------------------------------------------------------------------------

/// Words by which AWS names a policy type, in lower case and short enough to survive CloudTrail's
/// cut; the first that occurs counts.
const TYPES: [(&str, Layer); 12] = [
    ("endpoint", Layer::VpcEndpointPolicy),
    ("trust polic", Layer::RoleTrustPolicy),
    ("permissions bound", Layer::PermissionsBoundary),
    ("permission bound", Layer::PermissionsBoundary),
    ("session", Layer::SessionPolicy),
    ("service control", Layer::Scp),
    ("resource control", Layer::Rcp),
    ("resource-based", Layer::ResourcePolicy),
    ("resource based", Layer::ResourcePolicy),
    ("resource polic", Layer::ResourcePolicy),
    ("identity-based", Layer::IdentityPolicy),
    ("identity", Layer::IdentityPolicy),
];

fn layer_of(words: &str) -> Layer {
    TYPES.iter().find(|(name, _)| words.contains(name)).map_or(Layer::Unknown, |(_, layer)| *layer)
}

fn stated(context: &str) -> Option<Stated> {
    let lower = context.to_ascii_lowercase();
    if lower.contains("block public access") {
        // S3 user guide, "Troubleshoot access denied (403 Forbidden) errors".
        return Some(Stated::of(Layer::BlockPublicAccess, Effect::ExplicitDeny));
    }
    if let Some(rest) = lower.strip_prefix("because no ") {
        let words = rest.split(" allow").next().unwrap_or(rest);
        return Some(Stated::of(layer_of(words), Effect::ImplicitDeny));
    }
    if let Some(rest) = lower.strip_prefix("with an explicit deny") {
        let policy_arn = arn_in(context).map(str::to_owned);
        let words = rest.split("arn:").next().unwrap_or(rest);
        let (words, via) = match words.split_once(" transitively through ") {
            Some((named, behind)) => (named, Some(layer_of(behind))),
            None => (words, None),
        };
        let layer = layer_of(words);
        return Some(Stated { layer, effect: Effect::ExplicitDeny, policy_arn, via });
    }
    None
}

/// The two KMS texts that do not tell key, Allow and Deny apart: "the resource does not exist in
/// this Region, no resource-based policies allow access, or a resource-based policy explicitly
/// denies access", and the older one of a ciphertext that "refers to a customer master key …".
fn is_vague(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.starts_with("because the resource does not exist in this region")
        || words.starts_with("the ciphertext refers to a")
            && words.contains("you are not allowed to access")
}

// ---- texts without the sentence ----------------------------------------------------------------

/// Whole texts that say no more than "denied".
const BARE: [&str; 10] = [
    "access denied",
    "accessdenied",
    "access is denied",
    "forbidden",
    "unauthorized",
    "an unknown error occurred",
    "s3 error: access denied",
    "you are not authorized to perform this operation",
    "you are not authorized to make this call",
    "user is not authorized to perform this operation",
];

fn read_other(body: &str, denial: &mut Denial) {
    let lower = body.to_ascii_lowercase();
    // Who asked is not what was asked for.
    let about = body.split_once("User: ").map_or(body, |(before, after)| {
        let rest = after.split_once(' ').map_or("", |(_, rest)| rest);
        if before.contains("arn:") { before } else { rest }
    });
    denial.resource = arn_in(about).map(str::to_owned);
    if is_vague(body) {
        denial.vague = true;
        denial.form = Form::KmsVague;
    } else if lower.contains("due to a vpc endpoint policy") {
        // CloudTrail user guide, network activity events; explicit or implicit is not told.
        denial.stated = Some(Stated::of(Layer::VpcEndpointPolicy, Effect::Unknown));
        denial.form = Form::Stated;
    } else if lower.contains("pass role is not allowed") {
        denial.action = Some("iam:PassRole".to_owned());
        denial.form = Form::PassRole;
    } else if CANNOT_ASSUME.iter().any(|words| lower.contains(words)) {
        denial.action = Some("sts:AssumeRole".to_owned());
        denial.stated = Some(Stated::of(Layer::RoleTrustPolicy, Effect::Unknown));
        denial.form = Form::Consequence;
    } else if denial.encoded {
        denial.form = Form::Encoded;
    } else if BARE.iter().any(|bare| lower.trim_end_matches('.') == *bare) {
        denial.form = Form::BareAccessDenied;
    } else {
        denial.form = Form::Other;
    }
}

/// Texts of services that could not assume the role they were given.
const CANNOT_ASSUME: [&str; 3] =
    ["cannot be assumed by", "can't be assumed by", "check the trust relationships"];
