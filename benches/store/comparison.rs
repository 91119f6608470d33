//! One day in each store, the same questions to all, and their answers held against each other.

use std::time::Instant;

use basira_benches::{Failure, figure};

use super::day::{CHANGED, COUNTERS, DAY_MS, Day, HOUR_MS, HOURS, POLLS_PER_HOUR, Poll};
use super::disk::Written;
use super::peer::{Bucket, Peer, Ranked, Span, timed};

/// By rank: in the middle of those that run often, and the most frequent of all.
const MIDDLING: usize = 250;
const HOTTEST: usize = 0;
const POLLS: f64 = (HOURS * POLLS_PER_HOUR) as f64;
pub(crate) const ROWS: f64 = POLLS * CHANGED as f64;

/// What a store answered.
#[derive(PartialEq)]
pub(crate) struct Answers {
    top_hour: Vec<Ranked>,
    top_day: Vec<Ranked>,
    middling: Vec<Bucket>,
    hottest: Vec<Bucket>,
}

/// Loads the day that begins at `start`, hour by hour; between the polls of an hour nothing else is written.
pub(crate) async fn load(peer: &mut dyn Peer, start: i64) -> Result<Day, Failure> {
    let mut day = Day::new();
    let before = Written::now()?;
    let mut seconds = 0.0;
    for hour in 0..HOURS as i64 {
        let polls: Vec<Poll> = day.hour(start + hour * HOUR_MS);
        let started = Instant::now();
        peer.load(&polls).await?;
        seconds += started.elapsed().as_secs_f64();
    }
    let started = Instant::now();
    peer.finish().await?;
    seconds += started.elapsed().as_secs_f64();
    let (name, written) = (peer.name(), Written::now()?.since(before));
    println!("{name}: {ROWS} rows loaded in {seconds:.1} s");
    figure(&format!("{name}.load_rows_per_s"), ROWS / seconds, "rows/s");
    if peer.writes_here() {
        println!("{name}: {:.0} bytes per poll handed to the kernel", written.handed as f64 / POLLS);
        figure(&format!("{name}.written_per_poll_bytes"), written.disk as f64 / POLLS, "bytes");
    }
    if let Some(bytes) = peer.bytes().await? {
        let per_row = bytes as f64 / ROWS;
        figure(&format!("{name}.bytes_per_row"), per_row, "bytes");
        figure(&format!("{name}.bytes_per_counter"), per_row / COUNTERS.len() as f64, "bytes");
    }
    Ok(day)
}

/// Asks about the day that ends at `end`, whole hours back.
pub(crate) async fn ask(peer: &dyn Peer, day: &Day, end: i64) -> Result<Answers, Failure> {
    let name = peer.name();
    let (hour, whole) = (Span { since: end - HOUR_MS, until: end }, Span { since: end - DAY_MS, until: end });
    let (top_hour, top_hour_ms) = timed(async || peer.top(hour).await).await?;
    let (top_day, top_day_ms) = timed(async || peer.top(whole).await).await?;
    let (middling, middling_ms) = timed(async || peer.series(day.series(MIDDLING), whole).await).await?;
    let (hottest, hottest_ms) = timed(async || peer.series(day.series(HOTTEST), whole).await).await?;
    figure(&format!("{name}.top25_1h_ms"), top_hour_ms, "ms");
    figure(&format!("{name}.top25_24h_ms"), top_day_ms, "ms");
    figure(&format!("{name}.series_24h_ms"), middling_ms, "ms");
    figure(&format!("{name}.series_24h_hottest_ms"), hottest_ms, "ms");
    Ok(Answers { top_hour, top_day, middling, hottest })
}

/// Loads and asks another store; it must answer as ours did.
pub(crate) async fn hold_against(
    expected: Option<&Answers>,
    mut peer: Box<dyn Peer>,
    start: i64,
) -> Result<(), Failure> {
    let day = load(&mut *peer, start).await?;
    let answers = ask(&*peer, &day, start + DAY_MS).await?;
    match expected {
        Some(expected) if *expected != answers => {
            Err(format!("{} answers otherwise than our store: one of them is wrong", peer.name()).into())
        }
        _ => Ok(()),
    }
}
