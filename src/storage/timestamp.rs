//! Instants in columns.

use basira_actors::model::Timestamp;
use sea_orm::DeriveValueType;

/// Milliseconds since the Unix epoch, UTC: compares alike on every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub(crate) struct TimestampMs(pub i64);

impl From<Timestamp> for TimestampMs {
    fn from(instant: Timestamp) -> Self {
        Self(instant.as_millis())
    }
}

impl From<TimestampMs> for Timestamp {
    fn from(instant: TimestampMs) -> Self {
        Self(instant.0)
    }
}
