//! Who people are at the providers that they sign in with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, text, text_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = Table::create()
            .table("identity")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(text("issuer"))
            .col(text("subject"))
            .col(text_null("email"))
            .col(big_integer("created_at"))
            .col(big_integer("last_used_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("identity", "user_id")
                    .to("user_account", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(identity).await?;
        let once = Index::create()
            .name("identity_issuer_subject")
            .table("identity")
            .col("issuer")
            .col("subject")
            .unique()
            .to_owned();
        manager.create_index(once).await?;
        let by_user = Index::create().name("identity_user_id").table("identity").col("user_id").to_owned();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("identity").to_owned()).await
    }
}
