//! Memory, disks, connections, queries and background pools of ClickHouse servers.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// All nodes that were read, in the form of `GET /databases/{id}/server-metrics`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ServerMetrics {
    /// The node connected to.
    #[serde(flatten)]
    pub own: HostMetrics,
    /// All nodes of the cluster including that one, by name.
    pub hosts: Vec<HostMetrics>,
}

impl Snapshot for ServerMetrics {}

/// One node. Null where it does not report a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostMetrics {
    /// The clock of the node connected to.
    pub ts: Option<Timestamp>,
    pub host_name: Option<String>,
    pub version: Option<String>,
    pub uptime_seconds: Option<i64>,
    pub memory: HostMemory,
    pub disks: Vec<Disk>,
    pub connections: HostConnections,
    pub queries: HostQueries,
    /// By name.
    pub background_pools: Vec<BackgroundPool>,
}

impl HostMetrics {
    /// Creates the metrics of a node of which only the name is known.
    #[must_use]
    pub fn named(host_name: &str, ts: Timestamp) -> Self {
        Self { ts: Some(ts), host_name: Some(host_name.to_owned()), ..Self::default() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostMemory {
    /// The resident memory of the process.
    pub resident_bytes: Option<i64>,
    /// The memory tracked by the server, to which the limit applies.
    pub tracked_bytes: Option<i64>,
    /// The memory limit of the server; null when there is none or it is not visible.
    pub limit_bytes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    pub name: String,
    pub path: Option<String>,
    /// `Local`, `S3`, ..
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// These three are null for an unlimited disk.
    pub free_bytes: Option<i64>,
    pub total_bytes: Option<i64>,
    pub used_pct: Option<f64>,
}

impl Disk {
    /// Returns the used share of `total_bytes`, to a hundredth of a percent.
    #[must_use]
    pub fn used_pct(free_bytes: Option<i64>, total_bytes: Option<i64>) -> Option<f64> {
        let (free, total) = (i128::from(free_bytes?), i128::from(total_bytes.filter(|total| *total > 0)?));
        let hundredths = u32::try_from((total - free).max(0) * 10_000 / total).ok()?;
        Some(f64::from(hundredths) / 100.0)
    }
}

/// Open connections by protocol. Null where the version does not count them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostConnections {
    pub tcp: Option<i64>,
    pub http: Option<i64>,
    pub mysql: Option<i64>,
    pub postgres: Option<i64>,
    pub interserver: Option<i64>,
}

/// Queries, including those of Basira. Rates are over the time since the previous sample; null at the first sample and after
/// a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostQueries {
    pub running: Option<i64>,
    pub per_second: Option<f64>,
    pub inserts_per_second: Option<f64>,
    pub failed_per_second: Option<f64>,
}

/// A pool of background threads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BackgroundPool {
    /// `merges_and_mutations`, `fetches`, `schedule`, ..
    pub name: String,
    pub active: Option<i64>,
    pub size: Option<i64>,
}
