//! The lexical rules of PostgreSQL 14 to 18, as in its `scan.l`. Where versions differ, both readings must be safe.

use super::scan::{block_comment, closed, run, symbol};
use super::token::{Class, Token, is_keyword};

/// The operators that are one token. PostgreSQL reads any run of operator characters as one; other runs are split here, which
/// is part of fingerprints.
const OPERATORS: [&str; 30] = [
    "->>", "->", "||/", "||", "|/", "=>", "==", "!=", "!!", "!~*", "!~", "<=>", "<=", "<>", "<<", "<@", ">=",
    ">>", "::", ":=", "&&", "^@", "~*", "#-", "#>>", "#>", "@>", "@?", "@@", "..",
];

/// Returns the token at the beginning of `text`; none where the reading of a server is not certain.
pub(super) fn token(text: &str) -> Option<Token> {
    let bytes = text.as_bytes();
    let (class, length) = match bytes {
        [first, ..] if is_space(*first) => (Class::Space, run(bytes, 1, is_space)),
        [b'-', b'-', ..] => (Class::Space, line_comment(bytes, 0)),
        [b'/', b'*', ..] => (Class::Space, block_comment(bytes)?.0),
        [b'\'', ..] => (Class::Quoted, closed(bytes, 1, b'\'', false)?),
        [b'n' | b'N', b'\'', ..] => (Class::Quoted, closed(bytes, 2, b'\'', false)?),
        [b'e' | b'E', b'\'', ..] => (Class::Constant, continued(bytes, 2, true)?),
        [b'b' | b'B' | b'x' | b'X', b'\'', ..] => (Class::Constant, continued(bytes, 2, false)?),
        [b'u' | b'U', b'&', b'\'', ..] => (Class::Constant, continued(bytes, 3, false)?),
        [b'"', ..] => (Class::QuotedIdentifier, closed(bytes, 1, b'"', false)?),
        [b'$', b'0'..=b'9', ..] => (Class::Constant, parameter(text)?),
        [b'$', ..] => (Class::Constant, dollar_quoted(text)?),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (Class::Constant, number(text)),
        [first, ..] if is_identifier_start(*first) => (Class::Word, run(bytes, 1, is_identifier_part)),
        _ => (Class::Symbol, operator(text)?),
    };
    Some(Token { class, length })
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

const fn is_identifier_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

const fn is_name_part(byte: u8) -> bool {
    is_identifier_start(byte) || byte.is_ascii_digit()
}

const fn is_identifier_part(byte: u8) -> bool {
    is_name_part(byte) || byte == b'$'
}

/// Returns the end of a line comment, which a carriage return ends, too.
fn line_comment(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'))
}

/// Returns the end of a string with a prefix, from `from` on. Quotes after a line break continue it.
fn continued(bytes: &[u8], from: usize, escapes: bool) -> Option<usize> {
    let mut end = closed(bytes, from, b'\'', escapes)?;
    while let Some(next) = next_quote(bytes, end) {
        end = closed(bytes, next, b'\'', escapes)?;
    }
    Some(end)
}

/// Returns the position after the next quote, if only white space with a line break and line comments precede it.
fn next_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut is_next_line = false;
    loop {
        match bytes.get(at..)? {
            [b'\n' | b'\r', ..] => (at, is_next_line) = (at + 1, true),
            [first, ..] if is_space(*first) => at += 1,
            [b'-', b'-', ..] => at = line_comment(bytes, at),
            [b'\'', ..] if is_next_line => return Some(at + 1),
            _ => return None,
        }
    }
}

/// `$1`; none if a dollar sign adjoins it, which may begin a quoted string.
fn parameter(text: &str) -> Option<usize> {
    let end = run(text.as_bytes(), 1, |byte| byte.is_ascii_digit());
    (!text[end..].starts_with('$')).then(|| with_junk(text, end))
}

/// `$$text$$` or `$tag$text$tag$`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let tag_end = match bytes.get(1) {
        Some(first) if is_identifier_start(*first) => run(bytes, 1, is_name_part),
        _ => 1,
    };
    if bytes.get(tag_end) != Some(&b'$') {
        return None;
    }
    let (delimiter, rest) = text.split_at(tag_end + 1);
    rest.find(delimiter).map(|at| at + 2 * delimiter.len())
}

/// `1`, `1.5e-3`, `.5`, `0x1F`, `1_000`. Two dots are not part of a number.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from| run(bytes, from, |byte| byte.is_ascii_digit() || byte == b'_');
    if let [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..] = bytes {
        return with_junk(text, run(bytes, 2, |byte| byte.is_ascii_hexdigit() || byte == b'_'));
    }
    let mut end = digits(0);
    if let Some([b'.', after @ ..]) = bytes.get(end..)
        && !after.starts_with(b".")
    {
        end = digits(end + 1);
    }
    end = match bytes.get(end..) {
        Some([b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..]) => digits(end + 2),
        Some([b'e' | b'E', b'0'..=b'9', ..]) => digits(end + 1),
        _ => end,
    };
    with_junk(text, end)
}

/// Returns the end of the letters that adjoin a number, unless they are a keyword. Up to PostgreSQL 14 they are a word of
/// their own, since 15 an error.
fn with_junk(text: &str, end: usize) -> usize {
    let junk_end = run(text.as_bytes(), end, is_name_part);
    if is_keyword(&text[end..junk_end]) { end } else { junk_end }
}

fn operator(text: &str) -> Option<usize> {
    let length = symbol(text, &OPERATORS)?;
    let (operator, rest) = text.split_at(length);
    let opens_comment =
        operator.ends_with('/') && rest.starts_with('*') || operator.ends_with('-') && rest.starts_with('-');
    (!opens_comment).then_some(length)
}
