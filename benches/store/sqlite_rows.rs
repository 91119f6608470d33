//! A row per statement and poll in a plain SQLite table, found by time.

use async_trait::async_trait;
use basira_benches::Failure;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Row as _, SqlitePool};
use tempfile::TempDir;

use super::day::{COUNTERS, Counters, Poll};
use super::peer::{BUCKET_MS, Bucket, Peer, Ranked, Span, TOP};

const FILE: &str = "rows.db";

pub(crate) struct SqliteRows {
    pool: SqlitePool,
    directory: TempDir,
}

impl SqliteRows {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        // as durable as our own store
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let columns: Vec<_> = COUNTERS.iter().map(|name| format!("\"{name}\" INTEGER NOT NULL, ")).collect();
        let table = format!(
            "CREATE TABLE statements (at INTEGER, series INTEGER, {} PRIMARY KEY (at, series)) WITHOUT ROWID",
            columns.concat()
        );
        sqlx::query(sqlx::AssertSqlSafe(table)).execute(&pool).await?;
        Ok(Self { pool, directory })
    }
}

#[async_trait]
impl Peer for SqliteRows {
    fn name(&self) -> &'static str {
        "sqlite_rows"
    }

    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure> {
        for poll in polls {
            let row = format!("(?{})", ",?".repeat(1 + COUNTERS.len()));
            let insert = format!("INSERT INTO statements VALUES {}", vec![row; poll.rows.len()].join(","));
            let mut insert = sqlx::query(sqlx::AssertSqlSafe(insert));
            for row in &poll.rows {
                insert = insert.bind(poll.at).bind(row.series.cast_signed());
                for counter in row.counters {
                    insert = insert.bind(counter);
                }
            }
            // a transaction of its own, as each poll must be durable
            insert.execute(&self.pool).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.pool).await?;
        Ok(())
    }

    async fn bytes(&self) -> Result<Option<u64>, Failure> {
        Ok(Some(std::fs::metadata(self.directory.path().join(FILE))?.len()))
    }

    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure> {
        let sums: Vec<_> = COUNTERS.iter().map(|name| format!(", SUM(\"{name}\")")).collect();
        let select = format!(
            "SELECT series{} FROM statements WHERE at > ? AND at <= ? GROUP BY series ORDER BY 3 DESC LIMIT {TOP}",
            sums.concat()
        );
        let select = sqlx::query(sqlx::AssertSqlSafe(select)).bind(span.since).bind(span.until);
        let rows = select.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), counters(row)?))).collect()
    }

    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure> {
        let sums: Vec<_> = COUNTERS.iter().map(|name| format!(", SUM(\"{name}\")")).collect();
        let select = format!(
            "SELECT (at - 1) / {BUCKET_MS} * {BUCKET_MS}{} FROM statements \
             WHERE at > ? AND at <= ? AND series = ? GROUP BY 1 ORDER BY 1",
            sums.concat()
        );
        let select = sqlx::query(sqlx::AssertSqlSafe(select));
        let select = select.bind(span.since).bind(span.until).bind(series.cast_signed());
        let rows = select.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, counters(row)?))).collect()
    }
}

/// What stands behind the first value of `row`.
fn counters(row: &SqliteRow) -> Result<Counters, Failure> {
    let mut counters = Counters::default();
    for (place, counter) in counters.iter_mut().enumerate() {
        *counter = row.try_get(1 + place)?;
    }
    Ok(counters)
}
