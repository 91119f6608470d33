//! The schema of Basira's own storage: one file per migration, oldest first.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261125_000001_create_accounts;
mod m20261125_000002_create_databases;
mod m20261125_000003_create_samples;
mod m20261125_000004_create_credentials;
mod m20261125_000005_roll_up_samples;
mod m20261125_000006_create_shipments;
mod m20261125_000007_watch_whole_servers;
mod m20261125_000008_watch_clusters;
mod m20261125_000009_keep_advice;
mod m20261125_000010_try_indexes;
mod m20261125_000011_create_second_factors;
mod m20261125_000012_keep_audit;
mod m20261125_000013_limit_api_keys;
mod m20261125_000014_create_identities;
mod m20261126_000015_follow_defaults;
mod m20261130_000016_keys_of_people;
mod m20261130_000017_probe_writes;

/// Every migration there is.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_create_accounts::Migration),
            Box::new(m20261125_000002_create_databases::Migration),
            Box::new(m20261125_000003_create_samples::Migration),
            Box::new(m20261125_000004_create_credentials::Migration),
            Box::new(m20261125_000005_roll_up_samples::Migration),
            Box::new(m20261125_000006_create_shipments::Migration),
            Box::new(m20261125_000007_watch_whole_servers::Migration),
            Box::new(m20261125_000008_watch_clusters::Migration),
            Box::new(m20261125_000009_keep_advice::Migration),
            Box::new(m20261125_000010_try_indexes::Migration),
            Box::new(m20261126_000015_follow_defaults::Migration),
            Box::new(m20261125_000014_create_identities::Migration),
            Box::new(m20261125_000011_create_second_factors::Migration),
            Box::new(m20261125_000012_keep_audit::Migration),
            Box::new(m20261125_000013_limit_api_keys::Migration),
            Box::new(m20261130_000016_keys_of_people::Migration),
            Box::new(m20261130_000017_probe_writes::Migration),
        ]
    }
}
