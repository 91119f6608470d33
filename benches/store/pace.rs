//! Appending: 100 databases at their own pace, and as many rows as go through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use basira_actors::model::{Record, Timestamp};
use basira_benches::{Failure, figure};
use tokio::task::JoinSet;
use tokio::time::{interval_at, sleep};

use super::day::{CHANGED, Day, POLL_MS};
use super::ours::{Store, new_scope};
use super::peer::ms;

const DATABASES: u32 = 100;
const POLLS: i64 = 6;
const INTERVAL: Duration = Duration::from_secs(10);
/// Databases that append as fast as they can, and how often.
const EAGER: u32 = 16;
const EAGER_POLLS: i64 = 60;
/// Different polls that all databases share.
const DIFFERENT: i64 = 60;

pub(crate) async fn measure() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(Store::open(directory.path()).await?);
    let mut day = Day::new();
    let records: Arc<Vec<Record>> =
        Arc::new((1..=DIFFERENT).map(|poll| day.poll(poll * POLL_MS).record()).collect());

    let started = Instant::now();
    run(EAGER, EAGER_POLLS, Duration::ZERO, &store, &records).await?;
    let rows = f64::from(EAGER) * EAGER_POLLS as f64 * CHANGED as f64;
    figure("store.append_rows_per_s", rows / started.elapsed().as_secs_f64(), "rows/s");

    let mut times = run(DATABASES, POLLS, INTERVAL, &store, &records).await?;
    times.sort_unstable();
    let at = |share: f64| ms(times[(times.len() as f64 * share) as usize]);
    println!(
        "{DATABASES} databases, a poll of {CHANGED} rows every {INTERVAL:?}: {} appends, median {:.2} ms, slowest {:.2} ms",
        times.len(),
        at(0.5),
        at(0.999),
    );
    figure("store.append_p99_ms", at(0.99), "ms");
    Ok(())
}

/// Lets each of `databases` append `polls` times, spread over `interval`; how long each append took.
async fn run(
    databases: u32,
    polls: i64,
    interval: Duration,
    store: &Arc<Store>,
    records: &Arc<Vec<Record>>,
) -> Result<Vec<Duration>, Failure> {
    let mut all = JoinSet::new();
    for database in 0..databases {
        let (store, records) = (Arc::clone(store), Arc::clone(records));
        all.spawn(async move {
            sleep(interval * database / databases).await;
            let mut times = Vec::new();
            let mut pace = (!interval.is_zero()).then(|| interval_at(tokio::time::Instant::now(), interval));
            let (scope, start) = (new_scope(), Timestamp::now().as_millis() - polls * POLL_MS);
            for poll in 0..polls {
                if let Some(pace) = &mut pace {
                    pace.tick().await;
                }
                let mut record = records[(i64::from(database) + poll) as usize % records.len()].clone();
                record.from = Timestamp(start + poll * POLL_MS);
                record.at = Timestamp(start + (poll + 1) * POLL_MS);
                let started = Instant::now();
                store.append(scope, record).await?;
                times.push(started.elapsed());
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(each) = all.join_next().await {
        times.extend(each??);
    }
    Ok(times)
}
