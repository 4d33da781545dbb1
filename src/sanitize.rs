//! The escapes of each format. The log is written by strangers: user agents, names, tags, even
//! error texts are chosen by whoever made the call, so nothing of it reaches a format unescaped.

use crate::wording::shell::is_invisible;

/// Longest run of encoded characters that is shown; longer ones are session tokens or encoded
/// authorization messages, which must not be passed on in full.
const LONGEST_ENCODED_RUN: usize = 160;

/// One line for a terminal: what a terminal would act on, or a reader could not see, is written
/// out (`\u{1b}`, `\n`).
pub fn line(text: &str) -> String {
    escape(text, |_| false)
}

/// Several lines for a terminal or a code block: as [`line`], but line ends and tabs stay.
pub fn lines(text: &str) -> String {
    escape(&text.replace("\r\n", "\n"), |character| matches!(character, '\n' | '\t'))
}

fn escape(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if !is_invisible(character) || stays(character) => escaped.push(character),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ => escaped.extend(character.escape_unicode()),
        }
    }
    conceal(&escaped)
}

/// At most `longest` characters; what is longer ends in the number of those left out: `…(+N)`.
pub fn clip(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => {
            let kept = text.get(..end).unwrap_or_default();
            format!("{kept}…(+{})", text.chars().count().saturating_sub(longest))
        }
    }
}

/// Shortens runs of encoded text: session tokens, encoded authorization messages.
pub fn conceal(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_encoded) {
        let (before, run) = rest.split_at(start);
        let end = run.find(|character| !is_encoded(character)).unwrap_or(run.len());
        let (run, after) = run.split_at(end);
        result.push_str(before);
        if run.len() > LONGEST_ENCODED_RUN && !is_path(run) {
            result.push_str(&clip(run, 16));
        } else {
            result.push_str(run);
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// A long path is made of short words, encoded text is not: in 160 characters of it, 24 without a
/// separator are all but certain.
fn is_path(run: &str) -> bool {
    run.split(['/', '-', '_', '+', '=']).all(|word| word.len() < 24)
}

/// The alphabets of base64 and base64url.
fn is_encoded(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/_-=".contains(character)
}

/// Whether a text is of visible ASCII letters and layout alone, so that there is nothing to escape.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r'))
}

/// JSON text in which invisible characters are `\uXXXX`: the same document, safe to print.
/// (`serde_json` escapes C0 only; C1, bidi controls and zero-width characters pass.)
pub fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut units = [0; 2];
    for character in text.chars() {
        // Line ends and blanks are the document's own layout.
        if is_invisible(character) && !matches!(character, '\n' | '\t' | '\r') {
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Inline Markdown (CommonMark and GitHub's extensions): no markup, no HTML, no links, no
/// mentions, no end of line, safe in a table cell.
pub fn markdown(text: &str) -> String {
    let text = line(text);
    // Four blanks at the start would begin a code block.
    let text = text.trim();
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    for (index, character) in text.char_indices() {
        let after = text.get(index + character.len_utf8()..).unwrap_or_default();
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A mention notifies a stranger; in a code span it does not, wherever it is pasted.
            '@' if before == '@' && escaped.ends_with('`') => {
                escaped.pop();
                escaped.push_str("@`");
            }
            '@' if !before.is_alphanumeric() => escaped.push_str("`@`"),
            '.' if before == 'w' => escaped.push_str("\\."),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '!' => {
                escaped.extend(['\\', character]);
            }
            ':' if after.starts_with("//") || names_an_emoji(after) => escaped.push_str("\\:"),
            // Only at the start of a line do these begin a list, a rule or a heading.
            '-' | '+' | '=' if escaped.is_empty() => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
        before = character;
    }
    number_at_start(escaped)
}

/// `:tada:` would become a picture; the colons of `21:00:00` would not.
fn names_an_emoji(after: &str) -> bool {
    let Some((name, _)) = after.split_once(':') else { return false };
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-');
    name.bytes().all(allowed) && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// `1.` or `1)` at the start of a line begins a list.
fn number_at_start(text: String) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, text.split_at_checked(digits)) {
        (1.., Some((number, rest))) if rest.starts_with(['.', ')']) => format!("{number}\\{rest}"),
        _ => text,
    }
}

/// A Markdown code span, safe in a table cell. Nothing in it is a mention or a link.
pub fn markdown_code(text: &str) -> String {
    // In a table GitHub takes `\|` for the bar and outside it for both characters; the entity
    // would show as such. A look-alike reads the same everywhere.
    let text = line(text).replace('|', "¦");
    let fence = "`".repeat(longest_run_of_backticks(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced Markdown code block; `language` names its highlighting.
pub fn markdown_block(language: &str, text: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat(longest_run_of_backticks(&text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// Text inside a Mermaid diagram: all but plain characters as Mermaid's entity codes (`#35;`).
pub fn mermaid(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in line(text).chars() {
        if character.is_alphanumeric() || " ./_-".contains(character) {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("#{};", u32::from(character)));
        }
    }
    escaped
}

/// One CSV cell (RFC 4180), always quoted, never a formula: what a spreadsheet would compute is
/// led by an apostrophe (OWASP, CSV Injection).
pub fn csv(text: &str) -> String {
    let text = line(text);
    let formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    let lead = if formula { "'" } else { "" };
    format!("\"{lead}{}\"", text.replace('"', "\"\""))
}
