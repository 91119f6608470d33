//! Plans statements without running them.
//!
//! Safeguards against running a statement: both our own lexer and the parser of the server must find exactly one statement,
//! EXPLAIN has no ANALYZE, and the transaction is read-only and always rolled back. Functions that the planner itself could
//! run are checked before the server gets the text: see [`super::planning_safety`].

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio::task::coop::consume_budget;
use tokio_postgres::SimpleQueryMessage;

use super::{GRACE, Postgres};
use crate::collect::{CellError, CollectError, ExplainRequest, Rows};
use crate::model::Timestamp;
use crate::text;

/// The session disables parallel workers for its own queries; the plan is made with the default of PostgreSQL.
const BEGIN: &str =
    "BEGIN /* basira */ READ ONLY; SET /* basira */ LOCAL max_parallel_workers_per_gather = 2";
const SEARCH_PATH: &str = "SELECT /* basira */ pg_catalog.set_config('search_path', $1::text, true)";
const ROLLBACK: &str = "ROLLBACK /* basira */";
/// Plans without values of parameters (PostgreSQL 16 and later); the second for [`ExplainRequest::verbose`].
const EXPLAIN_GENERIC: [&str; 2] = [
    "EXPLAIN /* basira */ (GENERIC_PLAN, FORMAT JSON) ",
    "EXPLAIN /* basira */ (GENERIC_PLAN, VERBOSE, FORMAT JSON) ",
];
/// The same before PostgreSQL 16, where it is possible for prepared statements only.
const FORCE_GENERIC: &str = "SET /* basira */ LOCAL plan_cache_mode = force_generic_plan";
const PREPARE: &str = "PREPARE /* basira */ basira_plan AS ";
const COUNT_PARAMETERS: &str = "SELECT /* basira */ pg_catalog.cardinality(p.parameter_types) \
     FROM pg_catalog.pg_prepared_statements AS p WHERE p.name = 'basira_plan'";
const EXPLAIN_PREPARED: [&str; 2] = [
    "EXPLAIN /* basira */ (FORMAT JSON) EXECUTE basira_plan",
    "EXPLAIN /* basira */ (VERBOSE, FORMAT JSON) EXECUTE basira_plan",
];
const DEALLOCATE: &str = "DEALLOCATE basira_plan";

/// A plan, or why there is none.
pub(super) enum Explained {
    Plan(String),
    /// The SQLSTATE and a reason without literals.
    Refused(Option<String>, &'static str),
}

impl Postgres {
    /// Returns the plan of `statement`. Leaves nothing behind in the session; if that fails, the connection is closed.
    pub(super) async fn explained(
        &mut self,
        statement: &ExplainRequest,
        limit: Duration,
    ) -> Result<Explained, CollectError> {
        if let Err(reason) = text::plannable(&statement.text) {
            return Ok(Explained::Refused(None, reason));
        }
        self.limit_server(limit).await?;
        let plan = self.planned(statement, limit).await;
        if let Err(error) = &plan
            && error.ends_connection()
        {
            return plan;
        }
        self.clean_up(limit).await?;
        plan.or_else(refused)
    }

    async fn planned(
        &mut self,
        statement: &ExplainRequest,
        limit: Duration,
    ) -> Result<Explained, CollectError> {
        self.within(limit + GRACE, self.client.batch_execute(BEGIN)).await?;
        if let Some(reason) = self.planning_refusal(statement, limit).await? {
            return Ok(Explained::Refused(None, reason));
        }
        let path: &(dyn tokio_postgres::types::ToSql + Sync) = &statement.search_path;
        self.within(limit + GRACE, self.client.execute(SEARCH_PATH, &[path])).await?;
        let plan = if self.has_generic() {
            self.generic(statement, limit).await
        } else {
            self.generic_by_preparing(statement, limit).await
        };
        plan.map(Explained::Plan)
    }

    const fn has_generic(&self) -> bool {
        self.server.major >= 16
    }

    async fn generic(&self, statement: &ExplainRequest, limit: Duration) -> Result<String, CollectError> {
        let command = format!("{}{}", EXPLAIN_GENERIC[usize::from(statement.verbose)], statement.text);
        self.check_single_command(&command, limit).await?;
        self.plan_of(&command, limit).await
    }

    async fn generic_by_preparing(
        &self,
        statement: &ExplainRequest,
        limit: Duration,
    ) -> Result<String, CollectError> {
        self.within(limit + GRACE, self.client.batch_execute(FORCE_GENERIC)).await?;
        let command = format!("{PREPARE}{}", statement.text);
        self.check_single_command(&command, limit).await?;
        self.within(limit + GRACE, self.client.batch_execute(&command)).await?;
        let counted = self.first_cell(COUNT_PARAMETERS, limit).await?;
        let explain = EXPLAIN_PREPARED[usize::from(statement.verbose)];
        let command = match counted.parse::<usize>().unwrap_or_default() {
            0 => explain.to_owned(),
            count => format!("{explain}({})", vec!["NULL"; count].join(", ")),
        };
        self.plan_of(&command, limit).await
    }

    /// Checks that `command` is a single command: preparing refuses several, while the simple protocol would run them all.
    async fn check_single_command(&self, command: &str, limit: Duration) -> Result<(), CollectError> {
        self.within(limit + GRACE, self.client.prepare(command)).await.map(drop)
    }

    async fn plan_of(&self, command: &str, limit: Duration) -> Result<String, CollectError> {
        self.first_cell(command, limit).await
    }

    /// Uses the simple protocol: the extended one requires values for the parameters of a generic plan.
    async fn first_cell(&self, command: &str, limit: Duration) -> Result<String, CollectError> {
        let answer = async {
            let mut messages = pin!(self.client.simple_query_raw(command).await?);
            let mut first = None;
            while let Some(message) = messages.try_next().await? {
                if let (SimpleQueryMessage::Row(row), None) = (message, &first) {
                    first = row.try_get(0)?.map(str::to_owned);
                }
                consume_budget().await;
            }
            Ok::<_, tokio_postgres::Error>(first)
        };
        let cell = self.within(limit + GRACE, answer).await?;
        cell.ok_or_else(|| CellError { column: 0, expected: "a plan" }.into())
    }

    async fn clean_up(&self, limit: Duration) -> Result<(), CollectError> {
        let lost = |error: CollectError| CollectError::Lost { reason: error.to_string() };
        self.within(limit + GRACE, self.client.batch_execute(ROLLBACK)).await.map_err(lost)?;
        if !self.has_generic() {
            // a prepared statement is kept by the rollback; there is none when its text was refused
            match self.first_cell(COUNT_PARAMETERS, limit).await {
                Err(CollectError::Decode(_)) => {}
                Err(error) => return Err(lost(error)),
                Ok(_) => {
                    self.within(limit + GRACE, self.client.batch_execute(DEALLOCATE)).await.map_err(lost)?;
                }
            }
        }
        Ok(())
    }
}

impl Explained {
    /// Returns the size in memory.
    pub(super) const fn size_bytes(&self) -> usize {
        match self {
            Self::Plan(plan) => plan.len(),
            Self::Refused(..) => 0,
        }
    }
}

/// Converts an error of the server, without its message, which may quote the statement.
fn refused(error: CollectError) -> Result<Explained, CollectError> {
    let (code, reason) = match error {
        CollectError::Permission { .. } => ("42501".to_owned(), "the role may not read what it reads"),
        CollectError::Locked => ("55P03".to_owned(), "a relation is locked exclusively"),
        CollectError::StatementTimeout => ("57014".to_owned(), "planning it took too long"),
        CollectError::Server { code, .. } => {
            let reason = match &*code {
                "42601" => "its text in the statistics is not complete SQL",
                "42P18" => "the types of its parameters cannot be inferred from its text",
                "42P01" | "3F000" => "its tables are not in the search path of its role",
                "25006" => "it cannot be planned in a read-only transaction",
                _ => "the server refused to plan it",
            };
            (code, reason)
        }
        error => return Err(error),
    };
    Ok(Explained::Refused(Some(code), reason))
}

impl Rows for Explained {
    fn len(&self) -> usize {
        1
    }

    fn text(&self, _: usize, column: usize) -> Result<Option<&str>, CellError> {
        Ok(match (self, column) {
            (Self::Plan(plan), 0) => Some(plan),
            (Self::Refused(code, _), 1) => code.as_deref(),
            (Self::Refused(_, reason), 2) => Some(reason),
            _ => None,
        })
    }

    fn i64(&self, _: usize, column: usize) -> Result<Option<i64>, CellError> {
        Err(CellError { column, expected: "an integer" })
    }

    fn f64(&self, _: usize, column: usize) -> Result<Option<f64>, CellError> {
        Err(CellError { column, expected: "a number" })
    }

    fn bool(&self, _: usize, column: usize) -> Result<Option<bool>, CellError> {
        Err(CellError { column, expected: "a boolean" })
    }

    fn ints(&self, _: usize, column: usize) -> Result<Option<Vec<i64>>, CellError> {
        Err(CellError { column, expected: "an array" })
    }

    fn timestamp(&self, _: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        Err(CellError { column, expected: "a timestamp" })
    }
}
