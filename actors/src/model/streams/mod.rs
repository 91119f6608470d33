//! The streams that the collectors fill and the API reads. The name of a column says how it is shown: `_us` as
//! floating-point `_ms`, `_at_ms` as a timestamp without that ending.

mod activity;
mod events;
mod plans;
mod statements;

use super::sample::{Column, ColumnKind, Stream};

pub use activity::ACTIVITY;
pub use events::EVENTS;
pub use plans::PLANS;
pub use statements::STATEMENTS;

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
pub static ALL: &[&Stream] = &[&ACTIVITY, &EVENTS, &PLANS, &STATEMENTS];

/// The stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.iter().copied().find(|stream| stream.name == name)
}
