//! Parts of an export: how it is cut, and what each part contributes to the whole.
//!
//! Goes in: inputs, or the files of partial results. Comes out: parcels of files, or one contribution. Errors:
//! an input that does not exist, a partial result that is damaged, of another format or of other terms.

pub(crate) mod codec;
pub(crate) mod contribution;
pub(crate) mod cut;
