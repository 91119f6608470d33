//! Exporters that read the same server, each asked for one full collection as Prometheus asks. They run where they are named:
//! `BASIRA_BENCH_POSTGRES_EXPORTER` and `BASIRA_BENCH_PG_EXPORTER` are the paths of their programs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use basira_benches::process::{cpu_of, memory_of};
use basira_benches::{Failure, median};
use basira_test_support::{Guardian, scratch_directory};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::family::family_cpu;

const READY_WITHIN: Duration = Duration::from_secs(20);
/// The queries that give the facts of a full collection, as the exporter of the Prometheus community takes them.
const QUERIES: &str = include_str!("exporter_queries.yaml");
const POSTGRES_EXPORTER_PORT: u16 = 19_187;
const PG_EXPORTER_PORT: u16 = 19_432;

/// An exporter under way.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    process: Child,
    port: u16,
    _guardian: Guardian,
}

/// What one scrape costs.
pub(crate) struct Scrape {
    pub(crate) client: Duration,
    pub(crate) backend: Duration,
    pub(crate) wall: Duration,
    pub(crate) bytes_out: usize,
    pub(crate) peak_mb: f64,
}

impl Peer {
    /// Those whose programs are named.
    pub(crate) async fn start_all(port: u16) -> Result<Vec<Self>, Failure> {
        let mut peers = Vec::new();
        if let Ok(program) = std::env::var("BASIRA_BENCH_POSTGRES_EXPORTER") {
            peers.push(Self::postgres_exporter(&program, port).await?);
        }
        if let Ok(program) = std::env::var("BASIRA_BENCH_PG_EXPORTER") {
            peers.push(Self::pg_exporter(&program, port).await?);
        }
        Ok(peers)
    }

    /// Every fact of a full collection by queries of ours, all statements; nothing else.
    async fn postgres_exporter(program: &str, port: u16) -> Result<Self, Failure> {
        let folder = scratch_directory()?;
        let queries = folder.join("queries.yaml");
        std::fs::write(&queries, QUERIES)?;
        let mut command = Command::new(program);
        command
            .arg(format!("--web.listen-address=127.0.0.1:{POSTGRES_EXPORTER_PORT}"))
            .args(["--disable-default-metrics", "--disable-settings-metrics"])
            .args(["--no-collector.database", "--no-collector.bgwriter"])
            .arg(format!("--extend.query-path={}", queries.display()))
            .env(
                "DATA_SOURCE_NAME",
                format!("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"),
            );
        Self::start("postgres_exporter", command, folder, POSTGRES_EXPORTER_PORT).await
    }

    /// Its own collectors of the same facts.
    async fn pg_exporter(program: &str, port: u16) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(["--port", &PG_EXPORTER_PORT.to_string(), "--listen", "127.0.0.1", "--dsn"]);
        command.arg(format!("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"));
        for collector in ["locks", "database", "stat", "replication", "index", "statements"] {
            command.arg(format!("--collector.{collector}"));
        }
        Self::start("pg_exporter", command, scratch_directory()?, PG_EXPORTER_PORT).await
    }

    async fn start(
        name: &'static str,
        mut command: Command,
        folder: std::path::PathBuf,
        port: u16,
    ) -> Result<Self, Failure> {
        let guardian = Guardian::watch(&folder, &folder)?;
        command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.kill_on_drop(true).spawn()?;
        let peer = Self { name, process, port, _guardian: guardian };
        let deadline = Instant::now() + READY_WITHIN;
        while peer.scrape().await.is_err() {
            if Instant::now() > deadline {
                return Err(format!("{name} does not answer").into());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(peer)
    }

    /// What one of `scrapes` costs, one a second. `postmaster` is the server's, of which nobody else uses anything.
    pub(crate) async fn cost(&self, postmaster: u32, scrapes: u32) -> Result<Scrape, Failure> {
        let pid = self.process.id().ok_or("the exporter ended")?;
        let mut walls = Vec::new();
        let mut bytes_out = 0;
        let (client, backend) = (cpu_of(pid)?, family_cpu(postmaster)?);
        for _ in 0..scrapes {
            let begun = Instant::now();
            bytes_out = self.scrape().await?;
            walls.push(begun.elapsed().as_secs_f64());
            sleep(Duration::from_secs(1).saturating_sub(begun.elapsed())).await;
        }
        Ok(Scrape {
            client: (cpu_of(pid)? - client) / scrapes,
            backend: (family_cpu(postmaster)? - backend) / scrapes,
            wall: Duration::from_secs_f64(median(walls)),
            bytes_out,
            peak_mb: memory_of(pid)?.peak_mb,
        })
    }

    async fn scrape(&self) -> Result<usize, Failure> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.port)).await?;
        Ok(answer.error_for_status()?.bytes().await?.len())
    }
}
