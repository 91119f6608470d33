//! Tables and indexes of a database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::common::{Snapshot, Timestamp};
use crate::model::streams;

/// The number of columns of [`streams::TABLES`].
pub const TABLE_COLUMNS: usize = 19;
/// The number of columns of [`streams::INDEXES`].
pub const INDEX_COLUMNS: usize = 10;

const _: () = assert!(streams::TABLES.columns.len() == TABLE_COLUMNS);
const _: () = assert!(streams::INDEXES.columns.len() == INDEX_COLUMNS);

/// One table or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation<const N: usize> {
    pub oid: i64,
    /// The table of an index; for a table, its own oid.
    pub table_oid: i64,
    /// The series in the stream.
    pub series: u64,
    pub schema: Arc<str>,
    pub name: Arc<str>,
    pub table: Arc<str>,
    /// When it was seen first, or its counters were lost: nothing is known of the time before.
    pub seen_since: Timestamp,
    /// A row of the stream, with the cumulative counters of the server.
    pub values: [i64; N],
}

/// All tables or all indexes of one database.
#[derive(Debug)]
pub struct Relations<const N: usize> {
    /// The server's clock.
    pub at: Timestamp,
    /// When the counters were reset or lost, as far as that is known.
    pub counted_since: Timestamp,
    /// The same on a primary and its physical standbys.
    pub system_identifier: Option<i64>,
    pub in_recovery: bool,
    /// In no particular order. Relations that did not change are shared with the previous snapshot.
    pub relations: Vec<Arc<Relation<N>>>,
}

impl<const N: usize> Relations<N> {
    /// Returns for how long `relation` has been counted.
    #[must_use]
    pub fn counted_for(&self, relation: &Relation<N>) -> Duration {
        self.at.since(self.counted_since.max(relation.seen_since))
    }
}

/// Every table.
#[derive(Debug)]
pub struct TableSnapshot(pub Relations<TABLE_COLUMNS>);

impl Snapshot for TableSnapshot {}

/// Every index.
#[derive(Debug)]
pub struct IndexSnapshot(pub Relations<INDEX_COLUMNS>);

impl Snapshot for IndexSnapshot {}

/// The properties of an index in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFacts {
    pub oid: i64,
    pub table_oid: i64,
    pub schema: Arc<str>,
    pub name: Arc<str>,
    pub table: Arc<str>,
    pub is_unique: bool,
    pub is_primary: bool,
    pub is_valid: bool,
    pub is_ready: bool,
    pub is_exclusion: bool,
    /// Whether it is the replica identity of its table, clusters it, or is the target of a foreign key.
    pub is_referenced: bool,
    /// Whether uniqueness is checked at once; a deferrable constraint cannot be used by ON CONFLICT.
    pub is_immediate: bool,
    /// Whether it backs a primary key, a unique or an exclusion constraint.
    pub constraint_backed: bool,
    pub has_predicate: bool,
    pub has_expressions: bool,
    /// Whether it is attached to an index of a partitioned table, so that it cannot be dropped by itself.
    pub is_attached: bool,
    /// Whether it is the index of a partitioned table, which has no storage.
    pub is_partitioned: bool,
    /// The index that it is attached to.
    pub parent_oid: Option<i64>,
    /// A hash of storage parameters, parameters of operator classes, and the operators of an exclusion constraint.
    pub parameters: u64,
    pub shape: Arc<IndexShape>,
    /// PostgreSQL 16 and later.
    pub last_idx_scan: Option<Timestamp>,
    /// None while a lock prevents it from being read.
    pub definition: Option<IndexDefinition>,
}

/// The definition of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDefinition {
    /// `CREATE INDEX ..` with `$1`, `$2`, .. for the literals of its expressions and its predicate.
    pub text: Arc<str>,
    /// A hash of the definition from the method on, literals included. Equal for indexes that differ only by name.
    pub identity: u64,
    /// `NULLS NOT DISTINCT`.
    pub nulls_are_equal: bool,
}

/// The method and columns of an index. Equal shapes are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexShape {
    /// The oid of the access method.
    pub method: i64,
    /// One per column of the key, in its order: number of the column, operator class, collation, options.
    pub keys: Vec<[i64; 4]>,
    /// Numbers of the columns that are only carried along (`INCLUDE`).
    pub included: Vec<i64>,
}

/// Every index as the catalog has it.
#[derive(Debug)]
pub struct IndexCatalog {
    pub at: Timestamp,
    pub indexes: Vec<Arc<IndexFacts>>,
}

impl Snapshot for IndexCatalog {}

/// What a relation takes on disk, its main fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelationSize {
    pub bytes: i64,
    /// Of the table that holds its long values.
    pub toast_bytes: i64,
    /// When it was measured: one that is locked keeps its old size.
    pub at: Timestamp,
}

/// Sizes by oid.
#[derive(Debug)]
pub struct RelationSizes(pub HashMap<i64, RelationSize>);

impl Snapshot for RelationSizes {}
