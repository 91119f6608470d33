//! What one run adds to the streams.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::counted::Count;
use super::decode::{LogRow, QueryKey};
use super::horizon::Span;
use crate::analysis::durations;
use crate::collect::Interner;
use crate::model::{Record, SeriesEntry, streams};
use crate::text::Fingerprint;

type QueryRow = [i64; streams::QUERIES.columns.len()];
type ExceptionRow = [i64; streams::QUERY_EXCEPTIONS.columns.len()];

/// Entries handed on before starting over.
const REMEMBERED: usize = 65_536;
/// After so many polls they are handed on again, an hour's at the usual pace: the store may have dropped some.
const ROUNDS: u32 = 360;

/// The series that were introduced already.
#[derive(Default)]
pub(super) struct Introduced {
    known: HashSet<u64>,
    rounds: u32,
}

/// Rows of the three streams, added up.
#[derive(Default)]
pub(super) struct Growth {
    queries: HashMap<u64, QueryRow>,
    durations: HashMap<u64, i64>,
    exceptions: HashMap<u64, ExceptionRow>,
}

impl Introduced {
    /// Another poll begins.
    pub(super) fn begin_sample(&mut self) {
        self.rounds += 1;
        if self.rounds >= ROUNDS {
            *self = Self::default();
        }
    }

    /// Returns the entry of `who`, once.
    pub(super) fn introduce(
        &mut self,
        series: u64,
        key: &QueryKey,
        group: Fingerprint,
    ) -> Option<SeriesEntry> {
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
        self.known.insert(series).then(|| SeriesEntry {
            stream: &streams::QUERIES,
            series,
            group: group.0,
            labels: Map::from_iter([
                ("queryid".to_owned(), Value::from(key.hash.cast_unsigned().to_string())),
                ("user_name".to_owned(), text(&key.user_name)),
                ("database_name".to_owned(), text(&key.database_name)),
                ("kind".to_owned(), text(&key.kind)),
                ("host_name".to_owned(), text(&key.host_name)),
            ]),
        })
    }
}

impl Growth {
    /// Adds what `line` grew by; `query` is the fingerprint of its statement.
    pub(super) fn add(
        &mut self,
        series: u64,
        line: &LogRow,
        grown: &Count,
        query: Fingerprint,
        interner: &mut Interner,
    ) {
        let kind = Some(line.key.kind.as_str()).filter(|kind| !kind.is_empty());
        let mut row = [0; streams::QUERIES.columns.len()];
        row[..grown.sums.len()].copy_from_slice(&grown.sums);
        let readings = [line.max_time_us, line.peak_memory_bytes, interner.intern(kind)];
        row[grown.sums.len()..].copy_from_slice(&readings);
        self.queries.entry(series).and_modify(|sum| add(sum, &row, grown.sums.len())).or_insert(row);
        for (bucket, calls) in &grown.durations {
            *self.durations.entry(durations::series(query.0, *bucket)).or_default() += calls;
        }
        for (code, calls) in &grown.exceptions {
            let key = xxh3_64(format!("{query} {code}").as_bytes());
            let row = self.exceptions.entry(key).or_insert([0, *code, query.0.cast_signed()]);
            row[0] += calls;
        }
    }

    /// As one record of each stream.
    pub(super) fn records(self, span: Span) -> Vec<Record> {
        let durations = self.durations.into_iter().map(|(series, calls)| (series, [calls])).collect();
        let (from, until) = (span.from, span.until);
        let mut records =
            vec![Record::new(&streams::QUERIES, from, until, self.queries.into_iter().collect())];
        records.push(Record::new(&streams::QUERY_DURATIONS, from, until, durations));
        if !self.exceptions.is_empty() {
            let rows = self.exceptions.into_iter().collect();
            records.push(Record::new(&streams::QUERY_EXCEPTIONS, from, until, rows));
        }
        records
    }
}

/// Sums add up, of the readings after them the larger one counts; the last column is the same.
fn add(sum: &mut QueryRow, row: &QueryRow, sums: usize) {
    for (place, (sum, value)) in sum.iter_mut().zip(row).enumerate().take(row.len() - 1) {
        let unknown = *sum == crate::model::NULL || *value == crate::model::NULL;
        *sum = if place < sums && !unknown { *sum + *value } else { (*sum).max(*value) };
    }
}

/// The text of a statement, as a word under its fingerprint.
pub(super) fn intern(interner: &mut Interner, (text, fingerprint): &(Arc<str>, Fingerprint)) {
    interner.intern_hashed(fingerprint.0, || Arc::clone(text));
}
