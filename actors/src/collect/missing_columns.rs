//! Queries to a server that lacks a column: later versions drop and rename some.

/// Returns the column that an error message names, as the query spells it (`s.wal_fpi`), in any language.
#[must_use]
pub fn column_named_in<'a>(message: &'a str, sql: &str) -> Option<&'a str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let mut candidates = message.split(|c| !is_name(c)).map(|word| word.trim_matches('.'));
    candidates
        .find(|word| word.split_once('.').is_some_and(|(_, column)| !column.is_empty()) && sql.contains(word))
}

/// Returns `sql` with NULL of the same type instead of `column`, which stands in a line `EXPRESSION::type AS name` of the
/// select list. None when it is used elsewhere too: the query cannot do without it.
#[must_use]
pub fn without_column(sql: &str, column: &str) -> Option<String> {
    replaced(sql, column, |expression| {
        let (_, of_type) = expression.rsplit_once("::")?;
        is_name(of_type).then(|| format!("NULL::{of_type}"))
    })
}

/// As [`without_column`] for ClickHouse, where NULL needs no type: the line reads `EXPRESSION AS name`.
#[must_use]
pub fn without_untyped_column(sql: &str, column: &str) -> Option<String> {
    replaced(sql, column, |_| Some("NULL".to_owned()))
}

fn replaced(sql: &str, column: &str, null: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut found = false;
    let mut lines = Vec::new();
    for line in sql.lines() {
        if !mentions(line, column) {
            lines.push(line.to_owned());
            continue;
        }
        let (expression, name) = line.rsplit_once(" AS ")?;
        if !is_name(name.trim_end_matches(',')) {
            return None;
        }
        found = true;
        lines.push(format!("    {} AS {name}", null(expression)?));
    }
    found.then(|| lines.join("\n"))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether `line`, a comment aside, has `column` as a whole word.
fn mentions(line: &str, column: &str) -> bool {
    let code = line.split("--").next().unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    code.match_indices(column).any(|(at, _)| {
        !code[..at].ends_with(is_part)
            && !code[at + column.len()..].starts_with(|c: char| is_part(c) && c != '.')
    })
}

#[cfg(test)]
mod tests {
    use super::{column_named_in, without_column};

    const SQL: &str = "-- source: a view with s.wal_fpi\nSELECT /* basira */\n    s.wal_records::int8 AS wal_records,\n    s.wal_fpi::int8 AS wal_fpi,\n    s.wal_fpi_bytes::int8 AS wal_fpi_bytes\nFROM pg_catalog.pg_stat_wal AS s";

    #[test]
    fn a_column_that_is_not_there_reads_as_null() {
        for message in ["column s.wal_fpi does not exist", "Spalte \u{bb}s.wal_fpi\u{ab} existiert nicht"] {
            assert_eq!(column_named_in(message, SQL), Some("s.wal_fpi"), "{message}");
        }
        assert_eq!(column_named_in("relation x does not exist", SQL), None);
        let fitted = without_column(SQL, "s.wal_fpi").expect("it stands alone");
        assert_eq!(fitted, SQL.replace("s.wal_fpi::int8 AS wal_fpi,", "NULL::int8 AS wal_fpi,"));
    }

    #[test]
    fn a_column_that_decides_which_rows_count_cannot_be_left_out() {
        assert_eq!(without_column(&format!("{SQL}\nWHERE s.wal_fpi > 0"), "s.wal_fpi"), None);
        assert_eq!(without_column(SQL, "s.unknown"), None);
    }
}
