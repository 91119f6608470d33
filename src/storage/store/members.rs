//! The people of an organization, and what becomes of them.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Serialize;
use uuid::Uuid;

use super::Page;
use crate::storage::entity::{api_key, organization, user_account};
use crate::storage::{Storage, StorageError};

/// A person, as the API shows them to their organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: String,
    /// Whether the address was proved to be theirs.
    pub email_verified: bool,
    pub instance_admin: bool,
    pub created_at: Timestamp,
}

/// What becomes of a person, and of the API keys that they made and may still have.
#[derive(Debug, Clone, Copy)]
pub struct MemberChange<'a> {
    /// None: the person goes.
    pub role: Option<&'a str>,
    pub revoke_keys: bool,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChanged {
    /// The person as it is now, or was; and the keys that are revoked now.
    Done { member: Member, revoked_keys: Vec<Uuid> },
    /// There is no such person in the organization.
    Unknown,
    /// Nobody would be left to manage people.
    LastOwner,
}

/// The people of one organization.
#[derive(Debug)]
pub struct Members<'a> {
    storage: &'a Storage,
    organization: OrganizationId,
}

impl Storage {
    /// The people of `organization`.
    #[must_use]
    pub const fn members(&self, organization: OrganizationId) -> Members<'_> {
        Members { storage: self, organization }
    }
}

impl Members<'_> {
    fn select(&self) -> Select<user_account::Entity> {
        user_account::Entity::find().filter(user_account::Column::OrganizationId.eq(self.organization.0))
    }

    /// Those of `page`, oldest account first, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self, page: Page) -> Result<(Vec<Member>, u64), StorageError> {
        let total = self.select().count(&self.storage.reader).await?;
        let query = page.of(self.select().order_by_asc(user_account::Column::Id));
        let rows = query.all(&self.storage.reader).await?;
        Ok((rows.into_iter().map(Member::from).collect(), total))
    }

    /// Gives the person with this id another role, or removes them with all that is theirs.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was changed.
    pub async fn change(
        &self,
        id: Uuid,
        change: MemberChange<'_>,
        owner: &str,
        now: Timestamp,
    ) -> Result<MemberChanged, StorageError> {
        let transaction = self.storage.begin().await?;
        // the lock on their organization makes two owners who step down at once count each other
        organization::Entity::find_by_id(self.organization.0).lock_exclusive().one(&transaction).await?;
        let query = self.select().filter(user_account::Column::Id.eq(id));
        let Some(user) = query.one(&transaction).await? else { return Ok(MemberChanged::Unknown) };
        if user.role == owner && change.role != Some(owner) {
            let owners = self.select().filter(user_account::Column::Role.eq(owner));
            if owners.count(&transaction).await? == 1 {
                return Ok(MemberChanged::LastOwner);
            }
        }
        let revoked_keys =
            if change.revoke_keys { self.revoke_keys_of(id, &transaction, now).await? } else { Vec::new() };
        let mut member = Member::from(user);
        if let Some(role) = change.role {
            role.clone_into(&mut member.role);
            let changes = user_account::ActiveModel {
                id: Set(id),
                role: Set(role.to_owned()),
                updated_at: Set(now.into()),
                ..Default::default()
            };
            changes.update(&transaction).await?;
        } else {
            user_account::Entity::delete_by_id(id).exec(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(MemberChanged::Done { member, revoked_keys })
    }

    /// Calls the person with this id `name`; false when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn rename(&self, id: Uuid, name: &str, now: Timestamp) -> Result<bool, StorageError> {
        let changes = user_account::ActiveModel {
            name: Set(name.to_owned()),
            updated_at: Set(now.into()),
            ..Default::default()
        };
        let renamed = user_account::Entity::update_many()
            .set(changes)
            .filter(user_account::Column::OrganizationId.eq(self.organization.0))
            .filter(user_account::Column::Id.eq(id))
            .exec(&self.storage.writer)
            .await?;
        Ok(renamed.rows_affected == 1)
    }

    async fn revoke_keys_of(
        &self,
        user_id: Uuid,
        transaction: &DatabaseTransaction,
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StorageError> {
        let changes = api_key::ActiveModel { revoked_at: Set(Some(now.into())), ..Default::default() };
        let revoked = api_key::Entity::update_many()
            .set(changes)
            .filter(api_key::Column::OrganizationId.eq(self.organization.0))
            .filter(api_key::Column::CreatedBy.eq(user_id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec_with_returning(transaction)
            .await?;
        Ok(revoked.into_iter().map(|key| key.id).collect())
    }
}

impl From<user_account::Model> for Member {
    fn from(row: user_account::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: row.role,
            email_verified: row.email_verified_at.is_some(),
            instance_admin: row.instance_admin,
            created_at: row.created_at.into(),
        }
    }
}
