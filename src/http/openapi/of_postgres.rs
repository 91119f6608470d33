//! The inside of PostgreSQL.

mod schemas;

pub(super) use self::schemas::schemas;
use super::endpoint::{Endpoint, get};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/databases/{id}/archiver", "Whether finished WAL files get away")
            .window()
            .object("Archiver"),
        get("/api/v1/databases/{id}/bgwriter", "Checkpoints and who wrote buffers, over time")
            .window()
            .list("BgwriterPoint"),
        get("/api/v1/databases/{id}/connections", "Who is connected, against how many may be")
            .window()
            .object("Connections"),
        get(
            "/api/v1/databases/{id}/database-stats",
            "What each database of the server did, and how large and old it is",
        )
        .window()
        .list("DatabaseStats"),
        get(
            "/api/v1/databases/{id}/database-stats/timeseries",
            "What each database of the server did, over time",
        )
        .buckets()
        .database()
        .list("DatabaseStatsPoint"),
        get("/api/v1/databases/{id}/extensions", "What is installed in each database, and what is outdated")
            .list("Extension"),
        get(
            "/api/v1/databases/{id}/io-stats",
            "What was read and written, by kind of backend, object and context",
        )
        .list("IoStats"),
        get("/api/v1/databases/{id}/io-stats/timeseries", "What was read and written, over time")
            .window()
            .list("IoPoint"),
        get("/api/v1/databases/{id}/replication", "Who follows whom, and how far behind")
            .object("Replication"),
        get("/api/v1/databases/{id}/replication/history", "How far behind, over time")
            .buckets()
            .list("LagPoint"),
        get("/api/v1/databases/{id}/replication/slots/history", "How far behind each slot is, over time")
            .buckets()
            .list("SlotLagPoint"),
        get("/api/v1/databases/{id}/sequences", "How far sequences have come, the furthest first")
            .limit(100, 500)
            .list("Sequence"),
        get("/api/v1/databases/{id}/subscriptions", "The workers of logical subscriptions")
            .list("Subscription"),
        get(
            "/api/v1/databases/{id}/vacuum",
            "What vacuum does, what it should do, and what keeps it from it",
        )
        .limit(50, 500)
        .object("Vacuum"),
        get(
            "/api/v1/databases/{id}/wal-stats",
            "How much WAL the server wrote since the counters were reset",
        )
        .object("WalStats"),
        get("/api/v1/databases/{id}/wal-stats/timeseries", "How much WAL the server wrote, over time")
            .window()
            .list("WalPoint"),
    ]
}
