//! Events as samples of the stream `events`.

use super::{Interner, series};
use crate::model::{Event, Record, Timestamp, streams};

/// Returns `events`, found at `now`, as one record. Each is its own series, so that no roll-up merges two.
#[must_use]
pub fn record(events: &[Event], now: Timestamp, interner: &mut Interner) -> Record {
    let rows = events.iter().enumerate().map(|(number, event)| {
        let (at, number) = (now.as_millis().to_le_bytes(), number.to_le_bytes());
        let row = streams::EventsRow {
            kind: interner.intern(Some(event.kind.as_str())),
            subject: interner.intern(Some(&event.subject)),
            before: interner.intern(event.before.as_deref()),
            after: interner.intern(event.after.as_deref()),
            happened_at_ms: event.at.as_millis(),
        }
        .values();
        (series(&[&at, &number, event.subject.as_bytes()]), row)
    });
    Record::new(&streams::EVENTS, Timestamp(now.as_millis() - 1), now, rows.collect())
}
