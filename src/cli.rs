//! What was typed: clap structs only. What it means is decided in `command`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::ingest::Moment;
use crate::report::Kind;

/// Why did the call to AWS fail? Reads CloudTrail, offline, without credentials.
#[derive(Debug, Parser)]
#[command(
    name = "trailwhy",
    version,
    about,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  trailwhy analyze s3-export/                              what failed, and which policy denied
  trailwhy explain s3-export/ vol-0a1b2c3d4e5f60718        what happened to this volume
  trailwhy compare s3-export/ --failed vol-0a1b2c3d4e5f60718
  trailwhy collect s3-export/ > collect.sh                 reads the policies that settle it
  trailwhy help analyze                                    all options, with more examples"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person at a terminal
    Terminal,
    /// Fifteen lines of plain text, for a chat or a ticket
    Summary,
    /// The JSON report
    Json,
    /// A postmortem draft
    Markdown,
    /// One self-contained page
    Html,
    /// SARIF 2.1.0
    Sarif,
    /// The occurrences as a table
    Csv,
}

/// A language of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Japanese
    Ja,
}

/// Which of the things found are shown.
#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// Only what this user, role or service made or was denied: an ARN, a name, or a part with `*`
    #[arg(long, value_name = "ARN")]
    pub principal: Option<String>,
    /// Only what has this IAM action in its chain, e.g. kms:CreateGrant or kms:*
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only what has this resource in its chain: an ARN, an id, or a part with `*`
    #[arg(long, value_name = "ARN")]
    pub resource: Option<String>,
}

/// What is taken out before a report is shared.
#[derive(Debug, Clone, clap::Args)]
pub struct RedactArguments {
    /// Replace accounts, ARNs, names, addresses and ids, each by the same stand-in everywhere
    #[arg(long)]
    pub redact: bool,
    /// Keep which stand-in means what, as JSON
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub redact_map: Option<PathBuf>,
}

/// What makes a run fail.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GateArguments {
    /// Fail only on incidents of these kinds: silent, opaque, background, ghost, direct
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    pub fail_on: Vec<Kind>,
    /// A JSON report of before: what failed in it is known, and only what is new fails a run
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

fn kind(word: &str) -> Result<Kind, String> {
    let kinds = Kind::ALL.map(Kind::as_str).join(", ");
    Kind::parse(word).ok_or_else(|| format!("the kinds are {kinds}"))
}

/// How a listing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// For a person
    Text,
    /// For a program
    Json,
}

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CompareFormat {
    /// For a person at a terminal
    #[value(alias = "terminal")]
    Text,
    /// For a program (`trailwhy schema comparison`)
    Json,
    /// To pass on
    Markdown,
    /// One self-contained page, side by side
    Html,
}

/// A JSON document that the program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaOf {
    /// The report of `analyze`
    Report,
    /// What `compare` tells
    Comparison,
    /// What `analyze --tables` writes
    Tables,
    /// What `rehearse` tells
    Rehearsal,
}

/// What to read, and which part of it.
#[derive(Debug, Clone, clap::Args)]
pub struct ReadArguments {
    /// Files or folders with CloudTrail records; `-` reads standard input (default: the `paths` of
    /// trailwhy.toml)
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read the names of files or folders from a file (`-`: from standard input) as well: one a line,
    /// or one before each NUL where there is one (`find -print0`), or lines of `trailwhy plan`
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// Name files below DIR as NAME/… in reports and warnings: where they were copied from, such as
    /// s3://bucket/prefix (repeatable)
    #[arg(long, value_name = "DIR=NAME")]
    pub source_root: Vec<String>,
    /// Only events from this moment on (RFC 3339, a date, or 2h, 3d before the last event)
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,
    /// Only events up to this moment
    #[arg(long, value_name = "TIME")]
    pub until: Option<Moment>,
    /// Only events of this account (repeatable)
    #[arg(long, value_name = "ID")]
    pub account: Vec<String>,
    /// Only events of this Region (repeatable)
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Files read at the same time
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Read this file instead of the trailwhy.toml found here or in a folder above
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// No progress bar, no words on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// What is known besides the export.
#[derive(Debug, Clone, clap::Args)]
pub struct KnownArguments {
    /// Policies that people have
    #[command(flatten)]
    pub dumps: DumpArguments,
    /// What AWS told of single denials: outputs of `sts decode-authorization-message` and
    /// `iam-toolbox get-request-authorization-details`, or folders of them (repeatable)
    #[arg(long, value_name = "PATH")]
    pub evidence: Vec<PathBuf>,
    /// A service table of your own, merged over the built-in one
    #[arg(long, value_name = "FILE")]
    pub services: Option<PathBuf>,
}

/// Which report is made, and what follows from it.
#[derive(Debug, clap::Args)]
pub struct ReportArguments {
    /// Which incidents to show
    #[command(flatten)]
    pub show: ShowArguments,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub format: Format,
    /// Write the report to a file, in the format of its suffix (.json .md .html .sarif .csv .txt;
    /// repeatable)
    #[arg(long, short, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Write incidents, occurrences, refused calls, links, changes and coverage to this folder, one table
    /// each (gzipped JSON lines; `trailwhy schema tables`)
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// Occurrences listed per incident
    #[arg(long, value_name = "N")]
    pub max_occurrences: Option<usize>,
    /// At a terminal, tell everything and not only the cards (default: from trailwhy.toml, else false)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub full: Option<bool>,
    /// Language of the report (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// Where times are told in: UTC, local, Asia/Tokyo, +09:00 (default: from trailwhy.toml, else UTC).
    /// JSON, CSV and SARIF are UTC in any case
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub time_zone: Option<String>,
    /// What is taken out
    #[command(flatten)]
    pub redact: RedactArguments,
    /// What makes the run fail
    #[command(flatten)]
    pub gate: GateArguments,
    /// Exit with 0 even when incidents were found
    #[arg(long)]
    pub exit_zero: bool,
    /// Show how exemptions from guardrails are made, too, for those who own them
    #[arg(long)]
    pub all_fixes: bool,
}

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy analyze s3-export/
  trailwhy analyze s3-export/ --since 2h --policies dumps/
  trailwhy analyze s3-export/ -o report.html -o report.json
  trailwhy analyze s3-export/ --redact --redact-map names.json -o to-share.html
  trailwhy analyze s3-export/ --fail-on silent,ghost --baseline last-week.json
  trailwhy analyze s3-export/eu-west-1/ --partial eu.part
  aws cloudtrail lookup-events | trailwhy analyze -
  find s3-export/ -newer last-run -print0 | trailwhy analyze --files-from -
  trailwhy analyze s3-export/ --source-root s3-export=s3://trail-bucket

Exit status: 0 no incident, 1 incidents found, 2 wrong usage or nothing readable.
With --fail-on, --baseline or trailwhy.toml, 1 only for incidents that count.")]
pub struct AnalyzeArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// Which report to make
    #[command(flatten)]
    pub report: ReportArguments,
    /// How much memory the records may take that are held at once, in MiB; what is larger goes by in
    /// order of time, and nothing of it is left out
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = memory)]
    pub memory: u64,
    /// Every record is analysed in any case
    #[arg(long, hide = true)]
    pub whole: bool,
    /// Write what this part of an export contributes to a file (`-`: standard output, if that is no
    /// terminal) instead of a report; `trailwhy merge` makes the report of all parts
    #[arg(long, value_name = "FILE", conflicts_with_all = REPORTING)]
    pub partial: Option<PathBuf>,
}

/// The least that is of use.
const LEAST_MEMORY: u64 = 64;

/// MiB as bytes.
fn memory(text: &str) -> Result<u64, String> {
    let mib: u64 = text.parse().map_err(|_| "a number of MiB, such as 256".to_owned())?;
    match mib >= LEAST_MEMORY {
        true => Ok(mib.saturating_mul(1 << 20)),
        false => Err(format!("at least {LEAST_MEMORY}")),
    }
}

/// What only a report needs: a part has none.
const REPORTING: [&str; 19] = [
    "tables",
    "principal",
    "action",
    "resource",
    "format",
    "output",
    "max_occurrences",
    "full",
    "lang",
    "time_zone",
    "redact",
    "redact_map",
    "fail_on",
    "baseline",
    "exit_zero",
    "all_fixes",
    "policies",
    "policies_as_of",
    "evidence",
];

/// Arguments of `merge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy analyze s3-export/eu-west-1/ --partial eu.part
  trailwhy analyze s3-export/us-east-1/ --partial us.part
  trailwhy merge eu.part us.part -o report.html
  trailwhy merge *.part --policies dumps/

The order of the files does not matter. All parts must be made with the same --since, --until,
--account, --region and --services; merge takes the same --services again. Exit status: as of
analyze.")]
pub struct MergeArguments {
    /// What `trailwhy analyze --partial` wrote; `-` reads one of them from standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// Which report to make
    #[command(flatten)]
    pub report: ReportArguments,
    /// Write all of them as one part to a file (`-`: standard output, if that is no terminal) instead
    /// of a report
    #[arg(long, value_name = "FILE", conflicts_with_all = REPORTING)]
    pub partial: Option<PathBuf>,
    /// How much memory the records may take that are held at once, in MiB
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = memory)]
    pub memory: u64,
    /// Read this file instead of the trailwhy.toml found here or in a folder above
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// No words on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy plan s3-export/ --parts 8 > plan.jsonl
  parallel -N1 --pipe trailwhy analyze --files-from - --partial part-{#} < plan.jsonl
  trailwhy merge part-* -o report.html

Prints one line of JSON for each part: its files, bytes, accounts, Regions and when they were
delivered. --files-from reads such a line. Exit status: 0, or 2 when there is nothing to plan.")]
pub struct PlanArguments {
    /// What to cut
    #[command(flatten)]
    pub read: ReadArguments,
    /// So many parts, about equal in size (fewer where there are fewer files)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(usize), conflicts_with = "part_bytes")]
    pub parts: Option<usize>,
    /// At most so many bytes in each part, as the files are stored: 64MB, 1GiB
    #[arg(long, value_name = "SIZE", default_value = "256MB", value_parser = size)]
    pub part_bytes: u64,
}

/// Bytes as people write them: 64MB, 1GiB, 4096.
fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KIB", 1 << 10),
        ("MIB", 1 << 20),
        ("GIB", 1 << 30),
    ];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase();
    let number: Option<u64> = digits.trim().parse().ok().filter(|number| *number > 0);
    let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .ok_or_else(|| "a size, such as 64MB or 1GiB".to_owned())
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "\
Examples:
  trailwhy explain s3-export/ vol-0a1b2c3d4e5f60718
  trailwhy explain s3-export/ 47aa4706-445a-4bdb-8518-c9abbde21270 --policies dumps/
  trailwhy explain s3-export/ inc-6f0c2b1a9d3e4f58 --format json",
    override_usage = "trailwhy explain [OPTIONS] [PATH]... <ID>",
    mut_arg("paths", |paths| paths.required(true).value_name("PATH|ID").help(
        "Files or folders with CloudTrail records, and last an event id, a request id, an \
         incident id, or what calls were about: `vol-…`, an ARN, a name"
    ))
)]
pub struct ExplainArguments {
    /// What to read; the last of the paths is the id, since a list of paths before another
    /// positional argument would take no option in between
    #[command(flatten)]
    pub read: ReadArguments,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    /// Show how exemptions from guardrails are made, too, for those who own them
    #[arg(long)]
    pub all_fixes: bool,
    /// Language of the answer (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// Where times are told in: UTC, local, Asia/Tokyo, +09:00 (default: from trailwhy.toml, else UTC).
    /// JSON is UTC in any case
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub time_zone: Option<String>,
    /// How much memory the records may take that are held at once, in MiB; what is larger goes by in
    /// order of time
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = memory)]
    pub memory: u64,
    /// What is taken out
    #[command(flatten)]
    pub redact: RedactArguments,
}

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy compare s3-export/ --failed vol-0a1b2c3d4e5f60718
  trailwhy compare s3-export/ --failed 47aa4706-445a-4bdb-8518-c9abbde21270 --with vol-0ffee
  trailwhy compare s3-export/ --failed-since 2026-09-15T10:00:00Z --with-until 2026-09-15T10:00:00Z
  trailwhy compare s3-export/ --principal deploy --with-principal storage-operator")]
#[group(id = "sides", required = true, multiple = true,
    args = ["failed", "failed_since", "failed_until", "principal"])]
pub struct CompareArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// The failed chain: an event id, request id, incident id, or what it was about (`vol-…`)
    #[arg(long, value_name = "ID")]
    pub failed: Option<String>,
    /// The successful chain, or `auto` for the comparable one that differs least
    #[arg(long, value_name = "ID", default_value = "auto", requires = "failed")]
    pub with: String,
    /// How much memory the records may take that are held at once, in MiB; what is larger goes by in
    /// order of time. Groups of calls are held whole
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = memory)]
    pub memory: u64,
    /// Show everything that differs, and not only what fits on a screen
    #[arg(long)]
    pub full: bool,
    /// Show what is the same, too
    #[arg(long, requires = "failed")]
    pub all: bool,
    /// Compare calls instead of one chain: those from this moment on …
    #[arg(long, value_name = "TIME", conflicts_with = "failed")]
    pub failed_since: Option<Moment>,
    /// … up to this one
    #[arg(long, value_name = "TIME", conflicts_with = "failed")]
    pub failed_until: Option<Moment>,
    /// With calls from this moment on …
    #[arg(long, value_name = "TIME", conflicts_with = "failed")]
    pub with_since: Option<Moment>,
    /// … up to this one
    #[arg(long, value_name = "TIME", conflicts_with = "failed")]
    pub with_until: Option<Moment>,
    /// Compare the calls of this user, role or service: an ARN, a name, or a part with `*`
    #[arg(long, value_name = "ARN", conflicts_with = "failed")]
    pub principal: Option<String>,
    /// With the calls of this one (default: the same)
    #[arg(long, value_name = "ARN", requires = "principal")]
    pub with_principal: Option<String>,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// How to print the comparison
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub format: CompareFormat,
    /// Language of the comparison (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// What is taken out
    #[command(flatten)]
    pub redact: RedactArguments,
}

/// Arguments of `chains`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy chains s3-export/ --failed
  trailwhy chains s3-export/ --action 'kms:*' --principal deploy
  trailwhy chains s3-export/ --resource vol-0a1b2c3d4e5f60718 --format json")]
pub struct ChainsArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// Which chains to show
    #[command(flatten)]
    pub show: ShowArguments,
    /// Only chains with a failed call
    #[arg(long)]
    pub failed: bool,
    /// How to print the chains
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    /// A service table of your own, merged over the built-in one
    #[arg(long, value_name = "FILE")]
    pub services: Option<PathBuf>,
}

/// Policies that people have on disk.
#[derive(Debug, Clone, clap::Args)]
pub struct DumpArguments {
    /// Policies: what the script of `trailwhy collect` wrote, AWS CLI outputs (also of sso-admin), Config
    /// snapshots, an iam-collect folder, bare documents (repeatable)
    #[arg(long, value_name = "PATH")]
    pub policies: Vec<PathBuf>,
    /// When the policies were dumped, where the files' own times do not tell
    #[arg(long, value_name = "TIME")]
    pub policies_as_of: Option<Moment>,
}

/// Arguments of `changes`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy changes s3-export/ --since 2h
  trailwhy changes s3-export/ --for arn:aws:iam::111122223333:role/Build --format json")]
pub struct ChangesArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// Only changes of this principal, policy, resource, account or organizational unit: an ARN, a name,
    /// or a part with `*`
    #[arg(long = "for", value_name = "ARN")]
    pub only_for: Option<String>,
    /// Policies that people have
    #[command(flatten)]
    pub dumps: DumpArguments,
    /// How to print the changes
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    /// Language of the listing (default: from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// Arguments of `policies`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy policies s3-export/ --at 2026-03-01T12:00:00Z --policies dumps/
  trailwhy policies s3-export/ --at 1h --for arn:aws:iam::111122223333:role/Build")]
pub struct PoliciesArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// The moment: RFC 3339, a date, or 2h, 3d before the last event
    #[arg(long, value_name = "TIME")]
    pub at: Moment,
    /// Only what holds for this principal, policy, resource, account or organizational unit (an ARN, a
    /// name, or a part with `*`); its documents are shown in full
    #[arg(long = "for", value_name = "ARN")]
    pub only_for: Option<String>,
    /// Policies that people have
    #[command(flatten)]
    pub dumps: DumpArguments,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    /// Language of the listing (default: from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// Arguments of `collect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy collect s3-export/ > collect.sh
  bash collect.sh policies && trailwhy analyze s3-export/ --policies policies/
  trailwhy collect s3-export/ --role-name SecurityAudit > collect.sh
  trailwhy collect s3-export/ --policies policies/ > what-is-still-missing.sh
  trailwhy collect s3-export/ --permissions > read-policies.json
  trailwhy collect --all --account 111122223333 --region eu-west-1 > collect.sh

The script runs in bash with the AWS CLI and your credentials, calls only get, list and describe, and
writes into one folder that only you can open. What it may not read it notes as missing.")]
pub struct CollectArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// Everything of the accounts and Regions in the export, or of those that --account and --region
    /// name, whatever failed
    #[arg(long)]
    pub all: bool,
    /// A role of this name is taken on in each account that the credentials are not of
    #[arg(long, value_name = "NAME", value_parser = role_name)]
    pub role_name: Option<String>,
    /// Print the IAM policy that lets the script read what it asks for, instead of the script
    #[arg(long)]
    pub permissions: bool,
    /// Language of messages (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// The name of a role, with its path (IAM API reference, `RoleName` and `Path`).
fn role_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => {
            Err("the name of a role, with its path if it has one: audit/ReadPolicies".to_owned())
        }
    }
}

/// Arguments of `help`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy help kinds              what silent, ghost, opaque, background and direct mean
  trailwhy help layers --lang ja
  trailwhy help analyze")]
pub struct HelpArguments {
    /// kinds, layers, certainty, or a subcommand
    #[arg(value_name = "TOPIC")]
    pub of: Vec<String>,
    /// Language in which words are explained (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what failed, which policy denied, and why
    Analyze(Box<AnalyzeArguments>),
    /// Make one report of parts that were read separately
    Merge(Box<MergeArguments>),
    /// Cut an export into parts for several processes or machines, without reading it
    Plan(Box<PlanArguments>),
    /// Tell all about one event, request, incident or resource
    Explain(Box<ExplainArguments>),
    /// Set a failed chain beside a successful one, or two groups of calls beside each other
    Compare(Box<CompareArguments>),
    /// List chains: a call and the calls services made for it
    Chains(Box<ChainsArguments>),
    /// Show which policies, grants and key states were in force at a moment
    Policies(Box<PoliciesArguments>),
    /// List who changed policies, grants and key states, with the difference
    Changes(Box<ChangesArguments>),
    /// Say what a policy change would break, before it is made
    Rehearse(Box<RehearseArguments>),
    /// Print a script that reads, with the AWS CLI, the policies that settle what failed
    Collect(Box<CollectArguments>),
    /// Answer an assistant's questions about an export (Model Context Protocol, on standard input)
    Mcp(Box<McpArguments>),
    /// Print the JSON Schema of the report, of a comparison or of a rehearsal
    #[command(after_help = "Example: trailwhy schema > report.schema.json")]
    Schema {
        /// Of which document
        #[arg(value_enum, default_value_t = SchemaOf::Report)]
        of: SchemaOf,
    },
    /// Print shell completions or the manual page
    #[command(
        subcommand,
        after_help = "Examples:
  trailwhy generate completions bash > ~/.local/share/bash-completion/completions/trailwhy
  trailwhy generate man > trailwhy.1"
    )]
    Generate(Generate),
    /// Print this help, that of a subcommand, or what kinds, layers and certainty mean
    Help(HelpArguments),
    /// Evaluate IAM requests: one JSON case per line in, one verdict per line out
    ///
    /// A case has `id`, `request` (`principal`, `action`, `resource` with `arn` and `accountId`,
    /// `context`, `unknown_keys`, `wildcard_only_action`), `policies` (`identity`, `boundary`,
    /// `session`, `resource`, `scps`, `rcps`, `vpc_endpoint`, `kms_grants`, `key_state`) and
    /// `settings` (`s3_block_public_access`). A verdict has `id`, `result`, `layer`, `blocked_by`,
    /// `statements` and `unknown`; a line that cannot be read has `id` and `error`, and the exit
    /// status is then 2.
    #[command(after_help = "Example: trailwhy simulate < requests.jsonl > verdicts.jsonl")]
    Simulate,
}

/// Arguments of `rehearse`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy rehearse s3-export/ --policies dumps/ --change new-key-policy.json \\
      --on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
  trailwhy rehearse s3-export/ --policies dumps/ --change trust.json --kind trust --on arn:…:role/Build
  trailwhy rehearse s3-export/ --policies dumps/ --detach arn:aws:iam::aws:policy/ReadOnlyAccess \\
      --on arn:aws:iam::111122223333:role/Build
  terraform show -json plan.out | trailwhy rehearse s3-export/ --policies dumps/ --terraform-plan -
  trailwhy rehearse s3-export/ --policies dumps/ --change-event 47aa4706-445a-4bdb-8518-c9abbde21270

Exit status: 0 nothing would break, 1 something would or may break, 2 wrong usage or nothing readable.
With --fail-on, 1 only for failures of these kinds.")]
pub struct RehearseArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// A policy document as it would be; each is paired with the --on of the same place (repeatable)
    #[arg(long, value_name = "FILE")]
    pub change: Vec<PathBuf>,
    /// What a change belongs to: the ARN of a role, user, policy, key, bucket, queue …, a VPC endpoint
    /// (vpce-…), an organization policy (p-…), or what one would hang on (r-…, ou-…, an account)
    #[arg(long, value_name = "ARN")]
    pub on: Vec<String>,
    /// The kind of policy, where the ARN alone does not tell
    #[arg(long, value_name = "KIND", value_parser = policy_kind)]
    pub kind: Option<crate::rehearse::change::PolicyKind>,
    /// The name of an inline policy (default: the only one there is, else the name of the file)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The policy of this would be deleted (repeatable)
    #[arg(long, value_name = "ARN")]
    pub delete: Vec<String>,
    /// A policy would be attached to --on (repeatable)
    #[arg(long, value_name = "POLICY")]
    pub attach: Vec<String>,
    /// A policy would be detached from --on (repeatable)
    #[arg(long, value_name = "POLICY")]
    pub detach: Vec<String>,
    /// Documents in the shapes of --policies, each named by what it belongs to: what differs from what
    /// holds now would be put (repeatable)
    #[arg(long, value_name = "DIR")]
    pub change_dir: Vec<PathBuf>,
    /// What `terraform show -json` prints of a plan; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub terraform_plan: Option<PathBuf>,
    /// A CloudFormation template in JSON or YAML (repeatable)
    #[arg(long, value_name = "FILE")]
    pub cloudformation: Vec<PathBuf>,
    /// What an event of the trail changed, as if it were still to be made, on what was before it
    #[arg(long, value_name = "ID")]
    pub change_event: Vec<String>,
    /// Rehearse as of this moment, with the calls until then (default: the end)
    #[arg(long, value_name = "TIME")]
    pub at: Option<Moment>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = RehearseFormat::Terminal)]
    pub format: RehearseFormat,
    /// Language (default: from trailwhy.toml, else from the locale)
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// What is taken out
    #[command(flatten)]
    pub redact: RedactArguments,
    /// Fail only on failures of these kinds: silent, opaque, background, direct
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    pub fail_on: Vec<Kind>,
    /// What is meant to break, as TOML: [[allow]] with any of principal, action, resource, and reason
    #[arg(long, value_name = "FILE")]
    pub allow: Option<PathBuf>,
    /// Exit with 0 even when something would break
    #[arg(long)]
    pub exit_zero: bool,
}

/// How a rehearsal is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RehearseFormat {
    /// For a person at a terminal
    #[value(alias = "text")]
    Terminal,
    /// For a program (`trailwhy schema rehearsal`)
    Json,
    /// For a pull request
    Markdown,
}

fn policy_kind(word: &str) -> Result<crate::rehearse::change::PolicyKind, String> {
    use crate::rehearse::change::{KINDS, PolicyKind};
    PolicyKind::parse(word)
        .ok_or_else(|| format!("the kinds are {}", KINDS.map(|(known, _)| known).join(", ")))
}

/// Arguments of `mcp`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  trailwhy mcp s3-export/ --policies dumps/
  trailwhy mcp s3-export/ --redact

An assistant starts it, and asks over standard input and output. It reads what is named here and
nothing else, writes nothing, and contacts nothing.")]
pub struct McpArguments {
    /// What to read
    #[command(flatten)]
    pub read: ReadArguments,
    /// What is known besides
    #[command(flatten)]
    pub known: KnownArguments,
    /// Show how exemptions from guardrails are made, too, for those who own them
    #[arg(long)]
    pub all_fixes: bool,
    /// Replace accounts, ARNs, names, addresses and ids, each by the same stand-in everywhere; questions
    /// name the stand-ins
    #[arg(long)]
    pub redact: bool,
}

impl McpArguments {
    /// What is taken out.
    pub fn redact(&self) -> RedactArguments {
        RedactArguments { redact: self.redact, redact_map: None }
    }
}

/// What `generate` writes.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Completions for a shell
    #[command(after_help = "Example: trailwhy generate completions bash > \
                            ~/.local/share/bash-completion/completions/trailwhy")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// The manual page, in roff
    #[command(after_help = "Example: trailwhy generate man > trailwhy.1")]
    Man,
}
