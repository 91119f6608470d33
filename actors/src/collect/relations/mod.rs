//! Tables and indexes from poll to poll: changed, new and dropped ones. One query per poll; names are read only when an oid
//! is new or was renamed. An unchanged relation costs a comparison, and shares its memory with the previous snapshot.

mod changes;
mod mark;
mod names;
mod oid_pages;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use self::oid_pages::OidPages;

use self::changes::Changes;
use self::mark::{CountedMark, continuity};
use self::names::{Named, Unnamed};
use super::{
    Answer, CellError, CollectError, Collected, Continuity, Cursor, FoundGap, Interner, Param, Server, Step,
};
use crate::model::relations::{Relation, Relations};
use crate::model::{AnySnapshot, Event, EventKind, NULL, Stream, Timestamp};

/// All relations are stored again this often, so that readings that never change are found.
const BASELINE_EVERY: Duration = Duration::from_secs(3600);

/// How one kind of relation is read.
pub struct RelationKind<const N: usize> {
    pub stream: &'static Stream,
    /// Answers with [`Self::columns`]; the last row is the mark only, read together with the counters.
    pub sql: &'static str,
    /// `oid`, `named`, the cells that [`Self::read`] reads, then `at`, `reset_at`, `in_recovery`, `commits`.
    pub columns: &'static [&'static str],
    pub read: fn(&Server, &mut Cursor<'_>) -> Result<[i64; N], CellError>,
    /// `oid`, `named`, `schema`, `name`, `table_oid`, `table_name` of the oids in `$1`.
    pub names: &'static str,
    pub created: EventKind,
    pub dropped: EventKind,
    /// Whether a relation that takes the name of another also continues its counters (`REINDEX CONCURRENTLY`).
    pub inherits: bool,
    pub snapshot: fn(Relations<N>) -> AnySnapshot,
}

const NAME_COLUMNS: &[&str] = &["oid", "named", "schema", "name", "table_oid", "table_name"];
const MARK_COLUMNS: usize = 4;

/// All relations of one kind in one database.
pub struct RelationTracker<const N: usize> {
    kind: &'static RelationKind<N>,
    known: HashMap<i64, Known<N>>,
    round: u32,
    previous: Option<CountedMark>,
    /// The reset after which the last answer was read.
    read_after_reset: Option<Timestamp>,
    current: Option<(CountedMark, Continuity)>,
    unnamed: Vec<Unnamed<N>>,
    /// Kept when a run is aborted: its baselines have moved.
    changes: Changes<N>,
    events: Vec<Event>,
    interner: Interner,
    baseline_at: Option<Timestamp>,
    /// The first sample, or the first one after the counters were lost.
    counting_since: Option<Timestamp>,
    rows: u64,
}

struct Known<const N: usize> {
    now: Arc<Relation<N>>,
    /// Hash of schema and name.
    named: i64,
    round: u32,
}

impl<const N: usize> RelationTracker<N> {
    #[must_use]
    pub fn new(kind: &'static RelationKind<N>) -> Self {
        Self {
            kind,
            known: HashMap::new(),
            round: 0,
            previous: None,
            read_after_reset: None,
            current: None,
            unnamed: Vec::new(),
            changes: Changes::new(kind.stream),
            events: Vec::new(),
            interner: Interner::default(),
            baseline_at: None,
            counting_since: None,
            rows: 0,
        }
    }

    /// Returns the first query of a run.
    pub fn begin(&mut self) -> Step {
        self.current = None;
        self.unnamed.clear();
        self.ask()
    }

    /// Takes the answer to the last query.
    ///
    /// # Errors
    /// [`CollectError::Decode`] when a cell has another type than expected.
    pub fn answer(&mut self, server: &Server, answer: &Answer<'_>) -> Result<Step, CollectError> {
        let Some((mark, continuity)) = self.current else {
            return self.take(server, answer);
        };
        self.resolve_names(server, answer, mark, continuity)?;
        Ok(self.finish(server, mark, continuity))
    }

    fn ask(&self) -> Step {
        let (sql, columns) = (Arc::from(self.kind.sql), self.kind.columns);
        Step::ask(sql, columns)
    }

    /// Reads the counters of every relation and keeps what changed.
    fn take(&mut self, server: &Server, answer: &Answer<'_>) -> Result<Step, CollectError> {
        let count = answer.rows.len().saturating_sub(1);
        let first_of_mark = self.kind.columns.len() - MARK_COLUMNS;
        let mark = CountedMark::read(server, &mut Cursor::at(answer.rows, count, first_of_mark))?;
        if let Some(previous) = &self.previous
            && mark.reset_at() != previous.reset_at()
            && mark.reset_at() != self.read_after_reset
        {
            // the counters were reset, perhaps while they were read: read them again, after the reset
            self.read_after_reset = mark.reset_at();
            return Ok(self.ask());
        }
        let continuity = continuity(self.previous, mark);
        if !matches!(continuity, Continuity::Delta { .. }) {
            self.changes.clear();
        }
        self.round = self.round.wrapping_add(1);
        self.rows = count as u64;
        for row in 0..count {
            let mut cursor = Cursor::new(answer.rows, row);
            let (oid, named) = (cursor.required_i64()?, cursor.required_i64()?);
            let values = (self.kind.read)(server, &mut cursor)?;
            self.observe(oid, named, values, continuity);
        }
        if !matches!(continuity, Continuity::Delta { .. }) {
            self.counting_since = Some(mark.at());
        }
        self.current = Some((mark, continuity));
        if self.unnamed.is_empty() {
            return Ok(self.finish(server, mark, continuity));
        }
        let oids = self.unnamed.iter().map(|relation| relation.oid).collect();
        let sql = Arc::from(self.kind.names);
        Ok(Step::ask_with(sql, vec![Param::BigInts(oids)], NAME_COLUMNS))
    }

    fn observe(&mut self, oid: i64, named: i64, mut values: [i64; N], continuity: Continuity) {
        let Some(known) = self.known.get_mut(&oid).filter(|known| known.named == named) else {
            self.unnamed.push(Unnamed { oid, values });
            return;
        };
        known.round = self.round;
        self.changes.copy_names(&mut values, &known.now.values);
        let same = values == known.now.values;
        if same && matches!(continuity, Continuity::Delta { .. }) {
            return;
        }
        self.changes.add(&known.now, Some(&known.now.values), &values, continuity);
        if !same {
            known.now = Arc::new(Relation { values, ..Relation::clone(&known.now) });
        }
    }

    /// Takes the names of new and renamed relations.
    fn resolve_names(
        &mut self,
        server: &Server,
        answer: &Answer<'_>,
        mark: CountedMark,
        continuity: Continuity,
    ) -> Result<(), CollectError> {
        let mut unnamed: HashMap<i64, [i64; N]> =
            self.unnamed.drain(..).map(|relation| (relation.oid, relation.values)).collect();
        let round = self.round;
        let mut holders: HashMap<u64, [i64; N]> = HashMap::new();
        if self.kind.inherits {
            let of_others = self.known.values().filter(|known| known.round != round);
            holders.extend(of_others.map(|known| (known.now.series, known.now.values)));
        }
        for row in 0..answer.rows.len() {
            let named = Named::read(&mut Cursor::new(answer.rows, row))?;
            let Some(values) = unnamed.remove(&named.oid) else { continue };
            let before = self.known.get(&named.oid).map(|known| Arc::clone(&known.now));
            let seen_since = before.as_ref().map_or(mark.at(), |before| before.seen_since);
            let relation = named.relation(server, self.kind.stream, (values, seen_since), &mut self.interner);
            self.add_events(mark.at(), before.as_deref(), &relation, continuity);
            let own = before.map(|before| before.values);
            let inherited =
                holders.get(&relation.series).filter(|held| self.changes.follow(held, &relation.values));
            let base = inherited.copied().or(own);
            self.changes.add(&relation, base.as_ref(), &relation.values, continuity);
            let known = Known { now: Arc::new(relation), named: named.named, round };
            self.known.insert(named.oid, known);
        }
        Ok(())
    }

    /// Adds the events of a new or renamed relation.
    fn add_events(
        &mut self,
        at: Timestamp,
        before: Option<&Relation<N>>,
        now: &Relation<N>,
        continuity: Continuity,
    ) {
        if matches!(continuity, Continuity::Baseline { .. }) {
            return;
        }
        let (old, new) = (before.map(full_name), full_name(now));
        if let Some(old) = &old {
            let (subject, after) = (old.clone(), Some(new.clone()));
            self.events.push(Event { at, kind: self.kind.dropped, subject, before: None, after });
        }
        self.events.push(Event { at, kind: self.kind.created, subject: new, before: old, after: None });
    }

    fn finish(&mut self, server: &Server, mark: CountedMark, continuity: Continuity) -> Step {
        let at = mark.at();
        let (round, dropped) = (self.round, self.kind.dropped);
        let is_baseline = matches!(continuity, Continuity::Baseline { .. });
        let events = &mut self.events;
        self.known.retain(|_, known| {
            let stays = known.round == round;
            if !stays && !is_baseline {
                let subject = full_name(&known.now);
                events.push(Event { at, kind: dropped, subject, before: None, after: None });
            }
            stays
        });
        if is_baseline || self.baseline_at.is_none_or(|before| at.since(before) > BASELINE_EVERY) {
            self.known.values().for_each(|known| self.changes.add_idle(&known.now));
            self.baseline_at = Some(at);
        }
        let before = self.previous.replace(mark).map(|previous| previous.at());
        let (from, gap) = continuity.span(before, at);
        let from = from.unwrap_or(Timestamp(at.as_millis() - 1));
        // resets are dated too coarsely to end a gap
        let gap = gap.map(|gap| FoundGap { to: at, ..gap });
        let snapshot = Relations {
            at,
            counted_since: self.counted_since(mark),
            system_identifier: server.system_identifier,
            in_recovery: mark.in_recovery(),
            relations: self.known.values().map(|known| Arc::clone(&known.now)).collect(),
        };
        Step::done(Collected {
            records: vec![self.changes.record(from, at)],
            gaps: gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            events: std::mem::take(&mut self.events),
            snapshots: vec![(self.kind.snapshot)(snapshot)],
            rows: self.rows,
            ..Collected::default()
        })
    }
}

impl<const N: usize> RelationTracker<N> {
    /// Since when the counters count. A crash sets them to zero and their time of reset to null, which is also that of
    /// counters that were never reset: then nothing is known of the time before the first sample.
    fn counted_since(&self, mark: CountedMark) -> Timestamp {
        let counting_since = self.counting_since.unwrap_or(mark.at());
        mark.reset_at().unwrap_or(counting_since)
    }
}

fn full_name<const N: usize>(relation: &Relation<N>) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

/// Whether a cell was never counted.
#[must_use]
pub const fn is_nothing(cell: i64) -> bool {
    cell == NULL || cell == 0
}
