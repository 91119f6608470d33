//! The newest snapshots of collectors, by type.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// What one run of a collector read: all locks, all tables. Each kind is a type of its own.
pub trait Snapshot: Any + Send + Sync {}

/// A [`Snapshot`] of any type.
#[derive(Clone)]
pub struct AnySnapshot {
    kind: TypeId,
    value: Arc<dyn Any + Send + Sync>,
}

impl AnySnapshot {
    /// Wraps `snapshot`.
    #[must_use]
    pub fn new<T: Snapshot>(snapshot: T) -> Self {
        Self { kind: TypeId::of::<T>(), value: Arc::new(snapshot) }
    }

    /// Returns the snapshot, if it is a `T`.
    #[must_use]
    pub fn get<T: Snapshot>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.value).downcast().ok()
    }
}

impl fmt::Debug for AnySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnySnapshot").finish_non_exhaustive()
    }
}

/// The newest snapshot of each type, by the database within the server that it is of.
#[derive(Debug, Clone, Default)]
pub struct Snapshots(HashMap<TypeId, BTreeMap<Arc<str>, AnySnapshot>>);

impl Snapshots {
    /// Stores the snapshot of `database` in place of an older one of its type.
    pub fn put(&mut self, database: &str, snapshot: AnySnapshot) {
        self.0.entry(snapshot.kind).or_default().insert(Arc::from(database), snapshot);
    }

    /// Returns the snapshots of type `T` by database. There is one where a snapshot is of the whole server.
    #[must_use]
    pub fn all<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        let of_kind = self.0.get(&TypeId::of::<T>()).into_iter().flatten();
        of_kind.filter_map(|(database, snapshot)| Some((Arc::clone(database), snapshot.get()?))).collect()
    }

    /// Removes the snapshots of databases for which `keep` returns false.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.values_mut().for_each(|of_kind| of_kind.retain(|database, _| keep(database)));
    }
}

#[cfg(test)]
mod tests {
    use super::{AnySnapshot, Snapshot, Snapshots};

    #[derive(Debug, PartialEq)]
    struct Apples(u8);
    impl Snapshot for Apples {}
    struct Pears;
    impl Snapshot for Pears {}

    #[test]
    fn the_newest_snapshot_of_each_type_and_database_is_kept() {
        let mut newest = Snapshots::default();
        newest.put("shop", AnySnapshot::new(Apples(1)));
        newest.put("shop", AnySnapshot::new(Apples(2)));
        newest.put("bank", AnySnapshot::new(Apples(3)));
        let found: Vec<_> =
            newest.all::<Apples>().into_iter().map(|(name, apples)| (name.to_string(), apples.0)).collect();
        assert_eq!(found, [("bank".to_owned(), 3), ("shop".to_owned(), 2)]);
        assert!(newest.all::<Pears>().is_empty());
        newest.retain(|database| database == "shop");
        assert_eq!(newest.all::<Apples>().len(), 1);
    }
}
