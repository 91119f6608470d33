//! Removes literals of the command and values of the data from error messages.

use super::lexer;
use super::limits::{MAX_INPUT_BYTES, cut};
use crate::model::Engine;

/// The replacement for removed text.
const HIDDEN: &str = "***";
/// The beginnings of the part of a message with expressions and their values.
const DETAILS: [&str; 5] = ["while executing", "while processing", "in scope", "while reading", "in query"];
/// The code of `throwIf`, whose message is a literal.
const THROW_IF: &str = "395";
/// The number of literals that are searched in a message, each in one pass.
const MOST_LITERALS: usize = 500;
/// The size to which a message is truncated, in bytes.
const MAX_MESSAGE_BYTES: usize = 500;

/// Cleans `reason`, an exception of ClickHouse such as `Code: 6. DB::Exception: Cannot parse string 'x' as UInt64: while
/// executing 'FUNCTION ..`. Removes details, everything from the first quote to the last one, and the literals of `command`,
/// which is empty if it is not known. If the command cannot be read, only the code is returned.
#[must_use]
pub fn failure(reason: &str, command: &str) -> String {
    let (code, message) = match reason.split_once("Exception: ") {
        Some((head, message)) => (code_of(head), message),
        None => (None, reason),
    };
    // literals first: they may contain quotes or the beginning of the details
    let message = without_literals(message, command).filter(|_| code != Some(THROW_IF));
    let message =
        message.map(|message| cut(&without_quoted(without_details(&message)), MAX_MESSAGE_BYTES).to_owned());
    let parts = [code.map(|code| format!("Code: {code}")), message];
    let shown: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if shown.is_empty() { HIDDEN.to_owned() } else { shown.join(". ") }
}

fn code_of(head: &str) -> Option<&str> {
    let rest = head.split_once("Code: ")?.1;
    let digits = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    (!digits.is_empty()).then_some(digits)
}

fn without_details(message: &str) -> &str {
    let lower = message.to_ascii_lowercase();
    let starts = DETAILS.iter().filter_map(|details| lower.find(details));
    let message = &message[..starts.min().unwrap_or(message.len())];
    message.split(" (version ").next().unwrap_or(message).trim_end_matches([':', '.', ' '])
}

/// Removes everything between the first and the last quote: quotes may be nested, and their ends are ambiguous.
fn without_quoted(message: &str) -> String {
    let is_quote = |c| matches!(c, '\'' | '"' | '`');
    match (message.find(is_quote), message.rfind(is_quote)) {
        (Some(first), Some(last)) if first < last => {
            format!("{}{HIDDEN}{}", &message[..first], &message[last + 1..])
        }
        (Some(first), _) => format!("{}{HIDDEN}", &message[..first]),
        _ => message.to_owned(),
    }
}

/// Removes the literals of `command`; none when they cannot be determined.
fn without_literals(message: &str, command: &str) -> Option<String> {
    let lexed = lexer::lex(Engine::Clickhouse, cut(command, MAX_INPUT_BYTES));
    if !lexed.complete || command.len() > MAX_INPUT_BYTES {
        return None;
    }
    let mut literals = Vec::new();
    for literal in lexed.lexemes.iter().filter(|lexeme| lexeme.is_constant()) {
        // as written, and unescaped
        let inside = literal.text.trim_matches('\'');
        literals.push(inside.replace("\\'", "'").replace("''", "'").replace("\\\\", "\\"));
        literals.push(inside.to_owned());
    }
    literals.retain(|literal| literal.len() <= message.len());
    // a literal may contain another
    literals.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    literals.dedup();
    if literals.len() > MOST_LITERALS {
        return None;
    }
    Some(literals.iter().fold(message.to_owned(), |message, literal| without_word(&message, literal)))
}

/// Removes `word` from `message` where it is not part of another word.
fn without_word(message: &str, word: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = message;
    let mut shown = String::with_capacity(message.len());
    if word.trim().is_empty() {
        return message.to_owned();
    }
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let begins_within = word.starts_with(is_part)
            && (before.ends_with(is_part) || (before.is_empty() && shown.ends_with(is_part)));
        let ends_within = word.ends_with(is_part) && after.starts_with(is_part);
        shown.push_str(before);
        shown.push_str(if begins_within || ends_within { word } else { HIDDEN });
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::failure;

    #[test]
    fn literals_and_data_are_removed() {
        let update = "(UPDATE s = toString(throwIf(s = 'hunter2', 'the secret is hunter2')) WHERE id = 7)";
        let cases = [
            (
                "Code: 395. DB::Exception: the secret is hunter2: while executing 'FUNCTION if(equals(id, 7_UInt8), \
                 'hunter2'_String) String : 4'. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.7.2.1)",
                update,
                "Code: 395",
            ),
            (
                "Code: 6. DB::Exception: Cannot parse string 'it's hunter2' as UInt64: syntax error at begin of string. \
                 Note: there are toUInt64OrZero functions: while executing 'FUNCTION x'. (CANNOT_PARSE_TEXT) (version 26.7.2.1)",
                "(UPDATE s = toUInt64(s) WHERE 1)",
                "Code: 6. Cannot parse string *** as UInt64: syntax error at begin of string. Note: there are \
                 toUInt64OrZero functions",
            ),
            (
                "Code: 53. DB::Exception: Cannot convert string hunter2 to type UInt64 (TYPE_MISMATCH) (version 26.7.2.1)",
                "(DELETE WHERE id = 'hunter2')",
                "Code: 53. Cannot convert string *** to type UInt64 (TYPE_MISMATCH)",
            ),
            (
                "Code: 1. DB::Exception: Value 77 of 177 and it's here",
                "(DELETE WHERE id = 77)",
                "Code: 1. Value *** of 177 and it***",
            ),
            (
                "Code: 241, e.displayText() = DB::Exception: Memory limit exceeded: would use 9.33 GiB",
                "(DELETE WHERE 1)",
                "Code: 241. Memory limit exceeded: would use 9.33 GiB",
            ),
            ("Code: 9. DB::Exception: open hunter2", "(DELETE WHERE s = 'hunter2", "Code: 9"),
            (
                "Code: 395. DB::Exception: it's hunter2 while executing: while executing 'FUNCTION x'. (X) (version 2)",
                "(UPDATE s = throwIf(1, 'it\\'s hunter2 while executing') WHERE 1)",
                "Code: 395",
            ),
            ("Code: 395. DB::Exception: hunter2 (X)", "", "Code: 395"),
            ("something else", "", "something else"),
            ("", "(DELETE WHERE 0)", "***"),
        ];
        for (reason, command, expected) in cases {
            assert_eq!(failure(reason, command), expected, "{reason}");
        }
    }
}
