//! `merges`: running merges and mutations of parts. ClickHouse 18.16 and later; needs `SHOW TABLES` to see those of
//! others. Costs 5 ms.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, Merge, MergeSnapshot};

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(10)),
    ..Spec::new("ch_merges", Engine::Clickhouse, || Box::new(Merges))
};

const VARIANTS: [(u32, &str); 1] = [(1816, include_str!("sql/ch_merges/18.16.sql"))];
const COLUMNS: &[&str] = &[
    "host_name",
    "database_name",
    "table_name",
    "elapsed_ms",
    "progress_pct",
    "part_count",
    "compressed_bytes",
    "read_bytes",
    "read_rows",
    "written_rows",
    "memory_bytes",
    "of_mutation",
    "kind",
    "result_part",
];

/// Has no state: each run shows the present.
struct Merges;

impl Collector for Merges {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let rows = (0..answer.rows.len()).map(|row| read(&mut Cursor::new(answer.rows, row)));
        let merges: Vec<Merge> = rows.collect::<Result<_, _>>()?;
        Ok(Step::done(Collected {
            rows: merges.len() as u64,
            snapshots: vec![AnySnapshot::new(MergeSnapshot { merges })],
            ..Collected::default()
        }))
    }
}

fn read(cursor: &mut Cursor<'_>) -> Result<Merge, CellError> {
    Ok(Merge {
        host_name: cursor.owned_text()?,
        database: cursor.owned_text()?.unwrap_or_default(),
        table: cursor.owned_text()?.unwrap_or_default(),
        elapsed_ms: cursor.i64()?,
        progress_pct: cursor.f64()?,
        num_parts: cursor.i64()?,
        total_size_bytes_compressed: cursor.i64()?,
        bytes_read_uncompressed: cursor.i64()?,
        rows_read: cursor.i64()?,
        rows_written: cursor.i64()?,
        memory_usage: cursor.i64()?,
        is_mutation: cursor.bool()?,
        merge_type: cursor.text()?.filter(|kind| !kind.is_empty()).map(str::to_owned),
        result_part_name: cursor.owned_text()?,
    })
}
