//! From text to lexemes. Whatever could put the lexer out of step with the server ends the reading, lest a literal leak.

use std::any::TypeId;

use sqlparser::dialect::{ClickHouseDialect, Dialect, PostgreSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::model::Engine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A literal or a bind parameter.
    Constant,
    /// A constant in plain quotes: one that follows another continues it.
    QuotedConstant,
    /// A keyword or an identifier without quotes.
    Word(Keyword),
    QuotedIdentifier,
    Symbol,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme<'a> {
    pub(super) kind: Kind,
    /// As written; a constant's must never be shown.
    pub(super) text: &'a str,
    /// White space or a comment stood before it.
    pub(super) spaced: bool,
}

impl Lexeme<'_> {
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.kind, Kind::Constant | Kind::QuotedConstant)
    }

    pub(super) fn is_word(&self, keyword: Keyword) -> bool {
        self.kind == Kind::Word(keyword)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

pub(super) struct Lexed<'a> {
    pub(super) lexemes: Vec<Lexeme<'a>>,
    /// False when the end of the text could not be read.
    pub(super) complete: bool,
}

pub(super) fn lex(engine: Engine, raw: &str) -> Lexed<'_> {
    let dialect: &dyn Dialect = match engine {
        Engine::Postgres => &PostgresLexis(PostgreSqlDialect {}),
        Engine::Clickhouse => &ClickHouseDialect {},
    };
    let mut tokens = Vec::new();
    let lexed_to_end = Tokenizer::new(dialect, raw).tokenize_with_location_into_buf(&mut tokens).is_ok();
    let mut reader = Reader { engine, lexemes: Vec::with_capacity(tokens.len()), spaced: false };
    let mut position = Position::start(raw);
    let understood = tokens.iter().all(|token| {
        let text = position.take_until(token.span.end);
        reader.read(&token.token, text, position.rest).is_some()
    });
    Lexed { lexemes: reader.lexemes, complete: lexed_to_end && understood }
}

struct Reader<'a> {
    engine: Engine,
    lexemes: Vec<Lexeme<'a>>,
    spaced: bool,
}

impl<'a> Reader<'a> {
    /// None: not understood, and what follows must not be trusted.
    fn read(&mut self, token: &Token, text: &'a str, rest: &str) -> Option<()> {
        match token {
            Token::Whitespace(_) => self.spaced = true,
            Token::Word(word) if word.quote_style.is_some() => self.push(Kind::QuotedIdentifier, text),
            Token::Word(word) if word.keyword != Keyword::NoKeyword => {
                self.push(Kind::Word(word.keyword), text);
            }
            Token::Word(_) => self.glued(text),
            Token::Placeholder(_) => self.placeholder(text)?,
            Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => self.quoted(text)?,
            Token::HexStringLiteral(digits) if digits.chars().all(|c| c.is_ascii_hexdigit()) => {
                self.push(Kind::Constant, text);
            }
            Token::CopyData { .. } => return None,
            // in `$1$x$..$x$` the quote begins at the second dollar sign
            Token::DollarQuotedString(_) if is_parameter(text) => return None,
            Token::Number(..)
            | Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_) => self.push(Kind::Constant, text),
            _ if is_symbol(text) && !opens_comment(text, rest) => self.push(Kind::Symbol, text),
            _ => return None,
        }
        Some(())
    }

    fn push(&mut self, kind: Kind, text: &'a str) {
        self.lexemes.push(Lexeme { kind, text, spaced: self.spaced });
        self.spaced = false;
    }

    /// `pg_stat_statements` glues what was glued: `like'x%'and` reads `like$1and` there.
    fn glued(&mut self, text: &'a str) {
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

    fn placeholder(&mut self, text: &'a str) -> Option<()> {
        match text.strip_prefix('?') {
            // an operator here, whatever other engines make of it
            Some(digits) => {
                self.push(Kind::Symbol, &text[..1]);
                if !digits.is_empty() {
                    self.push(Kind::Constant, digits);
                }
            }
            // any other `$..` is the start of a dollar quote that the lexer did not recognise
            None if is_parameter(text) => self.glued(text),
            None => return None,
        }
        Some(())
    }

    /// `\'` ends the literal or not, as `standard_conforming_strings` was set: only after ESCAPE it surely does.
    fn quoted(&mut self, text: &'a str) -> Option<()> {
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

/// The N of `N'text'`, which is part of the literal.
fn is_national(word: &str) -> bool {
    word.eq_ignore_ascii_case("n")
}

/// Of a parameter, or of a word up to a parameter that touches it: `$` may be part of a name, but not of a keyword.
fn piece_length(text: &str) -> usize {
    if let Some(number) = text.strip_prefix('$') {
        return 1 + number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    }
    let touches = |word: &str| is_national(word) || keyword_of(word) != Keyword::NoKeyword;
    text.find('$').filter(|at| is_parameter(&text[*at..]) && touches(&text[..*at])).unwrap_or(text.len())
}

fn keyword_of(word: &str) -> Keyword {
    match Token::make_word(word, None) {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn is_symbol(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_punctuation())
}

/// In PostgreSQL a comment may begin inside a run of operator characters, as in `||/* separator */`.
fn opens_comment(symbol: &str, rest: &str) -> bool {
    symbol.len() > 1
        && (symbol.ends_with('/') && rest.starts_with('*') || symbol.ends_with('-') && rest.starts_with('-'))
}

/// Follows the lexer's lines and columns through the text, both counted from 1.
struct Position<'a> {
    rest: &'a str,
    line: u64,
    column: u64,
}

impl<'a> Position<'a> {
    const fn start(text: &'a str) -> Self {
        Self { rest: text, line: 1, column: 1 }
    }

    fn take_until(&mut self, end: Location) -> &'a str {
        let mut length = 0;
        for c in self.rest.chars() {
            if (self.line, self.column) >= (end.line, end.column) {
                break;
            }
            length += c.len_utf8();
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// PostgreSQL without multi-character operators, which would swallow the start of a comment or the sign of a number.
#[derive(Debug)]
struct PostgresLexis(PostgreSqlDialect);

impl Dialect for PostgresLexis {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.0.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.0.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.0.is_identifier_part(ch)
    }

    fn is_custom_operator_part(&self, _ch: char) -> bool {
        false
    }

    fn supports_geometric_types(&self) -> bool {
        false
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_copy_from_stdin_data(&self) -> bool {
        true
    }

    fn supports_string_escape_constant(&self) -> bool {
        true
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_non_decimal_integer_literals(&self) -> bool {
        true
    }
}
