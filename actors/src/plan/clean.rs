//! Plans without literals. What is not known to be a name or a word of PostgreSQL's own is taken for an expression.

use serde_json::{Map, Value};

use crate::model::Engine;
use crate::text;

/// Texts with no expression in them: words of the server, and names of relations, indexes, functions.
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

/// What is shown elsewhere, or is nothing but a user's values.
const DROPPED: [&str; 2] = ["Query Text", "Query Parameters"];

/// Takes every literal out of `plan`.
pub(super) fn clean(plan: &mut Map<String, Value>) {
    for name in DROPPED {
        plan.remove(name);
    }
    for (name, value) in plan.iter_mut().filter(|(name, _)| !NAMES.contains(&name.as_str())) {
        // settings of the session, not of the query
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
