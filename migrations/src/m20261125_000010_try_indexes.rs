//! Registrations whose primaries may be asked what an index would do.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("try_indexes_on_primary").default(false).to_owned();
        manager.alter_table(change().add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(change().drop_column("try_indexes_on_primary").to_owned()).await
    }
}

fn change() -> TableAlterStatement {
    Table::alter().table("monitored_database").to_owned()
}
