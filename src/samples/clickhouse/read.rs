//! One query for a window: days from hours where that is exact, else from the finest that is kept.

use std::collections::HashSet;

use basira_actors::model::{ColumnKind, NULL};

use super::columns::summed;
use super::plan::{Days, Kept, Piece, plan};
use super::schema::table;
use super::server::{ClickHouseError, Server, of};
use super::sum::Sum;
use crate::samples::{DatabaseScope, Resolution, Window};

const WHOLE: &str = include_str!("sql/read_whole.sql");
const JUDGED: &str = include_str!("sql/read_judged.sql");
/// Series, first start, last end.
const KEY_BYTES: usize = 3 * 8;

/// What is asked.
pub(super) struct ReadRequest<'a> {
    pub(super) scope: DatabaseScope,
    pub(super) window: Window,
    pub(super) kept: &'a Kept,
    /// The ends of records that are counted already, ascending.
    pub(super) counted: &'a [i64],
}

/// Adds what the server has to `sum`.
pub(super) async fn read(
    server: &Server,
    question: &ReadRequest<'_>,
    sum: &mut Sum,
) -> Result<(), ClickHouseError> {
    if sum.series.as_ref().is_some_and(HashSet::is_empty) {
        return Ok(());
    }
    let in_tail = question.counted.iter().map(|&at| super::plan::day_of(at)).collect();
    let pieces = plan(question.window, &in_tail, question.kept, whole(sum.bucket_ms));
    let parts: Vec<_> = pieces.iter().map(|piece| statement(piece, question, sum)).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let query = of(question.scope, server.query(&parts.join("\nUNION ALL\n")))
        .param("since", question.window.since.as_millis())
        .param("until", question.window.until.as_millis());
    let stream = sum.stream;
    let columns = sum.columns.clone();
    let kinds: Vec<_> = columns.iter().map(|&place| stream.columns[place].kind).collect();
    let width = KEY_BYTES + kinds.iter().map(|kind| cell_bytes(*kind)).sum::<usize>();
    let mut cells = vec![(NULL, NULL); stream.columns.len()];
    let each = |row: &[u8]| {
        let mut values = row.chunks_exact(8).map(integer);
        let mut next = || values.next().unwrap_or(NULL);
        let (series, first, last) = (next().cast_unsigned(), next(), next());
        for (&place, &kind) in columns.iter().zip(&kinds) {
            let stamp = if kind == ColumnKind::Sum { last } else { next() };
            cells[place] = (next(), stamp);
        }
        sum.add(series, (first, last), |place| cells[place]);
    };
    server.scan("reading samples", query, width, each).await
}

/// The resolutions, coarsest first, that tell apart all that is to be told apart.
fn whole(bucket_ms: Option<i64>) -> &'static [Resolution] {
    match bucket_ms {
        Some(bucket_ms) if bucket_ms % Resolution::Minute.millis() != 0 => &[],
        Some(bucket_ms) if bucket_ms % Resolution::Hour.millis() != 0 => &[Resolution::Minute],
        _ => &[Resolution::Hour, Resolution::Minute],
    }
}

fn statement(piece: &Piece, question: &ReadRequest<'_>, sum: &Sum) -> String {
    let resolution = piece.resolution;
    let (template, place) = if piece.judged { (JUDGED, "(at_ms - 1)") } else { (WHOLE, "bucket") };
    // a bucket is judged when all that the server has of it is put together
    let merged = if resolution == Resolution::Raw { "" } else { " FINAL" };
    let bucket = match sum.bucket_ms {
        None => "tuple()".to_owned(),
        Some(bucket_ms) => format!("{place} - positiveModulo({place}, toInt64({bucket_ms}))"),
    };
    let series =
        sum.series.as_ref().map_or_else(|| "true".to_owned(), |series| one_of("series", "IN", series));
    let shipped = match question.counted {
        [] => "true".to_owned(),
        counted => one_of("at_ms", "NOT IN", counted),
    };
    template
        .replace("$table", &table(sum.stream, resolution))
        .replace("$final", merged)
        .replace("$columns", &summed(sum.stream, resolution, &sum.columns))
        .replace("$days", &days(&piece.days))
        .replace("$series", &series)
        .replace("$shipped", &shipped)
        .replace("$bucket", &bucket)
}

fn days(days: &Days) -> String {
    let stretches: Vec<_> =
        days.0.iter().map(|(first, last)| format!("day BETWEEN {first} AND {last}")).collect();
    format!("({})", stretches.join(" OR "))
}

fn one_of<'a, T: ToString + 'a>(column: &str, how: &str, values: impl IntoIterator<Item = &'a T>) -> String {
    let values: Vec<_> = values.into_iter().map(ToString::to_string).collect();
    format!("{column} {how} ({})", values.join(", "))
}

const fn cell_bytes(kind: ColumnKind) -> usize {
    if matches!(kind, ColumnKind::Sum) { 8 } else { 16 }
}

fn integer(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(NULL, i64::from_le_bytes)
}
