//! Registrations of a ClickHouse cluster, and of a service that sleeps while nobody asks it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one at a time
        for column in [text_null("cluster"), boolean("let_idle").default(false).to_owned()] {
            manager.alter_table(change().add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["let_idle", "cluster"] {
            manager.alter_table(change().drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn change() -> TableAlterStatement {
    Table::alter().table("monitored_database").to_owned()
}
