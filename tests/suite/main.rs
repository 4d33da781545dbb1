//! The tests of the library and of the program, one file for each subject. They are one program, so that
//! they are linked once and run side by side; `cargo test --test suite NAME::` runs those of one file.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

mod support;

mod analyze;
mod any_size;
mod asked;
mod cards;
mod chains;
mod collect;
mod compared;
mod contrasts;
mod denial_outcomes;
mod denial_texts;
mod embedded;
mod evidence_given;
mod explain_compare;
mod export_forms;
mod first_steps;
mod fix_commands;
mod fix_newest;
mod fixes_hold;
mod folded;
mod generate;
mod ghosts;
mod guardrails;
mod handed_over;
mod history_changes;
mod history_commands;
mod history_dump;
mod history_evidence;
mod history_layers;
mod history_replay;
mod history_request;
mod hostile_input;
mod html_report;
mod iam_partly;
mod ingest_forms;
mod ingest_ledger;
mod ingest_masked;
mod ingest_notifications;
mod invariance;
mod merge;
mod messages;
mod module_order;
mod named_inputs;
mod partitions;
mod plan;
mod policy_damage;
mod redact_places;
mod refusals;
mod rehearse;
mod rehearse_measured;
mod rehearse_passing;
mod remedy_samples;
mod report_formats;
mod report_markdown;
mod report_redact;
mod report_roots;
mod report_sanitize;
mod report_schema;
mod report_terminal;
mod right_name;
mod roles;
mod s3;
mod sample_formats;
mod samples;
mod secrets;
mod signatures;
mod tables;
mod time_zone;
mod verdicts;
mod very_many;
mod weights;
mod wording;

// The generator of the samples names them so.
use support::{export, policies};
