//! What the lexer returns, and what it reads by the rules of a server.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token as Spelled;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) enum Kind {
    /// A literal or a bind parameter.
    Constant,
    /// A constant in plain quotes. If it follows another, it continues it.
    QuotedConstant,
    /// A keyword or an identifier without quotes.
    Word(Keyword),
    QuotedIdentifier,
    Symbol,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::text) struct Lexeme<'a> {
    pub(in crate::text) kind: Kind,
    /// As written. The text of a constant must never be shown.
    pub(in crate::text) text: &'a str,
    /// Whether white space or a comment precedes it.
    pub(in crate::text) spaced: bool,
}

impl Lexeme<'_> {
    pub(in crate::text) fn is_constant(&self) -> bool {
        matches!(self.kind, Kind::Constant | Kind::QuotedConstant)
    }

    pub(in crate::text) fn is_word(&self, keyword: Keyword) -> bool {
        self.kind == Kind::Word(keyword)
    }

    pub(in crate::text) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

/// The token at the beginning of a text by the lexical rules of a server.
pub(super) struct Token {
    pub(super) class: Class,
    /// The length in bytes.
    pub(super) length: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Class {
    /// White space or a comment.
    Space,
    /// A literal or a parameter.
    Constant,
    /// A literal in plain quotes.
    Quoted,
    /// A keyword or an identifier without quotes, or several with parameters between them.
    Word,
    QuotedIdentifier,
    Symbol,
}

pub(super) fn is_keyword(word: &str) -> bool {
    keyword_of(word) != Keyword::NoKeyword
}

pub(super) fn keyword_of(word: &str) -> Keyword {
    match Spelled::make_word(word, None) {
        Spelled::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}
