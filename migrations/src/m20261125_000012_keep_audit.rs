//! Who changed what, and who is invited.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer_null, json_binary, pk_uuid, text, text_null, text_uniq, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit_entry()).await?;
        let by_organization = Index::create()
            .name("audit_entry_organization_id_id")
            .table("audit_entry")
            .col("organization_id")
            .col("id")
            .to_owned();
        manager.create_index(by_organization).await?;
        manager.create_table(invitation()).await?;
        let by_address = Index::create()
            .name("invitation_organization_id_email")
            .table("invitation")
            .col("organization_id")
            .col("email")
            .unique()
            .to_owned();
        manager.create_index(by_address).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["invitation", "audit_entry"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Without references: an entry outlives the person, the key and even the organization that it tells of. Its id, a
/// UUIDv7, says when.
fn audit_entry() -> TableCreateStatement {
    Table::create()
        .table("audit_entry")
        .col(pk_uuid("id"))
        .col(uuid_null("organization_id"))
        .col(text("actor_kind"))
        .col(uuid_null("actor_id"))
        .col(text_null("address"))
        .col(text("action"))
        .col(text("outcome"))
        .col(integer_null("status"))
        .col(text_null("request_id"))
        .col(json_binary("target"))
        .col(json_binary("details"))
        .to_owned()
}

fn invitation() -> TableCreateStatement {
    Table::create()
        .table("invitation")
        .col(pk_uuid("id"))
        .col(uuid("organization_id"))
        .col(text("email"))
        .col(text("role"))
        .col(text_uniq("token_hash"))
        .col(uuid_null("invited_by"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .foreign_key(
            ForeignKey::create()
                .from("invitation", "organization_id")
                .to("organization", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
