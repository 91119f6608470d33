//! The schedule of the collectors of a database.

use std::time::{Duration, Instant};

/// The due times of the collectors, on a grid: a late run does not shift the next one.
#[derive(Debug)]
pub struct Schedule {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    name: &'static str,
    interval: Duration,
    next: Instant,
}

/// A collector that is due, and the number of ticks it missed because a poll was still running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub name: &'static str,
    pub skipped: u64,
}

impl Schedule {
    /// Creates a schedule with everything due at `now`.
    #[must_use]
    pub fn new(collectors: impl IntoIterator<Item = (&'static str, Duration)>, now: Instant) -> Self {
        let slots =
            collectors.into_iter().map(|(name, interval)| Slot { name, interval, next: now }).collect();
        Self { slots }
    }

    /// Returns when the next collector is due; none when all are disabled.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.slots.iter().map(|slot| slot.next).min()
    }

    /// Returns when `name` is due.
    #[must_use]
    pub fn next_of(&self, name: &str) -> Option<Instant> {
        self.slots.iter().find(|slot| slot.name == name).map(|slot| slot.next)
    }

    /// Returns what is due at `now`, and moves it to its next tick after `now`.
    pub fn take_due(&mut self, now: Instant) -> Vec<Due> {
        let mut due = Vec::new();
        for slot in self.slots.iter_mut().filter(|slot| slot.next <= now) {
            let late = now.duration_since(slot.next).as_nanos() / slot.interval.as_nanos().max(1);
            let ticks = u32::try_from(late).unwrap_or(u32::MAX - 1);
            slot.next += slot.interval * (ticks + 1);
            due.push(Due { name: slot.name, skipped: u64::from(ticks) });
        }
        due
    }

    /// Makes everything due at `when` at the latest; the grid continues from there.
    pub fn bring_forward(&mut self, when: Instant) {
        for slot in &mut self.slots {
            slot.next = slot.next.min(when);
        }
    }

    /// Makes everything due at `until` at the earliest.
    pub fn postpone(&mut self, until: Instant) {
        for slot in &mut self.slots {
            slot.next = slot.next.max(until);
        }
    }

    /// Changes an interval; a shorter one takes effect immediately.
    pub fn set_interval(&mut self, name: &str, interval: Duration, now: Instant) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.name == name && slot.interval != interval)
        {
            slot.interval = interval;
            slot.next = slot.next.min(now + interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_late_run_counts_what_it_missed_and_keeps_the_grid() {
        let start = Instant::now();
        let mut schedule = Schedule::new([("fast", SECOND * 5), ("slow", SECOND * 10)], start);
        let names = |due: Vec<Due>| due.into_iter().map(|due| (due.name, due.skipped)).collect::<Vec<_>>();
        assert_eq!(names(schedule.take_due(start)), [("fast", 0), ("slow", 0)]);
        assert_eq!(schedule.take_due(start + SECOND * 4), []);
        assert_eq!(names(schedule.take_due(start + SECOND * 17)), [("fast", 2), ("slow", 0)]);
        assert_eq!(schedule.next(), Some(start + SECOND * 20));
    }

    #[test]
    fn everything_can_be_made_due_at_once() {
        let start = Instant::now();
        let mut schedule = Schedule::new([("fast", SECOND), ("slow", SECOND * 300)], start);
        schedule.take_due(start);
        schedule.bring_forward(start + SECOND * 5);
        assert_eq!(schedule.next_of("fast"), Some(start + SECOND));
        assert_eq!(schedule.take_due(start + SECOND * 5).len(), 2);
        assert_eq!(schedule.next_of("slow"), Some(start + SECOND * 305));
    }

    #[test]
    fn a_shorter_interval_takes_effect_at_once() {
        let start = Instant::now();
        let mut schedule = Schedule::new([("live", SECOND * 5)], start);
        schedule.take_due(start);
        schedule.set_interval("live", SECOND, start + SECOND);
        assert_eq!(schedule.next(), Some(start + SECOND * 2));
    }
}
