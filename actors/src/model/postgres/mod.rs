//! Snapshots of PostgreSQL servers.

mod connections;
mod counters;
mod extensions;
mod index_advice;
mod locks;
pub mod relations;
mod replication;
mod sequences;
mod server;
mod subscriptions;
mod vacuum;

pub use connections::{ConnectionCount, ConnectionSnapshot};
pub use counters::{IoCounterRow, IoCounters, WalCounters};
pub use extensions::{Extensions, InstalledExtension};
pub use index_advice::{Evidence, HelpedStatement, IndexAdvice, IndexAdvices};
pub use locks::{Lock, LockSnapshot, in_order};
pub use replication::{Replication, Slot, Standby};
pub use sequences::{Sequence, SequenceSnapshot};
pub use server::{Archiver, DatabaseState, DatabaseStates, RESET_VIEWS, ServerIdentity};
pub use subscriptions::{Subscription, SubscriptionSnapshot};
pub use vacuum::{
    DatabaseAge, Progress, ProgressSnapshot, VacuumTable, VacuumTables, XidHorizon, XminHolder,
};
