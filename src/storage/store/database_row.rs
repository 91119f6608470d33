//! A registered database as a row and back.

use std::str::FromStr;
use std::time::Duration;

use basira_actors::model::{DatabaseId, Databases, OrganizationId, Secret, Target, Timestamp};
use sea_orm::DbErr;

use super::{Database, Follows};
use crate::storage::StorageError;
use crate::storage::entity::monitored_database::{Model, Names, Pairs, Rules, Tags};
use crate::storage::seal::Sealer;

impl Database {
    pub(super) fn from_row(row: Model, sealer: &Sealer) -> Result<Self, StorageError> {
        let id = DatabaseId(row.id);
        let password = row.sealed_password.and_then(|blob| unseal(id, &blob, sealer));
        let target = Target {
            id,
            organization_id: OrganizationId(row.organization_id),
            engine: parse("engine", &row.engine)?,
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
            password,
            tls: parse("tls", &row.tls)?,
            tls_ca_pem: row.tls_ca_pem,
            poll_interval: Duration::from_secs(number("poll_interval_seconds", row.poll_interval_seconds)?),
            collect_explain_plans: row.collect_explain_plans,
            collect_replication: row.collect_replication,
            disabled_collectors: row.disabled_collectors.0,
            rules: row.rules.0,
            dismissed: row.dismissed.0,
        };
        Ok(Self {
            target,
            name: row.name,
            tags: row.tags.0,
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

    pub(super) fn to_row(
        &self,
        organization: OrganizationId,
        sealer: &Sealer,
    ) -> Result<Model, StorageError> {
        let Target { id, password, .. } = &self.target;
        let sealed_password = password
            .as_ref()
            .map(|password| sealer.seal(*id, password))
            .transpose()
            .map_err(|error| StorageError::Database(DbErr::Custom(error.to_string())))?;
        let poll_interval_seconds = number("poll_interval_seconds", self.target.poll_interval.as_secs())?;
        let target = self.target.clone();
        Ok(Model {
            id: target.id.0,
            organization_id: organization.0,
            name: self.name.clone(),
            engine: target.engine.as_str().to_owned(),
            engine_version: self.engine_version.clone(),
            host: target.host,
            port: target.port.into(),
            database_name: target.database,
            username: target.username,
            sealed_password,
            tls: target.tls.as_str().to_owned(),
            tls_ca_pem: target.tls_ca_pem,
            tags: Tags(self.tags.clone()),
            poll_interval_seconds,
            collect_explain_plans: target.collect_explain_plans,
            collect_replication: target.collect_replication,
            disabled_collectors: Names(target.disabled_collectors),
            cluster: target.cluster,
            let_idle: target.let_idle,
            try_indexes_on_primary: target.try_indexes_on_primary,
            all_databases: target.databases.all,
            include_databases: Names(target.databases.include),
            exclude_databases: Names(target.databases.exclude),
            rules: Rules(target.rules),
            dismissed: Pairs(target.dismissed),
            last_seen_at: self.last_seen_at.map(Into::into),
            last_error: self.last_error.clone(),
            health_score: self.health_score,
            follows_poll_interval: self.follows.poll_interval,
            follows_disabled_collectors: self.follows.disabled_collectors,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

/// A password that cannot be read must not keep the other databases from being watched.
fn unseal(id: DatabaseId, blob: &[u8], sealer: &Sealer) -> Option<Secret> {
    match sealer.unseal(id, blob) {
        Ok(password) => Some(password),
        Err(error) => {
            tracing::error!(db.id = %id, "{error}: restore the key or set the password anew");
            None
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
