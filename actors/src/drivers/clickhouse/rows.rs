//! An answer in the format `JSONCompact`, which every version speaks and which names its columns; packed while it is read,
//! for a value of JSON by itself takes many times the bytes that it came in.

use crate::collect::{CellError, Rows, TRUNCATION_MARK, max_cell_bytes, truncated};
use crate::model::Timestamp;

/// An answer of more cells is not what was asked for.
pub(super) const MOST_CELLS: usize = 1_000_000;

/// The rows of an answer. 64-bit integers come as numbers or as strings, by version; timestamps as microseconds.
#[derive(Debug, Default)]
pub(super) struct JsonRows {
    pub(super) columns: Vec<String>,
    /// The most bytes that a text in each column keeps.
    longest: Vec<usize>,
    pub(super) cells: Vec<Cell>,
    texts: String,
    pub(super) integers: Vec<i64>,
}

/// A cell; texts and arrays by where they begin and how long they are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(u32, u32),
    Integers(u32, u32),
    /// What no collector reads.
    Other,
}

impl JsonRows {
    /// No row yet of what is asked for in `columns`.
    pub(super) fn new(columns: &[&str]) -> Self {
        Self { longest: columns.iter().map(|name| max_cell_bytes(name)).collect(), ..Self::default() }
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// How much there is to decode.
    pub(super) const fn size_bytes(&self) -> usize {
        self.texts.len() + self.cells.len() * size_of::<Cell>()
    }

    fn cell(&self, row: usize, column: usize, expected: &'static str) -> Result<Cell, CellError> {
        let width = self.columns.len();
        let place = row.checked_mul(width).and_then(|row| row.checked_add(column)).filter(|_| column < width);
        place.and_then(|place| self.cells.get(place)).copied().ok_or(CellError { column, expected })
    }

    fn read<T>(
        &self,
        row: usize,
        column: usize,
        expected: &'static str,
        read: impl Fn(Cell) -> Option<T>,
    ) -> Result<Option<T>, CellError> {
        match self.cell(row, column, expected)? {
            Cell::Null => Ok(None),
            cell => read(cell).map(Some).ok_or(CellError { column, expected }),
        }
    }

    fn integer(&self, cell: Cell) -> Option<i64> {
        match cell {
            Cell::Integer(value) => Some(value),
            Cell::Text(..) => self.text_of(cell)?.parse().ok(),
            _ => None,
        }
    }

    fn text_of(&self, cell: Cell) -> Option<&str> {
        let Cell::Text(start, length) = cell else { return None };
        self.texts.get(start as usize..)?.get(..length as usize)
    }

    /// A text, cut if it is longer than what its column keeps.
    pub(super) fn pack(&mut self, text: &str, column: usize) -> Option<Cell> {
        let start = self.texts.len();
        match truncated(text, self.longest.get(column).copied().unwrap_or_default()) {
            Some(kept) => self.texts.extend([kept, TRUNCATION_MARK]),
            None => self.texts.push_str(text),
        }
        Some(Cell::Text(start.try_into().ok()?, (self.texts.len() - start).try_into().ok()?))
    }
}

impl Rows for JsonRows {
    fn len(&self) -> usize {
        self.cells.len().checked_div(self.columns.len()).unwrap_or_default()
    }

    fn i64(&self, row: usize, column: usize) -> Result<Option<i64>, CellError> {
        self.read(row, column, "a 64-bit integer", |cell| self.integer(cell))
    }

    fn f64(&self, row: usize, column: usize) -> Result<Option<f64>, CellError> {
        #[expect(clippy::cast_precision_loss, reason = "as JSON has it: one number or another")]
        self.read(row, column, "a floating-point number", |cell| match cell {
            Cell::Float(value) => Some(value),
            Cell::Integer(value) => Some(value as f64),
            _ => None,
        })
    }

    fn bool(&self, row: usize, column: usize) -> Result<Option<bool>, CellError> {
        self.read(row, column, "a boolean", |cell| match cell {
            Cell::Bool(value) => Some(value),
            other => self.integer(other).map(|value| value != 0),
        })
    }

    fn text(&self, row: usize, column: usize) -> Result<Option<&str>, CellError> {
        self.read(row, column, "a text", |cell| self.text_of(cell))
    }

    fn ints(&self, row: usize, column: usize) -> Result<Option<Vec<i64>>, CellError> {
        self.read(row, column, "an array of integers", |cell| match cell {
            Cell::Integers(start, length) => {
                Some(self.integers.get(start as usize..)?.get(..length as usize)?.to_vec())
            }
            _ => None,
        })
    }

    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        let micros = self.read(row, column, "microseconds since 1970", |cell| self.integer(cell))?;
        Ok(micros.map(|micros| Timestamp::of_server(micros.div_euclid(1000))))
    }
}
