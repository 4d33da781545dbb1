//! The two sizes a picture is drawn in: one for wide screens and paper, one for telephones.

/// Sizes of one rendering, in the units of the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Its class in the style sheet, which shows the one that suits the screen.
    pub(super) class: &'static str,
    pub(super) width: f64,
    /// Room for the heads of the lanes at the left; zero puts them above their lanes.
    pub(super) gutter: f64,
    pub(super) letter: f64,
    pub(super) row: f64,
}

impl Frame {
    pub(super) const WIDE: Frame =
        Frame { class: "wide", width: 1000.0, gutter: 236.0, letter: 12.5, row: 34.0 };
    pub(super) const NARROW: Frame =
        Frame { class: "narrow", width: 350.0, gutter: 0.0, letter: 11.5, row: 32.0 };

    /// Whether the heads of the lanes stand at the left of them.
    pub(super) fn heads_aside(self) -> bool {
        self.gutter > 0.0
    }
}

/// A tenth of a unit is finer than any eye, and short to write.
pub(super) fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}
