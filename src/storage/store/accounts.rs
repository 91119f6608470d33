//! Organizations and the people in them.

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, SelectTwo};
use serde::Serialize;
use uuid::Uuid;

use super::new_session::{self, NewSession};
use crate::storage::entity::{organization, user_account};
use crate::storage::{Lock, Storage, StorageError, Transaction};

/// A tenant, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organization {
    pub id: OrganizationId,
    pub name: String,
    /// Unique; made from the name.
    pub slug: String,
    pub plan: String,
    /// Whether someone in it has proved an e-mail address.
    pub verified: bool,
}

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    /// Lower case.
    pub email: String,
    pub name: String,
    pub role: String,
    /// A PHC string.
    pub password_hash: String,
    pub instance_admin: bool,
    /// Whether the address was proved to be theirs.
    pub email_verified: bool,
}

/// A person together with the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    pub organization: Organization,
}

/// Slugs that an organization may get.
#[derive(Debug, Clone)]
pub struct Slugs {
    /// The first one that is free becomes its slug.
    pub wanted: Vec<String>,
    /// These are free for the first account of the instance only.
    pub reserved: Vec<String>,
}

/// What a signup creates: an organization and its first person.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Lower case.
    pub email: &'a str,
    pub name: &'a str,
    pub role: &'a str,
    pub password_hash: &'a str,
    pub organization_name: &'a str,
    pub slugs: Slugs,
    pub plan: &'a str,
    /// Whether the address is known to be theirs already.
    pub verified: bool,
    /// Whether the organization counts as verified all the same if the account is the first of the instance.
    pub verified_if_first: bool,
    /// The session in which they go on, stored with them or not at all.
    pub session: Option<NewSession>,
}

impl Storage {
    /// Creates an organization and its first person; the first of the whole instance is its instance admin.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the e-mail address has an account, or every slug is taken.
    pub async fn create_account(&self, new: NewAccount<'_>, now: Timestamp) -> Result<Account, StorageError> {
        let transaction = self.exclusive(Lock::Signup).await?;
        let verified = new.verified || (new.verified_if_first && is_first_account(&transaction).await?);
        let organization =
            insert_organization(&transaction, new.organization_name, new.slugs, new.plan, verified, now)
                .await?;
        let user = NewUser {
            organization: OrganizationId(organization.id),
            email: new.email,
            name: new.name,
            role: new.role,
            password_hash: new.password_hash,
            email_verified: new.verified,
        };
        let user = insert_user(&transaction, user, now).await?;
        if let Some(session) = new.session {
            new_session::insert(&transaction, session.id, user.id, session.token).await?;
        }
        transaction.commit().await?;
        Ok(Account { user: user.into(), organization: organization.into() })
    }

    /// Whether anybody has an account on this instance.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn has_accounts(&self) -> Result<bool, StorageError> {
        Ok(user_account::Entity::find().one(&self.reader).await?.is_some())
    }

    /// The account behind an e-mail address in lower case. Across tenants: a login does not know its own yet.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StorageError> {
        let query = accounts().filter(user_account::Column::Email.eq(email));
        Ok(query.one(&self.reader).await?.and_then(Account::from_row))
    }

    /// The account of one person of `organization`.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn account(
        &self,
        organization: OrganizationId,
        user_id: Uuid,
    ) -> Result<Option<Account>, StorageError> {
        let query = accounts()
            .filter(user_account::Column::Id.eq(user_id))
            .filter(user_account::Column::OrganizationId.eq(organization.0));
        Ok(query.one(&self.reader).await?.and_then(Account::from_row))
    }

    /// One organization.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StorageError> {
        let found = organization::Entity::find_by_id(id.0).one(&self.reader).await?;
        Ok(found.map(Organization::from))
    }

    /// Replaces the password hash of `user`, unless it changed since `user` was read.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn replace_password_hash(
        &self,
        user: &User,
        hash: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let changes = user_account::ActiveModel {
            password_hash: Set(hash.to_owned()),
            updated_at: Set(now.into()),
            ..Default::default()
        };
        let transaction = self.begin().await?;
        user_account::Entity::update_many()
            .set(changes)
            .filter(user_account::Column::Id.eq(user.id))
            .filter(user_account::Column::PasswordHash.eq(&user.password_hash))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

/// A person about to join an organization.
pub(super) struct NewUser<'a> {
    pub(super) organization: OrganizationId,
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) email_verified: bool,
}

/// Needs [`Lock::Signup`], as does [`insert_user`].
pub(super) async fn insert_organization(
    transaction: &Transaction,
    name: &str,
    slugs: Slugs,
    plan: &str,
    verified: bool,
    now: Timestamp,
) -> Result<organization::Model, StorageError> {
    let organization = organization::ActiveModel {
        id: Set(OrganizationId::generate().0),
        name: Set(name.to_owned()),
        slug: Set(first_free_slug(transaction, slugs).await?),
        plan: Set(plan.to_owned()),
        verified: Set(verified),
        created_at: Set(now.into()),
    };
    Ok(organization.insert(transaction).await?)
}

/// The first of the whole instance becomes its instance admin.
pub(super) async fn insert_user(
    transaction: &Transaction,
    new: NewUser<'_>,
    now: Timestamp,
) -> Result<user_account::Model, StorageError> {
    let instance_admin = is_first_account(transaction).await?;
    let user = user_account::ActiveModel {
        id: Set(Uuid::now_v7()),
        organization_id: Set(new.organization.0),
        email: Set(new.email.to_owned()),
        name: Set(new.name.to_owned()),
        role: Set(new.role.to_owned()),
        password_hash: Set(new.password_hash.to_owned()),
        instance_admin: Set(instance_admin),
        email_verified_at: Set(new.email_verified.then_some(now.into())),
        created_at: Set(now.into()),
        updated_at: Set(now.into()),
    };
    Ok(user.insert(transaction).await?)
}

/// Whether nobody has an account on this instance yet.
async fn is_first_account(transaction: &Transaction) -> Result<bool, StorageError> {
    Ok(user_account::Entity::find().count(transaction).await? == 0)
}

/// Looks before it inserts: on PostgreSQL a failed insert would spoil the transaction.
async fn first_free_slug(transaction: &Transaction, slugs: Slugs) -> Result<String, StorageError> {
    let Slugs { wanted, reserved } = slugs;
    let is_first = is_first_account(transaction).await?;
    for slug in wanted.into_iter().filter(|slug| is_first || !reserved.contains(slug)) {
        let taken = organization::Entity::find().filter(organization::Column::Slug.eq(&slug));
        if taken.count(transaction).await? == 0 {
            return Ok(slug);
        }
    }
    Err(StorageError::Conflict("organization.slug".to_owned()))
}

pub(super) fn accounts() -> SelectTwo<user_account::Entity, organization::Entity> {
    user_account::Entity::find().find_also_related(organization::Entity)
}

impl Account {
    pub(super) fn from_row(
        (user, organization): (user_account::Model, Option<organization::Model>),
    ) -> Option<Self> {
        Some(Self { user: user.into(), organization: organization?.into() })
    }
}

impl From<organization::Model> for Organization {
    fn from(row: organization::Model) -> Self {
        Self {
            id: OrganizationId(row.id),
            name: row.name,
            slug: row.slug,
            plan: row.plan,
            verified: row.verified,
        }
    }
}

impl From<user_account::Model> for User {
    fn from(row: user_account::Model) -> Self {
        Self {
            id: row.id,
            organization_id: OrganizationId(row.organization_id),
            email: row.email,
            name: row.name,
            role: row.role,
            password_hash: row.password_hash,
            instance_admin: row.instance_admin,
            email_verified: row.email_verified_at.is_some(),
        }
    }
}
