//! The values of live streams: serialised once, shared by all subscribers.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::model::{ActiveQuery, ActivitySnapshot, Timestamp};

/// The newest value of the live stream of a database.
#[derive(Debug, Clone)]
pub enum Live {
    /// The activity at one instant.
    Snapshot {
        /// Grows by one with each snapshot of this database.
        seq: u64,
        snapshot: Arc<ActivitySnapshot>,
        /// The frame `{"type":"snapshot","ts","seq","queries":[...]}`.
        frame: Bytes,
    },
    /// The database is disconnected: the frame `{"type":"status","status":"disconnected","last_error"}`.
    Disconnected { frame: Bytes },
    /// The database was deleted: streams end.
    Deleted,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Frame<'a> {
    Snapshot { ts: Timestamp, seq: u64, queries: &'a [ActiveQuery] },
    Status { status: &'static str, last_error: &'a str },
}

impl Live {
    /// Builds a snapshot with its frame.
    pub(super) fn snapshot(seq: u64, snapshot: ActivitySnapshot) -> Self {
        let frame = encode(&Frame::Snapshot { ts: snapshot.at, seq, queries: &snapshot.queries });
        Self::Snapshot { seq, snapshot: Arc::new(snapshot), frame }
    }

    /// Builds the value of a disconnected database with its frame.
    pub(super) fn disconnected(last_error: &str) -> Self {
        Self::Disconnected { frame: encode(&Frame::Status { status: "disconnected", last_error }) }
    }
}

fn encode(frame: &Frame<'_>) -> Bytes {
    // plain data with string keys: serialising it cannot fail
    serde_json::to_vec(frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_contract() {
        let snapshot = ActivitySnapshot { at: Timestamp(0), queries: Vec::new() };
        let Live::Snapshot { frame, .. } = Live::snapshot(7, snapshot) else { panic!("not a snapshot") };
        assert_eq!(frame, r#"{"type":"snapshot","ts":"1970-01-01T00:00:00.000Z","seq":7,"queries":[]}"#);
        let Live::Disconnected { frame } = Live::disconnected("gone") else { panic!("not disconnected") };
        assert_eq!(frame, r#"{"type":"status","status":"disconnected","last_error":"gone"}"#);
    }
}
