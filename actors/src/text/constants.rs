//! Recognizes constants as `pg_stat_statements` does, as far as that is possible from the surrounding tokens.

use sqlparser::keywords::Keyword;

use super::lexer::{Kind, Lexeme};

/// Keywords that are followed by an expression.
const BEFORE_EXPRESSION: &[Keyword] = {
    use Keyword::{
        ALL, AND, AS, ASYMMETRIC, BETWEEN, BY, CASE, CHECK, DEFAULT, DISTINCT, ELSE, FOR, FROM, HAVING,
        ILIKE, IN, IS, LIKE, LIMIT, NOT, OFFSET, ON, OR, RETURN, RETURNING, SELECT, SET, SYMMETRIC, THEN, TO,
        USING, WHEN, WHERE, WITH,
    };
    &[
        ALL, AND, AS, ASYMMETRIC, BETWEEN, BY, CASE, CHECK, DEFAULT, DISTINCT, ELSE, FOR, FROM, HAVING,
        ILIKE, IN, IS, LIKE, LIMIT, NOT, OFFSET, ON, OR, RETURN, RETURNING, SELECT, SET, SYMMETRIC, THEN, TO,
        USING, WHEN, WHERE, WITH,
    ]
};

/// Marks words that are constants, and merges signs and continued strings into the adjacent constant.
pub(super) fn fold(lexemes: Vec<Lexeme<'_>>) -> Vec<Lexeme<'_>> {
    let mut folded: Vec<Lexeme<'_>> = Vec::with_capacity(lexemes.len());
    for mut lexeme in lexemes {
        let previous = folded.last().map(|last| last.kind);
        if lexeme.kind == Kind::QuotedConstant && previous == Some(Kind::QuotedConstant) {
            continue;
        }
        if is_constant_word(&lexeme, &folded) {
            lexeme.kind = Kind::Constant;
        }
        if lexeme.is_constant() {
            while ends_in_sign(&folded) {
                lexeme.spaced = folded.pop().is_some_and(|sign| sign.spaced);
            }
        }
        folded.push(lexeme);
    }
    while folded.last().is_some_and(|last| last.is_symbol(";")) {
        folded.pop();
    }
    folded
}

fn is_constant_word(lexeme: &Lexeme<'_>, before: &[Lexeme<'_>]) -> bool {
    let follows =
        |keywords: &[Keyword]| before.last().is_some_and(|last| keywords.iter().any(|k| last.is_word(*k)));
    match lexeme.kind {
        Kind::Word(Keyword::TRUE | Keyword::FALSE) => {
            !follows(&[Keyword::IS]) && !ends_in(before, Keyword::IS, Keyword::NOT)
        }
        Kind::Word(Keyword::NULL) => {
            !follows(&[Keyword::IS, Keyword::NOT, Keyword::DEFAULT, Keyword::SET, Keyword::ON])
                && !ends_in(before, Keyword::DISTINCT, Keyword::FROM)
        }
        Kind::Word(Keyword::NoKeyword) | Kind::QuotedIdentifier if names_savepoint(before) => true,
        // constants in PostgreSQL: the form of normalize(.., NFC), the field of extract(epoch from ..)
        Kind::Word(Keyword::NFC | Keyword::NFD | Keyword::NFKC | Keyword::NFKD) => true,
        Kind::Word(_) => {
            matches!(before, [.., extract, open] if extract.is_word(Keyword::EXTRACT) && open.is_symbol("("))
        }
        _ => false,
    }
}

fn ends_in(lexemes: &[Lexeme<'_>], first: Keyword, second: Keyword) -> bool {
    matches!(lexemes, [.., a, b] if a.is_word(first) && b.is_word(second))
}

/// Whether a name of a savepoint follows: drivers generate them, and PostgreSQL 17 treats them as constants.
fn names_savepoint(before: &[Lexeme<'_>]) -> bool {
    use Keyword::{RELEASE, ROLLBACK, SAVEPOINT, TO, TRANSACTION, WORK};

    let is_any = |lexeme: &Lexeme<'_>, keywords: &[Keyword]| keywords.iter().any(|k| lexeme.is_word(*k));
    match before {
        [first, rest @ ..] if is_any(first, &[SAVEPOINT, RELEASE, ROLLBACK]) => {
            rest.len() <= 3 && rest.iter().all(|word| is_any(word, &[SAVEPOINT, TO, TRANSACTION, WORK]))
        }
        _ => false,
    }
}

/// Whether the last token is a minus that can only be a sign: there is no operand before it.
fn ends_in_sign(lexemes: &[Lexeme<'_>]) -> bool {
    let [before @ .., minus] = lexemes else { return false };
    minus.is_symbol("-")
        && before.last().is_none_or(|last| match last.kind {
            Kind::Symbol => !matches!(last.text, ")" | "]"),
            Kind::Word(keyword) => BEFORE_EXPRESSION.contains(&keyword),
            Kind::Constant | Kind::QuotedConstant | Kind::QuotedIdentifier => false,
        })
}
