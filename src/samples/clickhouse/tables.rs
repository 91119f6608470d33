//! Our tables on ClickHouse: made when first needed, so that Basira starts without it.

use std::sync::Arc;

use basira_actors::model::{Stream, streams};
use tokio::sync::{Mutex, OnceCell, RwLock};

use super::error::ClickHouseError;
use super::plan::Kept;
use super::schema;
use super::server::Server;
use crate::samples::retention::LiveRetention;
use crate::samples::{Resolution, Retention};

const KEPT: &str = include_str!("sql/kept.sql");

pub(super) struct RemoteTables {
    pub(super) server: Server,
    pub(super) retention: Arc<LiveRetention>,
    /// What the tables were last told of it.
    declared: Mutex<Option<Retention>>,
    kept: OnceCell<RwLock<Kept>>,
}

impl RemoteTables {
    pub(super) fn new(server: Server, retention: Arc<LiveRetention>) -> Self {
        Self { server, retention, declared: Mutex::new(None), kept: OnceCell::new() }
    }

    /// What the tables have. Whoever reads holds it as long: nothing is dropped meanwhile that a read counts on.
    pub(super) async fn kept(&self) -> Result<&RwLock<Kept>, ClickHouseError> {
        let make = async || {
            self.declare().await?;
            let rows: Vec<(String, i64)> =
                self.server.rows("reading what is kept", self.server.query(KEPT)).await?;
            let mut kept = Kept::ALL;
            for resolution in Resolution::ALL {
                let found = rows.iter().find(|(name, _)| name == resolution.as_str());
                *kept.since_mut(resolution) = found.map_or(i64::MIN, |&(_, day)| day);
            }
            Ok(RwLock::new(kept))
        };
        self.kept.get_or_try_init(make).await
    }

    /// Tells the tables of a retention that was changed: they drop by themselves what is long past it.
    pub(super) async fn redeclare(&self) -> Result<(), ClickHouseError> {
        self.kept().await?;
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
