//! Finds duplicate and redundant indexes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::model::relations::{IndexCatalog, IndexFacts, IndexShape};

/// The oid of the access method `btree`, the only one where an index with more columns covers one with fewer.
const BTREE: i64 = 403;

/// Why an index can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OverlapReason {
    /// Another index differs only by name.
    Duplicate,
    /// Another index begins with the same columns.
    Redundant,
}

/// Indexes of one table of which all but one can be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    pub reason: OverlapReason,
    /// The index that covers the others.
    pub keep: Arc<IndexFacts>,
    pub drop: Vec<Arc<IndexFacts>>,
}

/// Returns the groups of overlapping indexes of one database, by table. Invalid indexes are left out.
#[must_use]
pub fn overlaps(catalog: &IndexCatalog) -> Vec<Overlap> {
    let usable = catalog.indexes.iter().filter(|facts| facts.is_valid && facts.is_ready);
    let mut by_table: Vec<&Arc<IndexFacts>> = usable.collect();
    by_table.sort_by_key(|facts| facts.table_oid);
    let tables = by_table.chunk_by(|one, other| one.table_oid == other.table_oid);
    tables.filter(|indexes| indexes.len() > 1).flat_map(overlaps_of).collect()
}

/// The properties by which two indexes of a table are duplicates.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Identity<'a> {
    /// Columns and parameters, and whether a unique index treats nulls as equal.
    Plain { method: i64, keys: &'a [[i64; 4]], included: &'a [i64], parameters: u64, nulls_are_equal: bool },
    /// With expressions or a predicate: a hash of the definition from the method on, and of the parameters.
    Defined(u64, u64),
}

/// Returns the groups among the indexes of one table.
fn overlaps_of(indexes: &[&Arc<IndexFacts>]) -> Vec<Overlap> {
    let mut same: BTreeMap<Identity<'_>, Vec<&Arc<IndexFacts>>> = BTreeMap::new();
    for facts in indexes {
        if let Some(identity) = identity(facts) {
            same.entry(identity).or_default().push(facts);
        }
    }
    let mut groups = Vec::new();
    for mut members in same.into_values().filter(|members| members.len() > 1) {
        members.sort_by_key(|facts| {
            let serves = [facts.is_primary, facts.is_referenced, facts.is_attached];
            let enforces = [facts.is_unique && facts.is_immediate, facts.constraint_backed, facts.is_unique];
            (serves.map(|serves| !serves), enforces.map(|enforces| !enforces), Arc::clone(&facts.name))
        });
        let mut members = members.into_iter().cloned();
        let Some(keep) = members.next() else { continue };
        let drop: Vec<_> = members.filter(|facts| replaces(&keep, facts)).collect();
        if !drop.is_empty() {
            groups.push(Overlap { reason: OverlapReason::Duplicate, keep, drop });
        }
    }
    let duplicates: HashSet<i64> =
        groups.iter().flat_map(|group| group.drop.iter().map(|facts| facts.oid)).collect();
    let left: Vec<&Arc<IndexFacts>> =
        indexes.iter().filter(|facts| !duplicates.contains(&facts.oid)).copied().collect();
    groups.extend(redundant(&left));
    groups
}

/// Whether `keep`, a duplicate of `other`, does all that `other` does.
const fn replaces(keep: &IndexFacts, other: &IndexFacts) -> bool {
    let is_bound = other.is_primary || other.is_referenced || other.is_attached;
    let enforces_the_same = keep.is_unique && keep.is_immediate == other.is_immediate;
    !is_bound
        && (!other.is_unique || enforces_the_same)
        && (!other.constraint_backed || keep.constraint_backed)
        && (!other.is_exclusion || keep.is_exclusion)
}

fn redundant(indexes: &[&Arc<IndexFacts>]) -> Vec<Overlap> {
    let mut by_longest: BTreeMap<i64, Overlap> = BTreeMap::new();
    for facts in indexes.iter().filter(|facts| is_dispensable(facts)) {
        let covering = indexes.iter().filter(|other| covers(other, facts));
        // the longest is not covered by another one
        if let Some(longest) = covering.max_by_key(|other| (other.shape.keys.len(), other.oid)) {
            let fresh =
                || Overlap { reason: OverlapReason::Redundant, keep: Arc::clone(longest), drop: Vec::new() };
            by_longest.entry(longest.oid).or_insert_with(fresh).drop.push(Arc::clone(facts));
        }
    }
    by_longest.into_values().collect()
}

fn is_plain(facts: &IndexFacts) -> bool {
    !facts.has_predicate && !facts.has_expressions
}

/// Whether dropping it changes nothing but performance.
fn is_dispensable(facts: &IndexFacts) -> bool {
    let serves = facts.is_unique || facts.constraint_backed || facts.is_referenced || facts.is_attached;
    is_plain(facts) && !serves && facts.shape.method == BTREE
}

/// Whether `wide` begins with the columns of `narrow` and includes its other columns.
fn covers(wide: &IndexFacts, narrow: &IndexFacts) -> bool {
    let (IndexShape { keys: many, .. }, IndexShape { keys: few, .. }) = (&*wide.shape, &*narrow.shape);
    let carries =
        |column: &i64| wide.shape.included.contains(column) || many.iter().any(|key| key[0] == *column);
    wide.oid != narrow.oid
        && wide.shape.method == BTREE
        && is_plain(wide)
        && many.starts_with(few)
        && (many.len() > few.len()
            || wide.is_unique
            || wide.shape.included.len() > narrow.shape.included.len())
        && narrow.shape.included.iter().all(carries)
}

/// Returns none when the definition is not known.
fn identity(facts: &IndexFacts) -> Option<Identity<'_>> {
    let parameters = facts.parameters;
    if !is_plain(facts) {
        let definition = facts.definition.as_ref();
        return definition.map(|definition| Identity::Defined(definition.identity, parameters));
    }
    let nulls_are_equal = facts.is_unique && facts.definition.as_ref()?.nulls_are_equal;
    let IndexShape { method, keys, included } = &*facts.shape;
    Some(Identity::Plain { method: *method, keys, included, parameters, nulls_are_equal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::relations::IndexDefinition;

    fn index(oid: i64, keys: &[i64]) -> IndexFacts {
        let keys = keys.iter().map(|column| [*column, 1978, 0, 0]).collect();
        IndexFacts {
            oid,
            table_oid: 1,
            schema: "public".into(),
            name: format!("i{oid}").into(),
            table: "t".into(),
            is_unique: false,
            is_primary: false,
            is_valid: true,
            is_ready: true,
            is_exclusion: false,
            is_referenced: false,
            is_immediate: true,
            constraint_backed: false,
            has_predicate: false,
            has_expressions: false,
            is_attached: false,
            is_partitioned: false,
            parent_oid: None,
            parameters: 0,
            shape: Arc::new(IndexShape { method: BTREE, keys, included: Vec::new() }),
            last_idx_scan: None,
            definition: None,
        }
    }

    fn unique(facts: IndexFacts) -> IndexFacts {
        let definition = IndexDefinition { text: "unique".into(), identity: 0, nulls_are_equal: false };
        IndexFacts { is_unique: true, definition: Some(definition), ..facts }
    }

    fn partial(facts: IndexFacts, identity: u64) -> IndexFacts {
        let definition = IndexDefinition { text: "the same".into(), identity, nulls_are_equal: false };
        IndexFacts { has_predicate: true, definition: Some(definition), ..facts }
    }

    fn found(indexes: &[IndexFacts]) -> Vec<(OverlapReason, i64, Vec<i64>)> {
        let indexes = indexes.iter().cloned().map(Arc::new).collect();
        let groups = overlaps(&IndexCatalog { at: Timestamp(0), indexes });
        let oids = |drop: Vec<Arc<IndexFacts>>| drop.iter().map(|facts| facts.oid).collect();
        groups.into_iter().map(|group| (group.reason, group.keep.oid, oids(group.drop))).collect()
    }

    #[test]
    fn the_same_columns_in_the_same_order_are_duplicates() {
        assert_eq!(found(&[index(1, &[1, 2]), index(2, &[1, 2])]), [(OverlapReason::Duplicate, 1, vec![2])]);
        assert_eq!(found(&[index(1, &[1, 2]), index(2, &[2, 1])]), []);
        assert_eq!(
            found(&[index(1, &[1]), unique(index(2, &[1]))]),
            [(OverlapReason::Duplicate, 2, vec![1])]
        );
    }

    #[test]
    fn a_prefix_of_another_index_is_redundant_unless_it_is_unique() {
        let chain = [index(1, &[1]), index(2, &[1, 2]), index(3, &[1, 2, 3])];
        assert_eq!(found(&chain), [(OverlapReason::Redundant, 3, vec![1, 2])]);
        assert_eq!(found(&[unique(index(1, &[1])), index(2, &[1, 2])]), []);
        let mut hash = index(1, &[1]);
        hash.shape = Arc::new(IndexShape { method: 405, ..IndexShape::clone(&hash.shape) });
        assert_eq!(found(&[hash, index(2, &[1, 2])]), []);
    }

    #[test]
    fn what_does_more_than_its_twin_is_kept() {
        let identity = IndexFacts { is_referenced: true, ..unique(index(2, &[1])) };
        assert_eq!(
            found(&[unique(index(1, &[1])), identity.clone()]),
            [(OverlapReason::Duplicate, 2, vec![1])]
        );
        let constraint = IndexFacts { constraint_backed: true, ..unique(index(1, &[1])) };
        assert_eq!(found(&[constraint.clone(), identity]), [], "each is needed");
        let deferrable = IndexFacts { is_immediate: false, ..constraint };
        assert_eq!(found(&[deferrable.clone(), unique(index(2, &[1]))]), [], "ON CONFLICT needs the other");
        assert_eq!(found(&[deferrable, index(2, &[1])]), [(OverlapReason::Duplicate, 1, vec![2])]);
        let with = |oid: i64, parameters: u64| IndexFacts { parameters, ..index(oid, &[1]) };
        assert_eq!(found(&[with(1, 7), with(2, 8)]), [], "other operators or parameters");
        let attached = |oid: i64| IndexFacts { is_attached: true, ..index(oid, &[1]) };
        assert_eq!(found(&[attached(1), attached(2)]), [], "only their parents can be dropped");
        assert_eq!(found(&[index(1, &[1]), attached(2)]), [(OverlapReason::Duplicate, 2, vec![1])]);
        let unread = IndexFacts { definition: None, ..unique(index(1, &[1])) };
        assert_eq!(found(&[unread, unique(index(2, &[1]))]), [], "how it treats nulls is not known yet");
    }

    #[test]
    fn predicates_are_compared_with_their_literals() {
        let of = |oid: i64, identity: u64| partial(index(oid, &[1]), identity);
        assert_eq!(found(&[of(1, 7), of(2, 7)]), [(OverlapReason::Duplicate, 1, vec![2])]);
        assert_eq!(found(&[of(1, 7), of(2, 8)]), []);
        assert_eq!(found(&[of(1, 7), index(2, &[1])]), [], "a partial index is no duplicate of a full one");
    }
}
