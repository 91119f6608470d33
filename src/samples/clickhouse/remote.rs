//! Our tables on ClickHouse: made when first needed, so that Basira starts without it.

use basira_actors::model::{Stream, streams};
use tokio::sync::{OnceCell, RwLock};

use super::super::{Resolution, Retention};
use super::plan::Kept;
use super::schema;
use super::server::{ClickHouseError, Server};

const KEPT: &str = include_str!("sql/kept.sql");

pub(super) struct Remote {
    pub(super) server: Server,
    pub(super) retention: Retention,
    kept: OnceCell<RwLock<Kept>>,
}

impl Remote {
    pub(super) fn new(server: Server, retention: Retention) -> Self {
        Self { server, retention, kept: OnceCell::new() }
    }

    /// What the tables have. Whoever reads holds it as long: nothing is dropped meanwhile that a read counts on.
    pub(super) async fn kept(&self) -> Result<&RwLock<Kept>, ClickHouseError> {
        let make = async || {
            schema::create(&self.server, streams::ALL, &self.retention).await?;
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

    /// All of our tables, with their stream and resolution.
    pub(super) fn tables() -> impl Iterator<Item = (String, &'static Stream, Resolution)> {
        streams::ALL.iter().copied().flat_map(|stream| {
            Resolution::ALL.map(|resolution| (schema::table(stream, resolution), stream, resolution))
        })
    }
}
