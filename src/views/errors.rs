//! Which errors a ClickHouse server met.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use basira_actors::model::Timestamp;
use basira_actors::model::streams::ERRORS;
use serde::Serialize;

use super::json_cells::{self, Row, Texts};
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Total, Window};

/// One error in a window, as `GET /errors` shows it; nodes are summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    pub code: i64,
    pub name: Option<String>,
    /// Whether another server met it, for a query of this one.
    pub remote: bool,
    pub count: i64,
    pub last_error_at: Option<Timestamp>,
    /// What the last message was made from: `Unknown table {}`. Messages may hold literals of queries.
    pub message: Option<String>,
}

/// The errors of `window`, most first.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn within(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    window: Window,
) -> Result<Vec<ErrorCount>, StoreError> {
    let totals = samples.totals(scope, &ERRORS, window, &Projection::ALL).await?;
    let hashes = json_cells::words(&ERRORS, totals.iter().map(|total| &total.values[..]));
    let texts = samples.words(scope.organization, &hashes).await?;
    Ok(counted(&totals, &texts))
}

fn counted(totals: &[Total], texts: &Texts) -> Vec<ErrorCount> {
    let mut errors: BTreeMap<(i64, Option<String>, bool), ErrorCount> = BTreeMap::new();
    for total in totals {
        let row = Row { stream: &ERRORS, values: &total.values, texts };
        let (Some(code), Some(count)) = (row.cell("code"), row.cell("count")) else { continue };
        let (name, remote) = (row.text("name"), row.cell("is_remote") == Some(1));
        let last_error_at = row.cell("last_error_at_ms").map(Timestamp);
        let known = errors.entry((code, name.clone(), remote)).or_insert(ErrorCount {
            code,
            name,
            remote,
            count: 0,
            last_error_at: None,
            message: None,
        });
        known.count += count;
        if known.last_error_at <= last_error_at {
            (known.last_error_at, known.message) = (last_error_at, row.text("message"));
        }
    }
    let mut errors: Vec<ErrorCount> = errors.into_values().collect();
    errors.sort_by_key(|error| Reverse(error.count));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_summed_and_the_newest_message_is_shown() {
        let texts = Texts::from([(1, "UNKNOWN_TABLE".into()), (2, "old {}".into()), (3, "new {}".into())]);
        let total = |host: i64, code: i64, remote: i64, count: i64, at: i64, message: i64| Total {
            group: 0,
            values: vec![host, code, 1, remote, count, at, message],
            first: Timestamp(0),
            last: Timestamp(9),
        };
        let totals = [total(7, 60, 0, 3, 500, 3), total(8, 60, 0, 4, 400, 2), total(8, 60, 1, 9, 300, 2)];
        let errors = counted(&totals, &texts);
        let shown: Vec<_> =
            errors.iter().map(|error| (error.remote, error.count, error.last_error_at)).collect();
        assert_eq!(shown, [(true, 9, Some(Timestamp(300))), (false, 7, Some(Timestamp(500)))]);
        assert_eq!(errors[1].message.as_deref(), Some("new {}"));
    }
}
