//! An answer of a server, read cell by cell without copying it.

use crate::model::{NULL, Timestamp};

/// Rows as a driver holds them. A cell that is NULL reads as `None`.
pub trait Rows {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// # Errors
    /// [`CellError`] when the cell is no integer.
    fn i64(&self, row: usize, column: usize) -> Result<Option<i64>, CellError>;
    /// # Errors
    /// [`CellError`] when the cell is no floating-point number.
    fn f64(&self, row: usize, column: usize) -> Result<Option<f64>, CellError>;
    /// # Errors
    /// [`CellError`] when the cell is no boolean.
    fn bool(&self, row: usize, column: usize) -> Result<Option<bool>, CellError>;
    /// # Errors
    /// [`CellError`] when the cell is no text.
    fn text(&self, row: usize, column: usize) -> Result<Option<&str>, CellError>;
    /// # Errors
    /// [`CellError`] when the cell is no array of integers.
    fn ints(&self, row: usize, column: usize) -> Result<Option<Vec<i64>>, CellError>;
    /// # Errors
    /// [`CellError`] when the cell is no timestamp with time zone.
    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError>;
}

/// A cell is not what its collector expects: a new server version, or a defect of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} is not {expected}")]
pub struct CellError {
    pub column: usize,
    pub expected: &'static str,
}

/// Reads one row from left to right, in the order of the query's columns.
pub struct Cursor<'a> {
    rows: &'a dyn Rows,
    row: usize,
    column: usize,
}

impl<'a> Cursor<'a> {
    /// At the first column of `row`.
    #[must_use]
    pub fn new(rows: &'a dyn Rows, row: usize) -> Self {
        Self { rows, row, column: 0 }
    }

    /// At `column` of `row`.
    #[must_use]
    pub fn at(rows: &'a dyn Rows, row: usize, column: usize) -> Self {
        Self { rows, row, column }
    }

    fn step(&mut self) -> usize {
        let column = self.column;
        self.column += 1;
        column
    }

    /// # Errors
    /// [`CellError`] when the next cell is no integer.
    pub fn i64(&mut self) -> Result<Option<i64>, CellError> {
        let column = self.step();
        self.rows.i64(self.row, column)
    }

    /// # Errors
    /// [`CellError`] when the next cell is no boolean.
    pub fn bool(&mut self) -> Result<Option<bool>, CellError> {
        let column = self.step();
        self.rows.bool(self.row, column)
    }

    /// # Errors
    /// [`CellError`] when the next cell is no floating-point number.
    pub fn f64(&mut self) -> Result<Option<f64>, CellError> {
        let column = self.step();
        self.rows.f64(self.row, column)
    }

    /// # Errors
    /// [`CellError`] when the next cell is no text.
    pub fn text(&mut self) -> Result<Option<&'a str>, CellError> {
        let column = self.step();
        self.rows.text(self.row, column)
    }

    /// Returns the next cell, a text, as an owned string.
    ///
    /// # Errors
    /// [`CellError`] when it is no text.
    pub fn owned_text(&mut self) -> Result<Option<String>, CellError> {
        Ok(self.text()?.map(str::to_owned))
    }

    /// Returns the next cell, a text; an empty one as none: ClickHouse has few nullable columns.
    ///
    /// # Errors
    /// [`CellError`] when it is no text.
    pub fn non_empty_text(&mut self) -> Result<Option<String>, CellError> {
        Ok(self.text()?.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// # Errors
    /// [`CellError`] when the next cell is no array of integers.
    pub fn ints(&mut self) -> Result<Option<Vec<i64>>, CellError> {
        let column = self.step();
        self.rows.ints(self.row, column)
    }

    /// # Errors
    /// [`CellError`] when the next cell is no timestamp.
    pub fn timestamp(&mut self) -> Result<Option<Timestamp>, CellError> {
        let column = self.step();
        self.rows.timestamp(self.row, column)
    }

    /// The next cell, an integer, as a column of a stream.
    ///
    /// # Errors
    /// [`CellError`] when it is no integer.
    pub fn counter(&mut self) -> Result<i64, CellError> {
        Ok(self.i64()?.unwrap_or(NULL))
    }

    /// The next cell, a timestamp, as a column of a stream.
    ///
    /// # Errors
    /// [`CellError`] when it is no timestamp.
    pub fn instant(&mut self) -> Result<i64, CellError> {
        Ok(self.timestamp()?.map_or(NULL, Timestamp::as_millis))
    }

    /// The next cell, floating-point milliseconds, as whole microseconds.
    ///
    /// # Errors
    /// [`CellError`] when it is no floating-point number.
    pub fn millis_as_us(&mut self) -> Result<i64, CellError> {
        #[expect(clippy::cast_possible_truncation, reason = "saturates; 290,000 years of milliseconds")]
        Ok(self.f64()?.map_or(NULL, |ms| (ms * 1000.0).round() as i64))
    }

    /// The next cell, a required one.
    ///
    /// # Errors
    /// [`CellError`] when it is NULL or no timestamp.
    pub fn required_timestamp(&mut self) -> Result<Timestamp, CellError> {
        let column = self.column;
        self.timestamp()?.ok_or(CellError { column, expected: "a timestamp" })
    }

    /// The next cell, a required one.
    ///
    /// # Errors
    /// [`CellError`] when it is NULL or no integer.
    pub fn required_i64(&mut self) -> Result<i64, CellError> {
        let column = self.column;
        self.i64()?.ok_or(CellError { column, expected: "an integer" })
    }
}
