//! The size a picture is drawn in: for wide screens and paper. Telephones get the calls as a list.

/// Sizes of a picture, in its own units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) width: f64,
    /// Room for the heads of the lanes at the left.
    pub(super) gutter: f64,
    pub(super) letter: f64,
    pub(super) row: f64,
}

impl Frame {
    pub(super) const PAGE: Frame = Frame { width: 1000.0, gutter: 236.0, letter: 12.5, row: 34.0 };
}

/// A tenth of a unit is finer than any eye, and short to write.
pub(super) fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}
