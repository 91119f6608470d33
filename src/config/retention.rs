//! `samples.retention`: how long samples are kept, and how much room they may take.

use std::time::Duration;

/// How long each resolution is kept, and how much room all of it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub raw: Duration,
    pub minute: Duration,
    pub hour: Duration,
    /// The store does not grow beyond this; none: as large as the disk.
    pub max_bytes: Option<u64>,
    /// New texts that one database may bring in an hour, a KiB each; none: no limit.
    pub new_texts_per_hour: Option<u64>,
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

impl Default for Retention {
    fn default() -> Self {
        Self {
            raw: Duration::from_secs(48 * HOUR),
            minute: Duration::from_secs(14 * DAY),
            hour: Duration::from_secs(400 * DAY),
            max_bytes: Some(20 << 30),
            new_texts_per_hour: Some(50_000),
        }
    }
}
