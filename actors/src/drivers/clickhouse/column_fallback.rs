//! Fits a question to this server: columns that it lacks read as NULL, and a cluster is asked as a whole.

use std::collections::{HashMap, HashSet};

use crate::collect::{CollectError, without_untyped_column};

/// The columns of the tables of `system` that the user may read; of others nothing is known.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<String, HashSet<String>>);

/// Tables that tell of the cluster itself: each node tells the same.
const OF_ALL_NODES: [&str; 1] = ["clusters"];

/// Tables that show nothing of a table on which the user lacks SHOW TABLES, without a word.
const OF_TABLES: [&str; 14] = [
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

/// The cluster that is asked as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// Whether several of its nodes run on one host, whose name alone does not tell them apart.
    pub(super) shares_hosts: bool,
}

/// A question as this server understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fitted {
    pub(super) sql: String,
    /// Columns that it lacks, as the question spells them.
    pub(super) missing_columns: Vec<String>,
    /// Whether it is about tables, of which the server shows only those that the user may see.
    pub(super) is_of_tables: bool,
}

impl Known {
    pub(super) fn learn(&mut self, table: &str, column: &str) {
        self.0.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    /// `sql`, whose tables read `system.TABLE AS alias` and whose columns `alias.column`, for a server that has these
    /// columns, asked on every node of `cluster`.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when a column decides which rows count and this server lacks it.
    pub(super) fn fit(&self, sql: &str, cluster: Option<&Cluster>) -> Result<Fitted, CollectError> {
        let is_of_tables = tables(sql).any(|(table, _)| OF_TABLES.contains(&table));
        let mut fitted = Fitted { sql: sql.to_owned(), missing_columns: Vec::new(), is_of_tables };
        for (table, alias) in tables(sql) {
            let Some(columns) = self.0.get(table) else { continue };
            for column in used(sql, alias) {
                if columns.contains(column) {
                    continue;
                }
                let spelled = format!("{alias}.{column}");
                fitted.sql =
                    without_untyped_column(&fitted.sql, &spelled).ok_or_else(|| lacks(table, column))?;
                fitted.missing_columns.push(format!("system.{table}.{column}"));
            }
        }
        if let Some(cluster) = cluster {
            fitted.sql = everywhere(&fitted.sql, cluster);
        }
        Ok(fitted)
    }
}

fn lacks(table: &str, column: &str) -> CollectError {
    CollectError::Missing {
        reason: format!("system.{table} has no column {column} here"),
        fix: "needs a later version of ClickHouse".to_owned(),
    }
}

/// Each `system.TABLE AS alias` outside of comments.
fn tables(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    code(sql).flat_map(|line| {
        line.split("system.").skip(1).filter_map(|rest| {
            let (table, rest) = rest.split_at(rest.find(|c| !is_name(c))?);
            let alias = rest.strip_prefix(" AS ")?;
            Some((table, &alias[..alias.find(|c| !is_name(c)).unwrap_or(alias.len())]))
        })
    })
}

/// The columns that `sql` reads of `alias`, each once.
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

/// `sql` with each table of `system` read from every replica of `cluster`, and each node called so that it is told apart.
fn everywhere(sql: &str, Cluster { name, shares_hosts }: &Cluster) -> String {
    let cluster = name.replace('\\', "\\\\").replace('\'', "\\'");
    let line = |line: &str| {
        let mut fitted = line.to_owned();
        for (table, alias) in tables(line).filter(|(table, _)| !OF_ALL_NODES.contains(table)) {
            fitted = fitted.replace(
                &format!("system.{table} AS {alias}"),
                &format!("clusterAllReplicas('{cluster}', system.{table}) AS {alias}"),
            );
        }
        if *shares_hosts && !line.starts_with("--") {
            fitted = fitted.replace("hostName()", "concat(hostName(), ':', toString(tcpPort()))");
        }
        fitted
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
    use super::{Cluster, Known};

    const SQL: &str = "-- source: system.processes with p.old\nSELECT /* basira */\n    p.query_id AS query_id,\n    toInt64(p.peak) AS peak_bytes\nFROM system.processes AS p\nWHERE p.query_id != ''";

    fn known(columns: &[&str]) -> Known {
        let mut known = Known::default();
        columns.iter().for_each(|column| known.learn("processes", column));
        known
    }

    #[test]
    fn a_column_that_is_not_there_reads_as_null() {
        let fitted = known(&["query_id"]).fit(SQL, None).expect("only the peak is missing");
        assert_eq!(fitted.missing_columns, ["system.processes.peak"]);
        assert_eq!(fitted.sql, SQL.replace("toInt64(p.peak) AS", "NULL AS"));
        assert_eq!(known(&["query_id", "peak"]).fit(SQL, None).expect("fits").sql, SQL);
    }

    #[test]
    fn what_decides_which_rows_count_must_be_there() {
        let error = known(&["peak"]).fit(SQL, None).expect_err("query_id filters");
        assert!(error.to_string().contains("system.processes has no column query_id"), "{error}");
    }

    #[test]
    fn of_a_table_that_nothing_is_known_of_the_server_decides() {
        assert_eq!(Known::default().fit(SQL, None).expect("fits").sql, SQL);
    }

    #[test]
    fn a_cluster_is_asked_as_a_whole() {
        let cluster = Cluster { name: "it's".to_owned(), shares_hosts: false };
        let fitted = known(&["query_id", "peak"]).fit(SQL, Some(&cluster)).expect("fits");
        assert!(
            fitted.sql.contains("FROM clusterAllReplicas('it\\'s', system.processes) AS p"),
            "{}",
            fitted.sql
        );
        let of_itself = "SELECT 1\nFROM system.clusters AS c";
        assert_eq!(Known::default().fit(of_itself, Some(&cluster)).expect("fits").sql, of_itself);
    }

    #[test]
    fn nodes_on_one_host_are_told_apart_by_their_ports() {
        let sql = "SELECT\n    hostName() AS host_name\nFROM system.one AS o";
        let named = |shares_hosts| {
            let cluster = Cluster { name: "c".to_owned(), shares_hosts };
            Known::default().fit(sql, Some(&cluster)).expect("fits").sql
        };
        assert!(named(false).contains("    hostName() AS host_name"));
        assert!(named(true).contains("    concat(hostName(), ':', toString(tcpPort())) AS host_name"));
    }

    #[test]
    fn what_is_about_tables_is_known_as_such() {
        let is_of_tables = |sql| Known::default().fit(sql, None).expect("fits").is_of_tables;
        assert!(is_of_tables("SELECT 1\nFROM system.parts AS p"));
        assert!(!is_of_tables("SELECT 1\nFROM system.errors AS e"));
    }
}
