//! What several files of the suite use.

pub mod dump;
pub mod folded;
pub mod history;
pub mod ingest;
#[cfg(unix)]
pub mod mock;
pub mod reports;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(unix)]
pub mod shell;
pub mod story;
#[cfg(unix)]
pub mod world;

#[path = "../../../benches/alone.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod alone;
#[path = "../../../benches/export/mod.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod export;
#[path = "../../../benches/many.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod many;
#[path = "../../../benches/compared/mod.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod pairs;
#[path = "../../../samples/generator/policies.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod policies;
#[path = "../../../samples/generator/stories/mod.rs"]
#[allow(dead_code, reason = "what makes samples and exports is used in part")]
pub mod stories;
