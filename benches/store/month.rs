//! Thirty days of several databases: long questions, a start with a full store, and memory.
//!
//! The last day is the generated one, poll by poll. The 29 before it have one poll an hour, of all 5,000 statements: as
//! many rows of an hour as a real day leaves behind, but fewer of a minute. The other databases have only such days.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use basira::samples::{DatabaseScope, ManagedSampleStore as _};
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};
use basira_actors::ports::SampleRepository as _;
use basira_benches::process::memory_of;
use basira_benches::{Failure, figure};
use tokio::process::Command;
use tokio::task::JoinSet;

use super::day::{DAY_MS, Day, HOUR_MS, HOURS};
use super::ours::{ROLLED_UP_MS, Store, new_scope};
use super::peer::{Span, ms, timed};

const DAYS: i64 = 30;
const DATABASES: usize = 4;
/// Rankings of thirty days that are asked for at once.
const AT_ONCE: usize = 100;
/// The part of this bench that asks, in a process that has done nothing else.
pub(crate) const ROLE: &str = "month-asked";

/// `end` is the end of the last day, a whole hour.
pub(crate) async fn measure(end: i64) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let scopes: Vec<DatabaseScope> = (0..DATABASES).map(|_| new_scope()).collect();
    fill(directory.path(), &scopes, end).await?;
    let ids = scopes.iter().flat_map(|scope| [scope.organization.0, scope.database.0]);
    let status = Command::new(std::env::current_exe()?)
        .args([ROLE, &end.to_string()])
        .arg(directory.path())
        .args(ids.map(|id| id.to_string()))
        .status()
        .await?;
    if status.success() { Ok(()) } else { Err("asking about the month failed".into()) }
}

/// Makes the month, keeping the store as time passes.
async fn fill(directory: &Path, scopes: &[DatabaseScope], end: i64) -> Result<(), Failure> {
    let store = Store::open(directory).await?;
    let mut day = Day::new();
    // so that it knows how often each statement changes
    day.hour(0);
    for scope in scopes {
        store.register(*scope, day.all_series()).await?;
    }
    for hour in 0..DAYS * HOURS as i64 {
        let start = end - DAYS * DAY_MS + hour * HOUR_MS;
        let sparse = [day.hour_at_once(start)];
        let dense = if start < end - DAY_MS { Vec::new() } else { day.hour(start) };
        for (place, scope) in scopes.iter().enumerate() {
            let polls = if place == 0 && !dense.is_empty() { &dense[..] } else { &sparse };
            for poll in polls {
                store.append(*scope, poll.record()).await?;
            }
        }
        store.samples.maintain(Timestamp(start + HOUR_MS)).await?;
    }
    store.samples.maintain(Timestamp(end + ROLLED_UP_MS)).await?;
    println!("{DAYS} days of {DATABASES} databases: a file of {:.1} MB", store.file_bytes()? as f64 / 1e6);
    store.close().await
}

/// The role: `arguments` are the end of the month, the directory, and two ids for each database.
pub(crate) async fn ask(arguments: &[String]) -> Result<(), Failure> {
    let [end, directory, ids @ ..] = arguments else {
        return Err("end, directory and ids are wanted".into());
    };
    let ids: Vec<_> = ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let scope =
        |pair: &[_]| DatabaseScope { organization: OrganizationId(pair[0]), database: DatabaseId(pair[1]) };
    let scopes: Vec<DatabaseScope> = ids.chunks_exact(2).map(scope).collect();
    let (end, first): (i64, _) = (end.parse()?, *scopes.first().ok_or("there is no database")?);

    let started = Instant::now();
    let store = Store::open(Path::new(directory)).await?;
    store.samples.last_stored_at(first.database, &STATEMENTS).await?.ok_or("nothing is stored")?;
    figure("store.start_s", started.elapsed().as_secs_f64(), "s");
    let (day, month) =
        (Span { since: end - DAY_MS, until: end }, Span { since: end - DAYS * DAY_MS, until: end });
    for (span, name) in [(day, "24h"), (month, "30d")] {
        let started = Instant::now();
        store.top(first, span).await?;
        figure(&format!("store.first_top25_{name}_ms"), ms(started.elapsed()), "ms");
    }
    let (_, top_ms) = timed(async || store.top(first, month).await).await?;
    figure("store.top25_30d_ms", top_ms, "ms");
    let edges = Span { since: month.since + HOUR_MS / 3, until: month.until - HOUR_MS / 3 };
    let (_, edges_ms) = timed(async || store.top(first, edges).await).await?;
    figure("store.top25_30d_unaligned_ms", edges_ms, "ms");
    memory(store, &scopes, month).await
}

/// How much the process grows, at most, by many long questions at once.
async fn memory(store: Store, scopes: &[DatabaseScope], month: Span) -> Result<(), Failure> {
    let before = memory_of(std::process::id())?;
    // the peak is counted anew from here
    std::fs::write("/proc/self/clear_refs", "5")?;
    let store = Arc::new(store);
    let mut asking = JoinSet::new();
    for place in 0..AT_ONCE {
        let (store, scope) = (Arc::clone(&store), scopes[place % scopes.len()]);
        asking.spawn(async move { store.top(scope, month).await.map(|top| top.len()) });
    }
    while let Some(answer) = asking.join_next().await {
        if answer?? == 0 {
            return Err("a ranking of thirty days is empty".into());
        }
    }
    let after = memory_of(std::process::id())?;
    println!(
        "{AT_ONCE} rankings of {DAYS} days at once: {:.0} MB before, at most {:.0} MB meanwhile",
        before.resident_mb, after.peak_mb
    );
    figure("store.rss_30d_mb", after.peak_mb - before.resident_mb, "MB");
    Ok(())
}
