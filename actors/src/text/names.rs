//! The names in a PostgreSQL statement, each in every way in which the server may read it.

use super::lexer::{self, Kind, Lexeme};
use super::limits::{MAX_INPUT_BYTES, cut};
use crate::model::Engine;

/// The length to which the server truncates names: `NAMEDATALEN` less one.
const NAME_BYTES: usize = 63;

/// The names in a statement, those of functions, tables, types and columns alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub all: Vec<String>,
    /// Those that may call a function: before an opening parenthesis, or after a dot as in `row.function`.
    pub called: Vec<String>,
}

/// Returns the names in `raw`; none where they cannot be determined: the text is incomplete, or writes names with code points
/// (`U&"\0061"`).
#[must_use]
pub fn names(raw: &str) -> Option<Names> {
    let lexed = lexer::lex(Engine::Postgres, raw);
    if !lexed.complete || raw.len() > MAX_INPUT_BYTES {
        return None;
    }
    let lexemes = &lexed.lexemes;
    let mut names = Names::default();
    for (index, lexeme) in lexemes.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &lexemes[before]);
        let readings = match lexeme.kind {
            Kind::Word(_) => unquoted(lexeme.text),
            Kind::QuotedIdentifier if before.is_some_and(|before| before.is_symbol("&")) => return None,
            Kind::QuotedIdentifier => quoted(lexeme.text)?,
            Kind::Constant | Kind::QuotedConstant | Kind::Symbol => continue,
        };
        let opens = |next: &Lexeme<'_>| next.is_symbol("(");
        let is_called =
            lexemes.get(index + 1).is_some_and(opens) || before.is_some_and(|before| before.is_symbol("."));
        if is_called {
            names.called.extend(readings.iter().cloned());
        }
        names.all.extend(readings);
    }
    for list in [&mut names.all, &mut names.called] {
        list.sort_unstable();
        list.dedup();
    }
    Some(names)
}

/// In lower case; for letters beyond ASCII that depends on the encoding of the database.
fn unquoted(text: &str) -> Vec<String> {
    [text.to_ascii_lowercase(), text.to_lowercase()].iter().flat_map(|name| shortened(name)).collect()
}

fn quoted(text: &str) -> Option<Vec<String>> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    Some(shortened(&inside.replace("\"\"", "\"")))
}

/// Truncated by bytes of UTF-8, and by characters for databases with a single-byte encoding.
fn shortened(name: &str) -> Vec<String> {
    let characters = name.chars().take(NAME_BYTES).collect();
    vec![cut(name, NAME_BYTES).to_owned(), characters]
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_found_as_the_server_reads_them() {
        let found =
            names("SELECT t.Note, f (1), \"G\"\"h\" FROM app.\"T\" AS t WHERE x::d = 'a.b(c)' -- z(1)")
                .unwrap();
        for name in ["note", "f", "G\"h", "app", "T", "t", "x", "d"] {
            assert!(found.all.iter().any(|known| known == name), "{name}: {found:?}");
        }
        for name in ["a", "b", "c", "z", "Note", "g\"h"] {
            assert!(!found.all.iter().any(|known| known == name), "{name}: {found:?}");
        }
        assert_eq!(found.called, ["T", "f", "note"]);
    }

    #[test]
    fn a_long_name_is_cut_as_the_server_cuts_it() {
        let found = names(&format!("select {}(1)", "x".repeat(70))).unwrap();
        assert_eq!(found.called, ["x".repeat(63)]);
    }

    #[test]
    fn names_that_cannot_be_determined_are_none() {
        for text in ["select U&\"\\0066\"(1)", "select u & \"f\"(1)", "select \"f", "select 'a"] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
