//! `mutations`: running mutations, and which of them make no progress. ClickHouse 18.16 and later; needs
//! `SHOW TABLES` to see those of others. Costs 5 ms.

mod progress;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use self::progress::Progress;
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Server, Spec, Step, TextCache,
};
use crate::model::{AnySnapshot, Engine, Mutation, MutationSnapshot, Timestamp};
use crate::text;

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(10)),
    ..Spec::new("ch_mutations", Engine::Clickhouse, || Box::<Mutations>::default())
};

const VARIANTS: [(u32, &str); 1] = [(1816, include_str!("../sql/ch_mutations/18.16.sql"))];
const COLUMNS: &[&str] = &[
    "host_name",
    "database_name",
    "table_name",
    "mutation_id",
    "command_text",
    "created_at",
    "age_seconds",
    "parts_left",
    "done",
    "killed",
    "failed_part",
    "failed_at",
    "fail_reason",
    "fail_code_name",
];
const RUNNING: &str = include_str!("../sql/ch_mutations/running.sql");
const RUNNING_COLUMNS: &[&str] = &["host_name", "database_name", "table_name"];

/// A cache of normalised commands, and the progress of each mutation at the previous run.
#[derive(Default)]
struct Mutations {
    texts: TextCache,
    progress: Progress,
    /// Read in this run, not judged yet.
    looked: Vec<Looked>,
}

/// One mutation, and whether nothing was done for it for so long that it seems stuck.
struct Looked {
    mutation: Mutation,
    is_idle: bool,
}

impl Collector for Mutations {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.looked.clear();
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        if !self.looked.is_empty() {
            return Ok(self.finish(&running(&answer)?));
        }
        self.progress.begin_sample();
        for row in 0..answer.rows.len() {
            let looked = self.read(&mut Cursor::new(answer.rows, row))?;
            self.looked.push(looked);
        }
        self.progress.end_sample();
        if self.looked.iter().any(|looked| looked.is_idle) {
            // a large part may take as long
            return Ok(Step::ask(RUNNING, RUNNING_COLUMNS));
        }
        Ok(self.finish(&HashSet::new()))
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        if self.looked.is_empty() {
            return Err(refusal);
        }
        Ok(self.finish(&HashSet::new()))
    }
}

impl Mutations {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<Looked, CellError> {
        let host_name = cursor.non_empty_text()?;
        let mut required = || Ok(cursor.owned_text()?.unwrap_or_default());
        let (database, table, mutation_id) = (required()?, required()?, required()?);
        let raw = cursor.text()?.unwrap_or_default();
        let create_time = instant(cursor)?;
        let (age_seconds, parts_to_do) = (cursor.i64()?, cursor.i64()?);
        let (is_done, is_killed) = (cursor.bool()?.unwrap_or_default(), cursor.bool()?);
        let (latest_failed_part, latest_fail_time) = (cursor.non_empty_text()?, instant(cursor)?);
        let reason = cursor.text()?.filter(|reason| !reason.is_empty());
        let mutation = Mutation {
            command: self.texts.normalise(Engine::Clickhouse, raw).0.to_string(),
            create_time,
            parts_to_do,
            is_done,
            is_killed,
            latest_failed_part,
            latest_fail_time,
            latest_fail_reason: reason.map(|reason| text::failure(reason, raw)),
            latest_fail_error_code_name: cursor.non_empty_text()?,
            stuck: false,
            host_name,
            database,
            table,
            mutation_id,
        };
        let is_idle = is_open(&mutation) && self.progress.is_idle(&mutation, age_seconds);
        Ok(Looked { mutation, is_idle })
    }

    /// Judges what was read; `running` are the tables of which a part is being rewritten.
    fn finish(&mut self, running: &HashSet<Place>) -> Step {
        let mutations = self.looked.drain(..).map(|Looked { mutation, is_idle }| {
            let fails = mutation.latest_fail_reason.is_some();
            let stuck = is_open(&mutation) && (fails || (is_idle && !running.contains(&place(&mutation))));
            Mutation { stuck, ..mutation }
        });
        let mutations: Vec<Mutation> = mutations.collect();
        Step::done(Collected {
            rows: mutations.len() as u64,
            snapshots: vec![AnySnapshot::new(MutationSnapshot { mutations })],
            ..Collected::default()
        })
    }
}

fn is_open(mutation: &Mutation) -> bool {
    !mutation.is_done && mutation.is_killed != Some(true)
}

/// A node, a database and a table.
type Place = [String; 3];

fn place(mutation: &Mutation) -> Place {
    [mutation.host_name.clone().unwrap_or_default(), mutation.database.clone(), mutation.table.clone()]
}

fn running(answer: &Answer<'_>) -> Result<HashSet<Place>, CellError> {
    let place = |row| {
        let mut cursor = Cursor::new(answer.rows, row);
        let mut text = || Ok(cursor.owned_text()?.unwrap_or_default());
        Ok([text()?, text()?, text()?])
    };
    (0..answer.rows.len()).map(place).collect()
}

/// The next cell, a time; the beginning of time stands for none.
fn instant(cursor: &mut Cursor<'_>) -> Result<Option<Timestamp>, CellError> {
    Ok(cursor.timestamp()?.filter(|at| at.as_millis() > 0))
}
