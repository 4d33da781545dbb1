//! The one way to standard error. File names and texts out of files pass here, so what a terminal
//! would act on is written out.

use std::fmt::Display;

use crate::report::sanitize;

/// Tells the user something.
pub fn tell(what: impl Display) {
    #[expect(clippy::disallowed_macros, reason = "the one place that escapes what it writes")]
    {
        anstream::eprintln!("trailwhy: {}", sanitize::lines(&what.to_string()));
    }
}

/// Warns the user of something, on one line.
pub fn warn(of: impl Display) {
    tell(format_args!("warning: {}", sanitize::line(&of.to_string())));
}
