//! `--tables`: the report as tables in a folder.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::output::{self, Access};
use crate::error::{Error, Result};
use crate::report::{Report, tables};
use crate::wording::Sentence;

/// Refuses a folder in which something lies already: an engine reads whatever is there.
///
/// # Errors
/// When the path is a file, or a folder that is not empty.
pub(super) fn refuse_used(folder: &Path) -> Result<()> {
    let used = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => folder.exists(),
    };
    match used {
        true => {
            let said = Sentence::new("message-tables-used").arg("path", Error::shown(folder));
            Err(Error::Said(said))
        }
        false => Ok(()),
    }
}

/// Writes the tables, and what tells of them last.
///
/// # Errors
/// When something cannot be written.
pub(super) fn save(folder: &Path, report: &Report) -> anyhow::Result<()> {
    let tables = tables::tables(report)?;
    for file in tables.iter().flat_map(|table| table.files(tables::LARGE)) {
        let path = folder.join(format!("{}.ndjson.gz", file.path));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::io(parent, error))?;
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(file.lines.as_bytes())?;
        output::save(&path, packed.finish()?, Access::Everyone)?;
    }
    let index = tables::index(report, &tables)?;
    output::save(&folder.join("tables.json"), index, Access::Everyone)?;
    Ok(())
}
