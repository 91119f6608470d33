//! What the conditions of a plan, as `EXPLAIN (VERBOSE)` spells them, say of single columns: `(a.x = $1)`,
//! `(a.y > b.z)`. What is not understood says nothing.

/// A column as a plan names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// It stands as `(name)::text`: an index helps only where its type is `varchar`.
    pub as_text: bool,
}

/// How a column is compared, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub alias: String,
    pub column: Column,
    pub is_equality: bool,
    /// The relation whose column it is compared with; none: with what is known before the scan.
    pub other: Option<String>,
}

/// Longest first: `<=` begins like `<`.
const OPERATORS: [(&str, bool); 5] =
    [(" <= ", false), (" >= ", false), (" = ", true), (" < ", false), (" > ", false)];

/// What `expression` says of columns, each conjunct by itself.
pub(super) fn conditions(expression: &str) -> Vec<Condition> {
    let expression = bare(expression);
    let parts = split(expression, " AND ");
    if parts.len() > 1 {
        return parts.into_iter().flat_map(conditions).collect();
    }
    // a term of an OR, or a condition of another kind, has no operator at its top
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

/// `a.x`, `(a.x)::text`, `"A".x`: the relation and its column.
pub(super) fn column(text: &str) -> Option<(String, Column)> {
    let text = bare(text);
    let (name, as_text) = match text.strip_suffix("::text") {
        Some(cast) => (bare(cast), true),
        None => (text, false),
    };
    let [alias, name] = split(name, ".")[..] else { return None };
    Some((identifier(alias)?, Column { name: identifier(name)?, as_text }))
}

/// A name without its quotes.
fn identifier(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Some(quoted.replace("\"\"", "\""));
    }
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    is_plain.then(|| text.to_owned())
}

/// Whether `text` is a parameter, a constant, or the time: no column (they have a relation before them, with a dot), and
/// the same for the whole scan.
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

/// `text` without the parentheses around the whole of it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match inner.filter(|inner| is_balanced(inner)) {
        Some(inner) => bare(inner),
        None => text,
    }
}

/// Whether no parenthesis of `text` closes one before it.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    outside_quotes(text).all(|(_, byte)| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth >= 0
    }) && depth == 0
}

/// `text` cut at each `separator` that stands outside of quotes and parentheses.
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

/// The bytes of `text` that stand outside of quotes, with their places.
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

    fn said(expression: &str) -> Vec<String> {
        let say = |found: Condition| {
            let operator = if found.is_equality { "=" } else { "~" };
            let cast = if found.column.as_text { "::text" } else { "" };
            let other = found.other.unwrap_or_else(|| "known".to_owned());
            format!("{}.{}{cast} {operator} {other}", found.alias, found.column.name)
        };
        conditions(expression).into_iter().map(say).collect()
    }

    #[test]
    fn conditions_are_read_as_far_as_they_are_understood() {
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
            // not understood, or of no use
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
            assert_eq!(said(expression), expected, "{expression}");
        }
    }
}
