//! Each table of a database, compared with its autovacuum thresholds. PostgreSQL 14 and later; needs nothing. Costs 10 ms of
//! a backend per 1,000 tables; the worst few hundred come back.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Reach, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, VacuumTable, VacuumTables};

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("vacuum", Engine::Postgres, || Box::new(Vacuum))
};

const VARIANTS: [(u32, &str); 2] =
    [(14, include_str!("sql/vacuum/14.sql")), (18, include_str!("sql/vacuum/18.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "schema_name",
    "table_name",
    "enabled",
    "live_tuples",
    "dead_tuples",
    "vacuum_trigger",
    "vacuum_pct",
    "inserted",
    "insert_trigger",
    "insert_pct",
    "xid_age",
    "mxid_age",
    "toast_xid_age",
    "freeze_max_age",
    "freeze_pct",
    "mxid_freeze_pct",
    "due",
    "last_vacuum_at",
    "last_autovacuum_at",
];

/// Has no state: each run shows the present.
struct Vacuum;

impl Collector for Vacuum {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let at = Cursor::new(answer.rows, 0).required_timestamp()?;
        let rows =
            (0..answer.rows.len()).map(|row| table(&server.database, &mut Cursor::new(answer.rows, row)));
        let tables: Vec<VacuumTable> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Step::done(Collected {
            rows: tables.len() as u64,
            snapshots: vec![AnySnapshot::new(VacuumTables { at, tables })],
            ..Collected::default()
        }))
    }
}

/// One row; without any table there is one that has only the time.
fn table(database: &str, cursor: &mut Cursor<'_>) -> Result<Option<VacuumTable>, CellError> {
    cursor.required_timestamp()?;
    let Some(schema_name) = cursor.owned_text()? else { return Ok(None) };
    Ok(Some(VacuumTable {
        database_name: database.to_owned(),
        schema_name,
        table_name: cursor.owned_text()?.unwrap_or_default(),
        autovacuum_enabled: cursor.bool()?.unwrap_or_default(),
        live_tuples: cursor.i64()?,
        dead_tuples: cursor.i64()?,
        vacuum_trigger: cursor.i64()?,
        vacuum_trigger_pct: cursor.i64()?,
        inserted_since_vacuum: cursor.i64()?,
        insert_trigger: cursor.i64()?,
        insert_trigger_pct: cursor.i64()?,
        xid_age: cursor.i64()?,
        mxid_age: cursor.i64()?,
        toast_xid_age: cursor.i64()?,
        freeze_max_age: cursor.i64()?,
        freeze_pct: cursor.i64()?,
        mxid_freeze_pct: cursor.i64()?,
        due: cursor.bool()?.unwrap_or_default(),
        last_vacuum: cursor.timestamp()?,
        last_autovacuum: cursor.timestamp()?,
    }))
}
