//! The size of the store, in our own storage and on ClickHouse.

use basira_actors::model::Timestamp;
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use super::tables::RemoteTables;
use crate::samples::local::counts;
use crate::samples::usage::{Streams, add_tails, of_stream, plain_bytes};
use crate::samples::{StoreError, StoredResolution, Usage};

const STORED_ROWS: &str = include_str!("sql/stored_rows.sql");

/// By database, then stream. The server knows only the size of each table; a database has a share in proportion to its rows.
pub(super) async fn usage(remote: &RemoteTables, reader: &DatabaseConnection) -> Result<Usage, StoreError> {
    let mut streams = Streams::new();
    add_tails(reader, &mut streams).await?;
    let partitions = remote.partitions().await?;
    let is_there = |table: &str| partitions.iter().any(|partition| partition.table == table);
    for (table, stream, resolution) in RemoteTables::tables().filter(|(table, ..)| is_there(table)) {
        let query = remote.server.query(&STORED_ROWS.replace("$table", &table));
        let rows: Vec<(String, String, u64, i64, i64)> = remote.server.rows("counting rows", query).await?;
        let of_table = partitions.iter().filter(|partition| partition.table == table);
        let (bytes, parts) = of_table.fold((0, 0), |sum, found| (sum.0 + found.bytes, sum.1 + found.parts));
        let all: u64 = rows.iter().map(|row| row.2).sum();
        for (organization, database, rows, first, last) in rows {
            let (Ok(organization), Ok(database)) =
                (Uuid::parse_str(&organization), Uuid::parse_str(&database))
            else {
                continue;
            };
            of_stream(&mut streams, (database, organization, stream.name)).held.push(StoredResolution {
                resolution,
                segments: parts,
                rows,
                bytes: share(bytes, rows, all),
                plain_bytes: plain_bytes(rows, stream.columns.len()),
                first: Timestamp(first),
                last: Timestamp(last),
            });
        }
    }
    let (words, entries) = counts(reader).await?;
    Ok(Usage {
        disk_bytes: partitions.iter().map(|partition| partition.bytes).sum(),
        cap_bytes: remote.retention.get().max_bytes,
        streams: streams.into_values().collect(),
        words,
        entries,
    })
}

fn share(bytes: u64, rows: u64, all: u64) -> u64 {
    let part = u128::from(bytes) * u128::from(rows) / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}
