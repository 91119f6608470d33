//! The streams that the collectors fill and the API reads. The name of a column says how it is shown: `_us` as
//! floating-point `_ms`, `_at_ms` as a timestamp without that ending.

mod activity;
mod connections;
mod events;
mod locks;
mod statements;
mod waits;

use super::sample::{Column, ColumnKind, Stream};

pub use activity::ACTIVITY;
pub use connections::CONNECTIONS;
pub use events::EVENTS;
pub use locks::LOCKS;
pub use statements::STATEMENTS;
pub use waits::WAITS;

const fn sum(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Sum }
}

const fn last(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Last }
}

const fn word(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Word }
}

/// Every stream there is.
pub static ALL: &[&Stream] = &[&ACTIVITY, &CONNECTIONS, &EVENTS, &LOCKS, &STATEMENTS, &WAITS];

/// The stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.iter().copied().find(|stream| stream.name == name)
}
