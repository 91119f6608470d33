//! The tables in which a ClickHouse server logs: how they grow, and what would end that.

use std::collections::HashMap;
use std::time::Duration;

use basira_actors::model::streams::LOG_TABLES;
use basira_actors::model::{LogTable, Timestamp};
use serde::Serialize;

use super::json_cells::cell;
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Timeline, Window};

/// Growth is told of the last day.
const SPAN: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const BUCKET_MS: i64 = 300_000;
/// Growth over less than this says nothing of a day.
const LEAST_MS: i64 = 60 * 60 * 1000;

/// One table, as `GET /log-tables` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guarded<'a> {
    #[serde(flatten)]
    pub table: &'a LogTable,
    /// As seen over the last day, what was deleted taken off; null until it was watched for an hour.
    pub growth_bytes_per_day: Option<i64>,
    /// What each day takes on average, of those that are still there; null for a single day.
    pub bytes_per_day: Option<i64>,
    /// What is wrong with it, if anything.
    pub remark: Option<String>,
    /// The SQL that helps, to be run on that node. Basira never runs it.
    pub fix: Option<String>,
}

/// How much each series grew in a day, as far as that can be told at `now`.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn growth(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    now: Timestamp,
) -> Result<HashMap<u64, i64>, StoreError> {
    let window = Window { since: now - SPAN, until: now };
    let bytes = LOG_TABLES.column("bytes").map(|place| vec![place]);
    let wanted = Projection { columns: bytes, ..Projection::ALL };
    let timelines = samples.timelines(scope, &LOG_TABLES, window, BUCKET_MS, &wanted).await?;
    Ok(timelines.iter().filter_map(|timeline| Some((timeline.group, per_day(timeline)?))).collect())
}

fn per_day(timeline: &Timeline) -> Option<i64> {
    let (first, last) = (timeline.points.first()?, timeline.points.last()?);
    let bytes = |values: &[i64]| cell(&LOG_TABLES, values, "bytes").map(i128::from);
    let grown = bytes(&last.values)? - bytes(&first.values)?;
    let span_ms = last.ts.as_millis() - first.ts.as_millis();
    (span_ms >= LEAST_MS)
        .then(|| i64::try_from(grown * i128::from(DAY_MS) / i128::from(span_ms)).ok())
        .flatten()
}

/// `table` with what there is to say of it.
#[must_use]
pub fn guarded<'a>(table: &'a LogTable, growth: &HashMap<u64, i64>) -> Guarded<'a> {
    let (remark, fix) = judged(table);
    Guarded {
        growth_bytes_per_day: growth.get(&table.series()).copied(),
        bytes_per_day: table.days.filter(|days| *days > 1).map(|days| table.bytes_on_disk / days),
        remark,
        fix,
        table,
    }
}

fn judged(table: &LogTable) -> (Option<String>, Option<String>) {
    if let Some(written) = &table.left_over_of {
        let remark = format!(
            "left over: the server put this table aside when it was upgraded or reconfigured, and writes to {written} since"
        );
        return (Some(remark), table.fix());
    }
    if table.has_ttl != Some(false) {
        return (None, None);
    }
    let Some(column) = &table.date_column else {
        return (Some("grows without end: it has no TTL".to_owned()), None);
    };
    let name = &table.name;
    let remark = format!(
        "grows without end: it has no TTL. Set the same TTL in the server's configuration, <{name}><ttl>{column} + \
         INTERVAL 30 DAY DELETE</ttl></{name}>, or the server puts this table aside at its next start"
    );
    (Some(remark), table.fix())
}

#[cfg(test)]
mod tests {
    use basira_actors::model::NULL;

    use super::*;
    use crate::samples::Point;

    fn table(name: &str) -> LogTable {
        LogTable {
            host_name: "a".to_owned(),
            name: name.to_owned(),
            left_over_of: None,
            rows: 10,
            bytes_on_disk: 900,
            parts: 1,
            oldest_day: Some("2026-01-01".to_owned()),
            newest_day: Some("2026-01-03".to_owned()),
            days: Some(3),
            has_ttl: Some(false),
            ttl: None,
            date_column: Some("event_date".to_owned()),
        }
    }

    #[test]
    fn each_fault_has_its_fix() {
        let endless = table("query_log");
        let limited = LogTable { has_ttl: Some(true), ..table("query_log") };
        let unknown = LogTable { has_ttl: None, ..table("query_log") };
        let copy = LogTable { left_over_of: Some("query_log".to_owned()), ..table("query_log_0") };
        let dateless = LogTable { date_column: None, ..table("my-odd`log") };
        let cases = [
            (&endless, true, Some("ALTER TABLE system.query_log MODIFY TTL event_date + INTERVAL 30 DAY")),
            (&limited, false, None),
            (&unknown, false, None),
            (&copy, true, Some("DROP TABLE system.query_log_0")),
            (&dateless, true, None),
        ];
        for (table, is_remarked, fix) in cases {
            let shown = guarded(table, &HashMap::new());
            assert_eq!((shown.remark.is_some(), shown.fix.as_deref()), (is_remarked, fix), "{table:?}");
        }
        assert_eq!(guarded(&endless, &HashMap::new()).bytes_per_day, Some(300));
        let odd = LogTable { left_over_of: Some("odd_log".to_owned()), ..table("my-odd`log") };
        assert_eq!(odd.fix().as_deref(), Some("DROP TABLE system.`my-odd\\`log`"));
    }

    #[test]
    fn growth_is_shown_after_an_hour() {
        let point = |minutes: i64, bytes: i64| {
            let mut values = vec![NULL; LOG_TABLES.columns.len()];
            values[LOG_TABLES.column("bytes").expect("a column")] = bytes;
            Point { ts: Timestamp(minutes * 60_000), values }
        };
        let of = |points| per_day(&Timeline { group: 1, points });
        assert_eq!(of(vec![point(0, 100), point(55, 400)]), None);
        assert_eq!(of(vec![point(0, 100), point(60, 400), point(120, 500)]), Some(400 * 12));
        assert_eq!(of(vec![point(0, 900), point(1440, 100)]), Some(-800));
    }
}
