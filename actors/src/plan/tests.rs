use serde_json::{Value, json};

use super::{LastPlans, MAX_PLAN_BYTES, Plan, PlanError, query_text, read};
use crate::model::{EventKind, Timestamp};
use crate::text::Fingerprint;

/// A plan with a literal wherever one can be; each contains zq or 77.
fn plan(literal: &str, number: i64, cost: f64) -> Value {
    json!({
        "Query Text": format!("select * from t where name = '{literal}' and n = {number}"),
        "Query Parameters": format!("$1 = '{literal}'"),
        "Query Identifier": 5,
        "Plan": {
            "Node Type": "Sort", "Startup Cost": 1.0, "Total Cost": cost, "Plan Rows": 5, "Plan Width": 8,
            "Actual Rows": 2.5, "Actual Total Time": 1.25, "Actual Loops": 2,
            "Sort Key": [format!("((name || '{literal}'::text))"), "n DESC"], "Output": [format!("'{literal}'::text")],
            "Plans": [
                {"Node Type": "Hash Join", "Join Type": "Inner", "Hash Cond": "(t.id = s.id)", "Plan Rows": number,
                 "Join Filter": format!("(t.n > {number})"), "Plans": [
                    {"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t",
                     "Filter": format!("((name = '{literal}'::text) AND (n = {number}))")},
                    {"Node Type": "Bitmap Heap Scan", "Relation Name": "s", "Recheck Cond": format!("(a = {number})"),
                     "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "s_a",
                                "Index Cond": format!("(a = ANY ('{{{number},{number}}}'::integer[]))")}]},
                ]},
                {"Node Type": "Function Scan", "Function Name": "f",
                 "Function Call": format!("f('{literal}'::text, {number})")},
                {"Node Type": "Foreign Scan", "Remote SQL": format!("SELECT a FROM r WHERE b = '{literal}'"),
                 "A Key Of The Future": {"Inside": [format!("x <> E'{literal}\\\\'")]}},
            ]
        }
    })
}

fn of(literal: &str, number: i64, cost: f64) -> Plan {
    read(&plan(literal, number, cost).to_string()).unwrap()
}

#[test]
fn no_literal_survives() {
    let text = of("zq", 77, 10.0).json;
    let without_rows = text.replace("\"Plan Rows\":77", "");
    assert!(!without_rows.contains("zq") && !without_rows.contains("77"), "{text}");
    assert!(text.contains("((name = $1::text) AND (n = $2))") && text.contains("f($1::text, $2)"), "{text}");
    assert!(!text.contains("Query Text"), "{text}");
}

#[test]
fn the_shape_does_not_depend_on_figures_and_literals() {
    let one = of("zq", 77, 10.0);
    assert_eq!(one.hash, of("other", 3, 99.5).hash);
    assert_eq!(one.hash.to_string().len(), 16);
    let changed = |from: &str, to: &str| {
        read(&plan("zq", 77, 10.0).to_string().replace(from, to)).unwrap().hash != one.hash
    };
    for (from, to) in
        [("Seq Scan", "Index Scan"), ("s_a", "s_b"), ("n DESC", "n"), ("t.id = s.id", "t.id = s.x")]
    {
        assert!(changed(from, to), "{from} to {to}");
    }
    assert!(!changed("\"Plan Width\":8", "\"Plan Width\":9"));
}

#[test]
fn figures_are_of_the_first_node_and_of_all_loops() {
    let plan = of("zq", 77, 10.5);
    assert_eq!((plan.total_cost, plan.rows_estimated), (Some(10.5), Some(5.0)));
    assert_eq!((plan.rows_actual, plan.actual_time_ms), (Some(5.0), Some(2.5)));
    assert_eq!((plan.seq_scans, plan.index_scans), (1, 1));
    let generic = read(r#"[{"Plan": {"Node Type": "Result", "Total Cost": 0.01, "Plan Rows": 1}}]"#).unwrap();
    assert_eq!((generic.rows_actual, generic.actual_time_ms, generic.seq_scans), (None, None, 0));
}

#[test]
fn a_text_that_is_not_a_plan_is_refused() {
    for text in ["", "[]", "{}", "[1]", "null", r#"{"Plan": 1}"#, "{\"Plan\": {"] {
        assert_eq!(read(text), Err(PlanError::Unreadable), "{text}");
    }
    assert_eq!(read(&"[".repeat(1_000)), Err(PlanError::Unreadable));
    assert_eq!(read(&" ".repeat(MAX_PLAN_BYTES + 1)), Err(PlanError::TooLarge));
}

#[test]
fn a_logged_plan_has_the_text_of_its_query() {
    assert_eq!(query_text(r#"{"Query Text": "select 1", "Plan": {}}"#).as_deref(), Some("select 1"));
    assert_eq!(query_text("{}"), None);
}

#[test]
fn a_changed_plan_is_an_event_and_changed_figures_are_not() {
    let mut last = LastPlans::default();
    let query = Fingerprint(255);
    let mut index = of("zq", 77, 20.0);
    assert_eq!(last.record(query, &of("zq", 77, 10.0), Timestamp(1)), None);
    assert_eq!(last.record(query, &index, Timestamp(2)), None);
    let before = index.hash;
    index.hash.0 += 1;
    let event = last.record(query, &index, Timestamp(3)).unwrap();
    assert_eq!((event.kind, event.at), (EventKind::PlanChanged, Timestamp(3)));
    assert_eq!(event.subject, "00000000000000ff");
    assert_eq!(event.before, Some(format!("{before} total cost 20.00")));
    assert_eq!(last.record(Fingerprint(1), &index, Timestamp(4)), None);
    // logged late
    assert_eq!(last.record(query, &of("zq", 77, 10.0), Timestamp(2)), None);
    assert_eq!(last.record(query, &index, Timestamp(4)), None);
    // back and forth between two plans
    for at in 5..9 {
        assert_eq!(last.record(query, &of("zq", 77, 10.0), Timestamp(at)), None);
        assert_eq!(last.record(query, &index, Timestamp(at)), None);
    }
}
