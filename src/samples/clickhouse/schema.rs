//! The tables on ClickHouse: one per stream and resolution.

use std::time::Duration;

use basira_actors::model::Stream;

use super::columns::declared;
use super::error::ClickHouseError;
use super::server::Server;
use crate::samples::{Resolution, Retention};

const CREATE_RAW: &str = include_str!("sql/create_raw.sql");
const CREATE_ROLLUP: &str = include_str!("sql/create_rollup.sql");
const CREATE_KEPT: &str = include_str!("sql/create_sample_kept.sql");
const TTL: &str = include_str!("sql/ttl.sql");

const DAY_SECONDS: u64 = 24 * 3_600;
/// The TTL of the tables drops a day so long after its retention, in case the maintenance does not run.
const GRACE_DAYS: u64 = 8;

/// The table of one stream at one resolution.
pub(super) fn table(stream: &Stream, resolution: Resolution) -> String {
    format!("sample_{}_{}", stream.name, resolution.as_str())
}

/// Creates the tables of `streams`, and adds the columns that they lack.
pub(super) async fn create(
    server: &Server,
    streams: &[&Stream],
    retention: &Retention,
) -> Result<(), ClickHouseError> {
    server.create_database().await?;
    server.execute("creating sample_kept", CREATE_KEPT).await?;
    for stream in streams {
        for resolution in Resolution::ALL {
            create_table(server, stream, resolution, retention.of(resolution)).await?;
        }
    }
    Ok(())
}

async fn create_table(
    server: &Server,
    stream: &Stream,
    resolution: Resolution,
    kept: Duration,
) -> Result<(), ClickHouseError> {
    let table = table(stream, resolution);
    let columns = declared(stream, resolution);
    let create = if resolution == Resolution::Raw { CREATE_RAW } else { CREATE_ROLLUP };
    let create = create.replace("$table", &table).replace("$columns", &columns.join(",\n    "));
    server.execute("creating a table", &create).await?;
    let added: Vec<_> = columns.iter().map(|column| format!("ADD COLUMN IF NOT EXISTS {column}")).collect();
    server.execute("adding columns", &format!("ALTER TABLE {table} {}", added.join(", "))).await?;
    let days = kept.as_secs().div_ceil(DAY_SECONDS).saturating_add(GRACE_DAYS).min(100 * 366);
    let ttl = TTL.replace("$table", &table).replace("$days", &days.to_string());
    server.execute("setting how long rows are kept", &ttl).await
}
