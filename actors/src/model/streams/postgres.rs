//! Streams of PostgreSQL.

use crate::model::common::{Column, ColumnKind, NULL, Stream};

streams! {
    /// How many WAL files were archived and how often archiving failed. The server is one series.
    ARCHIVER, ArchiverRow = "archiver" {
        archived: Sum,
        failed: Sum,
        /// No longer stored: each file has a name of its own.
        last_archived_wal: Text,
        last_archived_at_ms: Last,
        /// No longer stored.
        last_failed_wal: Text,
        last_failed_at_ms: Last,
    }

    /// Checkpoints and buffers of the whole server between two polls. A series is a view: PostgreSQL 17 split one in two.
    BGWRITER, BgwriterRow = "bgwriter" {
        checkpoints_timed: Sum,
        checkpoints_req: Sum,
        checkpoint_write_time_us: Sum,
        checkpoint_sync_time_us: Sum,
        buffers_checkpoint: Sum,
        buffers_clean: Sum,
        maxwritten_clean: Sum,
        buffers_backend: Sum,
        buffers_backend_fsync: Sum,
        buffers_alloc: Sum,
        restartpoints_timed: Sum,
        restartpoints_req: Sum,
        restartpoints_done: Sum,
        checkpoints_done: Sum,
        slru_written: Sum,
    }

    /// The number of client sessions by state. The server is series 0.
    CONNECTIONS, ConnectionsRow = "connections" {
        total: Last,
        active: Last,
        idle: Last,
        idle_in_transaction: Last,
        waiting: Last,
        max_connections: Last,
    }

    /// The counters of `pg_stat_database`, and sizes and ages of whole databases. A series is the name of a database; that of
    /// shared objects has none.
    DATABASES, DatabasesRow = "databases" {
        database_name: Text,
        commits: Sum,
        rollbacks: Sum,
        blks_read: Sum,
        blks_hit: Sum,
        tup_returned: Sum,
        tup_fetched: Sum,
        tup_inserted: Sum,
        tup_updated: Sum,
        tup_deleted: Sum,
        conflicts: Sum,
        temp_files: Sum,
        temp_bytes: Sum,
        deadlocks: Sum,
        checksum_failures: Sum,
        blk_read_time_us: Sum,
        blk_write_time_us: Sum,
        session_time_us: Sum,
        active_time_us: Sum,
        idle_in_transaction_time_us: Sum,
        sessions: Sum,
        sessions_abandoned: Sum,
        sessions_fatal: Sum,
        sessions_killed: Sum,
        conflicts_tablespace: Sum,
        conflicts_lock: Sum,
        conflicts_snapshot: Sum,
        conflicts_bufferpin: Sum,
        conflicts_deadlock: Sum,
        numbackends: Last,
        connection_limit: Last,
        size_bytes: Last,
        xid_age: Last,
        mxid_age: Last,
    }

    /// Rounds of evictions of `pg_stat_statements` between two polls, where there were any; each evicts 5 % of the
    /// statements. The server is one series.
    EVICTIONS, EvictionsRow = "evictions" {
        rounds: Sum,
    }

    /// Scans, reads and size of each index between two polls. A series is (database, schema, name).
    INDEXES, IndexesRow = "indexes" {
        idx_scan: Sum,
        idx_tup_read: Sum,
        idx_tup_fetch: Sum,
        idx_blks_read: Sum,
        idx_blks_hit: Sum,
        size_bytes: Last,
        schema_name: Text,
        index_name: Text,
        table_name: Text,
        database_name: Text,
    }

    /// I/O of the whole server between two polls, where there was any. A series is (backend type, object, context).
    IO, IoRow = "io" {
        backend_type: Text,
        object: Text,
        context: Text,
        reads: Sum,
        read_bytes: Sum,
        read_time_us: Sum,
        writes: Sum,
        write_bytes: Sum,
        write_time_us: Sum,
        writebacks: Sum,
        writeback_time_us: Sum,
        extends: Sum,
        extend_bytes: Sum,
        extend_time_us: Sum,
        hits: Sum,
        evictions: Sum,
        reuses: Sum,
        fsyncs: Sum,
        fsync_time_us: Sum,
    }

    /// Locks that were waited for at each sample, and the granted locks on the same objects. A series is one lock of a pid:
    /// `(pid + 1) * 16 + number`; series 0 is the sample itself.
    LOCKS, LocksRow = "locks" {
        lock_type: Text,
        mode: Text,
        schema_name: Text,
        relation_name: Text,
        blocking_pids: Text,
        query_text: Text,
        state: Text,
        user_name: Text,
        database_name: Text,
        application_name: Text,
        prepared_transaction: Text,
        granted: Last,
        blocked_by_pid: Last,
        leader_pid: Last,
        duration_ms: Last,
        transaction_ms: Last,
    }

    /// The plans of each statement. A series is (fingerprint, shape of the plan, source).
    PLANS, PlansRow = "plans" {
        query_text: Text,
        plan_json: Text,
        plan_hash: Text,
        source: Text,
        total_cost_thousandths: Last,
        rows_estimated_thousandths: Last,
        rows_actual_thousandths: Last,
        actual_time_us: Last,
        seq_scans: Last,
        index_scans: Last,
        seen_at_ms: Last,
    }

    /// The WAL that each slot retains. A series is the name of a slot.
    REPLICATION_SLOTS, ReplicationSlotsRow = "replication_slots" {
        slot_name: Text,
        slot_type: Text,
        wal_status: Text,
        active: Last,
        lag_bytes: Last,
        safe_wal_bytes: Last,
        unconfirmed_bytes: Last,
    }

    /// The identity of the server and when its counters were reset, stored on change. The server is one series.
    SERVER, ServerRow = "server" {
        system_identifier: Text,
        version: Text,
        started_at_ms: Last,
        in_recovery: Last,
        timeline: Last,
        bgwriter_reset_at_ms: Last,
        checkpointer_reset_at_ms: Last,
        wal_reset_at_ms: Last,
        io_reset_at_ms: Last,
        archiver_reset_at_ms: Last,
        statements_reset_at_ms: Last,
    }

    /// The counters of each statement between two polls. A series is (user, database, queryid, toplevel), a group one
    /// fingerprint.
    STATEMENTS, StatementsRow = "statements" {
        calls: Sum,
        total_time_us: Sum,
        rows: Sum,
        shared_blks_hit: Sum,
        shared_blks_read: Sum,
        shared_blks_dirtied: Sum,
        shared_blks_written: Sum,
        temp_blks_read: Sum,
        temp_blks_written: Sum,
        blk_read_time_us: Sum,
        blk_write_time_us: Sum,
        wal_records: Sum,
        wal_fpi: Sum,
        wal_bytes: Sum,
        plans: Sum,
        plan_time_us: Sum,
        jit_functions: Sum,
        jit_time_us: Sum,
        min_time_us: Last,
        max_time_us: Last,
        stddev_time_us: Last,
    }

    /// The counters of each table between two polls. A series is (database, schema, name).
    TABLES, TablesRow = "tables" {
        seq_scan: Sum,
        seq_tup_read: Sum,
        n_tup_ins: Sum,
        n_tup_upd: Sum,
        n_tup_del: Sum,
        n_tup_hot_upd: Sum,
        heap_blks_read: Sum,
        heap_blks_hit: Sum,
        n_live_tup: Last,
        n_dead_tup: Last,
        n_mod_since_analyze: Last,
        last_vacuum_at_ms: Last,
        last_autovacuum_at_ms: Last,
        last_analyze_at_ms: Last,
        last_autoanalyze_at_ms: Last,
        table_size_bytes: Last,
        schema_name: Text,
        table_name: Text,
        database_name: Text,
    }

    /// WAL of the whole server between two polls. The server is one series. PostgreSQL 18 moved the columns from `wal_write` on
    /// to `pg_stat_io`: they are null there.
    WAL, WalRow = "wal" {
        wal_records: Sum,
        wal_fpi: Sum,
        wal_bytes: Sum,
        wal_buffers_full: Sum,
        wal_write: Sum,
        wal_sync: Sum,
        wal_write_time_us: Sum,
        wal_sync_time_us: Sum,
    }
}
