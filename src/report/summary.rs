//! `--format summary`: what decides, in at most fifteen lines of plain text for a chat or a ticket.
//! Nothing out of a log may act there: no link, mention, or markup of Slack or Jira.

use super::card::{Cards, Line, Part, Telling, Tone};
use super::{Certainty, Incident, Report, sanitize, words};
use crate::wording::Sentence;

/// Lines of a summary.
const MOST: usize = 15;

/// Lines for single ones of many incidents.
const WORST: usize = 10;

/// Lines of a card that rank higher are left out.
const RANKS: u8 = 1;

/// One line: what it is about, where that has a name, and what it says.
pub(super) struct Said {
    pub(super) label: Option<String>,
    pub(super) text: String,
}

/// The summary as text, ending in a line end.
pub fn render(report: &Report, telling: &Telling<'_>) -> String {
    let report = telling.zone.of(report);
    let cards = Cards::new(&report, telling);
    let lines = lines(&cards).into_iter().take(MOST).map(|said| match &said.label {
        Some(label) => {
            let line = Sentence::new("summary-line").arg("label", label).arg("text", said.text);
            cards.say(&line)
        }
        None => said.text,
    });
    lines.map(|line| plain(&line) + "\n").collect()
}

/// What was found; of one incident its card, of several a line for each of the worst.
pub(super) fn lines(cards: &Cards<'_>) -> Vec<Said> {
    let free = |text: String| Said { label: None, text };
    let head = cards.head().into_iter().map(|line| free(line.whole()));
    let mut lines: Vec<Said> = head.collect();
    match cards.in_order().as_slice() {
        [one] => lines.extend(card(cards, one)),
        several => {
            let worst = several.iter().take(WORST).enumerate();
            lines.extend(worst.map(|(at, incident)| Said {
                label: Some((at + 1).to_string()),
                text: one_of_many(cards, incident),
            }));
            let more = several.len().saturating_sub(WORST);
            if more > 0 {
                lines.push(free(cards.say(&Sentence::new("summary-more").arg("count", more))));
            }
        }
    }
    lines
}

fn card(cards: &Cards<'_>, incident: &Incident) -> Vec<Said> {
    let card = cards.card(incident, false);
    let mut lines = vec![Said { label: None, text: card.head_text() }];
    for row in card.rows.into_iter().filter(|row| row.part != Part::More) {
        let said = row.lines.iter().filter(|line| line.rank <= RANKS).map(Line::whole);
        match row.label {
            None => lines.extend(said.map(|text| Said { label: None, text })),
            label => {
                let text = cards.joined(&said.collect::<Vec<_>>());
                lines.push(Said { label, text });
            }
        }
    }
    lines.retain(|said| !said.text.is_empty());
    lines
}

/// Kind, how often, where, what happened, why, and the first fix.
fn one_of_many(cards: &Cards<'_>, incident: &Incident) -> String {
    let card = cards.card(incident, false);
    // A command that would tell more is no fix.
    let is_said = |line: &&Line| line.pieces.iter().all(|(tone, _)| *tone != Tone::Command);
    let first = |part: Part| card.lines_of(part).iter().find(is_said).map(Line::text);
    let verdict = &incident.verdict;
    let sure = |why: String| match verdict.certainty {
        Certainty::Unknown => why,
        certainty => {
            let sure = Sentence::new("summary-sure")
                .arg("why", why)
                .arg("certainty", certainty)
                .arg("percent", words::percent(verdict.confidence));
            cards.say(&sure)
        }
    };
    let head = Some(card.head_text());
    let parts = [head, first(Part::Happened), first(Part::Why).map(sure), first(Part::Fix)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Characters that Slack and Jira read as markup, and what looks like them and is none: Slack, "Formatting
/// text for app surfaces" and "Format your messages"; Jira, "Text Formatting Notation".
const ALWAYS: [(char, char); 8] = [
    ('<', '‹'),
    ('>', '›'),
    ('`', 'ˋ'),
    ('[', '［'),
    (']', '］'),
    ('|', '¦'),
    ('@', '＠'),
    ('~', '∼'),
];

/// The same of what is markup only at the edge of a word.
const AT_EDGES: [(char, char); 6] =
    [('*', '∗'), ('_', '＿'), ('+', '＋'), ('^', '＾'), ('!', '！'), ('?', '？')];

/// One line of text that nothing reads as markup.
fn plain(text: &str) -> String {
    let text = sanitize::line(text);
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    // A colon behind a word that began with one would make an emoji of it, and `://` a link.
    let mut has_letter: Option<bool> = None;
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        let is_inside = before.is_alphanumeric() && after.is_alphanumeric();
        let shown = match character {
            ':' if has_letter == Some(true) => '∶',
            ':' if after == '/' => '∶',
            '{' if after.is_ascii_alphabetic() => '｛',
            _ => ALWAYS
                .iter()
                .chain(AT_EDGES.iter().filter(|_| !is_inside))
                .find(|(markup, _)| *markup == character)
                .map_or(character, |(_, shown)| *shown),
        };
        has_letter = match (character, has_letter) {
            (':', _) => Some(false),
            (c, Some(_)) if c.is_ascii_alphabetic() => Some(true),
            (c, Some(known)) if c.is_ascii_digit() || "_+-'".contains(c) => Some(known),
            _ => None,
        };
        before = character;
        out.push(shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_in_a_chat_or_ticket() {
        for (text, told) in [
            ("<!channel> <https://x.example|here>", "‹！channel› ‹https∶//x.example¦here›"),
            ("*bold* _it_ a_b s3:::b/* 2*3", "∗bold∗ ＿it＿ a_b s3:::b/∗ 2*3"),
            ("[~user] [link|https://x]", "［∼user］ ［link¦https∶//x］"),
            ("{code} {\"Null\": 1} !image.png!", "｛code} {\"Null\": 1} ！image.png！"),
            (":key: ec2:RunInstances at 10:15:02", ":key∶ ec2:RunInstances at 10:15:02"),
            ("`x` @here", "ˋxˋ ＠here"),
            ("a\nb\u{202e}c", "a\\nb\\u{202e}c"),
        ] {
            assert_eq!(plain(text), told, "{text}");
        }
    }
}
