//! Rows of tokio-postgres, decoded where they lie.

use std::error::Error;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::collect::{CellError, Rows};
use crate::model::Timestamp;

/// An answer in the binary format.
pub(super) struct PgRows(pub(super) Vec<Row>);

impl PgRows {
    fn get<'a, T: FromSql<'a>>(
        &'a self,
        row: usize,
        column: usize,
        expected: &'static str,
    ) -> Result<T, CellError> {
        let error = CellError { column, expected };
        self.0.get(row).and_then(|row| row.try_get(column).ok()).ok_or(error)
    }
}

impl Rows for PgRows {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn i64(&self, row: usize, column: usize) -> Result<Option<i64>, CellError> {
        self.get(row, column, "a bigint")
    }

    fn f64(&self, row: usize, column: usize) -> Result<Option<f64>, CellError> {
        self.get(row, column, "a double precision")
    }

    fn bool(&self, row: usize, column: usize) -> Result<Option<bool>, CellError> {
        self.get(row, column, "a boolean")
    }

    fn text(&self, row: usize, column: usize) -> Result<Option<&str>, CellError> {
        self.get(row, column, "a text")
    }

    fn ints(&self, row: usize, column: usize) -> Result<Option<Vec<i64>>, CellError> {
        let ints: Option<Vec<i32>> = self.get(row, column, "an integer array")?;
        Ok(ints.map(|ints| ints.into_iter().map(i64::from).collect()))
    }

    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        let instant: Option<Instant> = self.get(row, column, "a timestamp with time zone")?;
        Ok(instant.map(|instant| instant.0))
    }
}

/// A `timestamptz`: microseconds since 2000-01-01 on the wire.
struct Instant(Timestamp);

/// 2000-01-01T00:00:00Z in milliseconds since the Unix epoch.
const POSTGRES_EPOCH_MS: i64 = 946_684_800_000;

impl<'a> FromSql<'a> for Instant {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(Timestamp(micros.div_euclid(1000).saturating_add(POSTGRES_EPOCH_MS))))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}
