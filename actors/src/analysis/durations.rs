//! A mergeable sketch of durations: counts by bucket, of whole milliseconds up to 50, then of 2 % each. A percentile is the
//! middle of its bucket: exact up to 50 ms, within 1 % above.

use std::collections::BTreeMap;

/// Buckets up to this are of one millisecond each.
const EXACT_MS: u32 = 50;
/// The ratio of the ends of two successive buckets.
const GROWTH: f64 = 1.02;
/// The number of bits of a series that are the bucket; the others identify the query.
const BUCKET_BITS: u32 = 10;
const BUCKETS: u64 = 1 << BUCKET_BITS;

/// The number of calls by duration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations(BTreeMap<u32, i64>);

/// Returns the series that counts the calls of the query `fingerprint` in `bucket`. The last bucket has no upper end.
#[must_use]
pub fn series(fingerprint: u64, bucket: u32) -> u64 {
    query_of(fingerprint) | u64::from(bucket).min(BUCKETS - 1)
}

/// Returns the part of a series, or of a fingerprint, that identifies the query.
#[must_use]
pub const fn query_of(series: u64) -> u64 {
    series & !(BUCKETS - 1)
}

/// Returns every series of the query `fingerprint`.
#[must_use]
pub fn all_series(fingerprint: u64) -> Vec<u64> {
    (0..BUCKETS).map(|bucket| query_of(fingerprint) | bucket).collect()
}

impl Durations {
    /// Adds `calls` of `series`.
    pub fn add(&mut self, series: u64, calls: i64) {
        let bucket = u32::try_from(series & (BUCKETS - 1)).unwrap_or_default();
        *self.0.entry(bucket).or_default() += calls;
    }

    /// Returns the sum of both sketches.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        for (bucket, calls) in &other.0 {
            *self.0.entry(*bucket).or_default() += calls;
        }
        self
    }

    /// Returns the duration in milliseconds that the share `quantile` (0 to 1) of the calls did not exceed; none without calls.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a rank within the calls"
    )]
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let calls: i64 = self.0.values().sum();
        let rank = ((calls as f64 * quantile).ceil() as i64).max(1);
        let mut counted = 0;
        self.0.iter().find_map(|(bucket, calls)| {
            counted += calls;
            (counted >= rank).then(|| middle_ms(*bucket))
        })
    }

    /// Whether all calls are in one bucket: then their mean is closer to each percentile than the middle of the bucket.
    #[must_use]
    pub fn is_one_bucket(&self) -> bool {
        self.0.values().filter(|calls| **calls > 0).count() == 1
    }
}

fn middle_ms(bucket: u32) -> f64 {
    if bucket <= EXACT_MS {
        return f64::from(bucket);
    }
    let end = f64::from(EXACT_MS) * GROWTH.powf(f64::from(bucket - EXACT_MS));
    // the middle by ratio: as far from one end as from the other
    (end / GROWTH.sqrt() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula in the SQL of the collector.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    fn bucket_of(ms: f64) -> u32 {
        if ms <= 50.0 { ms as u32 } else { 50 + ((ms / 50.0).ln() / 1.02_f64.ln()).ceil() as u32 }
    }

    #[test]
    fn percentiles_are_exact_up_to_50_ms_and_close_above() {
        let mut durations = Durations::default();
        assert_eq!(durations.quantile_ms(0.5), None);
        for ms in 1..=10_000_u32 {
            durations.add(series(0xabcd_ef01_2345_6789, bucket_of(f64::from(ms))), 1);
        }
        for (quantile, exact) in
            [(0.0001, 1.0), (0.005, 50.0), (0.5, 5_000.0), (0.95, 9_500.0), (0.99, 9_900.0)]
        {
            let found = durations.quantile_ms(quantile).expect("there are calls");
            assert!((found - exact).abs() <= exact * 0.011, "{quantile}: {found} is not {exact}");
        }
    }

    #[test]
    fn calls_of_about_the_same_duration_are_in_one_bucket() {
        let mut durations = Durations::default();
        assert!(!durations.is_one_bucket());
        durations.add(series(7, bucket_of(12_821.0)), 2);
        assert!(durations.is_one_bucket());
        durations.add(series(7, bucket_of(101.0)), 1);
        assert!(!durations.is_one_bucket());
    }

    #[test]
    fn a_series_identifies_its_query_and_has_a_bucket_for_a_month() {
        let month = series(u64::MAX, bucket_of(86_400_000.0 * 31.0));
        assert!(all_series(u64::MAX).contains(&month));
        assert_eq!(query_of(month), query_of(u64::MAX));
        assert!(u64::from(bucket_of(86_400_000.0 * 31.0)) < BUCKETS - 1);
        assert_eq!(query_of(series(7, u32::MAX)), query_of(7));
    }
}
