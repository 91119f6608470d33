//! The shape of a plan, by which two plans are the same.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The properties of a node that are part of the shape, in this order. Conditions are without literals.
const PARTS: [&str; 17] = [
    "Node Type",
    "Parent Relationship",
    "Operation",
    "Strategy",
    "Partial Mode",
    "Command",
    "Join Type",
    "Relation Name",
    "Index Name",
    "Scan Direction",
    "CTE Name",
    "Function Name",
    "Hash Cond",
    "Merge Cond",
    "Sort Key",
    "Presorted Key",
    "Group Key",
];

/// The shape of a plan, and the numbers of its scans.
#[derive(Default)]
pub(super) struct Shape {
    pub(super) text: String,
    pub(super) seq_scans: i64,
    pub(super) index_scans: i64,
}

/// Returns the shape of the plan whose first node is `root`.
pub(super) fn of(root: &Map<String, Value>) -> Shape {
    let mut shape = Shape::default();
    shape.add(root);
    shape
}

impl Shape {
    fn add(&mut self, node: &Map<String, Value>) {
        match node.get("Node Type").and_then(Value::as_str) {
            Some("Seq Scan") => self.seq_scans += 1,
            Some("Index Scan" | "Index Only Scan" | "Bitmap Index Scan") => self.index_scans += 1,
            _ => {}
        }
        self.text.push('(');
        for name in PARTS {
            if let Some(part) = node.get(name) {
                // writing to a String cannot fail
                let _ = write!(self.text, "{name}={part};");
            }
        }
        for child in node.get("Plans").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(child) = child {
                self.add(child);
            }
        }
        self.text.push(')');
    }
}
