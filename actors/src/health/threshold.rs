//! How the values that a rule finds are combined, compared and scored.

use serde::Serialize;

/// How the values of the objects are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The highest one; objects below the threshold are left out.
    Highest,
    /// The lowest one; objects above the threshold are left out.
    Lowest,
    /// Their number.
    Count,
    /// Their sum.
    Sum,
}

/// When a rule starts and stops to apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    pub enter: f64,
    /// A rule that applies stops when the value is back behind this one, so that it does not flap.
    pub leave: f64,
    pub unit: Unit,
}

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// From 0 to 100.
    Pct,
    Seconds,
    Days,
    Bytes,
    Count,
    /// How many times as much.
    Ratio,
    PerMinute,
}

impl Unit {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pct => "%",
            Self::Seconds => "seconds",
            Self::Days => "days",
            Self::Bytes => "bytes",
            Self::Count => "",
            Self::Ratio => "times",
            Self::PerMinute => "per minute",
        }
    }
}

/// The penalty of a finding, in percent of the remaining score: `least` at the threshold, `most` from `worst` on, linear
/// in between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub least: f64,
    pub worst: f64,
    pub most: f64,
}

impl Curve {
    /// The same penalty for every value.
    #[must_use]
    pub const fn flat(penalty: f64) -> Self {
        Self { least: penalty, worst: f64::INFINITY, most: penalty }
    }

    /// Returns the penalty of `value` for a rule that starts at `threshold`, in percent of the remaining score.
    #[must_use]
    pub fn at(self, value: f64, threshold: f64, measure: Measure) -> f64 {
        if self.worst.is_infinite() {
            return self.least;
        }
        let sign = if measure == Measure::Lowest { -1.0 } else { 1.0 };
        let way = (self.worst - threshold) * sign;
        // the threshold may be configured beyond the worst
        let part = if way > 0.0 { (value - threshold) * sign / way } else { 1.0 };
        self.least + (self.most - self.least) * part.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Curve, Measure};

    #[test]
    fn penalties_rise_on_a_line_between_threshold_and_worst() {
        let curve = Curve { least: 10.0, worst: 98.0, most: 50.0 };
        for (value, threshold, expected) in [
            (78.0, 80.0, 10.0),
            (80.0, 80.0, 10.0),
            (89.0, 80.0, 30.0),
            (99.0, 80.0, 50.0),
            (99.0, 99.0, 50.0),
        ] {
            let found = curve.at(value, threshold, Measure::Highest);
            assert!((found - expected).abs() < 1e-9, "{value} at {threshold}: {found}");
        }
        let falling = Curve { least: 5.0, worst: 50.0, most: 25.0 };
        for (value, expected) in [(95.0, 5.0), (90.0, 5.0), (70.0, 15.0), (40.0, 25.0)] {
            let found = falling.at(value, 90.0, Measure::Lowest);
            assert!((found - expected).abs() < 1e-9, "{value}: {found}");
        }
        assert!((Curve::flat(7.0).at(1e9, 1.0, Measure::Sum) - 7.0).abs() < 1e-9);
    }
}
