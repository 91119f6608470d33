//! Samples on their way to another server: which records travel together, and up to when all have arrived.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(sample_shipment()).await?;
        manager.create_table(sample_shipped()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["sample_shipped", "sample_shipment"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The key is that of the record in the tail.
fn sample_shipment() -> TableCreateStatement {
    Table::create()
        .table("sample_shipment")
        .col(uuid("database_id"))
        .col(text("stream"))
        .col(big_integer("at_ms"))
        .col(uuid("organization_id"))
        .col(uuid("shipment_id"))
        .primary_key(Index::create().col("database_id").col("stream").col("at_ms"))
        .to_owned()
}

fn sample_shipped() -> TableCreateStatement {
    Table::create()
        .table("sample_shipped")
        .col(uuid("database_id"))
        .col(text("stream"))
        .col(uuid("organization_id"))
        .col(big_integer("newest_ms"))
        .primary_key(Index::create().col("database_id").col("stream"))
        .to_owned()
}
