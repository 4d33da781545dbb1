//! `explain` for a terminal: what was asked about, its chains, the incident behind them with every
//! layer weighed, and what was in force.

use super::chain::Tree;
use super::{INDENT, action, block, comparison, happened, verdict};
use crate::report::explanation::{ChainTold, Ending, EventTold, Explanation, FoundAs, Weighed};
use crate::report::layout::{Ink, Margin, Page, Span, Style, spans};
use crate::report::{Incident, Outcome, in_force, words};
use crate::wording::{Sentence, Wording};

/// Chains in which all worked are shown as trees up to this many; then a line each.
const TREES: usize = 4;

/// Lines for such chains.
const LINES: usize = 40;

/// The answer as text, ending in a line end.
pub fn render(explanation: &Explanation, wording: &Wording, style: Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, explanation, wording);
    if explanation.incidents.is_empty()
        && let Some(event) = &explanation.event
    {
        block(&mut page, wording, Sentence::new("told-event-title"));
        page.fields(INDENT, &fields(event, wording));
    }
    block(&mut page, wording, Sentence::new("told-chains-title"));
    chains(&mut page, explanation, wording);
    for (incident, weighed) in explanation.incidents.iter().zip(&explanation.weighed) {
        self::incident(&mut page, incident, weighed, wording);
    }
    in_force(&mut page, explanation, wording);
    page.into_text()
}

fn head(page: &mut Page, explanation: &Explanation, wording: &Wording) {
    let id = explanation.asked.as_str();
    let chains = explanation.chains.len();
    let events: usize = explanation.chains.iter().map(|told| told.named_by.len()).sum();
    let calls: usize = explanation.chains.iter().map(|told| told.chain.len()).sum();
    let times = || explanation.chains.iter().flat_map(|told| &told.chain).map(|s| &s.event_time);
    let (first, last) = (times().min(), times().max());
    let what = match explanation.found_as {
        FoundAs::Event => Sentence::new("told-event").arg("id", id).arg("calls", calls),
        FoundAs::Incident => Sentence::new("told-incident").arg("id", id),
        FoundAs::Request => {
            Sentence::new("told-request").arg("id", id).arg("events", events).arg("chains", chains)
        }
        FoundAs::Resource => Sentence::new("told-resource")
            .arg("id", id)
            .arg("events", events)
            .arg("chains", chains)
            .arg("first", first.map_or("?", String::as_str))
            .arg("last", last.map_or("?", String::as_str)),
    };
    page.put(Margin::of(""), &spans![Strong wording.say(&what)]);
    let incidents: Vec<String> = explanation.incidents.iter().map(|i| i.id.clone()).collect();
    let part = match incidents.is_empty() {
        true => Sentence::new("told-in-no-incident"),
        false => Sentence::new("told-in-incidents").arg("incidents", incidents),
    };
    page.put(Margin::of(""), &spans![Plain wording.say(&part)]);
    if let (FoundAs::Resource, Some(told)) = (explanation.found_as, explanation.chains.last())
        && let Some(root) = told.chain.first()
    {
        let last = Sentence::new("told-last")
            .arg("action", &root.action)
            .arg("time", &root.event_time)
            .arg("ending", ending(told));
        page.put(Margin::of(""), &spans![Plain wording.say(&last)]);
    }
}

fn ending(told: &ChainTold) -> Sentence {
    match told.ending {
        Ending::Success => Sentence::new("told-ending-success"),
        Ending::Failed => {
            let code = told.chain.first().and_then(|root| root.error_code.as_deref());
            Sentence::new("told-ending-failed").arg("code", code.unwrap_or("?"))
        }
        Ending::StepDenied => Sentence::new("told-ending-step-denied"),
        Ending::StepFailed => Sentence::new("told-ending-step-failed"),
        Ending::StepMissing => {
            Sentence::new("told-ending-step-missing").arg("steps", told.missing_steps.clone())
        }
    }
}

fn fields(event: &EventTold, wording: &Wording) -> Vec<(String, Vec<Span>)> {
    let mut fields = Vec::new();
    let mut field = |label: Sentence, value: Option<&str>| {
        if let Some(value) = value {
            fields.push((wording.say(&label), spans![Plain value]));
        }
    };
    field(Sentence::new("field-asked"), Some(&event.action));
    field(Sentence::new("field-when"), Some(&event.event_time));
    field(Sentence::new("field-by"), event.principal_arn.as_deref());
    field(Sentence::new("field-caller"), Some(&wording.say(&event.caller_kind.into())));
    let place = words::place(event.source_ip.as_deref(), event.vpc_endpoint_id.as_deref(), wording);
    field(Sentence::new("field-from"), place.as_deref());
    field(Sentence::new("field-user-agent"), event.user_agent.as_deref());
    field(Sentence::new("field-accounts"), event.account_id.as_deref());
    field(Sentence::new("field-regions"), event.region.as_deref());
    let about = (!event.resources.is_empty()).then(|| wording.list(&event.resources));
    field(Sentence::new("field-about"), about.as_deref());
    field(Sentence::new("field-answer"), Some(&wording.say(&event.outcome.into())));
    let said = happened::said(event.error_code.as_deref(), event.error_message.as_deref());
    field(Sentence::new("field-aws-said"), said.as_deref());
    field(Sentence::new("field-event"), Some(&event.event_id));
    field(Sentence::new("field-request-id"), event.request_id.as_deref());
    fields
}

/// What failed as trees; what worked as trees where there is little of it, else a line each.
fn chains(page: &mut Page, explanation: &Explanation, wording: &Wording) {
    let resource = matches!(explanation.found_as, FoundAs::Resource | FoundAs::Request);
    let worked = explanation.chains.iter().filter(|told| told.ending == Ending::Success).count();
    let mut lines = 0;
    for told in &explanation.chains {
        if told.ending == Ending::Success && worked > TREES {
            lines += 1;
            if lines <= LINES {
                line(page, told, wording);
            }
            continue;
        }
        let denied = told.chain.iter().find(|step| step.outcome == Outcome::Denied);
        let tree = Tree {
            steps: &told.chain,
            missing: &told.missing_steps,
            denied: denied.and_then(|step| step.event_id.as_deref()),
            named: if resource || told.chain.len() > 1 { &told.named_by } else { &[] },
            wording,
        };
        tree.put_whole(page);
    }
    if lines > LINES {
        let more = wording.say(&Sentence::new("told-more-chains").arg("count", lines - LINES));
        page.put(Margin::of(INDENT), &spans![Quiet more]);
    }
}

fn line(page: &mut Page, told: &ChainTold, wording: &Wording) {
    let Some(root) = told.chain.first() else { return };
    let mut line = spans![
        Succeeded "✓ ",
        Plain & root.action,
        Quiet format!("  {}  ", root.event_time),
        Plain words::made_by(root).unwrap_or("?"),
    ];
    let below = told.chain.len().saturating_sub(1);
    if below > 0 {
        let below = wording.say(&Sentence::new("told-calls-below").arg("count", below));
        line.push(Span::new(Ink::Quiet, format!(" · {below}")));
    }
    let id = wording.say(&Sentence::new("event-named").arg("id", &told.root_event_id));
    line.push(Span::new(Ink::Quiet, format!(" · {id}")));
    page.put(Margin { first: INDENT, rest: "      " }, &line);
}

fn incident(page: &mut Page, incident: &Incident, weighed: &[Weighed], wording: &Wording) {
    page.rule(
        &spans![Strong wording.say(&incident.kind.into()), Quiet format!(" · {}", incident.id)],
    );
    page.put(
        Margin::of(""),
        &spans![Strong wording.say(&crate::report::title::headline(incident))],
    );
    if let Some(guardrail) = crate::report::title::guardrail(incident) {
        page.put(Margin::of(""), &spans![Strong wording.say(&guardrail)]);
    }
    block(page, wording, Sentence::new("terminal-happened"));
    happened::put(page, incident, wording);
    block(page, wording, Sentence::new("terminal-why"));
    verdict::put(page, incident, wording);
    self::weighed(page, incident, weighed, wording);
    comparison::put(page, incident, wording);
    block(page, wording, Sentence::new("terminal-what-to-do"));
    action::put(page, incident, wording);
}

fn weighed(page: &mut Page, incident: &Incident, weighed: &[Weighed], wording: &Wording) {
    page.blank();
    page.put(Margin::of(INDENT), &spans![Strong wording.say(&Sentence::new("told-weighed"))]);
    for layer in weighed {
        let named = Sentence::new("told-weighed-layer")
            .arg("why", words::why(incident, layer.layer, layer.effect))
            .arg("percent", words::percent(layer.confidence));
        page.put(Margin { first: "  • ", rest: "    " }, &spans![Plain wording.say(&named)]);
        for text in &layer.evidence_for {
            page.put(Margin { first: "      + ", rest: "        " }, &spans![Plain text]);
        }
        for text in &layer.evidence_against {
            page.put(Margin { first: "      − ", rest: "        " }, &spans![Quiet text]);
        }
        if layer.evidence_for.is_empty() && layer.evidence_against.is_empty() {
            let nothing = wording.say(&Sentence::new("told-nothing-said"));
            page.put(Margin::of("        "), &spans![Quiet nothing]);
        }
    }
}

fn in_force(page: &mut Page, explanation: &Explanation, wording: &Wording) {
    let time = explanation.event.as_ref().map(|event| event.event_time.as_str());
    let (Some(time), false) = (time, explanation.in_force.is_empty()) else { return };
    block(page, wording, Sentence::new("told-in-force").arg("time", time));
    for held in &explanation.in_force {
        page.verbatim(INDENT, Ink::Plain, in_force::text(held, wording, false).trim_end());
    }
    if let Some(evaluated) = &explanation.evaluated {
        page.put(Margin::of(INDENT), &spans![Strong & evaluated.text]);
    }
    let documents = wording.say(&Sentence::new("told-in-force-documents").arg("time", time));
    page.put(Margin::of(INDENT), &spans![Quiet documents]);
}
