//! Standbys and slots that came, went or changed.

use std::collections::BTreeMap;

use crate::model::{Event, EventKind, Replication, Slot, Standby, Timestamp};

/// What was there at the last look.
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
    /// What happened since the last look; nothing at the first, nor when another server answers now.
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
