//! The answers of the server, decoded.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{Answer, CellError, Cursor};
use crate::model::{TableParts, Timestamp};

/// A table on a node.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) series: u64,
    pub(super) host_name: Arc<str>,
    pub(super) database: Arc<str>,
    pub(super) table: Arc<str>,
}

impl Name {
    /// The next three cells.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        let host_name = cursor.text()?.unwrap_or_default();
        let (database, table) = (cursor.text()?.unwrap_or_default(), cursor.text()?.unwrap_or_default());
        let series = xxh3_64([host_name, database, table].join("\0").as_bytes());
        Ok(Self { series, host_name: host_name.into(), database: database.into(), table: table.into() })
    }
}

/// A table as `system.tables` has it.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) name: Name,
    pub(super) engine: Arc<str>,
    pub(super) rows: Option<i64>,
    pub(super) bytes: Option<i64>,
}

impl Listed {
    pub(super) const COLUMNS: &[&str] =
        &["host_name", "database_name", "table_name", "engine_name", "row_count", "byte_count", "changed_at"];
}

/// Every table, and what changes when one of them is made, altered or dropped.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) tables: Vec<Listed>,
    /// When the definition of a table was changed last, in whole seconds.
    pub(super) changed_at: Timestamp,
    pub(super) fingerprint: u64,
}

impl Listing {
    pub(super) const EMPTY: Self = Self { tables: Vec::new(), changed_at: Timestamp(0), fingerprint: 0 };

    pub(super) fn read(answer: &Answer<'_>) -> Result<Self, CellError> {
        let mut listing = Self::EMPTY;
        listing.tables.reserve(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let name = Name::read(&mut cursor)?;
            let engine = Arc::from(cursor.text()?.unwrap_or_default());
            let (rows, bytes) = (cursor.i64()?, cursor.i64()?);
            let changed_at = cursor.timestamp()?.unwrap_or(Timestamp(0));
            listing.changed_at = listing.changed_at.max(changed_at);
            // in any order, so that the order of the rows does not matter
            let mark = [name.series.to_le_bytes(), changed_at.as_millis().to_le_bytes()].concat();
            listing.fingerprint = listing.fingerprint.wrapping_add(xxh3_64(&mark));
            listing.tables.push(Listed { name, engine, rows, bytes });
        }
        Ok(listing)
    }
}

/// The active parts of one table.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    name: Name,
    engine: Arc<str>,
    pub(super) rows: Option<i64>,
    pub(super) bytes: Option<i64>,
    /// Limits and detached parts are not known yet.
    pub(super) parts: TableParts,
}

impl Counted {
    pub(super) const COLUMNS: &[&str] = &[
        "host_name",
        "database_name",
        "table_name",
        "engine",
        "partitions",
        "active_parts",
        "table_rows",
        "table_bytes",
        "table_compressed_bytes",
        "table_uncompressed_bytes",
        "max_parts_in_partition",
        "fullest_partition",
        "modified_at",
    ];

    /// By series.
    pub(super) fn read(answer: &Answer<'_>) -> Result<HashMap<u64, Self>, CellError> {
        let read = |row| {
            let counted = Self::read_row(&mut Cursor::new(answer.rows, row))?;
            Ok((counted.name.series, counted))
        };
        (0..answer.rows.len()).map(read).collect()
    }

    fn read_row(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        let name = Name::read(cursor)?;
        let engine = Arc::from(cursor.text()?.unwrap_or_default());
        let (partitions, active_parts) = (cursor.required_i64()?, cursor.required_i64()?);
        let (rows, bytes) = (cursor.i64()?, cursor.i64()?);
        let parts = TableParts {
            partitions,
            active_parts,
            bytes_compressed: cursor.required_i64()?,
            bytes_uncompressed: cursor.required_i64()?,
            max_parts_in_partition: cursor.required_i64()?,
            fullest_partition: cursor.text()?.map(Arc::from),
            modified_at: cursor.timestamp()?,
            ..TableParts::default()
        };
        Ok(Self { name, engine, rows, bytes, parts })
    }

    /// As its row in `system.tables` would be.
    pub(super) fn listed(&self) -> Listed {
        let Self { name, engine, rows, bytes, .. } = self;
        Listed { name: name.clone(), engine: Arc::clone(engine), rows: *rows, bytes: *bytes }
    }
}
