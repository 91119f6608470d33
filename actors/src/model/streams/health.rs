//! How healthy a database was.

use super::{Stream, last, word};

/// The score and what it was made of, whenever that changed and once a minute. Series 0 is the score (null when there was
/// nothing to judge by) with the status (0 healthy, 1 degraded, 2 unhealthy); each other series is a rule with its
/// penalty, 0 when it has just cleared.
pub static HEALTH: Stream =
    Stream { name: "health", columns: &[last("score"), last("status"), word("rule_id"), last("penalty")] };
