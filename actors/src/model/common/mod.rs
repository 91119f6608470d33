//! Data that does not depend on the engine: identifiers, time, targets, samples, events, snapshots.

mod activity;
mod advice;
mod databases;
mod engine;
mod event;
mod history;
mod ids;
mod rule_settings;
mod sample;
mod secret;
mod setting;
mod snapshot;
mod status;
mod target;
mod time;

pub use activity::{ActiveQuery, ActivitySnapshot, QueryWork};
pub use advice::{Advice, Checkup, Dismissed};
pub use databases::{Databases, ServerDatabases};
pub use engine::{Engine, UnknownEngine};
pub use event::{Event, EventKind};
pub use history::{History, HistoryQuery, HistorySeries};
pub use ids::{DatabaseId, OrganizationId};
pub use rule_settings::{RuleSetting, RuleSettings};
pub use sample::{
    Batch, Column, ColumnKind, DictionaryEntry, Gap, GapReason, LastValues, NULL, Record, SeriesEntry, Stream,
};
pub use secret::Secret;
pub use setting::{Setting, SettingSnapshot};
pub use snapshot::{AnySnapshot, Snapshot, Snapshots};
pub use status::{CollectorState, CollectorStatus, DatabaseStatus, Status};
pub use target::{Target, TlsMode, UnknownTlsMode};
pub use time::{ParseTimestampError, Timestamp};
