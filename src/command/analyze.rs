//! `trailwhy analyze`: the main job, from files to verdict.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use super::analysis::{self, Analysis};
use crate::cli::{AnalyzeArguments, Format};
use crate::error::{Error, Result};
use crate::report::{self, Report};
use crate::wording::{Language, Wording};

/// Exit status when incidents were found.
const FOUND: u8 = 1;

/// Reads, diagnoses and reports.
pub fn run(arguments: &AnalyzeArguments) -> anyhow::Result<ExitCode> {
    let mut outputs = Vec::new();
    for path in &arguments.output {
        outputs.push((path, format_of(path)?));
    }
    let analysis = Analysis::run(arguments)?;
    let wording = Wording::new(analysis::language(arguments.lang));
    let reports = Reports { analysis: &analysis, arguments, wording: &wording };
    for (path, format) in &outputs {
        let text = reports.render(*format, report::terminal::Style::plain(100))?;
        std::fs::write(path, text).map_err(|e| Error::io(path, e))?;
    }
    if outputs.is_empty() {
        let text = reports.render(arguments.format, terminal_style())?;
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    let found = !reports.build(Language::En).incidents.is_empty();
    Ok(if found && !arguments.exit_zero { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

struct Reports<'r> {
    analysis: &'r Analysis,
    arguments: &'r AnalyzeArguments,
    wording: &'r Wording,
}

impl Reports<'_> {
    /// The JSON contract is English whatever the reader speaks, so that machines see one text.
    fn build(&self, language: Language) -> Report {
        let english;
        let wording = if language == self.wording.language() {
            self.wording
        } else {
            english = Wording::new(language);
            &english
        };
        let mut report = self.analysis.report(wording, self.arguments.max_occurrences);
        report.incidents.retain(|incident| analysis::shows(&self.arguments.show, incident));
        report
    }

    fn render(&self, format: Format, style: report::terminal::Style) -> anyhow::Result<String> {
        let spoken = self.wording.language();
        Ok(match format {
            Format::Json => report::json::render(&self.build(Language::En))?,
            Format::Csv => report::csv::render(&self.build(Language::En)),
            Format::Sarif => report::sarif::render(&self.build(spoken), self.wording),
            Format::Terminal => report::terminal::render(&self.build(spoken), self.wording, style),
            Format::Markdown => report::markdown::render(&self.build(spoken), self.wording),
            Format::Html => {
                let report = self.build(spoken);
                let records =
                    report::html::KeptRecords::of(&report, &self.analysis.ingested.events);
                report::html::render(&report, self.wording, Some(&records))
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
        _ => Err(Error::Usage(format!(
            "`{}` has no suffix that tells a format; hint: .json .md .html .sarif .csv .txt",
            path.display()
        ))),
    }
}

/// Colour and width as the terminal has them; plain and 100 columns wide in a pipe.
fn terminal_style() -> report::terminal::Style {
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
