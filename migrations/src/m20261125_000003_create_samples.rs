//! The sample store: fresh records, sealed segments, gaps, and who the series are.
//!
//! No foreign keys: a deleted database's samples are forgotten in steps of their own, and never inside the deletion.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, json_binary, pk_uuid, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [sample_tail(), sample_segment(), sample_gap(), sample_entry(), sample_word()] {
            manager.create_table(table).await?;
        }
        manager.create_index(sample_segment_by_time()).await?;
        let by_group = Index::create()
            .name("sample_entry_database_id_stream_group_hash")
            .table("sample_entry")
            .col("database_id")
            .col("stream")
            .col("group_hash")
            .to_owned();
        manager.create_index(by_group).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["sample_word", "sample_entry", "sample_gap", "sample_segment", "sample_tail"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// One row per append and stream; the key makes a repeated append harmless.
pub(crate) fn sample_tail() -> TableCreateStatement {
    Table::create()
        .table("sample_tail")
        .col(uuid("database_id"))
        .col(text("stream"))
        .col(big_integer("at_ms"))
        .col(big_integer("from_ms"))
        .col(uuid("organization_id"))
        .col(blob("record"))
        .primary_key(Index::create().col("database_id").col("stream").col("at_ms"))
        .to_owned()
}

/// The large column comes last: SQLite then reads the sums without walking over it.
pub(crate) fn sample_segment() -> TableCreateStatement {
    Table::create()
        .table("sample_segment")
        .col(pk_uuid("id"))
        .col(uuid("database_id"))
        .col(uuid("organization_id"))
        .col(text("stream"))
        .col(integer("resolution"))
        .col(big_integer("first_ms"))
        .col(big_integer("first_end_ms"))
        .col(big_integer("last_start_ms"))
        .col(big_integer("last_ms"))
        .col(big_integer("row_count"))
        .col(big_integer("size_bytes"))
        .col(blob("sums"))
        .col(blob("columns"))
        .to_owned()
}

pub(crate) fn sample_segment_by_time() -> IndexCreateStatement {
    Index::create()
        .name("sample_segment_database_id_stream_resolution_last_ms")
        .table("sample_segment")
        .col("database_id")
        .col("stream")
        .col("resolution")
        .col("last_ms")
        .to_owned()
}

fn sample_gap() -> TableCreateStatement {
    Table::create()
        .table("sample_gap")
        .col(uuid("database_id"))
        .col(text("stream"))
        .col(big_integer("to_ms"))
        .col(big_integer("from_ms"))
        .col(text("reason"))
        .col(uuid("organization_id"))
        .primary_key(
            Index::create().col("database_id").col("stream").col("to_ms").col("from_ms").col("reason"),
        )
        .to_owned()
}

fn sample_entry() -> TableCreateStatement {
    Table::create()
        .table("sample_entry")
        .col(uuid("database_id"))
        .col(text("stream"))
        .col(big_integer("series"))
        .col(big_integer("group_hash"))
        .col(uuid("organization_id"))
        .col(json_binary("labels"))
        .primary_key(Index::create().col("database_id").col("stream").col("series"))
        .to_owned()
}

fn sample_word() -> TableCreateStatement {
    Table::create()
        .table("sample_word")
        .col(uuid("organization_id"))
        .col(big_integer("hash"))
        .col(text("text"))
        .primary_key(Index::create().col("organization_id").col("hash"))
        .to_owned()
}
