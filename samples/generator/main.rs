//! Makes the samples again: `cargo run --example make-samples [FOLDER]`. The same program gives the
//! same records; a test compares them with what is in the repository.

#[path = "../../benches/export/mod.rs"]
#[allow(dead_code, reason = "the samples use a part of the generator")]
mod export;
mod policies;
mod stories;

use std::fs;
use std::io;
use std::path::Path;

use flate2::Compression;
use serde_json::Value;

fn main() -> anyhow::Result<()> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let folder = std::env::args().nth(1).unwrap_or_else(|| default.into());
    for story in stories::all() {
        let size = write(&Path::new(&folder).join(story.folder), &story)?;
        println!("{}: {} files, {} KB", story.folder, story.logs.len(), size / 1024);
    }
    Ok(())
}

fn write(folder: &Path, story: &stories::Story) -> anyhow::Result<u64> {
    for part in ["logs", "policies"] {
        match fs::remove_dir_all(folder.join(part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let size = export::delivery::write(&folder.join("logs"), &story.logs, Compression::best())?;
    for (path, value) in &story.policies {
        write_json(&folder.join("policies").join(path), value)?;
    }
    write_json(&folder.join("expected.json"), &story.expected)?;
    Ok(size)
}

fn write_json(path: &Path, value: &Value) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, format!("{value:#}\n"))?)
}
