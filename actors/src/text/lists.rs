//! Reduces lists of constants, as PostgreSQL 18 does, so that their length does not make different statements: `IN (1, 2, 3)`
//! becomes `IN ($1)`.

use std::ops::Range;

use sqlparser::keywords::Keyword;

use super::lexer::{Kind, Lexeme};

/// An open parenthesis or bracket, or the statement itself.
#[derive(Default)]
struct Level {
    /// The start of its content in the output.
    content: usize,
    /// Whether its content is a list of values.
    is_list: bool,
    /// Whether it is a row of the outer level.
    is_row: bool,
    rows: Rows,
}

/// The state of the rows of a level.
#[derive(Default)]
enum Rows {
    #[default]
    None,
    Expected,
    First(Range<usize>),
}

/// Reduces lists of constants to one constant, and drops rows that equal the first row of their list.
pub(super) fn collapse(lexemes: Vec<Lexeme<'_>>) -> Vec<Lexeme<'_>> {
    let mut output: Vec<Lexeme<'_>> = Vec::with_capacity(lexemes.len());
    let mut outer = Vec::new();
    let mut level = Level::default();
    for lexeme in lexemes {
        match (lexeme.kind, lexeme.text) {
            (Kind::Symbol, "(" | "[") => {
                let inner = enter(&level, &output, &lexeme);
                outer.push(std::mem::replace(&mut level, inner));
                output.push(lexeme);
            }
            (Kind::Symbol, ")" | "]") => {
                if level.is_list && is_constants(&output[level.content..]) {
                    output.truncate(level.content);
                    output.push(Lexeme { kind: Kind::Constant, text: "", spaced: false });
                }
                output.push(lexeme);
                let inner = std::mem::replace(&mut level, outer.pop().unwrap_or_default());
                if inner.is_row {
                    drop_repeated(&mut level.rows, inner.content - 1, &mut output);
                }
            }
            _ => {
                if lexeme.is_word(Keyword::VALUES) {
                    level.rows = Rows::Expected;
                } else if !lexeme.is_symbol(",") {
                    level.rows = Rows::None;
                }
                output.push(lexeme);
            }
        }
    }
    output
}

fn enter(level: &Level, output: &[Lexeme<'_>], opening: &Lexeme<'_>) -> Level {
    let in_list = opening.text == "(" && output.last().is_some_and(|last| last.is_word(Keyword::IN));
    Level {
        content: output.len() + 1,
        is_list: in_list || opening.text == "[",
        is_row: !matches!(level.rows, Rows::None) && opening.text == "(",
        rows: if in_list { Rows::Expected } else { Rows::None },
    }
}

/// Drops the row that begins at `start` if it equals the first one.
fn drop_repeated(rows: &mut Rows, start: usize, output: &mut Vec<Lexeme<'_>>) {
    match rows {
        Rows::First(first) if same(&output[first.clone()], &output[start..]) => {
            output.truncate(start);
            if output.last().is_some_and(|last| last.is_symbol(",")) {
                output.pop();
            }
        }
        Rows::Expected => *rows = Rows::First(start..output.len()),
        Rows::First(_) | Rows::None => {}
    }
}

fn same(a: &[Lexeme<'_>], b: &[Lexeme<'_>]) -> bool {
    let equal = |(a, b): (&Lexeme<'_>, &Lexeme<'_>)| {
        (a.is_constant() && b.is_constant()) || (a.kind == b.kind && a.text.eq_ignore_ascii_case(b.text))
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

/// Whether these are constants separated by commas, with or without casts.
fn is_constants(list: &[Lexeme<'_>]) -> bool {
    let mut rest = list;
    while let Some(after) = skip_constant(rest) {
        match after {
            [] => return true,
            [comma, after @ ..] if comma.is_symbol(",") => rest = after,
            _ => return false,
        }
    }
    false
}

/// `$1`, `($1)`, `$1::type`, `type $1`, `cast($1 as type)`.
fn skip_constant<'l, 'a>(list: &'l [Lexeme<'a>]) -> Option<&'l [Lexeme<'a>]> {
    match list {
        [constant, rest @ ..] if constant.is_constant() => Some(skip_casts(rest)),
        [open, constant, close, rest @ ..]
            if open.is_symbol("(") && constant.is_constant() && close.is_symbol(")") =>
        {
            Some(skip_casts(rest))
        }
        [cast, open, constant, rest @ ..]
            if cast.is_word(Keyword::CAST) && open.is_symbol("(") && constant.is_constant() =>
        {
            match skip_type(skip_casts(rest).split_first().filter(|(word, _)| word.is_word(Keyword::AS))?.1) {
                [close, rest @ ..] if close.is_symbol(")") => Some(skip_casts(rest)),
                _ => None,
            }
        }
        [first, ..]
            if !matches!(first.kind, Kind::Word(Keyword::SELECT | Keyword::VALUES | Keyword::WITH)) =>
        {
            match skip_type(list) {
                [constant, rest @ ..] if constant.is_constant() => Some(skip_casts(rest)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn skip_casts<'l, 'a>(mut list: &'l [Lexeme<'a>]) -> &'l [Lexeme<'a>] {
    while let [cast, rest @ ..] = list
        && cast.is_symbol("::")
    {
        list = skip_type(rest);
    }
    list
}

/// `numeric(10, 2)`, `pg_catalog."char"`, `timestamp(3) with time zone`, `text[]`; stops before anything else.
fn skip_type<'l, 'a>(mut list: &'l [Lexeme<'a>]) -> &'l [Lexeme<'a>] {
    while let [first, rest @ ..] = list {
        list = match first.kind {
            Kind::Word(_) | Kind::QuotedIdentifier => rest,
            Kind::Symbol if first.text == "." => rest,
            Kind::Symbol if matches!(first.text, "(" | "[") => match skip_modifiers(rest) {
                Some(rest) => rest,
                None => return list,
            },
            _ => return list,
        };
    }
    list
}

fn skip_modifiers<'l, 'a>(list: &'l [Lexeme<'a>]) -> Option<&'l [Lexeme<'a>]> {
    let length = list.iter().take_while(|lexeme| lexeme.is_constant() || lexeme.is_symbol(",")).count();
    list[length..].split_first().filter(|(close, _)| matches!(close.text, ")" | "]")).map(|(_, rest)| rest)
}
