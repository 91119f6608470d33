//! What the background writer and the checkpointer did.

use super::{Stream, sum};

/// Checkpoints and buffers of the whole server between two polls. A series is a view: PostgreSQL 17 split one in two.
pub static BGWRITER: Stream = Stream {
    name: "bgwriter",
    columns: &[
        sum("checkpoints_timed"),
        sum("checkpoints_req"),
        sum("checkpoint_write_time_us"),
        sum("checkpoint_sync_time_us"),
        sum("buffers_checkpoint"),
        sum("buffers_clean"),
        sum("maxwritten_clean"),
        sum("buffers_backend"),
        sum("buffers_backend_fsync"),
        sum("buffers_alloc"),
        sum("restartpoints_timed"),
        sum("restartpoints_req"),
        sum("restartpoints_done"),
        sum("checkpoints_done"),
        sum("slru_written"),
    ],
};
