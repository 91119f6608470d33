//! `replicas` and `replication_queue`: the delay of replicated tables, and what they wait for. ClickHouse 18.16 and
//! later; needs SELECT on both, and to be shown the tables.

mod decode;

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use self::decode::{QUEUE_COLUMNS, REPLICA_COLUMNS, add_queue, replicas};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Every, Interner, NodeClock, Notice, SampleInterval,
    SampleTimes, Server, Spec, Step,
};
use crate::model::streams::{self, ReplicationRow};
use crate::model::{AnySnapshot, Engine, NULL, Record, Replica, Replicas};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::REPLICATION),
    every: Every::Fixed(Duration::from_secs(60)),
    enabled_by: |target| target.collect_replication,
    ..Spec::new("ch_replicas", Engine::Clickhouse, || {
        Box::new(Tables { stage: Stage::Clock, times: SampleTimes::default(), interner: Interner::default() })
    })
};

const REPLICAS: &str = include_str!("../sql/ch_replicas/replicas.sql");
const QUEUE: &str = include_str!("../sql/ch_replicas/queue.sql");
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

struct Tables {
    stage: Stage,
    times: SampleTimes,
    interner: Interner,
}

/// The query whose answer comes next.
enum Stage {
    Clock,
    Replicas(NodeClock),
    Queue(Replicas),
}

impl Collector for Tables {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.stage = Stage::Clock;
        NodeClock::ask(server)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let ask = |sql: &str, columns| Step::ask(sql, columns);
        match std::mem::replace(&mut self.stage, Stage::Clock) {
            Stage::Clock => {
                self.stage = Stage::Replicas(NodeClock::read(&answer)?);
                Ok(ask(REPLICAS, REPLICA_COLUMNS))
            }
            Stage::Replicas(clock) => {
                let seen = Replicas { at: clock.at, replicas: replicas(&answer)? };
                if seen.replicas.is_empty() {
                    return Ok(Step::done(self.collected(seen, None)));
                }
                self.stage = Stage::Queue(seen);
                Ok(ask(QUEUE, QUEUE_COLUMNS))
            }
            Stage::Queue(mut seen) => {
                add_queue(&mut seen.replicas, &answer)?;
                Ok(Step::done(self.collected(seen, None)))
            }
        }
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        let Stage::Queue(seen) = std::mem::replace(&mut self.stage, Stage::Clock) else {
            return Err(refusal);
        };
        Ok(Step::done(self.collected(seen, Some(&refusal))))
    }
}

impl Tables {
    fn collected(&mut self, seen: Replicas, refusal: Option<&CollectError>) -> Collected {
        let notice = refusal.map(|refusal| {
            Notice::new(
                format!("what is queued is not known: {refusal}"),
                refusal.fix(Engine::Clickhouse).unwrap_or_default(),
            )
        });
        let SampleInterval { from, gap } = self.times.take(seen.at, MAX_INTERVAL);
        let is_replica = i64::from(!seen.replicas.is_empty());
        let own = ReplicationRow { is_replica, ..self.row("self", seen.worst_delay_seconds()) };
        let mut rows = vec![(xxh3_64(b"self"), own.values())];
        for replica in &seen.replicas {
            let Replica { database, table, host_name, .. } = replica;
            let name = format!("{database}.{table}");
            let series = xxh3_64(format!("table\0{host_name}\0{database}\0{table}").as_bytes());
            let row = ReplicationRow {
                name: self.interner.intern(Some(&name)),
                client_addr: self.interner.intern(Some(host_name)),
                ..self.row("table", replica.absolute_delay_seconds)
            };
            rows.push((series, row.values()));
        }
        Collected {
            records: vec![Record::new(&streams::REPLICATION, from, seen.at, rows)],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            rows: seen.replicas.len() as u64,
            notice,
            snapshots: vec![AnySnapshot::new(seen)],
            ..Collected::default()
        }
    }

    /// Returns the row of a table, or of the server itself. ClickHouse reports only the delay.
    fn row(&mut self, kind: &str, delay_seconds: Option<i64>) -> ReplicationRow {
        ReplicationRow {
            kind: self.interner.intern(Some(kind)),
            lag_us: delay_seconds.map_or(NULL, |seconds| seconds.saturating_mul(1_000_000)),
            ..ReplicationRow::NULL
        }
    }
}

#[cfg(test)]
mod tests;
