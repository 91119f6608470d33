//! What people and programs prove themselves with; of every secret only its hash.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, pk_uuid, text, text_uniq, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(refresh_token()).await?;
        manager.create_index(index("refresh_token", "family_id")).await?;
        manager.create_index(index("refresh_token", "user_id")).await?;
        manager.create_table(email_token()).await?;
        manager.create_index(index("email_token", "user_id")).await?;
        manager.create_table(api_key()).await?;
        manager.create_index(index("api_key", "organization_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["api_key", "email_token", "refresh_token"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn refresh_token() -> TableCreateStatement {
    Table::create()
        .table("refresh_token")
        .col(pk_uuid("id"))
        .col(uuid("family_id"))
        .col(uuid("user_id"))
        .col(text_uniq("token_hash"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .col(big_integer_null("revoked_at"))
        .foreign_key(&mut owner("refresh_token", "user_id", "user_account"))
        .to_owned()
}

fn email_token() -> TableCreateStatement {
    Table::create()
        .table("email_token")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(text("kind"))
        .col(text_uniq("token_hash"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .foreign_key(&mut owner("email_token", "user_id", "user_account"))
        .to_owned()
}

fn api_key() -> TableCreateStatement {
    Table::create()
        .table("api_key")
        .col(pk_uuid("id"))
        .col(uuid("organization_id"))
        .col(text_uniq("key_id"))
        .col(text("name"))
        .col(text("prefix"))
        .col(text("secret_hash"))
        .col(uuid_null("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer_null("revoked_at"))
        .foreign_key(&mut owner("api_key", "organization_id", "organization"))
        .to_owned()
}

/// Rows go with the row that owns them.
fn owner(table: &'static str, column: &'static str, owner: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(owner, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

fn index(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("{table}_{column}")).table(table).col(column).to_owned()
}
