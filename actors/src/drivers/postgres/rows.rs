//! Rows of tokio-postgres in packed form: a row of its own takes several times its size on the wire.

use std::error::Error;

use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Row, Statement};

use crate::collect::{CellError, Rows, TRUNCATION_MARK, max_cell_bytes};
use crate::model::Timestamp;

/// The rows of a reply, in the binary format.
pub(super) struct PgRows {
    statement: Statement,
    /// The size to which cells of each column are truncated; only texts have a limit.
    longest: Vec<usize>,
    /// Whether each column has texts.
    is_text: Vec<bool>,
    /// The end of each cell in `bytes`, with a mark for NULL.
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// The mark of a cell that is NULL. Replies are smaller than that.
const NULL: u32 = 1 << 31;

impl PgRows {
    /// Creates an empty list of rows of `statement`.
    pub(super) fn new(statement: Statement) -> Self {
        let is_text: Vec<bool> =
            statement.columns().iter().map(|column| <&str as FromSql<'_>>::accepts(column.type_())).collect();
        let longest = statement.columns().iter().zip(&is_text);
        let longest = longest
            .map(|(column, is_text)| if *is_text { max_cell_bytes(column.name()) } else { usize::MAX });
        Self { longest: longest.collect(), is_text, statement, ends: Vec::new(), bytes: Vec::new() }
    }

    /// Adds a row of the same statement.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), CellError> {
        for (column, longest) in self.longest.iter().enumerate() {
            let error = CellError { column, expected: "a cell" };
            let cell: Option<Raw<'_>> = row.try_get(column).map_err(|_| error)?;
            let null = if cell.is_none() { NULL } else { 0 };
            if let Some(Raw(cell)) = cell {
                let kept = cut(cell, *longest);
                // a server passes on bytes that are invalid in its encoding, such as texts of another database
                if self.is_text[column] {
                    self.bytes.extend_from_slice(String::from_utf8_lossy(kept).as_bytes());
                } else {
                    self.bytes.extend_from_slice(kept);
                }
                if kept.len() < cell.len() {
                    self.bytes.extend_from_slice(TRUNCATION_MARK.as_bytes());
                }
            }
            let end = u32::try_from(self.bytes.len()).ok().filter(|end| end & NULL == 0);
            self.ends.push(end.ok_or(CellError { column, expected: "shorter" })? | null);
        }
        Ok(())
    }

    /// Returns the size in memory.
    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u32>()
    }

    fn cell(&self, row: usize, column: usize) -> Option<(&Type, Option<&[u8]>)> {
        let of_type = self.statement.columns().get(column)?.type_();
        let index = row.checked_mul(self.longest.len())?.checked_add(column)?;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] & !NULL);
        let cell = || self.bytes.get(start as usize..end as usize);
        Some((of_type, if end & NULL == 0 { cell() } else { None }))
    }

    fn get<'a, T: FromSql<'a>>(
        &'a self,
        row: usize,
        column: usize,
        expected: &'static str,
    ) -> Result<Option<T>, CellError> {
        let error = || CellError { column, expected };
        let (of_type, cell) = self.cell(row, column).ok_or_else(error)?;
        if !T::accepts(of_type) {
            return Err(error());
        }
        cell.map(|raw| T::from_sql(of_type, raw)).transpose().map_err(|_| error())
    }
}

/// Returns the longest prefix of at most `longest` bytes that ends between two UTF-8 characters.
fn cut(cell: &[u8], longest: usize) -> &[u8] {
    if cell.len() <= longest {
        return cell;
    }
    let continues = |byte: &u8| byte & 0xc0 == 0x80;
    let end = (0..=longest).rev().find(|end| !continues(&cell[*end])).unwrap_or_default();
    &cell[..end]
}

impl Rows for PgRows {
    fn len(&self) -> usize {
        self.ends.len().checked_div(self.longest.len()).unwrap_or_default()
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
        let ints: Option<Ints> = self.get(row, column, "an integer array")?;
        Ok(ints.map(|ints| ints.0))
    }

    fn timestamp(&self, row: usize, column: usize) -> Result<Option<Timestamp>, CellError> {
        let instant: Option<Instant> = self.get(row, column, "a timestamp with time zone")?;
        Ok(instant.map(|instant| instant.0))
    }
}

/// The bytes of a cell of any type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// An `int4[]`: the number of dimensions, whether there are NULLs, and the type; the length and first index of the dimension;
/// then each element with its length. Memory is allocated for the elements present, not for the claimed length.
struct Ints(Vec<i64>);

impl<'a> FromSql<'a> for Ints {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let (words, rest) = raw.as_chunks::<4>();
        let mut words = words.iter().map(|word| i32::from_be_bytes(*word));
        let dimensions = words.next().ok_or("an array without dimensions")?;
        let mut words = words.skip(2);
        if dimensions == 0 {
            return Ok(Self(Vec::new()));
        }
        let length = words.next().and_then(|length| usize::try_from(length).ok());
        let elements: Vec<i32> = words.skip(1).collect();
        let (elements, incomplete) = elements.as_chunks::<2>();
        let is_whole = rest.is_empty() && incomplete.is_empty() && length == Some(elements.len());
        if dimensions != 1 || !is_whole || elements.iter().any(|[size, _]| *size != 4) {
            return Err("not a one-dimensional array of integers".into());
        }
        Ok(Self(elements.iter().map(|[_, value]| i64::from(*value)).collect()))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INT4_ARRAY
    }
}

/// A `timestamptz`: microseconds since 2000-01-01 on the wire, of which the extreme values are `-infinity` and `infinity`.
struct Instant(Timestamp);

/// 2000-01-01T00:00:00Z in milliseconds since the Unix epoch.
const POSTGRES_EPOCH_MS: i64 = 946_684_800_000;

impl<'a> FromSql<'a> for Instant {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(Timestamp::of_server(micros.div_euclid(1000).saturating_add(POSTGRES_EPOCH_MS))))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::{FromSql as _, Type};

    use super::{Ints, cut};

    fn ints(words: &[i32]) -> Option<Vec<i64>> {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        Ints::from_sql(&Type::INT4_ARRAY, &raw).ok().map(|ints| ints.0)
    }

    #[test]
    fn an_array_has_the_elements_that_are_present() {
        assert_eq!(ints(&[1, 0, 23, 2, 1, 4, 7, 4, -8]), Some(vec![7, -8]));
        assert_eq!(ints(&[0, 0, 23]), Some(Vec::new()));
        assert_eq!(ints(&[1, 0, 23, i32::MAX, 1, 4, 7]), None, "claims more than there is");
        assert_eq!(ints(&[1, 0, 23, 1, 1, -1]), None, "NULL");
        assert_eq!(ints(&[2, 0, 23, 1, 1, 1, 1, 4, 7]), None, "of two dimensions");
        assert_eq!(ints(&[]), None);
    }

    #[test]
    fn a_cell_is_cut_between_characters() {
        assert_eq!(cut("a\u{e4}b".as_bytes(), 4), "a\u{e4}b".as_bytes());
        assert_eq!(cut("a\u{e4}b".as_bytes(), 3), "a\u{e4}".as_bytes());
        assert_eq!(cut("a\u{e4}b".as_bytes(), 2), b"a");
        assert_eq!(cut(&[0x80; 9], 4), b"");
    }
}
