//! A registered database as a row, as what is shown of it, and as what is watched.

use std::str::FromStr;
use std::time::Duration;

use basira_actors::model::{DatabaseId, Databases, OrganizationId, Secret, Target, Timestamp};
use sea_orm::DbErr;

use super::{DatabaseRecord, Follows};
use crate::storage::StorageError;
use crate::storage::entity::monitored_database::{Model, Names, Pairs, Rules, Tags};

impl DatabaseRecord {
    /// The row but for its password.
    pub(super) fn from_row(row: Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: DatabaseId(row.id),
            organization_id: OrganizationId(row.organization_id),
            engine: parse("engine", &row.engine)?,
            name: row.name,
            tags: row.tags.0,
            host: row.host,
            port: number("port", row.port)?,
            database: row.database_name,
            databases: Databases {
                all: row.all_databases,
                include: row.include_databases.0,
                exclude: row.exclude_databases.0,
            },
            cluster: row.cluster,
            let_idle: row.let_idle,
            try_indexes_on_primary: row.try_indexes_on_primary,
            username: row.username,
            tls: parse("tls", &row.tls)?,
            tls_ca_pem: row.tls_ca_pem,
            poll_interval: Duration::from_secs(number("poll_interval_seconds", row.poll_interval_seconds)?),
            collect_explain_plans: row.collect_explain_plans,
            collect_replication: row.collect_replication,
            disabled_collectors: row.disabled_collectors.0,
            rules: row.rules.0,
            dismissed: row.dismissed.0,
            engine_version: row.engine_version,
            last_seen_at: row.last_seen_at.map(Timestamp::from),
            last_error: row.last_error,
            health_score: row.health_score,
            follows: Follows {
                poll_interval: row.follows_poll_interval,
                disabled_collectors: row.follows_disabled_collectors,
            },
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }

    /// The row with `encrypted_password`, in `organization`.
    pub(super) fn to_row(
        &self,
        organization: OrganizationId,
        encrypted_password: Option<Vec<u8>>,
    ) -> Result<Model, StorageError> {
        Ok(Model {
            id: self.id.0,
            organization_id: organization.0,
            name: self.name.clone(),
            engine: self.engine.as_str().to_owned(),
            engine_version: self.engine_version.clone(),
            host: self.host.clone(),
            port: self.port.into(),
            database_name: self.database.clone(),
            username: self.username.clone(),
            encrypted_password,
            tls: self.tls.as_str().to_owned(),
            tls_ca_pem: self.tls_ca_pem.clone(),
            tags: Tags(self.tags.clone()),
            poll_interval_seconds: number("poll_interval_seconds", self.poll_interval.as_secs())?,
            collect_explain_plans: self.collect_explain_plans,
            collect_replication: self.collect_replication,
            disabled_collectors: Names(self.disabled_collectors.clone()),
            cluster: self.cluster.clone(),
            let_idle: self.let_idle,
            try_indexes_on_primary: self.try_indexes_on_primary,
            all_databases: self.databases.all,
            include_databases: Names(self.databases.include.clone()),
            exclude_databases: Names(self.databases.exclude.clone()),
            rules: Rules(self.rules.clone()),
            dismissed: Pairs(self.dismissed.clone()),
            last_seen_at: self.last_seen_at.map(Into::into),
            last_error: self.last_error.clone(),
            health_score: self.health_score,
            follows_poll_interval: self.follows.poll_interval,
            follows_disabled_collectors: self.follows.disabled_collectors,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }

    /// What the monitor of this database needs; `password` is that of the registration.
    #[must_use]
    pub fn into_target(self, password: Option<Secret>) -> Target {
        Target {
            id: self.id,
            organization_id: self.organization_id,
            engine: self.engine,
            host: self.host,
            port: self.port,
            database: self.database,
            databases: self.databases,
            cluster: self.cluster,
            let_idle: self.let_idle,
            try_indexes_on_primary: self.try_indexes_on_primary,
            username: self.username,
            password,
            tls: self.tls,
            tls_ca_pem: self.tls_ca_pem,
            poll_interval: self.poll_interval,
            collect_explain_plans: self.collect_explain_plans,
            collect_replication: self.collect_replication,
            disabled_collectors: self.disabled_collectors,
            rules: self.rules,
            dismissed: self.dismissed,
        }
    }
}

fn parse<T: FromStr>(column: &str, text: &str) -> Result<T, StorageError> {
    text.parse().map_err(|_| unexpected(column, text))
}

fn number<T: TryInto<U> + Copy + ToString, U>(column: &str, value: T) -> Result<U, StorageError> {
    value.try_into().map_err(|_| unexpected(column, &value.to_string()))
}

fn unexpected(column: &str, value: &str) -> StorageError {
    StorageError::Database(DbErr::Type(format!("monitored_database.{column} cannot be {value}")))
}
