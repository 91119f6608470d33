//! The registered databases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob_null, boolean, integer, integer_null, json_binary, pk_uuid, text,
    text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let monitored_database = Table::create()
            .table("monitored_database")
            .col(pk_uuid("id"))
            .col(uuid("organization_id"))
            .col(text("name"))
            .col(text("engine"))
            .col(text_null("engine_version"))
            .col(text("host"))
            .col(integer("port"))
            .col(text("database_name"))
            .col(text_null("username"))
            .col(blob_null("sealed_password"))
            .col(text("tls"))
            .col(text_null("tls_ca_pem"))
            .col(json_binary("tags"))
            .col(integer("poll_interval_seconds"))
            .col(boolean("collect_explain_plans"))
            .col(boolean("collect_replication"))
            .col(json_binary("disabled_collectors"))
            .col(big_integer_null("last_seen_at"))
            .col(text_null("last_error"))
            .col(integer_null("health_score"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("monitored_database", "organization_id")
                    .to("organization", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(monitored_database).await?;

        let by_name = Index::create()
            .name("monitored_database_organization_id_name")
            .table("monitored_database")
            .col("organization_id")
            .col("name")
            .unique()
            .to_owned();
        manager.create_index(by_name).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("monitored_database").to_owned()).await
    }
}
