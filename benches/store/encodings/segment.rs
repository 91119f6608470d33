//! A stretch of the day as every encoding gets it.

use basira_benches::Failure;

use super::super::day::{COUNTERS, Counters, Day, HOUR_MS, POLLS_PER_HOUR};
use super::bytes::{Reader, Writer};

/// Rows by series, then time; one vector per column, all of one length.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) series: Vec<u64>,
    /// Which poll of the segment, from 0.
    pub(super) polls: Vec<u32>,
    pub(super) counters: [Vec<i64>; COUNTERS.len()],
}

impl Segment {
    /// The next `hours` of `day`.
    pub(super) fn next(day: &mut Day, hours: usize) -> Self {
        let mut rows: Vec<(u64, u32, Counters)> = Vec::new();
        for hour in 0..hours {
            for (poll, changed) in day.hour(hour as i64 * HOUR_MS).into_iter().enumerate() {
                let poll = (hour * POLLS_PER_HOUR + poll) as u32;
                rows.extend(changed.rows.into_iter().map(|row| (row.series, poll, row.counters)));
            }
        }
        rows.sort_unstable_by_key(|row| (row.0, row.1));
        Self {
            series: rows.iter().map(|row| row.0).collect(),
            polls: rows.iter().map(|row| row.1).collect(),
            counters: std::array::from_fn(|counter| rows.iter().map(|row| row.2[counter]).collect()),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.series.len()
    }

    /// How many rows each series has, in order.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u64, usize)> {
        self.series.chunk_by(|one, other| one == other).map(|run| (run[0], run.len()))
    }

    /// How many polls each row comes after the one before of its series, or after the first poll.
    pub(super) fn gaps(&self) -> Vec<u32> {
        let mut gaps = self.polls.clone();
        let same = self.series.windows(2).enumerate().filter(|(_, pair)| pair[0] == pair[1]);
        same.for_each(|(row, _)| gaps[row + 1] -= self.polls[row]);
        gaps
    }

    /// Series and how many rows each has: steps between the series as they are, for they are random.
    pub(super) fn write_runs(&self, out: &mut Writer) {
        let runs: Vec<_> = self.runs().collect();
        out.varint(runs.len() as u64);
        for (series, rows) in runs {
            out.0.extend_from_slice(&series.to_le_bytes());
            out.varint(rows as u64);
        }
    }

    /// The series of every row, as [`Self::write_runs`] wrote them.
    pub(super) fn read_runs(bytes: &mut Reader<'_>) -> Result<Vec<u64>, Failure> {
        let mut series = Vec::new();
        for _ in 0..bytes.varint()? {
            let (number, rest) = bytes.0.split_first_chunk::<8>().ok_or("the bytes end too early")?;
            bytes.0 = rest;
            let rows = usize::try_from(bytes.varint()?)?;
            series.resize(series.len() + rows, u64::from_le_bytes(*number));
        }
        Ok(series)
    }

    /// The poll of every row, from what [`Self::gaps`] gave.
    pub(super) fn polls(series: &[u64], gaps: &[u32]) -> Vec<u32> {
        let mut polls: Vec<u32> = gaps.to_vec();
        for row in 1..polls.len() {
            if series[row] == series[row - 1] {
                polls[row] += polls[row - 1];
            }
        }
        polls
    }
}
