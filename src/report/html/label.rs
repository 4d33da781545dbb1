//! How wide a text in a picture is, and what of it fits. The page cannot ask the reader's browser,
//! so the estimate is for the widest of the monospaced fonts it names; the pictures clip what
//! another font makes wider still.

use super::escape::visible;

/// The widest monospaced font in use (SF Mono) advances 0.62 of its size for a letter.
const LETTER: f64 = 0.62;

/// Width of `text` in a monospaced font of `size`, in the same unit. East Asian and other
/// characters beyond Latin count as two letters.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| advance(letter, size)).sum()
}

fn advance(letter: char, size: f64) -> f64 {
    let letters = if u32::from(letter) < 0x2100 { 1.0 } else { 2.0 };
    letters * LETTER * size
}

/// As much of `text` as is at most `room` wide, with an ellipsis where some of it is left out.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    let text = visible(text).replace(['\n', '\t'], " ");
    if width(&text, size) <= room {
        return text;
    }
    let mut used = advance('…', size);
    let mut kept = String::new();
    for letter in text.chars() {
        used += advance(letter, size);
        if used > room {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("kms:CreateGrant", 10.0, 100.0), "kms:CreateGrant");
        assert_eq!(fit("kms:CreateGrant", 10.0, 50.0), "kms:Cre…");
        assert_eq!(fit("キーポリシー", 10.0, 50.0), "キーポ…");
        assert_eq!(fit("a\u{202e}b", 10.0, 100.0), "a‹U+202E›b");
    }

    proptest::proptest! {
        #[test]
        fn what_fits_is_never_wider_than_the_room(text: String, room in 10.0..400.0_f64) {
            proptest::prop_assert!(width(&fit(&text, 12.0, room), 12.0) <= room);
        }
    }
}
