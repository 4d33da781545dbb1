//! Where a report goes: to standard output in one format, and to files whose suffix says the
//! format; in which language, and with or without what identifies.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::Context;

use super::config::Config;
use crate::cli::{OutputArguments, ReportFormat};
use crate::error::{Error, Result};
use crate::report::html::{self, RawEvents};
use crate::report::redact::Redactor;
use crate::report::terminal::Style;
use crate::report::{Report, csv, json, markdown, sarif, terminal};
use crate::wording::{Language, Wording};

/// Columns where there is no terminal to ask.
const PLAIN_WIDTH: usize = 100;

/// The language: as typed, else as the configuration says, else of the locale, else English.
pub fn language(arguments: &OutputArguments, config: &Config) -> Language {
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .map(|value| Language::from_locale(&value))
    };
    arguments.lang.or(config.language).or_else(locale).unwrap_or_default()
}

/// Writes the report wherever the arguments say; `raw` gives the records behind it to the page.
///
/// # Errors
/// When a suffix names no format, or writing fails; the message names the file.
pub fn write(
    report: &Report,
    raw: Option<&dyn RawEvents>,
    wording: &Wording,
    arguments: &OutputArguments,
) -> anyhow::Result<()> {
    // Every suffix is looked at before the first file is written.
    let files: Vec<(&Path, ReportFormat)> = arguments
        .output
        .iter()
        .map(|path| Ok((path.as_path(), format_of(path)?)))
        .collect::<Result<_>>()?;
    let redacted = arguments.redact.then(|| redact(report, arguments)).transpose()?;
    let report = redacted.as_ref().unwrap_or(report);
    // The records hold everything that was taken out.
    let raw = if arguments.redact { None } else { raw };
    for (path, format) in &files {
        let text = render(report, raw, wording, *format, Style::plain(PLAIN_WIDTH))?;
        save(path, &text)?;
    }
    if let Some(format) = printed(arguments) {
        let text = render(report, raw, wording, format, terminal_style())?;
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// What goes to standard output: what was asked for, else the terminal's form unless files were.
fn printed(arguments: &OutputArguments) -> Option<ReportFormat> {
    match arguments.format {
        Some(format) => Some(format),
        None if arguments.output.is_empty() => Some(ReportFormat::Terminal),
        None => None,
    }
}

fn render(
    report: &Report,
    raw: Option<&dyn RawEvents>,
    wording: &Wording,
    format: ReportFormat,
    style: Style,
) -> anyhow::Result<String> {
    Ok(match format {
        ReportFormat::Terminal => terminal::render(report, wording, style),
        ReportFormat::Json => json::render(report)?,
        ReportFormat::Markdown => markdown::render(report, wording),
        ReportFormat::Html => html::render(report, wording, raw),
        ReportFormat::Sarif => sarif::render(report, wording),
        ReportFormat::Csv => csv::render(report),
    })
}

fn redact(report: &Report, arguments: &OutputArguments) -> anyhow::Result<Report> {
    let mut redactor = Redactor::new();
    let redacted = redactor.redact(report)?;
    if let Some(path) = &arguments.redact_map {
        let mapping = serde_json::to_string_pretty(&redactor.mapping())?;
        save(path, &format!("{mapping}\n"))?;
    }
    Ok(redacted)
}

/// The format that a file's suffix asks for.
fn format_of(path: &Path) -> Result<ReportFormat> {
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    match suffix.to_ascii_lowercase().as_str() {
        "json" if path.to_string_lossy().ends_with(".sarif.json") => Ok(ReportFormat::Sarif),
        "json" => Ok(ReportFormat::Json),
        "html" | "htm" => Ok(ReportFormat::Html),
        "md" | "markdown" => Ok(ReportFormat::Markdown),
        "sarif" => Ok(ReportFormat::Sarif),
        "csv" => Ok(ReportFormat::Csv),
        "txt" => Ok(ReportFormat::Terminal),
        _ => Err(Error::Usage(format!(
            "`{}` does not say which format it is to have\n\
             hint: end it in .html, .md, .json, .sarif, .csv or .txt",
            path.display()
        ))),
    }
}

/// A full disk shows when the file is closed, not before: `sync_all` asks.
fn save(path: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(text.as_bytes())?;
        match file.sync_all() {
            // Pipes and devices cannot be synchronized, and need not be.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    };
    write().map_err(|error| Error::io(path, error))
}

/// Colour and width as the terminal has them (`NO_COLOR`, `CLICOLOR_FORCE` and the like as
/// `anstream` reads them); plain and 100 columns wide in a pipe.
pub fn terminal_style() -> Style {
    let out = std::io::stdout();
    let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
    let columns = out
        .is_terminal()
        .then(|| terminal_size::terminal_size_of(&out))
        .flatten()
        .map(|(width, _)| usize::from(width.0));
    Style { color, width: columns.unwrap_or(PLAIN_WIDTH) }
}

/// The configuration: the file that was typed, else the nearest one above the current folder.
///
/// # Errors
/// When the file cannot be read or says something wrong.
pub fn config(typed: Option<&Path>) -> anyhow::Result<Config> {
    let path = match typed {
        Some(path) => Some(path.to_path_buf()),
        None => {
            let folder = std::env::current_dir().context("the current folder cannot be read")?;
            Config::find(&folder)
        }
    };
    Ok(path.map(|path| Config::read(&path)).transpose()?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let text = include_str!("../../tests/data/report/ebs-source-ip.json");
        serde_json::from_str(text).unwrap()
    }

    fn arguments() -> OutputArguments {
        OutputArguments {
            format: None,
            output: Vec::new(),
            lang: None,
            redact: false,
            redact_map: None,
        }
    }

    #[test]
    fn suffixes_name_formats() {
        let formats: Vec<Option<ReportFormat>> =
            ["a.html", "b.MD", "c.json", "d.sarif", "e.sarif.json", "f.csv", "g.txt", "h", "i.pdf"]
                .into_iter()
                .map(|name| format_of(Path::new(name)).ok())
                .collect();
        use ReportFormat::{Csv, Html, Json, Markdown, Sarif, Terminal};
        let expected = [Html, Markdown, Json, Sarif, Sarif, Csv, Terminal].map(Some);
        assert_eq!(formats[..7], expected);
        assert_eq!(formats[7..], [None, None]);
        let said = format_of(Path::new("i.pdf")).unwrap_err().to_string();
        assert!(said.starts_with("`i.pdf`") && said.contains("hint: "), "{said}");
    }

    #[test]
    fn several_files_are_written_at_once_and_nothing_is_printed() {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = arguments();
        let names = ["r.html", "r.md", "r.json", "r.sarif", "r.csv", "r.txt"];
        arguments.output = names.iter().map(|name| folder.path().join(name)).collect();
        assert_eq!(printed(&arguments), None);
        write(&report(), None, &Wording::new(Language::En), &arguments).unwrap();
        for path in &arguments.output {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains("111122223333"), "{}", path.display());
            assert!(!text.contains('\u{1b}'), "{}", path.display());
        }
    }

    #[test]
    fn a_redacted_report_comes_with_its_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = arguments();
        arguments.redact = true;
        arguments.output = vec![folder.path().join("r.json")];
        arguments.redact_map = Some(folder.path().join("map.json"));
        write(&report(), None, &Wording::new(Language::En), &arguments).unwrap();
        let text = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
        assert!(!text.contains("111122223333"));
        let mapping = std::fs::read_to_string(folder.path().join("map.json")).unwrap();
        assert!(mapping.contains("\"000000000001\": \"111122223333\""), "{mapping}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let mut arguments = arguments();
        arguments.output = vec!["no/such/folder/r.json".into()];
        let error = write(&report(), None, &Wording::new(Language::En), &arguments).unwrap_err();
        assert!(error.to_string().starts_with("`no/such/folder/r.json`: "), "{error}");
    }

    #[test]
    fn a_language_that_was_typed_wins() {
        let config = Config { language: Some(Language::Ja), ..Config::default() };
        let mut arguments = arguments();
        assert_eq!(language(&arguments, &config), Language::Ja);
        arguments.lang = Some(Language::En);
        assert_eq!(language(&arguments, &config), Language::En);
    }
}
