//! `GET /api/v1/databases/{id}/cluster`: the nodes of a ClickHouse cluster, and which of them answer.

use basira_actors::model::ClusterSnapshot;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/cluster",
            "The nodes of the cluster, and which of them answer",
            DatabaseAccess::CLICKHOUSE,
            list,
        )
        .list("ClusterNode")
        .schema("ClusterNode", CLUSTER_NODE_FIELDS),
    ]
}

const CLUSTER_NODE_FIELDS: &str = "shard_num:integer replica_num:integer host_name port:integer answered:boolean \
    version? uptime_seconds:integer? ts:time";

async fn list(_: Request, watched: Watched) -> Answer {
    match watched.snapshot_or_reason::<ClusterSnapshot>("ch_cluster").await {
        Ok(snapshot) => response::list(&snapshot.nodes, snapshot.nodes.len()),
        Err(reason) => response::unavailable_list(&reason),
    }
}
