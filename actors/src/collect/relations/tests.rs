//! A server played by hand: what becomes of counters over resets, renames and rebuilt indexes.

use super::*;
use crate::collect::fixture::{self, Cell, Table};
use crate::model::relations::{INDEX_COLUMNS, IndexSnapshot};
use crate::model::streams;

static KIND: RelationKind<INDEX_COLUMNS> = RelationKind {
    stream: &streams::INDEXES,
    sql: "select counters",
    columns: &["oid", "named", "idx_scan", "at", "reset_at", "in_recovery", "commits"],
    read: |_, cursor| {
        let mut values = [NULL; INDEX_COLUMNS];
        values[..6].fill(0);
        values[0] = cursor.required_i64()?;
        Ok(values)
    },
    names: "select names",
    created: EventKind::IndexCreated,
    dropped: EventKind::IndexDropped,
    inherits: true,
    snapshot: |relations| AnySnapshot::new(IndexSnapshot(relations)),
};

/// Oid, name, scans.
type Shown = (i64, &'static str, i64);

struct Play {
    tracker: RelationTracker<INDEX_COLUMNS>,
    server: Server,
    now: i64,
    reset_at: Option<i64>,
    commits: i64,
}

impl Play {
    fn new() -> Self {
        let server = fixture::server();
        Self {
            tracker: RelationTracker::new(&KIND),
            server,
            now: 100_000,
            reset_at: Some(2_000),
            commits: 50,
        }
    }

    fn say(&mut self, table: &Table) -> Step {
        let answer = Answer { rows: table, took: Duration::ZERO };
        self.tracker.answer(&self.server, &answer).expect("the answer is understood")
    }

    /// One whole run, ten seconds after the one before.
    fn poll(&mut self, shown: &[Shown]) -> Collected {
        (self.now, self.commits) = (self.now + 10_000, self.commits + 1);
        let mut step = self.tracker.begin();
        loop {
            step = match step {
                Step::Done(collected) => return *collected,
                Step::Ask(query) if query.params.is_empty() => self.say(&self.counters(shown)),
                Step::Ask(_) => self.say(&names(shown)),
                Step::Explain(_) => panic!("nothing is to be explained"),
            }
        }
    }

    fn counters(&self, shown: &[Shown]) -> Table {
        let row = |&(oid, name, scans): &Shown| {
            let mut cells = vec![Cell::Int(oid), Cell::Int(hash(name)), Cell::Int(scans)];
            cells.resize(7, Cell::Null);
            cells
        };
        let reset_at = self.reset_at.map_or(Cell::Null, Cell::At);
        let mark = [Cell::At(self.now), reset_at, Cell::Bool(false), Cell::Int(self.commits)];
        let mark = vec![Cell::Null; 3].into_iter().chain(mark).collect();
        Table(shown.iter().map(row).chain([mark]).collect())
    }
}

fn names(shown: &[Shown]) -> Table {
    let text = |text: &str| Cell::Text(text.to_owned());
    let row = |&(oid, name, _): &Shown| {
        vec![Cell::Int(oid), Cell::Int(hash(name)), text("public"), text(name), Cell::Int(1), text("item")]
    };
    Table(shown.iter().map(row).collect())
}

fn hash(name: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(name.as_bytes()).cast_signed()
}

/// The scans in the only record.
fn scans(collected: &Collected) -> Vec<i64> {
    collected.records[0].columns[0].clone()
}

#[test]
fn only_changed_rows_are_stored_after_the_first_sample() {
    let mut play = Play::new();
    assert_eq!(scans(&play.poll(&[(1, "a", 5), (2, "b", 9)])), [NULL, NULL], "readings, but no delta");
    assert_eq!(scans(&play.poll(&[(1, "a", 7), (2, "b", 9)])), [2]);
    assert!(scans(&play.poll(&[(1, "a", 7), (2, "b", 9)])).is_empty());
    let collected = play.poll(&[(1, "a", 7), (2, "b", 9), (3, "c", 4)]);
    assert_eq!(scans(&collected), [4], "all of it happened since");
    let kinds: Vec<_> = collected.events.iter().map(|event| (event.kind, &*event.subject)).collect();
    assert_eq!(kinds, [(EventKind::IndexCreated, "public.c")]);
    let collected = play.poll(&[(1, "a", 7), (3, "c", 4)]);
    assert_eq!(collected.events[0].kind, EventKind::IndexDropped);
    assert!(scans(&collected).is_empty());
}

#[test]
fn after_a_reset_of_one_relation_or_all_counters_count_from_zero() {
    let mut play = Play::new();
    play.poll(&[(1, "a", 50), (2, "b", 60)]);
    play.reset_at = Some(play.now + 5_000);
    let mut of_one = scans(&play.poll(&[(1, "a", 52), (2, "b", 3)]));
    of_one.sort_unstable();
    assert_eq!(of_one, [2, 3]);
    (play.reset_at, play.commits) = (None, 0);
    let mut of_all = scans(&play.poll(&[(1, "a", 4), (2, "b", 0)]));
    of_all.retain(|scans| *scans > 0);
    assert_eq!(of_all, [4]);
}

#[test]
fn a_rebuilt_index_takes_over_the_count_of_its_name() {
    let mut play = Play::new();
    play.poll(&[(1, "a", 50)]);
    play.poll(&[(1, "a", 50), (2, "a_ccnew", 0)]);
    let renamed = play.poll(&[(1, "a_ccold", 50), (2, "a", 53)]);
    let grown: i64 = scans(&renamed).into_iter().filter(|scans| *scans != NULL).sum();
    assert_eq!(grown, 3, "{renamed:?}");
    assert_eq!(scans(&play.poll(&[(3, "a", 55)])), [2], "all within one poll");
}

#[test]
fn an_interrupted_run_loses_nothing() {
    let mut play = Play::new();
    play.poll(&[(1, "a", 50)]);
    play.now += 10_000;
    play.tracker.begin();
    let broken = play.say(&play.counters(&[(1, "a", 55), (2, "b", 1)]));
    assert!(matches!(broken, Step::Ask(_)), "its name was never answered");
    let mut after = scans(&play.poll(&[(1, "a", 56), (2, "b", 1)]));
    after.sort_unstable();
    assert_eq!(after, [1, 6]);
}

/// For how many seconds each index has been counted, by oid.
fn counted(collected: &Collected) -> Vec<(i64, u64)> {
    let snapshot = collected.snapshots[0].get::<IndexSnapshot>().expect("the indexes");
    let indexes = snapshot.0.relations.iter();
    let mut counted: Vec<_> =
        indexes.map(|index| (index.oid, snapshot.0.counted_for(index).as_secs())).collect();
    counted.sort_unstable();
    counted
}

#[test]
fn an_index_is_counted_since_it_was_seen_first_or_its_counters_were_lost() {
    let mut play = Play::new();
    play.poll(&[(1, "a", 5)]);
    play.poll(&[(1, "a", 5)]);
    assert_eq!(counted(&play.poll(&[(1, "a", 5), (2, "b", 0)])), [(1, 20), (2, 0)]);
    assert_eq!(counted(&play.poll(&[(1, "a", 5), (2, "b", 0)])), [(1, 30), (2, 10)]);
    // a crash: all counters are zero, and the time of the reset is null
    (play.reset_at, play.commits) = (None, 0);
    assert_eq!(counted(&play.poll(&[(1, "a", 0), (2, "b", 0)])), [(1, 0), (2, 0)]);
    assert_eq!(counted(&play.poll(&[(1, "a", 0), (2, "b", 0)])), [(1, 10), (2, 10)]);
}
