//! The names of relations.

use std::sync::Arc;

use crate::collect::{CellError, Cursor, Interner, Server, series};
use crate::model::relations::Relation;
use crate::model::{ColumnKind, NULL, Stream, Timestamp};

/// A relation whose name is not known yet.
pub(super) struct Unnamed<const N: usize> {
    pub(super) oid: i64,
    pub(super) values: [i64; N],
}

/// One row of the answer to the query for names.
pub(super) struct Named<'a> {
    pub(super) oid: i64,
    pub(super) named: i64,
    schema: &'a str,
    name: &'a str,
    table_oid: i64,
    table: &'a str,
}

impl<'a> Named<'a> {
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, CellError> {
        Ok(Self {
            oid: cursor.required_i64()?,
            named: cursor.required_i64()?,
            schema: cursor.text()?.unwrap_or_default(),
            name: cursor.text()?.unwrap_or_default(),
            table_oid: cursor.required_i64()?,
            table: cursor.text()?.unwrap_or_default(),
        })
    }

    /// Returns the relation, with the word columns of `stream` that name it.
    pub(super) fn relation<const N: usize>(
        &self,
        server: &Server,
        stream: &Stream,
        (mut values, seen_since): ([i64; N], Timestamp),
        interner: &mut Interner,
    ) -> Relation<N> {
        let columns = stream.columns.iter().zip(&mut values);
        for (column, cell) in columns.filter(|(column, _)| column.kind == ColumnKind::Text) {
            *cell = match column.name {
                "schema_name" => interner.intern(Some(self.schema)),
                "table_name" => interner.intern(Some(self.table)),
                "index_name" => interner.intern(Some(self.name)),
                "database_name" => interner.intern(Some(&server.database)),
                _ => NULL,
            };
        }
        Relation {
            oid: self.oid,
            table_oid: self.table_oid,
            series: relation_series(&server.database, self.schema, self.name),
            schema: Arc::from(self.schema),
            name: Arc::from(self.name),
            table: Arc::from(self.table),
            seen_since,
            values,
        }
    }
}

/// Returns the series of a relation: it stays the same when the relation is recreated.
fn relation_series(database: &str, schema: &str, name: &str) -> u64 {
    // no name holds a zero
    series(&[database.as_bytes(), b"\0", schema.as_bytes(), b"\0", name.as_bytes(), b"\0"])
}
