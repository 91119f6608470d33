//! Snapshots of ClickHouse servers.

mod cluster;
mod log_tables;
mod merges;
mod parts;
mod replicas;
mod server_metrics;

pub use cluster::{ClusterNode, ClusterSnapshot};
pub use log_tables::{LogTable, LogTables};
pub use merges::{Merge, MergeSnapshot, Mutation, MutationSnapshot};
pub use parts::{PartsSnapshot, StoredTable, TableParts};
pub use replicas::{QueueEntries, Replica, Replicas};
pub use server_metrics::{
    BackgroundPool, Disk, HostConnections, HostMemory, HostMetrics, HostQueries, ServerMetrics,
};
