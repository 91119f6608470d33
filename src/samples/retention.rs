//! The resolutions of samples, and how long each is kept.

use std::time::Duration;

use parking_lot::RwLock;

/// The time that one stored record covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Every record as it came.
    Raw,
    Minute,
    Hour,
}

impl Resolution {
    pub const ALL: [Self; 3] = [Self::Raw, Self::Minute, Self::Hour];

    /// Milliseconds per record; 0 for raw records. This is the value that is stored.
    #[must_use]
    pub const fn millis(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

/// How long each resolution is kept, and how much space all of them may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub raw: Duration,
    pub minute: Duration,
    pub hour: Duration,
    /// The store does not grow beyond this; none: as large as the disk.
    pub max_bytes: Option<u64>,
    /// New texts of one database in an hour, a KiB each; none: no limit.
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

impl Retention {
    /// How long `resolution` is kept.
    #[must_use]
    pub const fn of(&self, resolution: Resolution) -> Duration {
        match resolution {
            Resolution::Raw => self.raw,
            Resolution::Minute => self.minute,
            Resolution::Hour => self.hour,
        }
    }
}

/// The current retention, which may change while the store is in use.
#[derive(Debug)]
pub(super) struct LiveRetention(RwLock<Retention>);

impl LiveRetention {
    pub(super) const fn new(retention: Retention) -> Self {
        Self(RwLock::new(retention))
    }

    pub(super) fn get(&self) -> Retention {
        *self.0.read()
    }

    pub(super) fn set(&self, retention: Retention) {
        *self.0.write() = retention;
    }
}
