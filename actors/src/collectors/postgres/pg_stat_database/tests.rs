//! A server played by hand.

use super::decode::COUNTERS;
use super::*;
use crate::collect::fixture;
use crate::collect::{Epoch, Mark};

const COMMITS: usize = 0;

fn sample(at: i64, started: i64, shared_reset: i64) -> Sample {
    let epoch = Epoch { started_at: Timestamp(started), in_recovery: false, reset_at: None, evictions: 0 };
    Sample { mark: Mark { at: Timestamp(at), epoch }, shared_resets: [Some(Timestamp(shared_reset)); 2] }
}

fn database(name: &str, commits: i64, reset_at: Option<i64>) -> Row {
    let mut counters = [0; COUNTERS];
    counters[COMMITS] = commits;
    Row {
        name: Some(name.to_owned()),
        reset_at: reset_at.map(Timestamp),
        counters,
        numbackends: Some(1),
        connection_limit: Some(-1),
        xid_age: Some(5),
        mxid_age: Some(6),
        checksum_last_failure: None,
    }
}

fn run(databases: &mut Databases, sample: Sample, rows: &[Row]) -> Box<Collected> {
    match databases.finish(&fixture::server(), sample, rows) {
        Step::Done(collected) => collected,
        other => panic!("not done: {other:?}"),
    }
}

/// The commits of `name` in the record.
fn commits(collected: &Collected, name: &str) -> i64 {
    let record = &collected.records[0];
    let series = xxh3_64(name.as_bytes());
    let place = record.series.iter().position(|known| *known == series).expect("the database");
    record.columns[streams::DATABASES.column("commits").expect("a column")][place]
}

fn reasons(collected: &Collected) -> Vec<GapReason> {
    collected.gaps.iter().map(|gap| gap.reason).collect()
}

#[test]
fn the_first_sample_is_a_baseline_and_a_new_database_counts_from_zero() {
    let mut databases = Databases::default();
    let first = run(&mut databases, sample(1_000, 1, 1), &[database("shop", 50, None)]);
    assert_eq!(commits(&first, "shop"), NULL);
    let rows = [database("shop", 53, None), database("bank", 7, None)];
    let second = run(&mut databases, sample(31_000, 1, 1), &rows);
    assert_eq!((commits(&second, "shop"), commits(&second, "bank")), (3, 7));
    assert!(second.gaps.is_empty() && second.events.is_empty());
}

#[test]
fn a_reset_of_one_database_is_an_event_and_its_counters_are_the_delta() {
    let mut databases = Databases::default();
    run(&mut databases, sample(1_000, 1, 1), &[database("shop", 50, None), database("bank", 9, None)]);
    let rows = [database("shop", 60, Some(20_000)), database("bank", 10, None)];
    let collected = run(&mut databases, sample(31_000, 1, 1), &rows);
    assert_eq!((commits(&collected, "shop"), commits(&collected, "bank")), (60, 1));
    assert_eq!(reasons(&collected), [GapReason::CountersReset]);
    let [event] = &collected.events[..] else { panic!("{:?}", collected.events) };
    assert_eq!((event.at, event.subject.as_str()), (Timestamp(20_000), "pg_stat_database of shop"));
}

#[test]
fn after_a_crash_every_counter_began_at_zero() {
    let mut databases = Databases::default();
    run(&mut databases, sample(1_000, 1, 1), &[database("shop", 50, None), database("bank", 2, None)]);
    let rows = [database("shop", 4, None), database("bank", 6, None)];
    let collected = run(&mut databases, sample(31_000, 1, 20_000), &rows);
    assert_eq!((commits(&collected, "shop"), commits(&collected, "bank")), (4, 6));
    assert_eq!((reasons(&collected), collected.events.len()), (vec![GapReason::CountersReset], 1));
}

#[test]
fn a_reset_of_shared_views_is_not_a_reset_of_databases() {
    let mut databases = Databases::default();
    run(&mut databases, sample(1_000, 1, 1), &[database("shop", 50, None)]);
    let collected = run(&mut databases, sample(31_000, 1, 20_000), &[database("shop", 51, None)]);
    assert_eq!(commits(&collected, "shop"), 1);
    assert!(collected.gaps.is_empty() && collected.events.is_empty());
}

#[test]
fn a_clean_restart_keeps_the_counters_and_leaves_a_gap() {
    let mut databases = Databases::default();
    run(&mut databases, sample(1_000, 1, 1), &[database("shop", 50, None)]);
    let collected = run(&mut databases, sample(31_000, 15_000, 1), &[database("shop", 58, None)]);
    assert_eq!((commits(&collected, "shop"), reasons(&collected)), (8, vec![GapReason::Restarted]));
}

#[test]
fn a_database_of_which_nothing_was_counted_yet_begins_without_an_event() {
    let mut databases = Databases::default();
    run(&mut databases, sample(1_000, 1, 1), &[database("shop", 0, None)]);
    let collected = run(&mut databases, sample(31_000, 1, 1), &[database("shop", 3, Some(9_000))]);
    assert_eq!((commits(&collected, "shop"), collected.events.len()), (3, 0));
}

#[test]
fn sizes_are_read_at_longer_intervals() {
    let mut databases = Databases::default();
    let asked: Vec<bool> = (0..41)
        .map(|_| match databases.begin(&fixture::server()).expect("a question") {
            Step::Ask(query) => query.columns == SIZES_COLUMNS,
            Step::Done(_) | Step::Explain(_) => panic!("no question"),
        })
        .collect();
    let places: Vec<usize> =
        asked.iter().enumerate().filter(|(_, asked)| **asked).map(|(at, _)| at).collect();
    assert_eq!(places, [0, 20, 40]);
}
