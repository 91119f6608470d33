//! A MergeTree of a running ClickHouse, by series, then time; the codecs that suit integers.

use async_trait::async_trait;
use basira_benches::Failure;
use reqwest::{Client, RequestBuilder};

use super::day::{COUNTERS, Counters, Poll};
use super::peer::{BUCKET_MS, Bucket, Peer, Ranked, Span, TOP};

/// Where one answers over HTTP, for instance `http://127.0.0.1:8123`, to the user `default` without a password.
pub(crate) const URL: &str = "BASIRA_BENCH_CLICKHOUSE";
const TABLE: &str = "basira_bench";
/// Of one row of an answer: the key and the counters.
const ROW_BYTES: usize = 8 * (1 + COUNTERS.len());

pub(crate) struct ClickHouse {
    url: String,
    http: Client,
}

impl ClickHouse {
    /// With an empty table.
    pub(crate) async fn start(url: String) -> Result<Self, Failure> {
        let clickhouse = Self { url, http: Client::new() };
        let counters: Vec<_> =
            COUNTERS.iter().map(|name| format!("{name} Int64 CODEC(T64, ZSTD(3)), ")).collect();
        clickhouse.ask(&format!("DROP TABLE IF EXISTS {TABLE}")).await?;
        let table = format!(
            "CREATE TABLE {TABLE} ({} series UInt64 CODEC(Delta, ZSTD(3)), at Int64 CODEC(Delta, T64, ZSTD(3))) \
             ENGINE = MergeTree ORDER BY (series, at)",
            counters.concat()
        );
        clickhouse.ask(&table).await?;
        Ok(clickhouse)
    }

    async fn ask(&self, query: &str) -> Result<Vec<u8>, Failure> {
        answer(self.http.post(&self.url).body(query.to_owned())).await
    }

    /// Rows of a 64-bit key and ten sums.
    async fn sums(&self, key: &str, filter: &str, rest: &str) -> Result<Vec<(u64, Counters)>, Failure> {
        let sums: Vec<_> = COUNTERS.iter().map(|name| format!(", sum({name})")).collect();
        let query =
            format!("SELECT {key}{} FROM {TABLE} WHERE {filter} {rest} FORMAT RowBinary", sums.concat());
        let body = self.ask(&query).await?;
        let number = |row: &[u8], place: usize| {
            let bytes = row[8 * place..].first_chunk::<8>().copied().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let row = |row| (number(row, 0), std::array::from_fn(|place| number(row, 1 + place).cast_signed()));
        Ok(body.chunks_exact(ROW_BYTES).map(row).collect())
    }
}

#[async_trait]
impl Peer for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn writes_here(&self) -> bool {
        false
    }

    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure> {
        let mut data = Vec::new();
        for poll in polls {
            for row in &poll.rows {
                row.counters.iter().for_each(|counter| data.extend(counter.to_le_bytes()));
                data.extend(row.series.to_le_bytes());
                data.extend(poll.at.to_le_bytes());
            }
        }
        let insert = format!("INSERT INTO {TABLE} FORMAT RowBinary");
        let mut url = url::Url::parse(&self.url)?;
        url.query_pairs_mut().append_pair("query", &insert);
        answer(self.http.post(url).body(data)).await?;
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        self.ask(&format!("OPTIMIZE TABLE {TABLE} FINAL")).await?;
        Ok(())
    }

    async fn bytes(&self) -> Result<Option<u64>, Failure> {
        let query = format!("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = '{TABLE}'");
        let body = self.ask(&query).await?;
        Ok(Some(String::from_utf8(body)?.trim().parse()?))
    }

    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure> {
        let filter = format!("at > {} AND at <= {}", span.since, span.until);
        let rest = format!("GROUP BY series ORDER BY sum(total_time_us) DESC LIMIT {TOP}");
        self.sums("series", &filter, &rest).await
    }

    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure> {
        let filter = format!("series = {series} AND at > {} AND at <= {}", span.since, span.until);
        let start = format!("toInt64(intDiv(at - 1, {BUCKET_MS}) * {BUCKET_MS}) AS start");
        let buckets = self.sums(&start, &filter, "GROUP BY start ORDER BY start").await?;
        Ok(buckets.into_iter().map(|(start, counters)| (start.cast_signed(), counters)).collect())
    }
}

/// What it answers; a refusal is an error in its own words.
async fn answer(request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?.to_vec();
    if status.is_success() {
        return Ok(body);
    }
    Err(format!("ClickHouse answers {status}: {}", String::from_utf8_lossy(&body)).into())
}
