//! The check against the API document, through which the answers of all tests go, finds mismatches.

use serde_json::{Value, json};

use crate::http::routes;
use basira_test_support::{Answer, ApiDocument};

const MEMBER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn document() -> ApiDocument {
    ApiDocument::new(serde_json::to_value(routes::document()).expect("JSON"))
}

fn mismatches(method: &str, path: &str, status: u16, body: &Value) -> String {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    document().mismatches(Answer { method, path, status, body: &body }).join("; ")
}

fn member() -> Value {
    json!([{
        "id": MEMBER, "email": "ada@x.org", "name": "Ada", "role": "owner", "email_verified": true, "instance_admin": false,
        "created_at": "2026-01-31T00:00:00Z",
    }])
}

/// The mismatches of an answer of which one field is changed or removed.
fn of_members(pointer: &str, value: Option<Value>) -> String {
    let mut body = member();
    let line = body[0].as_object_mut().expect("an object");
    match value {
        Some(value) => line.insert(pointer.to_owned(), value),
        None => line.remove(pointer),
    };
    mismatches("GET", "/api/v1/members", 200, &body)
}

#[test]
fn a_field_too_many_too_few_or_of_another_kind_is_found() {
    assert_eq!(mismatches("GET", "/api/v1/members", 200, &member()), "");
    assert_eq!(of_members("pet", Some(json!("cat"))), r#"body[0].pet is not described: "cat""#);
    assert_eq!(of_members("role", None), "body[0].role is missing");
    assert_eq!(of_members("name", Some(Value::Null)), r#"body[0].name is null instead of "string""#);
    assert!(
        of_members("role", Some(json!("king"))).starts_with(r#"body[0].role is "king", which is none of"#)
    );
    assert!(of_members("id", Some(json!("1"))).starts_with(r#"body[0].id is "1" instead of"#));
    assert!(of_members("created_at", Some(json!("today"))).starts_with("body[0].created_at is"));
}

#[test]
fn a_named_schema_is_looked_into_and_data_is_left_open() {
    let path = format!("/api/v1/databases/{MEMBER}/connections?since=x");
    let body = |now: Value| json!({"now": now, "unavailable": null, "bucket_seconds": 10, "timeseries": []});
    assert_eq!(mismatches("GET", &path, 200, &body(Value::Null)), "");
    assert!(
        mismatches("GET", &path, 200, &body(json!({"total": 1.5})))
            .contains("body.now.total is 1.5 instead of")
    );

    let path = format!("/api/v1/databases/{MEMBER}/queries/{:016x}/explain", 7);
    let body = |plan: Value| {
        json!([{
            "ts": "2026-01-31T00:00:00Z", "plan_json": plan, "plan_hash": null, "total_cost": 1.5, "actual_time_ms": null,
            "seq_scans": 0, "index_scans": 1, "rows_estimated": 1, "rows_actual": null, "source": null, "query_text": null,
        }])
    };
    assert_eq!(mismatches("GET", &path, 200, &body(json!([{"Plan": {"Node Type": "Seq Scan"}}]))), "");

    let path = format!("/api/v1/databases/{MEMBER}/vacuum");
    let body = |settings: Value| json!({"ts": null, "running": [], "tables": [], "databases": [], "oldest_xmin": [], "settings": settings, "limitations": []});
    assert_eq!(mismatches("GET", &path, 200, &body(json!({"anything": "x", "none": null}))), "");
    assert_eq!(
        mismatches("GET", &path, 200, &body(json!({"a": 1}))),
        r#"body.settings.a is 1 instead of ["string","null"]"#
    );
}

#[test]
fn a_status_and_a_body_have_to_be_described() {
    let refusal = json!({"error": "no such path", "code": "not_found"});
    assert_eq!(mismatches("GET", "/api/v1/nowhere", 404, &refusal), "");
    assert_eq!(mismatches("GET", "/api/v1/nowhere", 404, &json!({"error": "x"})), "body.code is missing");
    assert_eq!(mismatches("GET", "/api/v1/members", 204, &Value::Null), "this status is not described");
    assert_eq!(
        mismatches("DELETE", &format!("/api/v1/members/{MEMBER}"), 204, &json!(1)),
        "no body is described"
    );
    // a word comes before a parameter
    assert!(
        mismatches("POST", "/api/v1/databases/test", 200, &json!({})).contains("body.collectors is missing")
    );
}
