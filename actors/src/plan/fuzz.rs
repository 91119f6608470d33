//! Whatever is logged as a plan, it is refused or comes out as JSON.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Map, Value, json};

use super::{query_text, read};
use basira_test_support::{fuzz, text};

const KEYS: &[&str] = &[
    "Plan",
    "Plans",
    "Node Type",
    "Query Text",
    "Total Cost",
    "Plan Rows",
    "Actual Rows",
    "Actual Loops",
    "Actual Total Time",
    "Filter",
    "Index Cond",
    "Output",
    "Relation Name",
    "Alias",
    "Sort Key",
    "Index Name",
    "Schema",
    "Parent Relationship",
];
const PIECES: &[&str] =
    &["[", "]", "{", "}", "\"Plan\"", ":", ",", "1e999", "-", "null", "\"", "\\u", "\n", "\"Plans\":["];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(Value::from),
        text(&["Seq Scan", "Index Scan", "(a = ", "'x'", "$1", ")", "ANY ("], 4).prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 60, 6, |inner| {
        let field = (proptest::sample::select(KEYS).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            proptest::collection::vec(field, 0..6).prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

#[test]
fn any_json_is_a_plan_or_refused() {
    fuzz((json(), any::<bool>()), |(value, bare)| {
        let logged = if bare { value.to_string() } else { json!([{"Plan": value}]).to_string() };
        let _ = query_text(&logged);
        if let Ok(plan) = read(&logged) {
            assert!(
                serde_json::from_str::<Value>(&plan.json).is_ok_and(|json| json.is_array()),
                "{}",
                plan.json
            );
        }
    });
}

#[test]
fn any_text_is_refused_without_a_panic() {
    fuzz(text(PIECES, 60), |logged| {
        let _ = query_text(&logged);
        let _ = read(&logged);
    });
}
