//! The group of each series, cached: every ranking needs all of a stream.

use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use basira_actors::model::{DatabaseId, Stream, streams};
use rustc_hash::FxBuildHasher;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};

use super::cache::{Cache, StreamKey};
use crate::samples::DatabaseScope;
use crate::samples::aggregate::Groups;
use crate::samples::entity::entry;

/// Room for some 400,000 series.
const ROOM_BYTES: usize = 10 << 20;
const ENTRY_BYTES: usize = 24;
/// The number of counters of changes, 8 bytes each.
const VERSIONS: usize = 4_096;

/// How often the entries of a stream were written by this process. Read before a snapshot is opened, it shows whether
/// the groups of that snapshot may be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples) struct Version(u64);

/// The groups of the streams that were read last.
#[derive(Debug)]
pub(in crate::samples) struct SeriesGroups {
    known: Cache<StreamKey, (Version, Groups)>,
    /// Streams with the same hash share a counter; then groups are read again without need.
    versions: Box<[AtomicU64]>,
}

impl Default for SeriesGroups {
    fn default() -> Self {
        let versions = (0..VERSIONS).map(|_| AtomicU64::new(0)).collect();
        Self { known: Cache::new(ROOM_BYTES), versions }
    }
}

impl SeriesGroups {
    pub(in crate::samples) fn version(&self, database: DatabaseId, stream: &'static Stream) -> Version {
        Version(self.count((database, stream.name)).load(Ordering::Acquire))
    }

    /// Records that entries of the stream were written or deleted.
    pub(in crate::samples) fn changed(&self, database: DatabaseId, stream: &'static str) {
        self.count((database, stream)).fetch_add(1, Ordering::AcqRel);
        self.known.remove((database, stream));
    }

    /// Records that all entries of the database were deleted.
    pub(in crate::samples) fn forget(&self, database: DatabaseId) {
        streams::ALL.iter().for_each(|stream| self.changed(database, stream.name));
    }

    fn count(&self, key: StreamKey) -> &AtomicU64 {
        let hash = usize::try_from(FxBuildHasher.hash_one(key) >> 32).unwrap_or_default();
        &self.versions[hash % VERSIONS]
    }

    /// Returns the groups in `snapshot`, which was opened after `version` was read.
    pub(in crate::samples) async fn groups<C: ConnectionTrait>(
        &self,
        snapshot: &C,
        version: Version,
        scope: DatabaseScope,
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

/// The entries of one stream.
pub(in crate::samples) fn entries(scope: DatabaseScope, stream: &Stream) -> Select<entry::Entity> {
    entry::Entity::find()
        .filter(entry::Column::DatabaseId.eq(scope.database.0))
        .filter(entry::Column::OrganizationId.eq(scope.organization.0))
        .filter(entry::Column::Stream.eq(stream.name))
}
