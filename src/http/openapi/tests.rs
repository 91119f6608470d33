//! The document against the route table.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{document, endpoint, families};
use crate::http::routes;

#[test]
fn the_document_names_the_routes_of_the_table() {
    let described = families().into_iter().flat_map(|(_, endpoints, _)| endpoints);
    let described: Vec<String> =
        described.map(|one| format!("{} {}", endpoint::verb(&one.method), one.path)).collect();
    let once: BTreeSet<String> = described.iter().cloned().collect();
    assert_eq!(described.len(), once.len(), "a route is described twice");
    let built: BTreeSet<String> =
        routes::all().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let missing: Vec<_> = built.difference(&once).collect();
    assert!(missing.is_empty(), "src/http/openapi has to describe {missing:?}");
    let gone: Vec<_> = once.difference(&built).collect();
    assert!(gone.is_empty(), "src/http/openapi describes routes that are gone: {gone:?}");
}

#[test]
fn every_operation_has_an_answer_and_its_references_lead_somewhere() {
    let document = serde_json::to_value(document()).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            let good = responses
                .keys()
                .filter(|status| status.starts_with('2') || ["101", "303"].contains(&status.as_str()));
            assert_eq!(good.count(), 1, "{method} {path}");
            assert!(ids.insert(operation["operationId"].to_string()), "{method} {path} has another's id");
        }
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in &references {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let used: BTreeSet<&str> = references.iter().filter_map(|one| one.rsplit('/').next()).collect();
    let named: Vec<&str> =
        families().into_iter().flat_map(|(_, _, schemas)| schemas).map(|one| one.0).collect();
    let once: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(named.len(), once.len(), "two schemas have one name");
    let unused: Vec<_> = once.difference(&used).collect();
    assert!(unused.is_empty(), "nothing refers to {unused:?}");
}

/// A field that is a bare object tells nobody anything; these are what their keys and values are: data.
#[test]
fn only_data_is_left_open() {
    let document = serde_json::to_value(document()).expect("JSON");
    let mut open = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for (field, kind) in schema["properties"].as_object().into_iter().flatten() {
            let is_object = kind["type"] == "object" && kind.get("additionalProperties").is_none();
            if is_object || kind == &Value::Object(serde_json::Map::new()) {
                open.insert(format!("{name}.{field}"));
            }
        }
    }
    let expected = [
        "AuditEntry.details",
        "AuditEntry.target",
        "Plan.plan_json",
        "SettingOfBasira.new",
        "SettingOfBasira.old",
    ];
    assert_eq!(open, expected.map(str::to_owned).into());
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
