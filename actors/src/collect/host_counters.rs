//! Counters of several nodes, each since its own start.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CumulativeView, Deltas, Epoch, Mark, Reading};
use crate::model::Timestamp;

/// The resolution of uptimes.
const TICK: Duration = Duration::from_secs(1);

/// A [`CumulativeView`] for each node. Counters start at zero when a node starts.
#[derive(Debug)]
pub struct HostCounters<const N: usize> {
    max_interval: Duration,
    hosts: BTreeMap<String, Host<N>>,
}

#[derive(Debug)]
struct Host<const N: usize> {
    started_at: Timestamp,
    seen_at: Timestamp,
    uptime: Duration,
    view: CumulativeView<N>,
}

impl<const N: usize> HostCounters<N> {
    /// Creates the counters without baselines. A sample that comes later than `max_interval` leaves a gap.
    #[must_use]
    pub const fn new(max_interval: Duration) -> Self {
        Self { max_interval, hosts: BTreeMap::new() }
    }

    /// Takes the whole sample of one node at `at` and compares it with the previous one.
    pub fn take(
        &mut self,
        host_name: &str,
        at: Timestamp,
        uptime: Duration,
        readings: &[Reading<N>],
    ) -> Deltas<N> {
        let max_interval = self.max_interval;
        let host = self.hosts.entry(host_name.to_owned()).or_insert_with(|| Host {
            started_at: at - uptime,
            seen_at: at,
            uptime,
            view: CumulativeView::new(max_interval),
        });
        if uptime < host.uptime || uptime + TICK < at.since(host.seen_at) {
            // seconds are too coarse: the restart was after the last sample before it
            host.started_at = (at - uptime).max(Timestamp(host.seen_at.as_millis() + 1)).min(at);
        }
        (host.seen_at, host.uptime) = (at, uptime);
        let epoch = Epoch {
            started_at: host.started_at,
            in_recovery: false,
            reset_at: Some(host.started_at),
            evictions: 0,
        };
        host.view.take(Mark { at, epoch }, readings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GapReason;

    fn take(counters: &mut HostCounters<1>, host: &str, at: i64, uptime: u64, value: i64) -> Deltas<1> {
        let reading = Reading { series: 1, since: None, values: [value] };
        counters.take(host, Timestamp(at * 1000), Duration::from_secs(uptime), &[reading])
    }

    #[test]
    fn each_node_counts_from_its_own_start() {
        let mut counters = HostCounters::new(Duration::from_secs(60));
        assert_eq!(take(&mut counters, "a", 1_000, 500, 40).from, None);
        assert_eq!(take(&mut counters, "b", 1_000, 9, 7).from, None);
        assert_eq!(take(&mut counters, "a", 1_010, 509, 45).rows, [(1, [5])]);
        assert_eq!(take(&mut counters, "b", 1_010, 20, 7).rows, [(1, [0])]);

        let again = take(&mut counters, "a", 1_020, 4, 46);
        assert_eq!((again.from, &again.rows[..]), (Some(Timestamp(1_016_000)), &[(1, [46])][..]));
        assert_eq!(again.gap.map(|gap| gap.reason), Some(GapReason::Restarted));
        assert_eq!(take(&mut counters, "b", 1_020, 29, 9).rows, [(1, [2])], "the other goes on");
    }

    #[test]
    fn a_restart_between_two_samples_is_found_though_the_uptime_is_longer() {
        let mut counters = HostCounters::new(Duration::from_secs(60));
        take(&mut counters, "a", 1_000, 5, 40);
        let again = take(&mut counters, "a", 1_100, 60, 50);
        assert_eq!((again.from, &again.rows[..]), (Some(Timestamp(1_040_000)), &[(1, [50])][..]));
    }
}
