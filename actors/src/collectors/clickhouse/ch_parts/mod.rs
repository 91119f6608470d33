//! The rows, bytes and parts of tables. ClickHouse 18.16 and later; needs `SHOW TABLES` to see those of others. Parts are
//! counted by the server: no row per part leaves it.

mod detached;
mod history;
mod limits;
mod read;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use self::detached::Detached;
use self::history::History;
use self::limits::{Defaults, Limits, overrides};
use self::read::{Counted, Listed, Listing, Name};
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, PartsSnapshot, StoredTable, TableParts, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::PARTS),
    every: Every::Fixed(Duration::from_secs(60)),
    // of each question; a server with millions of parts takes seconds to count them
    timeout: Duration::from_secs(20),
    ..Spec::new("ch_parts", Engine::Clickhouse, || Box::new(Parts::new()))
};

const LIMITS: [(u32, &str); 2] = [
    (1816, include_str!("../sql/ch_parts/limits/18.16.sql")),
    (2010, include_str!("../sql/ch_parts/limits/20.10.sql")),
];
const TABLES: &str = include_str!("../sql/ch_parts/tables.sql");
const OVERRIDES: &str = include_str!("../sql/ch_parts/overrides.sql");
const OVERRIDES_COLUMNS: &[&str] = &["host_name", "database_name", "table_name", "definition"];
const PARTS: &str = include_str!("../sql/ch_parts/parts.sql");
const DETACHED: &str = include_str!("../sql/ch_parts/detached.sql");

/// Definitions cost a file to read each, so they are read again only when one has changed, or after this long.
const OVERRIDES_EVERY: Duration = Duration::from_secs(3600);
const SETTLED: Duration = Duration::from_secs(2);

/// The query whose answer comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Limits,
    Tables,
    Overrides,
    Parts,
    Detached,
}

struct Parts {
    asked: Asked,
    /// The server's clock in this run.
    at: Timestamp,
    defaults: Defaults,
    listing: Listing,
    overrides: HashMap<u64, Limits>,
    /// The listing that the overrides were read with, and when.
    overrides_of: Option<(u64, Timestamp)>,
    counted: HashMap<u64, Counted>,
    detached: Detached,
    history: History,
}

impl Collector for Parts {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        Ok(self.ask(Asked::Limits, server.variant(&LIMITS)?, Defaults::COLUMNS))
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.asked {
            Asked::Limits => {
                let (defaults, at) = Defaults::read(&answer)?;
                self.defaults = defaults;
                // its clock ticks in seconds; two runs are never at the same time
                self.at = self.history.after(at);
                return Ok(self.ask(Asked::Tables, TABLES, Listed::COLUMNS));
            }
            Asked::Tables => {
                self.listing = Listing::read(&answer)?;
                if self.are_overrides_old() {
                    return Ok(self.ask(Asked::Overrides, OVERRIDES, OVERRIDES_COLUMNS));
                }
            }
            Asked::Overrides => {
                self.overrides = read_overrides(&answer)?;
                // definitions are dated in seconds: one may change again in the second that it was read in
                let is_settled = self.at.since(self.listing.changed_at) >= SETTLED;
                self.overrides_of = is_settled.then_some((self.listing.fingerprint, self.at));
            }
            Asked::Parts => {
                self.counted = Counted::read(&answer)?;
                if self.detached.is_due(self.at) {
                    return Ok(self.ask(Asked::Detached, DETACHED, Detached::COLUMNS));
                }
                return Ok(self.finish());
            }
            Asked::Detached => {
                self.detached.take(&answer, self.at)?;
                return Ok(self.finish());
            }
        }
        Ok(self.ask(Asked::Parts, PARTS, Counted::COLUMNS))
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        if self.asked != Asked::Detached {
            return Err(refusal);
        }
        self.detached.refuse(&refusal, self.at);
        Ok(self.finish())
    }
}

impl Parts {
    fn new() -> Self {
        Self {
            asked: Asked::Limits,
            at: Timestamp(0),
            defaults: Defaults::default(),
            listing: Listing::EMPTY,
            overrides: HashMap::new(),
            overrides_of: None,
            counted: HashMap::new(),
            detached: Detached::default(),
            history: History::default(),
        }
    }

    fn ask(&mut self, what: Asked, sql: &'static str, columns: &'static [&'static str]) -> Step {
        self.asked = what;
        Step::ask(sql, columns)
    }

    fn are_overrides_old(&self) -> bool {
        let known = self.overrides_of.filter(|(listing, _)| *listing == self.listing.fingerprint);
        known.is_none_or(|(_, at)| self.at.since(at) >= OVERRIDES_EVERY)
    }

    fn finish(&mut self) -> Step {
        let mut counted = std::mem::take(&mut self.counted);
        let mut tables: Vec<StoredTable> = Vec::with_capacity(self.listing.tables.len());
        for listed in std::mem::take(&mut self.listing.tables) {
            let parts = counted.remove(&listed.name.series);
            tables.push(self.table(listed, parts));
        }
        // made between the two questions
        tables.extend(counted.into_values().map(|parts| self.table(parts.listed(), Some(parts))));
        let gap = self.history.gap(self.at);
        let record = self.history.record(&tables, self.at);
        Step::done(Collected {
            records: record.into_iter().collect(),
            gaps: gap.into_iter().collect(),
            dictionary: self.history.interner.drain_new(),
            rows: tables.len() as u64,
            snapshots: vec![AnySnapshot::new(PartsSnapshot { at: self.at, tables })],
            notice: self.detached.notice(),
            ..Collected::default()
        })
    }

    fn table(&self, listed: Listed, counted: Option<Counted>) -> StoredTable {
        let Listed { name, engine, rows, bytes } = listed;
        let Name { series, host_name, database, table } = name;
        let has_parts = counted.is_some() || engine.ends_with("MergeTree");
        // one that has none has no row either
        let held = counted.as_ref().map(|counted| (counted.rows, counted.bytes));
        let (rows, bytes) = held.or(has_parts.then_some((Some(0), Some(0)))).unwrap_or((rows, bytes));
        let limits = self.overrides.get(&series).copied().unwrap_or_default();
        let limits = limits.or(self.defaults.of(&host_name, &engine));
        let parts = has_parts.then(|| TableParts {
            parts_to_delay_insert: limits.delay,
            parts_to_throw_insert: limits.throw,
            detached_parts: self.detached.of(series),
            ..counted.map(|counted| counted.parts).unwrap_or_default()
        });
        StoredTable { series, host_name, database, table, engine, rows, bytes, parts }
    }
}

fn read_overrides(answer: &Answer<'_>) -> Result<HashMap<u64, Limits>, CellError> {
    let read = |row| {
        let mut cursor = Cursor::new(answer.rows, row);
        let name = Name::read(&mut cursor)?;
        Ok((name.series, overrides(cursor.text()?.unwrap_or_default())))
    };
    (0..answer.rows.len()).map(read).collect()
}
