//! What health rules advise: opened and resolved by the rules, dismissed by people.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use basira_actors::model::{Advice, Checkup, DatabaseId, OrganizationId, Timestamp};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Page;
use crate::storage::entity::monitored_database::Pairs;
use crate::storage::entity::{monitored_database, recommendation};
use crate::storage::{Storage, StorageError, Transaction};

/// What was done about advice is remembered for this long.
const RESOLVED_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// Where advice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdviceStatus {
    Open,
    /// Somebody does not want to hear it.
    Dismissed,
    /// The rule does not find it any more.
    Resolved,
}

impl AdviceStatus {
    const ALL: [Self; 3] = [Self::Open, Self::Dismissed, Self::Resolved];

    /// As it is stored.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Dismissed => "dismissed",
            Self::Resolved => "resolved",
        }
    }

    fn parse(text: &str) -> Result<Self, StorageError> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        let unexpected = || format!("recommendation.status cannot be {text}");
        found.ok_or_else(|| StorageError::Database(DbErr::Type(unexpected())))
    }
}

/// Advice about one object of one database, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    pub id: Uuid,
    pub database_id: DatabaseId,
    pub rule_id: String,
    pub object: String,
    pub status: AdviceStatus,
    pub severity: String,
    pub category: String,
    pub title: String,
    pub detail: String,
    pub recommendation: String,
    pub how_to_investigate: String,
    pub how_to_fix: String,
    pub value: f64,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    /// When the rule did not find it any more.
    pub resolved_at: Option<Timestamp>,
    pub dismissed_at: Option<Timestamp>,
    pub dismissed_by: Option<Uuid>,
    pub dismiss_reason: Option<String>,
}

/// What somebody decides about advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It shall not be heard, and cost no points.
    Dismiss {
        reason: String,
        by: Option<Uuid>,
    },
    Reopen,
}

/// The advice for one organization.
#[derive(Debug)]
pub struct Recommendations<'a> {
    storage: &'a Storage,
    organization: OrganizationId,
}

impl Storage {
    /// The advice for `organization`.
    #[must_use]
    pub const fn recommendations(&self, organization: OrganizationId) -> Recommendations<'_> {
        Recommendations { storage: self, organization }
    }

    /// Keeps the score and the advice of one examination. Across tenants: the doctor knows the database only.
    pub(super) async fn note_checkup(
        &self,
        id: DatabaseId,
        checkup: Checkup,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let transaction = self.begin().await?;
        let query = monitored_database::Entity::find_by_id(id.0).lock_exclusive();
        let Some(database) = query.one(&transaction).await? else { return Ok(()) };
        let organization = database.organization_id;
        if database.health_score != checkup.score.map(i32::from) {
            let score = Set(checkup.score.map(i32::from));
            let changes = monitored_database::ActiveModel {
                id: Unchanged(id.0),
                health_score: score,
                ..Default::default()
            };
            changes.update(&transaction).await?;
        }
        let of_database = recommendation::Column::DatabaseId.eq(id.0);
        let known = recommendation::Entity::find().filter(of_database).all(&transaction).await?;
        let mut known: HashMap<(String, String), recommendation::Model> =
            known.into_iter().map(|row| ((row.rule_id.clone(), row.object.clone()), row)).collect();
        for advice in checkup.advice {
            match known.remove(&(advice.rule_id.to_owned(), advice.object.clone())) {
                Some(row) => refresh(row, advice, now, &transaction).await?,
                None => {
                    let row = opened(organization, id, advice, now);
                    row.into_active_model().insert(&transaction).await?;
                }
            }
        }
        let evaluated: BTreeSet<&str> = checkup.evaluated.into_iter().collect();
        for row in known.into_values() {
            if row.status != AdviceStatus::Resolved.as_str() && evaluated.contains(row.rule_id.as_str()) {
                resolve(row, now, &transaction).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Forgets advice that was resolved long before `now`. Across tenants: nothing is told of it.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn prune_recommendations(&self, now: Timestamp) -> Result<u64, StorageError> {
        let forgotten = recommendation::Column::ResolvedAt.lt((now - RESOLVED_KEPT).as_millis());
        let transaction = self.begin().await?;
        let deleted = recommendation::Entity::delete_many().filter(forgotten).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected)
    }
}

impl Recommendations<'_> {
    fn select(&self) -> Select<recommendation::Entity> {
        recommendation::Entity::find().filter(recommendation::Column::OrganizationId.eq(self.organization.0))
    }

    /// Those of `database`, or of all; with this status, if one is wanted. The worst first, then the newest; the ones
    /// of `page`, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(
        &self,
        database: Option<DatabaseId>,
        status: Option<AdviceStatus>,
        page: Page,
    ) -> Result<(Vec<Recommendation>, u64), StorageError> {
        let mut query = self.select();
        if let Some(database) = database {
            query = query.filter(recommendation::Column::DatabaseId.eq(database.0));
        }
        if let Some(status) = status {
            query = query.filter(recommendation::Column::Status.eq(status.as_str()));
        }
        let total = query.clone().count(&self.storage.reader).await?;
        let worst_first = query
            .order_by_asc(severity_rank())
            .order_by_desc(recommendation::Column::OpenedAt)
            .order_by_asc(recommendation::Column::Object)
            .order_by_asc(recommendation::Column::Id);
        let rows = page.of(worst_first).all(&self.storage.reader).await?;
        let found = rows.into_iter().map(Recommendation::of).collect::<Result<_, _>>()?;
        Ok((found, total))
    }

    /// Carries out `decision` on the one with this id; `None` when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn decide(
        &self,
        id: Uuid,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Option<Recommendation>, StorageError> {
        let transaction = self.storage.begin().await?;
        let query = self.select().filter(recommendation::Column::Id.eq(id)).lock_exclusive();
        let Some(row) = query.one(&transaction).await? else { return Ok(None) };
        let query = monitored_database::Entity::find_by_id(row.database_id).lock_exclusive();
        let Some(database) = query.one(&transaction).await? else { return Ok(None) };
        let mut dismissed = database.dismissed.0;
        let pair = (row.rule_id.clone(), row.object.clone());
        let resolved = row.resolved_at.is_some();
        let unless_resolved =
            |status: AdviceStatus| if resolved { AdviceStatus::Resolved } else { status }.as_str().to_owned();
        let mut changed = row.into_active_model();
        match decision {
            Decision::Dismiss { reason, by } => {
                dismissed.insert(pair);
                changed.dismissed_at = Set(Some(now.into()));
                changed.dismissed_by = Set(by);
                changed.dismiss_reason = Set(Some(reason));
                changed.status = Set(unless_resolved(AdviceStatus::Dismissed));
            }
            Decision::Reopen => {
                dismissed.remove(&pair);
                changed.dismissed_at = Set(None);
                changed.dismissed_by = Set(None);
                changed.dismiss_reason = Set(None);
                changed.status = Set(unless_resolved(AdviceStatus::Open));
            }
        }
        changed.updated_at = Set(now.into());
        let row = changed.update(&transaction).await?;
        let database = monitored_database::ActiveModel {
            id: Unchanged(row.database_id),
            dismissed: Set(Pairs(dismissed)),
            ..Default::default()
        };
        database.update(&transaction).await?;
        transaction.commit().await?;
        Recommendation::of(row).map(Some)
    }
}

/// 0 for what is worst.
fn severity_rank() -> SimpleExpr {
    let is = |severity| Expr::col(recommendation::Column::Severity).eq(severity);
    CaseStatement::new().case(is("critical"), 0).case(is("warning"), 1).finally(2).into()
}

fn opened(organization: Uuid, database: DatabaseId, advice: Advice, now: Timestamp) -> recommendation::Model {
    recommendation::Model {
        id: Uuid::now_v7(),
        organization_id: organization,
        database_id: database.0,
        rule_id: advice.rule_id.to_owned(),
        object: advice.object,
        status: AdviceStatus::Open.as_str().to_owned(),
        severity: advice.severity.to_owned(),
        category: advice.category.to_owned(),
        title: advice.title.to_owned(),
        detail: advice.detail,
        recommendation: advice.recommendation,
        how_to_investigate: advice.how_to_investigate,
        how_to_fix: advice.how_to_fix,
        value: advice.value,
        opened_at: now.into(),
        updated_at: now.into(),
        resolved_at: None,
        dismissed_at: None,
        dismissed_by: None,
        dismiss_reason: None,
    }
}

/// What is known already is told anew; what was thought resolved is open again, or dismissed as it was.
async fn refresh(
    row: recommendation::Model,
    advice: Advice,
    now: Timestamp,
    transaction: &Transaction,
) -> Result<(), StorageError> {
    let back = row.status == AdviceStatus::Resolved.as_str();
    let status = if row.dismissed_at.is_some() { AdviceStatus::Dismissed } else { AdviceStatus::Open };
    let opened_at = if back { now.into() } else { row.opened_at };
    let mut changed = row.into_active_model();
    changed.status = Set(status.as_str().to_owned());
    changed.opened_at = Set(opened_at);
    changed.resolved_at = Set(None);
    changed.severity = Set(advice.severity.to_owned());
    changed.title = Set(advice.title.to_owned());
    changed.detail = Set(advice.detail);
    changed.recommendation = Set(advice.recommendation);
    changed.how_to_investigate = Set(advice.how_to_investigate);
    changed.how_to_fix = Set(advice.how_to_fix);
    changed.value = Set(advice.value);
    changed.updated_at = Set(now.into());
    changed.update(transaction).await?;
    Ok(())
}

async fn resolve(
    row: recommendation::Model,
    now: Timestamp,
    transaction: &Transaction,
) -> Result<(), StorageError> {
    let mut changed = row.into_active_model();
    changed.status = Set(AdviceStatus::Resolved.as_str().to_owned());
    changed.resolved_at = Set(Some(now.into()));
    changed.updated_at = Set(now.into());
    changed.update(transaction).await?;
    Ok(())
}

impl Recommendation {
    fn of(row: recommendation::Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            database_id: DatabaseId(row.database_id),
            rule_id: row.rule_id,
            object: row.object,
            status: AdviceStatus::parse(&row.status)?,
            severity: row.severity,
            category: row.category,
            title: row.title,
            detail: row.detail,
            recommendation: row.recommendation,
            how_to_investigate: row.how_to_investigate,
            how_to_fix: row.how_to_fix,
            value: row.value,
            opened_at: row.opened_at.into(),
            updated_at: row.updated_at.into(),
            resolved_at: row.resolved_at.map(Timestamp::from),
            dismissed_at: row.dismissed_at.map(Timestamp::from),
            dismissed_by: row.dismissed_by,
            dismiss_reason: row.dismiss_reason,
        })
    }
}
