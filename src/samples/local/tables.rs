//! The local tables as a whole.

use std::pin::Pin;
use std::sync::Arc;

use basira_actors::model::{Batch, Gap};
use sea_orm::{DatabaseConnection, DbErr};

use super::changes::{DeleteDatabase, InsertGap};
use super::notices::Notices;
use super::series_groups::SeriesGroups;
use super::text_budget::TextBudget;
use super::writer::WriterHandle;
use crate::samples::retention::LiveRetention;
use crate::samples::{DatabaseScope, Retention, StoreError};
use crate::storage::Writer;

/// The task that writes to the local tables.
pub(in crate::samples) type WriterTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tables in our own storage, which every engine uses, and what is remembered of them.
pub(in crate::samples) struct Local {
    pub(in crate::samples) connection: Writer,
    pub(in crate::samples) reader: DatabaseConnection,
    pub(in crate::samples) writer: WriterHandle,
    pub(in crate::samples) series_groups: Arc<SeriesGroups>,
    pub(in crate::samples) texts: TextBudget,
    pub(in crate::samples) notices: Notices,
    pub(in crate::samples) retention: Arc<LiveRetention>,
}

impl Local {
    /// Writes through `connection` alone, in the returned task, and reads through `reader`.
    pub(in crate::samples) fn new(
        connection: Writer,
        reader: DatabaseConnection,
        retention: Retention,
    ) -> (Arc<Self>, WriterTask) {
        let series_groups = Arc::new(SeriesGroups::default());
        let (writer, task) = WriterHandle::new(connection.clone(), Arc::clone(&series_groups));
        let local = Self {
            connection,
            reader,
            writer,
            series_groups,
            texts: TextBudget::default(),
            notices: Notices::default(),
            retention: Arc::new(LiveRetention::new(retention)),
        };
        (Arc::new(local), Box::pin(task))
    }

    /// Removes the texts of `batch` that are above the limit of its database. Returns what was counted against the limit.
    pub(in crate::samples) async fn limit_texts(&self, batch: &mut Arc<Batch>) -> Result<u64, DbErr> {
        let (database, limit) = (batch.database, self.retention.get().new_texts_per_hour);
        let enforced = self.texts.enforce(&self.reader, limit, batch).await?;
        if enforced.left_out {
            self.notices.without_text(database);
        }
        Ok(enforced.units)
    }

    /// Stores `gaps` soon; what found them finds them again when the queue of the writer is full.
    pub(in crate::samples) fn note_gaps(&self, scope: DatabaseScope, gaps: Vec<Gap>) {
        gaps.into_iter().for_each(|gap| self.writer.suggest(InsertGap(scope, gap)));
    }

    /// Deletes everything of a database.
    pub(in crate::samples) async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError> {
        let deleted = self.writer.change(DeleteDatabase(scope)).await.map(drop);
        // also after an error: the rows may be gone all the same
        self.texts.forget(scope.database);
        self.series_groups.forget(scope.database);
        deleted
    }
}
