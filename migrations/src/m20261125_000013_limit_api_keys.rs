//! Keys that may do less, for a while, or from some addresses only.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, json_binary, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            text("scope").default("admin").to_owned(),
            big_integer_null("expires_at"),
            json_binary("allowed_addresses").default("[]").to_owned(),
            text_null("last_used_from"),
        ];
        for column in columns {
            // SQLite adds one column at a time
            manager.alter_table(change().add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["last_used_from", "allowed_addresses", "expires_at", "scope"] {
            manager.alter_table(change().drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn change() -> TableAlterStatement {
    Table::alter().table("api_key").to_owned()
}
