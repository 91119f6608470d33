//! Adapts a query to the server: missing columns become NULL, and tables of a cluster are read from all nodes.

use std::collections::{HashMap, HashSet};

use crate::collect::{CollectError, without_untyped_column};
use crate::text::quote_clickhouse_literal;

/// The columns of the tables of `system` that the user may read. Nothing is known of other tables.
#[derive(Debug, Default)]
pub(super) struct SystemColumns(HashMap<String, HashSet<String>>);

/// Tables about the cluster itself, which are the same on each node.
const CLUSTER_TABLES: [&str; 1] = ["clusters"];

/// Tables whose rows are silently left out for tables on which the user lacks SHOW TABLES.
const FILTERED_TABLES: [&str; 14] = [
    "columns",
    "data_skipping_indices",
    "detached_parts",
    "distribution_queue",
    "merges",
    "moves",
    "mutations",
    "parts",
    "parts_columns",
    "projection_parts",
    "replicas",
    "replicated_fetches",
    "replication_queue",
    "tables",
];

/// The cluster whose nodes are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// Whether several nodes run on one host, so that the host name does not identify them.
    pub(super) shares_hosts: bool,
}

/// A query adapted to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AdaptedQuery {
    pub(super) sql: String,
    /// Columns of the query that the server lacks.
    pub(super) missing_columns: Vec<String>,
    /// Whether it reads a table that is filtered by the privileges of the user.
    pub(super) is_of_tables: bool,
}

impl SystemColumns {
    /// Adds a column.
    pub(super) fn insert(&mut self, table: &str, column: &str) {
        self.0.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    /// Adapts `sql`, whose tables are written `system.TABLE AS alias` and whose columns `alias.column`, to a server that has
    /// these columns, and reads from every node of `cluster`.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when the server lacks a column that selects the rows.
    pub(super) fn adapt(&self, sql: &str, cluster: Option<&Cluster>) -> Result<AdaptedQuery, CollectError> {
        let is_of_tables = tables(sql).any(|(table, _)| FILTERED_TABLES.contains(&table));
        let mut adapted = AdaptedQuery { sql: sql.to_owned(), missing_columns: Vec::new(), is_of_tables };
        for (table, alias) in tables(sql) {
            let Some(columns) = self.0.get(table) else { continue };
            for column in used(sql, alias) {
                if columns.contains(column) {
                    continue;
                }
                let qualified = format!("{alias}.{column}");
                adapted.sql =
                    without_untyped_column(&adapted.sql, &qualified).ok_or_else(|| lacks(table, column))?;
                adapted.missing_columns.push(format!("system.{table}.{column}"));
            }
        }
        if let Some(cluster) = cluster {
            adapted.sql = on_all_nodes(&adapted.sql, cluster);
        }
        Ok(adapted)
    }
}

fn lacks(table: &str, column: &str) -> CollectError {
    CollectError::Missing {
        reason: format!("system.{table} has no column {column} here"),
        fix: "needs a later version of ClickHouse".to_owned(),
    }
}

/// Returns each `system.TABLE AS alias` outside of comments.
fn tables(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    code(sql).flat_map(|line| {
        line.split("system.").skip(1).filter_map(|rest| {
            let (table, rest) = rest.split_at(rest.find(|c| !is_name(c))?);
            let alias = rest.strip_prefix(" AS ")?;
            Some((table, &alias[..alias.find(|c| !is_name(c)).unwrap_or(alias.len())]))
        })
    })
}

/// Returns the columns of `alias` in `sql` without duplicates.
fn used<'a>(sql: &'a str, alias: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for line in code(sql) {
        for (at, _) in line.match_indices(alias) {
            let (before, rest) = (&line[..at], &line[at + alias.len()..]);
            let Some(column) =
                rest.strip_prefix('.').filter(|_| !before.ends_with(|c| is_name(c) || c == '.'))
            else {
                continue;
            };
            let column = &column[..column.find(|c| !is_name(c)).unwrap_or(column.len())];
            if !found.contains(&column) {
                found.push(column);
            }
        }
    }
    found
}

/// Returns `sql` with each table of `system` read from every replica of `cluster`, and unique node names.
fn on_all_nodes(sql: &str, Cluster { name, shares_hosts }: &Cluster) -> String {
    let cluster = quote_clickhouse_literal(name);
    let line = |line: &str| {
        let mut adapted = line.to_owned();
        for (table, alias) in tables(line).filter(|(table, _)| !CLUSTER_TABLES.contains(table)) {
            adapted = adapted.replace(
                &format!("system.{table} AS {alias}"),
                &format!("clusterAllReplicas({cluster}, system.{table}) AS {alias}"),
            );
        }
        if *shares_hosts && !line.starts_with("--") {
            adapted = adapted.replace("hostName()", "concat(hostName(), ':', toString(tcpPort()))");
        }
        adapted
    };
    sql.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn code(sql: &str) -> impl Iterator<Item = &str> {
    sql.lines().map(|line| line.split("--").next().unwrap_or_default())
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{Cluster, SystemColumns};

    const SQL: &str = "-- source: system.processes with p.old\nSELECT /* basira */\n    p.query_id AS query_id,\n    toInt64(p.peak) AS peak_bytes\nFROM system.processes AS p\nWHERE p.query_id != ''";

    fn known(columns: &[&str]) -> SystemColumns {
        let mut known = SystemColumns::default();
        columns.iter().for_each(|column| known.insert("processes", column));
        known
    }

    #[test]
    fn a_column_that_is_not_there_reads_as_null() {
        let adapted = known(&["query_id"]).adapt(SQL, None).expect("only the peak is missing");
        assert_eq!(adapted.missing_columns, ["system.processes.peak"]);
        assert_eq!(adapted.sql, SQL.replace("toInt64(p.peak) AS", "NULL AS"));
        assert_eq!(known(&["query_id", "peak"]).adapt(SQL, None).expect("fits").sql, SQL);
    }

    #[test]
    fn columns_that_filter_rows_are_required() {
        let error = known(&["peak"]).adapt(SQL, None).expect_err("query_id filters");
        assert!(error.to_string().contains("system.processes has no column query_id"), "{error}");
    }

    #[test]
    fn a_query_on_an_unknown_table_is_not_changed() {
        assert_eq!(SystemColumns::default().adapt(SQL, None).expect("fits").sql, SQL);
    }

    #[test]
    fn tables_of_a_cluster_are_read_from_all_nodes() {
        let cluster = Cluster { name: "it's".to_owned(), shares_hosts: false };
        let adapted = known(&["query_id", "peak"]).adapt(SQL, Some(&cluster)).expect("fits");
        assert!(
            adapted.sql.contains("FROM clusterAllReplicas('it\\'s', system.processes) AS p"),
            "{}",
            adapted.sql
        );
        let of_itself = "SELECT 1\nFROM system.clusters AS c";
        assert_eq!(SystemColumns::default().adapt(of_itself, Some(&cluster)).expect("fits").sql, of_itself);
    }

    #[test]
    fn nodes_on_one_host_are_named_with_their_ports() {
        let sql = "SELECT\n    hostName() AS host_name\nFROM system.one AS o";
        let named = |shares_hosts| {
            let cluster = Cluster { name: "c".to_owned(), shares_hosts };
            SystemColumns::default().adapt(sql, Some(&cluster)).expect("fits").sql
        };
        assert!(named(false).contains("    hostName() AS host_name"));
        assert!(named(true).contains("    concat(hostName(), ':', toString(tcpPort())) AS host_name"));
    }

    #[test]
    fn queries_on_filtered_tables_are_recognized() {
        let is_of_tables = |sql| SystemColumns::default().adapt(sql, None).expect("fits").is_of_tables;
        assert!(is_of_tables("SELECT 1\nFROM system.parts AS p"));
        assert!(!is_of_tables("SELECT 1\nFROM system.errors AS e"));
    }
}
