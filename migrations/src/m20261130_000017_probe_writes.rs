//! A row that is written to find out whether anything can be.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("write_probe")
            .col(integer("id").primary_key())
            .col(big_integer("written_at"))
            .to_owned();
        manager.create_table(table).await?;
        let row = Query::insert()
            .into_table("write_probe")
            .columns(["id", "written_at"])
            .values_panic([1.into(), 0_i64.into()])
            .to_owned();
        manager.execute(row).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("write_probe").to_owned()).await
    }
}
