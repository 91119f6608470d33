//! What the catalog answers.

use super::proposals::{Existing, Facts, Table, Tables};
use crate::collect::{CellError, Cursor, Rows};
use crate::model::Timestamp;

pub(super) const COLUMNS: &[&str] = &[
    "at",
    "oid",
    "schema_name",
    "table_name",
    "quoted_table",
    "tuples",
    "pages",
    "written",
    "column_name",
    "quoted_column",
    "number",
    "is_varchar",
    "indexable",
    "n_distinct",
    "width",
];

/// One row per column; and the server's clock.
pub(super) fn tables(rows: &dyn Rows) -> Result<(Tables, Option<Timestamp>), CellError> {
    let (mut tables, mut at) = (Tables::new(), None);
    for row in 0..rows.len() {
        let mut cursor = Cursor::new(rows, row);
        at = Some(cursor.required_timestamp()?);
        let oid = cursor.required_i64()?;
        let key = (cursor.owned_text()?.unwrap_or_default(), cursor.owned_text()?.unwrap_or_default());
        let quoted = cursor.owned_text()?.unwrap_or_default();
        let tuples = cursor.f64()?.unwrap_or_default();
        let (pages, written) = (cursor.required_i64()?, cursor.required_i64()?);
        let (name, quoted_column) =
            (cursor.owned_text()?.unwrap_or_default(), cursor.owned_text()?.unwrap_or_default());
        let facts = Facts {
            number: cursor.required_i64()?,
            quoted: quoted_column,
            is_varchar: cursor.bool()?.unwrap_or_default(),
            indexable: cursor.bool()?.unwrap_or_default(),
            // a negative one is a share of the rows; zero is not known
            distinct: cursor
                .f64()?
                .map(|values| if values < 0.0 { -values * tuples } else { values })
                .filter(|values| *values > 0.0),
            width: cursor.i64()?,
        };
        let table =
            || Table { oid, quoted, rows: tuples, pages, written, columns: std::collections::HashMap::new() };
        tables.entry(key).or_insert_with(table).columns.insert(name, facts);
    }
    Ok((tables, at))
}

pub(super) fn indexes(rows: &dyn Rows) -> Result<Vec<Existing>, CellError> {
    let read = |row| {
        let mut cursor = Cursor::new(rows, row);
        let table_oid = cursor.required_i64()?;
        let is_unique = cursor.bool()?.unwrap_or_default();
        let keys = usize::try_from(cursor.required_i64()?).unwrap_or_default();
        let columns = cursor.text()?.unwrap_or_default().split(' ').take(keys);
        Ok(Existing {
            table_oid,
            is_unique,
            keys: columns.filter_map(|number| number.parse().ok()).collect(),
        })
    };
    (0..rows.len()).map(read).collect()
}
