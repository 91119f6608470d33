//! The progress of the sequences of a database, and the columns that they fill. PostgreSQL 14 and later; needs SELECT on
//! sequences. Costs 5 ms of a backend per 100 sequences.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Notice, Reach, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, Sequence, SequenceSnapshot};
use crate::text::quote_identifier;

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(300)),
    ..Spec::new("sequences", Engine::Postgres, || Box::new(Sequences))
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("sql/sequences/14.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "schema_name",
    "sequence_name",
    "data_type",
    "increment",
    "cycle",
    "min_value",
    "max_value",
    "last_value",
    "readable",
    "locked",
    "table_schema",
    "table_name",
    "column_name",
    "column_type",
];
/// As many are kept; those that are furthest.
const MOST: usize = 500;

/// Has no state: each run shows the present.
struct Sequences;

impl Collector for Sequences {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let rows = (0..answer.rows.len()).map(|row| read(server, &mut Cursor::new(answer.rows, row)));
        let rows: Vec<Row> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let notice = notice(server, &rows);
        let mut sequences: Vec<Sequence> = rows.into_iter().map(|row| row.sequence).collect();
        let total = sequences.len();
        let used = |sequence: &Sequence| sequence.used_pct.unwrap_or(-1.0);
        sequences.sort_by(|a, b| used(b).partial_cmp(&used(a)).unwrap_or(Ordering::Equal));
        sequences.truncate(MOST);
        Ok(Step::done(Collected {
            rows: total as u64,
            snapshots: vec![AnySnapshot::new(SequenceSnapshot { sequences, total })],
            notice,
            ..Collected::default()
        }))
    }
}

struct Row {
    sequence: Sequence,
    readable: bool,
}

/// One row; a database without sequences answers with one that has only the time.
fn read(server: &Server, cursor: &mut Cursor<'_>) -> Result<Option<Row>, CellError> {
    let ts = cursor.required_timestamp()?;
    let Some(schema_name) = cursor.owned_text()? else { return Ok(None) };
    let mut owned = || cursor.owned_text();
    let (sequence_name, data_type) = (owned()?.unwrap_or_default(), owned()?.unwrap_or_default());
    let (increment, cycle) = (cursor.required_i64()?, cursor.bool()?.unwrap_or_default());
    let (min_value, max_value) = (cursor.required_i64()?, cursor.required_i64()?);
    let last_value = cursor.i64()?;
    let (readable, locked) = (cursor.bool()?.unwrap_or_default(), cursor.bool()?.unwrap_or_default());
    let mut owned = || cursor.owned_text();
    let (table_schema, table_name, column_name, column_type) = (owned()?, owned()?, owned()?, owned()?);

    let span = Span::new(increment, min_value, max_value, column_type.as_deref());
    let seen = readable && !locked;
    let sequence = Sequence {
        database_name: server.database.clone(),
        schema_name,
        sequence_name,
        data_type,
        increment,
        cycle,
        last_value,
        limit_value: span.end,
        used_pct: seen.then(|| span.used_pct(last_value)),
        remaining: seen.then(|| span.remaining(last_value, increment)),
        limited_by: if span.by_column { "column" } else { "sequence" },
        table_schema,
        table_name,
        column_name,
        column_type,
        ts,
    };
    Ok(Some(Row { sequence, readable }))
}

/// From where to where a sequence goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: i64,
    end: i64,
    by_column: bool,
}

impl Span {
    fn new(increment: i64, min_value: i64, max_value: i64, column_type: Option<&str>) -> Self {
        let (least, most) = match column_type {
            Some("smallint") => (i16::MIN.into(), i16::MAX.into()),
            Some("integer") => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        };
        if increment > 0 {
            Self { start: min_value, end: max_value.min(most), by_column: most < max_value }
        } else {
            Self { start: max_value, end: min_value.max(least), by_column: least > min_value }
        }
    }

    /// How much of the way is behind `last`, from 0 to 100.
    fn used_pct(self, last: Option<i64>) -> f64 {
        let Some(last) = last else { return 0.0 };
        let whole = i128::from(self.end).abs_diff(self.start.into()) + 1;
        let done = i128::from(last).abs_diff(self.start.into()) + 1;
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let pct = done as f64 / whole as f64 * 100.0;
        pct.min(100.0)
    }

    /// How many values come after `last`.
    fn remaining(self, last: Option<i64>, increment: i64) -> i64 {
        let left = match last {
            None => i128::from(self.end).abs_diff(self.start.into()) + 1,
            Some(last) if (last > self.end) == (self.end > self.start) => 0,
            Some(last) => i128::from(self.end).abs_diff(last.into()),
        };
        i64::try_from(left / u128::from(increment.unsigned_abs().max(1))).unwrap_or(i64::MAX)
    }
}

fn notice(server: &Server, rows: &[Row]) -> Option<Notice> {
    let hidden: Vec<&Row> = rows.iter().filter(|row| !row.readable).collect();
    let schemas: BTreeSet<String> =
        hidden.iter().map(|row| quote_identifier(&row.sequence.schema_name)).collect();
    let schemas: Vec<String> = schemas.into_iter().collect();
    (!hidden.is_empty()).then(|| {
        Notice::hiding(
            format!("role {} may not read {} sequences", server.role, hidden.len()),
            format!(
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA {} TO {};",
                schemas.join(", "),
                quote_identifier(&server.role)
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn a_column_that_is_narrower_than_its_sequence_is_the_limit() {
        let span = Span::new(1, 1, i64::MAX, Some("integer"));
        assert_eq!(span, Span { start: 1, end: 2_147_483_647, by_column: true });
        assert!((span.used_pct(Some(1_932_735_283)) - 90.0).abs() < 0.001);
        assert_eq!(span.remaining(Some(2_147_483_640), 1), 7);
        assert!(!Span::new(1, 1, 32_767, Some("integer")).by_column);
        assert!(!Span::new(1, 1, i64::MAX, Some("bigint")).by_column);
    }

    #[test]
    fn descending_sequences_and_values_beyond_the_end_are_handled() {
        let down = Span::new(-10, -100, -1, Some("smallint"));
        assert!((down.used_pct(Some(-50)) - 50.0).abs() < 0.001);
        assert_eq!((down.remaining(Some(-50), -10), down.remaining(Some(-100), -10)), (5, 0));
        let narrow = Span::new(1, 1, i64::MAX, Some("smallint"));
        assert!((narrow.used_pct(Some(40_000)) - 100.0).abs() < 0.001);
        assert_eq!(narrow.remaining(Some(40_000), 1), 0);
        assert!(narrow.used_pct(None).abs() < 0.001);
        assert_eq!(Span::new(1, i64::MIN, i64::MAX, None).remaining(None, 1), i64::MAX);
    }
}
