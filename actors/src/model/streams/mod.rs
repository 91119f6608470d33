//! The streams that the collectors fill and the API reads. The name of a column says how it is shown: `_us` as
//! floating-point `_ms`, `_at_ms` as a timestamp without that ending.

mod activity;
mod events;
mod indexes;
mod statements;
mod tables;

use super::sample::{Column, ColumnKind, Stream};

pub use activity::ACTIVITY;
pub use events::EVENTS;
pub use indexes::INDEXES;
pub use statements::STATEMENTS;
pub use tables::TABLES;

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
pub static ALL: &[&Stream] = &[&ACTIVITY, &EVENTS, &INDEXES, &STATEMENTS, &TABLES];

/// The stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.iter().copied().find(|stream| stream.name == name)
}
