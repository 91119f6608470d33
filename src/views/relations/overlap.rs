//! Indexes that do what another one does too.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use basira_actors::model::relations::{IndexFacts, IndexShape};
use serde::Serialize;

use super::DatabaseView;
use super::indexes::IndexLine;

/// The oid of the access method `btree`, the only one of which a longer key does what a shorter one does.
const BTREE: i64 = 403;

/// Why an index is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Another one is the same but for its name.
    Duplicate,
    /// Another one begins with the same columns.
    Redundant,
}

/// One line of `GET /databases/{id}/indexes/duplicates`.
#[derive(Debug, Serialize)]
pub struct Overlap {
    pub database_name: Arc<str>,
    pub schema_name: Arc<str>,
    pub table_name: Arc<str>,
    pub reason: Reason,
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
        let mut tables: BTreeMap<i64, Vec<&IndexFacts>> = BTreeMap::new();
        for facts in self.facts().into_values().filter(|facts| facts.is_valid && facts.is_ready) {
            tables.entry(facts.table_oid).or_default().push(facts);
        }
        let groups = tables.into_values().flat_map(|indexes| overlaps_of(&indexes));
        let mut found: Vec<Overlap> = groups.filter_map(|group| group.shown(&lines)).collect();
        found.sort_by(|a, b| b.reclaimable_bytes.cmp(&a.reclaimable_bytes).then_with(|| a.keep.cmp(&b.keep)));
        found
    }
}

/// Oids of the index to keep and of those that are not needed.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    reason: Reason,
    keep: i64,
    drop: Vec<i64>,
}

impl Group {
    /// Nothing when one of them is gone by now.
    fn shown(&self, lines: &HashMap<i64, IndexLine>) -> Option<Overlap> {
        let keep = lines.get(&self.keep)?;
        let others: Vec<IndexLine> = self.drop.iter().filter_map(|oid| lines.get(oid)).cloned().collect();
        if others.is_empty() {
            return None;
        }
        Some(Overlap {
            database_name: Arc::clone(&keep.database_name),
            schema_name: Arc::clone(&keep.schema_name),
            table_name: Arc::clone(&keep.table_name),
            reason: self.reason,
            keep: Arc::clone(&keep.index_name),
            drop: others.iter().map(|line| Arc::clone(&line.index_name)).collect(),
            reclaimable_bytes: others.iter().filter_map(|line| line.size_bytes).sum(),
            indexes: std::iter::once(keep.clone()).chain(others).collect(),
        })
    }
}

/// What makes two indexes of one table the same.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Sameness<'a> {
    /// Columns only; and whether nulls are one value to a unique index.
    Plain { method: i64, keys: &'a [[i64; 4]], included: &'a [i64], nulls_are_equal: bool },
    /// With expressions or a predicate: the definition from the method on.
    Defined(&'a str),
}

/// The groups among the indexes of one table.
fn overlaps_of(indexes: &[&IndexFacts]) -> Vec<Group> {
    let mut same: BTreeMap<Sameness<'_>, Vec<&IndexFacts>> = BTreeMap::new();
    for facts in indexes {
        if let Some(sameness) = sameness(facts) {
            same.entry(sameness).or_default().push(facts);
        }
    }
    let mut groups = Vec::new();
    for mut members in same.into_values().filter(|members| members.len() > 1) {
        members.sort_by_key(|facts| {
            (!facts.is_primary, !facts.constraint_backed, !facts.is_unique, Arc::clone(&facts.name))
        });
        let oids: Vec<i64> = members.iter().map(|facts| facts.oid).collect();
        groups.push(Group { reason: Reason::Duplicate, keep: oids[0], drop: oids[1..].to_vec() });
    }
    let needless: HashSet<i64> = groups.iter().flat_map(|group| group.drop.iter().copied()).collect();
    let left: Vec<&IndexFacts> =
        indexes.iter().filter(|facts| !needless.contains(&facts.oid)).copied().collect();
    groups.extend(redundant(&left));
    groups
}

fn redundant(indexes: &[&IndexFacts]) -> Vec<Group> {
    let mut by_longest: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for facts in indexes.iter().filter(|facts| is_dispensable(facts)) {
        let covering = indexes.iter().filter(|other| covers(other, facts));
        // the longest is covered by no other itself
        if let Some(longest) = covering.max_by_key(|other| (other.shape.keys.len(), other.oid)) {
            by_longest.entry(longest.oid).or_default().push(facts.oid);
        }
    }
    let group = |(keep, drop)| Group { reason: Reason::Redundant, keep, drop };
    by_longest.into_iter().map(group).collect()
}

fn is_plain(facts: &IndexFacts) -> bool {
    !facts.has_predicate && !facts.has_expressions
}

/// Nothing but speed is lost without it.
fn is_dispensable(facts: &IndexFacts) -> bool {
    is_plain(facts) && !facts.is_unique && !facts.constraint_backed && facts.shape.method == BTREE
}

/// Whether `wide` begins with all of `narrow`, and carries what it carries.
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

/// Nothing when it is not known well enough.
fn sameness(facts: &IndexFacts) -> Option<Sameness<'_>> {
    let definition = facts.definition.as_deref().and_then(from_method);
    if !is_plain(facts) {
        return definition.map(Sameness::Defined);
    }
    let nulls_are_equal =
        facts.is_unique && definition.is_some_and(|definition| definition.contains(" NULLS NOT DISTINCT"));
    let IndexShape { method, keys, included } = &*facts.shape;
    Some(Sameness::Plain { method: *method, keys, included, nulls_are_equal })
}

/// A definition without what is before its method: the names, which may hold anything within quotes.
fn from_method(definition: &str) -> Option<&str> {
    let mut quoted = false;
    for (at, character) in definition.char_indices() {
        if character == '"' {
            quoted = !quoted;
        } else if !quoted && definition[at..].starts_with(" USING ") {
            return Some(&definition[at..]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

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
            constraint_backed: false,
            has_predicate: false,
            has_expressions: false,
            shape: Arc::new(IndexShape { method: BTREE, keys, included: Vec::new() }),
            last_idx_scan: None,
            definition: None,
        }
    }

    fn unique(facts: IndexFacts) -> IndexFacts {
        IndexFacts { is_unique: true, ..facts }
    }

    fn partial(facts: IndexFacts, definition: &str) -> IndexFacts {
        IndexFacts { has_predicate: true, definition: Some(definition.into()), ..facts }
    }

    fn found(indexes: &[IndexFacts]) -> Vec<(Reason, i64, Vec<i64>)> {
        let groups = overlaps_of(&indexes.iter().collect::<Vec<_>>());
        groups.into_iter().map(|group| (group.reason, group.keep, group.drop)).collect()
    }

    #[test]
    fn the_same_columns_in_the_same_order_are_duplicates() {
        assert_eq!(found(&[index(1, &[1, 2]), index(2, &[1, 2])]), [(Reason::Duplicate, 1, vec![2])]);
        assert_eq!(found(&[index(1, &[1, 2]), index(2, &[2, 1])]), []);
        assert_eq!(found(&[index(1, &[1]), unique(index(2, &[1]))]), [(Reason::Duplicate, 2, vec![1])]);
    }

    #[test]
    fn a_prefix_is_redundant_to_the_longest_unless_it_is_unique() {
        let chain = [index(1, &[1]), index(2, &[1, 2]), index(3, &[1, 2, 3])];
        assert_eq!(found(&chain), [(Reason::Redundant, 3, vec![1, 2])]);
        assert_eq!(found(&[unique(index(1, &[1])), index(2, &[1, 2])]), []);
        let mut hash = index(1, &[1]);
        hash.shape = Arc::new(IndexShape { method: 405, ..IndexShape::clone(&hash.shape) });
        assert_eq!(found(&[hash, index(2, &[1, 2])]), []);
    }

    #[test]
    fn predicates_are_compared_by_their_text() {
        let of = |oid: i64, predicate: &str| {
            let text =
                format!("CREATE INDEX \"a USING b{oid}\" ON public.t USING btree (a) WHERE {predicate}");
            partial(index(oid, &[1]), &text)
        };
        assert_eq!(found(&[of(1, "b"), of(2, "b")]), [(Reason::Duplicate, 1, vec![2])]);
        assert_eq!(found(&[of(1, "b"), of(2, "c")]), []);
        assert_eq!(found(&[of(1, "b"), index(2, &[1])]), [], "what covers only a part is not the same");
    }
}
