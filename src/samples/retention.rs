//! The resolutions of samples, and how long each is kept.

use std::time::Duration;

use parking_lot::RwLock;

pub use crate::config::Retention;

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
