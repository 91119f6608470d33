//! `pg_stat_replication`, `pg_stat_wal_receiver` and `pg_replication_slots`: standbys, slots and their lag, on
//! primaries and standbys alike. PostgreSQL 14 and later; needs `pg_read_all_stats` to see more than names and slots.

mod changes;
mod decode;

use std::time::Duration;

use self::changes::Changes;
use self::decode::{OWN_COLUMNS, Own, SLOT_COLUMNS, STANDBY_COLUMNS};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Every, Interner, Notice, SampleInterval, SampleTimes,
    Server, Spec, Step, advice,
};
use crate::model::{AnySnapshot, Engine, Record, Slot, Standby, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::REPLICATION),
    every: Every::Fixed(Duration::from_secs(10)),
    enabled_by: |target| target.collect_replication,
    ..Spec::new("pg_stat_replication", Engine::Postgres, || Box::<Replicas>::default())
};

const OWN: &str = include_str!("../sql/pg_stat_replication/self.sql");
const STANDBYS: &str = include_str!("../sql/pg_stat_replication/standbys.sql");
const SLOTS: [(u32, &str); 3] = [
    (14, include_str!("../sql/pg_stat_replication/slots/14.sql")),
    (16, include_str!("../sql/pg_stat_replication/slots/16.sql")),
    (17, include_str!("../sql/pg_stat_replication/slots/17.sql")),
];
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Replicas {
    stage: Stage,
    times: SampleTimes,
    /// When a standby had last replayed all that it knew of.
    caught_up_at: Option<Timestamp>,
    changes: Changes,
    interner: Interner,
}

/// The query whose answer comes next.
#[derive(Default)]
enum Stage {
    #[default]
    Own,
    Standbys(Own),
    Slots(Own, Vec<Standby>),
}

impl Collector for Replicas {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        self.stage = Stage::Own;
        Ok(ask(OWN, OWN_COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let cursors = (0..answer.rows.len()).map(|row| Cursor::new(answer.rows, row));
        match std::mem::take(&mut self.stage) {
            Stage::Own => {
                self.stage = Stage::Standbys(Own::read(&mut Cursor::new(answer.rows, 0))?);
                Ok(ask(STANDBYS, STANDBY_COLUMNS))
            }
            Stage::Standbys(own) => {
                let standbys =
                    cursors.map(|mut cursor| decode::standby(&mut cursor)).collect::<Result<_, _>>()?;
                let slots = server.variant(&SLOTS)?;
                self.stage = Stage::Slots(own, standbys);
                Ok(ask(slots, SLOT_COLUMNS))
            }
            Stage::Slots(own, standbys) => {
                let slots = cursors.map(|mut cursor| decode::slot(&mut cursor)).collect::<Result<_, _>>()?;
                Ok(Step::done(self.collected(server, own, standbys, slots)))
            }
        }
    }
}

impl Replicas {
    fn collected(
        &mut self,
        server: &Server,
        own: Own,
        standbys: Vec<Standby>,
        slots: Vec<Slot>,
    ) -> Collected {
        let lag_seconds = own.lag_seconds(&mut self.caught_up_at);
        let is_hidden = own.is_hidden() || standbys.iter().any(|standby| standby.state.is_none());
        let seen = own.with(lag_seconds, slots, standbys);
        let SampleInterval { from, gap } = self.times.take(seen.ts, MAX_INTERVAL);
        let rows = decode::rows(&seen, &mut self.interner);
        let slot_rows = seen.slots.iter().map(|slot| decode::slot_row(slot, &mut self.interner)).collect();
        Collected {
            records: vec![
                Record::new(&streams::REPLICATION, from, seen.ts, rows),
                Record::new(&streams::REPLICATION_SLOTS, from, seen.ts, slot_rows),
            ],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            events: self.changes.events(server.started_at, &seen),
            rows: 1 + (seen.standbys.len() + seen.slots.len()) as u64,
            notice: is_hidden.then(|| hidden_notice(server)),
            snapshots: vec![AnySnapshot::new(seen)],
            ..Collected::default()
        }
    }
}

fn ask(sql: &str, columns: &'static [&'static str]) -> Step {
    Step::ask(sql, columns)
}

fn hidden_notice(server: &Server) -> Notice {
    Notice::hiding(
        format!("how far standbys are is hidden from role {}", server.role),
        advice::grant_monitor(&server.role),
    )
}
