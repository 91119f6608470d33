//! Registrations that have no interval or collectors of their own, but those of the configuration.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: [&str; 2] = ["follows_poll_interval", "follows_disabled_collectors"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Which of the registrations of before were given theirs is not known: they keep what they have.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager.alter_table(change().add_column(boolean(column).default(false)).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager.alter_table(change().drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn change() -> TableAlterStatement {
    Table::alter().table("monitored_database").to_owned()
}
