//! Where a statement ends and the data begins that is sent behind it, in a form that is not SQL.

use sqlparser::keywords::Keyword;

use super::{Kind, Lexeme};
use crate::model::Engine;

/// What was read of a statement, as far as data may follow it.
#[derive(Debug)]
pub(super) struct Statement {
    engine: Engine,
    command: Option<Keyword>,
    /// Brackets that are open.
    depth: usize,
    last: Last,
    /// `FROM STDIN` of a `COPY` was read.
    copies: bool,
    ended: bool,
}

/// What stands before a lexeme, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    From,
    /// What an expression or an alias follows.
    Open,
    /// `FORMAT` as the beginning of a clause.
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

    /// Whether data follows: of PostgreSQL behind `COPY .. FROM STDIN;`, of ClickHouse behind `INSERT .. FORMAT name`.
    pub(super) const fn is_followed_by_data(&self) -> bool {
        self.ended
    }
}

/// Rows of VALUES read like SQL; behind a column called `format` stand words of the query.
fn is_no_format(word: Keyword) -> bool {
    use Keyword::{AS, FROM, GROUP, LIMIT, ORDER, SETTINGS, UNION, VALUES, WHERE};

    matches!(word, AS | FROM | GROUP | LIMIT | ORDER | SETTINGS | UNION | VALUES | WHERE)
}
