//! The terminal report of the sample reports, as a person sees it.

use crate::support::reports as report_samples;

use report_samples::{hostile, samples};
use trailwhy::report::terminal::{Style, full as render};
use trailwhy::report::zone::Zone;
use trailwhy::wording::{Language, Wording, shell::is_invisible};
use unicode_width::UnicodeWidthStr;

#[test]
fn samples_read_well_at_100_columns_in_english() {
    let wording = Wording::new(Language::En);
    for (name, report) in samples() {
        insta::assert_snapshot!(
            format!("{name}-en"),
            render(&report, &wording, &Zone::utc(), Style::plain(100))
        );
    }
}

#[test]
fn samples_read_well_at_80_columns_in_japanese() {
    let wording = Wording::new(Language::Ja);
    for (name, report) in samples() {
        insta::assert_snapshot!(
            format!("{name}-ja"),
            render(&report, &wording, &Zone::utc(), Style::plain(80))
        );
    }
}

#[test]
fn a_narrow_and_a_wide_terminal_get_their_own_layout() {
    let wording = Wording::new(Language::En);
    let (_, report) = samples().into_iter().find(|(name, _)| name == "kms-vpc-endpoint").unwrap();
    for width in [60, 200] {
        insta::assert_snapshot!(
            format!("kms-vpc-endpoint-{width}"),
            render(&report, &wording, &Zone::utc(), Style::plain(width))
        );
    }
}

#[test]
fn prose_keeps_within_the_width() {
    for language in Language::ALL {
        let wording = Wording::new(language);
        for (name, report) in samples() {
            for width in [60, 80, 120, 200] {
                for line in render(&report, &wording, &Zone::utc(), Style::plain(width)).lines() {
                    let longest_word = line.split(' ').map(UnicodeWidthStr::width).max().unwrap();
                    let verbatim = line.contains("$ aws ") || line.contains("  ");
                    assert!(
                        line.width() <= width || longest_word > width / 3 || verbatim,
                        "{name} at {width}: {line}"
                    );
                }
            }
        }
    }
}

#[test]
fn colour_changes_no_word() {
    let wording = Wording::new(Language::En);
    for (name, report) in samples() {
        let plain = render(&report, &wording, &Zone::utc(), Style::plain(100));
        let coloured = render(&report, &wording, &Zone::utc(), Style { color: true, width: 100 });
        assert!(coloured.contains('\u{1b}'), "{name}");
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain, "{name}");
    }
}

#[test]
fn hostile_text_reaches_the_terminal_escaped() {
    for language in Language::ALL {
        let text = render(&hostile(), &Wording::new(language), &Zone::utc(), Style::plain(100));
        let bad: Vec<char> = text.chars().filter(|c| is_invisible(*c) && *c != '\n').collect();
        assert!(bad.is_empty(), "{bad:?}");
        assert!(text.len() < 200_000, "{} bytes from megabytes of hostile text", text.len());
    }
}

#[test]
fn no_incident_is_never_said_without_what_it_rests_on() {
    for language in Language::ALL {
        let wording = Wording::new(language);
        let (_, report) = samples().into_iter().find(|(name, _)| name == "no-incident").unwrap();
        let text = render(&report, &wording, &Zone::utc(), Style::plain(80));
        assert!(text.contains("812"), "{text}");
        assert!(text.contains("kms_events_excluded"), "{text}");
    }
}

#[test]
fn no_sentence_lacks_what_goes_into_it() {
    for language in Language::ALL {
        for (name, report) in samples() {
            let text = render(&report, &Wording::new(language), &Zone::utc(), Style::plain(100));
            assert!(!text.contains("{$"), "{name}: {text}");
        }
    }
}
