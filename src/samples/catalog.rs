//! Which group each series belongs to, kept in memory: every ranking needs all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use basira_actors::model::{DatabaseId, Stream};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};

use super::Scope;
use super::cache::{Cache, StreamKey};
use super::entity::entry;
use super::fold::Groups;

/// Some 400,000 series.
const ROOM_BYTES: usize = 10 << 20;
const ENTRY_BYTES: usize = 24;

/// How often the entries of a stream were written by this process; noted before a snapshot is opened, it tells
/// whether what the snapshot shows may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(u64);

/// The groups of the streams that were looked at last.
#[derive(Debug)]
pub(super) struct Catalog {
    known: Cache<StreamKey, (Version, Groups)>,
    versions: Mutex<HashMap<StreamKey, u64>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { known: Cache::new(ROOM_BYTES), versions: Mutex::default() }
    }
}

impl Catalog {
    pub(super) fn version(&self, database: DatabaseId, stream: &'static Stream) -> Version {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        Version(versions.get(&(database, stream.name)).copied().unwrap_or(0))
    }

    /// Entries of the stream were written or removed.
    pub(super) fn changed(&self, database: DatabaseId, stream: &'static str) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        *versions.entry((database, stream)).or_default() += 1;
        drop(versions);
        self.known.remove((database, stream));
    }

    /// The groups as `snapshot`, opened after `version` was noted, shows them.
    pub(super) async fn groups<C: ConnectionTrait>(
        &self,
        snapshot: &C,
        version: Version,
        scope: Scope,
        stream: &'static Stream,
    ) -> Result<Groups, DbErr> {
        if let Some((of, groups)) = self.known.get((scope.database, stream.name))
            && of == version
        {
            return Ok(groups);
        }
        let rows = entries(scope, stream)
            .select_only()
            .columns([entry::Column::Series, entry::Column::GroupHash])
            .into_tuple::<(i64, i64)>()
            .all(snapshot)
            .await?;
        let groups: Groups = Arc::new(
            rows.into_iter().map(|(series, group)| (series.cast_unsigned(), group.cast_unsigned())).collect(),
        );
        self.known.put(
            (scope.database, stream.name),
            (version, Arc::clone(&groups)),
            groups.len() * ENTRY_BYTES,
        );
        Ok(groups)
    }
}

/// Who the series of one stream are.
pub(super) fn entries(scope: Scope, stream: &Stream) -> Select<entry::Entity> {
    entry::Entity::find()
        .filter(entry::Column::DatabaseId.eq(scope.database.0))
        .filter(entry::Column::OrganizationId.eq(scope.organization.0))
        .filter(entry::Column::Stream.eq(stream.name))
}
