//! What a caller asks of a reading: a range, filters, limits, and how to follow its progress.

use crate::ingest::files::selection::Moment;
use crate::ingest::files::source::Root;
use crate::ingest::inflate::caps::Caps;
use crate::ingest::record::header::Needs;

/// What is wanted, and how far to go for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Not after this moment.
    pub until: Option<Moment>,
    /// Accounts, as caller or as recipient; empty means all.
    pub accounts: Vec<String>,
    /// Regions; empty means all.
    pub regions: Vec<String>,
    /// How many files are read at the same time; `None` means as many as there are processors.
    pub threads: Option<usize>,
    /// Folders whose files are named by where they came from.
    pub roots: Vec<Root>,
    /// How far a file may inflate.
    pub caps: Caps,
    /// Decides which records are needed; without it all are. The others are counted in the ledger, but no event is
    /// made of them.
    pub needs: Option<Needs>,
}

/// Is called while files are read, from several threads.
pub trait Progress: Sync {
    /// This many files will be read.
    fn found(&self, _files: u64) {}
    /// A file was read: `stored` bytes on disk, with `records` records that could be understood.
    fn done(&self, _stored: u64, _records: u64) {}
}

/// Ignores progress.
impl Progress for () {}
