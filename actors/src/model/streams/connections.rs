//! How many sessions there were.

use super::{Stream, last};

/// Sessions of clients at each look, as series 0.
pub static CONNECTIONS: Stream = Stream {
    name: "connections",
    columns: &[
        last("total"),
        last("active"),
        last("idle"),
        last("idle_in_transaction"),
        last("waiting"),
        last("max_connections"),
    ],
};
