//! Registrations that watch every database of their server.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, json_binary};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            boolean("all_databases").default(false).to_owned(),
            json_binary("include_databases").default("[]").to_owned(),
            json_binary("exclude_databases").default("[]").to_owned(),
        ];
        // SQLite adds one at a time
        for column in columns {
            manager.alter_table(change().add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["exclude_databases", "include_databases", "all_databases"] {
            manager.alter_table(change().drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn change() -> TableAlterStatement {
    Table::alter().table("monitored_database").to_owned()
}
