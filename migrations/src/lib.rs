//! The schema of Basira's own storage: one file per migration, oldest first.

use sea_orm_migration::prelude::*;

mod m20261125_000003_create_samples;

/// Every migration there is.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261125_000003_create_samples::Migration)]
    }
}
