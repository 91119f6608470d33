//! Entering, holding, leaving; what is not known; what was dismissed.

use super::*;
use crate::health::testing::{NOW, add_snapshot, facts};
use crate::model::{CollectorState, ConnectionSnapshot, RuleSetting, Timestamp, XidHorizon, XminHolder};

const SATURATION: &str = "connections.saturation";

/// A server of 100 open connections, of which `total` are taken, `seconds` after [`NOW`].
fn crowded(total: i64, seconds: i64) -> Facts {
    let mut facts = facts(Engine::Postgres);
    facts.at = Timestamp(NOW.as_millis() + seconds * 1_000);
    for line in &mut facts.collectors {
        line.last_success_at = Some(facts.at);
    }
    let snapshot = ConnectionSnapshot {
        ts: facts.at,
        total,
        active: 0,
        idle: total,
        idle_in_transaction: 0,
        waiting: 0,
        max_connections: 103,
        superuser_reserved_connections: 3,
        reserved_connections: None,
        used_pct: None,
        oldest_transaction_ms: None,
        longest_idle_in_transaction_ms: None,
        by_state: Vec::new(),
        by_database: Vec::new(),
        by_user: Vec::new(),
        by_application: Vec::new(),
    };
    add_snapshot(&mut facts, "shop", snapshot);
    facts
}

/// Scores of one examiner that meets these numbers of connections at these seconds.
fn scores(course: &[(i64, i64)]) -> Vec<u8> {
    let mut examiner = Examiner::default();
    let look = |&(seconds, total): &(i64, i64)| {
        let facts = crowded(total, seconds);
        let examination = examiner.examine(&facts, &RuleSettings::default(), &Dismissed::new());
        let diagnosis = examination.diagnosis;
        let lost: u8 = diagnosis.top_issues.iter().map(|issue| issue.penalty).sum();
        assert_eq!(Some(100 - lost), diagnosis.score);
        diagnosis.score.unwrap()
    };
    course.iter().map(look).collect()
}

#[test]
fn a_short_violation_does_not_count() {
    // enters at 80 after 30 s, leaves at 75 after 15 s
    assert_eq!(scores(&[(0, 85), (10, 85), (20, 70), (30, 85), (50, 85)]), [100; 5]);
}

#[test]
fn between_the_thresholds_the_state_is_kept() {
    assert_eq!(scores(&[(0, 78), (60, 78)]), [100, 100], "never entered");
    let course = [(0, 80), (30, 80), (60, 76), (90, 76), (100, 74), (110, 76), (120, 74), (135, 74)];
    assert_eq!(scores(&course), [100, 90, 90, 90, 90, 90, 90, 100]);
}

#[test]
fn the_penalty_follows_the_value_and_the_answer_is_the_same_each_time() {
    let course = [(0, 80), (30, 80), (40, 89), (50, 100)];
    assert_eq!(scores(&course), [100, 90, 70, 50]);
    assert_eq!(scores(&course), scores(&course));
}

#[test]
fn a_check_without_data_is_not_passed() {
    let reason = |change: &dyn Fn(&mut Facts)| {
        let mut facts = crowded(100, 0);
        change(&mut facts);
        let set = RuleSettings([(SATURATION.to_owned(), at_once())].into());
        let diagnosis = Examiner::default().examine(&facts, &set, &Dismissed::new()).diagnosis;
        let line = diagnosis.not_evaluated.into_iter().find(|line| line.rule_id == SATURATION);
        line.map(|line| line.reason)
    };
    let line = |facts: &mut Facts, state, reason: Option<&str>| {
        let line = facts.collectors.iter_mut().find(|line| line.name == "connections").unwrap();
        (line.state, line.reason) = (state, reason.map(str::to_owned));
    };
    assert_eq!(reason(&|_| ()), None);
    assert_eq!(
        reason(&|facts| facts.snapshots = Default::default()).as_deref(),
        Some("there is no snapshot yet")
    );
    assert_eq!(
        reason(&|facts| line(facts, CollectorState::Disabled, None)).as_deref(),
        Some("connections is disabled")
    );
    assert_eq!(
        reason(&|facts| line(facts, CollectorState::Skipped, Some("needs more"))).as_deref(),
        Some("connections: needs more")
    );
    assert_eq!(
        reason(&|facts| facts.at = facts.at + Duration::from_secs(31)).as_deref(),
        Some("the last result of connections is too old")
    );
}

#[test]
fn finding_nothing_means_nothing_where_rows_are_hidden() {
    let set = RuleSettings([(SATURATION.to_owned(), at_once())].into());
    let look = |total: i64| {
        let mut facts = crowded(total, 0);
        let line = facts.collectors.iter_mut().find(|line| line.name == "connections").unwrap();
        (line.hides, line.reason) = (true, Some("3 are hidden".to_owned()));
        let diagnosis = Examiner::default().examine(&facts, &set, &Dismissed::new()).diagnosis;
        let line = diagnosis.not_evaluated.into_iter().find(|line| line.rule_id == SATURATION);
        (line.map(|line| line.reason), diagnosis.top_issues.len())
    };
    assert_eq!(look(10), (Some("connections: 3 are hidden".to_owned()), 0));
    assert_eq!(look(100), (None, 1), "what is visible is reported");
}

fn at_once() -> RuleSetting {
    RuleSetting { for_seconds: Some(0), ..RuleSetting::default() }
}

#[test]
fn without_a_connection_there_is_no_score() {
    let mut examiner = Examiner::default();
    let examine = |examiner: &mut Examiner, facts: &Facts| {
        examiner.examine(facts, &RuleSettings::default(), &Dismissed::new()).diagnosis
    };
    examine(&mut examiner, &crowded(90, 0));
    assert_eq!(examine(&mut examiner, &crowded(90, 30)).score, Some(68));
    let mut away = crowded(90, 40);
    (away.status, away.last_error) = (Status::Disconnected, Some("refused".to_owned()));
    let diagnosis = examine(&mut examiner, &away);
    assert_eq!((diagnosis.score, diagnosis.status), (None, DoctorStatus::Unhealthy));
    assert_eq!(diagnosis.top_issues[0].detail, "refused");
    assert_eq!(diagnosis.top_issues[0].since, away.at);
    away.at = away.at + Duration::from_secs(60);
    assert_eq!(examine(&mut examiner, &away).top_issues[0].since, Timestamp(NOW.as_millis() + 40_000));
    // back again: what was so before has to last anew
    assert_eq!(examine(&mut examiner, &crowded(90, 110)).score, Some(100));
}

#[test]
fn a_dismissed_issue_costs_no_points() {
    let set = RuleSettings([(SATURATION.to_owned(), at_once())].into());
    let dismissed = Dismissed::from([(SATURATION.to_owned(), "max_connections".to_owned())]);
    let examine = |dismissed| Examiner::default().examine(&crowded(100, 0), &set, dismissed).diagnosis.score;
    assert_eq!((examine(&Dismissed::new()), examine(&dismissed)), (Some(50), Some(100)));
}

/// A session that holds a snapshot of two million transactions ago, or none that does.
fn held_back(is_held: bool, seconds: i64) -> Facts {
    let mut facts = facts(Engine::Postgres);
    facts.at = Timestamp(NOW.as_millis() + seconds * 1_000);
    for line in &mut facts.collectors {
        line.last_success_at = Some(facts.at);
    }
    let holder = XminHolder {
        kind: "backend".to_owned(),
        holder: None,
        pid: Some(17),
        database_name: None,
        state: None,
        age_xids: 2_000_000,
        holds_catalogs_only: false,
        since: None,
    };
    let holders = if is_held { vec![holder] } else { Vec::new() };
    let horizon = XidHorizon { at: facts.at, databases: Vec::new(), holders };
    add_snapshot(&mut facts, "shop", horizon);
    facts
}

#[test]
fn recommendations_are_opened_and_resolved() {
    let mut examiner = Examiner::default();
    let rule = "vacuum.blocked";
    for (seconds, is_held, expected) in [
        (0, true, (0, false)),
        (300, true, (0, false)),
        (600, true, (1, true)),
        (610, false, (0, false)),
        (620, true, (1, true)),
        (630, false, (0, false)),
        (645, false, (0, true)),
    ] {
        let facts = held_back(is_held, seconds);
        let checkup = examiner.examine(&facts, &RuleSettings::default(), &Dismissed::new()).checkup;
        let advice = checkup.advice.iter().filter(|advice| advice.rule_id == rule).count();
        assert_eq!((advice, checkup.evaluated.contains(&rule)), expected, "after {seconds} s");
    }
    // what was dismissed is still known, and still not wanted
    let dismissed = Dismissed::from([(rule.to_owned(), "pid 17".to_owned())]);
    let examination = Examiner::default().examine(&held_back(true, 0), &RuleSettings::default(), &dismissed);
    assert_eq!(examination.checkup.advice.len(), 1);
    assert!(examination.diagnosis.top_issues.is_empty());
}
