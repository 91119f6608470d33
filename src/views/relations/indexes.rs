//! Indexes: lines, ranking, which of them nobody uses.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::Timestamp;
use basira_actors::model::relations::{INDEX_COLUMNS, IndexFacts, IndexSnapshot, Relation};
use basira_actors::model::streams::INDEXES;
use serde::Serialize;

use super::{DatabaseView, descending};
use crate::views::json_cells::cell;

/// An index below this is not worth a word.
const WORTH_DROPPING_BYTES: i64 = 1024 * 1024;
const DAY_SECONDS: f64 = 86_400.0;

/// By what indexes are ranked, largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    Size,
    Scans,
    TuplesRead,
}

/// One line of `GET /databases/{id}/indexes`. Counters are the server's, since they were reset last. What the catalog
/// says is null until it was read: at most a minute.
#[derive(Debug, Clone, Serialize)]
pub struct IndexLine {
    #[serde(skip)]
    pub series: u64,
    #[serde(skip)]
    pub oid: i64,
    #[serde(skip)]
    pub table_oid: i64,
    pub database_name: Arc<str>,
    pub schema_name: Arc<str>,
    pub table_name: Arc<str>,
    pub index_name: Arc<str>,
    pub idx_scan: Option<i64>,
    pub idx_tup_read: Option<i64>,
    pub idx_tup_fetch: Option<i64>,
    pub idx_blks_read: Option<i64>,
    pub idx_blks_hit: Option<i64>,
    pub size_bytes: Option<i64>,
    /// Measured within 15 minutes; else pages as last vacuumed or analysed.
    pub size_is_exact: bool,
    /// Without the literals of its expressions and its predicate.
    pub index_def: Option<Arc<str>>,
    pub is_unique: Option<bool>,
    pub is_primary: Option<bool>,
    pub is_valid: Option<bool>,
    pub is_ready: Option<bool>,
    /// A primary key, a unique or an exclusion constraint stands on it.
    pub constraint_backed: Option<bool>,
    /// PostgreSQL 16 and later.
    pub last_idx_scan: Option<Timestamp>,
    pub ts: Timestamp,
}

/// One line of `GET /databases/{id}/indexes/unused`.
#[derive(Debug, Clone, Serialize)]
pub struct UnusedIndex {
    #[serde(flatten)]
    pub index: IndexLine,
    /// Null when no standby of this server is watched.
    pub used_on_standby: Option<bool>,
    /// For how long it has not been used: since the counters were reset or lost, or it was seen first.
    pub stats_age_days: f64,
}

impl DatabaseView {
    /// Every index, in no particular order.
    #[must_use]
    pub fn index_lines(&self) -> Vec<IndexLine> {
        let Some(snapshot) = &self.indexes else { return Vec::new() };
        let facts = self.facts();
        let indexes = snapshot.0.relations.iter();
        indexes.map(|index| self.index_line(index, facts.get(&index.oid).copied(), snapshot.0.at)).collect()
    }

    fn index_line(
        &self,
        index: &Relation<INDEX_COLUMNS>,
        facts: Option<&IndexFacts>,
        now: Timestamp,
    ) -> IndexLine {
        let cell = |name| cell(&INDEXES, &index.values, name);
        let size = self.size(index.oid, cell("size_bytes"), now);
        IndexLine {
            series: index.series,
            oid: index.oid,
            table_oid: index.table_oid,
            database_name: Arc::clone(&self.database),
            schema_name: Arc::clone(&index.schema),
            // the newer one: a table may have been renamed
            table_name: Arc::clone(facts.map_or(&index.table, |facts| &facts.table)),
            index_name: Arc::clone(&index.name),
            idx_scan: cell("idx_scan"),
            idx_tup_read: cell("idx_tup_read"),
            idx_tup_fetch: cell("idx_tup_fetch"),
            idx_blks_read: cell("idx_blks_read"),
            idx_blks_hit: cell("idx_blks_hit"),
            size_bytes: size.map(|size| size.bytes),
            size_is_exact: size.is_some_and(|size| size.is_exact),
            index_def: facts
                .and_then(|facts| facts.definition.as_ref())
                .map(|definition| Arc::clone(&definition.text)),
            is_unique: facts.map(|facts| facts.is_unique),
            is_primary: facts.map(|facts| facts.is_primary),
            is_valid: facts.map(|facts| facts.is_valid),
            is_ready: facts.map(|facts| facts.is_ready),
            constraint_backed: facts.map(|facts| facts.constraint_backed),
            last_idx_scan: facts.and_then(|facts| facts.last_idx_scan),
            ts: now,
        }
    }

    /// Indexes never used, neither primary nor unique, and large enough to matter. `standbys`: the indexes of this
    /// database as its standbys show them.
    #[must_use]
    pub fn unused_indexes(&self, standbys: &[Arc<IndexSnapshot>]) -> Vec<UnusedIndex> {
        let Some(snapshot) = &self.indexes else { return Vec::new() };
        let ages: HashMap<i64, f64> = snapshot
            .0
            .relations
            .iter()
            .map(|index| (index.oid, snapshot.0.counted_for(index).as_secs_f64() / DAY_SECONDS))
            .collect();
        let lines = self.index_lines().into_iter().filter(is_unused);
        lines
            .map(|index| UnusedIndex {
                used_on_standby: used_on(standbys, index.oid),
                stats_age_days: ages.get(&index.oid).copied().unwrap_or_default(),
                index,
            })
            .collect()
    }
}

fn is_unused(line: &IndexLine) -> bool {
    line.idx_scan == Some(0)
        && line.is_primary == Some(false)
        && line.is_unique == Some(false)
        && line.size_bytes.is_some_and(|bytes| bytes > WORTH_DROPPING_BYTES)
}

/// Whether any of `standbys` scanned the index; a physical standby has the same oids.
fn used_on(standbys: &[Arc<IndexSnapshot>], oid: i64) -> Option<bool> {
    let indexes = standbys.iter().flat_map(|snapshot| &snapshot.0.relations);
    let mut scans = indexes.filter(|index| index.oid == oid);
    let is_used =
        || scans.any(|index| cell(&INDEXES, &index.values, "idx_scan").is_some_and(|scans| scans > 0));
    (!standbys.is_empty()).then(is_used)
}

/// Whether `other` is what a standby of the server of `own` shows.
#[must_use]
pub fn is_standby_of(other: &IndexSnapshot, own: &IndexSnapshot) -> bool {
    other.0.in_recovery
        && !own.0.in_recovery
        && own.0.system_identifier.is_some()
        && own.0.system_identifier == other.0.system_identifier
}

/// By `rank`; ties by name.
pub fn sort(lines: &mut [IndexLine], rank: Rank) {
    lines.sort_by(|a, b| {
        let key = |line: &IndexLine| match rank {
            Rank::Size => line.size_bytes,
            Rank::Scans => line.idx_scan,
            Rank::TuplesRead => line.idx_tup_read,
        };
        let names = |line: &IndexLine| (Arc::clone(&line.schema_name), Arc::clone(&line.index_name));
        descending(key(a), key(b)).then_with(|| names(a).cmp(&names(b)))
    });
}
