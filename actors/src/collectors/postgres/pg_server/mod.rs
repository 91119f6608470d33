//! The identity of the server: restarts, upgrades, promotions and resets become events. PostgreSQL 14 and later;
//! needs nothing. Costs 0.2 ms of a backend.

mod changes;

use std::sync::Arc;
use std::time::Duration;

use self::changes::changes;
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Interner, Server, Spec, Step,
};
use crate::model::{
    AnySnapshot, Engine, LastValues, NULL, RESET_VIEWS, Record, ServerIdentity, Timestamp, streams,
};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::SERVER),
    every: Every::Fixed(Duration::from_secs(10)),
    ..Spec::new("pg_server", Engine::Postgres, || Box::<Identity>::default())
};

const VARIANTS: [(u32, &str); 3] = [
    (14, include_str!("../sql/pg_server/14.sql")),
    (16, include_str!("../sql/pg_server/16.sql")),
    (17, include_str!("../sql/pg_server/17.sql")),
];
const COLUMNS: &[&str] = &[
    "at",
    "system_identifier",
    "version",
    "started_at",
    "in_recovery",
    "timeline",
    "bgwriter_reset_at",
    "checkpointer_reset_at",
    "wal_reset_at",
    "io_reset_at",
    "archiver_reset_at",
    "statements_loaded",
];
const STATEMENTS: &str = include_str!("../sql/pg_server/statements.sql");
const STATEMENTS_COLUMNS: &[&str] = &["reset_at"];

/// The identity is stored again this often, so that it outlives the retention.
const REPEAT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The server at the previous run, or as stored before Basira started.
#[derive(Default)]
struct Identity {
    known: Option<ServerIdentity>,
    /// What the first question of a run was answered with.
    now: Option<ServerIdentity>,
    /// When the identity was stored last.
    stored: Option<Timestamp>,
    interner: Interner,
}

impl Collector for Identity {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.now = None;
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        if let Some(mut now) = self.now.take() {
            let [.., statements] = &mut now.resets;
            *statements = cursor.timestamp()?;
            return Ok(self.finish(now));
        }
        let now = identity(&mut cursor)?;
        let loaded = cursor.bool()?.unwrap_or_default();
        match server.statements.as_ref().filter(|extension| loaded && extension.version >= (1, 9)) {
            None => Ok(self.finish(now)),
            Some(extension) => {
                self.now = Some(now);
                let sql = Arc::from(STATEMENTS.replace("{schema}", &extension.schema));
                Ok(Step::ask(sql, STATEMENTS_COLUMNS))
            }
        }
    }

    fn wants_last_values(&self) -> bool {
        true
    }

    fn restore(&mut self, last_values: &LastValues) {
        self.known = last_values.rows.first().and_then(|(_, values)| read_back(values, last_values));
    }
}

impl Identity {
    fn finish(&mut self, now: ServerIdentity) -> Step {
        let events = self.known.as_ref().map(|before| changes(before, &now)).unwrap_or_default();
        let same =
            self.known.as_ref().is_some_and(|before| ServerIdentity { at: now.at, ..before.clone() } == now);
        let fresh = self.stored.is_some_and(|stored| now.at.since(stored) < REPEAT_EVERY);
        let mut records = Vec::new();
        if !(same && fresh) {
            self.stored = Some(now.at);
            let before = Timestamp(now.at.as_millis() - 1);
            records.push(Record::new(&streams::SERVER, before, now.at, vec![(0, self.row(&now))]));
        }
        self.known = Some(now.clone());
        Step::done(Collected {
            records,
            events,
            dictionary: self.interner.drain_new(),
            snapshots: vec![AnySnapshot::new(now)],
            rows: 1,
            ..Collected::default()
        })
    }

    /// Returns the columns of the stream, in its order.
    fn row(&mut self, now: &ServerIdentity) -> [i64; streams::SERVER.columns.len()] {
        let reset = now.resets.map(|reset| reset.map_or(NULL, Timestamp::as_millis));
        let [bgwriter, checkpointer, wal, io, archiver, statements] = reset;
        streams::ServerRow {
            system_identifier: self.interner.intern(now.system_identifier.as_deref()),
            version: self.interner.intern(Some(&now.version)),
            started_at_ms: now.started_at.as_millis(),
            in_recovery: now.in_recovery.into(),
            timeline: now.timeline.unwrap_or(NULL),
            bgwriter_reset_at_ms: bgwriter,
            checkpointer_reset_at_ms: checkpointer,
            wal_reset_at_ms: wal,
            io_reset_at_ms: io,
            archiver_reset_at_ms: archiver,
            statements_reset_at_ms: statements,
        }
        .values()
    }
}

fn identity(cursor: &mut Cursor<'_>) -> Result<ServerIdentity, CellError> {
    let at = cursor.required_timestamp()?;
    let system_identifier = cursor.owned_text()?;
    // packagers append their own: "15.18 (Debian 15.18-0+deb12u1)"
    let version =
        cursor.text()?.and_then(|text| text.split_whitespace().next()).unwrap_or_default().to_owned();
    let started_at = cursor.required_timestamp()?;
    let in_recovery = cursor.bool()?.unwrap_or_default();
    let timeline = cursor.i64()?;
    let mut resets = [None; RESET_VIEWS.len()];
    for reset in resets.iter_mut().take(RESET_VIEWS.len() - 1) {
        *reset = cursor.timestamp()?;
    }
    Ok(ServerIdentity { at, system_identifier, version, started_at, in_recovery, timeline, resets })
}

/// What [`Identity::row`] wrote.
fn read_back(values: &[i64], last_values: &LastValues) -> Option<ServerIdentity> {
    let known = |value: i64| (value != NULL).then_some(value);
    let &[system_identifier, version, started_at, in_recovery, timeline, ref resets @ ..] = values else {
        return None;
    };
    let resets: &[i64; RESET_VIEWS.len()] = resets.try_into().ok()?;
    Some(ServerIdentity {
        at: Timestamp(0),
        system_identifier: last_values.text(system_identifier).map(str::to_owned),
        version: last_values.text(version)?.to_owned(),
        started_at: Timestamp(known(started_at)?),
        in_recovery: known(in_recovery)? != 0,
        timeline: known(timeline),
        resets: resets.map(|reset| known(reset).map(Timestamp)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_state_is_read_as_it_was_written() {
        let mut identity = Identity::default();
        let now = ServerIdentity {
            at: Timestamp(0),
            system_identifier: Some("76".to_owned()),
            version: "17.1".to_owned(),
            started_at: Timestamp(5),
            in_recovery: true,
            timeline: None,
            resets: [Some(Timestamp(1)), None, Some(Timestamp(3)), None, Some(Timestamp(5)), None],
        };
        let row = identity.row(&now);
        let words = identity.interner.drain_new().into_iter().map(|word| (word.hash, word.text)).collect();
        let last_values = LastValues { rows: vec![(0, row.to_vec())], texts: words };
        identity.restore(&last_values);
        assert_eq!(identity.known, Some(now));
    }
}
