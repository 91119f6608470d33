//! Tables: lines, ranking, what all of them come to.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::Timestamp;
use basira_actors::model::relations::{Relation, TABLE_COLUMNS, TableSnapshot};
use basira_actors::model::streams::{INDEXES, TABLES};
use serde::Serialize;

use super::{DatabaseView, descending, known};
use crate::views::json_cells::{cell, float};

/// By what tables are ranked, largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    Size,
    DeadTuples,
    SeqScans,
    LiveTuples,
    IndexSize,
}

/// One line of `GET /databases/{id}/tables`. Counters are the server's, since they were reset last.
#[derive(Debug, Clone, Serialize)]
pub struct TableLine {
    #[serde(skip)]
    pub series: u64,
    #[serde(skip)]
    pub oid: i64,
    pub database_name: Arc<str>,
    pub schema_name: Arc<str>,
    pub table_name: Arc<str>,
    pub seq_scan: Option<i64>,
    pub seq_tup_read: Option<i64>,
    /// Of all its indexes; null when it has none.
    pub idx_scan: Option<i64>,
    pub n_tup_ins: Option<i64>,
    pub n_tup_upd: Option<i64>,
    pub n_tup_del: Option<i64>,
    pub n_tup_hot_upd: Option<i64>,
    pub heap_blks_read: Option<i64>,
    pub heap_blks_hit: Option<i64>,
    /// These three are null when nothing was counted since the statistics were lost.
    pub n_live_tup: Option<i64>,
    pub n_dead_tup: Option<i64>,
    pub n_mod_since_analyze: Option<i64>,
    pub last_vacuum: Option<Timestamp>,
    pub last_autovacuum: Option<Timestamp>,
    pub last_analyze: Option<Timestamp>,
    pub last_autoanalyze: Option<Timestamp>,
    /// With TOAST where it was measured.
    pub table_size_bytes: Option<i64>,
    pub toast_size_bytes: Option<i64>,
    pub index_size_bytes: Option<i64>,
    pub total_size_bytes: Option<i64>,
    /// Measured within 15 minutes, its indexes too; else pages as last vacuumed or analysed.
    pub size_is_exact: bool,
    pub ts: Timestamp,
    /// ClickHouse only.
    #[serde(flatten)]
    pub stored: Option<StoredLine>,
}

/// What a line of `/tables` has on ClickHouse only; the last six are null for a table without parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredLine {
    /// The node that has most of the table, and on how many it is: replicas hold copies, so that nothing is summed.
    pub host_name: Arc<str>,
    pub hosts: usize,
    pub engine: Arc<str>,
    pub partitions: Option<i64>,
    pub active_parts: Option<i64>,
    pub bytes_compressed: Option<i64>,
    pub bytes_uncompressed: Option<i64>,
    pub compression_ratio: Option<f64>,
    pub max_parts_in_partition: Option<i64>,
}

/// What the indexes of one table come to.
#[derive(Debug, Clone, Copy)]
struct OfIndexes {
    scans: Option<i64>,
    bytes: i64,
    is_exact: bool,
}

impl DatabaseView {
    /// Every table, in no particular order.
    #[must_use]
    pub fn table_lines(&self) -> Vec<TableLine> {
        let Some(snapshot) = &self.tables else { return Vec::new() };
        let now = snapshot.0.at;
        let of_indexes = self.indexes_by_table(now);
        let tables = snapshot.0.relations.iter();
        tables.map(|table| self.table_line(table, of_indexes.get(&table.oid).copied(), now)).collect()
    }

    fn table_line(
        &self,
        table: &Relation<TABLE_COLUMNS>,
        of_indexes: Option<OfIndexes>,
        now: Timestamp,
    ) -> TableLine {
        let cell = |name| cell(&TABLES, &table.values, name);
        let time = |name| cell(name).map(Timestamp);
        let size = self.size(table.oid, cell("table_size_bytes"), now);
        let table_size_bytes = size.map(|size| size.bytes + size.toast_bytes.unwrap_or(0));
        let none = self.indexes.is_some().then_some(0);
        let index_size_bytes = of_indexes.map(|indexes| indexes.bytes).or(none);
        TableLine {
            series: table.series,
            oid: table.oid,
            database_name: Arc::clone(&self.database),
            schema_name: Arc::clone(&table.schema),
            table_name: Arc::clone(&table.name),
            seq_scan: cell("seq_scan"),
            seq_tup_read: cell("seq_tup_read"),
            idx_scan: of_indexes.and_then(|indexes| indexes.scans),
            n_tup_ins: cell("n_tup_ins"),
            n_tup_upd: cell("n_tup_upd"),
            n_tup_del: cell("n_tup_del"),
            n_tup_hot_upd: cell("n_tup_hot_upd"),
            heap_blks_read: cell("heap_blks_read"),
            heap_blks_hit: cell("heap_blks_hit"),
            n_live_tup: cell("n_live_tup"),
            n_dead_tup: cell("n_dead_tup"),
            n_mod_since_analyze: cell("n_mod_since_analyze"),
            last_vacuum: time("last_vacuum_at_ms"),
            last_autovacuum: time("last_autovacuum_at_ms"),
            last_analyze: time("last_analyze_at_ms"),
            last_autoanalyze: time("last_autoanalyze_at_ms"),
            table_size_bytes,
            toast_size_bytes: size.and_then(|size| size.toast_bytes),
            index_size_bytes,
            total_size_bytes: table_size_bytes.zip(index_size_bytes).map(|(table, indexes)| table + indexes),
            size_is_exact: size.is_some_and(|size| size.is_exact)
                && of_indexes.is_none_or(|indexes| indexes.is_exact),
            ts: now,
            stored: None,
        }
    }

    fn indexes_by_table(&self, now: Timestamp) -> HashMap<i64, OfIndexes> {
        let (scan, size) = (INDEXES.column("idx_scan"), INDEXES.column("size_bytes"));
        let mut by_table: HashMap<i64, OfIndexes> = HashMap::new();
        for index in self.indexes.iter().flat_map(|snapshot| &snapshot.0.relations) {
            let known = |place: Option<usize>| place.and_then(|place| known(&index.values, place));
            let sums = by_table.entry(index.table_oid);
            let sums = sums.or_insert(OfIndexes { scans: Some(0), bytes: 0, is_exact: true });
            sums.scans = sums.scans.zip(known(scan)).map(|(sum, scans)| sum + scans);
            if let Some(size) = self.size(index.oid, known(size), now) {
                sums.bytes += size.bytes;
                sums.is_exact &= size.is_exact;
            }
        }
        by_table
    }
}

/// By `rank`; ties by name.
pub fn sort(lines: &mut [TableLine], rank: Rank) {
    let key = |line: &TableLine| match rank {
        Rank::Size => line.table_size_bytes,
        Rank::DeadTuples => line.n_dead_tup,
        Rank::SeqScans => line.seq_scan,
        Rank::LiveTuples => line.n_live_tup,
        Rank::IndexSize => line.index_size_bytes,
    };
    lines.sort_by(|a, b| {
        let names = |line: &TableLine| (Arc::clone(&line.schema_name), Arc::clone(&line.table_name));
        descending(key(a), key(b)).then_with(|| names(a).cmp(&names(b)))
    });
}

/// Dead rows of all rows, from 0 to 1; null when nothing is known or there is no row.
#[must_use]
pub fn dead_tuple_ratio<'a>(snapshots: impl IntoIterator<Item = &'a TableSnapshot>) -> Option<f64> {
    let (mut live, mut dead) = (0, 0);
    for table in snapshots.into_iter().flat_map(|snapshot| &snapshot.0.relations) {
        live += cell(&TABLES, &table.values, "n_live_tup").unwrap_or(0);
        dead += cell(&TABLES, &table.values, "n_dead_tup").unwrap_or(0);
    }
    (live + dead > 0).then(|| float(dead) / float(live + dead))
}

/// When autovacuum was at any table last.
#[must_use]
pub fn last_autovacuum<'a>(snapshots: impl IntoIterator<Item = &'a TableSnapshot>) -> Option<Timestamp> {
    let tables = snapshots.into_iter().flat_map(|snapshot| &snapshot.0.relations);
    tables.filter_map(|table| cell(&TABLES, &table.values, "last_autovacuum_at_ms")).max().map(Timestamp)
}
