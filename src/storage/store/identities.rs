//! Who people are at the providers that they sign in with.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use uuid::Uuid;

use super::accounts::{NewUser, accounts, insert_organization, insert_user};
use super::{Account, Slugs};
use crate::storage::entity::{identity, organization, user_account};
use crate::storage::{Lock, Storage, StorageError};

/// Somebody at a provider, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    pub id: Uuid,
    pub issuer: String,
    pub subject: String,
    /// As the provider wrote it when the two were linked.
    pub email: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

/// Somebody at a provider.
#[derive(Debug, Clone, Copy)]
pub struct NewIdentity<'a> {
    pub issuer: &'a str,
    /// Never changes and is never given to somebody else, unlike an address.
    pub subject: &'a str,
    pub email: Option<&'a str>,
}

/// Somebody who never was here. The address was proved at the provider.
#[derive(Debug)]
pub struct Newcomer<'a> {
    /// Lower case.
    pub email: &'a str,
    pub name: &'a str,
    pub role: &'a str,
    pub password_hash: &'a str,
    pub home: Home<'a>,
}

/// The organization of a newcomer.
#[derive(Debug)]
pub enum Home<'a> {
    /// One that there is.
    Joins { slug: &'a str },
    /// A new one.
    Founds { name: &'a str, slugs: Slugs, plan: &'a str },
}

impl Storage {
    /// Whose identity this is; notes that it was used. Across tenants: the identity itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read or written.
    pub async fn account_by_identity(
        &self,
        known: &NewIdentity<'_>,
        now: Timestamp,
    ) -> Result<Option<Account>, StorageError> {
        let changes = identity::ActiveModel { last_used_at: Set(now.into()), ..Default::default() };
        let transaction = self.begin().await?;
        let used = identity::Entity::update_many()
            .set(changes)
            .filter(identity::Column::Issuer.eq(known.issuer))
            .filter(identity::Column::Subject.eq(known.subject))
            .exec_with_returning(&transaction)
            .await?;
        let Some(used) = used.first() else { return Ok(None) };
        let query = accounts().filter(user_account::Column::Id.eq(used.user_id));
        let account = query.one(&transaction).await?.and_then(Account::from_row);
        transaction.commit().await?;
        Ok(account)
    }

    /// Gives a person an identity.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when somebody has it.
    pub async fn insert_identity(
        &self,
        user_id: Uuid,
        new: NewIdentity<'_>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let transaction = self.begin().await?;
        insert_identity(&transaction, user_id, new, now).await?;
        Ok(transaction.commit().await?)
    }

    /// The account of somebody who never was here, with its identity; `None` when there is no such home.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the address has an account or the identity an owner.
    pub async fn create_account_of(
        &self,
        newcomer: Newcomer<'_>,
        identity: NewIdentity<'_>,
        now: Timestamp,
    ) -> Result<Option<Account>, StorageError> {
        let transaction = self.exclusive(Lock::Signup).await?;
        let home = match newcomer.home {
            Home::Joins { slug } => {
                let query = organization::Entity::find().filter(organization::Column::Slug.eq(slug));
                query.one(&transaction).await?
            }
            Home::Founds { name, slugs, plan } => {
                Some(insert_organization(&transaction, name, slugs, plan, true, now).await?)
            }
        };
        let Some(home) = home else { return Ok(None) };
        let user = NewUser {
            organization: OrganizationId(home.id),
            email: newcomer.email,
            name: newcomer.name,
            role: newcomer.role,
            password_hash: newcomer.password_hash,
            email_verified: true,
        };
        let user = insert_user(&transaction, user, now).await?;
        insert_identity(&transaction, user.id, identity, now).await?;
        transaction.commit().await?;
        Ok(Some(Account { user: user.into(), organization: home.into() }))
    }

    /// The identities of a person, oldest first. Across tenants, as is taking one away: they are the person's own.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn identities(&self, user_id: Uuid) -> Result<Vec<Identity>, StorageError> {
        let query = identity::Entity::find().filter(identity::Column::UserId.eq(user_id));
        let rows = query.order_by_asc(identity::Column::Id).all(&self.reader).await?;
        Ok(rows.into_iter().map(Identity::from).collect())
    }

    /// Takes an identity from a person; false when it is not theirs.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn delete_identity(&self, user_id: Uuid, id: Uuid) -> Result<bool, StorageError> {
        let transaction = self.begin().await?;
        let deleted = identity::Entity::delete_many()
            .filter(identity::Column::Id.eq(id))
            .filter(identity::Column::UserId.eq(user_id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected == 1)
    }
}

pub(super) async fn insert_identity(
    connection: &impl ConnectionTrait,
    user_id: Uuid,
    new: NewIdentity<'_>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = identity::ActiveModel {
        id: Set(Uuid::now_v7()),
        user_id: Set(user_id),
        issuer: Set(new.issuer.to_owned()),
        subject: Set(new.subject.to_owned()),
        email: Set(new.email.map(str::to_owned)),
        created_at: Set(now.into()),
        last_used_at: Set(now.into()),
    };
    row.insert(connection).await?;
    Ok(())
}

impl From<identity::Model> for Identity {
    fn from(row: identity::Model) -> Self {
        Self {
            id: row.id,
            issuer: row.issuer,
            subject: row.subject,
            email: row.email,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.into(),
        }
    }
}
