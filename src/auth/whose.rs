//! Whose an address is, for the audit log.

use basira_actors::model::OrganizationId;
use uuid::Uuid;

use super::Accounts;
use super::signup::normalised_email;
use crate::storage::StorageError;

impl Accounts {
    /// The person behind `email`, if there is one.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn whose(&self, email: &str) -> Result<Option<(OrganizationId, Uuid)>, StorageError> {
        let account = self.storage().account_by_email(&normalised_email(email)).await?;
        Ok(account.map(|account| (account.organization.id, account.user.id)))
    }

    /// Which organization a person is in.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn organization_of(&self, user_id: Uuid) -> Result<Option<OrganizationId>, StorageError> {
        self.storage().organization_of(user_id).await
    }
}
