//! Rows in the format `JSONCompact`, which all versions support and which has the names of the columns. Packed while they are
//! read: a JSON value of its own takes many times its size on the wire.

use crate::collect::{CellError, Rows, TRUNCATION_MARK, max_cell_bytes, truncated};
use crate::model::Timestamp;

/// The number of cells of a reply.
pub(super) const MAX_CELLS: usize = 1_000_000;

/// The rows of a reply. 64-bit integers are numbers or strings, depending on the version; timestamps are microseconds.
#[derive(Debug, Default)]
pub(super) struct JsonRows {
    pub(super) columns: Vec<String>,
    /// The size to which texts of each column are truncated.
    longest: Vec<usize>,
    pub(super) cells: Vec<Cell>,
    texts: String,
    pub(super) integers: Vec<i64>,
}

/// A cell. Texts and arrays are given by start and length.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(u32, u32),
    Integers(u32, u32),
    /// A value of a type that no collector reads.
    Other,
}

impl JsonRows {
    /// Creates an empty list of rows of a query for `columns`.
    pub(super) fn new(columns: &[&str]) -> Self {
        Self { longest: columns.iter().map(|name| max_cell_bytes(name)).collect(), ..Self::default() }
    }

    /// Returns the names of the columns.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// Returns the size in memory.
    pub(super) const fn size_bytes(&self) -> usize {
        self.texts.len() + self.cells.len() * size_of::<Cell>()
    }

    fn cell(&self, row: usize, column: usize, expected: &'static str) -> Result<Cell, CellError> {
        let width = self.columns.len();
        let index = row.checked_mul(width).and_then(|row| row.checked_add(column)).filter(|_| column < width);
        index.and_then(|index| self.cells.get(index)).copied().ok_or(CellError { column, expected })
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

    /// Packs a text, truncated to the limit of its column.
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
