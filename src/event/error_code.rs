//! Error codes as services spell them, cut to what can be compared.

/// A code without what varies: namespace, prefix, suffix, letter case.
pub(super) fn plain_code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    let mut plain = code.to_ascii_lowercase();
    for prefix in ["client.", "server.", "sender.", "aws.simplequeueservice."] {
        if let Some(rest) = plain.strip_prefix(prefix) {
            plain = rest.to_owned();
        }
    }
    plain
}
