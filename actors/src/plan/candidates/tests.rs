use serde_json::{Value, json};

use super::candidates;
use crate::plan::read;

/// What stands in a plan, without the columns of its output.
fn found(plan: &Value) -> Vec<String> {
    let plan = read(&json!([{ "Plan": plan }]).to_string()).unwrap();
    let names = |columns: &[super::Column]| {
        columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let shown = |it: super::Candidate| {
        format!("{}.{} ({}; {}) {}", it.schema, it.table, names(&it.equal), names(&it.tail), it.rows)
    };
    candidates(&plan.json).into_iter().map(shown).collect()
}

fn scan(table: &str, filter: &str, rows: f64) -> Value {
    json!({"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Parallel Aware": false, "Relation Name": table,
           "Schema": "public", "Alias": table, "Total Cost": 4000.0, "Plan Rows": rows, "Filter": filter})
}

fn over(node: &str, child: &Value) -> Value {
    json!({"Node Type": node, "Plan Rows": 10, "Total Cost": 4100.0, "Plans": [child]})
}

#[test]
fn columns_of_a_filter_are_equalities_then_one_range() {
    let plan = scan("t", "((t.b > $1) AND (t.c > $2) AND (t.a = 5))", 7.0);
    assert_eq!(found(&plan), ["public.t (a; b) 7"]);
    assert_eq!(found(&scan("t", "((t.a = 1) OR (t.b = 2))", 7.0)), Vec::<String>::new());
    assert_eq!(found(&json!({"Node Type": "Seq Scan", "Alias": "t"})), Vec::<String>::new());
}

#[test]
fn columns_of_a_sort_follow_equalities_but_not_a_range() {
    for (filter, keys, expected) in [
        ("(t.a = $1)", json!(["t.b DESC", "t.c DESC"]), "public.t (a; b, c) 7"),
        ("(t.a = $1)", json!(["t.b DESC", "t.c"]), "public.t (a; ) 7"),
        ("(t.a = $1)", json!(["lower(t.b)"]), "public.t (a; ) 7"),
        ("(t.a = $1)", json!(["s.b"]), "public.t (a; ) 7"),
        ("(t.a > $1)", json!(["t.b"]), "public.t (; a) 7"),
    ] {
        let mut sort = over("Sort", &scan("t", filter, 7.0));
        sort["Sort Key"] = keys.clone();
        assert_eq!(found(&over("Limit", &over("Gather Merge", &sort))), [expected], "{filter} {keys}");
    }
}

#[test]
fn a_limited_sort_needs_no_condition() {
    let bare = json!({"Node Type": "Seq Scan", "Relation Name": "t", "Schema": "public", "Alias": "t",
                      "Plan Rows": 9000, "Total Cost": 4000.0});
    let mut sort = over("Sort", &bare);
    sort["Sort Key"] = json!(["t.b"]);
    assert_eq!(found(&over("Limit", &sort)), ["public.t (; b) 10"]);
    assert_eq!(found(&sort), Vec::<String>::new());
}

#[test]
fn a_join_has_candidates_on_both_sides() {
    let mut join = over("Hash Join", &scan("t", "", 200_000.0));
    join["Hash Cond"] = json!("(t.s_id = s.id)");
    join["Plans"].as_array_mut().unwrap().push(over("Hash", &scan("s", "(s.name = $1)", 1.0)));
    assert_eq!(found(&join), ["public.t (s_id; ) 10", "public.s (name; ) 1", "public.s (id, name; ) 200000"]);
}

#[test]
fn an_index_scan_with_a_filter_has_a_candidate() {
    let plan = |filter: Value| {
        json!({"Node Type": "Index Scan", "Index Name": "t_a", "Relation Name": "t", "Schema": "public", "Alias": "t_1",
               "Index Cond": "(t_1.a = $1)", "Filter": filter, "Plan Rows": 3, "Total Cost": 900.0})
    };
    assert_eq!(found(&plan(json!("(t_1.b = $2)"))), ["public.t (b, a; ) 3"]);
    assert_eq!(found(&plan(Value::Null)), Vec::<String>::new());
}

#[test]
fn rows_of_a_parallel_scan_are_of_all_processes() {
    let mut plan = scan("t", "(t.a = $1)", 7.0);
    plan["Parallel Aware"] = json!(true);
    assert_eq!(found(&over("Gather", &plan)), ["public.t (a; ) 21"]);
}
