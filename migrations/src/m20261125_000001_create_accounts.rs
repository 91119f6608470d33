//! Organizations, the tenants, and the people in them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, pk_uuid, text, text_uniq, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let organization = Table::create()
            .table("organization")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text_uniq("slug"))
            .col(text("plan"))
            .col(boolean("verified"))
            .col(big_integer("created_at"))
            .to_owned();
        manager.create_table(organization).await?;

        let user_account = Table::create()
            .table("user_account")
            .col(pk_uuid("id"))
            .col(uuid("organization_id"))
            .col(text_uniq("email"))
            .col(text("name"))
            .col(text("role"))
            .col(text("password_hash"))
            .col(boolean("instance_admin"))
            .col(big_integer_null("email_verified_at"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("user_account", "organization_id")
                    .to("organization", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(user_account).await?;

        let by_organization = Index::create()
            .name("user_account_organization_id")
            .table("user_account")
            .col("organization_id")
            .to_owned();
        manager.create_index(by_organization).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("user_account").to_owned()).await?;
        manager.drop_table(Table::drop().table("organization").to_owned()).await
    }
}
