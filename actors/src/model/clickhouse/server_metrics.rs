//! How a ClickHouse server fares as a whole.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// Every node that was read, in the shape of `GET /databases/{id}/server-metrics`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ServerMetrics {
    /// The node connected to.
    #[serde(flatten)]
    pub own: HostMetrics,
    /// One for each node of the cluster, that one too, by name.
    pub hosts: Vec<HostMetrics>,
}

impl Snapshot for ServerMetrics {}

/// One node; null where it does not tell.
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
    /// Nothing but the name is known yet.
    #[must_use]
    pub fn named(host_name: &str, ts: Timestamp) -> Self {
        Self { ts: Some(ts), host_name: Some(host_name.to_owned()), ..Self::default() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostMemory {
    /// Of the process, as the operating system sees it.
    pub resident_bytes: Option<i64>,
    /// As the server counts what it allocates, and limits it.
    pub tracked_bytes: Option<i64>,
    /// Of the server; null when there is none, or it cannot be seen.
    pub limit_bytes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    pub name: String,
    pub path: Option<String>,
    /// `Local`, `S3`, ..
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// These three are null for a disk without an end.
    pub free_bytes: Option<i64>,
    pub total_bytes: Option<i64>,
    pub used_pct: Option<f64>,
}

impl Disk {
    /// What is taken of `total_bytes`, to a hundredth of a percent.
    #[must_use]
    pub fn used_pct(free_bytes: Option<i64>, total_bytes: Option<i64>) -> Option<f64> {
        let (free, total) = (i128::from(free_bytes?), i128::from(total_bytes.filter(|total| *total > 0)?));
        let hundredths = u32::try_from((total - free).max(0) * 10_000 / total).ok()?;
        Some(f64::from(hundredths) / 100.0)
    }
}

/// Open ones, by protocol; null for one that the version does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostConnections {
    pub tcp: Option<i64>,
    pub http: Option<i64>,
    pub mysql: Option<i64>,
    pub postgres: Option<i64>,
    pub interserver: Option<i64>,
}

/// Basira's own queries count too. Rates are over the time since the look before; null at the first look and after a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostQueries {
    pub running: Option<i64>,
    pub per_second: Option<f64>,
    pub inserts_per_second: Option<f64>,
    pub failed_per_second: Option<f64>,
}

/// Threads that work in the background.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BackgroundPool {
    /// `merges_and_mutations`, `fetches`, `schedule`, ..
    pub name: String,
    pub active: Option<i64>,
    pub size: Option<i64>,
}
