//! The streams that the collectors fill and the API reads. The name of a column says how it is shown: `_us` as
//! floating-point `_ms`, `_at_ms` as a timestamp without that ending.

mod activity;
mod archiver;
mod bgwriter;
mod connections;
mod databases;
mod errors;
mod events;
mod evictions;
mod health;
mod indexes;
mod io;
mod locks;
mod log_tables;
mod parts;
mod plans;
mod queries;
mod replication;
mod server;
mod server_metrics;
mod settings;
mod statements;
mod tables;
mod waits;
mod wal;

use super::sample::{Column, ColumnKind, Stream};

pub use activity::ACTIVITY;
pub use archiver::ARCHIVER;
pub use bgwriter::BGWRITER;
pub use connections::CONNECTIONS;
pub use databases::DATABASES;
pub use errors::ERRORS;
pub use events::EVENTS;
pub use evictions::EVICTIONS;
pub use health::HEALTH;
pub use indexes::INDEXES;
pub use io::IO;
pub use locks::LOCKS;
pub use log_tables::LOG_TABLES;
pub use parts::PARTS;
pub use plans::PLANS;
pub use queries::{QUERIES, QUERY_DURATIONS, QUERY_EXCEPTIONS};
pub use replication::{REPLICATION, REPLICATION_SLOTS};
pub use server::SERVER;
pub use server_metrics::{DISKS, SERVER_METRICS};
pub use settings::SETTINGS;
pub use statements::STATEMENTS;
pub use tables::TABLES;
pub use waits::WAITS;
pub use wal::WAL;

const fn sum(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Sum }
}

const fn last(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Last }
}

const fn word(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text }
}

/// Every stream there is.
pub static ALL: &[&Stream] = &[
    &ACTIVITY,
    &ARCHIVER,
    &BGWRITER,
    &CONNECTIONS,
    &DATABASES,
    &DISKS,
    &ERRORS,
    &EVENTS,
    &EVICTIONS,
    &HEALTH,
    &INDEXES,
    &IO,
    &LOCKS,
    &LOG_TABLES,
    &PARTS,
    &PLANS,
    &QUERIES,
    &QUERY_DURATIONS,
    &QUERY_EXCEPTIONS,
    &REPLICATION,
    &REPLICATION_SLOTS,
    &SERVER,
    &SERVER_METRICS,
    &SETTINGS,
    &STATEMENTS,
    &TABLES,
    &WAITS,
    &WAL,
];

/// The stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.iter().copied().find(|stream| stream.name == name)
}
