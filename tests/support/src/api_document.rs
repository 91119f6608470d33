//! The check of answers against the OpenAPI document. It is stricter than clients have to be: a field that the document does
//! not name is a mismatch.

use serde_json::{Map, Value};
use uuid::Uuid;

/// The keywords of schemas that are checked; any other one is a mismatch.
const KEYWORDS: [&str; 15] = [
    "$ref",
    "additionalProperties",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
];
const JSON: &str = "application/json";

/// The OpenAPI document.
#[derive(Debug)]
pub struct ApiDocument(Value);

/// An answer to a request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub body: &'a str,
}

impl ApiDocument {
    #[must_use]
    pub const fn new(document: Value) -> Self {
        Self(document)
    }

    /// # Panics
    /// When the answer does not match: with its path, its status and every mismatch.
    pub fn check(&self, answer: Answer<'_>) {
        let mismatches = self.mismatches(answer);
        let Answer { method, path, status, body } = answer;
        let mismatches = mismatches.join("\n  ");
        let body: String = body.chars().take(2_000).collect();
        assert!(
            mismatches.is_empty(),
            "{method} {path}: the answer with status {status} does not match the API document:\n  {mismatches}\n{body}"
        );
    }

    /// What in `answer` does not match.
    #[must_use]
    pub fn mismatches(&self, answer: Answer<'_>) -> Vec<String> {
        let path = answer.path.split('?').next().unwrap_or_default();
        let operation = self.item(path).and_then(|item| item.get(answer.method.to_ascii_lowercase()));
        let status = answer.status.to_string();
        let response = match operation {
            Some(operation) => operation["responses"].get(&status).map(|response| self.resolved(response)),
            // a path or method that does not exist is refused like any other request
            None => self.0["components"]["responses"].get("Refusal404").filter(|_| answer.status >= 400),
        };
        let Some(response) = response else { return vec!["this status is not described".to_owned()] };
        match response.get("content").and_then(Value::as_object) {
            None if answer.body.is_empty() => Vec::new(),
            None => vec!["no body is described".to_owned()],
            Some(content) => match (content.get(JSON), serde_json::from_str(answer.body)) {
                (None, _) => Vec::new(),
                (Some(_), Err(error)) => vec![format!("the body is no JSON: {error}")],
                (Some(described), Ok(body)) => self.mismatches_of(&described["schema"], &body, "body"),
            },
        }
    }

    /// The item of the path template that matches `path`, the one with the fewest parameters.
    fn item(&self, path: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let both = || template.split('/').zip(path.split('/'));
            let is_it = template.split('/').count() == path.split('/').count()
                && both().all(|(template, word)| template.starts_with('{') || template == word);
            is_it.then(|| both().filter(|(template, _)| template.starts_with('{')).count())
        };
        let paths = self.0["paths"].as_object()?.iter();
        paths
            .filter_map(|(path, item)| Some((fits(path)?, item)))
            .min_by_key(|(parameters, _)| *parameters)
            .map(|found| found.1)
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value.get("$ref").and_then(Value::as_str).and_then(|found| found.strip_prefix('#'));
        pointer.map_or(value, |pointer| self.0.pointer(pointer).unwrap_or(&Value::Null))
    }

    fn mismatches_of(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        let Some(keywords) = schema.as_object() else { return vec![format!("{at}: its schema is missing")] };
        let unknown = keywords.keys().filter(|key| *key != "type" && !KEYWORDS.contains(&key.as_str()));
        let mut mismatches: Vec<String> = unknown.map(|key| format!("{at}: {key} is not checked")).collect();
        if let Some(choices) = schema["oneOf"].as_array() {
            let tried: Vec<_> = choices.iter().map(|choice| self.mismatches_of(choice, value, at)).collect();
            if tried.iter().all(|mismatches| !mismatches.is_empty()) {
                mismatches.extend(tried.into_iter().next().unwrap_or_default());
            }
            return mismatches;
        }
        if let Some(kinds) = schema.get("type").filter(|kinds| !is_a(kinds, value)) {
            mismatches.push(format!("{at} is {value} instead of {kinds}"));
        }
        if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
            mismatches.push(format!("{at} is {value}, which is none of {}", schema["enum"]));
        }
        match value {
            Value::Object(fields) => mismatches.extend(self.mismatches_of_object(schema, fields, at)),
            Value::Array(items) => {
                // where the schema does not describe the items, they may be anything
                if let Some(described) = schema.get("items") {
                    let each = items.iter().enumerate();
                    mismatches.extend(each.flat_map(|(place, item)| {
                        self.mismatches_of(described, item, &format!("{at}[{place}]"))
                    }));
                }
            }
            Value::String(text) if !is_well_formed(schema, text) => {
                mismatches.push(format!("{at} is {text:?} instead of {}", Value::Object(keywords.clone())));
            }
            _ => {}
        }
        if size(value).is_some_and(|size| !is_within(schema, value, size)) {
            mismatches.push(format!("{at} is {value}, which is out of bounds"));
        }
        mismatches
    }

    fn mismatches_of_object(&self, schema: &Value, fields: &Map<String, Value>, at: &str) -> Vec<String> {
        let (described, others) = (schema["properties"].as_object(), schema.get("additionalProperties"));
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut mismatches: Vec<String> = required
            .filter(|name| !fields.contains_key(*name))
            .map(|name| format!("{at}.{name} is missing"))
            .collect();
        for (name, value) in fields {
            let at = format!("{at}.{name}");
            match described.and_then(|described| described.get(name)).or(others) {
                Some(schema) => mismatches.extend(self.mismatches_of(schema, value, &at)),
                None if described.is_some() => mismatches.push(format!("{at} is not described: {value}")),
                // where the schema names no property, there may be any
                None => {}
            }
        }
        mismatches
    }
}

fn is_a(kinds: &Value, value: &Value) -> bool {
    let is_it = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    };
    kinds.as_array().map_or_else(|| is_it(kinds), |kinds| kinds.iter().any(is_it))
}

fn is_well_formed(schema: &Value, text: &str) -> bool {
    let is_hash = || text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let has_format = match schema["format"].as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("uuid") => Uuid::parse_str(text).is_ok(),
        Some("email") => text.contains('@'),
        format => format.is_none(),
    };
    has_format && (schema["pattern"].is_null() || is_hash())
}

/// The number that the bounds of a schema limit.
#[expect(clippy::cast_precision_loss, reason = "bounds are small")]
fn size(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => Some(text.chars().count() as f64),
        Value::Array(items) => Some(items.len() as f64),
        Value::Object(fields) => Some(fields.len() as f64),
        Value::Null | Value::Bool(_) => None,
    }
}

fn is_within(schema: &Value, value: &Value, size: f64) -> bool {
    let (least, most) = match value {
        Value::Number(_) => ("minimum", "maximum"),
        Value::Array(_) => ("minItems", "maxItems"),
        Value::Object(_) => ("minProperties", "maxProperties"),
        _ => ("minLength", "maxLength"),
    };
    schema[least].as_f64().is_none_or(|least| least <= size)
        && schema[most].as_f64().is_none_or(|most| size <= most)
}
