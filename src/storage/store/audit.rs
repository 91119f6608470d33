//! The audit log: who changed what, when and from where.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use basira_actors::model::{OrganizationId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::storage::entity::audit_entry::Facts;
use crate::storage::entity::{api_key, audit_entry, user_account};
use crate::storage::{Storage, StorageError, Transaction};

/// Entries that are forgotten in one statement: what is deleted by mistake must not be everything.
const FORGOTTEN_AT_ONCE: u64 = 1_000;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    User(Uuid),
    ApiKey(Uuid),
    /// Somebody at the machine.
    Operator,
    /// Somebody who did not say, or could not prove, who.
    Nobody,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
}

/// What is about to be written down. Nothing in it is a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditEntry {
    /// Whose business it is; none: the instance's.
    pub organization: Option<OrganizationId>,
    pub actor: Actor,
    pub address: Option<IpAddr>,
    /// `POST /api/v1/api-keys`, `basira admin grant`.
    pub action: String,
    pub outcome: Outcome,
    /// Of the answer, when it was a request.
    pub status: Option<u16>,
    pub request_id: Option<String>,
    /// What the path names.
    pub target: Map<String, Value>,
    /// What else is worth knowing.
    pub details: Map<String, Value>,
}

impl NewAuditEntry {
    /// Somebody at the machine did `action` to the instance.
    #[must_use]
    pub fn by_operator(action: impl Into<String>) -> Self {
        Self {
            organization: None,
            actor: Actor::Operator,
            address: None,
            action: action.into(),
            outcome: Outcome::Done,
            status: None,
            request_id: None,
            target: Map::new(),
            details: Map::new(),
        }
    }

    /// With something else that is worth knowing; never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// What was written down, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    pub id: Uuid,
    pub ts: Timestamp,
    pub action: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// `user`, `api_key`, `operator` or `nobody`.
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    /// The person's e-mail address or the key's name; none once it is deleted.
    pub actor_name: Option<String>,
    pub address: Option<String>,
    pub status: Option<i32>,
    pub request_id: Option<String>,
    pub target: Map<String, Value>,
    pub details: Map<String, Value>,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub since: Option<Timestamp>,
    /// Not included.
    pub until: Option<Timestamp>,
    /// Older than this entry.
    pub before: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub action: Option<String>,
    pub outcome: Option<Outcome>,
}

impl Actor {
    const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        }
    }

    const fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) | Self::ApiKey(id) => Some(id),
            Self::Operator | Self::Nobody => None,
        }
    }
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

impl Storage {
    /// Writes `entry` down, and forgets what is older than `kept`, a few at a time.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn record(&self, entry: NewAuditEntry, kept: Duration) -> Result<(), StorageError> {
        let row = audit_entry::ActiveModel {
            id: Set(Uuid::now_v7()),
            organization_id: Set(entry.organization.map(|organization| organization.0)),
            actor_kind: Set(entry.actor.kind().to_owned()),
            actor_id: Set(entry.actor.id()),
            address: Set(entry.address.map(|address| address.to_canonical().to_string())),
            action: Set(entry.action),
            outcome: Set(entry.outcome.as_str().to_owned()),
            status: Set(entry.status.map(i32::from)),
            request_id: Set(entry.request_id),
            target: Set(Facts(entry.target)),
            details: Set(Facts(entry.details)),
        };
        let oldest = oldest_id(self.time_for_deleting(Timestamp::now()).await? - kept);
        let transaction = self.begin().await?;
        row.insert(&transaction).await?;
        let old = audit_entry::Entity::find().filter(audit_entry::Column::Id.lt(oldest));
        forget_first(&transaction, old, FORGOTTEN_AT_ONCE).await?;
        Ok(transaction.commit().await?)
    }

    /// `now`, unless the clock has just leapt ahead of the newest entry: then about the time of that one. What is
    /// history is deleted by this.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn time_for_deleting(&self, now: Timestamp) -> Result<Timestamp, StorageError> {
        let newest: Option<Uuid> = audit_entry::Entity::find()
            .select_only()
            .column(audit_entry::Column::Id)
            .order_by_desc(audit_entry::Column::Id)
            .into_tuple()
            .one(&self.reader)
            .await?;
        let mut clock = self.clock.lock();
        Ok(clock.trusted_time(now, newest.map(written_at)))
    }

    /// Forgets the oldest entries of each organization that has more than `most`, and of the instance, some at a time.
    /// Across tenants: each keeps its own newest.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn forget_audit_above(&self, most: u64) -> Result<(), StorageError> {
        let counts: Vec<(Option<Uuid>, i64)> = audit_entry::Entity::find()
            .select_only()
            .column(audit_entry::Column::OrganizationId)
            .column_as(audit_entry::Column::Id.count(), "entries")
            .group_by(audit_entry::Column::OrganizationId)
            .into_tuple()
            .all(&self.reader)
            .await?;
        for (organization, count) in counts {
            let mut excess = count.unsigned_abs().saturating_sub(most);
            while excess > 0 {
                let of_organization = audit_entry::Entity::find().filter(match organization {
                    Some(organization) => audit_entry::Column::OrganizationId.eq(organization),
                    None => audit_entry::Column::OrganizationId.is_null(),
                });
                let transaction = self.begin().await?;
                let forgotten = forget_first(&transaction, of_organization, excess).await?;
                transaction.commit().await?;
                if forgotten == 0 {
                    break;
                }
                excess = excess.saturating_sub(forgotten);
            }
        }
        Ok(())
    }

    /// The newest entries of `organization` (none: of the instance) that pass `filter`, and how many do.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn audit(
        &self,
        organization: Option<OrganizationId>,
        filter: &AuditFilter,
        limit: u64,
    ) -> Result<(Vec<AuditEntry>, u64), StorageError> {
        let query = filter.apply(match organization {
            Some(organization) => {
                audit_entry::Entity::find().filter(audit_entry::Column::OrganizationId.eq(organization.0))
            }
            None => audit_entry::Entity::find().filter(audit_entry::Column::OrganizationId.is_null()),
        });
        let total = query.clone().count(&self.reader).await?;
        let newest = query.order_by_desc(audit_entry::Column::Id).limit(limit);
        let rows = newest.all(&self.reader).await?;
        let names = self.actor_names(&rows).await?;
        Ok((rows.into_iter().map(|row| AuditEntry::of(row, &names)).collect(), total))
    }

    /// What the people and keys of `rows` are called now.
    async fn actor_names(&self, rows: &[audit_entry::Model]) -> Result<HashMap<Uuid, String>, StorageError> {
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.actor_id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let people: Vec<(Uuid, String)> = user_account::Entity::find()
            .select_only()
            .columns([user_account::Column::Id, user_account::Column::Email])
            .filter(user_account::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(&self.reader)
            .await?;
        let keys: Vec<(Uuid, String)> = api_key::Entity::find()
            .select_only()
            .columns([api_key::Column::Id, api_key::Column::Name])
            .filter(api_key::Column::Id.is_in(ids))
            .into_tuple()
            .all(&self.reader)
            .await?;
        Ok(people.into_iter().chain(keys).collect())
    }
}

impl AuditFilter {
    fn apply(&self, query: Select<audit_entry::Entity>) -> Select<audit_entry::Entity> {
        use audit_entry::Column;
        query
            .apply_if(self.since, |query, since| query.filter(Column::Id.gte(oldest_id(since))))
            .apply_if(self.until, |query, until| query.filter(Column::Id.lt(oldest_id(until))))
            .apply_if(self.before, |query, before| query.filter(Column::Id.lt(before)))
            .apply_if(self.actor_id, |query, actor| query.filter(Column::ActorId.eq(actor)))
            .apply_if(self.action.as_deref(), |query, action| query.filter(Column::Action.eq(action)))
            .apply_if(self.outcome, |query, outcome| query.filter(Column::Outcome.eq(outcome.as_str())))
    }
}

impl AuditEntry {
    fn of(row: audit_entry::Model, names: &HashMap<Uuid, String>) -> Self {
        Self {
            id: row.id,
            ts: written_at(row.id),
            action: row.action,
            outcome: row.outcome,
            actor_name: row.actor_id.and_then(|id| names.get(&id).cloned()),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            address: row.address,
            status: row.status,
            request_id: row.request_id,
            target: row.target.0,
            details: row.details.0,
        }
    }
}

/// Deletes the oldest `most` entries of `query`, or some of them, and says how many.
async fn forget_first(
    transaction: &Transaction,
    query: Select<audit_entry::Entity>,
    most: u64,
) -> Result<u64, StorageError> {
    let oldest = query.order_by_asc(audit_entry::Column::Id).limit(most.min(FORGOTTEN_AT_ONCE));
    let ids: Vec<Uuid> =
        oldest.select_only().column(audit_entry::Column::Id).into_tuple().all(transaction).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let forgotten = audit_entry::Entity::delete_many().filter(audit_entry::Column::Id.is_in(ids));
    Ok(forgotten.exec(transaction).await?.rows_affected)
}

/// When the entry with this id was written: a UUIDv7 begins with the milliseconds.
fn written_at(id: Uuid) -> Timestamp {
    Timestamp(i64::try_from(id.as_u128() >> 80).unwrap_or_default())
}

/// No UUIDv7 of `at` or later is less.
fn oldest_id(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millis()).unwrap_or_default().min((1 << 48) - 1);
    Uuid::from_u128(u128::from(millis) << 80)
}
