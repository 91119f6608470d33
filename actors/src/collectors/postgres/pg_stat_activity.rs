//! `pg_stat_activity`: what sessions are running. PostgreSQL 14 and later; needs `pg_read_all_stats` to see other roles.
//! Costs 0.2 to 0.4 ms of a backend with 70 sessions.

use std::sync::Arc;
use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Interner, Notice, SampleTimes,
    Server, SessionText, Spec, Step, TextCache, activity_sample, hidden_notice,
};
use crate::model::{ActiveQuery, Engine, NULL, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::ACTIVITY),
    every: Every::Live(Duration::from_secs(5)),
    ..Spec::new("pg_stat_activity", Engine::Postgres, || Box::<Activity>::default())
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("sql/pg_stat_activity/14.sql"))];
const COLUMNS: &[&str] = &[
    "pid",
    "at",
    "user_name",
    "database_name",
    "application_name",
    "client_addr",
    "backend_type",
    "state",
    "wait_event_type",
    "wait_event",
    "xact_start",
    "query_start",
    "query",
    "blocking_pids",
];

/// The state of a session with `track_activities = off`.
const UNTRACKED: &str = "disabled";
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(15);

/// The previous sample, and caches of texts and words.
#[derive(Default)]
struct Activity {
    times: SampleTimes,
    texts: TextCache,
    interner: Interner,
}

impl Collector for Activity {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut at = None;
        let mut sessions = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let pid = cursor.i64()?;
            let now = cursor.required_timestamp()?;
            at = Some(now);
            if let Some(pid) = pid {
                sessions.push(self.session(server, pid, now, &mut cursor)?);
            }
        }
        let at = at.ok_or(CellError { column: 1, expected: "in any row" })?;
        // not even the state of these is known: they may be idle
        let all = sessions.len();
        sessions.retain(|session| !session.text.is_hidden());
        let hidden = all - sessions.len();
        let seen = sessions.len();
        sessions.retain(|session| session.query.state.as_deref() != Some(UNTRACKED));
        let untracked = untracked_notice(seen - sessions.len());
        let rows = sessions.iter().map(|session| (session.pid.cast_unsigned(), self.row(session))).collect();
        let queries = sessions.into_iter().map(|session| session.query).collect();
        let interval = self.times.take(at, MAX_INTERVAL);
        Ok(Step::done(Collected {
            notice: hidden_notice(server, hidden).into_iter().chain(untracked).reduce(Notice::and),
            ..activity_sample(interval, at, rows, queries, &mut self.interner)
        }))
    }
}

/// The notice that the server does not know what `count` sessions do; none for zero.
fn untracked_notice(count: usize) -> Option<Notice> {
    (count > 0).then(|| {
        Notice::hiding(
            format!("what {count} sessions do is not known: track_activities is off for them"),
            "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();",
        )
    })
}

/// One row of the answer.
struct Session {
    pid: i64,
    query: ActiveQuery,
    /// The text to store, also when the live view shows the raw one.
    text: SessionText,
}

impl Activity {
    fn session(
        &mut self,
        server: &Server,
        pid: i64,
        at: Timestamp,
        cursor: &mut Cursor<'_>,
    ) -> Result<Session, CellError> {
        let mut owned = || cursor.owned_text();
        let (user_name, database_name, application_name) = (owned()?, owned()?, owned()?);
        let (client_addr, backend_type, state) = (owned()?, owned()?, owned()?);
        let (wait_event_type, wait_event) = (owned()?, owned()?);
        let age_ms = |start: Option<Timestamp>| {
            start.map(|start| i64::try_from(at.since(start).as_millis()).unwrap_or(i64::MAX))
        };
        let transaction_ms = age_ms(cursor.timestamp()?);
        let duration_ms = age_ms(cursor.timestamp()?);
        let raw = cursor.text()?;
        let mut blocking_pids = cursor.ints()?.unwrap_or_default();
        blocking_pids.sort_unstable();
        blocking_pids.dedup();
        let text = self.texts.session_text(raw);
        let query_text = match (text.known(), raw) {
            (Some(_), Some(raw)) if server.raw_query_text => Some(raw.to_owned()),
            (known, _) => known.map(|(text, _)| text.to_string()),
        };
        let query = ActiveQuery {
            pid: Some(pid),
            query_text,
            query_hash: text.known().map(|(_, fingerprint)| fingerprint.to_string()),
            state,
            wait_event_type,
            wait_event,
            duration_ms,
            transaction_ms,
            blocking_pids,
            user_name,
            database_name,
            application_name,
            client_addr,
            backend_type,
            ts: at,
            work: None,
        };
        Ok(Session { pid, query, text })
    }

    fn row(&mut self, session: &Session) -> streams::ActivityRow {
        let Session { query, text, .. } = session;
        let text = text
            .known()
            .map_or(NULL, |(text, hash)| self.interner.intern_hashed(hash.0, || Arc::clone(text)));
        let blocking_pids = (!query.blocking_pids.is_empty()).then(|| join(&query.blocking_pids));
        let mut word = |text: &Option<String>| self.interner.intern(text.as_deref());
        streams::ActivityRow {
            query_text: text,
            state: word(&query.state),
            wait_event_type: word(&query.wait_event_type),
            wait_event: word(&query.wait_event),
            user_name: word(&query.user_name),
            database_name: word(&query.database_name),
            application_name: word(&query.application_name),
            client_addr: word(&query.client_addr),
            backend_type: word(&query.backend_type),
            blocking_pids: word(&blocking_pids),
            duration_ms: query.duration_ms.unwrap_or(NULL),
            transaction_ms: query.transaction_ms.unwrap_or(NULL),
            ..streams::ActivityRow::NULL
        }
    }
}

fn join(pids: &[i64]) -> String {
    pids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}
