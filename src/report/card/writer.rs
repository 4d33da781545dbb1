//! Writes a card: what happened, who asked for what, and what was denied.

use super::names;
use super::{Card, Cards, Line, Part, Row, Tone};
use crate::event::partition;
use crate::report::short::Place;
use crate::report::title::{self, Top};
use crate::report::{CallerKind, DeniedCall, Incident, Kind, RootCall, words};
use crate::wording::{Argument, Sentence, Wording};

/// A link that is surer needs no mention.
const SURE: f64 = 0.9;

/// Layers, actions, and the like that one line names.
pub(super) const NAMED: usize = 3;

/// Writes one card.
pub(super) struct Writer<'w, 'a> {
    pub(super) cards: &'w Cards<'a>,
    pub(super) incident: &'w Incident,
    place: Place<'w>,
}

impl<'w, 'a> Writer<'w, 'a> {
    pub(super) fn new(cards: &'w Cards<'a>, incident: &'w Incident) -> Self {
        Writer { cards, incident, place: Place::of(incident) }
    }

    pub(super) fn card(&self, is_first: bool) -> Card {
        let parts = [
            (Part::Happened, self.sentences()),
            (Part::Asked, self.asked().into_iter().collect()),
            (Part::Denied, self.denied()),
            (Part::Why, self.why()),
            (Part::Changed, self.changed()),
            (Part::Fix, self.fix()),
            (Part::More, vec![self.more()]),
            (Part::Words, Some(self.words()).filter(|_| is_first).into_iter().collect()),
        ];
        let rows = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
        let rows = rows.map(|(part, lines)| {
            let label = part.label().map(|label| self.say(&label));
            Row { label, lines, part }
        });
        Card {
            head: self.head(),
            rows: rows.collect(),
            names_itself: self.cards.telling.again.is_some(),
        }
    }

    /// What the kind means.
    fn words(&self) -> Line {
        let kind = Argument::from(self.incident.kind);
        let meaning = title::meaning(self.incident);
        let help = Sentence::new("card-help").arg("kind", kind).arg("meaning", meaning);
        self.line(Tone::Quiet, &help).ranked(5)
    }

    pub(super) fn say(&self, sentence: &Sentence) -> String {
        self.cards.say(sentence)
    }

    pub(super) fn wording(&self) -> &Wording {
        self.cards.telling.wording
    }

    pub(super) fn name(&self, arn: &str) -> String {
        self.cards.short.name(arn, self.place)
    }

    /// A text of the report with short names.
    pub(super) fn shortened(&self, text: &str) -> String {
        self.cards.short.text(text, self.place)
    }

    pub(super) fn line(&self, tone: Tone, sentence: &Sentence) -> Line {
        Line::new(tone, self.say(sentence))
    }

    fn head(&self) -> Vec<(Tone, String)> {
        let incident = self.incident;
        let new = incident.new_signatures.as_ref().map(|new| match new.len() {
            0 => Sentence::new("card-known"),
            count if count >= incident.signatures.len() => Sentence::new("card-new"),
            _ => Sentence::new("card-partly-new"),
        });
        let times = self.say(&Sentence::new("times").arg("count", incident.count));
        let when = self.say(&self.cards.range(&incident.first_seen, &incident.last_seen));
        let place = Cards::whereabouts(incident).join(" ");
        let parts = [
            new.map(|new| self.say(&new)),
            Some(times),
            Some(when),
            Some(place).filter(|place| !place.is_empty()),
        ];
        let rest: String = parts.into_iter().flatten().map(|part| format!(" · {part}")).collect();
        let kind = self.say(&incident.kind.into());
        let id = format!(" · {}", self.cards.short_id(&incident.id));
        vec![
            (Tone::Failed, "● ".to_owned()),
            (Tone::Strong, kind),
            (Tone::Quiet, rest),
            (Tone::Quiet, id),
        ]
    }

    /// What happened, and what goes before everything else.
    fn sentences(&self) -> Vec<Line> {
        let mut lines = vec![self.line(Tone::Strong, &self.sentence()).within(3)];
        lines.extend(self.healed().map(|healed| self.line(Tone::Succeeded, &healed)));
        if let Some(end) = words::end(self.incident) {
            let ended = Sentence::new("card-ended").arg("end", self.shortened(&end));
            lines.push(self.line(Tone::Failed, &ended).ranked(1));
        }
        let guardrail = title::guardrail(self.incident);
        lines.extend(guardrail.map(|guardrail| self.line(Tone::Strong, &guardrail)));
        if let Some(known) = title::known(self.incident) {
            let known = self.shortened(&self.say(&known));
            lines.push(Line::new(Tone::Plain, known).ranked(1));
        }
        lines
    }

    fn sentence(&self) -> Sentence {
        let incident = self.incident;
        let (root, denied) = (title::root(incident), title::denied(incident));
        let by = self.service();
        match (incident.kind, Top::of(incident)) {
            (Kind::Ghost, _) if incident.missing_steps.is_empty() => {
                Sentence::new("card-gone").arg("root", root)
            }
            (Kind::Ghost, _) => Sentence::new("card-ghost")
                .arg("root", root)
                .arg("steps", incident.missing_steps.clone()),
            (_, Top::Hiding) => Sentence::new("card-hiding")
                .arg("root", root)
                .arg("code", title::code(incident))
                .arg("who", self.denied_one())
                .arg("denied", denied)
                .arg("on", self.on()),
            (Kind::Silent | Kind::Opaque, Top::Unlogged) => {
                Sentence::new("card-unlogged").arg("by", by).arg("root", root).arg("denied", denied)
            }
            (Kind::Silent | Kind::Opaque, Top::Unknown) => {
                Sentence::new("card-rootless").arg("by", by).arg("denied", denied)
            }
            (Kind::Silent, _) => Sentence::new("card-silent").arg("by", by).arg("root", root),
            (Kind::Opaque, _) => Sentence::new("card-opaque")
                .arg("by", by)
                .arg("root", root)
                .arg("code", title::code(incident)),
            (Kind::Background, _) => Sentence::new("card-background")
                .arg("who", self.denied_one())
                .arg("denied", denied)
                .arg("on", self.on()),
            (Kind::Direct, _) => Sentence::new("card-direct")
                .arg("count", incident.actions.len().max(1))
                .arg("who", self.denied_one())
                .arg("denied", denied)
                .arg("on", self.on()),
        }
    }

    /// The sentence names the denied call, who made it, and on what.
    fn is_told_in_sentence(&self) -> bool {
        let is_mixed = title::is_mixed(self.incident);
        let top = Top::of(self.incident);
        let kind = self.incident.kind;
        !is_mixed && (top == Top::Hiding || matches!(kind, Kind::Background | Kind::Direct))
    }

    /// Who was denied, by a short name.
    fn denied_one(&self) -> Argument {
        match title::denied_principal(self.incident) {
            Some(principal) => self.name(principal).into(),
            None => title::who(None).into(),
        }
    }

    /// The service that made the denied call, or who else did.
    fn service(&self) -> Argument {
        let Some(denied) = &self.incident.denied else {
            return Sentence::new("card-many-services").into();
        };
        match denied.invoked_by.as_deref() {
            Some(service) => domainless(service).into(),
            None => self.denied_one(),
        }
    }

    fn on(&self) -> Sentence {
        let denied = self.incident.denied.as_ref().filter(|_| !title::is_mixed(self.incident));
        let Some(denied) = denied else { return Sentence::new("card-on-nothing") };
        let names = |arns: &[String]| -> Vec<String> {
            arns.iter().take(NAMED).map(|arn| self.name(arn)).collect()
        };
        match (&denied.resource, denied.resource_candidates.as_slice()) {
            (Some(resource), _) => Sentence::new("card-on").arg("resource", self.name(resource)),
            (None, []) => Sentence::new("card-on-nothing"),
            (None, [only]) => Sentence::new("card-on-perhaps").arg("resource", self.name(only)),
            (None, several) => Sentence::new("card-on-one-of").arg("resources", names(several)),
        }
    }

    fn healed(&self) -> Option<Sentence> {
        let healed = self.incident.verdict.healed.as_ref()?;
        let length = names::between(&self.incident.last_seen, &healed.time)
            .unwrap_or_else(|| names::length(0));
        Some(match healed.why.as_str() {
            "propagation" => Sentence::new("card-healed-propagation").arg("length", length),
            "change" => {
                let time = self.cards.second(&healed.time, &self.incident.last_seen);
                Sentence::new("card-healed-change").arg("time", time)
            }
            _ => Sentence::new("card-healed-retry").arg("length", length),
        })
    }

    /// What was asked for, by whom and from where, and how surely the denied call belongs to it.
    fn asked(&self) -> Option<Line> {
        let root = self.incident.root.as_ref()?;
        let is_itself = Top::of(self.incident) == Top::Itself;
        let place = words::place(
            root.source_ip.as_deref(),
            root.vpc_endpoint_id.as_deref(),
            self.wording(),
        );
        if is_itself && place.is_none() {
            return None;
        }
        let nothing = || Sentence::new("card-on-nothing");
        let by = root.principal_arn.as_deref().map(|arn| self.name(arn));
        let by = by.map_or_else(nothing, |by| Sentence::new("card-by").arg("principal", by));
        let from =
            place.map_or_else(nothing, |place| Sentence::new("card-from").arg("place", place));
        let asked = Sentence::new("card-asked")
            .arg("action", title::root(self.incident))
            .arg("by", by)
            .arg("from", from);
        let mut line = self.line(Tone::Plain, &asked);
        let about = root.resources.first().filter(|_| self.is_about_one());
        if let Some(about) = about {
            let about = self.say(&Sentence::new("card-about").arg("resource", self.name(about)));
            line.pieces.push((Tone::Plain, about));
        }
        if let Some(doubt) = doubt(root) {
            line.pieces.push((Tone::Quiet, format!(" · {}", self.say(&doubt))));
        }
        Some(line)
    }

    /// Whether what one call was about tells something of them all.
    fn is_about_one(&self) -> bool {
        self.incident.count == 1 || self.incident.kind == Kind::Ghost
    }

    /// The denied call, or each of them with its count.
    fn denied(&self) -> Vec<Line> {
        let Some(denied) = &self.incident.denied else { return Vec::new() };
        let code = denied.error_code.as_deref().map(|code| format!(" · {code}"));
        if title::is_mixed(self.incident) {
            let each = self.wording().list(&self.each_denied());
            return vec![Line::new(Tone::Plain, each).ending(code)];
        }
        if self.is_told_in_sentence() {
            return Vec::new();
        }
        let call = Sentence::new("card-call")
            .arg("action", &denied.action)
            .arg("on", self.on())
            .arg("made", self.made(denied));
        vec![self.line(Tone::Plain, &call).ending(code)]
    }

    fn each_denied(&self) -> Vec<String> {
        let actions = &self.incident.actions;
        let mut told: Vec<String> = actions
            .iter()
            .take(NAMED)
            .map(|one| {
                let times = Sentence::new("card-action-times")
                    .arg("action", &one.action)
                    .arg("count", one.count);
                self.say(&times)
            })
            .collect();
        let more = actions.len().saturating_sub(told.len());
        if more > 0 {
            told.push(self.say(&Sentence::new("and-more").arg("count", more)));
        }
        told
    }

    fn made(&self, denied: &DeniedCall) -> Sentence {
        let who = self.denied_one();
        let service = denied.invoked_by.as_deref().map(|service| domainless(service).to_owned());
        match (denied.caller_kind, service) {
            (CallerKind::ForwardAccessSession, Some(service)) => {
                Sentence::new("card-made-forward").arg("service", service).arg("who", who)
            }
            (CallerKind::ServicePrincipal, service) => {
                let service = service.map_or(who, Argument::from);
                Sentence::new("card-made-itself").arg("service", service)
            }
            (CallerKind::Agent, _) => Sentence::new("card-made-agent").arg("who", who),
            (CallerKind::Direct, _) | (_, None) => {
                Sentence::new("card-made-direct").arg("who", who)
            }
            (_, Some(service)) => {
                Sentence::new("card-made-role").arg("service", service).arg("who", who)
            }
        }
    }

    fn more(&self) -> Line {
        let rest = self.say(&Sentence::new("card-more"));
        match self.cards.explain(&self.incident.id) {
            Some(explain) => Line::new(Tone::Command, explain).ending(Some(format!(" · {rest}"))),
            None => Line::new(Tone::Quiet, rest),
        }
    }
}

/// How unsure it is that the denied call was made for this one.
fn doubt(root: &RootCall) -> Option<Sentence> {
    if root.synthesized {
        return Some(Sentence::new("call-synthesized"));
    }
    if !root.tied_with.is_empty() {
        return Some(Sentence::new("card-tied").arg("count", root.tied_with.len()));
    }
    let confidence = root.confidence.filter(|confidence| *confidence < SURE)?;
    let kind = root.belongs_by?;
    let percent = words::percent(confidence);
    Some(Sentence::new("card-sure").arg("percent", percent).arg("kind", kind))
}

fn domainless(service: &str) -> &str {
    partition::without_domain(service).unwrap_or(service)
}
