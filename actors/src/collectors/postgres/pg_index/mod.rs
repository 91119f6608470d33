//! `pg_index`: the properties and the definition of each index. PostgreSQL 14 and later; needs nothing. Definitions wait behind
//! ACCESS EXCLUSIVE locks, so they are read only for what is new or changed and is not locked.

mod decode;
mod definition;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use self::decode::{COLUMNS, Row};
use crate::collect::relations::OidPages;
use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Every, Param, Reach, Server, Spec, Step,
};
use crate::model::relations::{IndexCatalog, IndexFacts, IndexShape};
use crate::model::{AnySnapshot, Engine, Event, EventKind, Timestamp};

pub(crate) static SPEC: Spec = Spec {
    reach: Reach::Database,
    every: Every::Fixed(Duration::from_secs(60)),
    timeout: Duration::from_secs(10),
    ..Spec::new("pg_index", Engine::Postgres, || Box::<Indexes>::default())
};

const VARIANTS: [(u32, &str); 2] =
    [(14, include_str!("../sql/pg_index/14.sql")), (16, include_str!("../sql/pg_index/16.sql"))];
const DEFINITIONS: &str = include_str!("../sql/pg_index/definitions.sql");
const DEFINITION_COLUMNS: &[&str] = &["oid", "definition"];
/// Definitions per question.
const PAGE: usize = 500;
/// Renaming a column leaves no trace in the rows of its indexes, so definitions are read again now and then.
const BELIEVED_FOR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Indexes {
    known: HashMap<i64, Known>,
    shapes: HashSet<Arc<IndexShape>>,
    /// Indexes whose definition is still to be read in this run.
    pages: OidPages,
    /// When this run read the catalog; none before it did.
    at: Option<Timestamp>,
    events: Vec<Event>,
}

struct Known {
    facts: Arc<IndexFacts>,
    /// Changes with the rows of the catalog that make up the definition.
    stamp: String,
    /// The stamp that the definition belongs to.
    defined: Option<(String, Timestamp)>,
}

impl Collector for Indexes {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.at = None;
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.at {
            None => self.take(&answer)?,
            Some(at) => self.define(&answer, at)?,
        }
        Ok(self.next())
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        if self.at.is_none() {
            return Err(refusal);
        }
        Ok(self.pages.retry().map_or_else(|| self.next(), ask))
    }
}

impl Indexes {
    /// Takes the catalog as it is now.
    fn take(&mut self, answer: &Answer<'_>) -> Result<(), CollectError> {
        let mut known = HashMap::with_capacity(answer.rows.len());
        let mut at = Timestamp(0);
        for place in 0..answer.rows.len() {
            let row = Row::read(&mut Cursor::new(answer.rows, place), &mut self.shapes)?;
            at = row.at;
            let before = self.known.remove(&row.facts.oid);
            known.insert(row.facts.oid, self.compared(row, before));
        }
        let is_stale = |known: &&Known| {
            known
                .defined
                .as_ref()
                .is_none_or(|(stamp, read_at)| *stamp != known.stamp || at.since(*read_at) > BELIEVED_FOR)
        };
        self.pages.restart(known.values().filter(is_stale).map(|known| known.facts.oid).collect());
        self.known = known;
        self.shapes.retain(|shape| Arc::strong_count(shape) > 1);
        self.at = Some(at);
        Ok(())
    }

    /// A row beside the one before: what is the same is shared, and a definition stays until it is read again.
    fn compared(&mut self, row: Row, before: Option<Known>) -> Known {
        let Row { mut facts, stamp, at } = row;
        let Some(before) = before else { return Known { facts: Arc::new(facts), stamp, defined: None } };
        if before.facts.is_valid != facts.is_valid {
            let word = |valid: bool| Some(if valid { "valid" } else { "invalid" }.to_owned());
            let (old, new) = (word(before.facts.is_valid), word(facts.is_valid));
            self.events.push(changed(&facts, at, old, new));
        }
        facts.definition.clone_from(&before.facts.definition);
        let facts = if facts == *before.facts { before.facts } else { Arc::new(facts) };
        Known { facts, stamp, defined: before.defined }
    }

    fn define(&mut self, answer: &Answer<'_>, at: Timestamp) -> Result<(), CollectError> {
        for place in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, place);
            let (oid, definition) = (cursor.required_i64()?, cursor.text()?);
            let Some((known, definition)) = self.known.get_mut(&oid).zip(definition) else { continue };
            known.defined = Some((known.stamp.clone(), at));
            let definition = definition::read(definition);
            if known.facts.definition.as_ref() == Some(&definition) {
                continue;
            }
            let new = Some(definition.text.to_string());
            let facts = IndexFacts { definition: Some(definition), ..IndexFacts::clone(&known.facts) };
            let before = std::mem::replace(&mut known.facts, Arc::new(facts));
            if let Some(old) = &before.definition {
                self.events.push(changed(&known.facts, at, Some(old.text.to_string()), new));
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Step {
        self.pages.next(PAGE).map_or_else(|| self.finish(), ask)
    }

    fn finish(&mut self) -> Step {
        let indexes: Vec<_> = self.known.values().map(|known| Arc::clone(&known.facts)).collect();
        let rows = indexes.len() as u64;
        let at = self.at.unwrap_or(Timestamp(0));
        Step::done(Collected {
            events: std::mem::take(&mut self.events),
            snapshots: vec![AnySnapshot::new(IndexCatalog { at, indexes })],
            rows,
            ..Collected::default()
        })
    }
}

fn ask(oids: Param) -> Step {
    Step::ask_with(DEFINITIONS, vec![oids], DEFINITION_COLUMNS)
}

fn changed(facts: &IndexFacts, at: Timestamp, before: Option<String>, after: Option<String>) -> Event {
    let subject = format!("{}.{}", facts.schema, facts.name);
    Event { at, kind: EventKind::IndexChanged, subject, before, after }
}
