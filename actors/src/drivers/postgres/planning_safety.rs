//! Whether planning a statement runs nobody's code but PostgreSQL's: the planner computes functions, with the rights of
//! whoever plans. Who may make a function in the database could have ours read what they may not.

use std::sync::Arc;
use std::time::Duration;

use super::{GRACE, Postgres};
use crate::collect::{CollectError, ExplainRequest, Query, Rows as _};
use crate::text;

const SQL: &str = include_str!("sql/planning_safety.sql");
const COLUMNS: &[&str] = &["is_reachable"];

/// Functions of PostgreSQL's own that run what a text names: a query, a view, or the checks of a type.
const RUN_WHAT_IS_NAMED: [&str; 5] =
    ["_to_xml", "_to_xmlschema", "_to_xml_and_xmlschema", "pg_input_is_valid", "pg_input_error_info"];

/// Why a statement is not planned.
const REACHABLE: &str =
    "planning it could run functions that are not PostgreSQL's own, with the rights of Basira's role";
const UNKNOWN: &str = "it cannot be told which functions planning it would run";

impl Postgres {
    /// Why `statement` is not to be planned, if planning it could run code of others. Asked anew each time, in the
    /// transaction that plans.
    pub(super) async fn unsafe_to_plan(
        &mut self,
        statement: &ExplainRequest,
        limit: Duration,
    ) -> Result<Option<&'static str>, CollectError> {
        let Some(names) = text::names(&statement.text) else { return Ok(Some(UNKNOWN)) };
        let is_named = |name: &String| RUN_WHAT_IS_NAMED.iter().any(|end| name.ends_with(end));
        if names.called.iter().any(is_named) {
            return Ok(Some(REACHABLE));
        }
        let query = Query { sql: Arc::from(SQL), params: Vec::new(), columns: COLUMNS };
        let prepared = self.prepare(&query, limit + GRACE).await?;
        let rows = self.rows(&prepared.statement, &[&names.all, &names.called], limit + GRACE).await?;
        Ok((rows.bool(0, 0)? != Some(false)).then_some(REACHABLE))
    }
}
