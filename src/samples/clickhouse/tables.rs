//! Our tables on ClickHouse, created at their first use, so that Basira starts while the server is unavailable.

use std::sync::Arc;

use basira_actors::model::{Stream, streams};
use tokio::sync::{Mutex, OnceCell, RwLock};

use super::error::ClickHouseError;
use super::plan::FirstDays;
use super::schema;
use super::server::Server;
use crate::samples::retention::LiveRetention;
use crate::samples::{Resolution, Retention};

const FIRST_DAYS: &str = include_str!("sql/first_days.sql");

pub(super) struct RemoteTables {
    pub(super) server: Server,
    pub(super) retention: Arc<LiveRetention>,
    /// The retention that the TTL of the tables was last set to.
    declared: Mutex<Option<Retention>>,
    first_days: OnceCell<RwLock<FirstDays>>,
}

impl RemoteTables {
    pub(super) fn new(server: Server, retention: Arc<LiveRetention>) -> Self {
        Self { server, retention, declared: Mutex::new(None), first_days: OnceCell::new() }
    }

    /// The first days of the tables. A read holds the lock while it runs, so that no day it needs is dropped.
    pub(super) async fn first_days(&self) -> Result<&RwLock<FirstDays>, ClickHouseError> {
        let make = async || {
            self.declare().await?;
            let rows: Vec<(String, i64)> =
                self.server.rows("reading the first days", self.server.query(FIRST_DAYS)).await?;
            let mut first_days = FirstDays::ALL;
            for resolution in Resolution::ALL {
                let found = rows.iter().find(|(name, _)| name == resolution.as_str());
                *first_days.since_mut(resolution) = found.map_or(i64::MIN, |&(_, day)| day);
            }
            Ok(RwLock::new(first_days))
        };
        self.first_days.get_or_try_init(make).await
    }

    /// Sets the TTL of the tables again when the retention was changed.
    pub(super) async fn redeclare(&self) -> Result<(), ClickHouseError> {
        self.first_days().await?;
        let declared = *self.declared.lock().await;
        if declared == Some(self.retention.get()) { Ok(()) } else { self.declare().await }
    }

    async fn declare(&self) -> Result<(), ClickHouseError> {
        let retention = self.retention.get();
        schema::create(&self.server, streams::ALL, &retention).await?;
        *self.declared.lock().await = Some(retention);
        Ok(())
    }

    /// All of our tables, with their stream and resolution.
    pub(super) fn tables() -> impl Iterator<Item = (String, &'static Stream, Resolution)> {
        streams::ALL.iter().copied().flat_map(|stream| {
            Resolution::ALL.map(|resolution| (schema::table(stream, resolution), stream, resolution))
        })
    }
}
