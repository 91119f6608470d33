//! Indexes that would speed up the statements with the most total time. Statements are planned, never run,
//! and no index is created. PostgreSQL 14 and later; needs `pg_read_all_stats`, and the right to read what the statements
//! read; with the extension `HypoPG`, on a standby or where the registration allows it, the planner verifies them.
//! At most 50 plans an hour, some milliseconds each.

mod outcome;
mod proposals;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use self::outcome::{Tried, advices};
use self::proposals::{Existing, Planned, Proposal, Tables, proposals};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Every, ExplainRequest, Param, Reach, Server, Spec,
    Step,
};
use crate::model::{AnySnapshot, Engine, Timestamp};
use crate::plan;
use crate::text::{self, Fingerprint};

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(3600)),
    enabled_by: |target| target.collect_explain_plans,
    ..Spec::new("index_advice", Engine::Postgres, || Box::<IndexAdvisor>::default())
};

const STATEMENTS: &str = include_str!("../sql/index_advice/statements.sql");
const STATEMENTS_COLUMNS: &[&str] = &["query", "beyond", "search_path"];
const COLUMNS: &str = include_str!("../sql/index_advice/columns.sql");
const INDEXES: &str = include_str!("../sql/index_advice/indexes.sql");
const INDEXES_COLUMNS: &[&str] = &["table_oid", "is_unique", "keys", "columns"];
const HYPOPG: &str = include_str!("../sql/index_advice/hypopg.sql");
const HYPOPG_COLUMNS: &[&str] = &["schema", "in_recovery"];
const TRY: &str = include_str!("../sql/index_advice/try.sql");
const RESET: &str = include_str!("../sql/index_advice/reset.sql");

/// Characters of a text that are read; a longer one is cut off and not planned.
const LENGTH: i32 = 32_768;
/// Statements that are planned in a run.
const MOST_STATEMENTS: usize = 20;
/// Indexes that are proposed, and statements with which each is tried.
const MOST_PROPOSALS: usize = 10;
const MOST_TRIALS: usize = 3;
/// A text that failed is not sent again for this many runs: each try is a line in the server's log.
const REFUSED_FOR: u64 = 24;
/// What passes, or can be granted.
const PASSING: [&str; 3] = ["42501", "55P03", "57014"];

/// A statement to plan.
struct Asked {
    fingerprint: Fingerprint,
    text: Arc<str>,
    search_path: String,
}

/// The query whose answer comes next.
#[derive(Default)]
enum Stage {
    #[default]
    Statements,
    Plan(usize),
    Columns,
    Indexes,
    HypoPg,
    /// A hypothetical index is created.
    Try(usize),
    /// A statement is planned with it.
    Trial(usize, usize),
    /// The hypothetical index is dropped again.
    Reset(usize),
}

#[derive(Default)]
struct IndexAdvisor {
    run: u64,
    stage: Stage,
    asked: Vec<Asked>,
    refused: HashMap<Fingerprint, u64>,
    planned: Vec<Planned>,
    tables: Tables,
    at: Option<Timestamp>,
    /// When the writes of each table were read before, and what they were.
    written: HashMap<i64, (Timestamp, i64)>,
    writes_per_second: HashMap<i64, f64>,
    proposals: Vec<Proposal>,
    /// As SQL spells it; none when `HypoPG` is not to be used.
    hypopg: Option<String>,
    why_not: Option<String>,
    tried: Vec<Tried>,
    in_recovery: bool,
    rows: u64,
}

impl Collector for IndexAdvisor {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        let extension = server.statements()?;
        let sql = Arc::from(STATEMENTS.replace("{schema}", &extension.schema));
        self.run += 1;
        self.rows = 0;
        self.stage = Stage::Statements;
        (self.asked, self.planned, self.proposals) = (Vec::new(), Vec::new(), Vec::new());
        (self.tables, self.tried) = (Tables::new(), Vec::new());
        Ok(Step::ask_with(sql, vec![Param::Int(LENGTH + 1)], STATEMENTS_COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        self.rows += answer.rows.len() as u64;
        match self.stage {
            Stage::Statements => {
                self.choose(&answer)?;
                Ok(self.plan(server, 0))
            }
            Stage::Plan(place) => {
                self.note_plan(place, &answer)?;
                Ok(self.plan(server, place + 1))
            }
            Stage::Columns => {
                self.note_columns(&answer)?;
                self.stage = Stage::Indexes;
                let oids = self.tables.values().map(|table| table.oid).collect();
                Ok(ask(INDEXES, vec![Param::BigInts(oids)], INDEXES_COLUMNS))
            }
            Stage::Indexes => {
                let existing = read::indexes(answer.rows)?;
                self.propose(&existing);
                if self.proposals.is_empty() {
                    return Ok(self.done(server));
                }
                self.stage = Stage::HypoPg;
                Ok(ask(HYPOPG, Vec::new(), HYPOPG_COLUMNS))
            }
            Stage::HypoPg => {
                self.may_try(server, &answer)?;
                Ok(self.attempt(server, 0))
            }
            // no answer may fail from here to the reset: what is made up must not stay
            Stage::Try(place) => {
                self.tried[place].size_bytes = Cursor::new(answer.rows, 0).i64().ok().flatten();
                Ok(self.trial(place, 0))
            }
            Stage::Trial(place, turn) => {
                let plan = answer.rows.text(0, 0).ok().flatten().and_then(|json| plan::read(json).ok());
                self.tried[place].costs_after.push(plan.and_then(|plan| plan.total_cost));
                Ok(self.trial(place, turn + 1))
            }
            Stage::Reset(place) => Ok(self.attempt(server, place + 1)),
        }
    }

    fn refused(&mut self, server: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        match self.stage {
            Stage::Plan(place) => Ok(self.plan(server, place + 1)),
            Stage::Try(place) | Stage::Trial(place, _) => {
                self.tried[place].costs_after.clear();
                Ok(self.reset(place))
            }
            // the session would plan other statements with an index that is not there
            Stage::Reset(_) => Err(CollectError::Lost { reason: refusal.to_string() }),
            _ => Err(refusal),
        }
    }
}

fn ask(sql: &str, params: Vec<Param>, columns: &'static [&'static str]) -> Step {
    Step::ask_with(sql, params, columns)
}

impl IndexAdvisor {
    /// The statements that take the most time, each once.
    fn choose(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        let run = self.run;
        self.refused.retain(|_, at| run < *at + REFUSED_FOR);
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let raw = cursor.text()?.unwrap_or_default();
            let beyond = cursor.bool()?.unwrap_or(true);
            let search_path = cursor.owned_text()?.unwrap_or_default();
            let is_whole = raw.chars().count() <= LENGTH as usize;
            // planning what writes takes the right to write
            if beyond || !is_whole || text::plannable(raw).is_err() || text::writes(raw) {
                continue;
            }
            let fingerprint = text::normalise(Engine::Postgres, raw).fingerprint;
            let is_known = self.asked.iter().any(|known| known.fingerprint == fingerprint);
            if !is_known && !self.refused.contains_key(&fingerprint) && self.asked.len() < MOST_STATEMENTS {
                self.asked.push(Asked { fingerprint, text: Arc::from(raw), search_path });
            }
        }
        Ok(())
    }

    fn plan(&mut self, server: &Server, place: usize) -> Step {
        if let Some(asked) = self.asked.get(place) {
            self.stage = Stage::Plan(place);
            return explain(asked);
        }
        let columns: BTreeSet<[&str; 3]> = self
            .planned
            .iter()
            .flat_map(|planned| &planned.candidates)
            .flat_map(|one| {
                let columns = one.equal.iter().chain(&one.tail);
                columns.map(|column| [one.schema.as_str(), one.table.as_str(), column.name.as_str()])
            })
            .collect();
        if columns.is_empty() {
            return self.done(server);
        }
        self.stage = Stage::Columns;
        let wanted = serde_json::json!(columns).to_string();
        ask(COLUMNS, vec![Param::Text(wanted)], read::COLUMNS)
    }

    fn note_plan(&mut self, place: usize, answer: &Answer<'_>) -> Result<(), CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        let (json, code) = (cursor.text()?, cursor.text()?);
        let fingerprint = self.asked[place].fingerprint;
        let plan = json.and_then(|json| plan::read(json).ok());
        match plan.as_ref().and_then(|plan| Some((plan, plan.total_cost?))) {
            Some((plan, cost)) => {
                self.planned.push(Planned { fingerprint, cost, candidates: plan::candidates(&plan.json) });
            }
            None if code.is_some_and(|code| PASSING.contains(&code)) => {}
            None => {
                self.refused.insert(fingerprint, self.run);
            }
        }
        Ok(())
    }

    /// Tables with the columns that are wanted, and what was written to them since the run before.
    fn note_columns(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        let (tables, at) = read::tables(answer.rows)?;
        self.tables = tables;
        self.at = at;
        let Some(now) = at else { return Ok(()) };
        let mut written = HashMap::new();
        self.writes_per_second.clear();
        for table in self.tables.values() {
            if let Some((then, before)) = self.written.get(&table.oid)
                && now > *then
                && table.written >= *before
            {
                #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
                let rate = (table.written - before) as f64 / now.since(*then).as_secs_f64();
                self.writes_per_second.insert(table.oid, rate);
            }
            written.insert(table.oid, (now, table.written));
        }
        self.written = written;
        Ok(())
    }

    fn propose(&mut self, existing: &[Existing]) {
        self.proposals = proposals(&self.planned, &self.tables, existing);
        self.proposals.truncate(MOST_PROPOSALS);
        self.tried = self.proposals.iter().map(|_| Tried::default()).collect();
    }

    /// Takes whether hypothetical indexes may be tried, and why not.
    fn may_try(&mut self, server: &Server, answer: &Answer<'_>) -> Result<(), CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        let schema = cursor.owned_text()?;
        self.in_recovery = cursor.bool()?.unwrap_or_default();
        let allowed = self.in_recovery || server.try_indexes_on_primary;
        self.why_not = match &schema {
            None => Some("not tried: the extension hypopg is not installed in this database".to_owned()),
            Some(_) if !allowed => {
                Some("not tried: this is a primary, and try_indexes_on_primary is false".to_owned())
            }
            Some(_) => None,
        };
        self.hypopg = schema.filter(|_| allowed);
        Ok(())
    }

    fn attempt(&mut self, server: &Server, place: usize) -> Step {
        let (Some(schema), Some(proposal)) = (&self.hypopg, self.proposals.get(place)) else {
            return self.done(server);
        };
        let sql = TRY.replace("{schema}", schema);
        let create = outcome::create_sql(proposal, &self.tables[&proposal.table], false);
        self.stage = Stage::Try(place);
        ask(&sql, vec![Param::Text(create)], &["size_bytes"])
    }

    fn trial(&mut self, place: usize, turn: usize) -> Step {
        let helped = self.proposals[place].statements.get(turn).filter(|_| turn < MOST_TRIALS);
        let asked =
            helped.and_then(|helped| self.asked.iter().find(|asked| asked.fingerprint == helped.fingerprint));
        let Some(asked) = asked else { return self.reset(place) };
        self.stage = Stage::Trial(place, turn);
        explain(asked)
    }

    fn reset(&mut self, place: usize) -> Step {
        self.stage = Stage::Reset(place);
        let schema = self.hypopg.as_deref().unwrap_or_default();
        ask(&RESET.replace("{schema}", schema), Vec::new(), &["done"])
    }

    fn done(&self, server: &Server) -> Step {
        let context = outcome::Context {
            database: &server.database,
            tables: &self.tables,
            writes_per_second: if self.in_recovery { None } else { Some(&self.writes_per_second) },
            why_not: self.why_not.as_deref(),
            at: self.at.unwrap_or_else(Timestamp::now),
        };
        Step::done(Collected {
            snapshots: vec![AnySnapshot::new(advices(&self.proposals, &self.tried, &context))],
            rows: self.rows,
            ..Collected::default()
        })
    }
}

fn explain(asked: &Asked) -> Step {
    Step::Explain(ExplainRequest {
        text: Arc::clone(&asked.text),
        search_path: asked.search_path.clone(),
        verbose: true,
    })
}
