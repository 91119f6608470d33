//! Linear trends of readings.

use std::time::Duration;

use crate::model::Timestamp;

/// The straight line through readings, by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// The value of the line at the last reading.
    pub now: f64,
    pub per_second: f64,
}

/// Returns the trend of at least three readings; none for fewer, or when all have the same time.
#[must_use]
pub fn trend(readings: &[(Timestamp, f64)]) -> Option<Trend> {
    let [(first, _), _, .., (last, _)] = readings else { return None };
    let seconds = |at: Timestamp| at.since(*first).as_secs_f64();
    let count = f64::from(u32::try_from(readings.len()).ok()?);
    let mean_x = readings.iter().map(|(at, _)| seconds(*at)).sum::<f64>() / count;
    let mean_y = readings.iter().map(|(_, value)| value).sum::<f64>() / count;
    let spread = readings.iter().map(|(at, _)| (seconds(*at) - mean_x).powi(2)).sum::<f64>();
    if spread == 0.0 {
        return None;
    }
    let common = readings.iter().map(|(at, value)| (seconds(*at) - mean_x) * (value - mean_y)).sum::<f64>();
    let per_second = common / spread;
    Some(Trend { now: mean_y + per_second * (seconds(*last) - mean_x), per_second })
}

impl Trend {
    /// Returns when the line reaches `limit`; none when it moves away, or not within ten years.
    #[must_use]
    pub fn reaches(self, limit: f64) -> Option<Duration> {
        let seconds = (limit - self.now) / self.per_second;
        let near = seconds.is_finite() && (0.0..315_360_000.0).contains(&seconds);
        near.then(|| Duration::from_secs_f64(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Option<Trend> {
        let at = |place: usize| Timestamp(i64::try_from(place).unwrap() * 10_000);
        trend(&values.iter().enumerate().map(|(place, value)| (at(place), *value)).collect::<Vec<_>>())
    }

    #[test]
    fn lines() {
        assert_eq!(line(&[1.0, 2.0]), None);
        assert_eq!(line(&[1.0, 2.0, 3.0]), Some(Trend { now: 3.0, per_second: 0.1 }));
        let up = line(&[10.0, 30.0, 20.0, 40.0]).unwrap();
        assert!((up.per_second - 0.8).abs() < 1e-9 && (up.now - 37.0).abs() < 1e-9, "{up:?}");
        assert_eq!(Trend { now: 37.0, per_second: 0.5 }.reaches(47.0), Some(Duration::from_secs(20)));
        assert_eq!(Trend { now: 37.0, per_second: -0.5 }.reaches(47.0), None);
        assert_eq!(Trend { now: 37.0, per_second: 0.0 }.reaches(47.0), None);
    }
}
