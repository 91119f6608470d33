//! Finds the end of a statement that is followed by data in a format that is not SQL.

use sqlparser::keywords::Keyword;

use super::token::{Kind, Lexeme};
use crate::model::Engine;

/// The state of reading a statement that may be followed by data.
#[derive(Debug)]
pub(super) struct Statement {
    engine: Engine,
    command: Option<Keyword>,
    /// The number of open brackets.
    depth: usize,
    last: Last,
    /// Whether `FROM STDIN` of a `COPY` was read.
    copies: bool,
    ended: bool,
}

/// The kind of the previous token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    From,
    /// A token that an expression or an alias follows.
    Open,
    /// `FORMAT` at the beginning of a clause.
    Format,
    Other,
}

impl Statement {
    pub(super) const fn new(engine: Engine) -> Self {
        Self { engine, command: None, depth: 0, last: Last::Open, copies: false, ended: false }
    }

    pub(super) fn note(&mut self, lexeme: &Lexeme<'_>) {
        match (lexeme.kind, lexeme.text) {
            (Kind::Symbol, "(" | "[") => self.depth += 1,
            (Kind::Symbol, ")" | "]") => self.depth = self.depth.saturating_sub(1),
            (Kind::Symbol, ";") => *self = Self { ended: self.copies, ..Self::new(self.engine) },
            (Kind::Word(keyword), _) => self.note_word(keyword),
            _ => {}
        }
        self.last = match lexeme.kind {
            Kind::Word(Keyword::FROM) => Last::From,
            Kind::Word(Keyword::AS | Keyword::SELECT | Keyword::DISTINCT) => Last::Open,
            Kind::Word(Keyword::FORMAT) if self.last == Last::Other => Last::Format,
            Kind::Symbol if !matches!(lexeme.text, ")" | "]") => Last::Open,
            _ => Last::Other,
        };
    }

    fn note_word(&mut self, word: Keyword) {
        if self.command.is_none() && word != Keyword::EXPLAIN {
            self.command = Some(word);
        }
        if self.depth > 0 {
            return;
        }
        match (self.engine, self.command) {
            (Engine::Postgres, Some(Keyword::COPY)) => {
                self.copies |= self.last == Last::From && word == Keyword::STDIN;
            }
            (Engine::Clickhouse, Some(Keyword::INSERT)) => {
                self.ended |= self.last == Last::Format && !is_no_format(word);
            }
            _ => {}
        }
    }

    /// Returns whether data follows: after `COPY .. FROM STDIN;` in PostgreSQL, after `INSERT .. FORMAT name` in ClickHouse.
    pub(super) const fn is_followed_by_data(&self) -> bool {
        self.ended
    }
}

/// Whether `word` is not the name of a format: rows of VALUES are SQL, and other clauses may follow a column called `format`.
fn is_no_format(word: Keyword) -> bool {
    use Keyword::{AS, FROM, GROUP, LIMIT, ORDER, SETTINGS, UNION, VALUES, WHERE};

    matches!(word, AS | FROM | GROUP | LIMIT | ORDER | SETTINGS | UNION | VALUES | WHERE)
}
