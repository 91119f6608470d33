//! An answer in the format `JSONCompact`, which every version speaks and which names its columns.

use serde::Deserialize;
use serde_json::Value;

use crate::collect::{CellError, Rows};
use crate::model::Timestamp;

/// The rows of an answer. 64-bit integers come as numbers or as strings, by version; timestamps as microseconds.
#[derive(Debug, Deserialize)]
pub(super) struct JsonRows {
    meta: Vec<Meta>,
    data: Vec<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    name: String,
}

impl JsonRows {
    /// The names of the columns.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.meta.iter().map(|column| column.name.as_str()).collect()
    }

    fn cell(&self, row: usize, column: usize, expected: &'static str) -> Result<Option<&Value>, CellError> {
        let cell =
            self.data.get(row).and_then(|row| row.get(column)).ok_or(CellError { column, expected })?;
        Ok(if cell.is_null() { None } else { Some(cell) })
    }

    fn read<'a, T>(
        &'a self,
        row: usize,
        column: usize,
        expected: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, CellError> {
        let Some(cell) = self.cell(row, column, expected)? else { return Ok(None) };
        read(cell).map(Some).ok_or(CellError { column, expected })
    }
}

fn integer(cell: &Value) -> Option<i64> {
    match cell {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

impl Rows for JsonRows {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn i64(&self, row: usize, column: usize) -> Result<Option<i64>, CellError> {
        self.read(row, column, "a 64-bit integer", integer)
    }

    fn f64(&self, row: usize, column: usize) -> Result<Option<f64>, CellError> {
        self.read(row, column, "a floating-point number", Value::as_f64)
    }

    fn bool(&self, row: usize, column: usize) -> Result<Option<bool>, CellError> {
        self.read(row, column, "a boolean", |cell| match cell {
            Value::Bool(value) => Some(*value),
            other => integer(other).map(|value| value != 0),
        })
    }

    fn text(&self, row: usize, column: usize) -> Result<Option<&str>, CellError> {
        self.read(row, column, "a text", Value::as_str)
    }

    fn ints(&self, row: usize, column: usize) -> Result<Option<Vec<i64>>, CellError> {
        self.read(row, column, "an array of integers", |cell| cell.as_array()?.iter().map(integer).collect())
    }

    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        let micros = self.read(row, column, "microseconds since 1970", integer)?;
        Ok(micros.map(|micros| Timestamp(micros.div_euclid(1000))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_as_numbers_or_as_strings() {
        let text = r#"{"meta":[{"name":"a","type":"UInt64"},{"name":"b","type":"String"}],
            "data":[["18","x"],[18,null],[1.5,"y"],[[1,"2"],""]],"rows":4,"statistics":{}}"#;
        let rows: JsonRows = serde_json::from_str(text).expect("an answer");
        assert_eq!(rows.columns(), ["a", "b"]);
        assert_eq!((rows.i64(0, 0), rows.i64(1, 0)), (Ok(Some(18)), Ok(Some(18))));
        assert_eq!((rows.text(0, 1), rows.text(1, 1)), (Ok(Some("x")), Ok(None)));
        assert_eq!(rows.ints(3, 0), Ok(Some(vec![1, 2])));
        assert_eq!(rows.f64(2, 0), Ok(Some(1.5)));
        assert_eq!(rows.timestamp(0, 0), Ok(Some(Timestamp(0))));
        assert!(rows.i64(2, 0).is_err() && rows.i64(9, 0).is_err() && rows.text(0, 2).is_err());
    }
}
