//! The report as one HTML file: opens anywhere, reads without script, asks no network, prints on
//! A4. It renders the view and decides nothing. Every text goes through [`escape::Visible`].

mod anchor;
mod attribute;
mod bounded;
mod chart;
mod code;
mod comparison;
mod console;
mod escape;
mod fix;
mod incident;
mod label;
mod leaf;
mod list;
mod overview;
mod raw;
mod record;
mod text;
mod timeline;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use askama::Template;

pub use self::leaf::{groups, side_by_side};
pub(super) use self::raw::record_without_secrets;
pub use self::record::KeptRecords;

use self::anchor::Anchors;
use self::incident::IncidentPage;
use self::overview::Overview;
use self::timeline::Mark;
use crate::report::Report;
use crate::report::short::Short;
use crate::report::zone::Zone;
use crate::wording::{Sentence, Wording};

/// Gives the records behind the events that a report names.
pub trait RawEvents {
    /// The record with this `eventID` as JSON, where it is at hand. Secrets in it are left out by
    /// the page.
    fn record(&self, event_id: &str) -> Option<Cow<'_, str>>;
}

impl<S: BuildHasher> RawEvents for HashMap<String, String, S> {
    fn record(&self, event_id: &str) -> Option<Cow<'_, str>> {
        self.get(event_id).map(|record| Cow::Borrowed(record.as_str()))
    }
}

/// The events whose records [`render`] would fold into the page of this report.
pub fn records_wanted(report: &Report) -> BTreeSet<&str> {
    raw::wanted(report)
}

/// Incidents are shown in full until the page has grown to this many bytes; the others are in the
/// list at its head only. A browser opens ten megabytes at once, and a hundred not.
const PAGE_BYTES: usize = 10 << 20;

/// Up to so many incidents are read from top to bottom; of more, one looks for some.
const FEW: usize = 3;

const STYLE: &str = include_str!("../templates/page.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// Lets the page use its own style and script, by their hashes, and nothing else. The empty icon,
/// without which browsers would ask a server for one, is the only `data:` there is.
const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-5QH+6PA1aPAqrtH9AVLT4BHWCvMMoPJHvpNfh0i/+Oo='; \
    script-src 'sha256-bppmx4hjwORIMWnUb0Wx5DsalTxuPf0MoyBbM1WegEE='; \
    img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    words: &'a Wording,
    report: &'a Report,
    policy: &'a str,
    style: &'a str,
    script: &'a str,
    footer: String,
    overview: Overview<'a>,
    incidents: Vec<String>,
    not_in_full: usize,
}

/// What the pages of all incidents share.
#[derive(Clone, Copy)]
struct Whole<'a> {
    report: &'a Report,
    words: &'a Wording,
    anchors: &'a Anchors,
    short: &'a Short,
    raw: Option<&'a dyn RawEvents>,
}

impl Whole<'_> {
    /// Whether there are so many incidents that a reader has to choose.
    fn has_many(&self) -> bool {
        self.report.incidents.len() > FEW
    }
}

/// The report as one self-contained HTML file, in the language of `words`. With `raw`, as for those
/// who hold the logs, the records of the events that an incident names are folded into it, and what
/// has a page in the AWS console is linked to that.
pub fn render(
    report: &Report,
    words: &Wording,
    zone: &Zone,
    raw: Option<&dyn RawEvents>,
) -> String {
    let report = zone.of(report);
    let report = bounded::bounded(&report, words);
    let anchors = Anchors::of(&report.incidents);
    let short = Short::of(&report);
    let whole = Whole { report: &report, words, anchors: &anchors, short: &short, raw };
    let mut bytes = 0;
    let mut incidents: Vec<String> = Vec::new();
    for (index, incident) in report.incidents.iter().enumerate() {
        if bytes > PAGE_BYTES {
            break;
        }
        let page = written(&IncidentPage::new(incident, index + 1, &whole));
        bytes += page.len();
        incidents.push(page);
    }
    let not_in_full = report.incidents.len() - incidents.len();
    written(&Page {
        words,
        report: &report,
        policy: POLICY,
        style: STYLE,
        script: SCRIPT,
        footer: footer(&report, words, zone),
        overview: Overview::new(&whole, incidents.len()),
        incidents,
        not_in_full,
    })
}

/// By what, and from what, the page was made.
fn footer(report: &Report, words: &Wording, zone: &Zone) -> String {
    let (tool, version) = (&report.tool.name, &report.tool.version);
    let made = match crate::report::words::rests_on_policies(report) {
        true => Sentence::new("html-footer-policies").arg("tool", tool).arg("version", version),
        false => Sentence::new("html-footer").arg("tool", tool).arg("version", version),
    };
    let times = Sentence::new("html-times-in").arg("zone", zone.name());
    let offline = Sentence::new("html-offline");
    words.paragraph(&[words.say(&made), words.say(&times), words.say(&offline)])
}

/// The text of a template.
#[expect(clippy::expect_used, reason = "writing into a String cannot fail, and no filter errs")]
fn written(template: &impl Template) -> String {
    template.render().expect("a template that only writes")
}
