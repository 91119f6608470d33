//! The size of each table and index on disk. PostgreSQL 14 and later; needs nothing. Measuring waits behind ACCESS
//! EXCLUSIVE locks, so what is locked is left out and keeps its last size; one that is locked in between costs its
//! page a second try at most.

use std::collections::HashMap;
use std::time::Duration;

use crate::collect::relations::OidPages;
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Every, Param, Reach, Server, Spec, Step,
};
use crate::model::relations::{RelationSize, RelationSizes};
use crate::model::{AnySnapshot, Engine, Timestamp};

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(300)),
    timeout: Duration::from_secs(10),
    ..Spec::new("relation_sizes", Engine::Postgres, || Box::<Sizes>::default())
};

const LIST: &str = include_str!("sql/relation_sizes/list.sql");
const LIST_COLUMNS: &[&str] = &["oid", "toast_oid"];
const SIZES: &str = include_str!("sql/relation_sizes/sizes.sql");
const SIZE_COLUMNS: &[&str] = &["oid", "bytes", "at"];
/// Relations per question.
const PAGE: usize = 1_000;

#[derive(Default)]
struct Sizes {
    /// Each with its TOAST table, 0 where there is none.
    listed: Option<Vec<(i64, i64)>>,
    /// Relations that are still to be measured in this run.
    pages: OidPages,
    /// By oid, of this run and those before: bytes, and when they were measured.
    measured: HashMap<i64, (i64, Timestamp)>,
}

impl Collector for Sizes {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        self.listed = None;
        Ok(Step::ask(LIST, LIST_COLUMNS))
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        if self.listed.is_none() {
            self.list(&answer)?;
        } else {
            for row in 0..answer.rows.len() {
                let mut cursor = Cursor::new(answer.rows, row);
                let oid = cursor.required_i64()?;
                // none: it was dropped meanwhile
                if let (Some(bytes), Some(at)) = (cursor.i64()?, cursor.timestamp()?) {
                    self.measured.insert(oid, (bytes, at));
                }
            }
        }
        Ok(self.next())
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        if self.listed.is_none() {
            return Err(refusal);
        }
        Ok(self.pages.retry().map_or_else(|| self.next(), ask))
    }
}

impl Sizes {
    fn list(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        let mut listed = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            listed.push((cursor.required_i64()?, cursor.i64()?.unwrap_or(0)));
        }
        let each = listed.iter().flat_map(|&(oid, toast)| [oid, toast]);
        let mut oids: Vec<i64> = each.filter(|oid| *oid != 0).collect();
        oids.reverse();
        let mut measured = std::mem::take(&mut self.measured);
        self.measured = oids.iter().filter_map(|oid| measured.remove_entry(oid)).collect();
        self.pages.restart(oids);
        self.listed = Some(listed);
        Ok(())
    }

    fn next(&mut self) -> Step {
        self.pages.next(PAGE).map_or_else(|| self.finish(), ask)
    }

    fn finish(&mut self) -> Step {
        let rows = self.measured.len() as u64;
        let sizes = self.listed.take().unwrap_or_default().into_iter().filter_map(|(oid, toast)| {
            let (bytes, at) = *self.measured.get(&oid)?;
            let toast_bytes = if toast == 0 { 0 } else { self.measured.get(&toast)?.0 };
            Some((oid, RelationSize { bytes, toast_bytes, at }))
        });
        let snapshots = vec![AnySnapshot::new(RelationSizes(sizes.collect()))];
        Step::done(Collected { snapshots, rows, ..Collected::default() })
    }
}

fn ask(oids: Param) -> Step {
    Step::ask_with(SIZES, vec![oids], SIZE_COLUMNS)
}
