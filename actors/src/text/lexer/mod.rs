//! Splits SQL into tokens. Stops at anything that the server might read differently, because a literal could be missed.

mod clickhouse;
mod data;
mod postgres;
mod scan;
#[cfg(test)]
mod tests;
mod token;

use sqlparser::keywords::Keyword;

use self::data::Statement;
use self::token::{Class, is_keyword, keyword_of};
pub(super) use self::token::{Kind, Lexeme};
use crate::model::Engine;

pub(super) struct Lexed<'a> {
    pub(super) lexemes: Vec<Lexeme<'a>>,
    /// Whether the text was read to its end.
    pub(super) complete: bool,
}

pub(super) fn lex(engine: Engine, raw: &str) -> Lexed<'_> {
    let mut reader = Reader { engine, lexemes: Vec::new(), spaced: false, statement: Statement::new(engine) };
    let complete = reader.read(raw).is_some();
    Lexed { lexemes: reader.lexemes, complete }
}

struct Reader<'a> {
    engine: Engine,
    lexemes: Vec<Lexeme<'a>>,
    spaced: bool,
    statement: Statement,
}

impl<'a> Reader<'a> {
    /// Reads the text; none if it is not read to its end.
    fn read(&mut self, raw: &'a str) -> Option<()> {
        let mut rest = raw;
        while !rest.is_empty() {
            let token = match self.engine {
                Engine::Postgres => postgres::token(rest)?,
                Engine::Clickhouse => clickhouse::token(rest, self.lexemes.last())?,
            };
            let (text, after) = rest.split_at_checked(token.length)?;
            rest = after;
            self.take(token.class, text)?;
            if self.statement.is_followed_by_data() {
                // the query log of ClickHouse leaves the data out
                return (self.engine == Engine::Clickhouse || rest.trim().is_empty()).then_some(());
            }
        }
        Some(())
    }

    fn take(&mut self, class: Class, text: &'a str) -> Option<()> {
        match class {
            Class::Space => self.spaced = true,
            Class::Constant => self.push(Kind::Constant, text),
            Class::Quoted => self.push_quoted(text)?,
            Class::QuotedIdentifier => self.push(Kind::QuotedIdentifier, text),
            Class::Symbol => self.push(Kind::Symbol, text),
            Class::Word => match keyword_of(text) {
                Keyword::NoKeyword => self.push_adjoined(text),
                keyword => self.push(Kind::Word(keyword), text),
            },
        }
        Some(())
    }

    fn push(&mut self, kind: Kind, text: &'a str) {
        let lexeme = Lexeme { kind, text, spaced: self.spaced };
        self.statement.note(&lexeme);
        self.lexemes.push(lexeme);
        self.spaced = false;
    }

    /// Splits words and parameters without space between them: `pg_stat_statements` shows `like'x%'and` as `like$1and`.
    fn push_adjoined(&mut self, text: &'a str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(piece_length(rest));
            rest = after;
            if piece.starts_with('$') {
                self.push(Kind::Constant, piece);
            } else if after.is_empty() || !is_national(piece) {
                self.push(Kind::Word(keyword_of(piece)), piece);
            }
        }
    }

    /// Adds a literal in plain quotes. Whether `\'` ends it depends on `standard_conforming_strings`; only after ESCAPE it
    /// certainly does.
    fn push_quoted(&mut self, text: &'a str) -> Option<()> {
        let escape = self.lexemes.last().is_some_and(|last| last.is_word(Keyword::ESCAPE)) && text == r"'\'";
        if self.engine == Engine::Postgres && text.contains(r"\'") && !escape {
            return None;
        }
        self.push(Kind::QuotedConstant, text);
        Some(())
    }
}

fn is_parameter(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether `word` is the N of `N'text'`, which is part of the literal.
fn is_national(word: &str) -> bool {
    word.eq_ignore_ascii_case("n")
}

/// Returns the length of a parameter, or of a word up to an adjoining parameter: `$` may be part of a name but not of a
/// keyword.
fn piece_length(text: &str) -> usize {
    if let Some(number) = text.strip_prefix('$') {
        return 1 + number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    }
    let touches = |word: &str| is_national(word) || is_keyword(word);
    text.find('$').filter(|at| is_parameter(&text[*at..]) && touches(&text[..*at])).unwrap_or(text.len())
}
