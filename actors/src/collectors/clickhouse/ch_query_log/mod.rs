//! `query_log`: the cost of each query. ClickHouse 18.16 and later; needs `SELECT ON system.query_log`.
//! Reads only what is new, and a few slices again in which rows may have come late; nothing is counted twice, also when
//! Basira or the server was away meanwhile.

mod counted;
mod decode;
mod growth;
mod horizon;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use self::counted::Counted;
use self::decode::LogRow;
use self::growth::{Growth, Introduced};
use self::horizon::{Horizon, SLICE, Span, Written};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, FoundGap, Interner, Notice, Param, Server, Spec,
    Step, TextCache,
};
use crate::model::{Engine, GapReason, Timestamp, streams};
use crate::text::Fingerprint;

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::QUERIES),
    timeout: Duration::from_secs(10),
    shows_activity: true,
    ..Spec::new("ch_query_log", Engine::Clickhouse, || Box::<QueryLog>::default())
};

const SAMPLING: [(u32, &str); 1] = [(1816, include_str!("../sql/ch_query_log/sampling/18.16.sql"))];
const SAMPLING_COLUMNS: &[&str] = &["name", "value"];
const HORIZON: [(u32, &str); 2] = [
    (1816, include_str!("../sql/ch_query_log/horizon/18.16.sql")),
    (2103, include_str!("../sql/ch_query_log/horizon/21.3.sql")),
];
const HORIZON_COLUMNS: &[&str] = &["host_name", "at", "newest"];
const COUNTS: [(u32, &str); 2] = [
    (1816, include_str!("../sql/ch_query_log/counts/18.16.sql")),
    (2103, include_str!("../sql/ch_query_log/counts/21.3.sql")),
];
const TEXTS: [(u32, &str); 2] = [
    (1816, include_str!("../sql/ch_query_log/texts/18.16.sql")),
    (2103, include_str!("../sql/ch_query_log/texts/21.3.sql")),
];
const TEXTS_COLUMNS: &[&str] = &["hash", "query_text"];

/// By how much two readings of the start of the server may differ.
const START_JITTER: Duration = Duration::from_secs(5);
/// The number of runs between two reads of the logging settings.
const SAMPLING_EVERY: u32 = 60;
/// The number of texts per query, and of known texts before starting over.
const TEXTS_AT_ONCE: usize = 500;
const TEXTS_KNOWN: usize = 65_536;

/// What is known of the log.
#[derive(Default)]
struct QueryLog {
    stage: Stage,
    horizon: Horizon,
    counted: Counted,
    /// The fingerprint of each statement, by the server's hash.
    known: HashMap<i64, Fingerprint>,
    texts: TextCache,
    introduced: Introduced,
    interner: Interner,
    runs: u32,
    /// What the log leaves out.
    sampled: Option<Notice>,
    started_at: Option<Timestamp>,
}

/// The query whose answer comes next.
#[derive(Default)]
enum Stage {
    #[default]
    Sampling,
    Horizon,
    Counts(Span),
    Texts {
        span: Span,
        lines: Vec<LogRow>,
        wanted: Vec<i64>,
    },
}

impl Collector for QueryLog {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.runs = self.runs.wrapping_add(1);
        if self.runs % SAMPLING_EVERY == 1 {
            self.stage = Stage::Sampling;
            return ask(server, &SAMPLING, Vec::new(), SAMPLING_COLUMNS);
        }
        self.ask_horizon(server)
    }

    fn resume(&mut self, stored_until: Option<Timestamp>) {
        self.horizon.resume(stored_until);
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match std::mem::take(&mut self.stage) {
            Stage::Sampling => {
                self.sampled = sampled(&answer)?;
                self.ask_horizon(server)
            }
            Stage::Horizon => {
                let Some(span) = self.horizon.next(&Written::read(&answer)?) else {
                    return Ok(Step::done(self.nothing_new(server)));
                };
                self.stage = Stage::Counts(span);
                let bounds = [span.since, span.since, span.since, span.until];
                ask(server, &COUNTS, bounds.map(micros).to_vec(), decode::COLUMNS)
            }
            Stage::Counts(span) => {
                let lines = (0..answer.rows.len()).map(|row| decode::row(&mut Cursor::new(answer.rows, row)));
                let lines = lines.collect::<Result<Vec<LogRow>, _>>()?;
                self.texts_or_done(server, span, lines)
            }
            Stage::Texts { span, lines, wanted } => {
                self.learn(&answer, &wanted)?;
                self.texts_or_done(server, span, lines)
            }
        }
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        Err(match refusal {
            CollectError::Missing { .. } => CollectError::Missing {
                reason: "there is no system.query_log: nothing was logged yet, or logging is off".to_owned(),
                fix: "keep <query_log> in the server's configuration, and log_queries = 1 in the profiles of its users"
                    .to_owned(),
            },
            other => other,
        })
    }
}

impl QueryLog {
    fn ask_horizon(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.stage = Stage::Horizon;
        ask(server, &HORIZON, Vec::new(), HORIZON_COLUMNS)
    }

    fn texts_or_done(
        &mut self,
        server: &Server,
        span: Span,
        lines: Vec<LogRow>,
    ) -> Result<Step, CollectError> {
        let unknown = lines.iter().map(|line| line.key.hash).filter(|hash| !self.known.contains_key(hash));
        let mut wanted: Vec<i64> = unknown.collect::<HashSet<i64>>().into_iter().collect();
        if wanted.is_empty() {
            return Ok(Step::done(self.finish(server, span, lines)));
        }
        wanted.truncate(TEXTS_AT_ONCE);
        let mut params = [span.since, span.since, span.until].map(micros).to_vec();
        // older servers make no array of numbers of which some are negative and some are large
        params.push(Param::Text(wanted.iter().map(i64::to_string).collect::<Vec<_>>().join(",")));
        self.stage = Stage::Texts { span, lines, wanted };
        ask(server, &TEXTS, params, TEXTS_COLUMNS)
    }

    fn learn(&mut self, answer: &Answer<'_>, wanted: &[i64]) -> Result<(), CollectError> {
        if self.known.len() >= TEXTS_KNOWN {
            self.known.clear();
        }
        // a text that the log does not have any more: the server's hash names the statement
        self.known.extend(wanted.iter().map(|hash| (*hash, Fingerprint(hash.cast_unsigned()))));
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let hash = cursor.required_i64()?;
            let normal = self.texts.normalise(Engine::Clickhouse, cursor.text()?.unwrap_or_default());
            growth::intern(&mut self.interner, &normal);
            self.known.insert(hash, normal.1);
        }
        Ok(())
    }

    /// Counts what grew; every statement is known by now.
    fn finish(&mut self, server: &Server, span: Span, lines: Vec<LogRow>) -> Collected {
        let rows = lines.len() as u64;
        self.introduced.begin_sample();
        let (mut growth, mut entries, mut counts) = (Growth::default(), Vec::new(), Vec::new());
        for line in lines {
            let series = line.key.series();
            // a text that the log does not have any more: the server's hash names the statement
            let query =
                self.known.get(&line.key.hash).copied().unwrap_or(Fingerprint(line.key.hash.cast_unsigned()));
            if let Some(grown) = self.counted.growth(line.slice, series, &line.count) {
                growth.add(series, &line, &grown, query, &mut self.interner);
                entries.extend(self.introduced.introduce(series, &line.key, query));
            }
            counts.push((line.slice, series, line.count));
        }
        self.counted.commit(counts);
        self.counted.forget_before(slice_of(span.since));
        let mut collected = self.nothing_new(server);
        self.horizon.read(span);
        let given_up = span.given_up_from.map(|from| FoundGap {
            from: Some(from),
            to: span.from,
            reason: GapReason::NotWatched,
        });
        collected.gaps.extend(given_up);
        Collected {
            records: growth.records(span),
            entries,
            dictionary: self.interner.drain_new(),
            rows,
            ..collected
        }
    }

    /// A server that restarted may have lost the end of its log.
    fn nothing_new(&mut self, server: &Server) -> Collected {
        let before = self.started_at.replace(server.started_at);
        let restarted = before.is_some_and(|before| server.started_at.since(before) > START_JITTER);
        let gap = |from| FoundGap { from: Some(from), to: server.started_at, reason: GapReason::Restarted };
        let lost = self.horizon.read_until().filter(|until| restarted && *until < server.started_at);
        Collected {
            gaps: lost.map(gap).into_iter().collect(),
            notice: self.sampled.clone(),
            ..Collected::default()
        }
    }
}

fn ask(
    server: &Server,
    variants: &[(u32, &'static str)],
    params: Vec<Param>,
    columns: &'static [&'static str],
) -> Result<Step, CollectError> {
    Ok(Step::ask_with(server.variant(variants)?, params, columns))
}

fn micros(at: Timestamp) -> Param {
    Param::BigInt(at.as_millis() * 1000)
}

fn slice_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(i64::try_from(SLICE.as_millis()).unwrap_or(1))
}

/// What the log leaves out, by the settings of our own user.
fn sampled(answer: &Answer<'_>) -> Result<Option<Notice>, CollectError> {
    let mut settings = Vec::new();
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let (name, value) = (cursor.text()?.unwrap_or_default(), cursor.text()?.unwrap_or_default());
        let whole = match name {
            "log_queries" | "log_queries_probability" => value == "1",
            "log_queries_min_query_duration_ms" => value == "0",
            "log_queries_min_type" => matches!(value, "QUERY_START" | "1"),
            _ => true,
        };
        if !whole {
            settings.push(format!("{name} = {value}"));
        }
    }
    Ok((!settings.is_empty()).then(|| {
        Notice::new(
            format!("the log does not have every query: {}", settings.join(", ")),
            "set these to their defaults in the profile of the users whose queries are to be seen whole",
        )
    }))
}

#[cfg(test)]
mod tests;
