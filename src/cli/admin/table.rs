//! Tables of aligned columns, and the formats of numbers in them.

use std::fmt;
use std::time::Duration;

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Lines of `N` cells, each column as wide as its widest cell.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    alignment: [Align; N],
    lines: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) const fn new(alignment: [Align; N]) -> Self {
        Self { alignment, lines: Vec::new() }
    }

    pub(super) fn line<T: Into<String>>(&mut self, cells: [T; N]) {
        self.lines.push(cells.map(Into::into));
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.lines.iter().map(|line| line[column].chars().count()).max();
        for line in &self.lines {
            let mut written = String::new();
            for (column, cell) in line.iter().enumerate() {
                let width = width(column).unwrap_or(0);
                written += "  ";
                written += &match self.alignment[column] {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                };
            }
            writeln!(f, "{}", written.trim_end())?;
        }
        Ok(())
    }
}

/// `1,234,567`
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `12.3 MiB`
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(super) fn bytes(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    // what would be shown as 1024.0 is 1.0 of the next
    while amount >= 1023.95 {
        let Some(next) = units.next() else { break };
        (amount, unit) = (amount / 1024.0, next);
    }
    format!("{amount:.1} {unit}")
}

/// The two largest units of a duration: `45 s`, `31 min`, `2 h 10 min`, `3 d 4 h`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new([Align::Left, Align::Right]);
        table.line(["kept", "rows"]);
        table.line(["raw", "1,234"]);
        table.line(["größer", ""]);
        assert_eq!(table.to_string(), "  kept     rows\n  raw     1,234\n  größer\n");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let sizes = [0, 1_023, 1_024, 1_048_575, 21_474_836_480, u64::MAX];
        let written = ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "20.0 GiB", "16777216.0 TiB"];
        assert_eq!(sizes.map(bytes), written);
        let durations = [0, 59, 60, 3_599, 7_800, 86_400 * 3 + 3_600 * 4].map(Duration::from_secs);
        assert_eq!(durations.map(duration), ["0 s", "59 s", "1 min", "59 min", "2 h 10 min", "3 d 4 h"]);
    }
}
