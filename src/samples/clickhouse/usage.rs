//! What the store holds, here and on ClickHouse.

use std::collections::BTreeMap;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QuerySelect};
use uuid::Uuid;

use super::super::entity::tail;
use super::super::{Held, StoreError, StreamUsage, Usage, known};
use super::remote::Remote;

const HELD: &str = include_str!("sql/held.sql");

type Streams = BTreeMap<(Uuid, String), StreamUsage>;

/// By database, then stream. The server knows the size of a table only: each database has its part by its rows.
pub(super) async fn usage(remote: &Remote, reader: &DatabaseConnection) -> Result<Usage, StoreError> {
    let mut streams = Streams::new();
    add_tail(reader, &mut streams).await?;
    let parts = remote.parts().await?;
    let is_there = |table: &str| parts.iter().any(|part| part.table == table);
    for (table, stream, resolution) in Remote::tables().filter(|(table, ..)| is_there(table)) {
        let query = remote.server.query(&HELD.replace("$table", &table));
        let rows: Vec<(String, String, u64, i64, i64)> = remote.server.rows("counting rows", query).await?;
        let of_table = parts.iter().filter(|part| part.table == table);
        let (bytes, pieces) = of_table.fold((0, 0), |sum, part| (sum.0 + part.bytes, sum.1 + part.pieces));
        let all: u64 = rows.iter().map(|row| row.2).sum();
        for (organization, database, rows, first, last) in rows {
            let (Ok(organization), Ok(database)) =
                (Uuid::parse_str(&organization), Uuid::parse_str(&database))
            else {
                continue;
            };
            of(&mut streams, organization, database, stream.name).held.push(Held {
                resolution,
                segments: pieces,
                rows,
                bytes: share(bytes, rows, all),
                plain_bytes: rows * (stream.columns.len() as u64 + 2) * 8,
                first: Timestamp(first),
                last: Timestamp(last),
            });
        }
    }
    let (words, entries) = known::counts(reader).await?;
    Ok(Usage {
        disk_bytes: parts.iter().map(|part| part.bytes).sum(),
        cap_bytes: remote.retention.max_bytes,
        streams: streams.into_values().collect(),
        words,
        entries,
    })
}

async fn add_tail(reader: &DatabaseConnection, streams: &mut Streams) -> Result<(), DbErr> {
    let rows: Vec<(Uuid, Uuid, String, i64, i64, i64)> = tail::Entity::find()
        .select_only()
        .columns([tail::Column::OrganizationId, tail::Column::DatabaseId, tail::Column::Stream])
        .column_as(tail::Column::AtMs.count(), "records")
        .expr_as(Expr::cust("CAST(sum(length(record)) AS bigint)"), "bytes")
        .column_as(tail::Column::AtMs.min(), "since")
        .group_by(tail::Column::OrganizationId)
        .group_by(tail::Column::DatabaseId)
        .group_by(tail::Column::Stream)
        .into_tuple()
        .all(reader)
        .await?;
    for (organization, database, stream, records, bytes, since) in rows {
        let usage = of(streams, organization, database, &stream);
        usage.tail_records = records.unsigned_abs();
        usage.tail_bytes = bytes.unsigned_abs();
        usage.tail_since = Some(Timestamp(since));
    }
    Ok(())
}

fn of<'a>(streams: &'a mut Streams, organization: Uuid, database: Uuid, stream: &str) -> &'a mut StreamUsage {
    streams.entry((database, stream.to_owned())).or_insert_with(|| StreamUsage {
        organization: OrganizationId(organization),
        database: DatabaseId(database),
        stream: stream.to_owned(),
        tail_records: 0,
        tail_bytes: 0,
        tail_since: None,
        rollup_since: None,
        held: Vec::new(),
    })
}

fn share(bytes: u64, rows: u64, all: u64) -> u64 {
    let part = u128::from(bytes) * u128::from(rows) / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}
