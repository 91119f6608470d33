//! One query for a window: whole days from the hourly roll-up where that is exact, else from the finest resolution that remains.

use basira_actors::model::{ColumnKind, NULL};

use super::columns::summed;
use super::error::ClickHouseError;
use super::plan::{DayRanges, Days, FirstDays, day_of, plan};
use super::schema::table;
use super::server::{Server, in_scope};
use crate::samples::aggregate::Accumulator;
use crate::samples::{DatabaseScope, Resolution, Window};

const WHOLE: &str = include_str!("sql/read_whole.sql");
const FILTERED: &str = include_str!("sql/read_filtered.sql");
/// Series, first start, last end.
const KEY_BYTES: usize = 3 * 8;

/// What is read.
pub(super) struct ReadRequest<'a> {
    pub(super) scope: DatabaseScope,
    pub(super) window: Window,
    /// The length of the buckets; `None`: one bucket for the whole window.
    pub(super) bucket_ms: Option<i64>,
    pub(super) first_days: &'a FirstDays,
    /// The ends of the records that were summed in the local tail, ascending.
    pub(super) in_tail: &'a [i64],
}

/// Adds the rows of the server to `accumulator`.
pub(super) async fn read<A: Accumulator>(
    server: &Server,
    request: &ReadRequest<'_>,
    accumulator: &mut A,
) -> Result<(), ClickHouseError> {
    if accumulator.series().is_some_and(<[u64]>::is_empty) {
        return Ok(());
    }
    let in_tail = request.in_tail.iter().map(|&at| day_of(at)).collect();
    let ranges = plan(request.window, &in_tail, request.first_days, coarse_resolutions(request.bucket_ms));
    let stream = accumulator.stream();
    let columns: Vec<usize> = accumulator.columns().summed().collect();
    let statements = ranges.iter().map(|range| statement(range, request, accumulator, &columns));
    let statements: Vec<_> = statements.collect();
    if statements.is_empty() {
        return Ok(());
    }
    let query = in_scope(request.scope, server.query(&statements.join("\nUNION ALL\n")))
        .param("since", request.window.since.as_millis())
        .param("until", request.window.until.as_millis());
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
        accumulator.add_row(series, (first, last), |place| cells[place]);
    };
    server.scan("reading samples", query, width, each).await
}

/// The resolutions whose buckets fit into those of the request, the coarsest first.
fn coarse_resolutions(bucket_ms: Option<i64>) -> &'static [Resolution] {
    match bucket_ms {
        Some(bucket_ms) if bucket_ms % Resolution::Minute.millis() != 0 => &[],
        Some(bucket_ms) if bucket_ms % Resolution::Hour.millis() != 0 => &[Resolution::Minute],
        _ => &[Resolution::Hour, Resolution::Minute],
    }
}

fn statement(
    range: &DayRanges,
    request: &ReadRequest<'_>,
    accumulator: &impl Accumulator,
    columns: &[usize],
) -> String {
    let (resolution, stream) = (range.resolution, accumulator.stream());
    let (template, place) = if range.filtered { (FILTERED, "(at_ms - 1)") } else { (WHOLE, "bucket") };
    // a bucket is compared with the window after all its rows are merged
    let merged = if resolution == Resolution::Raw { "" } else { " FINAL" };
    let bucket = match request.bucket_ms {
        None => "tuple()".to_owned(),
        Some(bucket_ms) => format!("{place} - positiveModulo({place}, toInt64({bucket_ms}))"),
    };
    let series =
        accumulator.series().map_or_else(|| "true".to_owned(), |series| one_of("series", "IN", series));
    let shipped = match request.in_tail {
        [] => "true".to_owned(),
        ends => one_of("at_ms", "NOT IN", ends),
    };
    template
        .replace("$table", &table(stream, resolution))
        .replace("$final", merged)
        .replace("$columns", &summed(stream, resolution, columns))
        .replace("$days", &days(&range.days))
        .replace("$series", &series)
        .replace("$shipped", &shipped)
        .replace("$bucket", &bucket)
}

fn days(days: &Days) -> String {
    let ranges: Vec<_> =
        days.0.iter().map(|(first, last)| format!("day BETWEEN {first} AND {last}")).collect();
    format!("({})", ranges.join(" OR "))
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
