//! `pg_locks`: lock waits and their blockers. PostgreSQL 14 and later; needs `pg_read_all_stats` to see
//! other roles' sessions. Costs about 1 ms of a backend with 20 locks, and a moment of the lock manager per wait.

mod conflicts;
mod decode;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::conflicts::mark_blockers;
use self::decode::{COLUMNS, Found, found};
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Interner, SampleInterval,
    SampleTimes, Server, Spec, Step, TextCache, hidden_notice,
};
use crate::model::{AnySnapshot, Engine, LockSnapshot, NULL, Record, Timestamp, in_order, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::LOCKS),
    every: Every::Fixed(Duration::from_secs(5)),
    ..Spec::new("pg_locks", Engine::Postgres, || Box::<Locks>::default())
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("../sql/pg_locks/14.sql"))];

/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(15);
/// The number of locks stored per session and sample: its wait, and those that others wait for.
const STORED_EACH: u64 = 16;

const WIDTH: usize = streams::LOCKS.columns.len();

#[derive(Default)]
struct Locks {
    times: SampleTimes,
    texts: TextCache,
    interner: Interner,
}

impl Collector for Locks {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let (mut at, mut total) = (None, 0);
        let mut all = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let pid = cursor.i64()?;
            let now = cursor.required_timestamp()?;
            at = Some(now);
            if let Some(pid) = pid {
                total = usize::try_from(cursor.required_i64()?).unwrap_or_default();
                all.push(found(&mut self.texts, pid, now, &mut cursor)?);
            }
        }
        let at = at.ok_or(CellError { column: 1, expected: "in any row" })?;
        mark_blockers(&mut all);
        let SampleInterval { from, gap } = self.times.take(at, MAX_INTERVAL);
        let record = self.record(from, at, &all);
        let hidden: BTreeSet<i64> =
            all.iter().filter(|found| found.text.is_hidden()).map(|found| found.lock.pid).collect();
        let mut locks: Vec<_> = all.into_iter().map(|found| found.lock).collect();
        in_order(&mut locks);
        Ok(Step::done(Collected {
            records: vec![record],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            rows: locks.len() as u64,
            snapshots: vec![AnySnapshot::new(LockSnapshot { at, locks, total })],
            notice: hidden_notice(server, hidden.len()),
            ..Collected::default()
        }))
    }
}

impl Locks {
    /// What is waited for, and what is held of the same. The look itself is series 0, so that one at which nobody
    /// waited can be found again.
    fn record(&mut self, from: Timestamp, at: Timestamp, all: &[Found]) -> Record {
        let mut rows = vec![(0, [NULL; WIDTH])];
        let mut numbers: BTreeMap<i64, u64> = BTreeMap::new();
        for found in all.iter().filter(|found| !found.lock.granted || found.lock.blocks_others) {
            let number = numbers.entry(found.lock.pid).or_default();
            if *number < STORED_EACH {
                let series = (found.lock.pid.cast_unsigned() + 1) * STORED_EACH + *number;
                rows.push((series, self.row(found)));
                *number += 1;
            }
        }
        Record::new(&streams::LOCKS, from, at, rows)
    }

    /// Returns the columns of the stream, in its order.
    fn row(&mut self, found: &Found) -> [i64; WIDTH] {
        let Found { lock, text, .. } = found;
        let text = text
            .known()
            .map_or(NULL, |(text, hash)| self.interner.intern_hashed(hash.0, || Arc::clone(text)));
        let pids = lock.blocking_pids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let blocking_pids = (!pids.is_empty()).then_some(pids);
        let mut word = |text: &Option<String>| self.interner.intern(text.as_deref());
        streams::LocksRow {
            lock_type: word(&lock.lock_type),
            mode: word(&lock.mode),
            schema_name: word(&lock.schema_name),
            relation_name: word(&lock.relation_name),
            blocking_pids: word(&blocking_pids),
            query_text: text,
            state: word(&lock.state),
            user_name: word(&lock.user_name),
            database_name: word(&lock.database_name),
            application_name: word(&lock.application_name),
            prepared_transaction: word(&lock.prepared_transaction),
            granted: lock.granted.into(),
            blocked_by_pid: lock.blocked_by_pid.unwrap_or(NULL),
            leader_pid: lock.leader_pid.unwrap_or(NULL),
            duration_ms: lock.duration_ms.unwrap_or(NULL),
            transaction_ms: lock.transaction_ms.unwrap_or(NULL),
        }
        .values()
    }
}
