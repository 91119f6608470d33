//! A lock on a PostgreSQL that falls with the session that holds it, whose application name says who that is.

use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use tokio::time::{sleep, timeout};

use super::error::ServerLockError;
use crate::storage::StorageError;

/// How often the session is looked at, and how long it may take to answer.
const CHECK_EVERY: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// A server that was killed a moment ago still has its session for so long.
const TRY_FOR: Duration = Duration::from_secs(2);
const TRY_EVERY: Duration = Duration::from_millis(50);

/// One lock for each schema that the tables may be in.
const LOCK: &str =
    "SELECT pg_try_advisory_lock(hashtextextended('basira serve ' || coalesce(current_schema(), ''), 0))";
/// An advisory lock with a key of 64 bits has its halves in `classid` and `objid`, and 1 in `objsubid`.
const HOLDER: &str =
    "SELECT concat_ws(', session of ', a.application_name, coalesce(host(a.client_addr), 'the same machine'))
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND d.datname = current_database()
      AND (l.classid::bigint << 32) | l.objid::bigint
          = hashtextextended('basira serve ' || coalesce(current_schema(), ''), 0)";
/// Without these the session of a machine that lost its power would hold the lock for hours.
const NOTICE_A_DEAD_CLIENT: &str =
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const NAME: &str = "SELECT set_config('application_name', $1, false)";

#[derive(Debug)]
pub(super) struct SessionLock {
    /// Under which the database is configured.
    key: &'static str,
    options: PgConnectOptions,
    connection: PgConnection,
    holder: String,
}

impl SessionLock {
    pub(super) async fn take(
        key: &'static str,
        options: PgConnectOptions,
        holder: &str,
    ) -> Result<Self, ServerLockError> {
        let connection = lock(key, &options, holder).await?;
        Ok(Self { key, options, connection, holder: holder.to_owned() })
    }

    /// Names the holder to whoever asks.
    pub(super) async fn name(&mut self, holder: &str) -> Result<(), ServerLockError> {
        holder.clone_into(&mut self.holder);
        name(&mut self.connection, holder).await.map_err(|error| failed(self.key, error))
    }

    /// Returns when another server has the lock. A lost session is replaced as soon as the database answers.
    pub(super) async fn lost(&mut self) -> ServerLockError {
        loop {
            sleep(CHECK_EVERY).await;
            if let Ok(Ok(())) = timeout(ANSWERS_WITHIN, self.connection.ping()).await {
                continue;
            }
            tracing::error!(
                "the session that locks the storage is lost: another server could start on it until there is a new one"
            );
            match lock_again(self.key, &self.options, &self.holder).await {
                Ok(connection) => self.connection = connection,
                Err(taken) => return taken,
            }
            tracing::info!("the storage is locked again");
        }
    }
}

/// A session that has the lock, as soon as the database answers.
async fn lock_again(
    key: &'static str,
    options: &PgConnectOptions,
    holder: &str,
) -> Result<PgConnection, ServerLockError> {
    loop {
        match lock(key, options, holder).await {
            Err(ServerLockError::Storage { .. }) => sleep(CHECK_EVERY).await,
            outcome => return outcome,
        }
    }
}

/// A session that has the lock.
async fn lock(
    key: &'static str,
    options: &PgConnectOptions,
    holder: &str,
) -> Result<PgConnection, ServerLockError> {
    let mut connection = options.connect().await.map_err(|error| failed(key, error))?;
    match try_lock(&mut connection, holder).await.map_err(|error| failed(key, error))? {
        None => Ok(connection),
        Some(holder) => {
            let what = format!("the database {}", options.get_database().unwrap_or_default());
            Err(ServerLockError::Taken { what, holder })
        }
    }
}

/// Who has the lock, if it is another session.
async fn try_lock(connection: &mut PgConnection, holder: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::raw_sql(NOTICE_A_DEAD_CLIENT).execute(&mut *connection).await?;
    let until = Instant::now() + TRY_FOR;
    loop {
        if sqlx::query_scalar(LOCK).fetch_one(&mut *connection).await? {
            name(connection, holder).await?;
            return Ok(None);
        }
        let other: Option<String> = sqlx::query_scalar(HOLDER).fetch_optional(&mut *connection).await?;
        if Instant::now() >= until {
            return Ok(Some(other.unwrap_or_else(|| "its name is not known".to_owned())));
        }
        sleep(TRY_EVERY).await;
    }
}

fn failed(key: &'static str, error: sqlx::Error) -> ServerLockError {
    ServerLockError::Storage { key, error: StorageError::from(error) }
}

async fn name(connection: &mut PgConnection, holder: &str) -> Result<(), sqlx::Error> {
    sqlx::query(NAME).bind(format!("basira {holder}")).execute(connection).await.map(drop)
}
