//! Figures and names as people read them.

use std::time::Duration;

/// `12.3 MB`, in steps of 1024 as PostgreSQL says it.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (bytes, 0);
    while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// `3 d 4 h`, `5 min 10 s`, `0.3 s`: the two greatest units.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, seconds) if seconds < 10 => format!("{:.1} s", span.as_secs_f64()),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, 0) => format!("{minutes} min"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// `1,234,567`.
#[must_use]
pub fn count(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    format!("{}{}", if count < 0 { "-" } else { "" }, groups.join(","))
}

/// `93.5 %`.
#[must_use]
pub fn pct(pct: f64) -> String {
    format!("{} %", (pct * 10.0).round() / 10.0)
}

/// `schema.name` as SQL wants it: quoted where it must be.
#[must_use]
pub fn quoted(names: &[&str]) -> String {
    let quote = |name: &&str| {
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty();
        if plain { (*name).to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    };
    names.iter().map(quote).collect::<Vec<_>>().join(".")
}

/// `text` as a literal of ClickHouse's SQL.
#[must_use]
pub fn clickhouse_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The first `most` of `items`, and how many more there are.
#[must_use]
pub fn listed(items: &[String], most: usize, between: &str) -> String {
    let shown = items.iter().take(most).cloned().collect::<Vec<_>>().join(between);
    if items.len() > most { format!("{shown}{between}and {} more", items.len() - most) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!([bytes(12.0), bytes(12_900_000.0)], ["12 bytes", "12.3 MB"]);
        for (ms, expected) in [
            (300, "0.3 s"),
            (42_000, "42 s"),
            (310_000, "5 min 10 s"),
            (3_600_000, "1 h"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), expected);
        }
        assert_eq!([count(7), count(1_234_567), count(-1_000)], ["7", "1,234,567", "-1,000"]);
        assert_eq!([pct(93.46), pct(80.0)], ["93.5 %", "80 %"]);
        assert_eq!(quoted(&["public", "Orders \"x\""]), "public.\"Orders \"\"x\"\"\"");
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([listed(&items, 2, "; "), listed(&items, 3, ", ")], ["a; b; and 1 more", "a, b, c"]);
    }
}
