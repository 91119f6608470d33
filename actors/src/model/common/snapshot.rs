//! What the collectors saw last, for those who ask what is so now.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// What one run of one collector saw of the whole of something: all locks, all tables. One type each.
pub trait Snapshot: Any + Send + Sync {}

/// A [`Snapshot`] of some type, on its way to those who ask for it by that type.
#[derive(Clone)]
pub struct AnySnapshot {
    kind: TypeId,
    value: Arc<dyn Any + Send + Sync>,
}

impl AnySnapshot {
    #[must_use]
    pub fn new<T: Snapshot>(snapshot: T) -> Self {
        Self { kind: TypeId::of::<T>(), value: Arc::new(snapshot) }
    }

    /// What was seen, if it is a `T`.
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

/// The newest of each kind, by the database within the server that it was seen in.
#[derive(Debug, Clone, Default)]
pub struct Snapshots(HashMap<TypeId, BTreeMap<Arc<str>, AnySnapshot>>);

impl Snapshots {
    /// `seen` takes the place of what was seen of its kind in `database` before.
    pub fn put(&mut self, database: &str, seen: AnySnapshot) {
        self.0.entry(seen.kind).or_default().insert(Arc::from(database), seen);
    }

    /// Each database within the server with what was seen there; one for what is the server's.
    #[must_use]
    pub fn all<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        let of_kind = self.0.get(&TypeId::of::<T>()).into_iter().flatten();
        of_kind.filter_map(|(database, seen)| Some((Arc::clone(database), seen.get()?))).collect()
    }

    /// Forgets what was seen in databases that `keep` does not know any more.
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
    fn each_kind_has_its_newest_in_each_database() {
        let mut newest = Snapshots::default();
        newest.put("shop", AnySnapshot::new(Apples(1)));
        newest.put("shop", AnySnapshot::new(Apples(2)));
        newest.put("bank", AnySnapshot::new(Apples(3)));
        let seen: Vec<_> =
            newest.all::<Apples>().into_iter().map(|(name, apples)| (name.to_string(), apples.0)).collect();
        assert_eq!(seen, [("bank".to_owned(), 3), ("shop".to_owned(), 2)]);
        assert!(newest.all::<Pears>().is_empty());
        newest.retain(|database| database == "shop");
        assert_eq!(newest.all::<Apples>().len(), 1);
    }
}
