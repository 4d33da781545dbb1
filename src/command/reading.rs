//! What every command that reads an export shares: its arguments turned into ingest's options,
//! and warnings on standard error.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::config::Config;
use super::output::{self, Access};
use super::progress::Bar;
use super::{named, range, tell};
use crate::chain::Knowledge;
use crate::chain::service::Table;
use crate::cli::{KnownArguments, ReadArguments};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::fold::{self, Settled};
use crate::given::{self, Cap};
use crate::history::History;
use crate::history::passing::Teaching;
use crate::ingest::{self, Batch, Contribution, Ingested, Input, Ledger, Options, Skip, Streamed};
use crate::report::sanitize;
use crate::wording::{Argument, Sentence, shell};

/// Skipped files named on standard error; the rest is counted.
const NAMED: usize = 10;

const SERVICES: Cap =
    Cap { bytes: 16 << 20, instead: "a service table is TOML with a row for each service" };

/// Reads what the arguments name, or the configuration where they name nothing.
///
/// # Errors
/// When an input does not exist, or none of the files could be read.
pub(super) fn read(arguments: &ReadArguments, config: &Config) -> Result<Ingested> {
    let (inputs, options) = asked(arguments, config)?;
    let bar = Bar::new(arguments.quiet);
    let ingested = ingest::read(&inputs, &options, &bar)?;
    bar.finish();
    look_through(&ingested.ledger, Some(arguments), arguments.quiet)?;
    Ok(ingested)
}

/// The same of an export that may be large: where it would take more than `memory` bytes, it is folded
/// while it is read, so that not every record has to be held; the calls that `asks` tells of stay, up to
/// a number.
///
/// # Errors
/// As [`read`].
pub(super) fn folded(
    arguments: &ReadArguments,
    config: &Config,
    knowledge: &Knowledge,
    memory: u64,
    asks: Option<fold::AsksFor<'_>>,
) -> Result<fold::Read> {
    let (inputs, options) = asked(arguments, config)?;
    let bar = Bar::new(arguments.quiet);
    let bounds = fold::Bounds::within(memory);
    let read = fold::read_for(&inputs, &options, knowledge, &bounds, asks, &bar)?;
    bar.finish();
    look_through(read.ledger(), Some(arguments), arguments.quiet)?;
    if let fold::Read::Folded(export) = &read
        && export.beyond > 0
        && !arguments.quiet
    {
        tell::say(&Sentence::new("message-beyond").arg("count", export.beyond));
    }
    Ok(read)
}

/// What a history is made of.
pub(super) enum Taught {
    /// Every event.
    Whole(Box<Ingested>),
    /// Those that teach something, of an export that can be read once more.
    Teaching(Vec<Event>),
}

/// Reads for a history. What holds more than `most` records is not held, unless it cannot be read again.
///
/// # Errors
/// As [`read`].
pub(super) fn taught(arguments: &ReadArguments, config: &Config, most: usize) -> Result<Taught> {
    let (inputs, options) = asked(arguments, config)?;
    if inputs.iter().any(|input| matches!(input, Input::Stdin)) {
        return read(arguments, config).map(|all| Taught::Whole(Box::new(all)));
    }
    let bar = Bar::new(arguments.quiet);
    let mut teaching = Teaching::default();
    let mut each = |batch: Batch| {
        batch.late.into_iter().chain(batch.events).for_each(|event| teaching.take(event));
    };
    let read = ingest::whole_or_stream(&inputs, &options, most, &bar, &mut each)?;
    bar.finish();
    Ok(match read {
        Streamed::Whole(ingested) => {
            look_through(&ingested.ledger, Some(arguments), arguments.quiet)?;
            Taught::Whole(Box::new(ingested))
        }
        Streamed::Batches(ledger) => {
            look_through(&ledger, Some(arguments), arguments.quiet)?;
            Taught::Teaching(teaching.finish())
        }
    })
}

/// Reads once more, and shows each event once it is settled.
///
/// # Errors
/// As [`read`].
pub(super) fn watched(
    arguments: &ReadArguments,
    config: &Config,
    knowledge: &Knowledge,
    each: &mut dyn FnMut(Settled<'_>),
) -> Result<()> {
    let (inputs, options) = asked(arguments, config)?;
    let bar = Bar::new(arguments.quiet);
    fold::watch(&inputs, &options, (knowledge, &fold::Bounds::default()), &bar, each)?;
    bar.finish();
    Ok(())
}

/// Reads the same as a part of an export. Such a part may hold nothing.
///
/// # Errors
/// When an input does not exist, or a bound hangs on the last event.
pub(super) fn contribute(
    arguments: &ReadArguments,
    services: Option<&str>,
    config: &Config,
    memory: u64,
) -> Result<Contribution> {
    let (inputs, options) = asked(arguments, config)?;
    let bar = Bar::new(arguments.quiet);
    let most = fold::Bounds::within(memory).whole;
    let part = Contribution::gather(&inputs, &options, services, most, &bar)?;
    bar.finish();
    if !arguments.quiet {
        warn(part.ledger());
    }
    Ok(part)
}

/// What a command reads as records: what was typed, else what the configuration says.
pub(super) fn paths<'a>(arguments: &'a ReadArguments, config: &'a Config) -> &'a Vec<PathBuf> {
    if arguments.paths.is_empty() { &config.paths } else { &arguments.paths }
}

/// What is known besides, as it lies on disk.
pub(super) fn besides(known: &KnownArguments) -> impl Iterator<Item = &PathBuf> {
    known.dumps.policies.iter().chain(&known.evidence).chain(&known.services)
}

/// Writes a part to a file, or to standard output.
pub(super) fn save_part(part: &Contribution, to: &Path, quiet: bool) -> anyhow::Result<ExitCode> {
    let file = part.encode()?;
    if to.as_os_str() == "-" {
        let mut out = std::io::stdout().lock();
        out.write_all(&file)?;
        out.flush()?;
    } else {
        output::save(to, &file, Access::Owner)?;
    }
    if !quiet {
        tell::say(
            &Sentence::new("message-part-written")
                .arg("records", part.ledger().records.kept)
                .arg("bytes", file.len()),
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells of damage, and errs when there was nothing else.
///
/// # Errors
/// When none of the files could be read.
pub(super) fn look_through(
    ledger: &Ledger,
    asked: Option<&ReadArguments>,
    quiet: bool,
) -> Result<()> {
    if !quiet {
        warn(ledger);
    }
    let outside = ledger.nothing_in_range();
    if !quiet {
        range::said(ledger, asked).iter().for_each(tell::say);
    }
    if ledger.files_read == 0 && ledger.records.kept == 0 && outside.is_none() {
        return Err(Error::Said(nothing_readable(ledger)));
    }
    Ok(())
}

/// Errs where nothing was found in what for the most part could not be understood.
///
/// # Errors
/// When most records were malformed and there is no incident.
pub(super) fn distrust(ledger: &Ledger, incidents: usize) -> Result<()> {
    match ledger.mostly_malformed().filter(|_| incidents == 0) {
        Some(said) => Err(Error::Said(said)),
        None => Ok(()),
    }
}

/// What is to be read, and how.
pub(super) fn asked(arguments: &ReadArguments, config: &Config) -> Result<(Vec<Input>, Options)> {
    if let Some(threads) = arguments.threads {
        // Errs only when the pool exists already; then its size stays.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let paths = paths(arguments, config);
    if paths.is_empty() {
        return Err(Error::Said(Sentence::new("message-no-path")));
    }
    let inputs: Vec<Input> = paths.iter().map(|path| input(path)).collect();
    let options = Options {
        since: arguments.since,
        until: arguments.until,
        accounts: arguments.account.clone(),
        regions: arguments.region.clone(),
        threads: arguments.threads,
        roots: named::roots(&arguments.source_root)?,
        ..Options::default()
    };
    Ok((inputs, options))
}

fn input(path: &Path) -> Input {
    #[cfg(feature = "s3")]
    if let Some(url) = path.to_str().filter(|_| ingest::is_address(path.as_os_str())) {
        return Input::Bucket(url.to_owned());
    }
    if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.to_path_buf()) }
}

fn nothing_readable(ledger: &Ledger) -> Sentence {
    if ledger.files_found == 0 {
        return Sentence::new("message-no-files");
    }
    let is_part = |skip: &&Skip| skip.detail.as_ref().is_some_and(|d| d.id() == "log-part");
    if let Some(part) = ledger.skipped.iter().find(is_part) {
        return Sentence::new("message-is-part").arg("path", sanitize::line(&part.path));
    }
    let mut details = ledger.skipped.iter().map(|skip| skip.detail.as_ref());
    let first = details.next().flatten();
    if let Some(said) = first.filter(|_| details.all(|detail| detail == first)) {
        return match ledger.skipped.as_slice() {
            [one] => Sentence::new("message-holds-none")
                .arg("path", sanitize::line(&one.path))
                .arg("said", with_its_file(said, &one.path)),
            files => Sentence::new("message-hold-none")
                .arg("count", files.len())
                .arg("said", said.clone()),
        };
    }
    Sentence::new("message-none-readable").arg("count", ledger.files_found)
}

/// What is said of a packed file, with its name in the command that unpacks it.
fn with_its_file(said: &Sentence, path: &str) -> Sentence {
    let argument = |name: &str| said.arguments().iter().find(|(known, _)| *known == name);
    match (argument("what"), argument("command")) {
        (Some((_, what)), Some((_, Argument::Text(command)))) if said.id() == "log-archive" => {
            let command = command.replace(ingest::PACKED_FILE, &shell::quote(path));
            Sentence::new("log-archive").arg("what", what.clone()).arg("command", command)
        }
        _ => said.clone(),
    }
}

/// Damage is told at once; what is no CloudTrail at all (digests, flow logs) is only counted.
pub(super) fn warn(ledger: &Ledger) {
    let damaged: Vec<_> = ledger.skipped.iter().filter(|skip| skip.reason.is_damage()).collect();
    let wording = tell::wording();
    for skip in damaged.iter().take(NAMED) {
        let detail = skip.detail.as_ref().map(|detail| wording.say(detail));
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        let what = Sentence::new("message-damaged")
            .arg("path", &*skip.path)
            .arg("what", format!("{}{detail}", skip.reason.as_str()))
            .arg("count", skip.recovered);
        tell::warn(wording.say(&what));
    }
    if damaged.len() > NAMED {
        let more = Sentence::new("message-more-damaged").arg("count", damaged.len() - NAMED);
        tell::warn(wording.say(&more));
    }
}

/// What of the policy dumps could not be used.
pub(super) fn warn_of_gaps(history: &History) {
    let wording = tell::wording();
    for gap in history.gaps() {
        tell::warn(gap.say(&wording));
    }
}

/// What of AWS's own accounts tells of none of the refused calls, with why.
pub(super) fn warn_of_unused_evidence(unused: &[(String, Sentence)]) {
    let wording = tell::wording();
    for (file, why) in unused {
        let what = Sentence::new("message-unused").arg("path", &**file).arg("why", why.clone());
        tell::warn(wording.say(&what));
    }
}

/// The built-in service table, with a table of the user's merged over it.
///
/// # Errors
/// When the file cannot be read or a row in it cannot be understood.
pub(super) fn knowledge(services: Option<&Path>) -> Result<Knowledge> {
    let (Some(path), Some(text)) = (services, self::services(services)?) else {
        return Ok(Knowledge::default());
    };
    let own = Table::parse(&text).map_err(|e| Error::document(path, e.to_string()))?;
    Ok(Knowledge::new(Table::builtin().merge(&own)))
}

/// The text of a table of the user's.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn services(path: Option<&Path>) -> Result<Option<String>> {
    path.map(|path| given::text(path, SERVICES)).transpose()
}
