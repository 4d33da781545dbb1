//! One record: its members as they stand in the file, the number that identifies it, and the event made of it.
//!
//! Goes in: the text of one record. Comes out: [`fields::Fields`] (borrowed), a [`header::Header`] that decides
//! whether the record is needed, and an `Event`. Two readers give the same fields: [`fast_path`] for text as
//! CloudTrail writes it, [`wire`] for any other JSON. Text that is no JSON is left to the caller.

pub(crate) mod compact;
pub(crate) mod fast_path;
pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod identifier;
pub(crate) mod known;
pub(crate) mod structural_index;
pub(crate) mod to_event;
pub(crate) mod wire;
