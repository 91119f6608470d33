//! Rows made by hand, for the unit tests of collectors.

use super::{CellError, Rows, Server};
use crate::model::Timestamp;

/// One cell of a made-up answer.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Ints(Vec<i64>),
    At(i64),
}

/// A made-up answer.
pub(crate) struct Table(pub(crate) Vec<Vec<Cell>>);

impl Table {
    fn cell(&self, row: usize, column: usize) -> &Cell {
        &self.0[row][column]
    }
}

macro_rules! read {
    ($name:ident, $variant:ident, $type:ty) => {
        fn $name(&self, row: usize, column: usize) -> Result<Option<$type>, CellError> {
            match self.cell(row, column) {
                Cell::Null => Ok(None),
                Cell::$variant(value) => Ok(Some(value.clone())),
                _ => Err(CellError { column, expected: stringify!($type) }),
            }
        }
    };
}

impl Rows for Table {
    fn len(&self) -> usize {
        self.0.len()
    }

    read!(i64, Int, i64);
    read!(f64, Float, f64);
    read!(bool, Bool, bool);
    read!(ints, Ints, Vec<i64>);

    fn text(&self, row: usize, column: usize) -> Result<Option<&str>, CellError> {
        match self.cell(row, column) {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(CellError { column, expected: "a text" }),
        }
    }

    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        match self.cell(row, column) {
            Cell::Null => Ok(None),
            Cell::At(millis) => Ok(Some(Timestamp(*millis))),
            _ => Err(CellError { column, expected: "a timestamp" }),
        }
    }
}

/// A server for collectors to talk to: PostgreSQL 17 with nothing special.
pub(crate) fn server() -> Server {
    Server {
        version: "17.1".to_owned(),
        major: 17,
        block_bytes: 8_192,
        started_at: Timestamp(1_000),
        database: "shop".to_owned(),
        role: "basira".to_owned(),
        role_oid: 10,
        statements_loaded: true,
        ..Server::unknown()
    }
}
