//! Second factors of people: a sealed secret each, and codes for when the device that has it is lost.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, pk_uuid, text_uniq, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let totp = Table::create()
            .table("totp")
            .col(pk_uuid("user_id"))
            .col(binary("secret"))
            .col(big_integer("last_step"))
            .col(big_integer("created_at"))
            .col(big_integer_null("confirmed_at"))
            .foreign_key(&mut owner("totp"))
            .to_owned();
        manager.create_table(totp).await?;
        let recovery_code = Table::create()
            .table("recovery_code")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(text_uniq("code_hash"))
            .foreign_key(&mut owner("recovery_code"))
            .to_owned();
        manager.create_table(recovery_code).await?;
        let by_user =
            Index::create().name("recovery_code_user_id").table("recovery_code").col("user_id").to_owned();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("recovery_code").to_owned()).await?;
        manager.drop_table(Table::drop().table("totp").to_owned()).await
    }
}

/// Rows go with the person.
fn owner(table: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.from(table, "user_id").to("user_account", "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}
