//! Renders tokens as the text that is shown and the bytes that are hashed.

use std::fmt::{self, Write as _};

use sqlparser::keywords::Keyword;
use xxhash_rust::xxh3::xxh3_64;

use super::lexer::{Kind, Lexeme};
use super::limits::{MAX_TEXT_BYTES, cut};
use crate::model::Engine;

const ELLIPSIS: &str = "...";

/// Identifies a statement, regardless of literals, letter case, white space and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Renders one line in the original letter case, with constants numbered from `$1`.
pub(super) fn text(lexemes: &[Lexeme<'_>], complete: bool) -> String {
    let mut text = String::new();
    let mut constants = 0;
    let mut previous = None;
    for lexeme in lexemes {
        if needs_space(previous, lexeme) {
            text.push(' ');
        }
        if lexeme.is_constant() {
            constants += 1;
            let _ = write!(text, "${constants}");
        } else {
            text.push_str(lexeme.text);
        }
        previous = Some(lexeme);
        if text.len() > MAX_TEXT_BYTES {
            text.truncate(cut(&text, MAX_TEXT_BYTES - ELLIPSIS.len()).len());
            text.push_str(ELLIPSIS);
            return text;
        }
    }
    if !complete {
        text.push_str(if text.is_empty() { ELLIPSIS } else { " ..." });
    }
    text
}

fn needs_space(previous: Option<&Lexeme<'_>>, next: &Lexeme<'_>) -> bool {
    let Some(previous) = previous else { return false };
    let is_tight = previous.kind == Kind::Symbol && matches!(previous.text, "(" | "[")
        || next.kind == Kind::Symbol && matches!(next.text, ")" | "]" | "," | ";");
    let would_merge = previous.kind != Kind::Symbol && next.kind != Kind::Symbol;
    would_merge || next.spaced && !is_tight
}

/// Computes the fingerprint. Do not change it: stored statements would get a new identity.
pub(super) fn fingerprint(engine: Engine, lexemes: &[Lexeme<'_>], complete: bool) -> Fingerprint {
    /// Does not occur in UTF-8.
    const END: u8 = 0xff;
    const CONSTANT: u8 = 0xfe;
    const CUT: u8 = 0xfd;

    let mut canonical = Vec::new();
    for lexeme in lexemes {
        match lexeme.kind {
            Kind::Constant | Kind::QuotedConstant => canonical.push(CONSTANT),
            Kind::Word(keyword) if engine == Engine::Postgres || keyword != Keyword::NoKeyword => {
                canonical.extend(lexeme.text.bytes().map(|byte| byte.to_ascii_lowercase()));
            }
            Kind::Word(_) | Kind::QuotedIdentifier | Kind::Symbol => canonical.extend(lexeme.text.bytes()),
        }
        canonical.push(END);
    }
    if !complete {
        canonical.push(CUT);
    }
    Fingerprint(xxh3_64(&canonical))
}
