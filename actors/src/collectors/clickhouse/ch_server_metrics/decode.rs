//! Decodes the rows into the types of the model.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collect::{Answer, CellError, Cursor, Deltas, seconds};
use crate::model::{BackgroundPool, Disk, HostMetrics, HostQueries, NULL, Timestamp};

pub(super) const COUNTER_COLUMNS: &[&str] =
    &["host_name", "version", "uptime_seconds", "kind", "name", "amount"];
pub(super) const RESIDENT_COLUMNS: &[&str] = &["host_name", "resident_bytes"];
pub(super) const LIMIT_COLUMNS: &[&str] = &["host_name", "limit_bytes"];
pub(super) const DISK_COLUMNS: &[&str] =
    &["host_name", "disk_name", "disk_path", "disk_type", "free_bytes", "total_bytes"];

/// Counted, in the order of the values. An event that never happened is not listed.
const EVENTS: [&str; 3] = ["Query", "InsertQuery", "FailedQuery"];

/// The cumulative counters of one node.
pub(super) struct Counted {
    pub(super) host_name: String,
    pub(super) uptime: Duration,
    pub(super) values: [i64; EVENTS.len()],
}

/// Every node with its readings, and with its counters.
pub(super) fn counters(
    answer: &Answer<'_>,
    at: Timestamp,
    counts_failures: bool,
) -> Result<(Vec<Counted>, BTreeMap<String, HostMetrics>), CellError> {
    let values = [0, 0, if counts_failures { 0 } else { NULL }];
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    let mut hosts: BTreeMap<String, HostMetrics> = BTreeMap::new();
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let host_name = cursor.text()?.unwrap_or_default();
        let (version, uptime) = (cursor.owned_text()?, cursor.i64()?);
        let (kind, name, value) =
            (cursor.text()?, cursor.text()?.unwrap_or_default(), cursor.i64()?.unwrap_or(NULL));
        if !hosts.contains_key(host_name) {
            let host = HostMetrics::named(host_name, at);
            hosts.insert(host_name.to_owned(), HostMetrics { version, uptime_seconds: uptime, ..host });
            let uptime = seconds(uptime.unwrap_or_default());
            let fresh = Counted { host_name: host_name.to_owned(), uptime, values };
            counted.insert(host_name.to_owned(), fresh);
        }
        match (kind, hosts.get_mut(host_name), counted.get_mut(host_name)) {
            (Some("metric"), Some(host), _) => metric(host, name, value),
            (Some("event"), _, Some(counted)) => {
                if let Some(place) = EVENTS.iter().position(|event| *event == name) {
                    counted.values[place] = value;
                }
            }
            _ => {}
        }
    }
    Ok((counted.into_values().collect(), hosts))
}

fn metric(host: &mut HostMetrics, name: &str, value: i64) {
    let place = match name {
        "Query" => &mut host.queries.running,
        "MemoryTracking" => &mut host.memory.tracked_bytes,
        "TCPConnection" => &mut host.connections.tcp,
        "HTTPConnection" => &mut host.connections.http,
        "MySQLConnection" => &mut host.connections.mysql,
        "PostgreSQLConnection" => &mut host.connections.postgres,
        "InterserverConnection" => &mut host.connections.interserver,
        other => return pool(&mut host.background_pools, other, value),
    };
    *place = Some(value);
}

/// `BackgroundMergesAndMutationsPoolTask` is how busy the pool `merges_and_mutations` is, `..Size` how large.
fn pool(pools: &mut Vec<BackgroundPool>, metric: &str, value: i64) {
    let Some((name, what)) = metric.strip_prefix("Background").and_then(|rest| rest.split_once("Pool"))
    else {
        return;
    };
    let name = if name.is_empty() { "background".to_owned() } else { snake_case(name) };
    let place = pools.binary_search_by(|pool| pool.name.cmp(&name)).unwrap_or_else(|place| {
        pools.insert(place, BackgroundPool { name, ..BackgroundPool::default() });
        place
    });
    match what {
        "Task" => pools[place].active = Some(value),
        "Size" => pools[place].size = Some(value),
        _ => {}
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// The rest of a row, from the name of the disk on.
pub(super) fn disk(cursor: &mut Cursor<'_>) -> Result<Disk, CellError> {
    let name = cursor.owned_text()?.unwrap_or_default();
    let (path, kind) = (cursor.owned_text()?, cursor.owned_text()?);
    let free_bytes = cursor.i64()?.filter(|bytes| *bytes >= 0);
    let total_bytes = cursor.i64()?.filter(|bytes| *bytes >= 0);
    let used_pct = Disk::used_pct(free_bytes, total_bytes);
    Ok(Disk { name, path, kind, free_bytes, total_bytes, used_pct })
}

/// What `deltas` comes to in a second.
pub(super) fn rates(deltas: &Deltas<{ EVENTS.len() }>, at: Timestamp, queries: &mut HostQueries) {
    let (Some(from), Some((_, [all, inserts, failed]))) = (deltas.from, deltas.rows.first()) else { return };
    let rate = |count: i64| {
        let (seconds, count) = (at.since(from).as_secs_f64(), u32::try_from(count).ok()?);
        (seconds > 0.0).then(|| (f64::from(count) / seconds * 1000.0).round() / 1000.0)
    };
    queries.per_second = rate(*all);
    queries.inserts_per_second = rate(*inserts);
    queries.failed_per_second = rate(*failed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::fixture::{Cell, Table};

    #[test]
    fn metrics_of_each_node_are_decoded_into_their_fields() {
        let row = |host: &str, kind: &str, name: &str, value: i64| {
            let text = |text: &str| Cell::Text(text.to_owned());
            vec![text(host), text("26.7.2.1"), Cell::Int(77), text(kind), text(name), Cell::Int(value)]
        };
        let rows = vec![
            row("a", "metric", "Query", 3),
            row("a", "metric", "BackgroundMergesAndMutationsPoolTask", 2),
            row("a", "metric", "BackgroundMergesAndMutationsPoolSize", 32),
            row("a", "metric", "BackgroundPoolTask", 1),
            row("b", "metric", "HTTPConnection", 4),
            row("b", "event", "InsertQuery", 9),
            row("a", "event", "Query", 100),
        ];
        let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
        let (counted, hosts) = counters(&answer, Timestamp(5), true).expect("good rows");
        let counted: Vec<_> = counted.iter().map(|one| (&*one.host_name, one.values)).collect();
        assert_eq!(counted, [("a", [100, 0, 0]), ("b", [0, 9, 0])]);
        let a = &hosts["a"];
        assert_eq!((a.uptime_seconds, a.queries.running, a.connections.http), (Some(77), Some(3), None));
        let pools: Vec<_> = a.background_pools.iter().map(|p| (&*p.name, p.active, p.size)).collect();
        assert_eq!(pools, [("background", Some(1), None), ("merges_and_mutations", Some(2), Some(32))]);
        assert_eq!(hosts["b"].connections.http, Some(4));
    }

    #[test]
    fn a_disk_without_a_size_limit_has_no_sizes() {
        let row = |free, total| {
            let text = |text: &str| Cell::Text(text.to_owned());
            vec![text("d"), text("/d/"), Cell::Null, Cell::Int(free), Cell::Int(total)]
        };
        let table = Table(vec![row(25, 100), row(-1, -1)]);
        let disks: Vec<_> = (0..2).map(|row| disk(&mut Cursor::new(&table, row)).expect("a disk")).collect();
        assert_eq!((disks[0].used_pct, disks[0].total_bytes), (Some(75.0), Some(100)));
        assert_eq!((disks[1].used_pct, disks[1].free_bytes), (None, None));
    }
}
