//! Standbys and slots that came, went or changed.

use std::collections::BTreeMap;

use crate::model::{Event, EventKind, Replication, Slot, Standby, Timestamp};

/// What was there at the previous run.
#[derive(Default)]
pub(super) struct Changes(Option<Known>);

struct Known {
    started_at: Timestamp,
    is_replica: bool,
    /// Each slot with its condition.
    slots: BTreeMap<String, &'static str>,
    /// How many follow under each name and address.
    standbys: BTreeMap<String, usize>,
}

impl Changes {
    /// Returns what happened since the previous run; nothing at the first run, or when another server answers.
    pub(super) fn events(&mut self, started_at: Timestamp, seen: &Replication) -> Vec<Event> {
        let now = Known {
            started_at,
            is_replica: seen.is_replica,
            slots: slots(&seen.slots),
            standbys: standbys(&seen.standbys),
        };
        let before = self
            .0
            .as_ref()
            .filter(|before| before.started_at == now.started_at || before.is_replica == now.is_replica);
        let mut events = Vec::new();
        if let Some(before) = before {
            before.slots_to(&now, seen.ts, &mut events);
            before.standbys_to(&now, seen.ts, &mut events);
        }
        self.0 = Some(now);
        events
    }
}

impl Known {
    fn slots_to(&self, now: &Self, at: Timestamp, events: &mut Vec<Event>) {
        let text = |condition: Option<&&'static str>| condition.map(|condition| (*condition).to_owned());
        for name in self.slots.keys().chain(now.slots.keys().filter(|name| !self.slots.contains_key(*name))) {
            let (before, after) = (text(self.slots.get(name)), text(now.slots.get(name)));
            let kind = match (&before, &after) {
                (None, _) => EventKind::SlotCreated,
                (_, None) => EventKind::SlotDropped,
                _ if before == after => continue,
                _ => EventKind::SlotChanged,
            };
            events.push(Event { at, kind, subject: name.clone(), before, after });
        }
    }

    fn standbys_to(&self, now: &Self, at: Timestamp, events: &mut Vec<Event>) {
        let names = self.standbys.keys();
        for name in names.chain(now.standbys.keys().filter(|name| !self.standbys.contains_key(*name))) {
            let count = |known: &Self| known.standbys.get(name).copied().unwrap_or_default();
            let kind = match count(now).cmp(&count(self)) {
                std::cmp::Ordering::Less => EventKind::StandbyDisconnected,
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => EventKind::StandbyConnected,
            };
            events.push(Event { at, kind, subject: name.clone(), before: None, after: None });
        }
    }
}

/// Slots that last, each with its condition.
fn slots(slots: &[Slot]) -> BTreeMap<String, &'static str> {
    let condition = |slot: &Slot| match slot.active {
        _ if slot.is_lost() => "lost",
        true => "active",
        false => "inactive",
    };
    let lasting = slots.iter().filter(|slot| !slot.temporary);
    lasting.map(|slot| (slot.slot_name.clone(), condition(slot))).collect()
}

/// Those that follow, but not backups.
fn standbys(standbys: &[Standby]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for standby in standbys.iter().filter(|standby| standby.state.as_deref() != Some("backup")) {
        let name = standby.application_name.as_deref().unwrap_or_default();
        let subject = match &standby.client_addr {
            Some(address) => format!("{name} ({address})"),
            None => name.to_owned(),
        };
        *counts.entry(subject).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str, active: bool, wal_status: &str) -> Slot {
        Slot {
            slot_name: name.to_owned(),
            slot_type: None,
            plugin: None,
            database: None,
            temporary: name.starts_with("temporary"),
            active,
            active_pid: None,
            lag_bytes: None,
            unconfirmed_bytes: None,
            wal_status: Some(wal_status.to_owned()),
            safe_wal_size: None,
            two_phase: None,
            conflicting: None,
            inactive_since: None,
            invalidation_reason: None,
            failover: None,
            synced: None,
        }
    }

    fn standby(name: &str, state: &str) -> Standby {
        Standby {
            pid: 1,
            application_name: Some(name.to_owned()),
            user_name: None,
            client_addr: Some("10.0.0.1".to_owned()),
            state: Some(state.to_owned()),
            sync_state: None,
            sent_lag_bytes: None,
            write_lag_bytes: None,
            flush_lag_bytes: None,
            replay_lag_bytes: None,
            write_lag_seconds: None,
            flush_lag_seconds: None,
            replay_lag_seconds: None,
            reply_time: None,
        }
    }

    fn seen(is_replica: bool, slots: Vec<Slot>, standbys: Vec<Standby>) -> Replication {
        Replication {
            ts: Timestamp(0),
            is_replica,
            replication_lag_bytes: None,
            replication_lag_seconds: None,
            upstream_host: None,
            upstream_port: None,
            receiver_status: None,
            receiver_slot_name: None,
            replay_paused: None,
            slots,
            standbys,
        }
    }

    fn told(changes: &mut Changes, started_at: i64, seen: &Replication) -> Vec<String> {
        let text = |event: &Event| {
            let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "{} {} {} {}",
                event.kind.as_str(),
                event.subject,
                part(&event.before),
                part(&event.after)
            )
        };
        changes.events(Timestamp(started_at), seen).iter().map(text).collect()
    }

    #[test]
    fn created_dropped_and_changed_slots_are_events() {
        let mut changes = Changes::default();
        let mut look = |slots| told(&mut changes, 1, &seen(false, slots, Vec::new()));
        assert!(look(vec![slot("a", true, "reserved")]).is_empty(), "nothing to compare with");
        assert_eq!(look(vec![slot("a", false, "reserved")]), ["slot_changed a active inactive"]);
        assert!(look(vec![slot("a", false, "unreserved"), slot("temporary", true, "reserved")]).is_empty());
        assert_eq!(look(vec![slot("a", false, "lost")]), ["slot_changed a inactive lost"]);
        assert_eq!(
            look(vec![slot("b", true, "reserved")]),
            ["slot_dropped a lost -", "slot_created b - active"]
        );
    }

    #[test]
    fn connected_and_disconnected_standbys_are_events() {
        let mut changes = Changes::default();
        let mut look = |started_at, is_replica, standbys| {
            told(&mut changes, started_at, &seen(is_replica, Vec::new(), standbys))
        };
        let one = || standby("one", "streaming");
        assert!(look(1, false, vec![one()]).is_empty());
        assert!(look(1, false, vec![one(), standby("pg_basebackup", "backup")]).is_empty());
        assert_eq!(look(1, false, vec![one(), one()]), ["standby_connected one (10.0.0.1) - -"]);
        assert_eq!(look(2, false, vec![one()]), ["standby_disconnected one (10.0.0.1) - -"]);
        assert!(look(3, true, Vec::new()).is_empty(), "another server");
    }
}
