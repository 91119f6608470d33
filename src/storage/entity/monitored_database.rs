//! A registered database.

use std::collections::{BTreeMap, BTreeSet};

use basira_actors::model::{Dismissed, RuleSettings};
use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::storage::timestamp::TimestampMs;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "monitored_database")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub name: String,
    pub engine: String,
    pub engine_version: Option<String>,
    pub host: String,
    pub port: i32,
    pub database_name: String,
    pub username: Option<String>,
    #[sea_orm(column_name = "sealed_password")]
    pub encrypted_password: Option<Vec<u8>>,
    pub tls: String,
    pub tls_ca_pem: Option<String>,
    pub tags: Tags,
    pub poll_interval_seconds: i32,
    pub collect_explain_plans: bool,
    pub collect_replication: bool,
    pub disabled_collectors: Names,
    pub cluster: Option<String>,
    pub let_idle: bool,
    pub try_indexes_on_primary: bool,
    pub all_databases: bool,
    pub include_databases: Names,
    pub exclude_databases: Names,
    pub rules: Rules,
    pub dismissed: Pairs,
    pub last_seen_at: Option<TimestampMs>,
    pub last_error: Option<String>,
    pub health_score: Option<i32>,
    pub follows_poll_interval: bool,
    pub follows_disabled_collectors: bool,
    pub created_at: TimestampMs,
    pub updated_at: TimestampMs,
}

/// Key-value pairs, opaque to queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Tags(pub BTreeMap<String, String>);

/// Names of collectors or databases, opaque to queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Names(pub BTreeSet<String>);

/// How health rules are set, opaque to queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Rules(pub RuleSettings);

/// Rules and objects of dismissed advice, opaque to queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Pairs(pub Dismissed);

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
