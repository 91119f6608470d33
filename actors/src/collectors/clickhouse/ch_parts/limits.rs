//! How many parts a partition may have.

use std::collections::HashMap;
use std::sync::Arc;

use crate::collect::{Answer, CellError, Cursor};
use crate::model::Timestamp;

/// The numbers of parts in one partition that delay inserts and reject them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) delay: Option<i64>,
    pub(super) throw: Option<i64>,
}

impl Limits {
    fn set(&mut self, name: &str, value: &str) {
        let place = match name {
            "parts_to_delay_insert" => &mut self.delay,
            "parts_to_throw_insert" => &mut self.throw,
            _ => return,
        };
        *place = value.parse().ok();
    }

    /// These where there are some, else those of `default`.
    pub(super) fn or(self, default: Self) -> Self {
        Self { delay: self.delay.or(default.delay), throw: self.throw.or(default.throw) }
    }
}

/// What each node gives its tables: by its name, and whether they are replicated.
#[derive(Debug, Default)]
pub(super) struct Defaults(HashMap<(Arc<str>, bool), Limits>);

impl Defaults {
    pub(super) const COLUMNS: &[&str] =
        &["host_name", "of_replicated", "setting_name", "setting_value", "at"];

    /// Also the newest clock of the nodes, which stands in each row.
    pub(super) fn read(answer: &Answer<'_>) -> Result<(Self, Timestamp), CellError> {
        let (mut defaults, mut newest) = (Self::default(), None);
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let host_name = Arc::from(cursor.text()?.unwrap_or_default());
            let of_replicated = cursor.bool()?.unwrap_or_default();
            let (name, value) = (cursor.text()?.unwrap_or_default(), cursor.text()?.unwrap_or_default());
            defaults.0.entry((host_name, of_replicated)).or_default().set(name, value);
            newest = newest.max(Some(cursor.required_timestamp()?));
        }
        let at = newest.ok_or(CellError { column: 4, expected: "in any row" })?;
        Ok((defaults, at))
    }

    /// Returns the limits of a table of `engine` on `host_name` without settings of its own.
    pub(super) fn of(&self, host_name: &Arc<str>, engine: &str) -> Limits {
        let of_kind = |replicated| self.0.get(&(Arc::clone(host_name), replicated)).copied();
        let own = if engine.starts_with("Replicated") { of_kind(true) } else { None };
        own.or_else(|| of_kind(false)).unwrap_or_default()
    }
}

/// The limits that a table sets for itself, in the `SETTINGS` at the end of its `definition`:
/// `MergeTree ORDER BY a SETTINGS parts_to_throw_insert = 500, index_granularity = 8192`.
pub(super) fn overrides(definition: &str) -> Limits {
    let tokens = tokens(definition);
    let is_settings =
        |token: &Token<'_>| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("settings"));
    let mut limits = Limits::default();
    let Some(start) = tokens.iter().rposition(is_settings) else { return limits };
    for setting in tokens[start + 1..].split(|token| *token == Token::Symbol(',')) {
        if let [Token::Word(name), Token::Symbol('='), Token::Word(value) | Token::Quoted(value)] = setting {
            limits.set(name, value);
        }
    }
    limits
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    /// A string or a quoted name, without its quotes.
    Quoted(&'a str),
    Symbol(char),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => {
                let inside = &rest[1..];
                let end = closing(inside, first);
                tokens.push(Token::Quoted(&inside[..end]));
                (end + 2).min(rest.len())
            }
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                end
            }
            c => {
                tokens.push(Token::Symbol(c));
                c.len_utf8()
            }
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Where `quote` ends what it began; a backslash takes the next character along, and a doubled quote is not the end but
/// the begin of another quoted text, which comes to the same here.
fn closing(inside: &str, quote: char) -> usize {
    let mut characters = inside.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            c if c == quote => return at,
            _ => {}
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::{Limits, overrides};

    #[test]
    fn a_table_says_its_own_limits_behind_its_definition() {
        let cases = [
            ("MergeTree ORDER BY a SETTINGS index_granularity = 8192", None, None),
            ("MergeTree ORDER BY a", None, None),
            ("MergeTree ORDER BY a SETTINGS parts_to_throw_insert = 500", None, Some(500)),
            (
                "ReplicatedMergeTree('/t/{shard}', '{replica}') ORDER BY a SETTINGS parts_to_delay_insert = '40', \
                 parts_to_throw_insert = 50, storage_policy = 'a, parts_to_throw_insert = 7'",
                Some(40),
                Some(50),
            ),
            ("MergeTree ORDER BY (a = 'SETTINGS parts_to_throw_insert = 1') SETTINGS x = 1", None, None),
            ("MergeTree ORDER BY `SETTINGS parts_to_throw_insert = 1`", None, None),
            ("MergeTree ORDER BY 'it\\' SETTINGS parts_to_throw_insert = 1'", None, None),
            (
                "MergeTree ORDER BY \"\u{e4} '\" settings old_parts_to_throw_insert = 1,parts_to_delay_insert=2",
                Some(2),
                None,
            ),
            (
                "MergeTree ORDER BY a SETTINGS parts_to_throw_insert = -1, disk = disk(type = s3, key = 'x')",
                None,
                None,
            ),
            ("MergeTree ORDER BY 'never closed", None, None),
        ];
        for (definition, delay, throw) in cases {
            assert_eq!(overrides(definition), Limits { delay, throw }, "{definition}");
        }
    }
}
