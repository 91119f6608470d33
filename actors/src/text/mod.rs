//! Normalises SQL: removes literals, and computes a fingerprint that is the same on every server and version.
//!
//! `pg_stat_statements` shows constants as `$1`, `pg_stat_activity` as they were sent: both are normalised to the same text.

mod constants;
mod failure;
mod lexer;
mod limits;
mod lists;
mod names;
mod plannable;
mod render;
pub mod secrets;
mod sql_quote;
mod units;
mod values;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod tests;

pub use self::failure::failure;
use self::limits::cut;
pub use self::limits::{MAX_INPUT_BYTES, MAX_TEXT_BYTES};
pub use self::names::{Names, names};
pub use self::plannable::{is_one_statement, plannable, writes};
pub use self::render::Fingerprint;
pub use self::sql_quote::{quote_clickhouse_literal, quote_identifier, quote_literal, quote_name};
pub use self::units::with_unit;
use crate::model::Engine;

/// The comment in Basira's own statements, after the first keyword: PostgreSQL 18 strips leading comments.
pub const MARKER: &str = "/* basira */";

/// A statement without literals, as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// With `$1`, `$2`, .. in place of literals and parameters. Ends in `...` if it was truncated.
    pub text: String,
    pub fingerprint: Fingerprint,
}

/// Removes literals and comments. Never fails: everything after the first part that cannot be read safely is dropped.
///
/// Lists of constants (`IN (..)`, `ARRAY[..]`) are reduced to one constant, and repeated `VALUES` rows to one row.
#[must_use]
pub fn normalise(engine: Engine, raw: &str) -> Normalised {
    let readable = cut(raw, MAX_INPUT_BYTES);
    let lexed = lexer::lex(engine, readable);
    let complete = lexed.complete && readable.len() == raw.len();
    let lexemes = lists::collapse(constants::fold(values::hide(engine, lexed.lexemes)));
    Normalised {
        text: render::text(&lexemes, complete),
        fingerprint: render::fingerprint(engine, &lexemes, complete),
    }
}

/// Returns whether the statement is one of Basira itself.
#[must_use]
pub fn is_own(raw: &str) -> bool {
    without_leading_comments(raw)
        .trim_start_matches(|c: char| c.is_ascii_alphabetic())
        .trim_start()
        .starts_with(MARKER)
}

fn without_leading_comments(raw: &str) -> &str {
    let mut rest = raw.trim_start();
    loop {
        let end = match rest.get(..2) {
            Some("--") => rest.find('\n').map(|at| at + 1),
            Some("/*") => rest.find("*/").map(|at| at + 2),
            _ => None,
        };
        let Some(end) = end else { return rest };
        rest = rest[end..].trim_start();
    }
}
