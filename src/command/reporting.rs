//! From an analysis to what leaves the program: reports in the formats asked for, and the exit status.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::analysis::{self, Analysis};
use super::config::Config;
use super::gate::Gate;
use super::output::{self, Access};
use super::places::{self, Given};
use super::reading;
use super::sharing::Sharing;
use super::{tables, tell, zone};
use crate::cli::{Format, ReportArguments};
use crate::error::{Error, Result};
use crate::report::card::Telling;
use crate::report::zone::Zone;
use crate::report::{self, Kind, Report};
use crate::wording::{Argument, Language, Sentence, Wording};

/// Exit status when incidents were found.
const FOUND: u8 = 1;

/// What is to be reported, looked through before anything is read: a wrong word is told before an
/// hour of reading.
pub(super) struct Reporting<'a> {
    arguments: &'a ReportArguments,
    outputs: Vec<(&'a PathBuf, Format)>,
    gate: Gate,
    zone: Zone,
    full: bool,
    again: Option<String>,
    quiet: bool,
    given: Given<'a>,
}

impl<'a> Reporting<'a> {
    /// # Errors
    /// When a file's suffix tells no format, the baseline cannot be read, or the time zone is none.
    pub(super) fn new(
        arguments: &'a ReportArguments,
        config: &Config,
        quiet: bool,
    ) -> Result<Reporting<'a>> {
        let format = |path: &'a PathBuf| Ok((path, format_of(path)?));
        let outputs = arguments.output.iter().map(format).collect::<Result<_>>()?;
        arguments.tables.as_deref().map_or(Ok(()), tables::refuse_used)?;
        let zone = zone::of(arguments.time_zone.as_deref(), config)?;
        Ok(Reporting {
            arguments,
            outputs,
            gate: Gate::new(&arguments.gate, config)?,
            zone,
            full: arguments.full.or(config.full).unwrap_or(false),
            again: None,
            quiet,
            given: Given::default(),
        })
    }

    /// The same, of files that can be looked into once more.
    pub(super) fn of_files(self, given: Given<'a>) -> Reporting<'a> {
        Reporting { given, ..self }
    }

    /// The same of what is read again by these words.
    pub(super) fn of(self, again: Option<String>) -> Self {
        // Whoever gets a redacted report has other files, and incidents have other names in it.
        Reporting { again: again.filter(|_| !self.arguments.redact.redact), ..self }
    }

    /// Writes the reports; the exit status says whether something was found.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub(super) fn publish(
        &self,
        mut analysis: Analysis,
        config: &Config,
    ) -> anyhow::Result<ExitCode> {
        if !self.arguments.all_fixes {
            analysis.withhold_exemptions();
        }
        reading::distrust(&analysis.ingested.ledger, analysis.diagnosis.incidents.len())?;
        let wording = Wording::new(analysis::language(self.arguments.lang, config));
        let mut reports = Reports {
            analysis: &analysis,
            arguments: self.arguments,
            gate: &self.gate,
            zone: &self.zone,
            given: self.given,
            config,
            full: self.full,
            again: self.again.as_deref(),
            wording: &wording,
            sharing: Sharing::new(&self.arguments.redact),
            shared: Vec::new(),
        };
        for (path, format) in &self.outputs {
            let text = reports.render(*format, report::terminal::Style::plain(100))?;
            output::save(path, text, Access::Everyone)?;
        }
        if let Some(folder) = &self.arguments.tables {
            tables::save(folder, reports.report(Language::En)?)?;
        }
        if self.outputs.is_empty() && self.arguments.tables.is_none() {
            let text = reports.render(self.arguments.format, terminal_style())?;
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
        reports.sharing.keep_mapping(&self.arguments.redact)?;
        // What was rendered is not needed again.
        reports.shared = Vec::new();
        let (report, expired) = reports.all(Language::En);
        let counting = self.gate.counting(&report);
        if !self.quiet {
            // These name files and people.
            if !reports.sharing.redacts() {
                reading::warn_of_gaps(&analysis.history);
                reading::warn_of_unused_evidence(&analysis.diagnosis.unused_evidence);
                expired.into_iter().for_each(tell::warn);
            }
            self.tell_of_files(&report, &reports.sharing);
            tell_of_others(counting, report.incidents.len());
        }
        let fails = counting > 0 && !self.arguments.exit_zero;
        drop(reports);
        // The process ends with this, and giving millions of texts back one by one only takes time.
        std::mem::forget(analysis);
        Ok(if fails { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }
}

impl Reporting<'_> {
    /// What was found and where it is written: whoever names files sees nothing else. Their names may be
    /// what a shared report leaves out.
    fn tell_of_files(&self, report: &Report, sharing: &Sharing) {
        let folder = self.arguments.tables.iter();
        let written = self.outputs.iter().map(|(path, _)| *path).chain(folder);
        let files: Vec<String> = written.map(|path| Error::shown(path)).collect();
        if files.is_empty() || sharing.redacts() {
            return;
        }
        let kinds = |kind: &Kind| {
            let count = report.incidents.iter().filter(|incident| incident.kind == *kind).count();
            let kind = Argument::from(*kind);
            (count > 0).then(|| match report.incidents.len() {
                1 => kind,
                _ => Sentence::new("terminal-kind-count")
                    .arg("count", count)
                    .arg("kind", kind)
                    .into(),
            })
        };
        let kinds: Vec<Argument> = Kind::ALL.iter().filter_map(kinds).collect();
        let found = match report.incidents.len() {
            0 => Sentence::new("message-none-found"),
            count => Sentence::new("message-found").arg("count", count).arg("kinds", kinds),
        };
        tell::say(&Sentence::new("message-wrote").arg("found", found).arg("files", files));
    }
}

fn tell_of_others(counting: usize, incidents: usize) {
    if counting < incidents {
        tell::say(
            &Sentence::new("message-counting")
                .arg("counting", counting)
                .arg("incidents", incidents),
        );
    }
}

struct Reports<'r> {
    analysis: &'r Analysis,
    arguments: &'r ReportArguments,
    gate: &'r Gate,
    zone: &'r Zone,
    given: Given<'r>,
    config: &'r Config,
    full: bool,
    again: Option<&'r str>,
    wording: &'r Wording,
    sharing: Sharing,
    /// The reports as they may be shared, by language.
    shared: Vec<(Language, Report)>,
}

impl Reports<'_> {
    /// The report as it may be shared; it is made once for each language.
    fn report(&mut self, language: Language) -> anyhow::Result<&Report> {
        let made = self.shared.iter().position(|(of, _)| *of == language);
        let at = match made {
            Some(at) => at,
            None => {
                let (report, _) = match self.sharing.redacts() {
                    true => self.all_in(&self.sharing.wording(language)),
                    false => self.all(language),
                };
                let mut report = self.sharing.shared(report)?;
                if self.sharing.redacts() {
                    report::retitle(&mut report.incidents, &Wording::new(language));
                }
                self.shared.push((language, report));
                self.shared.len() - 1
            }
        };
        let (_, report) = self.shared.get(at).context("the report was just made")?;
        Ok(report)
    }

    /// The report with all that it says, and what to tell about rules that have expired. The JSON
    /// contract is English whatever the reader speaks, so that machines see one text.
    fn all(&self, language: Language) -> (Report, Vec<String>) {
        let english;
        let wording = if language == self.wording.language() {
            self.wording
        } else {
            english = Wording::new(language);
            &english
        };
        self.all_in(wording)
    }

    fn all_in(&self, wording: &Wording) -> (Report, Vec<String>) {
        let mut report = self.analysis.report(wording, self.arguments.max_occurrences);
        report.incidents.retain(|incident| analysis::shows(&self.arguments.show, incident));
        let expired = self.gate.ignore(&mut report, wording);
        self.gate.mark(&mut report);
        (report, expired)
    }

    fn render(&mut self, format: Format, style: report::terminal::Style) -> anyhow::Result<String> {
        let wording = self.wording;
        let events = &self.analysis.ingested.events;
        let raw = !self.sharing.redacts();
        let zone = self.zone;
        let (given, config) = (self.given, self.config);
        let (full, again) = (self.full, self.again);
        let telling = Telling { wording, zone, again };
        let language = match format {
            Format::Json | Format::Csv => Language::En,
            _ => wording.language(),
        };
        let report = self.report(language)?;
        Ok(match format {
            Format::Json => report::json::render(report)?,
            Format::Csv => report::csv::render(report),
            // The names of files are among what is not shared.
            Format::Sarif if !raw => report::sarif::render(report, wording),
            Format::Sarif => {
                let places = places::of(report, given, config)?;
                report::sarif::render_at(report, &places, wording)
            }
            Format::Terminal if full => report::terminal::full(report, wording, zone, style),
            Format::Terminal => report::terminal::render(report, &telling, style),
            Format::Summary => report::summary::render(report, &telling),
            Format::Markdown => report::markdown::render(report, wording, zone),
            Format::Html => {
                let records = raw.then(|| report::html::KeptRecords::of(report, events));
                let raw = records.as_ref().map(|records| records as &dyn report::html::RawEvents);
                report::html::render(report, wording, zone, raw)
            }
        })
    }
}

/// The format that a file's suffix asks for.
fn format_of(path: &Path) -> Result<Format> {
    let suffix = path.extension().and_then(|s| s.to_str()).unwrap_or_default().to_ascii_lowercase();
    match suffix.as_str() {
        "json" => Ok(Format::Json),
        "md" | "markdown" => Ok(Format::Markdown),
        "html" | "htm" => Ok(Format::Html),
        "sarif" => Ok(Format::Sarif),
        "csv" => Ok(Format::Csv),
        "txt" | "log" => Ok(Format::Terminal),
        _ => Err(Error::Said(Sentence::new("message-no-format").arg("path", Error::shown(path)))),
    }
}

/// Colour and width as the terminal has them; plain and 100 columns wide in a pipe.
pub(super) fn terminal_style() -> report::terminal::Style {
    let out = std::io::stdout();
    if !out.is_terminal() {
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        return report::terminal::Style::plain(columns.unwrap_or(100));
    }
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    let colour = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    report::terminal::Style { color: colour, width: width.min(140) }
}
