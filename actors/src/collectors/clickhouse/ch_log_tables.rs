//! `tables` and `parts`: the size of the system log tables, and whether they have a TTL. ClickHouse 18.16
//! and later; needs SELECT on both, and to be shown the tables of `system`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Interner, NodeClock,
    SampleInterval, SampleTimes, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, LogTable, LogTables, NULL, Record, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::LOG_TABLES),
    every: Every::Fixed(Duration::from_secs(300)),
    timeout: Duration::from_secs(10),
    ..Spec::new("ch_log_tables", Engine::Clickhouse, || {
        Box::new(LogTableSizes {
            stage: Stage::Clock,
            times: SampleTimes::default(),
            interner: Interner::default(),
        })
    })
};

const TABLES: &str = include_str!("sql/ch_log_tables/tables.sql");
const TABLE_COLUMNS: &[&str] = &["host_name", "table_name", "engine_full", "date_column"];
const PARTS: &str = include_str!("sql/ch_log_tables/parts.sql");
const PART_COLUMNS: &[&str] = &[
    "host_name",
    "table_name",
    "row_count",
    "bytes_on_disk",
    "part_count",
    "oldest_day",
    "newest_day",
    "days",
];
const WIDTH: usize = streams::LOG_TABLES.columns.len();
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(900);
/// The day of parts without one.
const NO_DAY: &str = "1970-01-01";

struct LogTableSizes {
    stage: Stage,
    times: SampleTimes,
    interner: Interner,
}

/// By node and name.
type Tables = BTreeMap<(String, String), LogTable>;

/// The query whose answer comes next.
enum Stage {
    Clock,
    Tables(NodeClock),
    Parts(NodeClock, Tables),
}

impl Collector for LogTableSizes {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.stage = Stage::Clock;
        NodeClock::ask(server)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let ask = |sql: &str, columns| Step::ask(sql, columns);
        match std::mem::replace(&mut self.stage, Stage::Clock) {
            Stage::Clock => {
                self.stage = Stage::Tables(NodeClock::read(&answer)?);
                Ok(ask(TABLES, TABLE_COLUMNS))
            }
            Stage::Tables(clock) => {
                self.stage = Stage::Parts(clock, tables(&answer)?);
                Ok(ask(PARTS, PART_COLUMNS))
            }
            Stage::Parts(clock, mut tables) => {
                add_parts(&mut tables, &answer)?;
                Ok(Step::done(self.collected(&clock, tables.into_values().collect())))
            }
        }
    }
}

impl LogTableSizes {
    fn collected(&mut self, clock: &NodeClock, tables: Vec<LogTable>) -> Collected {
        let SampleInterval { from, gap } = self.times.take(clock.at, MAX_INTERVAL);
        let rows = tables.iter().map(|table| self.row(table)).collect();
        Collected {
            records: vec![Record::new(&streams::LOG_TABLES, from, clock.at, rows)],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            rows: tables.len() as u64,
            snapshots: vec![AnySnapshot::new(LogTables { at: clock.at, tables })],
            ..Collected::default()
        }
    }

    fn row(&mut self, table: &LogTable) -> (u64, [i64; WIDTH]) {
        let row = streams::LogTablesRow {
            host_name: self.interner.intern(Some(&table.host_name)),
            name: self.interner.intern(Some(&table.name)),
            rows: table.rows,
            bytes: table.bytes_on_disk,
            parts: table.parts,
            has_ttl: table.has_ttl.map_or(NULL, i64::from),
        }
        .values();
        (table.series(), row)
    }
}

fn tables(answer: &Answer<'_>) -> Result<Tables, CellError> {
    let mut tables = Tables::new();
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let host_name = cursor.owned_text()?.unwrap_or_default();
        let name = cursor.owned_text()?.unwrap_or_default();
        let engine = cursor.text()?;
        let ttl = engine.and_then(ttl);
        let date_column = cursor.text()?.filter(|column| !column.is_empty()).map(str::to_owned);
        let table = LogTable {
            left_over_of: left_over_of(&name).map(str::to_owned),
            has_ttl: engine.map(|_| ttl.is_some()),
            ttl,
            date_column,
            rows: 0,
            bytes_on_disk: 0,
            parts: 0,
            oldest_day: None,
            newest_day: None,
            days: None,
            host_name: host_name.clone(),
            name: name.clone(),
        };
        tables.insert((host_name, name), table);
    }
    Ok(tables)
}

/// An empty table has no parts: it stays at zero.
fn add_parts(tables: &mut Tables, answer: &Answer<'_>) -> Result<(), CellError> {
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let (host_name, name) = (cursor.text()?.unwrap_or_default(), cursor.text()?.unwrap_or_default());
        let Some(table) = tables.get_mut(&(host_name.to_owned(), name.to_owned())) else { continue };
        table.rows = cursor.i64()?.unwrap_or_default();
        table.bytes_on_disk = cursor.i64()?.unwrap_or_default();
        table.parts = cursor.i64()?.unwrap_or_default();
        let mut day = || -> Result<Option<String>, CellError> {
            Ok(cursor.text()?.filter(|day| *day != NO_DAY).map(str::to_owned))
        };
        (table.oldest_day, table.newest_day) = (day()?, day()?);
        let days = cursor.i64()?;
        table.days = days.filter(|_| table.oldest_day.is_some() && table.newest_day.is_some());
    }
    Ok(())
}

/// The clause of an engine as the server writes it: `MergeTree PARTITION BY .. ORDER BY .. TTL .. SETTINGS ..`.
fn ttl(engine_full: &str) -> Option<String> {
    let (_, rest) = engine_full.split_once(" TTL ")?;
    let ttl = rest.rsplit_once(" SETTINGS ").map_or(rest, |(ttl, _)| ttl);
    Some(ttl.trim().to_owned())
}

/// The table that `query_log_0` was before it was put aside.
fn left_over_of(name: &str) -> Option<&str> {
    let (base, number) = name.rsplit_once('_')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ttl_is_parsed_from_between_order_by_and_settings() {
        let cases = [
            (
                "MergeTree PARTITION BY toYYYYMM(event_date) ORDER BY (event_date, event_time) SETTINGS index_granularity = 8192",
                None,
            ),
            (
                "MergeTree PARTITION BY toYYYYMM(event_date) ORDER BY event_date TTL event_date + toIntervalDay(30) SETTINGS index_granularity = 8192",
                Some("event_date + toIntervalDay(30)"),
            ),
            ("MergeTree ORDER BY x TTL d + toIntervalDay(1) DELETE", Some("d + toIntervalDay(1) DELETE")),
            ("MergeTree(event_date, event_time, 1024)", None),
        ];
        for (engine, expected) in cases {
            assert_eq!(ttl(engine).as_deref(), expected, "{engine}");
        }
    }

    #[test]
    fn renamed_copies_are_distinguished_from_the_current_table() {
        let cases = [
            ("query_log", None),
            ("query_log_0", Some("query_log")),
            ("text_log_12", Some("text_log")),
            ("zookeeper_log_", None),
        ];
        for (name, expected) in cases {
            assert_eq!(left_over_of(name), expected, "{name}");
        }
    }
}
