//! The disk space of samples.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::samples) struct DiskUsage {
    /// The size of the store on disk.
    pub(in crate::samples) file_bytes: u64,
    /// The part of it that is not free.
    pub(in crate::samples) used_bytes: u64,
}

/// Includes accounts and databases when they live in the same SQLite file: they are small.
const SQLITE: &str = "SELECT p.page_count * s.page_size AS file_bytes,
        (p.page_count - f.freelist_count) * s.page_size AS used_bytes
    FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s";

/// PostgreSQL reuses the space of deleted rows, so the used bytes are those of the rows that exist. Adding them up takes a
/// while, and is done only when the tables take more than `$1` bytes.
const POSTGRES: &str = "WITH sizes AS (
        SELECT SUM(pg_total_relation_size(name::regclass))::bigint AS all_bytes,
               SUM(pg_total_relation_size(name::regclass)) FILTER (WHERE name = 'sample_gap')::bigint AS gap_bytes
        FROM unnest(ARRAY['sample_tail', 'sample_segment', 'sample_block', 'sample_orphan',
                          'sample_gap', 'sample_entry', 'sample_word']) AS name)
    SELECT all_bytes AS file_bytes,
           CASE WHEN all_bytes <= $1 THEN all_bytes ELSE LEAST(all_bytes,
                 gap_bytes + (SELECT COALESCE(SUM(size_bytes), 0) FROM sample_segment)::bigint
                 + (SELECT COALESCE(SUM(octet_length(record) + 150), 0) FROM sample_tail)::bigint
                 + (SELECT COALESCE(SUM(octet_length(text) + 80), 0) FROM sample_word)::bigint
                 + (SELECT COALESCE(SUM(octet_length(labels::text) + 150), 0) FROM sample_entry)::bigint)
           END AS used_bytes
    FROM sizes";

/// An upper bound of the space.
pub(in crate::samples) async fn room<C: ConnectionTrait>(connection: &C) -> Result<DiskUsage, DbErr> {
    room_above(connection, u64::MAX).await
}

/// The space; exact when it is above `enough_bytes`.
pub(in crate::samples) async fn room_above<C: ConnectionTrait>(
    connection: &C,
    enough_bytes: u64,
) -> Result<DiskUsage, DbErr> {
    let backend = connection.get_database_backend();
    let statement = if backend == DbBackend::Sqlite {
        Statement::from_string(backend, SQLITE)
    } else {
        let enough_bytes = i64::try_from(enough_bytes).unwrap_or(i64::MAX);
        Statement::from_sql_and_values(backend, POSTGRES, [enough_bytes.into()])
    };
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the size of the store".to_owned()))?;
    let bytes = |name| row.try_get::<i64>("", name).map(|bytes| u64::try_from(bytes).unwrap_or(0));
    Ok(DiskUsage { file_bytes: bytes("file_bytes")?, used_bytes: bytes("used_bytes")? })
}
