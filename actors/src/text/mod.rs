//! SQL text without its literals, and a fingerprint that one statement keeps on every server and version.
//!
//! `pg_stat_statements` shows constants as `$1`, `pg_stat_activity` shows them as they were sent: both come out the same.

mod constants;
mod failure;
mod lexer;
mod lists;
mod names;
mod plannable;
mod render;
pub mod secrets;
mod units;
mod values;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::failure::failure;
pub use self::names::{Names, names};
pub use self::plannable::{plannable, writes};
use crate::model::Engine;

pub use units::with_unit;

/// The comment that Basira's own statements carry behind their first keyword: PostgreSQL 18 strips leading comments.
pub const MARKER: &str = "/* basira */";

/// A normalised text is cut beyond this size.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// More than this is not read: what follows counts as truncated.
pub const MAX_INPUT_BYTES: usize = 1024 * 1024;

/// Identifies a statement apart from its literals, letter case, white space and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What may be stored and shown of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// Literals and parameters are `$1`, `$2`, .. in order of appearance; ends in `...` where something was cut.
    pub text: String,
    pub fingerprint: Fingerprint,
}

/// Removes literals and comments. Never fails: from the first place that cannot be read safely, all is dropped.
///
/// Lists of constants (`IN (..)`, `ARRAY[..]`) shrink to one constant, and repeated `VALUES` rows to one row.
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

/// Whether Basira itself sent the statement.
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

/// The longest prefix of at most `max_bytes` that ends between two characters.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
