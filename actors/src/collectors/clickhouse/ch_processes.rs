//! `processes`: running queries. ClickHouse 18.16 and later; needs `SELECT` on it, which shows the queries of everybody.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collector, Cursor, Every, Interner, NormalisedText, SampleTimes, Server,
    Spec, Step, TextCache, activity_sample,
};
use crate::model::{ActiveQuery, Engine, NULL, QueryWork, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::ACTIVITY),
    every: Every::Live(Duration::from_secs(5)),
    shows_activity: true,
    ..Spec::new("ch_processes", Engine::Clickhouse, || Box::<Processes>::default())
};

const VARIANTS: [(u32, &str); 2] =
    [(1816, include_str!("sql/ch_processes/18.16.sql")), (2010, include_str!("sql/ch_processes/20.10.sql"))];
const COLUMNS: &[&str] = &[
    "host_name",
    "query_id",
    "is_own",
    "at",
    "elapsed_ms",
    "user_name",
    "database_name",
    "client_name",
    "http_user_agent",
    "client_addr",
    "is_cancelled",
    "memory_usage",
    "peak_memory_usage",
    "read_rows",
    "read_bytes",
    "written_rows",
    "written_bytes",
    "total_rows_approx",
    "query",
];

/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(15);

/// The previous sample, and caches of texts and words.
#[derive(Default)]
struct Processes {
    times: SampleTimes,
    texts: TextCache,
    interner: Interner,
}

/// One row of the answer.
struct Process {
    series: u64,
    query: ActiveQuery,
    work: QueryWork,
    /// The text to store, also when the live view shows the raw one.
    text: NormalisedText,
}

impl Collector for Processes {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut at = None;
        let mut processes = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let (host_name, query_id) = (cursor.non_empty_text()?, cursor.non_empty_text()?);
            let is_own = cursor.bool()?.unwrap_or_default();
            let now = cursor.required_timestamp()?;
            at = at.max(Some(now));
            if !is_own {
                processes.push(self.process(server, host_name, query_id, now, &mut cursor)?);
            }
        }
        let at = at.ok_or(CellError { column: 3, expected: "in any row" })?;
        let rows = processes.iter().map(|process| (process.series, self.row(process))).collect();
        let queries = processes.into_iter().map(|process| process.query).collect();
        let interval = self.times.take(at, MAX_INTERVAL);
        Ok(Step::done(activity_sample(interval, at, rows, queries, &mut self.interner)))
    }
}

impl Processes {
    fn process(
        &mut self,
        server: &Server,
        host_name: Option<String>,
        query_id: Option<String>,
        at: Timestamp,
        cursor: &mut Cursor<'_>,
    ) -> Result<Process, CellError> {
        let name = format!("{}\0{}", host_name.as_deref().unwrap_or(""), query_id.as_deref().unwrap_or(""));
        let duration_ms = cursor.i64()?;
        let (user_name, database_name) = (cursor.non_empty_text()?, cursor.non_empty_text()?);
        // a client by HTTP has no name but an agent
        let (client_name, http_user_agent) = (cursor.non_empty_text()?, cursor.non_empty_text()?);
        let client_addr = cursor.non_empty_text()?;
        let is_cancelled = cursor.bool()?.unwrap_or_default();
        let work = QueryWork {
            query_id,
            host_name,
            memory_usage: cursor.i64()?,
            peak_memory_usage: cursor.i64()?,
            read_rows: cursor.i64()?,
            read_bytes: cursor.i64()?,
            written_rows: cursor.i64()?,
            written_bytes: cursor.i64()?,
            total_rows_approx: cursor.i64()?,
        };
        let raw = cursor.text()?.unwrap_or_default();
        let text = self.texts.normalise(Engine::Clickhouse, raw);
        let query = ActiveQuery {
            pid: None,
            query_text: Some(if server.raw_query_text { raw.to_owned() } else { text.0.to_string() }),
            query_hash: Some(text.1.to_string()),
            state: Some(if is_cancelled { "cancelled" } else { "active" }.to_owned()),
            wait_event_type: None,
            wait_event: None,
            duration_ms,
            transaction_ms: None,
            blocking_pids: Vec::new(),
            user_name,
            database_name,
            application_name: client_name.or(http_user_agent),
            client_addr,
            backend_type: None,
            ts: at,
            work: Some(work.clone()),
        };
        // series 0 is the sample itself
        Ok(Process { series: xxh3_64(name.as_bytes()).max(1), query, work, text })
    }

    fn row(&mut self, process: &Process) -> streams::ActivityRow {
        let Process { query, work, text: (text, hash), .. } = process;
        let text = self.interner.intern_hashed(hash.0, || Arc::clone(text));
        let [query_id_high, query_id_low] = halves(work.query_id.as_deref());
        let mut word = |text: &Option<String>| self.interner.intern(text.as_deref());
        streams::ActivityRow {
            query_text: text,
            state: word(&query.state),
            user_name: word(&query.user_name),
            database_name: word(&query.database_name),
            application_name: word(&query.application_name),
            client_addr: word(&query.client_addr),
            duration_ms: query.duration_ms.unwrap_or(NULL),
            host_name: word(&work.host_name),
            memory_usage: work.memory_usage.unwrap_or(NULL),
            peak_memory_usage: work.peak_memory_usage.unwrap_or(NULL),
            read_rows: work.read_rows.unwrap_or(NULL),
            read_bytes: work.read_bytes.unwrap_or(NULL),
            written_rows: work.written_rows.unwrap_or(NULL),
            written_bytes: work.written_bytes.unwrap_or(NULL),
            total_rows_approx: work.total_rows_approx.unwrap_or(NULL),
            query_id_high,
            query_id_low,
            ..streams::ActivityRow::NULL
        }
    }
}

/// A `query_id` as it is stored: no two queries have the same, so it is no word. One that a client chose is shown while
/// the query runs, and not stored.
fn halves(query_id: Option<&str>) -> [i64; 2] {
    let id = query_id.and_then(|text| Uuid::parse_str(text).ok().filter(|id| id.to_string() == text));
    id.map_or([NULL; 2], |id| {
        let (high, low) = id.as_u64_pair();
        [high.cast_signed(), low.cast_signed()]
    })
}
