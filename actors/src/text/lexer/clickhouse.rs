//! The lexical rules of ClickHouse, as in its `Lexer.cpp`. Stops where versions read a text differently.

use super::scan::{block_comment, closed, run, symbol};
use super::token::{Class, Kind, Lexeme, Token};

const OPERATORS: [&str; 13] = ["->", "||", "==", "!=", "<=>", "<=", "<>", "<<", ">=", ">>", "::", "@@", "=>"];
/// Symbols of one character; the server rejects others.
const SYMBOLS: &[u8] = b"()[]{},;.+-*/%=<>?:^@";

/// Returns the token at the beginning of `text`, after the token `before`; none where the reading of a server is not certain.
pub(super) fn token(text: &str, before: Option<&Lexeme<'_>>) -> Option<Token> {
    let bytes = text.as_bytes();
    let (class, length) = match bytes {
        [first, ..] if is_space(*first) => (Class::Space, run(bytes, 1, is_space)),
        [b'-', b'-', ..] | [b'/', b'/', ..] | [b'#', b' ' | b'!', ..] => {
            (Class::Space, run(bytes, 0, |byte| byte != b'\n'))
        }
        [b'/', b'*', ..] => (Class::Space, comment(bytes)?),
        [b'\'', ..] => (Class::Quoted, closed(bytes, 1, b'\'', true)?),
        [quote @ (b'"' | b'`'), ..] => (Class::QuotedIdentifier, closed(bytes, 1, *quote, true)?),
        [b'x' | b'X', b'\'', ..] => (Class::Constant, digits(bytes, |byte| byte.is_ascii_hexdigit())?),
        [b'b' | b'B', b'\'', ..] => (Class::Constant, digits(bytes, |byte| matches!(byte, b'0' | b'1'))?),
        [b'$', ..] => (Class::Constant, dollar(text)?),
        [b'.', b'0'..=b'9', ..] if before.is_some_and(is_element_of) => (Class::Symbol, 1),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {
            number(bytes, before.is_some_and(|dot| dot.is_symbol(".")))?
        }
        [first, ..] if is_word_part(*first) => {
            (Class::Word, run(bytes, 1, |byte| is_word_part(byte) || byte == b'$'))
        }
        [first, ..] if first.is_ascii() => {
            let length = symbol(text, &OPERATORS)?;
            (Class::Symbol, (length > 1 || SYMBOLS.contains(first)).then_some(length)?)
        }
        _ => unicode(text)?,
    };
    Some(Token { class, length })
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

const fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the length of a comment; none if it contains others, which old versions do not support.
fn comment(bytes: &[u8]) -> Option<usize> {
    block_comment(bytes).filter(|(_, nested)| !nested).map(|(length, _)| length)
}

/// `x'1F'` and `b'101'`; the server rejects other characters between the quotes.
fn digits(bytes: &[u8], is_digit: impl Fn(u8) -> bool) -> Option<usize> {
    let end = run(bytes, 2, is_digit);
    (bytes.get(end) == Some(&b'\'')).then_some(end + 1)
}

/// `$tag$text$tag$` with any tag, or `$1`; none if another dollar sign follows without the closing tag.
fn dollar(text: &str) -> Option<usize> {
    let Some(tag) = text[1..].find('$') else {
        let end = run(text.as_bytes(), 1, |byte| byte.is_ascii_digit());
        return (end > 1).then_some(end);
    };
    let (delimiter, rest) = text.split_at(tag + 2);
    rest.find(delimiter).map(|at| at + 2 * delimiter.len())
}

/// Whether `.1` after `before` is an element of a tuple or an array, as in `t.1`.
fn is_element_of(before: &Lexeme<'_>) -> bool {
    match before.kind {
        Kind::Symbol => matches!(before.text, ")" | "]"),
        Kind::Constant => before.text.starts_with(|c: char| c.is_ascii_digit() || c == '.'),
        Kind::QuotedConstant => false,
        Kind::Word(_) | Kind::QuotedIdentifier => true,
    }
}

/// `1`, `1_000.5e-3`, `.5`, `0x1.8p3`. With adjoining letters it is a name (`2024_events`), or rejected by the server if it
/// cannot be one (`1.5x`).
fn number(bytes: &[u8], behind_dot: bool) -> Option<(Class, usize)> {
    let digits_end = if behind_dot { digits_end(bytes, 0, false) } else { number_end(bytes) };
    let end = run(bytes, digits_end, is_word_part);
    if end == digits_end {
        return Some((Class::Constant, end));
    }
    bytes.iter().take(end).copied().all(is_word_part).then_some((Class::Word, end))
}

/// Returns the end of a number that may have a fraction and an exponent.
fn number_end(bytes: &[u8]) -> usize {
    let (begin, is_hexadecimal) = match bytes {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (2, true),
        [b'0', b'b' | b'B', b'0' | b'1', ..] => (2, false),
        _ => (0, false),
    };
    let mut end = digits_end(bytes, begin, is_hexadecimal);
    if bytes.get(end) == Some(&b'.') {
        end = digits_end(bytes, end + 1, is_hexadecimal);
    }
    match (is_hexadecimal, bytes.get(end..).unwrap_or_default()) {
        (true, [b'p' | b'P', b'+' | b'-', _, ..]) | (false, [b'e' | b'E', b'+' | b'-', _, ..]) => {
            digits_end(bytes, end + 2, false)
        }
        (true, [b'p' | b'P', _, ..]) | (false, [b'e' | b'E', _, ..]) => digits_end(bytes, end + 1, false),
        _ => end,
    }
}

/// Returns the end of digits with single underscores between them.
fn digits_end(bytes: &[u8], from: usize, is_hexadecimal: bool) -> usize {
    let is_digit = |byte: u8| byte.is_ascii_digit() || is_hexadecimal && byte.is_ascii_hexdigit();
    let mut end = run(bytes, from, is_digit);
    while end > from
        && let Some([b'_', digit, ..]) = bytes.get(end..)
        && is_digit(*digit)
    {
        end = run(bytes, end + 1, is_digit);
    }
    end
}

/// White space, typographic quotes and the minus sign of Unicode.
fn unicode(text: &str) -> Option<(Class, usize)> {
    let first = text.chars().next()?;
    let quoted = |end: char| text.find(end).map(|at| at + end.len_utf8());
    match first {
        '\u{2018}' => Some((Class::Constant, quoted('\u{2019}')?)),
        '\u{201c}' => Some((Class::QuotedIdentifier, quoted('\u{201d}')?)),
        '\u{2212}' => Some((Class::Symbol, first.len_utf8())),
        _ if first.is_whitespace() => Some((Class::Space, first.len_utf8())),
        _ => None,
    }
}
