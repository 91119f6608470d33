//! The specification of a collector, and the conversation it has with a server.

use std::sync::Arc;
use std::time::Duration;

use super::{CollectError, HostingProvider, Rows, advice};
use crate::model::{
    ActivitySnapshot, AnySnapshot, Databases, DictionaryEntry, Engine, Entry, Event, GapReason, LastValues,
    Record, Stream, Timestamp,
};

/// One named source of samples. Adding one is one file like its neighbours and one line in `collectors::all`.
pub struct Spec {
    /// As `disabled_collectors` and `/collectors` name it.
    pub name: &'static str,
    pub engine: Engine,
    /// What its gaps are about.
    pub stream: &'static Stream,
    pub reach: Reach,
    pub every: Every,
    /// The server ends a query of this collector after this long; the client gives up a second later.
    pub timeout: Duration,
    /// A fresh collector that has seen nothing yet.
    pub start: fn() -> Box<dyn Collector>,
}

/// What a collector's source is about.
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
    /// As often as the database's `poll_interval_seconds` says.
    PollInterval,
    /// Live: this often, and faster while a stream asks for it.
    Live(Duration),
    Fixed(Duration),
}

/// A collector talks in steps, so that it needs no connection to be tested: it asks, is answered, and is done.
pub trait Collector: Send {
    /// The first question of a run.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when this server cannot answer it at all.
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError>;

    /// The answer to the last question.
    ///
    /// # Errors
    /// [`CollectError::Decode`] when it is not what was asked for.
    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError>;

    /// Where what is stored of its stream ends; told before its first run.
    fn resume(&mut self, _stored_until: Option<Timestamp>) {}

    /// Whether it wants to know what is stored of its stream before its first run.
    fn wants_last_values(&self) -> bool {
        false
    }

    /// What is stored of its stream: what changed while Basira was away is a change too.
    fn restore(&mut self, _last_values: &LastValues) {}

    /// The last question was refused, by a lock or a time limit; the connection still stands.
    ///
    /// # Errors
    /// `refusal`, unless there is something else to ask or enough is known.
    fn refused(&mut self, _server: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        Err(refusal)
    }
}

/// What the server said, and how long it took to say it.
pub struct Answer<'a> {
    pub rows: &'a dyn Rows,
    pub took: Duration,
}

/// What a collector wants next.
#[derive(Debug)]
pub enum Step {
    Ask(Query),
    /// Answered with one row of [`EXPLAIN_COLUMNS`]: a refusal is an answer, not a failed run.
    Explain(ExplainRequest),
    Done(Box<Collected>),
}

/// One statement to run, with the columns it must answer with, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub sql: Arc<str>,
    pub params: Vec<Param>,
    pub columns: &'static [&'static str],
}

/// A statement whose plan is wanted. It is planned, never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainRequest {
    /// As the server shows it: parameters are `$1`, `$2`, ..
    pub text: Arc<str>,
    /// Where its tables are looked for, as `search_path` spells it.
    pub search_path: String,
    /// With the schemas of tables, and every column with the name of its table.
    pub verbose: bool,
}

/// The columns of the answer to [`Step::Explain`]: the plan as JSON, or why there is none: an SQLSTATE (none when it was
/// not even asked for) and words without literals.
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

/// What one run came to.
#[derive(Debug, Default)]
pub struct Collected {
    pub records: Vec<Record>,
    /// Gaps that this run found; a `from` of `None` stands for the end of what is stored.
    pub gaps: Vec<(Option<Timestamp>, Timestamp, GapReason)>,
    pub entries: Vec<Entry>,
    pub dictionary: Vec<DictionaryEntry>,
    pub events: Vec<Event>,
    pub activity: Option<ActivitySnapshot>,
    /// What is so now.
    pub snapshots: Vec<AnySnapshot>,
    /// Rows read from the server.
    pub rows: u64,
    /// Something that this run could not see, though it worked.
    pub notice: Option<Notice>,
}

/// A limitation with the SQL or setting that lifts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub reason: String,
    pub fix: String,
}

impl Notice {
    /// Both, in one; the same is said once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let joined = |one: String, two: String| [one, two].join("; ");
        Self { reason: joined(self.reason, other.reason), fix: joined(self.fix, other.fix) }
    }
}

/// What is known of the server behind a connection; read when connecting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// For people: `16.14`.
    pub version: String,
    /// Major version: 14 to 18; of ClickHouse with two digits of the minor one: 2607 is 26.7.
    pub major: u32,
    /// Whether it was a standby when last looked at; collectors to which it matters read it with their figures.
    pub in_recovery: bool,
    /// The same on a primary and its physical standbys; unknown to a role that may not read it.
    pub system_identifier: Option<i64>,
    /// Bytes in a page: sizes in the catalog are in pages.
    pub block_bytes: i64,
    /// When the server process started: tells one server, and one life of it, from another.
    pub started_at: Timestamp,
    /// The database connected to.
    pub database: String,
    /// What else of the server is watched.
    pub databases: Databases,
    /// The cluster of which every replica is read; ClickHouse only.
    pub cluster: Option<String>,
    /// Who runs it.
    pub provider: HostingProvider,
    /// The role connected as, and its oid.
    pub role: String,
    pub role_oid: i64,
    pub statements: Option<Extension>,
    /// Whether the server has loaded the library of `pg_stat_statements`.
    pub statements_loaded: bool,
    /// Show texts as they were sent (`collect.raw_query_text`) in the live view. Never stored.
    pub raw_query_text: bool,
    /// Whether HypoPG may try indexes though this is a primary.
    pub try_indexes_on_primary: bool,
}

/// An extension as installed in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Quoted as SQL wants it.
    pub schema: String,
    /// `1.11` is `(1, 11)`.
    pub version: (u32, u32),
}

impl Server {
    /// The extension `pg_stat_statements`.
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

    /// The variant for this server's version.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when the server is older than all of them.
    pub fn variant(&self, variants: &[(u32, &'static str)]) -> Result<&'static str, CollectError> {
        let lowest = variants.first().map_or(0, |(lowest, _)| *lowest);
        variant(variants, self.major).ok_or_else(|| CollectError::Missing {
            reason: format!("version {} is too old for this", self.version),
            fix: format!("needs version {} or later", version_of(lowest)),
        })
    }
}

/// A major version for people: 2011 is 20.11.
fn version_of(major: u32) -> String {
    if major < 100 { major.to_string() } else { format!("{}.{}", major / 100, major % 100) }
}

/// The variant with the highest version that is not above `version`: SQL files are named by the lowest they fit.
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
