//! What active sessions waited for.

use super::{Stream, sum, word};

/// How often an active session was met in each wait, and what time that stands for. A series is a wait event; 0 is all
/// looks: how many there were, and the time that they stand for.
pub static WAITS: Stream = Stream {
    name: "waits",
    columns: &[word("wait_event_type"), word("wait_event"), sum("count"), sum("duration_ms")],
};
