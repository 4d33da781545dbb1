//! The postmortem draft of the sample reports, and what hostile text makes of it.

use crate::support::reports as report_samples;

use pulldown_cmark::{Event, Options, Parser, Tag};
use report_samples::{hostile, samples};
use trailwhy::report::markdown::render;
use trailwhy::report::zone::Zone;
use trailwhy::wording::{Language, Wording, shell::is_invisible};

#[test]
fn samples_make_a_draft_in_english() {
    let wording = Wording::new(Language::En);
    for (name, report) in samples() {
        insta::assert_snapshot!(format!("{name}-en"), render(&report, &wording, &Zone::utc()));
    }
}

#[test]
fn samples_make_a_draft_in_japanese() {
    let wording = Wording::new(Language::Ja);
    for (name, report) in samples() {
        insta::assert_snapshot!(format!("{name}-ja"), render(&report, &wording, &Zone::utc()));
    }
}

fn github() -> Options {
    Options::all() - Options::ENABLE_SMART_PUNCTUATION
}

/// Headings, tables, code blocks and task boxes: what the program itself writes.
fn structure(markdown: &str) -> Vec<String> {
    Parser::new_ext(markdown, github())
        .filter_map(|event| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(format!("{level}")),
            Event::Start(Tag::CodeBlock(kind)) => Some(format!("{kind:?}")),
            Event::Start(Tag::Table(columns)) => Some(format!("table of {}", columns.len())),
            Event::Start(Tag::TableRow) => Some("row".to_owned()),
            Event::TaskListMarker(_) => Some("box".to_owned()),
            Event::Start(
                Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::BlockQuote(_),
            )
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::Rule => panic!("{event:?}"),
            _ => None,
        })
        .collect()
}

#[test]
fn hostile_text_changes_no_structure_and_makes_no_link() {
    for language in Language::ALL {
        let wording = Wording::new(language);
        let (_, plain) = samples().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
        let draft = render(&hostile(), &wording, &Zone::utc());
        assert_eq!(structure(&draft), structure(&render(&plain, &wording, &Zone::utc())));
        assert!(!draft.chars().any(|c| is_invisible(c) && c != '\n'));
        assert!(draft.len() < 200_000, "{} bytes from megabytes of hostile text", draft.len());
    }
}

#[test]
fn mentions_stand_in_code_only() {
    let draft = render(&hostile(), &Wording::new(Language::En), &Zone::utc());
    let in_code = |event: &Event| matches!(event, Event::Code(_));
    for event in Parser::new_ext(&draft, github()) {
        if let Event::Text(text) = &event {
            // Text inside a fenced block is code too; it holds the whole hostile line.
            let mention = text.trim_start().starts_with("@everyone");
            assert!(!mention || in_code(&event), "{text}");
        }
    }
}

#[test]
fn every_draft_has_every_section() {
    let draft =
        render(&samples().into_iter().next().unwrap().1, &Wording::new(Language::En), &Zone::utc());
    for title in [
        "Summary",
        "Impact",
        "Timeline",
        "Root cause",
        "What changed",
        "Why it was silent",
        "Fix",
        "How it was verified",
        "What is not known",
        "Follow-ups",
        "What this rests on",
    ] {
        assert!(draft.contains(&format!("# {title}\n")), "{title}");
    }
}

#[test]
fn hostile_text_stays_inside_its_label_in_the_diagram() {
    let draft = render(&hostile(), &Wording::new(Language::En), &Zone::utc());
    let (_, after) = draft.split_once("```mermaid\n").unwrap();
    let (diagram, _) = after.split_once("```").unwrap();
    insta::assert_snapshot!(diagram);
}
