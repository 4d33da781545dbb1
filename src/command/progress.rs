//! How the reading goes, on standard error: a bar for a person who waits, and on Ctrl-C a word on
//! how far it got. Nothing in pipes, nothing with `--quiet`, nothing for what takes no second.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{output, tell};
use crate::ingest::Progress;

/// Who waits less needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn anew while a large file is read.
const TICK: Duration = Duration::from_millis(200);

/// Exit status after Ctrl-C: 128 and the number of the signal, as shells have it.
const INTERRUPTED: i32 = 130;

/// The state of a reading.
pub(super) struct Bar {
    state: Arc<State>,
}

struct State {
    bar: ProgressBar,
    started: Instant,
    files: AtomicU64,
    done: AtomicU64,
    bytes: AtomicU64,
    records: AtomicU64,
    finished: AtomicBool,
}

impl Bar {
    /// Begins to watch; a bar appears after a while, unless the run is to be quiet or standard
    /// error is no terminal.
    pub(super) fn new(quiet: bool) -> Bar {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg}  {wide_bar}  {eta} left") {
            bar.set_style(style);
        }
        let state = Arc::new(State {
            bar,
            started: Instant::now(),
            files: AtomicU64::default(),
            done: AtomicU64::default(),
            bytes: AtomicU64::default(),
            records: AtomicU64::default(),
            finished: AtomicBool::default(),
        });
        watch_interrupts(Arc::clone(&state));
        if !quiet && std::io::stderr().is_terminal() {
            appear_later(Arc::clone(&state));
        }
        Bar { state }
    }

    /// The reading is over: the bar goes.
    pub(super) fn finish(&self) {
        self.state.finished.store(true, Ordering::SeqCst);
        self.state.bar.finish_and_clear();
    }
}

fn appear_later(state: Arc<State>) {
    thread::spawn(move || {
        thread::sleep(PATIENCE);
        if !state.finished.load(Ordering::SeqCst) {
            state.bar.set_draw_target(ProgressDrawTarget::stderr());
            state.bar.enable_steady_tick(TICK);
        }
    });
}

fn watch_interrupts(state: Arc<State>) {
    // Errs when a handler is set already, as in a second read of one process: that one serves.
    let _ = ctrlc::set_handler(move || {
        state.bar.finish_and_clear();
        output::abandon();
        tell(format_args!("interrupted {}; nothing was written", state.how_far()));
        std::process::exit(INTERRUPTED);
    });
}

impl State {
    fn how_far(&self) -> String {
        let read = |counter: &AtomicU64| HumanCount(counter.load(Ordering::Relaxed)).to_string();
        let so_far = format!(
            "{} of {} files ({}, {} records)",
            read(&self.done),
            read(&self.files),
            HumanBytes(self.bytes.load(Ordering::Relaxed)),
            read(&self.records)
        );
        match self.finished.load(Ordering::SeqCst) {
            true => format!("while analysing {so_far}"),
            false => format!("after {so_far}"),
        }
    }

    fn message(&self) -> String {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let records = self.records.load(Ordering::Relaxed);
        format!(
            "{}/{} files  {}  {} events/s",
            HumanCount(self.done.load(Ordering::Relaxed)),
            HumanCount(self.files.load(Ordering::Relaxed)),
            HumanBytes(self.bytes.load(Ordering::Relaxed)),
            HumanCount((records as f64 / seconds) as u64)
        )
    }
}

impl Progress for Bar {
    fn found(&self, files: u64) {
        self.state.files.store(files, Ordering::Relaxed);
        self.state.bar.set_length(files);
    }

    fn done(&self, stored: u64, records: u64) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
        self.state.bytes.fetch_add(stored, Ordering::Relaxed);
        self.state.records.fetch_add(records, Ordering::Relaxed);
        if !self.state.bar.is_hidden() {
            self.state.bar.set_message(self.state.message());
        }
        self.state.bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_got_is_told_while_reading_and_after() {
        let bar = Bar::new(true);
        bar.found(1_200);
        bar.done(2_048, 1_500);
        assert_eq!(bar.state.how_far(), "after 1 of 1,200 files (2.00 KiB, 1,500 records)");
        assert!(bar.state.message().starts_with("1/1,200 files  2.00 KiB  "));
        bar.finish();
        assert_eq!(
            bar.state.how_far(),
            "while analysing 1 of 1,200 files (2.00 KiB, 1,500 records)"
        );
    }
}
