//! Tokens that are good for nothing any more.

use basira_actors::model::Timestamp;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::totp;
use crate::storage::entity::{email_token, refresh_token};
use crate::storage::timestamp::TimestampMs;
use crate::storage::{Storage, StorageError};

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    pub refresh_tokens: u64,
    pub email_tokens: u64,
}

impl Storage {
    /// Deletes tokens that expired before `now`, and enrolments of second factors that nobody confirmed. A revoked one stays while its session has a token that has not
    /// expired: it is what the session's end is known by. Across tenants: nobody can use them.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn prune_tokens(&self, now: Timestamp) -> Result<Pruned, StorageError> {
        let living = Query::select()
            .column(refresh_token::Column::FamilyId)
            .from(refresh_token::Entity)
            .and_where(refresh_token::Column::ExpiresAt.gt(TimestampMs::from(now)))
            .to_owned();
        let needless = Condition::any()
            .add(refresh_token::Column::RevokedAt.is_null())
            .add(refresh_token::Column::FamilyId.not_in_subquery(living));
        let transaction = self.begin().await?;
        let refresh_tokens = refresh_token::Entity::delete_many()
            .filter(refresh_token::Column::ExpiresAt.lte(TimestampMs::from(now)))
            .filter(needless)
            .exec(&transaction)
            .await?;
        let email_tokens = email_token::Entity::delete_many()
            .filter(email_token::Column::ExpiresAt.lte(TimestampMs::from(now)))
            .exec(&transaction)
            .await?;
        totp::prune(&transaction, now).await?;
        transaction.commit().await?;
        Ok(Pruned { refresh_tokens: refresh_tokens.rows_affected, email_tokens: email_tokens.rows_affected })
    }
}
