//! The columns of `pg_index`, in the order of its SQL files.

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{CellError, Cursor};
use crate::model::Timestamp;
use crate::model::relations::{IndexFacts, IndexShape};

/// What every SQL variant answers with.
pub(super) const COLUMNS: &[&str] = &[
    "oid",
    "table_oid",
    "schema",
    "name",
    "table_name",
    "stamp",
    "is_unique",
    "is_primary",
    "is_valid",
    "is_ready",
    "is_exclusion",
    "is_referenced",
    "is_immediate",
    "constraint_backed",
    "has_predicate",
    "has_expressions",
    "is_attached",
    "is_partitioned",
    "parent_oid",
    "parameters",
    "method",
    "columns",
    "classes",
    "collations",
    "options",
    "last_idx_scan",
    "at",
];

/// One index, its definition aside.
pub(super) struct Row {
    pub(super) facts: IndexFacts,
    pub(super) stamp: String,
    pub(super) at: Timestamp,
}

impl Row {
    /// Reads a row; its shape is taken from `shapes` if it is there.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        shapes: &mut HashSet<Arc<IndexShape>>,
    ) -> Result<Self, CellError> {
        let (oid, table_oid) = (cursor.required_i64()?, cursor.required_i64()?);
        let mut name = || cursor.text().map(|text| Arc::from(text.unwrap_or_default()));
        let (schema, name, table) = (name()?, name()?, name()?);
        let stamp = cursor.owned_text()?.unwrap_or_default();
        let mut flag = || cursor.bool().map(Option::unwrap_or_default);
        let facts = IndexFacts {
            oid,
            table_oid,
            schema,
            name,
            table,
            is_unique: flag()?,
            is_primary: flag()?,
            is_valid: flag()?,
            is_ready: flag()?,
            is_exclusion: flag()?,
            is_referenced: flag()?,
            is_immediate: flag()?,
            constraint_backed: flag()?,
            has_predicate: flag()?,
            has_expressions: flag()?,
            is_attached: flag()?,
            is_partitioned: flag()?,
            parent_oid: cursor.i64()?,
            parameters: cursor.text()?.map_or(0, |parameters| xxh3_64(parameters.as_bytes())),
            shape: interned(shape(cursor)?, shapes),
            last_idx_scan: cursor.timestamp()?,
            definition: None,
        };
        Ok(Self { facts, stamp, at: cursor.required_timestamp()? })
    }
}

fn shape(cursor: &mut Cursor<'_>) -> Result<IndexShape, CellError> {
    let method = cursor.required_i64()?;
    let columns = numbers(cursor.text()?);
    let (classes, collations, options) =
        (numbers(cursor.text()?), numbers(cursor.text()?), numbers(cursor.text()?));
    // included columns have a number, but no class
    let included = columns.iter().skip(classes.len()).copied().collect();
    let of_key = columns.iter().zip(&classes).zip(collations.iter().zip(&options));
    let keys = of_key.map(|((column, class), (collation, option))| [*column, *class, *collation, *option]);
    Ok(IndexShape { method, keys: keys.collect(), included })
}

fn interned(shape: IndexShape, shapes: &mut HashSet<Arc<IndexShape>>) -> Arc<IndexShape> {
    if let Some(known) = shapes.get(&shape) {
        return Arc::clone(known);
    }
    let shape = Arc::new(shape);
    shapes.insert(Arc::clone(&shape));
    shape
}

/// The numbers of an `int2vector` or `oidvector`: `2 3`.
fn numbers(vector: Option<&str>) -> Vec<i64> {
    vector.unwrap_or_default().split_whitespace().filter_map(|number| number.parse().ok()).collect()
}
