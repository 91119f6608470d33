//! The lexical rules of ClickHouse, as in its `Lexer.cpp`. Where a version reads a text in another way, the reading ends.

use super::scan::{block_comment, closed, run, symbol};
use super::{Class, Kind, Lexeme, Token};

const OPERATORS: [&str; 13] = ["->", "||", "==", "!=", "<=>", "<=", "<>", "<<", ">=", ">>", "::", "@@", "=>"];

/// What `text` begins with, behind `touching` if nothing is between them; None where it is not certain how a server goes on.
pub(super) fn token(text: &str, touching: Option<&Lexeme<'_>>) -> Option<Token> {
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
        [b'0'..=b'9', ..] if touching.is_some_and(|dot| dot.is_symbol(".")) => {
            (Class::Constant, run(bytes, 0, is_word_part))
        }
        [b'.', b'0'..=b'9', ..] if touching.is_some_and(is_element_of) => (Class::Symbol, 1),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (Class::Constant, number(bytes)),
        [first, ..] if is_word_part(*first) => {
            (Class::Word, run(bytes, 1, |byte| is_word_part(byte) || byte == b'$'))
        }
        [first, ..] if first.is_ascii() => (Class::Symbol, symbol(text, &OPERATORS)?),
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

/// Old versions end it at the first `*/`, new ones count the comments within it.
fn comment(bytes: &[u8]) -> Option<usize> {
    block_comment(bytes).filter(|(_, nested)| !nested).map(|(length, _)| length)
}

/// `x'1F'` and `b'101'`; other signs between the quotes end the server's reading, too.
fn digits(bytes: &[u8], is_digit: impl Fn(u8) -> bool) -> Option<usize> {
    let end = run(bytes, 2, is_digit);
    (bytes.get(end) == Some(&b'\'')).then_some(end + 1)
}

/// `$tag$text$tag$` with anything as its tag, or `$1`. What has another dollar sign behind it but no end may be a part of one.
fn dollar(text: &str) -> Option<usize> {
    let Some(tag) = text[1..].find('$') else {
        let end = run(text.as_bytes(), 1, |byte| byte.is_ascii_digit());
        return (end > 1).then_some(end);
    };
    let (delimiter, rest) = text.split_at(tag + 2);
    rest.find(delimiter).map(|at| at + 2 * delimiter.len())
}

/// Of a tuple or an array, as in `t.1`.
fn is_element_of(before: &Lexeme<'_>) -> bool {
    before.is_symbol(")") || before.is_symbol("]") || !matches!(before.kind, Kind::Symbol)
}

/// `1`, `1_000.5e-3`, `.5`, `0x1.8p3`; with the letters that touch it, it is an identifier or refused.
fn number(bytes: &[u8]) -> usize {
    let mut end = run(bytes, 0, is_word_part);
    let mut block = 0;
    if bytes.get(end) == Some(&b'.') {
        block = end + 1;
        end = run(bytes, block, is_word_part);
    }
    if bytes.get(end).is_some_and(|sign| matches!(sign, b'+' | b'-')) && is_exponent(bytes, block, end) {
        end = run(bytes, end + 1, is_word_part);
    }
    end
}

/// Whether the number whose last digits begin at `block` and end at `end` goes on behind a sign.
fn is_exponent(bytes: &[u8], block: usize, end: usize) -> bool {
    let is_hexadecimal = matches!(bytes, [b'0', b'x' | b'X', ..]);
    match bytes.get(block..end).and_then(<[u8]>::split_last) {
        Some((b'p' | b'P', _)) => is_hexadecimal,
        Some((b'e' | b'E', before)) => {
            !is_hexadecimal && before.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_')
        }
        _ => false,
    }
}

/// White space, the quotes of word processors, and their minus.
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
