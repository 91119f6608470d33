//! What is known of the tables and indexes of a database, put together from what its collectors saw last. Pure.

pub mod indexes;
pub mod overlap;
pub mod parts;
pub mod tables;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::relations::{
    IndexCatalog, IndexFacts, IndexSnapshot, RelationSizes, TableSnapshot,
};
use basira_actors::model::{NULL, Timestamp};

/// For how long a measured size is better than what the catalog estimates.
const EXACT_FOR: Duration = Duration::from_secs(15 * 60);

/// What was seen last in one database; parts that were not seen yet are absent.
#[derive(Debug, Clone, Default)]
pub struct DatabaseView {
    pub database: Arc<str>,
    pub tables: Option<Arc<TableSnapshot>>,
    pub indexes: Option<Arc<IndexSnapshot>>,
    pub catalog: Option<Arc<IndexCatalog>>,
    pub sizes: Option<Arc<RelationSizes>>,
}

/// What something takes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    bytes: i64,
    /// Known only when measured.
    toast_bytes: Option<i64>,
    is_exact: bool,
}

impl DatabaseView {
    /// As measured lately; else `estimate`, the catalog's.
    fn size(&self, oid: i64, estimate: Option<i64>, now: Timestamp) -> Option<Size> {
        let measured = self.sizes.as_ref().and_then(|sizes| sizes.0.get(&oid));
        match measured.filter(|size| now.since(size.at) <= EXACT_FOR) {
            Some(size) => {
                Some(Size { bytes: size.bytes, toast_bytes: Some(size.toast_bytes), is_exact: true })
            }
            None => estimate.map(|bytes| Size { bytes, toast_bytes: None, is_exact: false }),
        }
    }

    /// What the catalog says, by oid.
    fn facts(&self) -> HashMap<i64, &IndexFacts> {
        let facts = self.catalog.iter().flat_map(|catalog| &catalog.indexes);
        facts.map(|facts| (facts.oid, &**facts)).collect()
    }
}

/// `cell` of a row; `None` when it is not known.
fn known(values: &[i64], place: usize) -> Option<i64> {
    values.get(place).copied().filter(|value| *value != NULL)
}

/// Largest first; what is not known comes last.
fn descending(a: Option<i64>, b: Option<i64>) -> Ordering {
    b.cmp(&a)
}
