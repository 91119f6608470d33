//! Every API key that is good belongs to a person: one that nobody is known to have made, to whoever has been an owner of
//! its organization longest.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Ids grow with time.
const ADOPT: &str = "UPDATE api_key SET created_by = \
    (SELECT person.id FROM user_account AS person WHERE person.organization_id = api_key.organization_id \
     AND person.role = 'owner' ORDER BY person.id LIMIT 1) \
    WHERE revoked_at IS NULL AND created_by IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(ADOPT).await?;
        Ok(())
    }

    /// Whose they were before was not known.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
