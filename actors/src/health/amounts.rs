//! Figures as rules reckon with them, and amounts of memory as settings have them.

use super::{RuleContext, Unknown};
use crate::model::SettingSnapshot;

const KILOBYTE: f64 = 1024.0;
const MEGABYTE: f64 = KILOBYTE * KILOBYTE;

/// A count or an amount as a number that can be divided.
#[must_use]
pub const fn float(count: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "figures for people and thresholds")]
    let float = count as f64;
    float
}

/// How much of `whole` is `part`, from 0 to 100.
#[must_use]
pub fn share_pct(part: i64, whole: i64) -> f64 {
    float(part) * 100.0 / float(whole)
}

/// As [`share_pct`]; none when there is nothing.
#[must_use]
pub fn pct_of(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| share_pct(part, whole))
}

/// The power of two of megabytes that holds `bytes`, as settings take it: `256MB`, `4GB`.
#[must_use]
pub fn amount(bytes: f64) -> String {
    let mut megabytes = 1_u64;
    // two petabytes are enough for everybody
    while megabytes < 1 << 31 && float_of(megabytes) * MEGABYTE < bytes {
        megabytes *= 2;
    }
    if megabytes >= 1024 { format!("{}GB", megabytes / 1024) } else { format!("{megabytes}MB") }
}

fn float_of(megabytes: u64) -> f64 {
    float(i64::try_from(megabytes).unwrap_or(i64::MAX))
}

/// Bytes of a unit of `pg_settings`: `kB`, `8kB`, `MB`, `B`.
fn unit_bytes(unit: &str) -> Option<f64> {
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

impl RuleContext<'_> {
    /// The setting called `name`, an amount of memory or disk, in bytes.
    ///
    /// # Errors
    /// [`Unknown`] when it cannot be seen, or is no such amount.
    pub fn setting_bytes(&self, name: &str) -> Result<f64, Unknown> {
        let number = self.setting_number(name)?;
        let settings = self.newest::<SettingSnapshot>()?;
        let found = settings.settings.iter().find(|setting| setting.name == name);
        let unit = found.and_then(|setting| unit_bytes(setting.unit.as_deref()?));
        unit.map(|unit| number * unit).ok_or_else(|| Unknown(format!("the setting {name} is no amount")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (bytes, expected) in
            [(1.0, "1MB"), (3.0 * MEGABYTE, "4MB"), (64.0 * MEGABYTE, "64MB"), (5e9, "8GB")]
        {
            assert_eq!(amount(bytes), expected);
        }
        assert_eq!(pct_of(1, 0), None);
        assert_eq!(pct_of(1, 4), Some(25.0));
        let units = ["kB", "8kB", "MB", "B", "ms", ""].map(unit_bytes);
        assert_eq!(units, [Some(1024.0), Some(8192.0), Some(MEGABYTE), Some(1.0), None, None]);
    }
}
