//! The nodes of a ClickHouse cluster.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One node, as defined in the configuration of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterNode {
    pub shard_num: i64,
    pub replica_num: i64,
    pub host_name: String,
    /// The port of the native protocol, which nodes use among each other.
    pub port: i64,
    /// Whether it responded to the node connected to. A node that did not is missing in all other snapshots.
    pub answered: bool,
    /// Null when it did not respond.
    pub version: Option<String>,
    pub uptime_seconds: Option<i64>,
    pub ts: Timestamp,
}

impl ClusterNode {
    /// Returns host and port, the name used in notices and events.
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
