//! `pg_stat_statements`: the cost of each statement. PostgreSQL 14 and later (extension 1.9); needs `pg_read_all_stats`.
//! Costs about 10 ms of a backend per 5,000 entries; texts are read only for statements not seen before.

mod decode;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;
use std::time::Duration;

use self::decode::{MOVES, Values, key, probe, values};
use self::texts::StatementTexts;
use crate::collect::{
    Answer, CollectError, Collected, Collector, Continuity, Counters, Cursor, Epoch, Mark, Notice, Param,
    Query, Server, Spec, Step, advice, variant,
};
use crate::model::{Engine, GapReason, Record, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::STATEMENTS),
    ..Spec::new("pg_stat_statements", Engine::Postgres, || Box::<Statements>::default())
};

const COUNTERS: [((u32, u32), &str); 3] = [
    ((1, 9), include_str!("../sql/pg_stat_statements/1.9.sql")),
    ((1, 10), include_str!("../sql/pg_stat_statements/1.10.sql")),
    ((1, 11), include_str!("../sql/pg_stat_statements/1.11.sql")),
];
const INFO: &str = include_str!("../sql/pg_stat_statements/info.sql");
const INFO_COLUMNS: &[&str] = &["at", "reset_at", "evictions", "in_recovery"];

/// A sample this much later than the one before leaves a gap: what happened is known, but not when.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// Baselines and what is known of each statement.
#[derive(Default)]
pub(crate) struct Statements {
    stage: Stage,
    previous: Option<Mark>,
    /// Whether that sample was of every database of the server.
    everywhere: bool,
    counters: Counters<{ decode::COUNTERS }>,
    texts: StatementTexts,
    /// The sample being taken.
    sample: Sample,
    /// Changes of a sample that was broken off after its baselines had moved: they join the next one.
    carried: Vec<(u64, Values)>,
}

/// The query whose answer comes next.
#[derive(Debug, Default, Clone, Copy)]
enum Stage {
    #[default]
    InfoBefore,
    Counters(Mark),
    InfoAfter {
        before: Mark,
        continuity: Continuity,
    },
    Texts {
        mark: Mark,
        continuity: Continuity,
        /// Whether the texts are those of sessions.
        of_sessions: bool,
    },
}

#[derive(Default)]
struct Sample {
    changed: Vec<(u64, Values)>,
    rows: u64,
    /// Entries whose statement this role may not see.
    hidden: u64,
}

impl Collector for Statements {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        // older ones lack other views, too
        counters_sql(server)?;
        self.stage = Stage::InfoBefore;
        self.carried.append(&mut self.sample.changed);
        ask_info(server)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.stage {
            Stage::InfoBefore => {
                self.stage = Stage::Counters(read_mark(server, &answer)?);
                ask_counters(server)
            }
            Stage::Counters(before) => {
                let continuity = self.continuity(server, before);
                self.take(server, &answer, continuity, before.at)?;
                self.stage = Stage::InfoAfter { before, continuity };
                ask_info(server)
            }
            Stage::InfoAfter { before, continuity } => {
                let after = read_mark(server, &answer)?;
                if after.epoch.reset_at != before.epoch.reset_at {
                    return self.start_over(server, before);
                }
                self.texts_or_done(server, after, continuity)
            }
            Stage::Texts { mark, continuity, of_sessions } => {
                if of_sessions {
                    self.texts.learn_from_sessions(&answer)?;
                } else {
                    self.texts.learn(&answer, mark.at)?;
                }
                Ok(self.finish(server, mark, continuity))
            }
        }
    }

    fn refused(&mut self, server: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        match self.stage {
            // the counters are whole without a text
            Stage::Texts { mark, continuity, of_sessions: false } if self.texts.refused(&refusal) => {
                match self.texts.ask_sessions(server.databases.all) {
                    Some(query) => Ok(self.ask_texts(query, mark, continuity, true)),
                    None => Ok(self.finish(server, mark, continuity)),
                }
            }
            Stage::InfoBefore | Stage::Counters(_) | Stage::InfoAfter { .. } | Stage::Texts { .. } => {
                Err(refusal)
            }
        }
    }
}

impl Statements {
    /// As [`Continuity::between`]; databases that were not read before have no baseline either.
    fn continuity(&mut self, server: &Server, now: Mark) -> Continuity {
        let everywhere = std::mem::replace(&mut self.everywhere, server.databases.all);
        match self.previous {
            Some(previous) if everywhere != server.databases.all => {
                self.previous = None;
                Continuity::Baseline { gap: Some((Some(previous.at), GapReason::NotWatched)) }
            }
            previous => Continuity::between(previous, now, MAX_INTERVAL),
        }
    }

    /// Reads the counters of every statement and keeps what changed.
    fn take(
        &mut self,
        server: &Server,
        answer: &Answer<'_>,
        continuity: Continuity,
        now: Timestamp,
    ) -> Result<(), CollectError> {
        self.sample = Sample { rows: answer.rows.len() as u64, ..Sample::default() };
        self.counters.begin_sample();
        self.texts.begin_sample(now);
        let version = server.statements()?.version;
        let grows = matches!(continuity, Continuity::Delta { .. });
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let Some(statement) = key(&mut cursor)? else {
                self.sample.hidden += 1;
                continue;
            };
            let moves = probe(&mut cursor)?;
            if grows
                && self.counters.is_unchanged(
                    statement.series,
                    statement.since,
                    &MOVES.map(|at| (at, moves[at])),
                )
            {
                continue;
            }
            self.texts.want(statement.series, statement.queryid);
            let new = grows && !self.counters.contains(statement.series);
            if new && statement.user == server.role_oid && !self.texts.may_tell(statement.series) {
                continue; // may be our own: wait until its text can be read
            }
            let (counters, gauges) = values(&mut cursor, moves, version)?;
            let change = self.counters.observe(statement.series, statement.since, counters);
            let delta = continuity.delta(change, counters);
            if let Some(delta) = delta.filter(|delta| MOVES.iter().any(|&at| delta[at] > 0)) {
                self.sample.changed.push((statement.series, decode::row(&delta, &gauges)));
            }
        }
        if self.counters.end_sample() > 0 {
            let counters = &self.counters;
            self.texts.keep(|series| counters.contains(series));
        }
        Ok(())
    }

    /// The counters were reset while they were being read: what was read is of no use, what comes now is exact.
    fn start_over(&mut self, server: &Server, before: Mark) -> Result<Step, CollectError> {
        self.previous = self.previous.or(Some(before));
        self.counters = Counters::default();
        self.sample = Sample::default();
        self.begin(server)
    }

    fn texts_or_done(
        &mut self,
        server: &Server,
        mark: Mark,
        continuity: Continuity,
    ) -> Result<Step, CollectError> {
        let of_sessions = self.texts.is_paused();
        match self.texts.ask(server.statements()?, server.databases.all, mark.at) {
            Some(query) => Ok(self.ask_texts(query, mark, continuity, of_sessions)),
            None => Ok(self.finish(server, mark, continuity)),
        }
    }

    fn ask_texts(&mut self, query: Query, mark: Mark, continuity: Continuity, of_sessions: bool) -> Step {
        self.stage = Stage::Texts { mark, continuity, of_sessions };
        Step::Ask(query)
    }

    fn finish(&mut self, server: &Server, mark: Mark, continuity: Continuity) -> Step {
        let previous = self.previous.replace(mark);
        let before = previous.map(|previous| previous.at);
        let Sample { mut changed, rows, hidden } = std::mem::take(&mut self.sample);
        let carried = std::mem::take(&mut self.carried);
        if matches!(continuity, Continuity::Delta { .. }) {
            decode::add(&mut changed, carried);
        }
        changed.retain(|(series, _)| !self.texts.is_own(*series));
        let (from, gap) = continuity.span(before, mark.at);
        let (entries, dictionary) = self.texts.drain_new();
        let forgotten = from.and_then(|from| evictions(from, previous, mark));
        Step::done(Collected {
            records: from.map(|from| record(from, mark.at, changed)).into_iter().chain(forgotten).collect(),
            gaps: gap.into_iter().collect(),
            entries,
            dictionary,
            rows,
            notice: (hidden > 0)
                .then(|| hidden_notice(server, hidden))
                .into_iter()
                .chain(self.texts.notice())
                .reduce(Notice::and),
            ..Collected::default()
        })
    }
}

fn record(from: Timestamp, at: Timestamp, changed: Vec<(u64, Values)>) -> Record {
    Record::new(&streams::STATEMENTS, from, at, changed)
}

/// The rounds of evictions since the sample before, if there were any.
fn evictions(from: Timestamp, previous: Option<Mark>, mark: Mark) -> Option<Record> {
    let rounds = mark.epoch.evictions - previous?.epoch.evictions;
    // after a reset they were counted from zero
    let rounds = if rounds < 0 { mark.epoch.evictions } else { rounds };
    (rounds > 0).then(|| Record::new(&streams::EVICTIONS, from, mark.at, vec![(0, [rounds])]))
}

fn ask_info(server: &Server) -> Result<Step, CollectError> {
    let sql = Arc::from(INFO.replace("{schema}", &server.statements()?.schema));
    Ok(Step::ask(sql, INFO_COLUMNS))
}

/// The query for the counters, without the schema.
fn counters_sql(server: &Server) -> Result<&'static str, CollectError> {
    let extension = server.statements()?;
    variant(&COUNTERS, extension.version).ok_or_else(|| CollectError::Missing {
        reason: format!(
            "pg_stat_statements {}.{} is older than 1.9",
            extension.version.0, extension.version.1
        ),
        fix: "ALTER EXTENSION pg_stat_statements UPDATE;".to_owned(),
    })
}

fn ask_counters(server: &Server) -> Result<Step, CollectError> {
    let (sql, extension) = (counters_sql(server)?, server.statements()?);
    let sql = Arc::from(sql.replace("{schema}", &extension.schema));
    Ok(Step::ask_with(sql, vec![Param::Bool(server.databases.all)], decode::COLUMNS))
}

fn read_mark(server: &Server, answer: &Answer<'_>) -> Result<Mark, CollectError> {
    let mut cursor = Cursor::new(answer.rows, 0);
    let at = cursor.required_timestamp()?;
    let reset_at = cursor.timestamp()?;
    let evictions = cursor.required_i64()?;
    let in_recovery = cursor.bool()?.unwrap_or_default();
    Ok(Mark { at, epoch: Epoch { started_at: server.started_at, in_recovery, reset_at, evictions } })
}

fn hidden_notice(server: &Server, hidden: u64) -> Notice {
    Notice::hiding(
        format!("{hidden} statements of other roles are hidden from role {}", server.role),
        advice::grant_monitor(&server.role),
    )
}
