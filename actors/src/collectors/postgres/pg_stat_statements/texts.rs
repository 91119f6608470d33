//! The texts of statements: each is read once, and not kept here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::decode::series;
use crate::collect::{Answer, CollectError, Cursor, Extension, Notice, Param, Query};
use crate::model::{DictionaryEntry, Engine, SeriesEntry, Timestamp, streams};
use crate::text;

const SQL: &str = include_str!("../sql/pg_stat_statements/texts.sql");
const SESSION_TEXTS: &str = include_str!("../sql/pg_stat_statements/session_texts.sql");
const COLUMNS: &[&str] = &["queryid", "userid", "toplevel", "dbid", "database_name", "user_name", "query"];

/// The number of statements per query, and characters of each: bounds the answer to a few megabytes.
const AT_ONCE: usize = 2_000;
const LENGTH: i32 = 8_192;

/// Reading texts loads the server's whole text file: it may take one part in this many of the server's time.
const SHARE: u32 = 500;
/// How long to do without texts when reading them failed.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The codes of a text that cannot be converted, or is not valid, in the encoding of the database connected to.
const UNCONVERTIBLE: [&str; 2] = ["22P05", "22021"];

/// After so many rounds every text is asked for again, six hours at the usual pace: the store may have dropped some.
const ROUNDS: u32 = 2_160;

/// What is known of the statements.
#[derive(Default)]
pub(super) struct StatementTexts {
    rounds: u32,
    known: HashSet<u64>,
    /// Statements that Basira itself runs.
    own: HashSet<u64>,
    wanted: HashMap<u64, i64>,
    not_before: Option<Timestamp>,
    /// Why the server cannot return the texts of all statements, since it last could not.
    unconvertible: Option<String>,
    entries: Vec<SeriesEntry>,
    dictionary: Vec<DictionaryEntry>,
}

impl StatementTexts {
    /// Requests the text of `series`, unless it is known.
    pub(super) fn want(&mut self, series: u64, queryid: i64) {
        if !self.known.contains(&series) && !self.own.contains(&series) {
            self.wanted.insert(series, queryid);
        }
    }

    /// Opens a sample taken at `now`.
    pub(super) fn begin_sample(&mut self, now: Timestamp) {
        self.rounds += 1;
        if self.rounds >= ROUNDS {
            self.known.clear();
            self.rounds = 0;
        }
        self.not_before = self.not_before.filter(|not_before| now < *not_before);
    }

    /// Whether the last reading is too recent for another.
    pub(super) const fn is_paused(&self) -> bool {
        self.not_before.is_some()
    }

    /// Whether this sample can identify `series`: its text is known, or may be read now.
    pub(super) fn may_tell(&self, series: u64) -> bool {
        self.not_before.is_none() || self.known.contains(&series) || self.own.contains(&series)
    }

    pub(super) fn is_own(&self, series: u64) -> bool {
        self.own.contains(&series)
    }

    /// Drops every series for which `alive` is false.
    pub(super) fn keep(&mut self, alive: impl Fn(u64) -> bool) {
        self.known.retain(|series| alive(*series));
        self.own.retain(|series| alive(*series));
        self.wanted.retain(|series, _| alive(*series));
    }

    /// The question for wanted texts, when there are any and the last reading was long enough ago.
    pub(super) fn ask(&mut self, extension: &Extension, everywhere: bool, now: Timestamp) -> Option<Query> {
        if self.not_before.is_some() {
            return self.ask_sessions(everywhere);
        }
        let sql = Arc::from(SQL.replace("{schema}", &extension.schema));
        let query = self.question(sql, everywhere)?;
        self.not_before = Some(now + AFTER_FAILURE);
        Some(query)
    }

    /// The question for wanted texts to the sessions that ran the statements, when the server cannot return all texts.
    pub(super) fn ask_sessions(&self, everywhere: bool) -> Option<Query> {
        self.unconvertible.as_ref()?;
        self.question(Arc::from(SESSION_TEXTS), everywhere)
    }

    fn question(&self, sql: Arc<str>, everywhere: bool) -> Option<Query> {
        if self.wanted.is_empty() {
            return None;
        }
        let mut queryids: Vec<i64> = self.wanted.values().copied().take(AT_ONCE).collect();
        queryids.sort_unstable();
        queryids.dedup();
        let params = vec![Param::BigInts(queryids), Param::Int(LENGTH), Param::Bool(everywhere)];
        Some(Query { sql, params, columns: COLUMNS })
    }

    /// Takes that the server refused to return texts. Returns whether that is because of one that it cannot convert.
    pub(super) fn refused(&mut self, refusal: &CollectError) -> bool {
        let CollectError::Server { code, message } = refusal else { return false };
        let is_unconvertible = UNCONVERTIBLE.contains(&code.as_str());
        if is_unconvertible {
            self.unconvertible = Some(message.clone());
        }
        is_unconvertible
    }

    /// The notice while the server cannot return the texts of all statements.
    pub(super) fn notice(&self) -> Option<Notice> {
        let message = self.unconvertible.as_ref()?;
        let reason = format!(
            "a statement has characters that the encoding of this database lacks ({message}), so the server returns no \
             texts of statements: those of new ones are taken from sessions, where they are seen"
        );
        let fix = "watch a database of the server whose encoding has these characters (UTF8), with collection of all \
                   databases, or SELECT pg_stat_statements_reset() to remove the statement";
        Some(Notice::new(reason, fix))
    }

    /// Takes the texts that the server gave.
    pub(super) fn learn(&mut self, answer: &Answer<'_>, now: Timestamp) -> Result<(), CollectError> {
        let pause = (answer.took * SHARE).max(Duration::from_millis(500));
        self.not_before = Some(now + pause);
        self.unconvertible = None;
        self.introduce_all(answer, |_| true)
    }

    /// Takes texts of sessions. One may hold several statements, of which only one has the id.
    pub(super) fn learn_from_sessions(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        self.introduce_all(answer, |raw| text::is_own(raw) || text::is_one_statement(raw))
    }

    fn introduce_all(
        &mut self,
        answer: &Answer<'_>,
        is_usable: impl Fn(&str) -> bool,
    ) -> Result<(), CollectError> {
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let queryid = cursor.required_i64()?;
            let user = cursor.required_i64()?;
            let toplevel = cursor.bool()?.unwrap_or(true);
            let elsewhere = cursor.i64()?;
            let database_name = cursor.text()?;
            let user_name = cursor.text()?;
            // NULL when the server lost its text file: read again later
            let Some(raw) = cursor.text()?.filter(|raw| is_usable(raw)) else { continue };
            let series = series(queryid, user, toplevel, elsewhere);
            self.wanted.remove(&series);
            if text::is_own(raw) {
                self.own.insert(series);
            } else if self.known.insert(series) {
                self.introduce(&Introduction { series, queryid, database_name, user_name, toplevel, raw });
            }
        }
        Ok(())
    }

    fn introduce(&mut self, new: &Introduction<'_>) {
        let normalised = text::normalise(Engine::Postgres, new.raw);
        let labels = Map::from_iter([
            ("queryid".to_owned(), Value::from(new.queryid.to_string())),
            ("user_name".to_owned(), new.user_name.map_or(Value::Null, Value::from)),
            ("database_name".to_owned(), new.database_name.map_or(Value::Null, Value::from)),
            ("toplevel".to_owned(), Value::from(new.toplevel)),
        ]);
        let group = normalised.fingerprint.0;
        self.entries.push(SeriesEntry { stream: &streams::STATEMENTS, series: new.series, group, labels });
        self.dictionary.push(DictionaryEntry { hash: group, text: normalised.text.into() });
    }

    /// What was learned since the last call.
    pub(super) fn drain_new(&mut self) -> (Vec<SeriesEntry>, Vec<DictionaryEntry>) {
        (std::mem::take(&mut self.entries), std::mem::take(&mut self.dictionary))
    }
}

struct Introduction<'a> {
    series: u64,
    queryid: i64,
    database_name: Option<&'a str>,
    user_name: Option<&'a str>,
    toplevel: bool,
    raw: &'a str,
}
