//! Identifiers and literals, quoted for SQL.

/// Returns `name` as a quoted identifier.
#[must_use]
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns `names` joined by dots, each quoted unless it is a plain lowercase identifier.
#[must_use]
pub fn quote_name(names: &[&str]) -> String {
    let quote = |name: &&str| {
        let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty();
        if is_plain { (*name).to_owned() } else { quote_identifier(name) }
    };
    names.iter().map(quote).collect::<Vec<_>>().join(".")
}

/// Returns `text` as a string literal of PostgreSQL.
#[must_use]
pub fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns `text` as a string literal of ClickHouse.
#[must_use]
pub fn quote_clickhouse_literal(text: &str) -> String {
    format!("'{}'", escape_clickhouse(text))
}

/// Returns the inside of a string literal of ClickHouse.
pub(super) fn escape_clickhouse(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_are_quoted() {
        assert_eq!(quote_name(&["public", "Orders \"x\""]), "public.\"Orders \"\"x\"\"\"");
        assert_eq!([quote_name(&["order_1"]), quote_name(&["1"])], ["order_1", "\"1\""]);
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_clickhouse_literal("it's \\"), "'it\\'s \\\\'");
    }
}
