//! Changes of a server between two runs.

use crate::model::{Event, EventKind, RESET_VIEWS, ServerIdentity};

/// Everything that is not as it was `before`, as events.
pub(super) fn changes(before: &ServerIdentity, now: &ServerIdentity) -> Vec<Event> {
    let event = |kind, subject: &str, before: Option<String>, after: Option<String>| Event {
        at: now.at,
        kind,
        subject: subject.to_owned(),
        before,
        after,
    };
    let changed = |before, after| vec![event(EventKind::ServerChanged, "server", before, after)];
    if before.system_identifier != now.system_identifier {
        return changed(before.system_identifier.clone(), now.system_identifier.clone());
    }
    // another node of the same cluster that has been running for longer
    if now.started_at < before.started_at {
        return changed(Some(before.started_at.to_string()), Some(now.started_at.to_string()));
    }
    let mut events = Vec::new();
    if now.started_at != before.started_at {
        let (before, after) = (Some(before.started_at.to_string()), Some(now.started_at.to_string()));
        let restarted = event(EventKind::ServerRestarted, "server", before, after);
        events.push(Event { at: now.started_at, ..restarted });
    }
    if now.version != before.version {
        let (before, after) = (Some(before.version.clone()), Some(now.version.clone()));
        events.push(event(EventKind::VersionChanged, "server", before, after));
    }
    match (before.in_recovery, now.in_recovery) {
        (true, false) => events.push(event(EventKind::Promoted, "server", timeline(before), timeline(now))),
        (false, true) => {
            let (before, after) = (Some("primary".to_owned()), Some("standby".to_owned()));
            events.push(event(EventKind::ServerChanged, "server", before, after));
        }
        _ => {}
    }
    events.extend(resets(before, now));
    events
}

fn timeline(identity: &ServerIdentity) -> Option<String> {
    identity.timeline.map(|timeline| format!("timeline {timeline}"))
}

/// The views whose counters were reset: by hand, or because the server crashed.
fn resets(before: &ServerIdentity, now: &ServerIdentity) -> Vec<Event> {
    let views = RESET_VIEWS.iter().zip(before.resets.iter().zip(&now.resets));
    let begun = views.filter_map(|(view, (before, now))| {
        let (before, now) = ((*before)?, (*now)?);
        (now > before).then(|| Event {
            at: now,
            kind: EventKind::CountersReset,
            subject: (*view).to_owned(),
            before: Some(before.to_string()),
            after: Some(now.to_string()),
        })
    });
    begun.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn identity() -> ServerIdentity {
        ServerIdentity {
            at: Timestamp(100),
            system_identifier: Some("76".to_owned()),
            version: "17.1".to_owned(),
            started_at: Timestamp(10),
            in_recovery: false,
            timeline: Some(1),
            resets: [Some(Timestamp(5)), None, Some(Timestamp(5)), None, None, None],
        }
    }

    #[test]
    fn each_change_is_an_event_of_its_kind() {
        use EventKind::{CountersReset, Promoted, ServerChanged, ServerRestarted, VersionChanged};
        let standby = ServerIdentity { in_recovery: true, ..identity() };
        let restarted = ServerIdentity { started_at: Timestamp(50), ..identity() };
        let upgraded = ServerIdentity { version: "17.2".to_owned(), ..restarted.clone() };
        let crashed = ServerIdentity {
            resets: [Some(Timestamp(60)), Some(Timestamp(60)), Some(Timestamp(60)), None, None, None],
            ..identity()
        };
        let other = ServerIdentity { system_identifier: Some("77".to_owned()), ..crashed.clone() };
        let sibling = ServerIdentity { started_at: Timestamp(7), ..identity() };
        let cases: [(&ServerIdentity, &ServerIdentity, &[EventKind]); 8] = [
            (&identity(), &identity(), &[]),
            (&identity(), &restarted, &[ServerRestarted]),
            (&identity(), &upgraded, &[ServerRestarted, VersionChanged]),
            (&standby, &identity(), &[Promoted]),
            (&identity(), &standby, &[ServerChanged]),
            (&identity(), &crashed, &[CountersReset, CountersReset]),
            (&identity(), &other, &[ServerChanged]),
            (&identity(), &sibling, &[ServerChanged]),
        ];
        for (place, (before, now, expected)) in cases.into_iter().enumerate() {
            let kinds: Vec<EventKind> = changes(before, now).iter().map(|event| event.kind).collect();
            assert_eq!(kinds, expected, "case {place}");
        }
    }

    #[test]
    fn a_restart_and_a_reset_happened_when_the_server_says() {
        let restarted = ServerIdentity { started_at: Timestamp(50), ..identity() };
        assert_eq!(changes(&identity(), &restarted)[0].at, Timestamp(50));
        let mut reset = identity();
        reset.resets[2] = Some(Timestamp(70));
        let events = changes(&identity(), &reset);
        assert_eq!((events[0].at, events[0].subject.as_str()), (Timestamp(70), "pg_stat_wal"));
    }
}
