//! The report of `basira admin store`, as text and JSON.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use basira_actors::model::{DatabaseId, Timestamp};
use serde::{Serialize, Serializer};

use super::table::Align::{Left, Right};
use super::table::{Table, bytes, count, duration};
use crate::samples::{Resolution, StoredResolution, StreamUsage, Usage};

const HOUR_MS: i64 = 3_600_000;

/// The contents of a store. Ages and lags are in milliseconds; null where nothing is waiting.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    disk_bytes: u64,
    /// Null: no cap.
    cap_bytes: Option<u64>,
    entries: u64,
    texts: u64,
    /// By name.
    databases: Vec<Database>,
}

#[derive(Debug, Serialize)]
struct Database {
    id: DatabaseId,
    /// Null when it was deleted and its samples are not deleted yet.
    name: Option<String>,
    streams: Vec<Stream>,
}

#[derive(Debug, Serialize)]
struct Stream {
    stream: String,
    tail_records: u64,
    tail_bytes: u64,
    tail_age_ms: Option<u64>,
    /// How long ago the oldest record of the tail could have been sealed.
    seal_lag_ms: Option<u64>,
    /// How old the oldest sealed record is that no roll-up has.
    rollup_lag_ms: Option<u64>,
    kept: Vec<ResolutionUsage>,
}

#[derive(Debug, Serialize)]
struct ResolutionUsage {
    #[serde(serialize_with = "name")]
    resolution: Resolution,
    segments: u64,
    rows: u64,
    bytes: u64,
    plain_bytes: u64,
    /// `plain_bytes` / `bytes`; null when nothing was written.
    ratio: Option<f64>,
    /// Since the start of the oldest.
    age_ms: u64,
    first: Timestamp,
    last: Timestamp,
}

fn name<S: Serializer>(resolution: &Resolution, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(resolution.as_str())
}

impl Report {
    /// What `usage` says at `now`, with the names that are known.
    pub(super) fn new(usage: &Usage, names: &HashMap<DatabaseId, String>, now: Timestamp) -> Self {
        let mut databases: BTreeMap<_, Database> = BTreeMap::new();
        for stream in &usage.streams {
            let (id, name) = (stream.database, names.get(&stream.database));
            // those without a name come last
            let database = databases.entry((name.is_none(), name, id)).or_insert_with(|| Database {
                id,
                name: name.cloned(),
                streams: Vec::new(),
            });
            database.streams.push(Stream::new(stream, now));
        }
        Self {
            disk_bytes: usage.disk_bytes,
            cap_bytes: usage.cap_bytes,
            entries: usage.entries,
            texts: usage.words,
            databases: databases.into_values().collect(),
        }
    }

    /// For a terminal.
    pub(super) fn text(&self) -> String {
        let mut totals = Table::new([Left, Left]);
        totals.line(["on disk", &self.disk()]);
        totals.line(["series", &count(self.entries)]);
        totals.line(["texts", &count(self.texts)]);
        let mut text = totals.to_string();
        for database in &self.databases {
            let name = database.name.as_deref().unwrap_or("(deleted)");
            let _ = write!(text, "\n{name}  {}\n{}", database.id, database.table());
        }
        text
    }

    fn disk(&self) -> String {
        let used = bytes(self.disk_bytes);
        match self.cap_bytes {
            None => format!("{used}, without a cap"),
            Some(cap) => {
                let percent = ratio(self.disk_bytes, cap).unwrap_or(0.0) * 100.0;
                format!("{used} of at most {} ({percent:.1} %)", bytes(cap))
            }
        }
    }
}

/// Stream, resolution, segments, rows, bytes, ratio, age of the oldest, lag.
type Streams = Table<8>;

impl Database {
    fn table(&self) -> Streams {
        let mut table = Table::new([Left, Left, Right, Right, Right, Right, Right, Right]);
        table.line(["stream", "kept", "segments", "rows", "bytes", "ratio", "oldest", "behind"]);
        for stream in &self.streams {
            stream.add_to(&mut table);
        }
        table
    }
}

impl Stream {
    fn new(usage: &StreamUsage, now: Timestamp) -> Self {
        let since = |then: i64| now.as_millis().saturating_sub(then).max(0).unsigned_abs();
        let hour_end = |at: i64| at.saturating_sub(1).div_euclid(HOUR_MS).saturating_add(1) * HOUR_MS;
        let tail_since = usage.tail_since.map(Timestamp::as_millis);
        Self {
            stream: usage.stream.clone(),
            tail_records: usage.tail_records,
            tail_bytes: usage.tail_bytes,
            tail_age_ms: tail_since.map(since),
            seal_lag_ms: tail_since.map(|oldest| since(hour_end(oldest))),
            rollup_lag_ms: usage.rollup_since.map(|oldest| since(oldest.as_millis())),
            kept: usage.held.iter().map(|held| ResolutionUsage::new(held, now)).collect(),
        }
    }

    /// The tail first, then from fine to coarse.
    fn add_to(&self, table: &mut Streams) {
        let ago = |millis: Option<u64>| {
            millis.map_or_else(|| "-".to_owned(), |millis| duration(Duration::from_millis(millis)))
        };
        let (polls, size) = (format!("{} polls", count(self.tail_records)), bytes(self.tail_bytes));
        let (age, lag) = (ago(self.tail_age_ms), ago(self.seal_lag_ms));
        table.line([&self.stream, "tail", "-", &polls, &size, "-", &age, &lag]);
        for kept in &self.kept {
            let lag = if kept.resolution == Resolution::Raw { self.rollup_lag_ms } else { None };
            let ratio = kept.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.1}"));
            table.line([
                String::new(),
                kept.resolution.as_str().to_owned(),
                count(kept.segments),
                count(kept.rows),
                bytes(kept.bytes),
                ratio,
                ago(Some(kept.age_ms)),
                ago(lag),
            ]);
        }
    }
}

impl ResolutionUsage {
    fn new(held: &StoredResolution, now: Timestamp) -> Self {
        let age = now.as_millis().saturating_sub(held.first.as_millis()).max(0);
        Self {
            resolution: held.resolution,
            segments: held.segments,
            rows: held.rows,
            bytes: held.bytes,
            plain_bytes: held.plain_bytes,
            ratio: ratio(held.plain_bytes, held.bytes),
            age_ms: age.unsigned_abs(),
            first: held.first,
            last: held.last,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn ratio(whole: u64, part: u64) -> Option<f64> {
    (part > 0).then(|| whole as f64 / part as f64)
}

#[cfg(test)]
mod tests {
    use basira_actors::model::OrganizationId;

    use super::*;

    const NOW: Timestamp = Timestamp(500_000 * HOUR_MS);

    fn stream(database: u128, stream: &str) -> StreamUsage {
        StreamUsage {
            organization: OrganizationId::generate(),
            database: DatabaseId(uuid::Uuid::from_u128(database)),
            stream: stream.to_owned(),
            tail_records: 0,
            tail_bytes: 0,
            tail_since: None,
            rollup_since: None,
            held: Vec::new(),
        }
    }

    fn held(resolution: Resolution, hours: i64, rows: u64) -> StoredResolution {
        let first = Timestamp(NOW.as_millis() - hours * HOUR_MS);
        StoredResolution {
            resolution,
            segments: 2,
            rows,
            bytes: rows * 10,
            plain_bytes: rows * 184,
            first,
            last: NOW,
        }
    }

    fn usage() -> Usage {
        let mut statements = stream(1, "statements");
        statements.tail_records = 12;
        statements.tail_bytes = 4_096;
        // 90 minutes old: its hour has been over for 60
        statements.tail_since = Some(Timestamp(NOW.as_millis() - 90 * 60_000));
        statements.rollup_since = Some(Timestamp(NOW.as_millis() - 3 * HOUR_MS));
        statements.held = vec![held(Resolution::Raw, 47, 1_234_567), held(Resolution::Minute, 300, 0)];
        Usage {
            disk_bytes: 3 << 30,
            cap_bytes: Some(20 << 30),
            streams: vec![stream(2, "activity"), stream(3, "activity"), statements],
            words: 1_204,
            entries: 5_012,
        }
    }

    fn report() -> Report {
        let name = |id, name: &str| (DatabaseId(uuid::Uuid::from_u128(id)), name.to_owned());
        Report::new(&usage(), &HashMap::from([name(1, "shop"), name(3, "blog")]), NOW)
    }

    #[test]
    fn people_get_a_table() {
        let expected = "\
  on disk  3.0 GiB of at most 20.0 GiB (15.0 %)
  series   5,012
  texts    1,204

blog  00000000-0000-0000-0000-000000000003
  stream    kept  segments     rows  bytes  ratio  oldest  behind
  activity  tail         -  0 polls    0 B      -       -       -

shop  00000000-0000-0000-0000-000000000001
  stream      kept    segments       rows     bytes  ratio      oldest   behind
  statements  tail           -   12 polls   4.0 KiB      -  1 h 30 min  1 h 0 min
              raw            2  1,234,567  11.8 MiB   18.4    1 d 23 h  3 h 0 min
              minute         2          0       0 B      -   12 d 12 h          -

(deleted)  00000000-0000-0000-0000-000000000002
  stream    kept  segments     rows  bytes  ratio  oldest  behind
  activity  tail         -  0 polls    0 B      -       -       -
";
        // the width of the last heading does not matter here
        let squeezed = |text: &str| text.replace("behind", "").replace(' ', "");
        assert_eq!(squeezed(&report().text()), squeezed(expected), "{}", report().text());
    }

    #[test]
    fn machines_get_the_same() {
        let json = serde_json::to_value(report()).expect("serialises");
        assert_eq!((&json["disk_bytes"], &json["texts"]), (&(3_u64 << 30).into(), &1_204.into()));
        let statements = &json["databases"][1]["streams"][0];
        assert_eq!(
            (&statements["seal_lag_ms"], &statements["rollup_lag_ms"]),
            (&3_600_000.into(), &10_800_000.into())
        );
        let raw = &statements["kept"][0];
        assert_eq!(
            (&raw["resolution"], &raw["ratio"], &raw["rows"]),
            (&"raw".into(), &18.4.into(), &1_234_567.into())
        );
        assert_eq!(json["databases"][2]["name"], serde_json::Value::Null);
    }
}
