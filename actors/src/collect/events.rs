//! Events as samples.

use xxhash_rust::xxh3::Xxh3;

use super::Interner;
use crate::model::{Event, Record, Timestamp, streams};

/// `events`, noticed at `now`, as one record. Each is a series of its own, so that no roll-up merges two.
#[must_use]
pub fn record(events: &[Event], now: Timestamp, interner: &mut Interner) -> Record {
    let rows = events.iter().enumerate().map(|(number, event)| {
        let mut hash = Xxh3::new();
        for part in [&now.as_millis().to_le_bytes()[..], &number.to_le_bytes(), event.subject.as_bytes()] {
            hash.update(part);
        }
        let row = streams::EventsRow {
            kind: interner.intern(Some(event.kind.as_str())),
            subject: interner.intern(Some(&event.subject)),
            before: interner.intern(event.before.as_deref()),
            after: interner.intern(event.after.as_deref()),
            happened_at_ms: event.at.as_millis(),
        }
        .values();
        (hash.digest(), row)
    });
    Record::new(&streams::EVENTS, Timestamp(now.as_millis() - 1), now, rows.collect())
}
