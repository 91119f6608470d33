//! Segments in blocks that are fetched alone, roll-ups, and when a series or a word was last seen.
//!
//! Samples of the older format, which no release ever wrote, do not move along.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, pk_uuid, text, uuid, uuid_null};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261125_000003_create_samples::{sample_segment, sample_segment_by_time, sample_tail};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in ["sample_segment", "sample_tail"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        let backend = manager.get_database_backend();
        for table in [segment(), block(backend), orphan(), in_one_tree(sample_tail(), backend)] {
            manager.create_table(table).await?;
        }
        for (name, columns) in [
            ("sample_segment_by_time", &["database_id", "stream", "resolution", "last_ms"][..]),
            ("sample_segment_by_age", &["resolution", "last_ms"]),
            ("sample_segment_by_rollup", &["rollup_id", "resolution"]),
        ] {
            let mut index = Index::create().name(name).table("sample_segment").to_owned();
            for &column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        let by_group =
            Index::create().name("sample_entry_by_group").table("sample_entry").col("group_hash").to_owned();
        manager.create_index(by_group).await?;
        for table in ["sample_entry", "sample_word"] {
            let seen = big_integer("seen_ms").default(0).to_owned();
            manager.alter_table(Table::alter().table(table).add_column(seen).to_owned()).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            // packed already: trying again only costs time
            let unpacked = "ALTER TABLE sample_tail ALTER COLUMN record SET STORAGE EXTERNAL;
                     ALTER TABLE sample_block ALTER COLUMN data SET STORAGE EXTERNAL;
                     ALTER TABLE sample_segment ALTER COLUMN head SET STORAGE EXTERNAL,
                         ALTER COLUMN sums SET STORAGE EXTERNAL;";
            connection.execute_unprepared(unpacked).await?;
        }
        Ok(())
    }

    /// The samples do not move along this way either.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["sample_orphan", "sample_block", "sample_segment", "sample_tail"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        let by_group = Index::drop().name("sample_entry_by_group").table("sample_entry").to_owned();
        manager.drop_index(by_group).await?;
        for table in ["sample_entry", "sample_word"] {
            manager.alter_table(Table::alter().table(table).drop_column("seen_ms").to_owned()).await?;
        }
        manager.create_table(sample_tail()).await?;
        manager.create_table(sample_segment()).await?;
        manager.create_index(sample_segment_by_time()).await
    }
}

/// The large columns come last: SQLite then reads the rest without walking over them.
fn segment() -> TableCreateStatement {
    Table::create()
        .table("sample_segment")
        .col(pk_uuid("id"))
        .col(uuid("database_id"))
        .col(uuid("organization_id"))
        .col(text("stream"))
        .col(integer("resolution"))
        .col(uuid_null("rollup_id"))
        .col(big_integer("first_ms"))
        .col(big_integer("first_end_ms"))
        .col(big_integer("last_start_ms"))
        .col(big_integer("last_ms"))
        .col(big_integer("row_count"))
        .col(big_integer("size_bytes"))
        .col(blob("head"))
        .col(blob("sums"))
        .to_owned()
}

fn block(backend: DbBackend) -> TableCreateStatement {
    let table = Table::create()
        .table("sample_block")
        .col(uuid("segment_id"))
        .col(integer("number"))
        .col(blob("data"))
        .primary_key(Index::create().col("segment_id").col("number"))
        .to_owned();
    in_one_tree(table, backend)
}

/// SQLite keeps rows and key in one tree: half the pages per append.
fn in_one_tree(mut table: TableCreateStatement, backend: DbBackend) -> TableCreateStatement {
    if backend == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

fn orphan() -> TableCreateStatement {
    Table::create().table("sample_orphan").col(pk_uuid("segment_id")).col(big_integer("since_ms")).to_owned()
}
