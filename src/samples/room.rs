//! How much room samples take.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// What the store takes of the disk.
    pub(super) file_bytes: u64,
    /// Of that, what holds something.
    pub(super) used_bytes: u64,
}

/// Includes accounts and databases when they live in the same SQLite file: they are small.
const SQLITE: &str = "SELECT p.page_count * s.page_size AS file_bytes,
        (p.page_count - f.freelist_count) * s.page_size AS used_bytes
    FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s";

/// PostgreSQL keeps the space of deleted rows for the next ones: what is used is what is there, and not what was.
const POSTGRES: &str = "WITH sizes AS (
        SELECT SUM(pg_total_relation_size(name::regclass))::bigint AS all_bytes,
               SUM(pg_total_relation_size(name::regclass))
                   FILTER (WHERE name NOT IN ('sample_tail', 'sample_segment', 'sample_block'))::bigint AS other_bytes
        FROM unnest(ARRAY['sample_tail', 'sample_segment', 'sample_block', 'sample_orphan',
                          'sample_gap', 'sample_entry', 'sample_word']) AS name)
    SELECT all_bytes AS file_bytes,
           LEAST(all_bytes,
                 other_bytes + (SELECT COALESCE(SUM(size_bytes), 0) FROM sample_segment)::bigint
                 + (SELECT COALESCE(SUM(octet_length(record)), 0) FROM sample_tail)::bigint) AS used_bytes
    FROM sizes";

pub(super) async fn room<C: ConnectionTrait>(connection: &C) -> Result<Room, DbErr> {
    let backend = connection.get_database_backend();
    let sql = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRES };
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the size of the store".to_owned()))?;
    let bytes = |name| row.try_get::<i64>("", name).map(|bytes| u64::try_from(bytes).unwrap_or(0));
    Ok(Room { file_bytes: bytes("file_bytes")?, used_bytes: bytes("used_bytes")? })
}
