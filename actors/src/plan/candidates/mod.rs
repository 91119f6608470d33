//! Indexes that the scans of a plan might use if they existed. Whether the planner would use them is not decided here.

use serde_json::{Map, Value};

use super::conditions::{self, Column, Condition};

#[cfg(test)]
mod tests;

/// An index that a scan of a plan might use.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub schema: String,
    pub table: String,
    /// Columns compared by equality, in any order.
    pub equal: Vec<Column>,
    /// Then a column of another comparison, or the columns that the rows are sorted by.
    pub tail: Vec<Column>,
    /// The estimated number of rows read through it.
    pub rows: f64,
    /// The cost of the scan in the plan.
    pub scan_cost: f64,
}

/// The depth to which plans are read.
const MAX_DEPTH: usize = 64;
/// The number of processes of a parallel scan by default; the rows in the plan are per process.
const PARALLEL_PROCESSES: f64 = 3.0;

/// Returns every index that a scan of `plan` might use; `plan` is `[{"Plan": ..}]` of `EXPLAIN (VERBOSE, FORMAT JSON)`
/// without literals.
#[must_use]
pub fn candidates(plan: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    let value: Value = serde_json::from_str(plan).unwrap_or_default();
    if let Some(Value::Object(root)) = value.pointer("/0/Plan") {
        visit(root, &Above::default(), MAX_DEPTH, &mut found);
    }
    found
}

/// The nodes above a scan that determine which rows it has to return.
#[derive(Clone, Default)]
struct Above {
    /// The conditions of the join above it, and the number of rows it returns.
    join: Option<(Vec<Condition>, f64)>,
    sort: Vec<(String, Column)>,
    /// The number of rows after which the scan stops.
    limit: Option<f64>,
}

type Node = Map<String, Value>;

fn visit(node: &Node, above: &Above, depth: usize, found: &mut Vec<Candidate>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let children: Vec<&Node> = children(node).collect();
    match text(node, "Node Type") {
        "Seq Scan" | "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan" => scan(node, above, found),
        "Hash Join" | "Merge Join" | "Nested Loop" => {
            for (index, child) in children.iter().enumerate() {
                let other = children.iter().enumerate().find(|(at, _)| *at != index);
                let probes = other.map_or(0.0, |(_, other)| number(other, "Plan Rows"));
                let join = Some((joined(node), number(node, "Plan Rows").max(probes)));
                visit(child, &Above { join, ..Above::default() }, depth, found);
            }
            return;
        }
        "Sort" | "Incremental Sort" => {
            let above = Above { sort: sorted(node), ..above.clone() };
            children.iter().for_each(|child| visit(child, &above, depth, found));
            return;
        }
        "Limit" => {
            let above = Above { limit: Some(number(node, "Plan Rows")), ..above.clone() };
            children.iter().for_each(|child| visit(child, &above, depth, found));
            return;
        }
        "Gather" | "Gather Merge" | "Hash" | "Materialize" => {
            children.iter().for_each(|child| visit(child, above, depth, found));
            return;
        }
        _ => {}
    }
    children.iter().for_each(|child| visit(child, &Above::default(), depth, found));
}

fn scan(node: &Node, above: &Above, found: &mut Vec<Candidate>) {
    let alias = text(node, "Alias");
    let filter = text(node, "Filter");
    let is_whole = text(node, "Node Type") == "Seq Scan";
    // an index scan without a filter needs no other index
    if !is_whole && filter.is_empty() {
        return;
    }
    let conditions: Vec<Condition> = [filter, text(node, "Index Cond"), text(node, "Recheck Cond")]
        .iter()
        .flat_map(|expression| conditions::conditions(expression))
        .filter(|condition| condition.alias == alias)
        .collect();
    let of_kind = |is_equality: bool| {
        distinct(
            conditions
                .iter()
                .filter(|condition| condition.is_equality == is_equality)
                .map(|condition| &condition.column),
        )
    };
    let equal = of_kind(true);
    let range: Vec<Column> =
        of_kind(false).into_iter().filter(|column| !equal.contains(column)).take(1).collect();
    let sort: Vec<Column> = if above.sort.iter().all(|(of, _)| of == alias) {
        distinct(above.sort.iter().map(|(_, column)| column).filter(|column| !equal.contains(column)))
    } else {
        Vec::new()
    };

    let processes =
        if node.get("Parallel Aware") == Some(&Value::Bool(true)) { PARALLEL_PROCESSES } else { 1.0 };
    let rows = number(node, "Plan Rows") * processes;
    let mut add = |equal: Vec<Column>, tail: Vec<Column>, rows: f64| {
        if !(equal.is_empty() && tail.is_empty()) {
            let (schema, table) = (text(node, "Schema").to_owned(), text(node, "Relation Name").to_owned());
            found.push(Candidate { schema, table, equal, tail, rows, scan_cost: number(node, "Total Cost") });
        }
    };
    if !conditions.is_empty() {
        let tail = if range.is_empty() { sort.clone() } else { range };
        add(equal.clone(), tail, rows);
    } else if let Some(limit) = above.limit.filter(|_| filter.is_empty()) {
        add(Vec::new(), sort, limit);
    }
    if let Some((joined, rows)) = &above.join {
        let keys =
            joined.iter().filter(|condition| condition.alias == alias).map(|condition| &condition.column);
        let keys = distinct(keys.chain(&equal));
        if keys.len() > equal.len() {
            add(keys, Vec::new(), *rows);
        }
    }
}

/// Returns the comparisons of a join by equality.
fn joined(node: &Node) -> Vec<Condition> {
    let expressions = ["Hash Cond", "Merge Cond", "Join Filter"];
    let all = expressions.iter().flat_map(|name| conditions::conditions(text(node, name)));
    all.filter(|condition| condition.is_equality && condition.other.is_some()).collect()
}

/// Returns the columns that a node sorts by; none if one is an expression, or their directions differ.
fn sorted(node: &Node) -> Vec<(String, Column)> {
    let keys = node.get("Sort Key").and_then(Value::as_array);
    let keys: Vec<&str> = keys.into_iter().flatten().filter_map(Value::as_str).collect();
    let column = |key: &&str| {
        let name = key.strip_suffix(" DESC").unwrap_or(key);
        conditions::column(name).filter(|(_, column)| !column.as_text)
    };
    let descending = keys.iter().filter(|key| key.ends_with(" DESC")).count();
    let columns: Option<Vec<_>> = keys.iter().map(column).collect();
    columns.filter(|columns| descending == 0 || descending == columns.len()).unwrap_or_default()
}

fn distinct<'a>(columns: impl Iterator<Item = &'a Column>) -> Vec<Column> {
    let mut kept: Vec<Column> = Vec::new();
    for column in columns {
        if !kept.contains(column) {
            kept.push(column.clone());
        }
    }
    kept
}

fn children(node: &Node) -> impl Iterator<Item = &Node> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(node: &Node, name: &str) -> f64 {
    node.get(name).and_then(Value::as_f64).unwrap_or_default()
}
