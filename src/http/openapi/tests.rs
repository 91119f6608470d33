//! The document against the route table.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::http::routes::{self, document};

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
    let table = routes::all();
    let named: Vec<&str> =
        table.iter().flat_map(|route| &route.description.schemas).map(|schema| schema.0).collect();
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
