//! The people of an organization, and what becomes of them.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Select};
use serde::Serialize;
use uuid::Uuid;

use super::Page;
use super::last_instance_admin::an_instance_admin_stays;
use crate::storage::entity::{api_key, invitation, user_account};
use crate::storage::{Lock, Storage, StorageError, Transaction};

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

/// What becomes of a person, and of the API keys that they made, by themselves or with a key.
#[derive(Debug, Clone, Copy)]
pub struct MemberChange<'a> {
    /// None: the person goes.
    pub role: Option<&'a str>,
    /// Else the keys stay; those of a person who goes pass to the owner who has been here longest.
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
    /// Nobody would be left to run the instance.
    LastInstanceAdmin,
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

    /// Gives the person with this id another role, or removes them with all that is theirs. Whoever asks for it, this is
    /// where it is done. Invitations by somebody who is no `owner` any more are taken back.
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
        // two owners, or instance admins, who step down at once count each other
        let transaction = self.storage.exclusive(Lock::Signup).await?;
        let query = self.select().filter(user_account::Column::Id.eq(id));
        let Some(user) = query.one(&transaction).await? else { return Ok(MemberChanged::Unknown) };
        if let Some(refused) = self.refusal(&user, change, owner, &transaction).await? {
            return Ok(refused);
        }
        if change.role != Some(owner) {
            self.withdraw_invitations_of(id, &transaction).await?;
        }
        let revoked_keys =
            if change.revoke_keys { self.revoke_keys_of(id, &transaction, now).await? } else { Vec::new() };
        if change.role.is_none() {
            self.pass_on_keys_of(id, owner, &transaction).await?;
        }
        let mut member = Member::from(user);
        if let Some(role) = change.role {
            role.clone_into(&mut member.role);
            set_role(id, role, &transaction, now).await?;
        } else {
            user_account::Entity::delete_by_id(id).exec(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(MemberChanged::Done { member, revoked_keys })
    }

    /// Why `user` cannot be changed so.
    async fn refusal(
        &self,
        user: &user_account::Model,
        change: MemberChange<'_>,
        owner: &str,
        transaction: &Transaction,
    ) -> Result<Option<MemberChanged>, StorageError> {
        if user.role == owner && change.role != Some(owner) {
            let owners = self.select().filter(user_account::Column::Role.eq(owner));
            if owners.count(transaction).await? == 1 {
                return Ok(Some(MemberChanged::LastOwner));
            }
        }
        let leaving = user_account::Column::Id.eq(user.id).into_condition();
        if change.role.is_none() && !an_instance_admin_stays(transaction, leaving).await? {
            return Ok(Some(MemberChanged::LastInstanceAdmin));
        }
        Ok(None)
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
        let transaction = self.storage.begin().await?;
        let renamed = user_account::Entity::update_many()
            .set(changes)
            .filter(user_account::Column::OrganizationId.eq(self.organization.0))
            .filter(user_account::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(renamed.rows_affected == 1)
    }

    async fn withdraw_invitations_of(
        &self,
        user_id: Uuid,
        transaction: &Transaction,
    ) -> Result<(), StorageError> {
        invitation::Entity::delete_many()
            .filter(invitation::Column::OrganizationId.eq(self.organization.0))
            .filter(invitation::Column::InvitedBy.eq(user_id))
            .exec(transaction)
            .await?;
        Ok(())
    }

    /// Whoever has been here longest as `owner` answers for the keys from now on.
    async fn pass_on_keys_of(
        &self,
        user_id: Uuid,
        owner: &str,
        transaction: &Transaction,
    ) -> Result<(), StorageError> {
        let others = self.select().filter(user_account::Column::Id.ne(user_id));
        let owners = others.filter(user_account::Column::Role.eq(owner));
        let heir = owners.order_by_asc(user_account::Column::Id).one(transaction).await?;
        let changes =
            api_key::ActiveModel { created_by: Set(heir.map(|heir| heir.id)), ..Default::default() };
        api_key::Entity::update_many()
            .set(changes)
            .filter(api_key::Column::OrganizationId.eq(self.organization.0))
            .filter(api_key::Column::CreatedBy.eq(user_id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(transaction)
            .await?;
        Ok(())
    }

    async fn revoke_keys_of(
        &self,
        user_id: Uuid,
        transaction: &Transaction,
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

async fn set_role(
    id: Uuid,
    role: &str,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<(), StorageError> {
    let changes = user_account::ActiveModel {
        id: Set(id),
        role: Set(role.to_owned()),
        updated_at: Set(now.into()),
        ..Default::default()
    };
    changes.update(transaction).await?;
    Ok(())
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
