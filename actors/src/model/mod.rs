//! Plain data shared by every room: no I/O, no actor, no SQL.

mod activity;
mod advice;
mod cluster;
mod connections;
mod databases;
pub mod durations;
mod engine;
mod event;
mod extensions;
mod ids;
mod index_advice;
mod internals;
mod lock_tree;
mod locks;
mod log_tables;
mod merge;
mod newest;
mod overlap;
mod parts;
mod past;
pub mod relations;
mod replicas;
mod replication;
mod rule_settings;
mod sample;
mod secret;
mod sequence;
mod server;
mod server_metrics;
mod setting;
mod status;
pub mod streams;
mod subscription;
mod target;
mod time;
mod vacuum;

pub use activity::{ActiveQuery, ActivitySnapshot, QueryWork};
pub use advice::{Advice, Checkup, Dismissed};
pub use cluster::{ClusterNode, ClusterSnapshot};
pub use connections::{ConnectionCount, ConnectionSnapshot};
pub use databases::{Databases, ServerDatabases};
pub use engine::{Engine, UnknownEngine};
pub use event::{Event, EventKind};
pub use extensions::{Extensions, InstalledExtension};
pub use ids::{DatabaseId, OrganizationId};
pub use index_advice::{Evidence, HelpedStatement, IndexAdvice, IndexAdvices};
pub use internals::{IoCounters, IoRow, WalCounters};
pub use lock_tree::{Blocker, lock_tree};
pub use locks::{Lock, LockSnapshot, in_order};
pub use log_tables::{LogTable, LogTables};
pub use merge::{Merge, MergeSnapshot, Mutation, MutationSnapshot};
pub use newest::{AnySnapshot, Snapshot, Snapshots};
pub use overlap::{Needless, Overlap, overlaps};
pub use parts::{PartsSnapshot, StoredTable, TableParts};
pub use past::{History, HistoryQuery, HistorySeries};
pub use replicas::{QueueEntries, Replica, Replicas};
pub use replication::{Replication, Slot, Standby};
pub use rule_settings::{RuleSetting, RuleSettings};
pub use sample::{
    Batch, Column, ColumnKind, DictionaryEntry, Entry, Gap, GapReason, LastValues, NULL, Record, Stream,
};
pub use secret::Secret;
pub use sequence::{Sequence, SequenceSnapshot};
pub use server::{Archiver, DatabaseNow, DatabasesNow, RESET_VIEWS, ServerIdentity};
pub use server_metrics::{
    BackgroundPool, Disk, HostConnections, HostMemory, HostMetrics, HostQueries, ServerMetrics,
};
pub use setting::{Setting, SettingSnapshot};
pub use status::{CollectorState, CollectorStatus, DatabaseStatus, Status};
pub use subscription::{Subscription, SubscriptionSnapshot};
pub use target::{Target, TlsMode, UnknownTlsMode};
pub use time::{ParseTimestampError, Timestamp};
pub use vacuum::{
    DatabaseAge, Progress, ProgressSnapshot, VacuumTable, VacuumTables, XidHorizon, XminHolder,
};
