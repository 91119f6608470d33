//! Notices for readers of samples: that some were deleted above the cap, or stored without their text.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use basira_actors::model::{DatabaseId, OrganizationId};
use parking_lot::Mutex;

use crate::samples::DatabaseScope;

/// How long a notice is shown after its reason occurred last.
const SHOWN_FOR: Duration = Duration::from_secs(3_600);

/// What happened within the last hour.
#[derive(Debug, Default)]
pub(in crate::samples) struct Notices {
    dropped: Mutex<HashMap<OrganizationId, Instant>>,
    without_text: Mutex<HashMap<DatabaseId, Instant>>,
}

impl Notices {
    /// Records that samples of the organization were deleted because the store was above its cap.
    pub(in crate::samples) fn dropped(&self, organization: OrganizationId) {
        if note(&self.dropped, organization) {
            tracing::warn!(
                organization.id = %organization,
                "the sample store is above its cap: what this organization has most and longest of is dropped; raise samples.retention.max_bytes"
            );
        }
    }

    /// Records that texts of the database were left out.
    pub(in crate::samples) fn without_text(&self, database: DatabaseId) {
        if note(&self.without_text, database) {
            tracing::warn!(
                db.id = %database,
                "more new texts within the hour than samples.retention.new_texts_per_hour: samples are stored without the text of the others"
            );
        }
    }

    /// Returns the notices for readers of `scope`.
    pub(in crate::samples) fn of(&self, scope: DatabaseScope) -> Option<String> {
        let dropped = stands(&self.dropped, &scope.organization).then_some(
            "samples: the store is full, and the oldest samples of this organization were dropped",
        );
        let without_text = stands(&self.without_text, &scope.database).then_some(
            "samples: this database brought more new texts within an hour than are stored: some are missing",
        );
        let notices: Vec<&str> = dropped.into_iter().chain(without_text).collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }
}

/// Records an occurrence for `key`. Returns whether it had none.
fn note<K: Eq + Hash + Copy>(noted: &Mutex<HashMap<K, Instant>>, key: K) -> bool {
    let mut noted = noted.lock();
    noted.retain(|_, at| at.elapsed() < SHOWN_FOR);
    noted.insert(key, Instant::now()).is_none()
}

fn stands<K: Eq + Hash>(noted: &Mutex<HashMap<K, Instant>>, key: &K) -> bool {
    let noted = noted.lock();
    noted.get(key).is_some_and(|at| at.elapsed() < SHOWN_FOR)
}
