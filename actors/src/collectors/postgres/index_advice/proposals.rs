//! From candidates of plans to proposed indexes, by the statistics of the table, its columns and its indexes.

use std::collections::HashMap;

use crate::plan::{Candidate, Column};
use crate::text::Fingerprint;

/// A smaller table is read as a whole fast enough.
const LEAST_ROWS: f64 = 10_000.0;
const LEAST_PAGES: i64 = 128;
/// A column with fewer values hardly narrows anything.
const LEAST_VALUES: f64 = 20.0;
/// Wider values make a large index, and long ones do not fit into it at all.
const WIDEST_BYTES: i64 = 200;
const MOST_COLUMNS: usize = 4;
/// What the planner takes a page read at random to cost, by default; each row that is found may need one.
const RANDOM_PAGE_COST: f64 = 4.0;
/// The way down an index.
const DESCENT_COST: f64 = 10.0;
/// Less is within the error of such guesses.
pub(super) const LEAST_GAIN_PCT: f64 = 30.0;

/// A table in the catalog.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub oid: i64,
    /// `schema.table`, quoted where needed.
    pub quoted: String,
    pub rows: f64,
    pub pages: i64,
    /// Rows inserted or updated since the counters were reset.
    pub written: i64,
    pub columns: HashMap<String, Facts>,
}

/// A column in the catalog.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub number: i64,
    pub quoted: String,
    pub is_varchar: bool,
    pub indexable: bool,
    /// How many values it has; unknown before the table was analysed, or without the right to read it.
    pub distinct: Option<f64>,
    pub width: Option<i64>,
}

/// A valid B-tree without a predicate: the numbers of the columns of its key, 0 for an expression.
#[derive(Debug, Clone)]
pub(super) struct Existing {
    pub table_oid: i64,
    pub is_unique: bool,
    pub keys: Vec<i64>,
}

/// A statement that was planned.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub fingerprint: Fingerprint,
    pub cost: f64,
    pub candidates: Vec<Candidate>,
}

/// A statement that an index might help.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Helped {
    pub fingerprint: Fingerprint,
    pub cost: f64,
    /// The estimated saving.
    pub saved: f64,
}

/// An index that might be worth having.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposal {
    /// Schema and name.
    pub table: (String, String),
    /// Compared by equality: the first ones, in any order.
    pub equal: Vec<String>,
    pub tail: Vec<String>,
    pub statements: Vec<Helped>,
}

impl Proposal {
    pub(super) fn columns(&self) -> Vec<String> {
        self.equal.iter().chain(&self.tail).cloned().collect()
    }

    pub(super) fn saved(&self) -> f64 {
        self.statements.iter().map(|statement| statement.saved).sum()
    }

    fn begins(&self, wider: &Self) -> bool {
        self.table == wider.table && wider.columns().starts_with(&self.columns())
    }

    /// Puts the columns of `narrower` first, where that is all the same to this one.
    fn follow(&mut self, narrower: &Self) {
        let fits = narrower.tail.is_empty()
            && narrower.equal.len() < self.equal.len()
            && narrower.table == self.table
            && narrower.equal.iter().all(|column| self.equal.contains(column));
        if fits {
            let rest = self.equal.iter().filter(|column| !narrower.equal.contains(column)).cloned();
            self.equal = narrower.equal.iter().cloned().chain(rest).collect();
        }
    }

    fn join(&mut self, other: Self) {
        for helped in other.statements {
            match self.statements.iter_mut().find(|known| known.fingerprint == helped.fingerprint) {
                Some(known) => known.saved = known.saved.max(helped.saved),
                None => self.statements.push(helped),
            }
        }
    }
}

pub(super) type Tables = HashMap<(String, String), Table>;

/// The indexes worth a try, what saves most first; one that begins another is part of it.
pub(super) fn proposals(planned: &[Planned], tables: &Tables, existing: &[Existing]) -> Vec<Proposal> {
    let mut all: Vec<Proposal> = Vec::new();
    for statement in planned {
        let fitting = statement.candidates.iter().filter_map(|one| proposal(statement, one, tables));
        for found in fitting.filter(|found| !is_covered(found, &tables[&found.table], existing)) {
            let known = all.iter_mut().find(|known| {
                let same_keys = known.equal.len() == found.equal.len()
                    && known.equal.iter().all(|column| found.equal.contains(column));
                known.table == found.table && same_keys && known.tail == found.tail
            });
            match known {
                Some(known) => known.join(found),
                None => all.push(found),
            }
        }
    }
    merged(all)
}

fn proposal(statement: &Planned, candidate: &Candidate, tables: &Tables) -> Option<Proposal> {
    let key = (candidate.schema.clone(), candidate.table.clone());
    let table = tables.get(&key).filter(|table| table.rows >= LEAST_ROWS && table.pages >= LEAST_PAGES)?;
    let usable = |column: &Column| {
        let facts = table.columns.get(&column.name)?;
        let fits = facts.indexable
            && (facts.is_varchar || !column.as_text)
            && facts.width.is_none_or(|width| width <= WIDEST_BYTES);
        fits.then(|| (column.name.clone(), facts.distinct))
    };
    let mut equal: Vec<_> = candidate.equal.iter().filter_map(usable).collect();
    equal.retain(|(_, distinct)| distinct.is_none_or(|distinct| distinct >= LEAST_VALUES));
    // most values first; those of which that is not known stay where the plan has them, behind
    equal.sort_by(|(_, a), (_, b)| b.unwrap_or(0.0).total_cmp(&a.unwrap_or(0.0)));
    equal.truncate(MOST_COLUMNS);
    let tail: Option<Vec<_>> = candidate.tail.iter().map(usable).collect();
    let mut tail: Vec<String> = tail.into_iter().flatten().map(|(name, _)| name).collect();
    tail.retain(|name| !equal.iter().any(|(other, _)| other == name));
    tail.truncate(MOST_COLUMNS - equal.len());
    if equal.is_empty() && tail.is_empty() {
        return None;
    }

    // the planner's rows count what other conditions throw away; an index finds those too
    let values: f64 = equal.iter().filter_map(|(_, distinct)| *distinct).product();
    let found =
        if candidate.tail.is_empty() && !equal.is_empty() { table.rows / values.max(1.0) } else { 0.0 };
    let is_known = equal.iter().all(|(_, distinct)| distinct.is_some());
    let rows = if is_known { candidate.rows.max(found) } else { candidate.rows };
    let saved = candidate.scan_cost - RANDOM_PAGE_COST.mul_add(rows, DESCENT_COST);
    let equal = equal.into_iter().map(|(name, _)| name).collect();
    let helped = Helped { fingerprint: statement.fingerprint, cost: statement.cost, saved: saved.max(0.0) };
    Some(Proposal { table: key, equal, tail, statements: vec![helped] })
}

/// Whether there is an index that does as much: the same columns first, or a unique one of which all are given.
fn is_covered(proposal: &Proposal, table: &Table, existing: &[Existing]) -> bool {
    let number = |name: &String| table.columns[name].number;
    let equal: Vec<i64> = proposal.equal.iter().map(number).collect();
    let tail: Vec<i64> = proposal.tail.iter().map(number).collect();
    existing.iter().filter(|index| index.table_oid == table.oid).any(|index| {
        let unique = index.is_unique && index.keys.iter().all(|key| equal.contains(key));
        let covers = index.keys.len() >= equal.len() + tail.len()
            && index.keys[..equal.len()].iter().all(|key| equal.contains(key))
            && index.keys[equal.len()..].starts_with(&tail);
        unique || covers
    })
}

/// Narrow ones first, so that wider ones can begin like them.
fn merged(mut all: Vec<Proposal>) -> Vec<Proposal> {
    all.sort_by_key(|proposal| proposal.equal.len() + proposal.tail.len());
    let mut kept: Vec<Proposal> = Vec::new();
    for mut wider in all {
        let narrower: Vec<Proposal> =
            kept.iter().filter(|known| known.table == wider.table).cloned().collect();
        if let Some(widest) = narrower.iter().rev().find(|known| {
            let mut tried = wider.clone();
            tried.follow(known);
            known.begins(&tried)
        }) {
            wider.follow(widest);
        }
        while let Some(place) = kept.iter().position(|known| known.begins(&wider)) {
            wider.join(kept.remove(place));
        }
        kept.push(wider);
    }
    kept.sort_by(|a, b| b.saved().total_cmp(&a.saved()));
    kept
}

/// Bytes of an index with entries of `widths`: headers of a tuple and its pointer, pages nine tenths full.
pub(super) fn size_bytes(rows: f64, widths: &[Option<i64>]) -> Option<i64> {
    let width: i64 = widths.iter().copied().sum::<Option<i64>>()?;
    let entry = 8 + 4 + (width + 7) / 8 * 8;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "an estimate; saturates"
    )]
    let bytes = (rows * entry as f64 / 0.9) as i64;
    Some(bytes)
}
