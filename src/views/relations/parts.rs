//! Tables of ClickHouse: in how many parts they are, and how they compare with those of PostgreSQL. Pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::{PartsSnapshot, StoredTable, TableParts, Timestamp};
use serde::Serialize;

use super::descending;
use super::tables::{StoredLine, TableLine};
use crate::views::json_cells::float;

/// One line of `GET /databases/{id}/parts`: one table of the `MergeTree` family on one node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartsLine {
    #[serde(skip)]
    pub series: u64,
    pub host_name: Arc<str>,
    pub database: Arc<str>,
    pub table: Arc<str>,
    pub engine: Arc<str>,
    pub partitions: i64,
    pub active_parts: i64,
    pub rows: Option<i64>,
    pub bytes_on_disk: Option<i64>,
    pub bytes_compressed: i64,
    pub bytes_uncompressed: i64,
    /// How many times smaller it is compressed; null when there is nothing.
    pub compression_ratio: Option<f64>,
    pub max_parts_in_partition: i64,
    /// The id of that partition.
    pub fullest_partition: Option<Arc<str>>,
    pub parts_to_delay_insert: Option<i64>,
    pub parts_to_throw_insert: Option<i64>,
    pub detached_parts: Option<i64>,
    pub last_modification: Option<Timestamp>,
    pub ts: Timestamp,
}

/// Every table that has parts, those nearest to the limit that refuses inserts first.
#[must_use]
pub fn parts_lines(snapshot: &PartsSnapshot) -> Vec<PartsLine> {
    let line = |table: &StoredTable| table.parts.as_ref().map(|parts| parts_line(table, parts, snapshot.at));
    let mut lines: Vec<PartsLine> = snapshot.tables.iter().filter_map(line).collect();
    lines.sort_by(|a, b| {
        let names = |line: &PartsLine| {
            (Arc::clone(&line.database), Arc::clone(&line.table), Arc::clone(&line.host_name))
        };
        let nearest = fullness(b).partial_cmp(&fullness(a)).unwrap_or(Ordering::Equal);
        nearest
            .then_with(|| descending(a.bytes_on_disk, b.bytes_on_disk))
            .then_with(|| names(a).cmp(&names(b)))
    });
    lines
}

fn fullness(line: &PartsLine) -> f64 {
    let limit = line.parts_to_throw_insert.filter(|limit| *limit > 0).unwrap_or(i64::MAX);
    float(line.max_parts_in_partition) / float(limit)
}

fn parts_line(table: &StoredTable, parts: &TableParts, ts: Timestamp) -> PartsLine {
    PartsLine {
        series: table.series,
        host_name: Arc::clone(&table.host_name),
        database: Arc::clone(&table.database),
        table: Arc::clone(&table.table),
        engine: Arc::clone(&table.engine),
        partitions: parts.partitions,
        active_parts: parts.active_parts,
        rows: table.rows,
        bytes_on_disk: table.bytes,
        bytes_compressed: parts.bytes_compressed,
        bytes_uncompressed: parts.bytes_uncompressed,
        compression_ratio: compression_ratio(parts),
        max_parts_in_partition: parts.max_parts_in_partition,
        fullest_partition: parts.fullest_partition.clone(),
        parts_to_delay_insert: parts.parts_to_delay_insert,
        parts_to_throw_insert: parts.parts_to_throw_insert,
        detached_parts: parts.detached_parts,
        last_modification: parts.modified_at,
        ts,
    }
}

fn compression_ratio(parts: &TableParts) -> Option<f64> {
    (parts.bytes_compressed > 0).then(|| float(parts.bytes_uncompressed) / float(parts.bytes_compressed))
}

/// Every table once, in no particular order; what only PostgreSQL counts is null.
#[must_use]
pub fn table_lines(snapshot: &PartsSnapshot) -> Vec<TableLine> {
    let mut by_name: BTreeMap<(&Arc<str>, &Arc<str>), Vec<&StoredTable>> = BTreeMap::new();
    for table in &snapshot.tables {
        by_name.entry((&table.database, &table.table)).or_default().push(table);
    }
    let most = |on_hosts: Vec<&StoredTable>| {
        let hosts = on_hosts.len();
        let largest = on_hosts.into_iter().max_by_key(|table| (table.bytes, table.rows, &table.host_name));
        largest.map(|table| table_line(table, hosts, snapshot.at))
    };
    by_name.into_values().filter_map(most).collect()
}

fn table_line(table: &StoredTable, hosts: usize, ts: Timestamp) -> TableLine {
    let parts = table.parts.as_ref();
    let stored = StoredLine {
        host_name: Arc::clone(&table.host_name),
        hosts,
        engine: Arc::clone(&table.engine),
        partitions: parts.map(|parts| parts.partitions),
        active_parts: parts.map(|parts| parts.active_parts),
        bytes_compressed: parts.map(|parts| parts.bytes_compressed),
        bytes_uncompressed: parts.map(|parts| parts.bytes_uncompressed),
        compression_ratio: parts.and_then(compression_ratio),
        max_parts_in_partition: parts.map(|parts| parts.max_parts_in_partition),
    };
    TableLine {
        series: table.series,
        oid: 0,
        database_name: Arc::clone(&table.database),
        schema_name: Arc::clone(&table.database),
        table_name: Arc::clone(&table.table),
        seq_scan: None,
        seq_tup_read: None,
        idx_scan: None,
        n_tup_ins: None,
        n_tup_upd: None,
        n_tup_del: None,
        n_tup_hot_upd: None,
        heap_blks_read: None,
        heap_blks_hit: None,
        n_live_tup: table.rows,
        n_dead_tup: None,
        n_mod_since_analyze: None,
        last_vacuum: None,
        last_autovacuum: None,
        last_analyze: None,
        last_autoanalyze: None,
        table_size_bytes: table.bytes,
        toast_size_bytes: None,
        index_size_bytes: None,
        total_size_bytes: table.bytes,
        size_is_exact: table.bytes.is_some(),
        ts,
        stored: Some(stored),
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{PartsSnapshot, StoredTable, TableParts, Timestamp};

    use super::{parts_lines, table_lines};

    fn table(host: &str, name: &str, bytes: Option<i64>, parts: Option<(i64, i64)>) -> StoredTable {
        let parts = parts.map(|(most, limit)| TableParts {
            max_parts_in_partition: most,
            parts_to_throw_insert: Some(limit),
            bytes_compressed: bytes.unwrap_or(0),
            bytes_uncompressed: 100,
            ..TableParts::default()
        });
        StoredTable {
            series: 1,
            host_name: host.into(),
            database: "shop".into(),
            table: name.into(),
            engine: "MergeTree".into(),
            rows: None,
            bytes,
            parts,
        }
    }

    #[test]
    fn the_table_nearest_to_its_limit_comes_first() {
        let tables = vec![
            table("one", "full", Some(9), Some((400, 500))),
            table("one", "large", Some(90), Some((1000, 3000))),
            table("one", "unlimited", Some(900), Some((5000, 0))),
            table("one", "view", None, None),
        ];
        let lines = parts_lines(&PartsSnapshot { at: Timestamp(0), tables });
        let names: Vec<&str> = lines.iter().map(|line| &*line.table).collect();
        assert_eq!(names, ["full", "large", "unlimited"]);
    }

    #[test]
    fn a_table_on_several_nodes_is_one_row_and_not_a_sum() {
        let tables = vec![
            table("one", "orders", Some(40), Some((1, 10))),
            table("two", "orders", Some(50), Some((1, 10))),
            table("two", "empty", Some(0), Some((0, 10))),
            table("two", "view", None, None),
        ];
        let lines = table_lines(&PartsSnapshot { at: Timestamp(0), tables });
        let line = |name: &str| lines.iter().find(|line| &*line.table_name == name).expect("a line");
        assert_eq!((lines.len(), line("orders").table_size_bytes), (3, Some(50)));
        let stored = line("orders").stored.as_ref().expect("ClickHouse");
        assert_eq!((&*stored.host_name, stored.hosts, stored.compression_ratio), ("two", 2, Some(2.0)));
        let ratio = |name: &str| line(name).stored.as_ref().and_then(|stored| stored.compression_ratio);
        assert_eq!((ratio("empty"), ratio("view"), line("view").size_is_exact), (None, None, false));
    }
}
