//! Who may join an organization.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Serialize;
use uuid::Uuid;

use super::identities::{NewIdentity, insert_identity};
use super::new_session::{self, NewSession};
use super::{Account, Page};
use crate::quota::Quota;
use crate::storage::entity::{invitation, organization, user_account};
use crate::storage::timestamp::TimestampMs;
use crate::storage::{Lock, Storage, StorageError};

/// An invitation that nobody accepted yet, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role: String,
    pub invited_by: Option<Uuid>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An invitation about to be sent.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    /// Lower case.
    pub email: &'a str,
    pub role: &'a str,
    pub token_hash: String,
    pub invited_by: Option<Uuid>,
    pub expires_at: Timestamp,
}

/// Who accepts an invitation.
#[derive(Debug)]
pub struct Joining<'a> {
    pub token_hash: String,
    pub name: &'a str,
    pub password_hash: &'a str,
    /// Who they are at the provider that they come by, if any.
    pub identity: Option<NewIdentity<'a>>,
    /// The session in which they go on, stored with them or not at all.
    pub session: Option<NewSession>,
}

/// The invitations of one organization.
#[derive(Debug)]
pub struct Invitations<'a> {
    storage: &'a Storage,
    organization: OrganizationId,
    quota: u64,
}

impl Storage {
    /// The invitations of `organization`.
    #[must_use]
    pub const fn invitations(&self, organization: OrganizationId) -> Invitations<'_> {
        Invitations { storage: self, organization, quota: u64::MAX }
    }

    /// The invitation with this token, if it is good. Across tenants: the token itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn invitation(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StorageError> {
        Ok(good(token_hash, now).one(&self.reader).await?.map(Invitation::from))
    }

    /// Spends an invitation: a person joins, whose address is proved by the token that was sent there. `None` when the
    /// token is unknown, expired or spent. Across tenants, as above.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the address has an account by now, or the identity an owner.
    pub async fn join(&self, joining: Joining<'_>, now: Timestamp) -> Result<Option<Account>, StorageError> {
        let transaction = self.exclusive(Lock::Signup).await?;
        let Some(invitation) = good(&joining.token_hash, now).one(&transaction).await? else {
            return Ok(None);
        };
        invitation::Entity::delete_by_id(invitation.id).exec(&transaction).await?;
        let taken = user_account::Entity::find().filter(user_account::Column::Email.eq(&invitation.email));
        if taken.count(&transaction).await? > 0 {
            return Err(StorageError::Conflict("user_account.email".to_owned()));
        }
        let user = user_account::ActiveModel {
            id: Set(Uuid::now_v7()),
            organization_id: Set(invitation.organization_id),
            email: Set(invitation.email),
            name: Set(joining.name.to_owned()),
            role: Set(invitation.role),
            password_hash: Set(joining.password_hash.to_owned()),
            instance_admin: Set(false),
            email_verified_at: Set(Some(now.into())),
            created_at: Set(now.into()),
            updated_at: Set(now.into()),
        };
        let user = user.insert(&transaction).await?;
        if let Some(identity) = joining.identity {
            insert_identity(&transaction, user.id, identity, now).await?;
        }
        if let Some(session) = joining.session {
            new_session::insert(&transaction, session.id, user.id, session.token).await?;
        }
        let organization = organization::Entity::find_by_id(user.organization_id).one(&transaction).await?;
        transaction.commit().await?;
        Ok(Account::from_row((user, organization)))
    }
}

impl Invitations<'_> {
    /// The same, of which there may be `quota` together with the members.
    #[must_use]
    pub const fn at_most(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    fn open(&self, now: Timestamp) -> Select<invitation::Entity> {
        self.select().filter(invitation::Column::ExpiresAt.gt(TimestampMs::from(now)))
    }

    fn select(&self) -> Select<invitation::Entity> {
        invitation::Entity::find().filter(invitation::Column::OrganizationId.eq(self.organization.0))
    }

    /// Of those that can still be accepted, the ones of `page`, oldest first, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self, now: Timestamp, page: Page) -> Result<(Vec<Invitation>, u64), StorageError> {
        let total = self.count(now).await?;
        let query = page.of(self.open(now).order_by_asc(invitation::Column::Id));
        let rows = query.all(&self.storage.reader).await?;
        Ok((rows.into_iter().map(Invitation::from).collect(), total))
    }

    /// How many can still be accepted.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn count(&self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(self.open(now).count(&self.storage.reader).await?)
    }

    /// Stores an invitation in place of an earlier one to the same address, and forgets those that have expired.
    ///
    /// # Errors
    /// [`StorageError::Quota`] when there are too many, or it could not be written.
    pub async fn insert(&self, new: NewInvitation<'_>, now: Timestamp) -> Result<Invitation, StorageError> {
        let transaction = self.storage.begin().await?;
        // two invitations to one address at once take turns
        organization::Entity::find_by_id(self.organization.0).lock_exclusive().one(&transaction).await?;
        let earlier = invitation::Column::Email.eq(new.email);
        let expired = invitation::Column::ExpiresAt.lte(TimestampMs::from(now));
        invitation::Entity::delete_many()
            .filter(invitation::Column::OrganizationId.eq(self.organization.0))
            .filter(Condition::any().add(earlier).add(expired))
            .exec(&transaction)
            .await?;
        let members = user_account::Entity::find()
            .filter(user_account::Column::OrganizationId.eq(self.organization.0))
            .count(&transaction)
            .await?;
        Quota::People.check(members + self.select().count(&transaction).await?, self.quota)?;
        let row = invitation::ActiveModel {
            id: Set(Uuid::now_v7()),
            organization_id: Set(self.organization.0),
            email: Set(new.email.to_owned()),
            role: Set(new.role.to_owned()),
            token_hash: Set(new.token_hash),
            invited_by: Set(new.invited_by),
            created_at: Set(now.into()),
            expires_at: Set(new.expires_at.into()),
        };
        let row = row.insert(&transaction).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// Takes an invitation back; false when there is none with this id.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn delete(&self, id: Uuid) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let deleted = invitation::Entity::delete_many()
            .filter(invitation::Column::OrganizationId.eq(self.organization.0))
            .filter(invitation::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected == 1)
    }
}

fn good(token_hash: &str, now: Timestamp) -> Select<invitation::Entity> {
    invitation::Entity::find()
        .filter(invitation::Column::TokenHash.eq(token_hash))
        .filter(invitation::Column::ExpiresAt.gt(TimestampMs::from(now)))
}

impl From<invitation::Model> for Invitation {
    fn from(row: invitation::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            role: row.role,
            invited_by: row.invited_by,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
        }
    }
}
