//! Streams of both engines.

use crate::model::common::{Column, ColumnKind, NULL, Stream};

streams! {
    /// Sessions and queries that were running at each sample. A series is a pid, or the hash of host and `query_id`.
    /// The columns from `query_id` to `query_id_low` are those of ClickHouse.
    ACTIVITY, ActivityRow = "activity" {
        query_text: Text,
        state: Text,
        wait_event_type: Text,
        wait_event: Text,
        user_name: Text,
        database_name: Text,
        application_name: Text,
        client_addr: Text,
        backend_type: Text,
        blocking_pids: Text,
        duration_ms: Last,
        transaction_ms: Last,
        /// Only ClickHouse.
        query_id: Text,
        host_name: Text,
        memory_usage: Last,
        peak_memory_usage: Last,
        read_rows: Last,
        read_bytes: Last,
        written_rows: Last,
        written_bytes: Last,
        total_rows_approx: Last,
        /// The first half of a `query_id` that is a UUID, stored in place of the text: each query has its own.
        query_id_high: Last,
        /// The second half.
        query_id_low: Last,
    }

    /// Restarts, changed settings and other events. A series is one event.
    EVENTS, EventsRow = "events" {
        kind: Text,
        subject: Text,
        before: Text,
        after: Text,
        happened_at_ms: Last,
    }

    /// The health score and the penalties it consists of, stored on change and once a minute. Series 0 is the score (null
    /// when there was nothing to compute it from) with the status (0 healthy, 1 degraded, 2 unhealthy); each other series is
    /// a rule with its penalty, 0 when its issue was just resolved.
    HEALTH, HealthRow = "health" {
        score: Last,
        status: Last,
        rule_id: Text,
        penalty: Last,
    }

    /// The server itself (`kind` is `self`) and each standby connected to it (`standby`); of ClickHouse, each replicated table.
    /// A series is that, by name and address. The lags of `self` are known on a standby only.
    REPLICATION, ReplicationRow = "replication" {
        kind: Text,
        name: Text,
        client_addr: Text,
        state: Text,
        sync_state: Text,
        is_replica: Last,
        sent_lag_bytes: Last,
        write_lag_bytes: Last,
        flush_lag_bytes: Last,
        lag_bytes: Last,
        write_lag_us: Last,
        flush_lag_us: Last,
        lag_us: Last,
    }

    /// The value of each setting when it was first read and whenever it changed; all of them once a day, so that the values
    /// outlive the retention. A series is the name of a setting.
    SETTINGS, SettingsRow = "settings" {
        name: Text,
        setting: Text,
        unit: Text,
        source: Text,
    }

    /// How often an active session was found in each wait event, and the time that stands for. A series is a wait event; series
    /// 0 counts all samples and the time they stand for.
    WAITS, WaitsRow = "waits" {
        wait_event_type: Text,
        wait_event: Text,
        count: Sum,
        duration_ms: Sum,
    }
}
