use super::queue::{Outcome, Queue};
use crate::model::Timestamp;
use crate::text::Fingerprint;

const DAY_MS: i64 = 24 * 3600 * 1000;

fn queue(texts: &[&str]) -> Queue {
    let mut queue = Queue::default();
    read(&mut queue, texts);
    queue.is_now(Timestamp(0));
    queue
}

fn read(queue: &mut Queue, texts: &[&str]) {
    queue.begin_sample();
    texts.iter().for_each(|text| queue.offer("ann", text, false));
    queue.end_sample();
}

fn turns(queue: &mut Queue, runs: std::ops::Range<u64>) -> Vec<Option<Fingerprint>> {
    runs.map(|run| queue.take(run).map(|(fingerprint, _)| fingerprint)).collect()
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused { code: Some(code.to_owned()), reason: "no".to_owned(), at: Timestamp(0) }
}

#[test]
fn each_statement_is_planned_in_turn_and_again_later() {
    let mut queue = queue(&["select a from t", "select b from t", "vacuum t", "select A from T"]);
    let first = turns(&mut queue, 1..4);
    assert!(first[0].is_some() && first[1].is_some() && first[0] != first[1] && first[2].is_none());
    // reading the texts again changes nothing
    read(&mut queue, &["select b from t", "select a from t"]);
    assert_eq!(turns(&mut queue, 4..61), vec![None; 57]);
    assert_eq!(turns(&mut queue, 61..64), first);
}

#[test]
fn a_refused_statement_is_not_planned_again_for_a_day() {
    let mut queue = queue(&["select interval $1"]);
    let (fingerprint, _) = queue.take(1).unwrap();
    queue.note(fingerprint, refused("42601"));
    assert_eq!(queue.take(500), None);
    queue.is_now(Timestamp(DAY_MS - 1));
    assert_eq!(queue.take(5_000), None);
    assert_eq!(queue.unplanned().0.len(), 1);
    queue.is_now(Timestamp(DAY_MS));
    assert!(queue.take(9_000).is_some());
}

#[test]
fn a_locked_statement_is_retried_and_a_new_membership_ends_a_refusal() {
    let mut queue = queue(&["select a from t", "select b from t"]);
    let (locked, _) = queue.take(1).unwrap();
    queue.note(locked, refused("55P03"));
    let (denied, _) = queue.take(2).unwrap();
    queue.note(denied, refused("42501"));
    assert_eq!(queue.denied(), 1);
    assert_eq!(queue.take(61).map(|(fingerprint, _)| fingerprint), Some(locked));
    assert_eq!(queue.take(62), None);
    queue.as_member_of("3373 6181");
    assert_eq!((queue.denied(), queue.take(62).map(|(fingerprint, _)| fingerprint)), (0, Some(denied)));
}

#[test]
fn statements_that_a_superuser_must_not_plan_are_counted_and_skipped() {
    let mut queue = Queue::default();
    queue.begin_sample();
    queue.offer("ann", "select a from t", true);
    queue.offer("postgres", "select b from t", false);
    queue.end_sample();
    assert_eq!(queue.beyond(), 1);
    assert_eq!(queue.take(1).map(|(_, user)| user).as_deref(), Some("postgres"));
    assert_eq!(queue.take(2), None);
}

#[test]
fn our_own_statements_are_never_planned() {
    assert_eq!(queue(&["select /* basira */ 1"]).take(1), None);
}

#[test]
fn no_fix_grants_a_write_privilege() {
    let mut queue = queue(&["delete from t where a = $1"]);
    let (fingerprint, _) = queue.take(1).unwrap();
    queue.note(fingerprint, refused("42501"));
    assert_eq!(queue.denied(), 0);
    assert!(queue.unplanned().0.values().all(|reason| reason.contains("right to write")));
}
