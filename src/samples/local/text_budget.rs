//! A limit on the new texts of one database in an hour, so that an application with a different statement text for every
//! call does not fill the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use basira_actors::model::{Batch, DatabaseId, DictionaryEntry, OrganizationId};
use parking_lot::Mutex;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::insert::CHUNK;
use crate::samples::entity::word;

const HOUR: Duration = Duration::from_secs(3_600);
/// A text counts once for each started KiB.
const UNIT_BYTES: usize = 1_024;

/// The result of the limit for one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::samples) struct Enforced {
    /// What was counted: refunded when the batch is not stored, since it is sent again.
    pub(in crate::samples) units: u64,
    /// Whether texts were removed from the batch.
    pub(in crate::samples) left_out: bool,
}

/// What each database has used in its hour.
#[derive(Debug, Default)]
pub(in crate::samples) struct TextBudget(Mutex<HashMap<DatabaseId, Spent>>);

#[derive(Debug)]
struct Spent {
    since: Instant,
    units: u64,
}

fn units(word: &DictionaryEntry) -> u64 {
    (word.text.len() / UNIT_BYTES) as u64 + 1
}

impl TextBudget {
    /// Removes the texts of `batch` that are above `limit`, unless they are stored already.
    pub(in crate::samples) async fn enforce(
        &self,
        reader: &DatabaseConnection,
        limit: Option<u64>,
        batch: &mut Arc<Batch>,
    ) -> Result<Enforced, DbErr> {
        let Some(limit) = limit.filter(|_| !batch.dictionary.is_empty()) else {
            return Ok(Enforced::default());
        };
        let all = batch.dictionary.iter().map(units).sum();
        if self.spend(batch.database, all, limit) {
            return Ok(Enforced { units: all, left_out: false });
        }
        // a text that is stored already takes no more space
        let known = stored(reader, batch.organization, &batch.dictionary).await?;
        let (before, database) = (batch.dictionary.len(), batch.database);
        let mut spent = 0;
        let mut fits = |word: &DictionaryEntry| {
            let fits = self.spend(database, units(word), limit);
            spent += if fits { units(word) } else { 0 };
            fits
        };
        let words = &mut Arc::make_mut(batch).dictionary;
        words.retain(|word| known.contains(&word.hash) || fits(word));
        Ok(Enforced { units: spent, left_out: words.len() < before })
    }

    /// Takes back what was counted for a batch that was not stored.
    pub(in crate::samples) fn refund(&self, database: DatabaseId, units: u64) {
        let mut spent = self.0.lock();
        if let Some(of_database) = spent.get_mut(&database) {
            of_database.units = of_database.units.saturating_sub(units);
        }
    }

    /// Removes the counter of the database.
    pub(in crate::samples) fn forget(&self, database: DatabaseId) {
        self.0.lock().remove(&database);
    }

    /// Counts `more` if it fits. Returns whether it did.
    fn spend(&self, database: DatabaseId, more: u64, limit: u64) -> bool {
        let mut spent = self.0.lock();
        let of_database = spent.entry(database).or_insert_with(|| Spent { since: Instant::now(), units: 0 });
        if of_database.since.elapsed() >= HOUR {
            *of_database = Spent { since: Instant::now(), units: 0 };
        }
        let fits = of_database.units.saturating_add(more) <= limit;
        if fits {
            of_database.units += more;
        }
        fits
    }
}

async fn stored(
    reader: &DatabaseConnection,
    organization: OrganizationId,
    words: &[DictionaryEntry],
) -> Result<HashSet<u64>, DbErr> {
    let mut known = HashSet::new();
    for chunk in words.chunks(CHUNK) {
        let hashes: Vec<i64> = word::Entity::find()
            .filter(word::Column::OrganizationId.eq(organization.0))
            .filter(word::Column::Hash.is_in(chunk.iter().map(|word| word.hash.cast_signed())))
            .select_only()
            .column(word::Column::Hash)
            .into_tuple()
            .all(reader)
            .await?;
        known.extend(hashes.into_iter().map(i64::cast_unsigned));
    }
    Ok(known)
}
