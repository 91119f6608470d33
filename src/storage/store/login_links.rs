//! Logging in by a link that the operator made.

use basira_actors::model::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::accounts::accounts;
use super::email_tokens::{is_good, spend};
use super::new_session::{NewSession, insert};
use super::{Account, Purpose};
use crate::storage::entity::{email_token, user_account};
use crate::storage::{Storage, StorageError};

impl Storage {
    /// Whom a login token would log in now. Across tenants: the token itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn account_to_log_in(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Account>, StorageError> {
        let good = email_token::Entity::find().filter(is_good(Purpose::LogIn, token_hash, now));
        let Some(token) = good.one(&self.reader).await? else { return Ok(None) };
        let query = accounts().filter(user_account::Column::Id.eq(token.user_id));
        Ok(query.one(&self.reader).await?.and_then(Account::from_row))
    }

    /// Spends a login token: its owner has `session` from now on. False when the token is unknown, expired or spent.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn start_session_by_link(
        &self,
        session: NewSession,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let transaction = self.begin().await?;
        let Some(user_id) = spend(&transaction, Purpose::LogIn, token_hash, now).await? else {
            return Ok(false);
        };
        insert(&transaction, session.id, user_id, session.token).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
