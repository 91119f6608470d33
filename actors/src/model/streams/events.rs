//! What happened at one moment.

use super::{Stream, last, word};

/// Restarts, changed settings and the like. A series is one event.
pub static EVENTS: Stream = Stream {
    name: "events",
    columns: &[word("kind"), word("subject"), word("before"), word("after"), last("happened_at_ms")],
};
