//! A key that a program calls with.

use ipnet::IpNet;
use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::storage::timestamp::TimestampMs;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub key_id: String,
    pub name: String,
    pub prefix: String,
    pub secret_hash: String,
    pub created_by: Option<Uuid>,
    pub created_at: TimestampMs,
    pub last_used_at: Option<TimestampMs>,
    pub revoked_at: Option<TimestampMs>,
    pub scope: String,
    pub expires_at: Option<TimestampMs>,
    pub allowed_addresses: Networks,
    pub last_used_from: Option<String>,
}

/// Networks, opaque to queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Networks(pub Vec<IpNet>);

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
