//! Lexical rules that both servers have in common. Each takes linear time.

/// Returns the end of the run of bytes for which `is_part` holds, from `from` on.
pub(super) fn run(bytes: &[u8], from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len())
}

/// Returns the position after the closing quote, from `from` on. A doubled quote does not close, nor does one after a
/// backslash if `escapes`.
pub(super) fn closed(bytes: &[u8], from: usize, quote: u8, escapes: bool) -> Option<usize> {
    let mut at = from;
    loop {
        at = run(bytes, at, |byte| byte != quote && !(escapes && byte == b'\\'));
        match bytes.get(at..)? {
            [] => return None,
            [b'\\', ..] if escapes => at += 2,
            [_, next, ..] if *next == quote => at += 2,
            _ => return Some(at + 1),
        }
    }
}

/// Returns the length of a comment between `/*` and `*/`, and whether it contains others.
pub(super) fn block_comment(bytes: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut depth, mut nested) = (2, 1_usize, false);
    while depth > 0 {
        match bytes.get(at..)? {
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [b'/', b'*', ..] => (at, depth, nested) = (at + 2, depth + 1, true),
            [] => return None,
            _ => at += 1,
        }
    }
    Some((at, nested))
}

/// Returns the length of the longest of `operators` that `text` begins with, or of a single symbol.
pub(super) fn symbol(text: &str, operators: &[&str]) -> Option<usize> {
    let known =
        operators.iter().filter(|operator| text.starts_with(**operator)).map(|operator| operator.len());
    let sign = text.bytes().next().filter(u8::is_ascii_punctuation).map(|_| 1);
    known.max().or(sign)
}
