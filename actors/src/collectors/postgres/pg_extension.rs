//! `pg_extension`: installed extensions, and whether a newer version is available. PostgreSQL 14 and later;
//! needs nothing. Reads one small file per extension on the server's disk.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Reach, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, Extensions, InstalledExtension};

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(300)),
    ..Spec::new("pg_extension", Engine::Postgres, || Box::new(Installed))
};

const SQL: &str = include_str!("sql/pg_extension/14.sql");
const COLUMNS: &[&str] = &["name", "schema", "version", "available_version"];

/// Has no state: each run shows the present.
struct Installed;

impl Collector for Installed {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        Ok(Step::ask(SQL, COLUMNS))
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let installed: Result<Vec<_>, CellError> =
            (0..answer.rows.len()).map(|row| read(&mut Cursor::new(answer.rows, row))).collect();
        Ok(Step::done(Collected {
            snapshots: vec![AnySnapshot::new(Extensions(installed?))],
            rows: answer.rows.len() as u64,
            ..Collected::default()
        }))
    }
}

fn read(cursor: &mut Cursor<'_>) -> Result<InstalledExtension, CellError> {
    let name = cursor.owned_text()?.unwrap_or_default();
    let schema = cursor.owned_text()?.unwrap_or_default();
    let version = cursor.owned_text()?.unwrap_or_default();
    let available_version = cursor.owned_text()?;
    let update_available = available_version.as_ref().is_some_and(|available| *available != version);
    Ok(InstalledExtension { name, schema, version, available_version, update_available })
}
