//! Checks whether a text may be passed to EXPLAIN: exactly one statement of a kind that has a plan.

use sqlparser::keywords::Keyword;

use super::lexer::Lexeme;
use super::{MAX_INPUT_BYTES, is_own, lexer};
use crate::model::Engine;

/// The first keywords of statements with a plan.
const BEGINNINGS: [Keyword; 7] = [
    Keyword::SELECT,
    Keyword::INSERT,
    Keyword::UPDATE,
    Keyword::DELETE,
    Keyword::MERGE,
    Keyword::WITH,
    Keyword::VALUES,
];

/// Checks that `raw` is one PostgreSQL statement that has a plan. A semicolon is allowed only at the end. Refuses texts that
/// cannot be read safely to the end, and statements of Basira.
///
/// # Errors
/// The reason why it is not.
pub fn plannable(raw: &str) -> Result<(), &'static str> {
    if raw.len() > MAX_INPUT_BYTES {
        return Err("its text is too long");
    }
    if raw.contains('\0') || is_own(raw) {
        return Err("it is not a statement of an application");
    }
    let lexed = lexer::lex(Engine::Postgres, raw);
    if !lexed.complete {
        return Err("its text was truncated or cannot be read safely");
    }
    if has_several(&lexed.lexemes) {
        return Err("it is more than one statement");
    }
    let first = lexed.lexemes.iter().find(|lexeme| !lexeme.is_symbol("("));
    match first {
        Some(first) if BEGINNINGS.iter().any(|keyword| first.is_word(*keyword)) => Ok(()),
        _ => Err("statements of its kind have no plan"),
    }
}

/// Returns whether `raw` is one PostgreSQL statement of any kind, that can be read safely to the end.
#[must_use]
pub fn is_one_statement(raw: &str) -> bool {
    let lexed = lexer::lex(Engine::Postgres, raw);
    raw.len() <= MAX_INPUT_BYTES && lexed.complete && !has_several(&lexed.lexemes)
}

/// Whether a semicolon stands anywhere but at the end.
fn has_several(mut lexemes: &[Lexeme<'_>]) -> bool {
    while let [before @ .., last] = lexemes
        && last.is_symbol(";")
    {
        lexemes = before;
    }
    lexemes.iter().any(|lexeme| lexeme.is_symbol(";"))
}

/// Returns whether a statement that is [`plannable`] writes or locks rows; true when in doubt.
#[must_use]
pub fn writes(raw: &str) -> bool {
    const WRITE: [Keyword; 5] =
        [Keyword::INSERT, Keyword::UPDATE, Keyword::DELETE, Keyword::MERGE, Keyword::SHARE];
    let lexed = lexer::lex(Engine::Postgres, raw);
    lexed.lexemes.iter().any(|lexeme| WRITE.iter().any(|keyword| lexeme.is_word(*keyword)))
}

#[cfg(test)]
mod tests {
    use super::{plannable, writes};

    #[test]
    fn statements_that_write_are_recognized() {
        for text in [
            "update t set a = $1",
            "with x as (delete from t returning *) select * from x",
            "select a from t for update",
        ] {
            assert!(writes(text), "{text}");
        }
        assert!(!writes("select a from t where note = 'delete me'"));
    }

    #[test]
    fn only_a_single_statement_with_a_plan_is_plannable() {
        let plannable_ones = [
            "select * from t where a = $1",
            "-- why\nSELECT 1;",
            "(select 1) union all (select 2) ; ",
            "with x as (delete from t returning *) select * from x",
            "insert into t values ($1, 'a;b', $x$;$x$)",
            "update t set a = $1",
            "delete from t",
            "merge into t using s on t.a = s.a when matched then delete",
            "values ($1), ($2)",
            "select * from t where a in ($1 /*, ... */)",
        ];
        for text in plannable_ones {
            assert_eq!(plannable(text), Ok(()), "{text}");
        }
        let others = [
            "",
            ";",
            "select 1; delete from victim",
            "select 1;; delete from victim;",
            "delete from victim; select 1",
            "explain select 1",
            "analyze select 1",
            "analyze",
            "do $$ begin end $$",
            "create table t as select 1",
            "copy t to stdout",
            "begin",
            "select 'cut off",
            "select $x$ cut off",
            "select 'a\\'; delete from victim; --'",
            "select \"cut off",
            "select 1 /* cut off",
            "select /* basira */ 1",
            "select 1\0; delete from victim",
            ") select 1; delete from victim",
        ];
        for text in others {
            assert!(plannable(text).is_err(), "{text}");
        }
    }
}
