//! Values of settings with their units.

const SIZES: [(&str, i64); 5] =
    [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];
const TIMES: [(&str, i64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// Converts `setting`, a multiple of `unit` (`8kB`, `ms`), to the largest unit in which it is a whole number: `128MB`.
#[must_use]
pub fn with_unit(setting: &str, unit: Option<&str>) -> String {
    let Some(unit) = unit else { return setting.to_owned() };
    in_largest(setting, unit).unwrap_or_else(|| match setting.parse::<f64>() {
        Ok(number) if number > 0.0 => format!("{setting}{unit}"),
        // 0 and -1 are special values
        _ => setting.to_owned(),
    })
}

fn in_largest(setting: &str, unit: &str) -> Option<String> {
    let name = unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let multiple = unit[..unit.len() - name.len()].parse().unwrap_or(1);
    let family = [SIZES, TIMES].into_iter().find(|family| family.iter().any(|(known, _)| *known == name))?;
    let (_, factor) = family.iter().find(|(known, _)| *known == name)?;
    let number: i64 = setting.parse().ok().filter(|number| *number > 0)?;
    let amount = number.checked_mul(multiple)?.checked_mul(*factor)?;
    let (largest, size) = family.iter().find(|(_, size)| amount % size == 0)?;
    Some(format!("{}{largest}", amount / size))
}

#[cfg(test)]
mod tests {
    use super::with_unit;

    #[test]
    fn numbers_get_the_largest_unit_in_which_they_are_whole() {
        let cases = [
            ("16384", Some("8kB"), "128MB"),
            ("4096", Some("kB"), "4MB"),
            ("1", Some("8kB"), "8kB"),
            ("300", Some("s"), "5min"),
            ("200", Some("ms"), "200ms"),
            ("0.5", Some("ms"), "0.5ms"),
            ("-1", Some("kB"), "-1"),
            ("0", Some("ms"), "0"),
            ("100", None, "100"),
            ("on", None, "on"),
            ("9223372036854775807", Some("kB"), "9223372036854775807kB"),
            ("5", Some("furlong"), "5furlong"),
        ];
        for (setting, unit, expected) in cases {
            assert_eq!(with_unit(setting, unit), expected, "{setting} {unit:?}");
        }
    }
}
