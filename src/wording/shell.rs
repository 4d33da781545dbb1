//! Values inside suggested shell commands. They come from logs, so an attacker may have chosen
//! them, and the reader will paste the command.

/// The value as exactly one word of a POSIX shell command.
///
/// What needs no quotes gets none. Invisible and control characters are written as `$'…'` escapes
/// (bash, zsh, ksh, POSIX.1-2024), so that the line holds nothing a terminal would act on.
pub fn quote(value: &str) -> String {
    if value.chars().any(is_invisible) {
        return ansi_c(value);
    }
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// True for characters that a terminal acts on or that a reader cannot see: control characters,
/// those that turn the writing direction, zero-width ones, fillers and tags.
///
/// The list follows Unicode TR36 (bidirectional text spoofing) and the `Default_Ignorable` property.
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Characters no POSIX shell gives a meaning to, anywhere in a word. `=` and `~` are left out for
/// their meaning at the start of one.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-./:@%+,".contains(character)
}

fn ansi_c(value: &str) -> String {
    let mut word = String::from("$'");
    for character in value.chars() {
        match character {
            '\'' | '\\' => word.extend(['\\', character]),
            _ if is_invisible(character) => word.push_str(&bytes(character)),
            _ => word.push(character),
        }
    }
    word.push('\'');
    word
}

/// Three octal digits a byte: unlike `\xHH`, they end where they end, whatever follows.
fn bytes(character: char) -> String {
    let mut buffer = [0; 4];
    character.encode_utf8(&mut buffer).bytes().map(|byte| format!("\\{byte:03o}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        let words =
            ["arn:aws:kms:eu-west-1:111122223333:key/1-2", "", "a b", "it's", "$(id)", "a\u{1b}1"];
        let quoted: Vec<String> = words.into_iter().map(quote).collect();
        assert_eq!(
            quoted,
            [
                "arn:aws:kms:eu-west-1:111122223333:key/1-2",
                "''",
                "'a b'",
                r"'it'\''s'",
                "'$(id)'",
                r"$'a\0331'"
            ]
        );
    }

    /// What bash makes of the words, one a line; `None` where there is no bash to ask.
    fn read_by_bash(words: &[String]) -> Option<Vec<String>> {
        let script = format!("printf '%s\\0' {}", words.join(" "));
        let output = Command::new("bash").arg("-c").arg(script).output().ok()?;
        let text = String::from_utf8(output.stdout).unwrap();
        Some(text.split_terminator('\0').map(str::to_owned).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 64, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn a_shell_reads_back_what_was_quoted(values in prop::collection::vec("[^\0]{0,12}", 1..8)) {
            let words: Vec<String> = values.iter().map(|value| quote(value)).collect();
            for word in &words {
                prop_assert!(!word.chars().any(is_invisible));
            }
            if let Some(read) = read_by_bash(&words) {
                prop_assert_eq!(read, values);
            }
        }
    }
}
