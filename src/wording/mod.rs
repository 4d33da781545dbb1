//! Every sentence the program makes, in every language it speaks: code names a sentence by its id
//! and says what goes into it; the words live in `locales/`, one folder per language (Fluent).
//!
//! ```
//! use trailwhy::wording::{Language, Sentence, Wording};
//! let sentence = Sentence::new("layer-named").arg("layer", "SCP");
//! assert_eq!(Wording::new(Language::En).say(&sentence), "Layer: SCP");
//! ```

mod catalogue;
pub mod marks;
mod name;
mod sentence;
pub mod shell;

pub use catalogue::{Language, Wording, vocabulary};
pub use name::{duration, layer_on};
pub use sentence::{Argument, Sentence};
