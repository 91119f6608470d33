//! Queries that a collector of ClickHouse can do without.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CollectError, Notice};
use crate::model::{Engine, Timestamp};

/// A query that fails counts as an error on the watched server, so it is not repeated for this long.
const PAUSE: Duration = Duration::from_secs(300);

/// The queries that failed, by what is not known without them.
#[derive(Debug, Default)]
pub struct OptionalQueries(BTreeMap<&'static str, (Timestamp, Notice)>);

impl OptionalQueries {
    /// Whether the query for `what` should be run at `now`.
    pub fn is_due(&mut self, what: &'static str, now: Timestamp) -> bool {
        let is_paused = self.0.get(what).is_some_and(|(at, _)| now.since(*at) < PAUSE);
        if !is_paused {
            self.0.remove(what);
        }
        !is_paused
    }

    /// Records that the query for `what` failed.
    pub fn refused(&mut self, what: &'static str, now: Timestamp, refusal: &CollectError) {
        let reason = format!("{what} not known: {refusal}");
        self.0.insert(what, (now, Notice::new(reason, refusal.fix(Engine::Clickhouse).unwrap_or_default())));
    }

    /// Returns what is not known, with the fixes.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        let join = |part: fn(&Notice) -> &str| {
            let parts: Vec<&str> = self.0.values().map(|(_, notice)| part(notice)).collect();
            parts.join("; ")
        };
        (!self.0.is_empty()).then(|| Notice::new(join(|one| &one.reason), join(|one| &one.fix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_failed_is_paused() {
        let mut optional = OptionalQueries::default();
        let at = |seconds: i64| Timestamp(seconds * 1000);
        assert!(optional.is_due("disks are", at(100)) && optional.notice().is_none());
        let refusal = CollectError::Missing { reason: "no table".to_owned(), fix: "make one".to_owned() };
        optional.refused("disks are", at(100), &refusal);
        assert!(!optional.is_due("disks are", at(399)) && optional.is_due("others are", at(399)));
        let notice = optional.notice().expect("a reason");
        assert_eq!((&*notice.reason, &*notice.fix), ("disks are not known: no table", "make one"));
        assert!(optional.is_due("disks are", at(400)) && optional.notice().is_none());
    }
}
