//! The types of a stream's columns, and the expressions that sum them.

use basira_actors::model::{Column, ColumnKind, Stream};

use crate::samples::Resolution;

/// An unknown cell in a result: [`basira_actors::model::NULL`].
const UNKNOWN: &str = "toInt64('-9223372036854775808')";

/// The columns of a table, each with its type.
pub(super) fn declared(stream: &Stream, resolution: Resolution) -> Vec<String> {
    stream.columns.iter().map(|column| format!("{} {}", column.name, kind(column, resolution))).collect()
}

/// A sum of unknown cells is unknown. A reading in a bucket is a pair of its time and its value.
fn kind(column: &Column, resolution: Resolution) -> String {
    match (resolution, column.kind) {
        (Resolution::Raw, ColumnKind::Text) => "Nullable(Int64) CODEC(ZSTD(1))".to_owned(),
        (Resolution::Raw, _) => "Nullable(Int64) CODEC(T64, ZSTD(1))".to_owned(),
        (_, ColumnKind::Sum) => {
            "SimpleAggregateFunction(sum, Nullable(Int64)) CODEC(T64, ZSTD(1))".to_owned()
        }
        _ => format!(
            "SimpleAggregateFunction(max, Tuple(Int64, Int64)) DEFAULT ({UNKNOWN}, {UNKNOWN}) CODEC(ZSTD(1))"
        ),
    }
}

/// The expressions that sum the columns with the indexes `wanted`: each gives an integer, or a time and an integer.
pub(super) fn summed(stream: &Stream, resolution: Resolution, wanted: &[usize]) -> String {
    let columns = wanted.iter().filter_map(|&place| stream.columns.get(place));
    columns.map(|column| format!(",\n    {}", sum(column, resolution))).collect()
}

fn sum(column: &Column, resolution: Resolution) -> String {
    let name = column.name;
    match (resolution, column.kind) {
        (_, ColumnKind::Sum) => format!("ifNull(sum({name}), {UNKNOWN})"),
        (Resolution::Raw, _) => format!(
            "(ifNull(max(if(isNull({name}), NULL, at_ms)), {UNKNOWN}), ifNull(argMax({name}, at_ms), {UNKNOWN}))"
        ),
        // the same as max(), but not cell by cell
        _ => format!("(max({name}.1), argMax({name}.2, {name}.1))"),
    }
}
