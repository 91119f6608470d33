//! Health rules as they are set for one database, and what they advise.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, double, json_binary, pk_uuid, text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one at a time
        for column in
            [json_binary("rules").default("{}").to_owned(), json_binary("dismissed").default("[]").to_owned()]
        {
            manager.alter_table(change().add_column(column).to_owned()).await?;
        }
        manager.create_table(recommendation()).await?;
        let unique = Index::create()
            .name("recommendation_database_id_rule_id_object")
            .table("recommendation")
            .col("database_id")
            .col("rule_id")
            .col("object")
            .unique()
            .to_owned();
        manager.create_index(unique).await?;
        let by_organization = Index::create()
            .name("recommendation_organization_id")
            .table("recommendation")
            .col("organization_id")
            .to_owned();
        manager.create_index(by_organization).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("recommendation").to_owned()).await?;
        for column in ["dismissed", "rules"] {
            manager.alter_table(change().drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn recommendation() -> TableCreateStatement {
    let references = |column: &'static str, table: &'static str| {
        ForeignKey::create()
            .from("recommendation", column)
            .to(table, "id")
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned()
    };
    Table::create()
        .table("recommendation")
        .col(pk_uuid("id"))
        .col(uuid("organization_id"))
        .col(uuid("database_id"))
        .col(text("rule_id"))
        .col(text("object"))
        .col(text("status"))
        .col(text("severity"))
        .col(text("category"))
        .col(text("title"))
        .col(text("detail"))
        .col(text("recommendation"))
        .col(text("how_to_investigate"))
        .col(text("how_to_fix"))
        .col(double("value"))
        .col(big_integer("opened_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("resolved_at"))
        .col(big_integer_null("dismissed_at"))
        .col(uuid_null("dismissed_by"))
        .col(text_null("dismiss_reason"))
        .foreign_key(&mut references("organization_id", "organization"))
        .foreign_key(&mut references("database_id", "monitored_database"))
        .to_owned()
}

fn change() -> TableAlterStatement {
    Table::alter().table("monitored_database").to_owned()
}
