//! Running text in pieces: prose, and the ARNs in it, which renderers set apart.

/// A piece of a running text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    /// Whether it is an ARN: no prose, and to be broken anywhere or nowhere.
    pub(super) is_arn: bool,
}

/// The text in pieces, so that the ARNs in it can be set apart.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("arn:") {
        let (before, arn) = rest.split_at(start);
        let ends = |c: char| c.is_whitespace() || !c.is_ascii() || "()[]{}<>\"'`,;".contains(c);
        let (arn, after) = arn.split_at(arn.find(ends).unwrap_or(arn.len()));
        let word = arn.trim_end_matches(['.', ':']);
        let (arn, end) = arn.split_at(word.len());
        pieces.push(Piece { text: before, is_arn: false });
        pieces.push(Piece { text: arn, is_arn: true });
        pieces.push(Piece { text: end, is_arn: false });
        rest = after;
    }
    pieces.push(Piece { text: rest, is_arn: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_set_apart_and_no_letter_is_lost() {
        let text =
            "Put (arn:aws:iam::1:user/x), arn:aws:kms:a-b:1:key/1-2. arn: それはarn:aws:s3:::bを";
        let pieces = pieces(text);
        let arns: Vec<&str> =
            pieces.iter().filter(|piece| piece.is_arn).map(|piece| piece.text).collect();
        let expected =
            ["arn:aws:iam::1:user/x", "arn:aws:kms:a-b:1:key/1-2", "arn", "arn:aws:s3:::b"];
        assert_eq!(arns, expected);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), text);
    }
}
