//! The nodes of a ClickHouse cluster.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One node, as the cluster's definition names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterNode {
    pub shard_num: i64,
    pub replica_num: i64,
    pub host_name: String,
    /// Of the native protocol, which nodes ask each other by.
    pub port: i64,
    /// Whether it answered the node that is connected to. One that did not is in none of the other views.
    pub answered: bool,
    /// Null when it did not answer.
    pub version: Option<String>,
    pub uptime_seconds: Option<i64>,
    pub ts: Timestamp,
}

impl ClusterNode {
    /// Host and port: what it is called in notices and events.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.host_name, self.port)
    }
}

/// Every node of the cluster, by shard and replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSnapshot {
    pub nodes: Vec<ClusterNode>,
}

impl Snapshot for ClusterSnapshot {}
