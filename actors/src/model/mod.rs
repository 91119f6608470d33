//! Plain data shared by every room: no I/O, no actor, no SQL.

mod activity;
mod databases;
mod engine;
mod event;
mod extensions;
mod ids;
mod newest;
mod sample;
mod secret;
mod status;
pub mod streams;
mod target;
mod time;

pub use activity::{ActiveQuery, ActivitySnapshot};
pub use databases::{Databases, ServerDatabases};
pub use engine::{Engine, UnknownEngine};
pub use event::{Event, EventKind};
pub use extensions::{Extensions, InstalledExtension};
pub use ids::{DatabaseId, OrganizationId};
pub use newest::{Newest, Seen, Snapshot};
pub use sample::{Batch, Column, ColumnKind, Entry, Gap, GapReason, NULL, Record, Stream, Word};
pub use secret::Secret;
pub use status::{CollectorState, CollectorStatus, DatabaseStatus, Status};
pub use target::{Target, TlsMode, UnknownTlsMode};
pub use time::{ParseTimestampError, Timestamp};
