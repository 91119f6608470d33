//! The errors that calls of one of ClickHouse's queries ended with.

use std::cmp::Reverse;

use basira_actors::model::streams::QUERY_EXCEPTIONS;
use serde::Serialize;

use super::json_cells::cell;
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Window};

/// One error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionLine {
    pub code: i64,
    pub count: i64,
}

/// Those of the query `fingerprint`, most frequent first.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn by_code(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    fingerprint: u64,
    window: Window,
) -> Result<Vec<ExceptionLine>, StoreError> {
    let totals = samples.totals(scope, &QUERY_EXCEPTIONS, window, &Projection::ALL).await?;
    let line = |values: &[i64]| {
        let cell = |name| cell(&QUERY_EXCEPTIONS, values, name);
        let of_query = cell("query_text")?.cast_unsigned() == fingerprint;
        of_query.then(|| Some(ExceptionLine { code: cell("code")?, count: cell("calls")? }))?
    };
    let mut lines: Vec<ExceptionLine> = totals.iter().filter_map(|total| line(&total.values)).collect();
    lines.sort_by_key(|line| (Reverse(line.count), line.code));
    Ok(lines)
}
