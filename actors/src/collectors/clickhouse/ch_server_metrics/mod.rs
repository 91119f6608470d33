//! `metrics`, `events`, `asynchronous_metrics`, `disks` and `server_settings`: the metrics of each node. ClickHouse 18.16 and
//! later; needs SELECT on them, and does without the last three.

mod decode;

use std::collections::BTreeMap;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use self::decode::{Counted, counters, disk};
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Deltas, Every, HostCounters, Interner,
    NodeClock, OptionalQueries, Reading, SampleInterval, SampleTimes, Server, Spec, Step,
};
use crate::model::{
    AnySnapshot, Engine, GapReason, HostMetrics, NULL, Record, ServerMetrics, Timestamp, streams,
};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::SERVER_METRICS),
    every: Every::Fixed(Duration::from_secs(10)),
    ..Spec::new("ch_server_metrics", Engine::Clickhouse, || {
        Box::new(Metrics {
            stage: Stage::Clock,
            sample: None,
            times: SampleTimes::default(),
            counters: HostCounters::new(MAX_INTERVAL),
            optional: OptionalQueries::default(),
            interner: Interner::default(),
        })
    })
};

const COUNTERS: &str = include_str!("../sql/ch_server_metrics/counters.sql");
const RESIDENT: &str = include_str!("../sql/ch_server_metrics/resident.sql");
const LIMIT: &str = include_str!("../sql/ch_server_metrics/limit.sql");
const DISKS: &str = include_str!("../sql/ch_server_metrics/disks.sql");

/// A version that counts failed queries; earlier ones do not report that they do not.
const COUNTS_FAILURES: u32 = 2_010;
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(30);

struct Metrics {
    stage: Stage,
    sample: Option<Sample>,
    times: SampleTimes,
    counters: HostCounters<3>,
    optional: OptionalQueries,
    interner: Interner,
}

/// What the next answer is to, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Clock,
    Counters,
    Resident,
    Limit,
    Disks,
    Done,
}

/// What was answered so far.
struct Sample {
    clock: NodeClock,
    rows: usize,
    counted: Vec<Counted>,
    hosts: BTreeMap<String, HostMetrics>,
}

impl Stage {
    const fn next(self) -> Self {
        match self {
            Self::Clock => Self::Counters,
            Self::Counters => Self::Resident,
            Self::Resident => Self::Limit,
            Self::Limit => Self::Disks,
            Self::Disks | Self::Done => Self::Done,
        }
    }

    /// What is not known without an answer; none when nothing is.
    const fn needed_for(self) -> Option<&'static str> {
        match self {
            Self::Resident => Some("resident memory is"),
            Self::Limit => Some("the limit of memory is"),
            Self::Disks => Some("disks are"),
            Self::Clock | Self::Counters | Self::Done => None,
        }
    }
}

impl Collector for Metrics {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        (self.stage, self.sample) = (Stage::Clock, None);
        NodeClock::ask(server)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match &mut self.sample {
            None => self.sample = Some(Sample::new(NodeClock::read(&answer)?)),
            Some(sample) if self.stage == Stage::Counters => {
                let counts_failures = server.major >= COUNTS_FAILURES;
                (sample.counted, sample.hosts) = counters(&answer, sample.clock.at, counts_failures)?;
                sample.rows = answer.rows.len();
            }
            Some(sample) => sample.take(self.stage, &answer)?,
        }
        Ok(self.ask_on())
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        match (self.stage.needed_for(), &self.sample) {
            (Some(what), Some(sample)) => {
                self.optional.refused(what, sample.clock.at, &refusal);
                Ok(self.ask_on())
            }
            _ => Err(refusal),
        }
    }
}

impl Metrics {
    /// The next question that is worth asking.
    fn ask_on(&mut self) -> Step {
        let now = self.sample.as_ref().map_or(Timestamp(0), |sample| sample.clock.at);
        loop {
            self.stage = self.stage.next();
            if self.stage.needed_for().is_none_or(|what| self.optional.is_due(what, now)) {
                break;
            }
        }
        let (sql, columns) = match self.stage {
            Stage::Clock | Stage::Counters => (COUNTERS, decode::COUNTER_COLUMNS),
            Stage::Resident => (RESIDENT, decode::RESIDENT_COLUMNS),
            Stage::Limit => (LIMIT, decode::LIMIT_COLUMNS),
            Stage::Disks => (DISKS, decode::DISK_COLUMNS),
            Stage::Done => return Step::done(self.collected()),
        };
        Step::ask(sql, columns)
    }

    fn collected(&mut self) -> Collected {
        let Some(Sample { clock, rows, counted, mut hosts }) = self.sample.take() else {
            return Collected::default();
        };
        let at = clock.at;
        let SampleInterval { mut from, gap } = self.times.take(at, MAX_INTERVAL);
        let mut gaps: Vec<_> = gap.into_iter().collect();
        let mut lines = Vec::with_capacity(hosts.len());
        for counted in &counted {
            let Some(host) = hosts.get_mut(&counted.host_name) else { continue };
            let reading = Reading { series: 0, since: None, values: counted.values };
            let deltas = self.counters.take(&counted.host_name, at, counted.uptime, &[reading]);
            let restart = deltas.gap.filter(|gap| gap.reason == GapReason::Restarted);
            if restart.is_none() {
                decode::rates(&deltas, at, &mut host.queries);
            }
            gaps.extend(restart);
            from = from.min(deltas.from.unwrap_or(from));
            lines.push((xxh3_64(counted.host_name.as_bytes()), self.row(host, &deltas, at)));
        }
        gaps.dedup();
        let records = vec![
            Record::new(&streams::SERVER_METRICS, from, at, lines),
            Record::new(&streams::DISKS, from, at, self.disk_rows(hosts.values())),
        ];
        let own = hosts.get(&clock.host_name).cloned();
        let own = own.unwrap_or_else(|| HostMetrics::named(&clock.host_name, at));
        Collected {
            records,
            gaps,
            dictionary: self.interner.drain_new(),
            rows: rows as u64,
            snapshots: vec![AnySnapshot::new(ServerMetrics { own, hosts: hosts.into_values().collect() })],
            notice: self.optional.notice(),
            ..Collected::default()
        }
    }

    /// Returns the columns of the stream, in its order.
    fn row(
        &mut self,
        host: &HostMetrics,
        deltas: &Deltas<3>,
        at: Timestamp,
    ) -> [i64; streams::SERVER_METRICS.columns.len()] {
        let known = |value: Option<i64>| value.unwrap_or(NULL);
        let [queries, inserts, failed] = deltas.rows.first().map_or([NULL; 3], |(_, deltas)| *deltas);
        let counted_us = deltas.from.map(|from| i64::try_from(at.since(from).as_micros()).unwrap_or(NULL));
        streams::ServerMetricsRow {
            host_name: self.interner.intern(host.host_name.as_deref()),
            resident_bytes: known(host.memory.resident_bytes),
            tracked_bytes: known(host.memory.tracked_bytes),
            limit_bytes: known(host.memory.limit_bytes),
            tcp_connections: known(host.connections.tcp),
            http_connections: known(host.connections.http),
            mysql_connections: known(host.connections.mysql),
            postgres_connections: known(host.connections.postgres),
            interserver_connections: known(host.connections.interserver),
            running_queries: known(host.queries.running),
            queries,
            inserts,
            failed_queries: failed,
            counted_us: known(counted_us),
        }
        .values()
    }

    fn disk_rows<'a>(
        &mut self,
        hosts: impl Iterator<Item = &'a HostMetrics>,
    ) -> Vec<(u64, [i64; streams::DISKS.columns.len()])> {
        let disks = hosts.flat_map(|host| host.disks.iter().map(move |disk| (host, disk)));
        let rows = disks.map(|(host, disk)| {
            let series = xxh3_64(
                format!("{}\0{}", host.host_name.as_deref().unwrap_or_default(), disk.name).as_bytes(),
            );
            let row = streams::DisksRow {
                host_name: self.interner.intern(host.host_name.as_deref()),
                name: self.interner.intern(Some(&disk.name)),
                free_bytes: disk.free_bytes.unwrap_or(NULL),
                total_bytes: disk.total_bytes.unwrap_or(NULL),
            }
            .values();
            (series, row)
        });
        rows.collect()
    }
}

impl Sample {
    fn new(clock: NodeClock) -> Self {
        Self { clock, rows: 0, counted: Vec::new(), hosts: BTreeMap::new() }
    }

    fn take(&mut self, stage: Stage, answer: &Answer<'_>) -> Result<(), CellError> {
        self.rows += answer.rows.len();
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let Some(host) = cursor.text()?.and_then(|name| self.hosts.get_mut(name)) else { continue };
            match stage {
                Stage::Resident => host.memory.resident_bytes = cursor.i64()?,
                Stage::Limit => host.memory.limit_bytes = cursor.i64()?.filter(|bytes| *bytes > 0),
                _ => host.disks.push(disk(&mut cursor)?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
