//! The plans that `auto_explain` writes into the server's log, read by SQL functions. PostgreSQL 14 and later; needs
//! EXECUTE on `pg_current_logfile(text)`, `pg_ls_logdir()` and `pg_read_binary_file(text, bigint, bigint, boolean)`.
//! Costs what reading the new part of the log costs, at most 1 MiB a run.

mod entries;
#[cfg(test)]
mod fuzz;
mod line_prefix;
mod log_position;
mod needs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use self::entries::{Entry, Format};
use self::log_position::LogPosition;
use self::needs::LogSettings;
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Every, FoundGap, Interner, Notice, Param, Reach,
    Server, Spec, Step,
};
use crate::model::{Engine, Event, GapReason, Record, Timestamp, streams};
use crate::plan::{self, LastPlans, Plan, PlanError, Source};
use crate::text::{self, Fingerprint};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::PLANS),
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(30)),
    enabled_by: |target| target.collect_explain_plans,
    ..Spec::new("auto_explain", Engine::Postgres, || Box::<AutoExplain>::default())
};

const FACTS: &str = include_str!("../sql/auto_explain/facts.sql");
const FILE: &str = include_str!("../sql/auto_explain/file.sql");
const FILE_COLUMNS: &[&str] = &["path", "size"];
const READ: &str = include_str!("../sql/auto_explain/read.sql");
const READ_COLUMNS: &[&str] = &["content"];

/// The position in the log, and the last plan of each statement.
#[derive(Default)]
struct AutoExplain {
    stage: Stage,
    position: Option<LogPosition>,
    previous: Option<Timestamp>,
    last: LastPlans,
    interner: Interner,
    gap: bool,
}

/// The query whose answer comes next.
#[derive(Debug, Default, Clone)]
enum Stage {
    #[default]
    Settings,
    File {
        at: Timestamp,
        format: Format,
    },
    Content {
        at: Timestamp,
        format: Format,
    },
}

impl Collector for AutoExplain {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        self.stage = Stage::Settings;
        Ok(Step::ask(FACTS, needs::COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.stage.clone() {
            Stage::Settings => {
                let facts = LogSettings::read(&mut Cursor::new(answer.rows, 0))?;
                let format = facts.format(server)?;
                let params = vec![Param::Text(format.destination().to_owned())];
                self.stage = Stage::File { at: facts.at, format };
                Ok(Step::ask_with(FILE, params, FILE_COLUMNS))
            }
            Stage::File { at, format } => {
                let mut cursor = Cursor::new(answer.rows, 0);
                let (path, size) = (cursor.text()?, cursor.i64()?);
                let (path, size) = path.zip(size).ok_or_else(needs::no_file)?;
                Ok(self.read_on(at, format, path, size))
            }
            Stage::Content { at, format } => {
                let content = Cursor::new(answer.rows, 0).text()?;
                self.take(server, at, &format, content.map(log_position::bytes))
            }
        }
    }
}

impl AutoExplain {
    /// Asks for what is new in the log, unless there is nothing.
    fn read_on(&mut self, at: Timestamp, format: Format, path: &str, size: i64) -> Step {
        let Some(position) = &mut self.position else {
            self.position = Some(LogPosition::at_end(path, size));
            return self.done(at, Vec::new(), Vec::new(), None, 0);
        };
        self.gap = position.update(path, size);
        let Some(params) = position.read_params() else {
            return self.done(at, Vec::new(), Vec::new(), None, 0);
        };
        self.stage = Stage::Content { at, format };
        Step::ask_with(READ, params, READ_COLUMNS)
    }

    fn take(
        &mut self,
        server: &Server,
        at: Timestamp,
        format: &Format,
        content: Option<Vec<u8>>,
    ) -> Result<Step, CollectError> {
        let content = content.unwrap_or_default();
        let (entries, read) = entries::read(format, &content, &server.database);
        if let Some(position) = &mut self.position {
            self.gap |= position.advance(read, content.len());
        }
        let mut found: HashMap<(Fingerprint, u64), LoggedPlan> = HashMap::new();
        let mut unread = None;
        for entry in &entries {
            match LoggedPlan::of(entry) {
                Ok(Some(logged)) => {
                    let known =
                        found.entry((logged.query, logged.plan.hash.0)).or_insert_with(|| logged.clone());
                    if logged.plan.actual_time_ms > known.plan.actual_time_ms {
                        *known = logged;
                    }
                }
                Ok(None) => {}
                Err(error) => unread = Some(error),
            }
        }
        let mut rows = Vec::new();
        let mut events = Vec::new();
        for LoggedPlan { query, text, plan } in found.into_values() {
            rows.push(plan::row((query, &text), Source::AutoExplain, &plan, at, &mut self.interner));
            events.extend(self.last.record(query, &plan, at));
        }
        Ok(self.done(at, rows, events, unread, entries.len() as u64))
    }

    fn done(
        &mut self,
        at: Timestamp,
        rows: Vec<(u64, [i64; streams::PLANS.columns.len()])>,
        events: Vec<Event>,
        unread: Option<PlanError>,
        read: u64,
    ) -> Step {
        let from = self.previous.replace(at).unwrap_or(Timestamp(at.as_millis() - 1));
        let gap = std::mem::take(&mut self.gap).then_some(FoundGap {
            from: Some(from),
            to: at,
            reason: GapReason::NotWatched,
        });
        let record = (!rows.is_empty()).then(|| Record::new(&streams::PLANS, from, at, rows));
        Step::done(Collected {
            records: record.into_iter().collect(),
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            events,
            rows: read,
            notice: unread.map(|error| {
                Notice::new(
                    format!("a logged plan was left out: {error}"),
                    "SET auto_explain.log_verbose = off for large plans",
                )
            }),
            ..Collected::default()
        })
    }
}

/// One logged run of a statement, without its literals.
#[derive(Clone)]
struct LoggedPlan {
    query: Fingerprint,
    text: Arc<str>,
    plan: Plan,
}

impl LoggedPlan {
    /// Nothing for a statement of our own.
    fn of(entry: &Entry) -> Result<Option<Self>, PlanError> {
        let mut plan = plan::read(&entry.json)?;
        let raw = plan::query_text(&entry.json).ok_or(PlanError::Unreadable)?;
        if text::is_own(&raw) {
            return Ok(None);
        }
        // without timing, how long the whole statement took is known all the same
        plan.actual_time_ms = plan.actual_time_ms.or(Some(entry.duration_ms));
        let normalised = text::normalise(Engine::Postgres, &raw);
        Ok(Some(Self { query: normalised.fingerprint, text: Arc::from(normalised.text), plan }))
    }
}
