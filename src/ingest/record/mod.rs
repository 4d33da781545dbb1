//! One record: its members as they stand in the file, what identifies it, and the event made of it.

pub(crate) mod compact;
pub(crate) mod fast_path;
pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod identifier;
pub(crate) mod known;
pub(crate) mod structural_index;
pub(crate) mod to_event;
pub(crate) mod wire;
