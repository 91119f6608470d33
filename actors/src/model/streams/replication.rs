//! How far standbys and slots are behind.

use super::{Stream, last, word};

/// The server itself (`kind` is `self`) and each standby connected to it (`standby`). A series is that, by name and
/// address. Lags of `self` are known on a standby only.
pub static REPLICATION: Stream = Stream {
    name: "replication",
    columns: &[
        word("kind"),
        word("name"),
        word("client_addr"),
        word("state"),
        word("sync_state"),
        last("is_replica"),
        last("sent_lag_bytes"),
        last("write_lag_bytes"),
        last("flush_lag_bytes"),
        last("lag_bytes"),
        last("write_lag_us"),
        last("flush_lag_us"),
        last("lag_us"),
    ],
};

/// What each slot holds back. A series is a slot, by its name.
pub static REPLICATION_SLOTS: Stream = Stream {
    name: "replication_slots",
    columns: &[
        word("slot_name"),
        word("slot_type"),
        word("wal_status"),
        last("active"),
        last("lag_bytes"),
        last("safe_wal_bytes"),
        last("unconfirmed_bytes"),
    ],
};
