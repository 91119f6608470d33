//! Numbers, sizes, durations and sessions as notes and fixes display them.

use std::time::Duration;

use crate::model::{ActiveQuery, Standby};

/// `12.3 MB`, in steps of 1024 as in PostgreSQL.
#[must_use]
pub fn format_bytes(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (bytes, 0);
    while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// `3 d 4 h`, `5 min 10 s`, `0.3 s`: the two largest units.
#[must_use]
pub fn format_duration(span: Duration) -> String {
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
pub fn format_count(count: i64) -> String {
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
pub fn format_pct(pct: f64) -> String {
    format!("{} %", (pct * 10.0).round() / 10.0)
}

/// Joins the first `most` of `items`, and the number of the others.
#[must_use]
pub fn format_list(items: &[String], most: usize, between: &str) -> String {
    let shown = items.iter().take(most).cloned().collect::<Vec<_>>().join(between);
    if items.len() > most { format!("{shown}{between}and {} more", items.len() - most) } else { shown }
}

const KILOBYTE: f64 = 1024.0;
const MEGABYTE: f64 = KILOBYTE * KILOBYTE;

/// Converts a count or a size for divisions and thresholds.
#[must_use]
pub const fn as_f64(count: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "displayed values and thresholds")]
    let float = count as f64;
    float
}

/// Returns the share of `part` in `whole`, from 0 to 100.
#[must_use]
pub fn share_pct(part: i64, whole: i64) -> f64 {
    as_f64(part) * 100.0 / as_f64(whole)
}

/// As [`share_pct`]; none when `whole` is zero.
#[must_use]
pub fn pct_of(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| share_pct(part, whole))
}

/// Rounds `bytes` up to a power of two megabytes, as the value of a setting: `256MB`, `4GB`.
#[must_use]
pub fn setting_size(bytes: f64) -> String {
    let mut megabytes = 1_u64;
    // at most two petabytes
    while megabytes < 1 << 31 && megabytes_as_f64(megabytes) * MEGABYTE < bytes {
        megabytes *= 2;
    }
    if megabytes >= 1024 { format!("{}GB", megabytes / 1024) } else { format!("{megabytes}MB") }
}

fn megabytes_as_f64(megabytes: u64) -> f64 {
    as_f64(i64::try_from(megabytes).unwrap_or(i64::MAX))
}

/// Returns the bytes of a unit of `pg_settings`: `kB`, `8kB`, `MB`, `B`.
pub(super) fn unit_bytes(unit: &str) -> Option<f64> {
    let digits = unit.find(|character: char| !character.is_ascii_digit())?;
    let times = if digits == 0 { 1.0 } else { unit[..digits].parse().ok()? };
    let bytes = match &unit[digits..] {
        "B" => 1.0,
        "kB" => KILOBYTE,
        "MB" => MEGABYTE,
        "GB" => MEGABYTE * KILOBYTE,
        _ => return None,
    };
    Some(times * bytes)
}

/// `pid 17 (shop_app of ann in shop)`.
#[must_use]
pub fn describe_session(query: &ActiveQuery) -> String {
    let pid = query.pid.map_or_else(|| "a session".to_owned(), |pid| format!("pid {pid}"));
    let application = query.application_name.as_deref().filter(|name| !name.is_empty());
    let known = [
        application.map(ToOwned::to_owned),
        query.user_name.as_deref().map(|user| format!("of {user}")),
        query.database_name.as_deref().map(|database| format!("in {database}")),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() { pid } else { format!("{pid} ({})", known.join(" ")) }
}

/// Returns the name of a standby.
#[must_use]
pub fn standby_name(line: &Standby) -> String {
    let name = line.application_name.clone().or_else(|| line.client_addr.clone());
    name.unwrap_or_else(|| format!("pid {}", line.pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_durations() {
        assert_eq!([format_bytes(12.0), format_bytes(12_900_000.0)], ["12 bytes", "12.3 MB"]);
        for (ms, expected) in [
            (300, "0.3 s"),
            (42_000, "42 s"),
            (310_000, "5 min 10 s"),
            (3_600_000, "1 h"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(ms)), expected);
        }
        assert_eq!(
            [format_count(7), format_count(1_234_567), format_count(-1_000)],
            ["7", "1,234,567", "-1,000"]
        );
        assert_eq!([format_pct(93.46), format_pct(80.0)], ["93.5 %", "80 %"]);
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            [format_list(&items, 2, "; "), format_list(&items, 3, ", ")],
            ["a; b; and 1 more", "a, b, c"]
        );
    }

    #[test]
    fn amounts() {
        for (bytes, expected) in
            [(1.0, "1MB"), (3.0 * MEGABYTE, "4MB"), (64.0 * MEGABYTE, "64MB"), (5e9, "8GB")]
        {
            assert_eq!(setting_size(bytes), expected);
        }
        assert_eq!(pct_of(1, 0), None);
        assert_eq!(pct_of(1, 4), Some(25.0));
        let units = ["kB", "8kB", "MB", "B", "ms", ""].map(unit_bytes);
        assert_eq!(units, [Some(1024.0), Some(8192.0), Some(MEGABYTE), Some(1.0), None, None]);
    }
}
