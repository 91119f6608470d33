//! A table of DuckDB, by series, then time; through its Python module, where that is installed.

use std::path::PathBuf;
use std::process::Stdio;

use async_trait::async_trait;
use basira_benches::Failure;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use super::day::{COUNTERS, Counters, Poll};
use super::peer::{BUCKET_MS, Bucket, Peer, Ranked, Span, TOP};
use super::{columns, parquet_files};

/// The Python that has the module `duckdb`, when it is not `python3`.
const PYTHON: &str = "BASIRA_BENCH_PYTHON";
const SERVER: &str = include_str!("duckdb_lines.py");
const FILE: &str = "rows.duckdb";
const HOUR: &str = "hour.parquet";

pub(crate) struct DuckDb {
    pipes: Mutex<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
    _process: Child,
    directory: TempDir,
}

impl DuckDb {
    /// None where the module is not installed.
    pub(crate) async fn start() -> Result<Option<Self>, Failure> {
        let directory = tempfile::tempdir()?;
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let spawned = Command::new(python)
            .args(["-c", SERVER])
            .arg(directory.path().join(FILE))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut process) = spawned else { return Ok(None) };
        let stdin = process.stdin.take().ok_or("python has no input")?;
        let stdout = process.stdout.take().ok_or("python has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        if lines.next_line().await?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { pipes: Mutex::new((stdin, lines)), _process: process, directory }))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Rows of whole numbers.
    async fn run(&self, statement: &str) -> Result<Vec<Vec<i64>>, Failure> {
        let mut pipes = self.pipes.lock().await;
        let (stdin, lines) = &mut *pipes;
        stdin.write_all(format!("{statement}\n").as_bytes()).await?;
        let line = lines.next_line().await?.ok_or_else(|| format!("DuckDB refused {statement}"))?;
        let rows: Vec<Vec<Value>> = serde_json::from_str(&line)?;
        let whole = |value: &Value| value.as_i64().ok_or("DuckDB answers something else than a number");
        Ok(rows.iter().map(|row| row.iter().map(whole).collect()).collect::<Result<_, _>>()?)
    }

    /// Rows of a key and the ten counters summed.
    async fn sums(&self, key: &str, span: Span, rest: &str) -> Result<Vec<(i64, Counters)>, Failure> {
        let sums: Vec<_> = COUNTERS.iter().map(|name| format!(", sum(\"{name}\")::int8")).collect();
        let (sums, Span { since, until }) = (sums.concat(), span);
        let select =
            format!("SELECT {key}{sums} FROM statements WHERE \"at\" > {since} AND \"at\" <= {until} {rest}");
        let rows = self.run(&select).await?;
        let counters = |row: &[i64]| row[1..].first_chunk().copied().ok_or("a counter is missing");
        Ok(rows.iter().map(|row| Ok((row[0], counters(row)?))).collect::<Result<_, &str>>()?)
    }
}

#[async_trait]
impl Peer for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn writes_here(&self) -> bool {
        false
    }

    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure> {
        let mut writer = columns::writer(std::fs::File::create(self.path(HOUR))?)?;
        parquet_files::write_hour(&mut writer, polls)?;
        writer.close()?;
        let hour = self.path(HOUR);
        let hour = format!("read_parquet('{}')", hour.display());
        self.run(&format!("CREATE TABLE IF NOT EXISTS loaded AS SELECT * FROM {hour} LIMIT 0")).await?;
        self.run(&format!("INSERT INTO loaded SELECT * FROM {hour}")).await?;
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        self.run("CREATE TABLE statements AS SELECT * FROM loaded ORDER BY series, \"at\"").await?;
        self.run("DROP TABLE loaded").await?;
        self.run("CHECKPOINT").await?;
        Ok(())
    }

    async fn bytes(&self) -> Result<Option<u64>, Failure> {
        // the file keeps the room of what was loaded first
        let used = "SELECT (used_blocks * block_size)::int8 FROM pragma_database_size()";
        let rows = self.run(used).await?;
        Ok(rows.first().and_then(|row| row.first()).map(|bytes| bytes.cast_unsigned()))
    }

    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure> {
        let rest = format!("GROUP BY series ORDER BY sum(total_time_us) DESC LIMIT {TOP}");
        let rows = self.sums("series", span, &rest).await?;
        Ok(rows.into_iter().map(|(series, counters)| (series.cast_unsigned(), counters)).collect())
    }

    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure> {
        let start = format!("(\"at\" - 1) // {BUCKET_MS} * {BUCKET_MS}");
        let rest = format!("AND series = {} GROUP BY 1 ORDER BY 1", series.cast_signed());
        self.sums(&start, span, &rest).await
    }
}
