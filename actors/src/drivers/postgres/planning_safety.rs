//! Checks that planning a statement runs no code but that of PostgreSQL. The planner evaluates functions with the privileges
//! of the current role: a user who can create functions could read data with the privileges of Basira's role.

use std::sync::Arc;
use std::time::Duration;

use super::{GRACE, Postgres};
use crate::collect::{CollectError, ExplainRequest, Query, Rows as _};
use crate::text;

const SQL: &str = include_str!("sql/planning_safety.sql");
const COLUMNS: &[&str] = &["is_reachable"];

/// Built-in functions that run what a text names: a query, a view, or the input function of a type.
const INDIRECT_FUNCTIONS: [&str; 5] =
    ["_to_xml", "_to_xmlschema", "_to_xml_and_xmlschema", "pg_input_is_valid", "pg_input_error_info"];

/// Reasons not to plan a statement.
const REACHABLE: &str =
    "planning it could run functions that are not built in, with the privileges of Basira's role";
const UNKNOWN: &str = "it cannot be determined which functions planning it would run";

impl Postgres {
    /// Returns why `statement` must not be planned, if planning it could run code of others. Checked each time, in the
    /// transaction that plans.
    pub(super) async fn planning_refusal(
        &mut self,
        statement: &ExplainRequest,
        limit: Duration,
    ) -> Result<Option<&'static str>, CollectError> {
        let Some(names) = text::names(&statement.text) else { return Ok(Some(UNKNOWN)) };
        let is_named = |name: &String| INDIRECT_FUNCTIONS.iter().any(|end| name.ends_with(end));
        if names.called.iter().any(is_named) {
            return Ok(Some(REACHABLE));
        }
        let query = Query { sql: Arc::from(SQL), params: Vec::new(), columns: COLUMNS };
        let prepared = self.prepare(&query, limit + GRACE).await?;
        let rows = self.rows(&prepared.statement, &[&names.all, &names.called], limit + GRACE).await?;
        Ok((rows.bool(0, 0)? != Some(false)).then_some(REACHABLE))
    }
}
