//! `pg_stat_user_indexes`: usage of each index. PostgreSQL 14 and later; needs nothing. Those of system tables,
//! of temporary tables and of TOAST are left out.

use crate::collect::relations::{RelationKind, RelationTracker};
use crate::collect::{Answer, CellError, CollectError, Collector, Cursor, Reach, Server, Spec, Step};
use crate::model::relations::{INDEX_COLUMNS, IndexSnapshot};
use crate::model::{AnySnapshot, Engine, EventKind, NULL, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::INDEXES),
    reach: Reach::Database,
    ..Spec::new("pg_stat_user_indexes", Engine::Postgres, || Box::new(Indexes(RelationTracker::new(&KIND))))
};

static KIND: RelationKind<INDEX_COLUMNS> = RelationKind {
    stream: &streams::INDEXES,
    sql: include_str!("sql/pg_stat_user_indexes/14.sql"),
    columns: COLUMNS,
    read,
    names: include_str!("sql/pg_stat_user_indexes/names.sql"),
    created: EventKind::IndexCreated,
    dropped: EventKind::IndexDropped,
    inherits: true,
    snapshot: |relations| AnySnapshot::new(IndexSnapshot(relations)),
};

const COLUMNS: &[&str] = &[
    "oid",
    "named",
    "idx_scan",
    "idx_tup_read",
    "idx_tup_fetch",
    "blks_fetched",
    "blks_hit",
    "pages",
    "at",
    "reset_at",
    "in_recovery",
    "commits",
];

struct Indexes(RelationTracker<INDEX_COLUMNS>);

impl Collector for Indexes {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        Ok(self.0.begin())
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        self.0.answer(server, &answer)
    }
}

const READ: usize = 3;
const HIT: usize = 4;
const SIZE: usize = 5;

fn read(server: &Server, cursor: &mut Cursor<'_>) -> Result<[i64; INDEX_COLUMNS], CellError> {
    let mut values = [NULL; INDEX_COLUMNS];
    for cell in &mut values[..=HIT] {
        *cell = cursor.i64()?.unwrap_or(0);
    }
    values[READ] = (values[READ] - values[HIT]).max(0);
    values[SIZE] = cursor.i64()?.unwrap_or(0) * server.block_bytes;
    Ok(values)
}
