//! Samples of what sessions and queries wait for, as the stream `waits` stores them.

use std::time::Duration;

use super::{Collected, FoundGap, Interner, series};
use crate::model::{GapReason, NULL, Record, Timestamp, streams};

/// The sampling interval.
pub const WAIT_INTERVAL: Duration = Duration::from_secs(10);
/// A sample this much later than the previous one leaves a gap, and represents one sampling interval only.
const MAX_INTERVAL: Duration = Duration::from_secs(30);

const WIDTH: usize = streams::WAITS.columns.len();

/// Samples what sessions or queries wait for.
#[derive(Default)]
pub struct WaitSampler {
    previous: Option<Timestamp>,
    interner: Interner,
}

/// The time that a sample represents, and the gap before it.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    represents_ms: i64,
    gap: Option<FoundGap>,
}

impl WaitSampler {
    /// Takes the sample of `at`: type and event of each wait, and the number of sessions in it.
    pub fn take(&mut self, at: Timestamp, waits: &[(&str, &str, i64)]) -> Collected {
        let Span { from, represents_ms, gap } = span(self.previous, at);
        self.previous = Some(at);
        let sample = (0, [NULL, NULL, 1, represents_ms]);
        let rows = waits.iter().map(|&(kind, event, met)| {
            let (kind_word, event_word) =
                (self.interner.intern(Some(kind)), self.interner.intern(Some(event)));
            (
                series(&[kind.as_bytes(), b"\0", event.as_bytes()]),
                [kind_word, event_word, met, met.saturating_mul(represents_ms)],
            )
        });
        let rows: Vec<(u64, [i64; WIDTH])> = std::iter::once(sample).chain(rows).collect();
        Collected {
            records: vec![Record::new(&streams::WAITS, from, at, rows)],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            rows: waits.len() as u64,
            ..Collected::default()
        }
    }
}

/// A sample represents the time since the previous one, but never time without sampling.
fn span(previous: Option<Timestamp>, at: Timestamp) -> Span {
    let one = i64::try_from(WAIT_INTERVAL.as_millis()).unwrap_or_default();
    let just_now = Timestamp(at.as_millis() - 1);
    match previous {
        None => Span {
            from: just_now,
            represents_ms: one,
            gap: Some(FoundGap { from: None, to: at, reason: GapReason::NotWatched }),
        },
        Some(before) if at.since(before) > MAX_INTERVAL => {
            let gap =
                Some(FoundGap { from: Some(before), to: at - WAIT_INTERVAL, reason: GapReason::Unreachable });
            Span { from: at - WAIT_INTERVAL, represents_ms: one, gap }
        }
        Some(before) => {
            let elapsed_ms = i64::try_from(at.since(before).as_millis()).unwrap_or_default();
            Span { from: before.min(just_now), represents_ms: elapsed_ms, gap: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FoundGap, Span, WAIT_INTERVAL, span};
    use crate::model::{GapReason, Timestamp};

    #[test]
    fn a_sample_represents_the_time_since_the_previous_one() {
        let at = Timestamp(1_000_000);
        let before = |ms| Some(Timestamp(at.as_millis() - ms));
        let seen =
            |from_ms, represents_ms| Span { from: Timestamp(at.0 - from_ms), represents_ms, gap: None };
        let cases = [
            ("on time", before(10_003), seen(10_003, 10_003)),
            ("early", before(2_000), seen(2_000, 2_000)),
            ("late", before(29_000), seen(29_000, 29_000)),
            ("the clock went back", before(-5_000), seen(1, 0)),
        ];
        for (name, previous, expected) in cases {
            assert_eq!(span(previous, at), expected, "{name}");
        }
        let gap =
            Some(FoundGap { from: before(31_000), to: at - WAIT_INTERVAL, reason: GapReason::Unreachable });
        let late = Span { from: at - WAIT_INTERVAL, represents_ms: 10_000, gap };
        assert_eq!(span(before(31_000), at), late);
        let gap = Some(FoundGap { from: None, to: at, reason: GapReason::NotWatched });
        assert_eq!(span(None, at), Span { from: Timestamp(999_999), represents_ms: 10_000, gap });
    }
}
