//! The API keys of an organization.

use std::net::IpAddr;
use std::time::Duration;

use basira_actors::model::{OrganizationId, Timestamp};
use ipnet::IpNet;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Serialize;
use uuid::Uuid;

use super::Page;
use crate::quota::Quota;
use crate::storage::entity::api_key::{self, Networks};
use crate::storage::entity::{organization, user_account};
use crate::storage::timestamp::TimestampMs;
use crate::storage::{Storage, StorageError, Transaction};

/// How exact `last_used_at` is: a write per request would be too many.
const USE_RESOLUTION: Duration = Duration::from_secs(60);
/// So many keys that were revoked stay to be seen.
const REVOKED_KEPT: u64 = 1_000;

/// A key, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// What the key begins with; tells nothing of its secret.
    pub prefix: String,
    pub created_at: Timestamp,
    /// The person who answers for it: a key made with a key is of the person who made that one.
    pub created_by: Option<Uuid>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// The address that it was used from then.
    pub last_used_from: Option<String>,
    pub revoked_at: Option<Timestamp>,
    pub scope: String,
    /// Good for ever when there is none.
    pub expires_at: Option<Timestamp>,
    /// Good from everywhere when there is none.
    pub allowed_addresses: Vec<IpNet>,
}

/// A key with what is needed to check one that is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiKey {
    pub key: ApiKey,
    pub organization_id: OrganizationId,
    pub secret_hash: String,
    /// The person who made the key, by themselves or with a key of theirs, and their role now. None when they are gone.
    pub maker: Option<(Uuid, String)>,
}

/// A key about to be handed out.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// The public part by which the key is found.
    pub key_id: String,
    pub name: &'a str,
    pub prefix: String,
    pub secret_hash: String,
    /// The person who answers for it.
    pub created_by: Uuid,
    pub scope: &'a str,
    pub expires_at: Option<Timestamp>,
    pub allowed_addresses: Vec<IpNet>,
}

/// The keys of one organization.
#[derive(Debug)]
pub struct ApiKeys<'a> {
    storage: &'a Storage,
    organization: OrganizationId,
    quota: u64,
}

impl Storage {
    /// The keys of `organization`.
    #[must_use]
    pub const fn api_keys(&self, organization: OrganizationId) -> ApiKeys<'_> {
        ApiKeys { storage: self, organization, quota: u64::MAX }
    }

    /// The key with this public part. Across tenants: the key itself says whose it is.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn api_key(&self, key_id: &str) -> Result<Option<StoredApiKey>, StorageError> {
        let found =
            api_key::Entity::find().filter(api_key::Column::KeyId.eq(key_id)).one(&self.reader).await?;
        match found {
            Some(row) => self.with_maker(row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn with_maker(&self, row: api_key::Model) -> Result<StoredApiKey, StorageError> {
        let maker = user_account::Entity::find()
            .filter(user_account::Column::OrganizationId.eq(row.organization_id))
            .filter(user_account::Column::Id.eq(row.created_by))
            .one(&self.reader)
            .await?;
        Ok(StoredApiKey {
            organization_id: OrganizationId(row.organization_id),
            secret_hash: row.secret_hash.clone(),
            maker: maker.map(|person| (person.id, person.role)),
            key: row.into(),
        })
    }

    /// Notes that `key` was used from `address`, at most once a minute.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn note_api_key_use(
        &self,
        key: &ApiKey,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let stale: TimestampMs = (now - USE_RESOLUTION).into();
        if key.last_used_at.is_some_and(|used_at| TimestampMs::from(used_at) > stale) {
            return Ok(());
        }
        let changes = api_key::ActiveModel {
            last_used_at: Set(Some(now.into())),
            last_used_from: Set(address.map(|address| address.to_string())),
            ..Default::default()
        };
        let transaction = self.begin().await?;
        api_key::Entity::update_many()
            .set(changes)
            .filter(api_key::Column::Id.eq(key.id))
            .filter(
                Condition::any()
                    .add(api_key::Column::LastUsedAt.is_null())
                    .add(api_key::Column::LastUsedAt.lte(stale)),
            )
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl ApiKeys<'_> {
    /// The same, of which as many as `quota` may be good.
    #[must_use]
    pub const fn at_most(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    fn select(&self) -> Select<api_key::Entity> {
        api_key::Entity::find().filter(api_key::Column::OrganizationId.eq(self.organization.0))
    }

    /// Those of `page`, oldest first, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self, include_revoked: bool, page: Page) -> Result<(Vec<ApiKey>, u64), StorageError> {
        let mut query = self.select().order_by_asc(api_key::Column::Id);
        if !include_revoked {
            query = query.filter(api_key::Column::RevokedAt.is_null());
        }
        let total = query.clone().count(&self.storage.reader).await?;
        let rows = page.of(query).all(&self.storage.reader).await?;
        Ok((rows.into_iter().map(ApiKey::from).collect(), total))
    }

    /// The key with this id, unless it was revoked.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn find(&self, id: Uuid) -> Result<Option<StoredApiKey>, StorageError> {
        let query = self.select().filter(api_key::Column::Id.eq(id));
        let found = query.filter(api_key::Column::RevokedAt.is_null()).one(&self.storage.reader).await?;
        match found {
            Some(row) => self.storage.with_maker(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Stores a key, and forgets the oldest of those that were revoked, when there are many.
    ///
    /// # Errors
    /// [`StorageError::Quota`] when there are too many, or it could not be written.
    pub async fn insert(&self, new: NewApiKey<'_>, now: Timestamp) -> Result<ApiKey, StorageError> {
        let transaction = self.storage.begin().await?;
        // two keys made at once count each other
        organization::Entity::find_by_id(self.organization.0).lock_exclusive().one(&transaction).await?;
        let good = self.select().filter(api_key::Column::RevokedAt.is_null());
        Quota::ApiKeys.check(good.count(&transaction).await?, self.quota)?;
        self.forget_revoked(&transaction).await?;
        let row = api_key::ActiveModel {
            id: Set(Uuid::now_v7()),
            organization_id: Set(self.organization.0),
            key_id: Set(new.key_id),
            name: Set(new.name.to_owned()),
            prefix: Set(new.prefix),
            secret_hash: Set(new.secret_hash),
            created_by: Set(Some(new.created_by)),
            created_at: Set(now.into()),
            last_used_at: Set(None),
            revoked_at: Set(None),
            scope: Set(new.scope.to_owned()),
            expires_at: Set(new.expires_at.map(TimestampMs::from)),
            allowed_addresses: Set(Networks(new.allowed_addresses)),
            last_used_from: Set(None),
        };
        let row = row.insert(&transaction).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    async fn forget_revoked(&self, transaction: &Transaction) -> Result<(), StorageError> {
        let revoked = self.select().filter(api_key::Column::RevokedAt.is_not_null());
        let newest_first = revoked.order_by_desc(api_key::Column::RevokedAt);
        let old: Vec<Uuid> = newest_first
            .offset(REVOKED_KEPT)
            .limit(REVOKED_KEPT)
            .select_only()
            .column(api_key::Column::Id)
            .into_tuple()
            .all(transaction)
            .await?;
        if !old.is_empty() {
            let query = api_key::Entity::delete_many().filter(api_key::Column::Id.is_in(old));
            query.exec(transaction).await?;
        }
        Ok(())
    }

    /// Revokes a key at once; false when there is none, true also when it was revoked before.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn revoke(&self, id: Uuid, now: Timestamp) -> Result<bool, StorageError> {
        let changes = api_key::ActiveModel { revoked_at: Set(Some(now.into())), ..Default::default() };
        let transaction = self.storage.begin().await?;
        let revoked = api_key::Entity::update_many()
            .set(changes)
            .filter(api_key::Column::OrganizationId.eq(self.organization.0))
            .filter(api_key::Column::Id.eq(id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if revoked.rows_affected == 1 {
            return Ok(true);
        }
        Ok(self.select().filter(api_key::Column::Id.eq(id)).one(&self.storage.reader).await?.is_some())
    }
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at.into(),
            created_by: row.created_by,
            last_used_at: row.last_used_at.map(Timestamp::from),
            last_used_from: row.last_used_from,
            revoked_at: row.revoked_at.map(Timestamp::from),
            scope: row.scope,
            expires_at: row.expires_at.map(Timestamp::from),
            allowed_addresses: row.allowed_addresses.0,
        }
    }
}
