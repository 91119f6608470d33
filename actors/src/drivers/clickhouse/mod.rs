//! The ClickHouse driver over HTTP: one connection, one query at a time, each with an id of ours.

mod bind;
mod bounded;
mod column_fallback;
mod decode;
mod discover;
#[cfg(test)]
mod drift;
mod error;
mod http;
mod limits;
mod query_runner;
mod response;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::column_fallback::{AdaptedQuery, Cluster, SystemColumns};
use self::query_runner::QueryRunner;
use super::{ConnectSettings, Reply, Session, check_columns};
use crate::collect::{CollectError, ExplainRequest, Notice, Query, Server, advice};
use crate::model::Target;

/// A connection to a ClickHouse server.
pub(super) struct ClickHouse {
    runner: QueryRunner,
    cluster: Option<Cluster>,
    columns: SystemColumns,
    adapted: HashMap<Arc<str>, AdaptedQuery>,
    /// Whether the user has SHOW TABLES on all tables; older versions cannot tell.
    shows_tables: Option<bool>,
    server: Server,
}

impl ClickHouse {
    /// Connects and reads the properties of the server.
    pub(super) async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Self, CollectError> {
        let runner = QueryRunner::new(target, settings).await?;
        let server = Server {
            database: target.database.clone(),
            databases: target.databases.clone(),
            cluster: target.cluster.clone(),
            role: runner.peer.role.clone(),
            raw_query_text: settings.raw_query_text,
            ..Server::unknown()
        };
        let mut session = Self {
            runner,
            cluster: None,
            columns: SystemColumns::default(),
            adapted: HashMap::new(),
            shows_tables: None,
            server,
        };
        let discovered = session.refresh().await;
        discovered.map_err(|error| session.runner.peer.connect_error(error))?;
        Ok(session)
    }

    fn adapt(&mut self, query: &Query) -> Result<AdaptedQuery, CollectError> {
        if let Some(adapted) = self.adapted.get(&query.sql) {
            return Ok(adapted.clone());
        }
        let adapted = self.columns.adapt(&query.sql, self.cluster.as_ref())?;
        self.adapted.insert(Arc::clone(&query.sql), adapted.clone());
        Ok(adapted)
    }

    /// The notice of a query on tables when the user does not have SHOW TABLES on all of them.
    fn hidden_tables(&self) -> Option<Notice> {
        let role = &self.server.role;
        (self.shows_tables == Some(false)).then(|| {
            Notice::hiding(
                format!("user {role} lacks SHOW TABLES on some tables: they are not shown"),
                advice::clickhouse_grant("have the grant SHOW TABLES ON *.*", role),
            )
        })
    }
}

#[async_trait]
impl Session for ClickHouse {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn refresh(&mut self) -> Result<(), CollectError> {
        self.discover().await
    }

    async fn run(&mut self, query: &Query, limit: Duration) -> Result<Reply, CollectError> {
        let AdaptedQuery { sql, missing_columns, is_of_tables } = self.adapt(query)?;
        let rows = self.runner.run(&sql, &query.params, query.columns, limit).await?;
        check_columns(&rows.columns(), query.columns)?;
        let hidden = if is_of_tables { self.hidden_tables() } else { None };
        let unlimited = self.runner.limits.notice(&self.server.role);
        let notice = hidden.into_iter().chain(unlimited).reduce(Notice::and);
        Ok(Reply {
            size_bytes: rows.size_bytes(),
            rows: Box::new(rows),
            missing_columns: missing_columns.into(),
            notice,
        })
    }

    async fn explain(&mut self, _: &ExplainRequest, _: Duration) -> Result<Reply, CollectError> {
        Err(CollectError::Missing {
            reason: "plans of ClickHouse are not collected".to_owned(),
            fix: "run EXPLAIN by hand".to_owned(),
        })
    }
}
