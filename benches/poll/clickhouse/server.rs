//! The watched server: filled, at work, asked.

use std::time::Duration;

use basira_test_support::{ClickHouseDistribution, ClickHouseOptions, ClickHouseServer};
use reqwest::Client;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use basira_benches::Failure;

/// Rows that the log gets at once.
const COPIED: u32 = 100_000;

/// A throwaway server and somebody who may do everything there.
pub(crate) struct Server {
    server: ClickHouseServer,
    http: Client,
}

impl Server {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let distribution = tokio::task::spawn_blocking(ClickHouseDistribution::fetch).await??;
        let options =
            ClickHouseOptions { settings: ClickHouseServer::LOGS.to_owned(), ..ClickHouseOptions::default() };
        let server = ClickHouseServer::start_with(&distribution, options).await?;
        Ok(Self { server, http: Client::new() })
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Makes `tables` with one part in each of `parts` partitions, which nothing merges.
    pub(crate) async fn fill(&self, tables: u32, parts: u32) -> Result<(), Failure> {
        for table in 0..tables {
            let columns =
                "(id UInt32, day UInt16, text String) ENGINE = MergeTree PARTITION BY day ORDER BY id";
            self.run(&format!("CREATE TABLE t{table} {columns}")).await?;
            self.run(&format!("SYSTEM STOP MERGES t{table}")).await?;
            let rows = format!(
                "INSERT INTO t{table} SELECT number, number % {parts}, 'x' FROM numbers({})",
                parts * 4
            );
            self.run(&rows).await?;
        }
        Ok(())
    }

    /// Some queries a second, until it is aborted.
    pub(crate) fn work(&self) -> JoinHandle<()> {
        let (http, port) = (self.http.clone(), self.port());
        tokio::spawn(async move {
            for round in 0_u64.. {
                for sql in [
                    format!("SELECT count() FROM t{} WHERE id = {round}", round % 20),
                    "SELECT sum(id) FROM t1".to_owned(),
                ] {
                    // what it answers is not looked at: it is only there to be logged
                    let _ = ask(&http, port, sql).await;
                }
                sleep(Duration::from_millis(100)).await;
            }
        })
    }

    /// Gives the log `rows` more, all of a day ago.
    pub(crate) async fn grow_log(&self, rows: u32) -> Result<(), Failure> {
        self.run("SYSTEM FLUSH LOGS").await?;
        for _ in 0..rows / COPIED {
            self.run(&format!(
                "INSERT INTO system.query_log SELECT * REPLACE (event_date - 1 AS event_date, event_time - 86400 AS event_time, \
                 event_time_microseconds - 86400 AS event_time_microseconds, \
                 concat(query_id, toString(arrayJoin(range({})))) AS query_id) \
                 FROM (SELECT * FROM system.query_log WHERE type = 2 LIMIT 500) SETTINGS max_threads = 1, max_block_size = 100, \
                 min_insert_block_size_rows = 20000, min_insert_block_size_bytes = 0, max_insert_threads = 1",
                COPIED / 500
            ))
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<(), Failure> {
        ask(&self.http, self.port(), sql.to_owned()).await.map(drop)
    }

    pub(crate) async fn rows(&self, sql: &str) -> Result<Vec<Value>, Failure> {
        let answer: Value =
            serde_json::from_str(&ask(&self.http, self.port(), format!("{sql} FORMAT JSON")).await?)?;
        Ok(answer["data"].as_array().cloned().unwrap_or_default())
    }
}

async fn ask(http: &Client, port: u16, sql: String) -> Result<String, Failure> {
    let request = http.post(format!("http://127.0.0.1:{port}/?output_format_json_quote_64bit_integers=0"));
    let request = request.header("X-ClickHouse-User", ClickHouseServer::USER);
    let answer = request.header("X-ClickHouse-Key", ClickHouseServer::PASSWORD).body(sql).send().await?;
    let well = answer.status().is_success();
    let text = answer.text().await?;
    if well { Ok(text) } else { Err(text.into()) }
}

/// A cell; 0 where there is none.
pub(crate) fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_default()
}

pub(crate) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}
