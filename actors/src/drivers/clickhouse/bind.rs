//! Encodes parameters into the text of a query, and settings into the URL.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::collect::Param;
use crate::text::quote_clickhouse_literal;

/// Returns `sql` with each `?` replaced by the next of `params`, and `??` by a question mark.
pub(super) fn bind(sql: &str, params: &[Param]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut params = params.iter();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('?') {
        text.push_str(before);
        rest = if let Some(after) = after.strip_prefix('?') {
            text.push('?');
            after
        } else {
            match params.next() {
                Some(param) => push(&mut text, param),
                None => text.push('?'),
            }
            after
        };
    }
    text + rest
}

fn push(text: &mut String, param: &Param) {
    // writing to a string cannot fail
    let _ = match param {
        Param::Int(value) => write!(text, "{value}"),
        Param::BigInt(value) => write!(text, "{value}"),
        Param::BigInts(values) => write!(text, "{values:?}"),
        Param::Bool(value) => write!(text, "{}", u8::from(*value)),
        Param::Text(value) => write!(text, "{}", quote_clickhouse_literal(value)),
    };
}

/// The characters that are encoded in a URL: all but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns `name=value&..`.
pub(super) fn query_string<'a>(settings: impl Iterator<Item = (&'a str, String)>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let pairs = settings.map(|(name, value)| format!("{name}={}", encode(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::{bind, query_string};
    use crate::collect::Param;

    #[test]
    fn question_marks_are_replaced_by_values() {
        let params = [Param::Text("it's \\ ?".to_owned()), Param::BigInts(vec![1, -2]), Param::Bool(true)];
        let sql = "SELECT ?, match(a, 'x??') AND b IN ? AND c = ?";
        assert_eq!(bind(sql, &params), "SELECT 'it\\'s \\\\ ?', match(a, 'x?') AND b IN [1, -2] AND c = 1");
    }

    #[test]
    fn settings_are_encoded() {
        let settings = [("database", "a b&c=\u{e4}".to_owned()), ("x", "1".to_owned())];
        assert_eq!(query_string(settings.into_iter()), "database=a%20b%26c%3D%C3%A4&x=1");
    }
}
