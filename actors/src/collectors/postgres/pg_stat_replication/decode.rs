//! The answers of the server, and what is stored of them.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{CellError, Cursor, Interner};
use crate::model::{NULL, Replication, Slot, Standby, Timestamp, streams};

pub(super) const OWN_COLUMNS: &[&str] = &[
    "at",
    "in_recovery",
    "lag_bytes",
    "replayed_at",
    "replay_paused",
    "receiver_pid",
    "receiver_status",
    "receiver_slot_name",
    "upstream_host",
    "upstream_port",
];
pub(super) const STANDBY_COLUMNS: &[&str] = &[
    "pid",
    "application_name",
    "user_name",
    "client_addr",
    "state",
    "sync_state",
    "sent_lag_bytes",
    "write_lag_bytes",
    "flush_lag_bytes",
    "replay_lag_bytes",
    "write_lag_seconds",
    "flush_lag_seconds",
    "replay_lag_seconds",
    "reply_time",
];
pub(super) const SLOT_COLUMNS: &[&str] = &[
    "slot_name",
    "slot_type",
    "plugin",
    "database",
    "temporary",
    "active",
    "active_pid",
    "lag_bytes",
    "unconfirmed_bytes",
    "wal_status",
    "safe_wal_size",
    "two_phase",
    "conflicting",
    "inactive_since",
    "invalidation_reason",
    "failover",
    "synced",
];

/// The replication state of the server itself.
pub(super) struct Own {
    at: Timestamp,
    in_recovery: bool,
    lag_bytes: Option<i64>,
    replayed_at: Option<Timestamp>,
    replay_paused: Option<bool>,
    receiver_pid: Option<i64>,
    receiver_status: Option<String>,
    receiver_slot_name: Option<String>,
    upstream_host: Option<String>,
    upstream_port: Option<i64>,
}

impl Own {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        Ok(Self {
            at: cursor.required_timestamp()?,
            in_recovery: cursor.bool()?.unwrap_or_default(),
            lag_bytes: distance(cursor)?,
            replayed_at: cursor.timestamp()?,
            replay_paused: cursor.bool()?,
            receiver_pid: cursor.i64()?,
            receiver_status: cursor.owned_text()?,
            receiver_slot_name: cursor.owned_text()?,
            upstream_host: cursor.owned_text()?,
            upstream_port: cursor.i64()?,
        })
    }

    /// Whether there is a receiver whose details are hidden from the role.
    pub(super) const fn is_hidden(&self) -> bool {
        self.receiver_pid.is_some() && self.receiver_status.is_none()
    }

    /// How old the newest replayed transaction is, unless all that was announced is replayed: on an idle primary no
    /// transaction comes, and its age says nothing. What is not replayed came after `caught_up_at`, so the lag is not
    /// longer than that ago.
    pub(super) fn lag_seconds(&self, caught_up_at: &mut Option<Timestamp>) -> Option<f64> {
        if !self.in_recovery {
            *caught_up_at = None;
            return None;
        }
        let streams = self.receiver_status.as_deref() == Some("streaming") || self.is_hidden();
        if streams && self.lag_bytes == Some(0) {
            *caught_up_at = Some(self.at);
        }
        let since = self.replayed_at.max(*caught_up_at);
        since.map(|since| self.at.since(since).as_secs_f64())
    }

    pub(super) fn with(
        self,
        replication_lag_seconds: Option<f64>,
        slots: Vec<Slot>,
        standbys: Vec<Standby>,
    ) -> Replication {
        Replication {
            ts: self.at,
            is_replica: self.in_recovery,
            replication_lag_bytes: self.lag_bytes,
            replication_lag_seconds,
            upstream_host: self.upstream_host,
            upstream_port: self.upstream_port,
            receiver_status: self.receiver_status,
            receiver_slot_name: self.receiver_slot_name,
            replay_paused: self.replay_paused,
            slots,
            standbys,
        }
    }
}

pub(super) fn standby(cursor: &mut Cursor<'_>) -> Result<Standby, CellError> {
    let pid = cursor.required_i64()?;
    let (application_name, user_name, client_addr) =
        (cursor.owned_text()?, cursor.owned_text()?, cursor.owned_text()?);
    let (state, sync_state) = (cursor.owned_text()?, cursor.owned_text()?);
    let sent_lag_bytes = distance(cursor)?;
    let bytes = [distance(cursor)?, distance(cursor)?, distance(cursor)?];
    let mut seconds = [cursor.f64()?, cursor.f64()?, cursor.f64()?];
    for (seconds, bytes) in seconds.iter_mut().zip(bytes) {
        // the server forgets what it measured when there is nothing more to measure
        *seconds = seconds.or((bytes == Some(0)).then_some(0.0));
    }
    Ok(Standby {
        pid,
        application_name,
        user_name,
        client_addr,
        state,
        sync_state,
        sent_lag_bytes,
        write_lag_bytes: bytes[0],
        flush_lag_bytes: bytes[1],
        replay_lag_bytes: bytes[2],
        write_lag_seconds: seconds[0],
        flush_lag_seconds: seconds[1],
        replay_lag_seconds: seconds[2],
        reply_time: cursor.timestamp()?,
    })
}

pub(super) fn slot(cursor: &mut Cursor<'_>) -> Result<Slot, CellError> {
    Ok(Slot {
        slot_name: cursor.owned_text()?.unwrap_or_default(),
        slot_type: cursor.owned_text()?,
        plugin: cursor.owned_text()?,
        database: cursor.owned_text()?,
        temporary: cursor.bool()?.unwrap_or_default(),
        active: cursor.bool()?.unwrap_or_default(),
        active_pid: cursor.i64()?,
        lag_bytes: distance(cursor)?,
        unconfirmed_bytes: distance(cursor)?,
        wal_status: cursor.owned_text()?,
        safe_wal_size: cursor.i64()?,
        two_phase: cursor.bool()?,
        conflicting: cursor.bool()?,
        inactive_since: cursor.timestamp()?,
        invalidation_reason: cursor.owned_text()?,
        failover: cursor.bool()?,
        synced: cursor.bool()?,
    })
}

/// A distance between two places in the WAL, which moved between reading them: never below 0.
fn distance(cursor: &mut Cursor<'_>) -> Result<Option<i64>, CellError> {
    Ok(cursor.i64()?.map(|bytes| bytes.max(0)))
}

type Row = [i64; streams::REPLICATION.columns.len()];

/// The server itself and its standbys; of several with one name and address, the one that is furthest behind.
pub(super) fn rows(seen: &Replication, interner: &mut Interner) -> Vec<(u64, Row)> {
    let own = streams::ReplicationRow {
        kind: interner.intern(Some("self")),
        state: interner.intern(seen.receiver_status.as_deref()),
        is_replica: seen.is_replica.into(),
        lag_bytes: seen.replication_lag_bytes.unwrap_or(NULL),
        lag_us: micros(seen.replication_lag_seconds),
        ..streams::ReplicationRow::NULL
    };
    let mut rows = vec![(xxh3_64(b"self"), own.values())];
    let mut worst: BTreeMap<u64, &Standby> = BTreeMap::new();
    for standby in &seen.standbys {
        let known = worst.entry(series(standby)).or_insert(standby);
        if known.replay_lag_bytes < standby.replay_lag_bytes {
            *known = standby;
        }
    }
    rows.extend(worst.into_iter().map(|(series, standby)| (series, standby_row(standby, interner))));
    rows
}

fn series(standby: &Standby) -> u64 {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    xxh3_64(
        format!("standby\0{}\0{}", text(&standby.application_name), text(&standby.client_addr)).as_bytes(),
    )
}

fn standby_row(standby: &Standby, interner: &mut Interner) -> Row {
    streams::ReplicationRow {
        kind: interner.intern(Some("standby")),
        name: interner.intern(standby.application_name.as_deref()),
        client_addr: interner.intern(standby.client_addr.as_deref()),
        state: interner.intern(standby.state.as_deref()),
        sync_state: interner.intern(standby.sync_state.as_deref()),
        sent_lag_bytes: standby.sent_lag_bytes.unwrap_or(NULL),
        write_lag_bytes: standby.write_lag_bytes.unwrap_or(NULL),
        flush_lag_bytes: standby.flush_lag_bytes.unwrap_or(NULL),
        lag_bytes: standby.replay_lag_bytes.unwrap_or(NULL),
        write_lag_us: micros(standby.write_lag_seconds),
        flush_lag_us: micros(standby.flush_lag_seconds),
        lag_us: micros(standby.replay_lag_seconds),
        ..streams::ReplicationRow::NULL
    }
    .values()
}

pub(super) fn slot_row(
    slot: &Slot,
    interner: &mut Interner,
) -> (u64, [i64; streams::REPLICATION_SLOTS.columns.len()]) {
    let row = streams::ReplicationSlotsRow {
        slot_name: interner.intern(Some(&slot.slot_name)),
        slot_type: interner.intern(slot.slot_type.as_deref()),
        wal_status: interner.intern(slot.wal_status.as_deref()),
        active: i64::from(slot.active),
        lag_bytes: slot.lag_bytes.unwrap_or(NULL),
        safe_wal_bytes: slot.safe_wal_size.unwrap_or(NULL),
        unconfirmed_bytes: slot.unconfirmed_bytes.unwrap_or(NULL),
    }
    .values();
    (xxh3_64(slot.slot_name.as_bytes()), row)
}

fn micros(seconds: Option<f64>) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates; 290,000 years of seconds")]
    seconds.map_or(NULL, |seconds| (seconds * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_transaction_is_a_lag_only_while_something_is_not_replayed() {
        let own = |at: i64, in_recovery, lag_bytes: i64, replayed_at: Option<i64>, status: &str| Own {
            at: Timestamp(at),
            in_recovery,
            lag_bytes: in_recovery.then_some(lag_bytes),
            replayed_at: replayed_at.map(Timestamp),
            replay_paused: None,
            receiver_pid: None,
            receiver_status: Some(status.to_owned()),
            receiver_slot_name: None,
            upstream_host: None,
            upstream_port: None,
        };
        let mut caught_up_at = None;
        let mut lag = |own: Own| own.lag_seconds(&mut caught_up_at);
        assert_eq!(lag(own(90_000, true, 5, None, "streaming")), None, "nothing was ever replayed");
        assert_eq!(lag(own(100_000, true, 5, Some(30_000), "streaming")), Some(70.0), "not seen even yet");
        assert_eq!(lag(own(110_000, true, 0, Some(40_000), "streaming")), Some(0.0), "an idle primary");
        assert_eq!(lag(own(120_000, true, 9, Some(40_000), "streaming")), Some(10.0), "was even 10 s ago");
        assert_eq!(lag(own(130_000, true, 9, Some(125_000), "streaming")), Some(5.0));
        assert_eq!(
            lag(own(140_000, true, 0, Some(125_000), "stopping")),
            Some(15.0),
            "who knows what it misses"
        );
        assert_eq!(lag(own(150_000, false, 0, Some(125_000), "")), None, "a primary");
        assert_eq!(caught_up_at, None);
    }
}
