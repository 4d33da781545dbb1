//! Hostile text through the escapes of each format, read back by what reads that format.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use trailwhy::report::sanitize;
use trailwhy::wording::shell::is_invisible;

/// Texts an attacker would try, and anything else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\u{1b}[31m".to_owned()),
        Just("\u{9b}2J".to_owned()),
        Just("\u{202e}gpj.exe".to_owned()),
        Just("\u{2066}\u{200b}\u{feff}".to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("![x](javascript:alert(1))".to_owned()),
        Just("[a](http://example.com)".to_owned()),
        Just("| b | c |\r\n|---|".to_owned()),
        Just("```\n~~~\n# h".to_owned()),
        Just("@everyone #1 http://a.example www.b.example".to_owned()),
        Just("=HYPERLINK(\"http://x\")".to_owned()),
        Just("\n- item\n1. one\n> quote\n---\n===".to_owned()),
        Just("&lt;&#64;`*_~\\$".to_owned()),
        Just("    indented\tcode".to_owned()),
        "[ -~]{0,8}",
        "\\PC{0,4}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// All that GitHub and GitLab read, and more; only typographic quotes would change plain text.
fn github() -> Options {
    Options::all() - Options::ENABLE_SMART_PUNCTUATION
}

/// The text of one Markdown paragraph; anything that is not text or a code span is an error.
fn plain_text_of(markdown: &str) -> Result<String, String> {
    let mut text = String::new();
    for event in Parser::new_ext(markdown, github()) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            other => return Err(format!("{other:?} in {markdown:?}")),
        }
    }
    Ok(text)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_terminal_line_holds_nothing_a_terminal_acts_on(text in hostile()) {
        prop_assert!(!sanitize::line(&text).chars().any(is_invisible));
        prop_assert!(!sanitize::lines(&text).chars().any(|c| is_invisible(c) && c != '\n' && c != '\t'));
    }

    #[test]
    fn inline_markdown_is_read_back_as_the_same_text(text in hostile()) {
        // Markdown drops blanks at the ends of a paragraph.
        let expected = sanitize::line(&text).trim().to_owned();
        let read = plain_text_of(&sanitize::markdown(&text)).map_err(TestCaseError::fail)?;
        prop_assert_eq!(read.trim(), expected);
    }

    #[test]
    fn a_markdown_code_span_is_one_code_span(text in hostile()) {
        let markdown = format!("a {} b", sanitize::markdown_code(&text));
        let code: Vec<String> = Parser::new_ext(&markdown, github())
            .filter_map(|event| match event {
                Event::Code(code) => Some(code.into_string()),
                Event::Text(_) | Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => None,
                other => panic!("{other:?} in {markdown:?}"),
            })
            .collect();
        prop_assert_eq!(code.len(), 1, "{}", markdown);
    }

    #[test]
    fn a_markdown_block_ends_where_it_should(text in hostile()) {
        let markdown = format!("{}after\n", sanitize::markdown_block("json", &text));
        let events: Vec<Event> = Parser::new(&markdown).collect();
        let after: Vec<&Event> = events.iter().rev().take(3).collect();
        prop_assert_eq!(after[1], &Event::Text("after".into()), "{}", markdown);
        prop_assert!(matches!(events[0], Event::Start(Tag::CodeBlock(_))));
    }

    #[test]
    fn a_table_row_keeps_its_cells(text in hostile()) {
        let cells = [sanitize::markdown(&text), sanitize::markdown_code(&text)];
        let markdown = format!("| a | b |\n|---|---|\n| {} | {} |\n", cells[0], cells[1]);
        let ended = Parser::new_ext(&markdown, Options::ENABLE_TABLES)
            .filter(|event| matches!(event, Event::End(TagEnd::TableCell)))
            .count();
        prop_assert_eq!(ended, 4, "{}", markdown);
    }

    #[test]
    fn json_text_stays_the_same_document(text in hostile()) {
        let document = serde_json::to_string_pretty(&serde_json::json!({ "a": [text] })).unwrap();
        let escaped = sanitize::json(&document);
        prop_assert!(!escaped.chars().any(|c| is_invisible(c) && c != '\n'));
        let read: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        prop_assert_eq!(read["a"][0].as_str().unwrap(), text);
    }

    #[test]
    fn a_csv_cell_is_one_cell_and_no_formula(text in hostile()) {
        let cell = sanitize::csv(&text);
        let inner = cell.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        prop_assert!(!inner.replace("\"\"", "").contains('"'));
        prop_assert!(!inner.contains('\n'));
        prop_assert!(!inner.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']));
    }

    #[test]
    fn mermaid_text_holds_no_syntax(text in hostile()) {
        let escaped = sanitize::mermaid(&text);
        let rest: String = escaped.split('#').enumerate().map(|(index, part)| match index {
            0 => part,
            _ => part.split_once(';').unwrap().1,
        }).collect();
        let syntax = rest.contains(['\n', ';', '#', '<', '>', '"', '{', '}', '%', ':', '(']);
        prop_assert!(!syntax, "{escaped}");
    }
}

#[test]
fn encoded_messages_and_tokens_are_never_shown_in_full() {
    let token = "FwoGZXIvYXdzEK".repeat(40);
    let text = format!("denied. Encoded authorization failure message: {token}.");
    let expected = "denied. Encoded authorization failure message: FwoGZXIvYXdzEKFw…(+544).";
    assert_eq!(sanitize::line(&text), expected);
    let policy =
        "arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/service_control_policy/p-a";
    assert_eq!(sanitize::line(policy), policy, "an ARN is no secret");
    let path = "exports/of-the-week/AWSLogs/111122223333/CloudTrail-Digest/ap-northeast-1/2026/10/13/\
                111122223333_CloudTrail-Digest_ap-northeast-1_management-events_ap-northeast-1_\
                20261013T040506Z.json.gz";
    assert_eq!(sanitize::line(path), path, "a path is no secret");
}
