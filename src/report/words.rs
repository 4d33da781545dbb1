//! The report's own words as sentences, and the phrases that several renderers say.

use std::collections::BTreeMap;

use super::{
    CallerKind, Certainty, Change, Coverage, Effect, Factor, Incident, Kind, Layer, Link, LinkKind,
    PoliciesGiven, Report, SkippedFile, Step, Verified, sanitize,
};
use crate::contrast::{self, PRESENT};
use crate::wording::{Argument, Sentence, Wording, layer_on};

impl From<Kind> for Sentence {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Silent => Sentence::new("kind-silent"),
            Kind::Opaque => Sentence::new("kind-opaque"),
            Kind::Background => Sentence::new("kind-background"),
            Kind::Ghost => Sentence::new("kind-ghost"),
            Kind::Direct => Sentence::new("kind-direct"),
        }
    }
}

impl From<Certainty> for Sentence {
    fn from(certainty: Certainty) -> Self {
        match certainty {
            Certainty::Proven => Sentence::new("certainty-proven"),
            Certainty::Stated => Sentence::new("certainty-stated"),
            Certainty::Inferred => Sentence::new("certainty-inferred"),
            Certainty::Unknown => Sentence::new("certainty-unknown"),
        }
    }
}

impl From<LinkKind> for Sentence {
    fn from(kind: LinkKind) -> Self {
        match kind {
            LinkKind::ResourceId => Sentence::new("link-resource-id"),
            LinkKind::IssuedCredentials => Sentence::new("link-issued-credentials"),
            LinkKind::RequestId => Sentence::new("link-request-id"),
            LinkKind::Session => Sentence::new("link-session"),
            LinkKind::Key => Sentence::new("link-key"),
            LinkKind::Time => Sentence::new("link-time"),
            LinkKind::SharedEvent => Sentence::new("link-shared-event"),
        }
    }
}

impl From<Kind> for Argument {
    fn from(kind: Kind) -> Self {
        Argument::Sentence(kind.into())
    }
}

impl From<Certainty> for Argument {
    fn from(certainty: Certainty) -> Self {
        Argument::Sentence(certainty.into())
    }
}

impl From<LinkKind> for Argument {
    fn from(kind: LinkKind) -> Self {
        Argument::Sentence(kind.into())
    }
}

impl Kind {
    /// Every kind, worst first: what nobody was told about comes before what someone saw fail.
    pub const ALL: [Kind; 5] =
        [Kind::Silent, Kind::Ghost, Kind::Opaque, Kind::Background, Kind::Direct];

    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Silent => "silent",
            Kind::Opaque => "opaque",
            Kind::Background => "background",
            Kind::Ghost => "ghost",
            Kind::Direct => "direct",
        }
    }

    /// The kind that the contract's word names.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What the kind means, in one sentence.
    pub(super) fn meaning(self) -> Sentence {
        match self {
            Kind::Silent => Sentence::new("kind-silent-means"),
            Kind::Opaque => Sentence::new("kind-opaque-means"),
            Kind::Background => Sentence::new("kind-background-means"),
            Kind::Ghost => Sentence::new("kind-ghost-means"),
            Kind::Direct => Sentence::new("kind-direct-means"),
        }
    }
}

impl Certainty {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Proven => "proven",
            Certainty::Stated => "stated",
            Certainty::Inferred => "inferred",
            Certainty::Unknown => "unknown",
        }
    }

    /// What the verdict rests on, in one sentence, with so many comparable successes.
    pub(super) fn meaning(self, successes: u64) -> Sentence {
        match self {
            Certainty::Proven if successes == 0 => Sentence::new("certainty-proven-alone-means"),
            Certainty::Proven => Sentence::new("certainty-proven-means"),
            Certainty::Stated => Sentence::new("certainty-stated-means"),
            Certainty::Inferred => Sentence::new("certainty-inferred-means"),
            Certainty::Unknown => Sentence::new("certainty-unknown-means"),
        }
    }
}

/// The contract's word for an effect.
pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::ExplicitDeny => "explicit_deny",
        Effect::ImplicitDeny => "implicit_deny",
        Effect::NotApplicable => "not_applicable",
        Effect::Unknown => "unknown",
    }
}

/// A probability as whole per cent, rounded down: 99.6 % is not certain.
pub(super) fn percent(probability: f64) -> f64 {
    (probability * 100.0 + 1e-9).floor()
}

/// A p-value as statisticians write it.
pub(super) fn p_value(value: f64) -> String {
    if value <= 0.0 {
        "0".to_owned()
    } else if value < 0.001 {
        format!("{value:.0e}")
    } else {
        format!("{value:.3}")
    }
}

/// The name of an attribute by which calls are compared; `None` for one that has no name here.
fn attribute_name(attribute: &str) -> Option<Sentence> {
    Some(match attribute {
        "principal" => Sentence::new("attribute-principal"),
        "resource" => Sentence::new("attribute-resource"),
        "resource_account" => Sentence::new("attribute-resource-account"),
        "caller_account" => Sentence::new("attribute-caller-account"),
        "caller_kind" => Sentence::new("attribute-caller-kind"),
        "invoked_by" => Sentence::new("attribute-invoked-by"),
        "root_action" => Sentence::new("attribute-root-action"),
        "vpc_endpoint" => Sentence::new("attribute-vpc-endpoint"),
        "root_vpc_endpoint" => Sentence::new("attribute-root-vpc-endpoint"),
        "region" => Sentence::new("attribute-region"),
        "mfa" => Sentence::new("attribute-mfa"),
        "source_address" => Sentence::new("attribute-source-address"),
        "network" => Sentence::new("attribute-network"),
        "session_name" => Sentence::new("attribute-session-name"),
        "source_identity" => Sentence::new("attribute-source-identity"),
        "credentials" => Sentence::new("attribute-credentials"),
        "encryption_context_keys" => Sentence::new("attribute-encryption-context-keys"),
        "user_agent" => Sentence::new("attribute-user-agent"),
        "tls" => Sentence::new("attribute-tls"),
        "time" => Sentence::new("attribute-time"),
        "session_age" => Sentence::new("attribute-session-age"),
        "steps" => Sentence::new("attribute-steps"),
        _ => {
            let action = attribute.strip_prefix("step ")?;
            Sentence::new("attribute-step").arg("action", action)
        }
    })
}

/// The attribute as a person says it.
pub(super) fn attribute(attribute: &str, wording: &Wording) -> String {
    attribute_name(attribute).map_or_else(|| attribute.to_owned(), |name| wording.say(&name))
}

/// The value of an attribute as a person says it; what came from the log stays as it is.
pub(super) fn attribute_value(attribute: &str, value: &str, wording: &Wording) -> String {
    let caller = CallerKind::ALL.into_iter().find(|kind| kind.as_str() == value);
    let said = match (attribute, value) {
        ("caller_kind", _) => caller.map(Sentence::from),
        ("network", "private") => Some(Sentence::new("value-private")),
        ("network", "public") => Some(Sentence::new("value-public")),
        ("credentials", "console") => Some(Sentence::new("value-console")),
        ("credentials", "long-term key") => Some(Sentence::new("value-long-term-key")),
        ("credentials", "temporary credentials") => Some(Sentence::new("value-temporary")),
        ("mfa", "true") => Some(Sentence::new("value-yes")),
        ("mfa", "false") => Some(Sentence::new("value-no")),
        _ => None,
    };
    said.map_or_else(|| value.to_owned(), |sentence| wording.say(&sentence))
}

/// `attribute = value`, `attribute ≠ value`, or `no attribute`, as a person says it.
pub(super) fn split(text: &str, wording: &Wording) -> String {
    for sign in ["=", "≠"] {
        let Some((attribute, value)) = text.split_once(&format!(" {sign} ")) else { continue };
        let name = self::attribute(attribute, wording);
        if value == PRESENT {
            return wording.say(&Sentence::new("attribute-present").arg("attribute", name));
        }
        // A bound has its sign already.
        let sign = if value.starts_with(['≥', '≤']) { "" } else { sign };
        let value = attribute_value(attribute, value, wording);
        return if sign.is_empty() {
            format!("{name} {value}")
        } else {
            format!("{name} {sign} {value}")
        };
    }
    match text.strip_prefix("no ").map(|attribute| self::attribute(attribute, wording)) {
        Some(name) => wording.say(&Sentence::new("attribute-absent").arg("attribute", name)),
        None => text.to_owned(),
    }
}

/// What a factor says: its attribute and value, what has to come together with it, and what else splits the
/// calls in the same way.
pub(super) fn factor(factor: &Factor, longest: usize, wording: &Wording) -> String {
    let first = match factor.value.as_str() {
        "absent" => format!("no {}", factor.attribute),
        value => {
            let sign = if factor.is_not { "≠" } else { "=" };
            format!("{} {sign} {value}", factor.attribute)
        }
    };
    let said = |text: &String| sanitize::clip(&split(text, wording), longest);
    let first = together(said(&first), factor.together_with.iter().map(said).collect(), wording);
    let all: Vec<String> =
        std::iter::once(first).chain(factor.same_split.iter().map(said)).collect();
    all.join("; ")
}

/// What holds only together.
pub(super) fn together(first: String, others: Vec<String>, wording: &Wording) -> String {
    if others.is_empty() {
        return first;
    }
    let all = others.into_iter().chain([first]).collect::<Vec<_>>();
    wording.say(&Sentence::new("factor-together").arg("all", all))
}

/// What chance makes this often is left out.
const CHANCE: f64 = 0.05;

/// The best factors: those that separate, or that are no accident.
pub(super) fn telling(factors: &[Factor], most: usize) -> Vec<&Factor> {
    let tells = |factor: &&Factor| {
        let separates = factor.failed_with == factor.failed && factor.succeeded_with == 0;
        separates || factor.p_value < CHANCE
    };
    factors.iter().filter(tells).take(most).collect()
}

/// The layer by the name it has on what the incident is about.
pub(super) fn layer(incident: &Incident, layer: Layer) -> Sentence {
    let Some(denied) = &incident.denied else { return layer.into() };
    let by_resource = denied.resource.as_deref().and_then(|arn| arn.split(':').nth(2));
    // KMS often hides the key; the action tells the service as well.
    let service = by_resource.or_else(|| denied.action.split(':').next());
    layer_on(layer, service)
}

/// Several layers, each by that name.
pub(super) fn layers(incident: &Incident, layers: &[Layer]) -> Vec<Sentence> {
    layers.iter().map(|each| layer(incident, *each)).collect()
}

/// What else it could be, each with how likely it is.
pub(super) fn alternatives(
    incident: &Incident,
    others: &[&super::view::Alternative],
) -> Vec<Sentence> {
    let named = |other: &&super::view::Alternative| {
        Sentence::new("alternative-named")
            .arg("why", why(incident, other.layer, other.effect))
            .arg("percent", percent(other.confidence))
    };
    others.iter().map(named).collect()
}

/// The layer and how it denied, where that is known and means anything.
pub(super) fn why(incident: &Incident, layer: Layer, effect: Effect) -> Sentence {
    let layer = self::layer(incident, layer);
    match effect {
        Effect::ExplicitDeny | Effect::ImplicitDeny => {
            Sentence::new("layer-with-effect").arg("layer", layer).arg("effect", effect)
        }
        Effect::NotApplicable | Effect::Unknown => layer,
    }
}

/// That other incidents have the same cause; `None` where none has.
pub(super) fn related(incident: &Incident) -> Option<Sentence> {
    (!incident.related.is_empty())
        .then(|| Sentence::new("incident-related").arg("incidents", incident.related.clone()))
}

/// The verdict in one line: layer, effect, certainty, confidence.
pub(super) fn verdict(incident: &Incident) -> Sentence {
    let verdict = &incident.verdict;
    Sentence::new("verdict-named")
        .arg("why", why(incident, verdict.layer, verdict.effect))
        .arg("certainty", verdict.certainty)
        .arg("percent", percent(verdict.confidence))
}

/// What was compared with what.
pub(super) fn compared(incident: &Incident) -> Sentence {
    let comparison = &incident.comparison;
    let (failures, successes) = (comparison.failures, comparison.successes);
    let is_few = contrast::are_few(failures as usize, successes as usize);
    match successes {
        0 => Sentence::new("comparison-none").arg("failures", failures),
        _ if is_few => {
            Sentence::new("comparison-few").arg("failures", failures).arg("successes", successes)
        }
        // Where a change is to blame, something differs.
        _ if comparison.factors.is_empty() && incident.change.is_none() => {
            Sentence::new("comparison-nothing")
                .arg("failures", failures)
                .arg("successes", successes)
        }
        _ => Sentence::new("comparison-of").arg("failures", failures).arg("successes", successes),
    }
}

/// What was compared with what: which calls are left out, and what the log cannot show of them.
pub(super) fn bounds(incident: &Incident, wording: &Wording) -> Vec<Sentence> {
    let comparison = &incident.comparison;
    let mut found = Vec::new();
    let denied = incident.denied.as_ref().map(|denied| denied.event_id.as_str());
    found.extend(denied.and_then(|denied| weakest(&incident.chain, denied)));
    if comparison.successes_left_out > 0 {
        let count = comparison.successes_left_out;
        found.push(Sentence::new("comparison-left-out").arg("count", count));
    }
    if comparison.successes_without_need > 0 {
        let count = comparison.successes_without_need;
        found.push(Sentence::new("comparison-without-need").arg("count", count));
    }
    if !comparison.not_compared.is_empty() && comparison.successes > 0 {
        let named: Vec<String> = comparison
            .not_compared
            .iter()
            .take(NOT_COMPARED)
            .map(|attribute| self::attribute(attribute, wording))
            .collect();
        let more = comparison.not_compared.len().saturating_sub(named.len());
        found.push(Sentence::new("comparison-not-compared").arg("fields", named).arg("more", more));
    }
    found
}

/// The weakest link between the denied call and the call at the top of its chain, where it is weak.
pub(super) fn weakest(chain: &[Step], denied: &str) -> Option<Sentence> {
    let find = |id: &str| chain.iter().find(|step| step.event_id.as_deref() == Some(id));
    let mut at = find(denied);
    let mut weakest: Option<(&Step, &Link)> = None;
    for _ in 0..chain.len() {
        let Some((step, link)) = at.and_then(|step| Some((step, step.link.as_ref()?))) else {
            break;
        };
        if weakest.is_none_or(|(_, least)| link.confidence < least.confidence) {
            weakest = Some((step, link));
        }
        at = step.parent_event_id.as_deref().and_then(find);
    }
    let (step, link) = weakest.filter(|(_, link)| link.confidence < WEAK)?;
    Some(
        Sentence::new("comparison-weakest-link")
            .arg("action", &step.action)
            .arg("kind", Sentence::from(link.kind))
            .arg("percent", percent(link.confidence)),
    )
}

/// A link that is surer needs no mention.
const WEAK: f64 = 0.9;

/// Of what could not be compared so much is named.
const NOT_COMPARED: usize = 6;

/// Who made a call: the service that did it for someone, else the principal.
pub(super) fn made_by(step: &Step) -> Option<&str> {
    step.invoked_by.as_deref().or(step.principal_arn.as_deref())
}

/// How the work ended that was asked for, where a service told later that it failed: state, time and
/// reason.
pub(super) fn end(incident: &Incident) -> Option<String> {
    let step = incident.chain.iter().skip(1).rfind(|step| step.error_message.is_some())?;
    let state = step.error_code.as_deref().unwrap_or(&step.action);
    Some(format!("{state}, {}: {}", step.event_time, step.error_message.as_deref()?))
}

/// The steps that hang from the one at `index`; those whose parent is not in the chain hang from
/// the root.
pub(super) fn children(steps: &[Step], index: usize) -> Vec<usize> {
    let id = steps.get(index).and_then(|step| step.event_id.as_deref());
    let known = |parent: &str| steps.iter().any(|step| step.event_id.as_deref() == Some(parent));
    let hangs = |step: &Step| match step.parent_event_id.as_deref() {
        Some(parent) if known(parent) => Some(parent) == id,
        _ => index == 0,
    };
    let below = steps.iter().enumerate().skip(index + 1);
    below.filter(|(_, step)| hangs(step)).map(|(child, _)| child).collect()
}

/// Where a call came from: its address, and the endpoint that it passed.
pub(super) fn place(
    address: Option<&str>,
    endpoint: Option<&str>,
    wording: &Wording,
) -> Option<String> {
    // For calls of services CloudTrail writes `AWS Internal`.
    match (address, endpoint.filter(|endpoint| endpoint.starts_with("vpce-"))) {
        (None, None) => None,
        (Some(address), None) => Some(address.to_owned()),
        (address, Some(endpoint)) => {
            let through = wording.say(&Sentence::new("through-endpoint").arg("endpoint", endpoint));
            Some(address.map(|address| format!("{address} · {through}")).unwrap_or(through))
        }
    }
}

/// What was read, in two sentences; `read = kept + duplicates + malformed + out of range`.
pub(super) fn coverage(report: &Report, wording: &Wording) -> String {
    let (events, files) = (&report.coverage.events, &report.coverage.files);
    let counts = Sentence::new("coverage-read")
        .arg("read", events.read)
        .arg("files", files.read)
        .arg("found", files.found)
        .arg("kept", events.kept)
        .arg("duplicates", events.duplicates)
        .arg("malformed", events.malformed)
        .arg("outside", events.out_of_range);
    let span = match &report.coverage.span {
        Some(span) => {
            Some(Sentence::new("coverage-span").arg("first", &span.first).arg("last", &span.last))
        }
        None => (events.kept > 0).then(|| Sentence::new("coverage-no-span")),
    };
    let told = (events.notifications > 0)
        .then(|| Sentence::new("coverage-notifications").arg("count", events.notifications));
    let said = [Some(counts), told, span].into_iter().flatten();
    wording.paragraph(&said.map(|sentence| wording.say(&sentence)).collect::<Vec<_>>())
}

/// Things listed for one account and layer, before the rest is a count.
const MOST_GIVEN: usize = 3;

/// The policies given: for each account and layer its name, and what is there and what is not.
pub(super) fn policies(coverage: &Coverage, wording: &Wording) -> Vec<(String, String)> {
    let given = coverage.policies.iter().flatten();
    given.map(|given| (whose(given, wording), holdings(given, wording))).collect()
}

fn whose(given: &PoliciesGiven, wording: &Wording) -> String {
    let layer = Layer::ALL.iter().copied().find(|layer| layer.as_str() == given.kind);
    let kind = wording.say(&match (layer, given.kind.as_str()) {
        (Some(layer), _) => layer.into(),
        (None, "evidence") => Sentence::new("coverage-policies-evidence"),
        (None, _) => Sentence::new("coverage-policies-other"),
    });
    match &given.account {
        Some(account) => wording
            .say(&Sentence::new("coverage-policies-of").arg("kind", kind).arg("account", account)),
        None => kind,
    }
}

fn holdings(given: &PoliciesGiven, wording: &Wording) -> String {
    let count = Sentence::new("coverage-policies-count").arg("count", given.documents);
    let mut said = vec![wording.say(&count)];
    if let Some(time) = &given.as_of {
        said.push(wording.say(&Sentence::new("coverage-policies-as-of").arg("time", time)));
    }
    let unreadable: Vec<String> =
        given.unreadable.iter().map(|file| format!("{}: {}", file.path, file.why)).collect();
    if let Some(listed) = first_of(&given.missing, wording) {
        let missing = Sentence::new("coverage-policies-missing").arg("listed", listed);
        said.push(wording.say(&missing));
    }
    if let Some(listed) = first_of(&unreadable, wording) {
        let unreadable = Sentence::new("coverage-policies-unreadable").arg("listed", listed);
        said.push(wording.say(&unreadable));
    }
    said.join(" · ")
}

/// The first few, and how many more there are; `None` where there are none.
fn first_of(all: &[String], wording: &Wording) -> Option<String> {
    let mut shown: Vec<String> = all.iter().take(MOST_GIVEN).cloned().collect();
    if let Some(more @ 1..) = all.len().checked_sub(MOST_GIVEN) {
        shown.push(wording.say(&Sentence::new("and-more").arg("count", more)));
    }
    (!shown.is_empty()).then(|| wording.list(&shown))
}

/// Whether policies were given that concern an incident: of its accounts, or of an organization.
pub(super) fn rests_on_policies(report: &Report) -> bool {
    let concerns = |given: &PoliciesGiven| {
        let Some(account) = given.account.as_deref() else { return true };
        let names = |text: &Option<String>| text.as_deref().is_some_and(|t| t.contains(account));
        ["scp", "rcp"].contains(&given.kind.as_str())
            || report.coverage.accounts.iter().any(|known| known == account)
            || report
                .incidents
                .iter()
                .filter_map(|incident| incident.denied.as_ref())
                .any(|denied| names(&denied.principal_arn) || names(&denied.resource))
    };
    let given = report.coverage.policies.iter().flatten();
    given.filter(|given| given.documents > 0).any(concerns)
}

/// The headline of a report without incidents in one of the formats: that nothing was found is said
/// only where something was read.
pub(super) fn nothing_found(report: &Report, format: &str) -> Sentence {
    match (format, report.coverage.events.kept) {
        ("html", 0) => Sentence::new("html-nothing-kept"),
        ("html", _) => Sentence::new("html-title").arg("incidents", 0_usize).arg("calls", 0_usize),
        ("markdown", 0) => Sentence::new("markdown-nothing-kept"),
        ("markdown", _) => Sentence::new("markdown-no-incident"),
        (_, 0) => Sentence::new("terminal-nothing-kept"),
        _ => Sentence::new("terminal-no-incident"),
    }
}

/// Who made a change, by which call and when.
pub(super) fn changed_by(change: &Change) -> Sentence {
    match &change.principal_arn {
        Some(principal) => Sentence::new("change-by")
            .arg("action", &change.action)
            .arg("principal", principal)
            .arg("time", &change.event_time),
        None => Sentence::new("change-by-unknown")
            .arg("action", &change.action)
            .arg("time", &change.event_time),
    }
}

/// Skipped files by reason, rarest reason first: a damaged file must not drown among digests.
pub(super) fn skipped_by_reason(coverage: &Coverage) -> Vec<(&str, Vec<&SkippedFile>)> {
    let mut reasons: BTreeMap<&str, Vec<&SkippedFile>> = BTreeMap::new();
    for file in &coverage.files.skipped {
        reasons.entry(&file.reason).or_default().push(file);
    }
    let mut reasons: Vec<(&str, Vec<&SkippedFile>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, files)| (files.len(), *reason));
    reasons
}

/// What re-evaluating with the fix showed, sentence by sentence.
pub(super) fn verified(incident: &Incident, verified: &Verified) -> Vec<Sentence> {
    let total = verified.successes_kept + verified.successes_broken;
    let mut said = vec![match verified.denied_request.as_str() {
        "allowed" => Sentence::new("verified-allowed"),
        "denied" => Sentence::new("verified-denied"),
        _ => Sentence::new("verified-unknown"),
    }];
    if total > 0 {
        said.push(
            Sentence::new("verified-kept").arg("kept", verified.successes_kept).arg("total", total),
        );
    }
    if verified.successes_broken > 0 {
        said.push(Sentence::new("verified-broken").arg("count", verified.successes_broken));
    }
    if verified.still_denied > 0 {
        said.push(Sentence::new("verified-still-denied").arg("count", verified.still_denied));
    }
    if !verified.unchecked_layers.is_empty() {
        let layers = layers(incident, &verified.unchecked_layers);
        said.push(Sentence::new("verified-unchecked").arg("layers", layers));
    }
    said
}
