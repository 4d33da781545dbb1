//! Parts of an export: how it is cut, and what each part contributes to the whole.

pub(crate) mod codec;
pub(crate) mod contribution;
pub(crate) mod cut;
