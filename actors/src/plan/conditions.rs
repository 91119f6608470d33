//! Parses conditions on single columns, such as `(a.x = $1)` and `(a.y > b.z)`, as `EXPLAIN (VERBOSE)` writes them. Other
//! conditions are ignored.

/// A column in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Whether it is written `(name)::text`: an index helps only if its type is `varchar`.
    pub as_text: bool,
}

/// A comparison of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub alias: String,
    pub column: Column,
    pub is_equality: bool,
    /// The relation of the column it is compared with; none if it is compared with a value known before the scan.
    pub other: Option<String>,
}

/// The operators, longest first: `<=` begins with `<`.
const OPERATORS: [(&str, bool); 5] =
    [(" <= ", false), (" >= ", false), (" = ", true), (" < ", false), (" > ", false)];

/// Returns the conditions in the conjuncts of `expression`.
pub(super) fn conditions(expression: &str) -> Vec<Condition> {
    let expression = bare(expression);
    let parts = split(expression, " AND ");
    if parts.len() > 1 {
        return parts.into_iter().flat_map(conditions).collect();
    }
    // a disjunction or another condition has no operator at its top level
    for (operator, is_equality) in OPERATORS {
        if let [left, right] = split(expression, operator)[..] {
            return compared(left, right, is_equality);
        }
    }
    Vec::new()
}

fn compared(left: &str, right: &str, is_equality: bool) -> Vec<Condition> {
    let side = |this: &str, that: &str| {
        let (alias, column) = column(this)?;
        let other = match self::column(that) {
            Some((other, _)) => Some(other).filter(|other| *other != alias).map(Some)?,
            None => known(that, is_equality).then_some(None)?,
        };
        Some(Condition { alias, column, is_equality, other })
    };
    side(left, right).into_iter().chain(side(right, left)).collect()
}

/// Parses `a.x`, `(a.x)::text` or `"A".x`. Returns the relation and the column.
pub(super) fn column(text: &str) -> Option<(String, Column)> {
    let text = bare(text);
    let (name, as_text) = match text.strip_suffix("::text") {
        Some(cast) => (bare(cast), true),
        None => (text, false),
    };
    let [alias, name] = split(name, ".")[..] else { return None };
    Some((identifier(alias)?, Column { name: identifier(name)?, as_text }))
}

/// Returns a name without its quotes.
fn identifier(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Some(quoted.replace("\"\"", "\""));
    }
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    is_plain.then(|| text.to_owned())
}

/// Whether `text` is a parameter, a constant or the current time, and so the same for the whole scan. Columns have a
/// relation and a dot before them.
fn known(text: &str, is_equality: bool) -> bool {
    let text = match text.strip_prefix("ANY ") {
        Some(list) if is_equality => bare(list),
        _ => bare(text),
    };
    let timeless = text.replace("now()", "").replace("::numeric(", "(");
    let begins =
        ["$", "now()", "CURRENT_DATE", "CURRENT_TIMESTAMP"].iter().any(|word| text.starts_with(word));
    begins && !timeless.contains(['.', '(']) && !text.contains(" COLLATE ")
}

/// Returns `text` without the parentheses around all of it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match inner.filter(|inner| is_balanced(inner)) {
        Some(inner) => bare(inner),
        None => text,
    }
}

/// Whether the parentheses in `text` are balanced.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    outside_quotes(text).all(|(_, byte)| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth >= 0
    }) && depth == 0
}

/// Splits `text` at each `separator` outside of quotes and parentheses.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut depth, mut from, mut parts) = (0_i32, 0, Vec::new());
    for (at, byte) in outside_quotes(text) {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        if depth == 0 && at >= from && text.as_bytes()[at..].starts_with(separator.as_bytes()) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Returns the bytes of `text` outside of quotes, with their positions.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut quote = None;
    text.bytes().enumerate().filter(move |(_, byte)| match quote {
        Some(open) => {
            if *byte == open {
                quote = None;
            }
            false
        }
        None if matches!(byte, b'"' | b'\'') => {
            quote = Some(*byte);
            false
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(expression: &str) -> Vec<String> {
        let shown = |found: Condition| {
            let operator = if found.is_equality { "=" } else { "~" };
            let cast = if found.column.as_text { "::text" } else { "" };
            let other = found.other.unwrap_or_else(|| "known".to_owned());
            format!("{}.{}{cast} {operator} {other}", found.alias, found.column.name)
        };
        conditions(expression).into_iter().map(shown).collect()
    }

    #[test]
    fn comparisons_of_columns_are_parsed_and_others_ignored() {
        for (expression, expected) in [
            ("(t.a = $1)", &["t.a = known"][..]),
            (
                "((t.a = $1) AND (t.b >= $2) AND (t.b < $3::timestamp with time zone))",
                &["t.a = known", "t.b ~ known", "t.b ~ known"],
            ),
            ("(t.a = ANY ($1::integer[]))", &["t.a = known"]),
            ("((t.name)::text = $1::text)", &["t.name::text = known"]),
            ("($1 < t.a)", &["t.a ~ known"]),
            ("(t.at > (now() - $1::interval))", &["t.at ~ known"]),
            ("(t.id = s.t_id)", &["t.id = s", "s.t_id = t"]),
            ("(\"T x\".\"A AND b\" = $1)", &["T x.A AND b = known"]),
            // not supported, or of no use for an index
            ("((t.a = $1) OR (t.b = $2))", &[]),
            ("((t.a = $1) AND ((t.b = $2) OR (t.c = $3)))", &["t.a = known"]),
            ("(t.a = t.b)", &[]),
            ("(lower(t.a) = $1)", &[]),
            ("((t.a + $1) = $2)", &[]),
            ("((t.a)::numeric = $1)", &[]),
            ("(t.a <> $1)", &[]),
            ("(t.a > random())", &[]),
            ("(t.a = (SubPlan 1))", &[]),
            ("(t.a = public.f($1))", &[]),
            ("(t.a = ($1 + s.b))", &[]),
            ("(t.a IS NULL)", &[]),
            ("t.flag", &[]),
            ("(t.a ~~ $1::text)", &[]),
            ("", &[]),
        ] {
            assert_eq!(parsed(expression), expected, "{expression}");
        }
    }
}
