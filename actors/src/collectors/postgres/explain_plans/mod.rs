//! The plans of the statements with the most total time, from EXPLAIN without running them. PostgreSQL 14 and
//! later; needs `pg_read_all_stats`, and the right to read what the statements read. One statement a poll: some
//! milliseconds; their texts every 30 polls: 15 to 30 ms where the text file is large.

mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::queue::{Outcome, Queue};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, ExplainRequest, Interner, Notice, Param, Reach,
    Server, Spec, Step, advice,
};
use crate::model::{AnySnapshot, Engine, Record, Timestamp, streams};
use crate::plan::{self, LastPlans, Source};
use crate::text::Fingerprint;

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::PLANS),
    reach: Reach::Database,
    enabled_by: |target| target.collect_explain_plans,
    ..Spec::new("explain_plans", Engine::Postgres, || Box::<ExplainPlans>::default())
};

const STATEMENTS: &str = include_str!("../sql/explain_plans/statements.sql");
const STATEMENTS_COLUMNS: &[&str] = &["at", "user_name", "query", "beyond", "memberships"];
const CONTEXT: &str = include_str!("../sql/explain_plans/context.sql");
const CONTEXT_COLUMNS: &[&str] = &["at", "search_path"];

/// Characters of a text that are read; a longer one is cut off and not planned.
const LENGTH: i32 = 32_768;
/// Texts are read again after this many runs: five minutes at the default interval.
const TEXTS_EVERY: u64 = 30;

/// The statements, the queue, and the last plan of each.
#[derive(Default)]
struct ExplainPlans {
    run: u64,
    texts_at: Option<u64>,
    stage: Stage,
    queue: Queue,
    last: LastPlans,
    interner: Interner,
    rows: u64,
}

/// The query whose answer comes next.
#[derive(Debug, Default)]
enum Stage {
    #[default]
    Statements,
    Context(Fingerprint),
    Plan(Fingerprint, Timestamp),
}

impl Collector for ExplainPlans {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        let extension = server.statements()?;
        self.run += 1;
        self.rows = 0;
        self.queue.on(server);
        if self.texts_at.is_some_and(|at| self.run < at + TEXTS_EVERY) {
            return Ok(self.next(server));
        }
        self.texts_at = Some(self.run);
        self.stage = Stage::Statements;
        let sql = Arc::from(STATEMENTS.replace("{schema}", &extension.schema));
        Ok(Step::ask_with(sql, vec![Param::Int(LENGTH + 1)], STATEMENTS_COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.stage {
            Stage::Statements => {
                self.learn(&answer)?;
                Ok(self.next(server))
            }
            Stage::Context(fingerprint) => {
                let mut cursor = Cursor::new(answer.rows, 0);
                let at = cursor.required_timestamp()?;
                self.queue.is_now(at);
                let search_path = cursor.owned_text()?.unwrap_or_default();
                let Some(text) = self.queue.raw(fingerprint) else { return Ok(self.done(server, None)) };
                self.stage = Stage::Plan(fingerprint, at);
                Ok(Step::Explain(ExplainRequest { text, search_path, verbose: false }))
            }
            Stage::Plan(fingerprint, at) => self.explained(server, &answer, fingerprint, at),
        }
    }
}

impl ExplainPlans {
    fn learn(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        self.rows = answer.rows.len() as u64;
        self.queue.begin_sample();
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            self.queue.is_now(cursor.required_timestamp()?);
            let user_name = cursor.text()?.unwrap_or_default();
            let query = cursor.text()?;
            let beyond = cursor.bool()?.unwrap_or_default();
            let memberships = cursor.text()?;
            if row == 0 {
                self.queue.as_member_of(memberships.unwrap_or_default());
            }
            if let Some(query) = query.filter(|query| query.chars().count() <= LENGTH as usize) {
                self.queue.offer(user_name, query, beyond);
            }
        }
        self.queue.end_sample();
        Ok(())
    }

    /// Plans the next statement of the queue, if there is one.
    fn next(&mut self, server: &Server) -> Step {
        let Some((fingerprint, user_name)) = self.queue.take(self.run) else {
            return self.done(server, None);
        };
        self.stage = Stage::Context(fingerprint);
        Step::ask_with(CONTEXT, vec![Param::Text(user_name)], CONTEXT_COLUMNS)
    }

    fn explained(
        &mut self,
        server: &Server,
        answer: &Answer<'_>,
        fingerprint: Fingerprint,
        at: Timestamp,
    ) -> Result<Step, CollectError> {
        self.rows += 1;
        let mut cursor = Cursor::new(answer.rows, 0);
        let (json, code, refusal) = (cursor.text()?, cursor.text()?, cursor.text()?);
        let plan = match json.map(plan::read) {
            Some(Ok(plan)) => plan,
            Some(Err(error)) => {
                self.queue.note(fingerprint, Outcome::Refused { code: None, reason: error.to_string(), at });
                return Ok(self.done(server, None));
            }
            None => {
                let reason = refusal.unwrap_or_default().to_owned();
                let code = code.map(str::to_owned);
                self.queue.note(fingerprint, Outcome::Refused { code, reason, at });
                return Ok(self.done(server, None));
            }
        };
        self.queue.note(fingerprint, Outcome::Planned);
        let Some(text) = self.queue.text(fingerprint) else { return Ok(self.done(server, None)) };
        let row = plan::row((fingerprint, &text), Source::Generic, &plan, at, &mut self.interner);
        let record = Record::new(&streams::PLANS, Timestamp(at.as_millis() - 1), at, vec![row]);
        let event = self.last.record(fingerprint, &plan, at);
        let collected = Collected {
            records: vec![record],
            events: event.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            ..Collected::default()
        };
        Ok(self.done(server, Some(collected)))
    }

    fn done(&self, server: &Server, collected: Option<Collected>) -> Step {
        let mut collected = collected.unwrap_or_default();
        collected.rows = self.rows;
        collected.snapshots.push(AnySnapshot::new(self.queue.unplanned()));
        collected.notice = self.notice(server);
        Step::done(collected)
    }

    fn notice(&self, server: &Server) -> Option<Notice> {
        match (self.queue.denied(), self.queue.beyond()) {
            (0, 0) => None,
            (0, beyond) => Some(Notice::new(
                format!(
                    "{beyond} statements of other roles are not planned: {} is a superuser, and functions in them would run with its rights",
                    server.role
                ),
                "watch with a role of its own: CREATE ROLE basira LOGIN PASSWORD '...'; GRANT pg_monitor, pg_read_all_data TO basira;",
            )),
            (denied, _) => Some(Notice::new(
                format!("role {} may not read the tables of {denied} statements", server.role),
                advice::grant("pg_read_all_data", &server.role),
            )),
        }
    }
}
