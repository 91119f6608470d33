//! The specification of a collector, and the conversation it has with a server.

use std::sync::Arc;
use std::time::Duration;

use super::{CellError, CollectError, Cursor, Epoch, FoundGap, HostingProvider, Mark, Rows, advice};
use crate::model::{
    ActivitySnapshot, AnySnapshot, Databases, DictionaryEntry, Engine, Event, LastValues, Record,
    SeriesEntry, Stream, Target, Timestamp,
};

/// The specification of one collector, a named source of samples. Adding one is described in `docs/adding-a-collector.md`.
pub struct Spec {
    /// The name used by `disabled_collectors` and `/collectors`.
    pub name: &'static str,
    pub engine: Engine,
    /// The stream of its samples, to which its gaps belong; none when it stores no samples.
    pub stream: Option<&'static Stream>,
    pub reach: Reach,
    pub every: Every,
    /// Whether a registration enables the collector; it can also be disabled by its name.
    pub enabled_by: fn(&Target) -> bool,
    /// Whether its rows are the activity of users: polling an idle service pauses only while there are none.
    pub shows_activity: bool,
    /// The server's time limit for each query; the client gives up a second later.
    pub timeout: Duration,
    /// Returns a new collector without baselines.
    pub start: fn() -> Box<dyn Collector>,
}

impl Spec {
    /// A collector of the whole server that runs at every poll, with five seconds per query, and stores no samples.
    /// `start` returns a new collector without baselines.
    #[must_use]
    pub const fn new(name: &'static str, engine: Engine, start: fn() -> Box<dyn Collector>) -> Self {
        Self {
            name,
            engine,
            stream: None,
            reach: Reach::Server,
            every: Every::PollInterval,
            enabled_by: |_| true,
            shows_activity: false,
            timeout: Duration::from_secs(5),
            start,
        }
    }

    /// Returns whether the collector runs for `target`.
    #[must_use]
    pub fn is_enabled(&self, target: &Target) -> bool {
        (self.enabled_by)(target) && !target.disabled_collectors.contains(self.name)
    }
}

/// Whether a collector reads the whole server or one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The whole server: one connection to any of its databases shows all of it.
    Server,
    /// The database connected to: each has its own.
    Database,
}

/// How often a collector runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// At every poll, as `poll_interval_seconds` of the database sets it.
    PollInterval,
    /// Live: this often, and faster while a subscriber requests it.
    Live(Duration),
    Fixed(Duration),
}

/// A collector works in steps and does no I/O itself: it returns a query, receives the answer, and returns what it
/// collected. Tests supply the answers.
pub trait Collector: Send {
    /// Returns the first query of a run.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when this server cannot answer it at all.
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError>;

    /// Takes the answer to the last query.
    ///
    /// # Errors
    /// [`CollectError::Decode`] when a cell has another type than expected.
    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError>;

    /// Takes the end of what is stored of its stream, before the first run.
    fn resume(&mut self, _stored_until: Option<Timestamp>) {}

    /// Whether it needs what is stored of its stream before the first run.
    fn wants_last_values(&self) -> bool {
        false
    }

    /// What is stored of its stream: what changed while Basira was away is a change too.
    fn restore(&mut self, _last_values: &LastValues) {}

    /// Called when the last query failed (a lock, a time limit, a privilege) and the connection is still usable.
    ///
    /// # Errors
    /// `refusal`, unless the run can continue or finish without the answer.
    fn refused(&mut self, _server: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        Err(refusal)
    }
}

/// The answer to a query, and how long the server took.
pub struct Answer<'a> {
    pub rows: &'a dyn Rows,
    pub took: Duration,
}

/// The next step of a run.
#[derive(Debug)]
pub enum Step {
    Ask(Query),
    /// Plan a statement. Answered with one row of [`EXPLAIN_COLUMNS`]: a refusal is an answer, not a failed run.
    Explain(ExplainRequest),
    Done(Box<Collected>),
}

impl Step {
    /// Runs `sql`, which takes no parameters and answers with `columns`, in this order.
    pub fn ask(sql: impl Into<Arc<str>>, columns: &'static [&'static str]) -> Self {
        Self::ask_with(sql, Vec::new(), columns)
    }

    /// Runs `sql` with `params`; it answers with `columns`, in this order.
    pub fn ask_with(sql: impl Into<Arc<str>>, params: Vec<Param>, columns: &'static [&'static str]) -> Self {
        Self::Ask(Query { sql: sql.into(), params, columns })
    }

    /// Ends the run.
    #[must_use]
    pub fn done(collected: Collected) -> Self {
        Self::Done(Box::new(collected))
    }
}

/// One statement to run, and the columns of its answer, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub sql: Arc<str>,
    pub params: Vec<Param>,
    pub columns: &'static [&'static str],
}

/// A statement to plan. It is never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainRequest {
    /// The text as the server shows it: parameters are `$1`, `$2`, ..
    pub text: Arc<str>,
    /// The `search_path` to plan it with.
    pub search_path: String,
    /// With the schemas of tables, and every column with the name of its table.
    pub verbose: bool,
}

/// The columns of the answer to [`Step::Explain`]: the plan as JSON, or why there is none: an SQLSTATE (none when the
/// statement was not sent) and a message without literals.
pub const EXPLAIN_COLUMNS: [&str; 3] = ["plan", "code", "refusal"];

/// A bound parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    Int(i32),
    BigInt(i64),
    BigInts(Vec<i64>),
    Bool(bool),
    Text(String),
}

/// The result of one run.
#[derive(Debug, Default)]
pub struct Collected {
    pub records: Vec<Record>,
    pub gaps: Vec<FoundGap>,
    pub entries: Vec<SeriesEntry>,
    pub dictionary: Vec<DictionaryEntry>,
    pub events: Vec<Event>,
    pub activity: Option<ActivitySnapshot>,
    /// What is so now.
    pub snapshots: Vec<AnySnapshot>,
    /// The number of rows read from the server.
    pub rows: u64,
    /// What this run could not read although it succeeded.
    pub notice: Option<Notice>,
}

/// A limitation with the SQL or setting that lifts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub reason: String,
    pub fix: String,
    /// Whether rows are hidden from the role: then that nothing was found means nothing.
    pub hides: bool,
}

impl Notice {
    /// A limitation that hides no rows.
    pub fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into(), hides: false }
    }

    /// A limitation that hides rows from the role.
    pub fn hiding(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { hides: true, ..Self::new(reason, fix) }
    }

    /// Joins two notices; equal ones are kept once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let joined = |one: String, two: String| [one, two].join("; ");
        Self {
            reason: joined(self.reason, other.reason),
            fix: joined(self.fix, other.fix),
            hides: self.hides || other.hides,
        }
    }
}

/// The properties of a server, read when connecting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The version as displayed: `16.14`.
    pub version: String,
    /// Major version: 14 to 18; of ClickHouse with two digits of the minor one: 2607 is 26.7.
    pub major: u32,
    /// Whether it was a standby when connecting; collectors that depend on it read it again with their counters.
    pub in_recovery: bool,
    /// The same on a primary and its physical standbys; unknown to a role that may not read it.
    pub system_identifier: Option<i64>,
    /// The size of a page: sizes in the catalog are in pages.
    pub block_bytes: i64,
    /// When the server process started. It distinguishes servers, and runs of one server.
    pub started_at: Timestamp,
    /// The database connected to.
    pub database: String,
    /// Which other databases of the server are watched.
    pub databases: Databases,
    /// The cluster whose replicas are all read; ClickHouse only.
    pub cluster: Option<String>,
    pub provider: HostingProvider,
    /// The role connected as, and its oid.
    pub role: String,
    pub role_oid: i64,
    pub statements: Option<Extension>,
    /// Whether the server has loaded the library of `pg_stat_statements`.
    pub statements_loaded: bool,
    /// Whether the live view shows texts with their literals (`collect.raw_query_text`). They are never stored.
    pub raw_query_text: bool,
    /// Whether hypothetical indexes (HypoPG) may be tried on a primary.
    pub try_indexes_on_primary: bool,
}

/// An extension as installed in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The quoted identifier.
    pub schema: String,
    /// `1.11` is `(1, 11)`.
    pub version: (u32, u32),
}

impl Server {
    /// Runs the variant of a query for this server's version; it answers with `columns`, in this order.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when the server is older than all variants.
    pub fn ask(
        &self,
        variants: &[(u32, &'static str)],
        columns: &'static [&'static str],
    ) -> Result<Step, CollectError> {
        Ok(Step::ask(self.variant(variants)?, columns))
    }

    /// Returns a server of which nothing is known yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            version: String::new(),
            major: 0,
            in_recovery: false,
            system_identifier: None,
            block_bytes: 0,
            started_at: Timestamp(0),
            database: String::new(),
            databases: Databases::default(),
            cluster: None,
            provider: HostingProvider::Plain,
            role: String::new(),
            role_oid: 0,
            statements: None,
            statements_loaded: false,
            raw_query_text: false,
            try_indexes_on_primary: false,
        }
    }

    /// Reads the columns `at`, `in_recovery` and `reset_at`.
    ///
    /// # Errors
    /// [`CellError`] when one has another type.
    pub fn mark(&self, cursor: &mut Cursor<'_>) -> Result<Mark, CellError> {
        let at = cursor.required_timestamp()?;
        let in_recovery = cursor.bool()?.unwrap_or_default();
        let reset_at = cursor.timestamp()?;
        let epoch = Epoch { started_at: self.started_at, in_recovery, reset_at, evictions: 0 };
        Ok(Mark { at, epoch })
    }

    /// Returns the extension `pg_stat_statements`.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when it is not installed in this database.
    pub fn statements(&self) -> Result<&Extension, CollectError> {
        self.statements.as_ref().ok_or_else(|| CollectError::Missing {
            reason: format!(
                "the extension pg_stat_statements is not installed in database {}",
                self.database
            ),
            fix: advice::install(self.provider, "pg_stat_statements", self.statements_loaded),
        })
    }

    /// Returns the variant of a query for this server's version.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when the server is older than all variants.
    pub fn variant(&self, variants: &[(u32, &'static str)]) -> Result<&'static str, CollectError> {
        let lowest = variants.first().map_or(0, |(lowest, _)| *lowest);
        variant(variants, self.major).ok_or_else(|| CollectError::Missing {
            reason: format!("version {} is too old for this collector", self.version),
            fix: format!("needs version {} or later", version_of(lowest)),
        })
    }
}

/// The displayed form of a major version: 2011 is 20.11.
fn version_of(major: u32) -> String {
    if major < 100 { major.to_string() } else { format!("{}.{}", major / 100, major % 100) }
}

/// Returns the variant with the highest version not above `version`: SQL files are named by the lowest they fit.
#[must_use]
pub fn variant<V: PartialOrd + Copy>(variants: &[(V, &'static str)], version: V) -> Option<&'static str> {
    variants.iter().rev().find(|(lowest, _)| *lowest <= version).map(|(_, sql)| *sql)
}

#[cfg(test)]
mod tests {
    use super::variant;

    #[test]
    fn the_highest_variant_not_above_the_version_is_chosen() {
        let variants = [(14, "a"), (16, "b")];
        for (version, expected) in
            [(13, None), (14, Some("a")), (15, Some("a")), (16, Some("b")), (19, Some("b"))]
        {
            assert_eq!(variant(&variants, version), expected, "version {version}");
        }
    }
}
