//! Removes literals from plans. Every text that is not known to be a name or a keyword is treated as an expression.

use serde_json::{Map, Value};

use crate::model::Engine;
use crate::text;

/// Properties without expressions: keywords, and names of relations, indexes and functions.
const NAMES: [&str; 26] = [
    "Alias",
    "Cache Mode",
    "Command",
    "Constraint Name",
    "CTE Name",
    "Custom Plan Provider",
    "Format",
    "Function Name",
    "Index Name",
    "Join Type",
    "Node Type",
    "Operation",
    "Parent Relationship",
    "Partial Mode",
    "Relation",
    "Relation Name",
    "Scan Direction",
    "Schema",
    "Sort Method",
    "Sort Methods Used",
    "Sort Space Type",
    "Storage",
    "Strategy",
    "Subplan Name",
    "Trigger Name",
    "Tuplestore Name",
];

/// Properties that are removed: the text is shown elsewhere, and parameters are values of users.
const DROPPED: [&str; 2] = ["Query Text", "Query Parameters"];

/// Removes all literals from `plan`.
pub(super) fn clean(plan: &mut Map<String, Value>) {
    for name in DROPPED {
        plan.remove(name);
    }
    for (name, value) in plan.iter_mut().filter(|(name, _)| !NAMES.contains(&name.as_str())) {
        // these are settings of the session, not of the query
        if name != "Settings" {
            clean_value(value);
        }
    }
}

fn clean_value(value: &mut Value) {
    match value {
        Value::String(expression) => *expression = text::normalise(Engine::Postgres, expression).text,
        Value::Array(values) => values.iter_mut().for_each(clean_value),
        Value::Object(inner) => clean(inner),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
