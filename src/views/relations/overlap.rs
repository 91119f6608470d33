//! Indexes that do what another one does too.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::analysis::{OverlapReason, overlaps};
use basira_actors::model::relations::IndexFacts;
use serde::Serialize;

use super::DatabaseView;
use super::indexes::IndexLine;

/// One line of `GET /databases/{id}/indexes/duplicates`.
#[derive(Debug, Serialize)]
pub struct Overlap {
    pub database_name: Arc<str>,
    pub schema_name: Arc<str>,
    pub table_name: Arc<str>,
    pub reason: OverlapReason,
    /// The index that does what the others do.
    pub keep: Arc<str>,
    pub drop: Vec<Arc<str>>,
    /// What dropping them gives back.
    pub reclaimable_bytes: i64,
    /// The one to keep first.
    pub indexes: Vec<IndexLine>,
}

impl DatabaseView {
    /// Groups of indexes of which one is enough, most to gain first.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        let lines: HashMap<i64, IndexLine> =
            self.index_lines().into_iter().map(|line| (line.oid, line)).collect();
        let groups = self.catalog.iter().flat_map(|catalog| overlaps(catalog));
        let mut found: Vec<Overlap> =
            groups.filter_map(|group| shown(group.reason, &group.keep, &group.drop, &lines)).collect();
        found.sort_by(|a, b| b.reclaimable_bytes.cmp(&a.reclaimable_bytes).then_with(|| a.keep.cmp(&b.keep)));
        found
    }
}

/// Nothing when one of them is gone by now.
fn shown(
    reason: OverlapReason,
    keep: &IndexFacts,
    drop: &[Arc<IndexFacts>],
    lines: &HashMap<i64, IndexLine>,
) -> Option<Overlap> {
    let keep = lines.get(&keep.oid)?;
    let others: Vec<IndexLine> = drop.iter().filter_map(|facts| lines.get(&facts.oid)).cloned().collect();
    if others.is_empty() {
        return None;
    }
    Some(Overlap {
        database_name: Arc::clone(&keep.database_name),
        schema_name: Arc::clone(&keep.schema_name),
        table_name: Arc::clone(&keep.table_name),
        reason,
        keep: Arc::clone(&keep.index_name),
        drop: others.iter().map(|line| Arc::clone(&line.index_name)).collect(),
        reclaimable_bytes: others.iter().filter_map(|line| line.size_bytes).sum(),
        indexes: std::iter::once(keep.clone()).chain(others).collect(),
    })
}
