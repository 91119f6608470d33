//! Which days of a window are answered from which resolution. Pure.

use std::collections::BTreeSet;

use crate::samples::{Resolution, Window};

pub(super) const DAY_MS: i64 = 24 * 3_600_000;

/// The day (UTC) of a record that ends at `at_ms`: a day, like a bucket, excludes its start and includes its end.
pub(super) const fn day_of(at_ms: i64) -> i64 {
    at_ms.saturating_sub(1).div_euclid(DAY_MS)
}

/// The start of the bucket of `bucket_ms` in which a record ends.
pub(super) const fn bucket_of(at_ms: i64, bucket_ms: i64) -> i64 {
    at_ms.saturating_sub(1).div_euclid(bucket_ms).saturating_mul(bucket_ms)
}

/// The first day (since 1970, UTC) of which each resolution still has rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FirstDays {
    pub(super) raw: i64,
    pub(super) minute: i64,
    pub(super) hour: i64,
}

impl FirstDays {
    /// Nothing was dropped yet.
    pub(super) const ALL: Self = Self { raw: i64::MIN, minute: i64::MIN, hour: i64::MIN };

    pub(super) const fn since(&self, resolution: Resolution) -> i64 {
        match resolution {
            Resolution::Raw => self.raw,
            Resolution::Minute => self.minute,
            Resolution::Hour => self.hour,
        }
    }

    /// The finest resolution that still has `day`.
    pub(super) fn finest(&self, day: i64) -> Resolution {
        let has_day = |resolution: &Resolution| self.since(*resolution) <= day;
        Resolution::ALL.into_iter().find(has_day).unwrap_or(Resolution::Hour)
    }

    pub(super) const fn since_mut(&mut self, resolution: Resolution) -> &mut i64 {
        match resolution {
            Resolution::Raw => &mut self.raw,
            Resolution::Minute => &mut self.minute,
            Resolution::Hour => &mut self.hour,
        }
    }
}

/// Days that are read by one query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DayRanges {
    pub(super) resolution: Resolution,
    /// Whether each record, or each bucket of a series, is compared with the window; else all of them count.
    pub(super) filtered: bool,
    pub(super) days: Days,
}

/// Ranges of days, both ends included, ascending and disjoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days(pub(super) Vec<(i64, i64)>);

impl Days {
    fn within(&self, first: i64, last: i64) -> Self {
        let cut = self.0.iter().map(|&(from, to)| (from.max(first), to.min(last)));
        Self(cut.filter(|(from, to)| from <= to).collect())
    }

    /// Those before `day`.
    fn before(&self, day: i64) -> Self {
        if day == i64::MIN { Self(Vec::new()) } else { self.within(i64::MIN, day - 1) }
    }

    fn without(&self, other: &Self) -> Self {
        let mut left = self.clone();
        for &(first, last) in &other.0 {
            let mut remaining = left.before(first).0;
            if last < i64::MAX {
                remaining.extend(left.within(last + 1, i64::MAX).0);
            }
            left = Self(remaining);
        }
        left
    }
}

/// How to answer `window`. `in_tail` are the days of records that may be both in the local tail and on the server;
/// only records as they came tell those apart. Days wholly inside the window may come from any of `whole`, the coarsest first.
pub(super) fn plan(
    window: Window,
    in_tail: &BTreeSet<i64>,
    first_days: &FirstDays,
    whole: &[Resolution],
) -> Vec<DayRanges> {
    let (since, until) = (window.since.as_millis(), window.until.as_millis());
    let first_whole = since.div_euclid(DAY_MS) + i64::from(since.rem_euclid(DAY_MS) > 0);
    let last_whole = until.div_euclid(DAY_MS) - 1;
    let in_tail = Days(in_tail.iter().map(|&day| (day, day)).collect());
    let mut inside = Days(vec![(first_whole, last_whole)]).within(i64::MIN, i64::MAX).without(&in_tail);
    let mut rest = Days(vec![(day_of(since.saturating_add(1)), day_of(until))]);

    let mut ranges = Vec::new();
    for &resolution in whole {
        let days = inside.within(first_days.since(resolution), i64::MAX);
        (inside, rest) = (inside.without(&days), rest.without(&days));
        ranges.push(DayRanges { resolution, filtered: false, days });
    }
    for resolution in Resolution::ALL {
        let days = rest.within(first_days.since(resolution), i64::MAX);
        rest = rest.without(&days);
        ranges.push(DayRanges { resolution, filtered: true, days });
    }
    ranges.retain(|range| !range.days.0.is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use basira_actors::model::Timestamp;

    use super::*;

    const COARSE: [Resolution; 2] = [Resolution::Hour, Resolution::Minute];

    type Planned = (Resolution, bool, Vec<(i64, i64)>);

    fn planned(since: i64, until: i64, tail: &[i64], first_days: FirstDays) -> Vec<Planned> {
        let window = Window { since: Timestamp(since), until: Timestamp(until) };
        let ranges = plan(window, &tail.iter().copied().collect(), &first_days, &COARSE);
        ranges.into_iter().map(|range| (range.resolution, range.filtered, range.days.0)).collect()
    }

    #[test]
    fn whole_days_are_read_from_hours_and_edges_from_the_finest_resolution() {
        use Resolution::{Hour, Minute, Raw};
        let day = DAY_MS;
        let first_days = FirstDays { raw: 8, minute: 3, hour: 1 };
        for (since, until, tail, expected) in [
            (9 * day, 10 * day + 1, vec![], vec![(Hour, false, vec![(9, 9)]), (Raw, true, vec![(10, 10)])]),
            (9 * day + 1, 10 * day, vec![], vec![(Raw, true, vec![(9, 9)])]),
            (9 * day, 10 * day, vec![], vec![(Hour, false, vec![(9, 9)])]),
            (
                7 * day,
                11 * day + 5,
                vec![9, 20],
                vec![(Hour, false, vec![(7, 8), (10, 10)]), (Raw, true, vec![(9, 9), (11, 11)])],
            ),
            (
                2 * day + 5,
                6 * day + 5,
                vec![],
                vec![(Hour, false, vec![(3, 5)]), (Minute, true, vec![(6, 6)]), (Hour, true, vec![(2, 2)])],
            ),
            (
                i64::MIN,
                i64::MAX,
                vec![],
                vec![
                    (Hour, false, vec![(1, i64::MAX / day - 1)]),
                    (Raw, true, vec![(i64::MAX / day, i64::MAX / day)]),
                ],
            ),
        ] {
            assert_eq!(planned(since, until, &tail, first_days), expected, "{since} to {until}");
        }
    }

    #[test]
    fn a_day_excludes_its_start() {
        assert_eq!([0, 1, DAY_MS, DAY_MS + 1].map(day_of), [-1, 0, 0, 1]);
        assert_eq!([0, 1, 60_000, 60_001].map(|at| bucket_of(at, 60_000)), [-60_000, 0, 0, 60_000]);
    }
}
