use super::*;
use crate::collect::fixture::{Cell, Table, server};

fn answer(rows: &Table) -> Answer<'_> {
    Answer { rows, took: Duration::ZERO }
}

fn settings(pairs: &[(&str, &str)]) -> Table {
    Table(
        pairs
            .iter()
            .map(|(name, value)| [name, value].map(|text| Cell::Text((*text).to_owned())).to_vec())
            .collect(),
    )
}

#[test]
fn settings_that_limit_the_log_are_reported() {
    let whole =
        [("log_queries", "1"), ("log_queries_probability", "1"), ("log_queries_min_type", "QUERY_START")];
    assert_eq!(sampled(&answer(&settings(&whole))), Ok(None));
    let thinned = settings(&[("log_queries", "1"), ("log_queries_probability", "0.1")]);
    let notice = sampled(&answer(&thinned)).expect("settings").expect("a notice");
    assert!(notice.reason.ends_with("log_queries_probability = 0.1"), "{}", notice.reason);
}

#[test]
fn a_server_that_restarted_leaves_a_gap() {
    let mut log = QueryLog::default();
    log.resume(Some(Timestamp(50_000)));
    let mut server = server();
    server.started_at = Timestamp(10_000);
    assert_eq!(log.nothing_new(&server).gaps, []);
    // clocks have a resolution of seconds
    server.started_at = Timestamp(12_000);
    assert_eq!(log.nothing_new(&server).gaps, []);
    server.started_at = Timestamp(90_000);
    let gap = FoundGap { from: Some(Timestamp(50_000)), to: Timestamp(90_000), reason: GapReason::Restarted };
    assert_eq!(log.nothing_new(&server).gaps, [gap]);
    assert_eq!(log.nothing_new(&server).gaps, []);
}
