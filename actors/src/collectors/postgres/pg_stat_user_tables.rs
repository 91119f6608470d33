//! `pg_stat_user_tables`: activity of each table. PostgreSQL 14 and later; needs nothing. Materialised views and
//! partitions are tables too; system and temporary ones are left out, TOAST counts only into sizes.

use crate::collect::relations::{RelationKind, RelationTracker, is_nothing};
use crate::collect::{Answer, CellError, CollectError, Collector, Cursor, Reach, Server, Spec, Step};
use crate::model::relations::{TABLE_COLUMNS, TableSnapshot};
use crate::model::{AnySnapshot, Engine, EventKind, NULL, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::TABLES),
    reach: Reach::Database,
    ..Spec::new("pg_stat_user_tables", Engine::Postgres, || Box::new(Tables(RelationTracker::new(&KIND))))
};

static KIND: RelationKind<TABLE_COLUMNS> = RelationKind {
    stream: &streams::TABLES,
    sql: include_str!("sql/pg_stat_user_tables/14.sql"),
    columns: COLUMNS,
    read,
    names: include_str!("sql/pg_stat_user_tables/names.sql"),
    created: EventKind::TableCreated,
    dropped: EventKind::TableDropped,
    inherits: false,
    snapshot: |relations| AnySnapshot::new(TableSnapshot(relations)),
};

const COLUMNS: &[&str] = &[
    "oid",
    "named",
    "seq_scan",
    "seq_tup_read",
    "n_tup_ins",
    "n_tup_upd",
    "n_tup_del",
    "n_tup_hot_upd",
    "blks_fetched",
    "blks_hit",
    "n_live_tup",
    "n_dead_tup",
    "n_mod_since_analyze",
    "last_vacuum",
    "last_autovacuum",
    "last_analyze",
    "last_autoanalyze",
    "pages",
    "tuples",
    "at",
    "reset_at",
    "in_recovery",
    "commits",
];

struct Tables(RelationTracker<TABLE_COLUMNS>);

impl Collector for Tables {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        Ok(self.0.begin())
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        self.0.answer(server, &answer)
    }
}

const INSERTED: usize = 2;
const READ: usize = 6;
const HIT: usize = 7;
const LIVE: usize = 8;
const MODIFIED: usize = 10;
const TIMES: std::ops::Range<usize> = 11..15;
const SIZE: usize = 15;

fn read(server: &Server, cursor: &mut Cursor<'_>) -> Result<[i64; TABLE_COLUMNS], CellError> {
    let mut values = [NULL; TABLE_COLUMNS];
    for cell in &mut values[..TIMES.start] {
        *cell = cursor.i64()?.unwrap_or(0);
    }
    for cell in &mut values[TIMES] {
        *cell = cursor.instant()?;
    }
    values[READ] = (values[READ] - values[HIT]).max(0);
    values[SIZE] = cursor.i64()?.unwrap_or(0) * server.block_bytes;
    let tuples = cursor.i64()?.unwrap_or(0);
    if tuples != 0 && never_counted(&values) {
        values[LIVE..=MODIFIED].fill(NULL);
    }
    // counters that began after the rows count only what came since: the estimate of the planner is closer
    if values[LIVE] != NULL && values[TIMES].iter().all(|cell| *cell == NULL) {
        values[LIVE] = values[LIVE].max(tuples);
    }
    Ok(values)
}

/// Nothing is known of its rows: neither written nor analysed since the counters began.
fn never_counted(values: &[i64; TABLE_COLUMNS]) -> bool {
    is_nothing(values[INSERTED])
        && values[LIVE..=MODIFIED].iter().all(|cell| *cell == 0)
        && values[TIMES].iter().all(|cell| *cell == NULL)
}
