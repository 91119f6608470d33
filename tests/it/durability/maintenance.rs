//! Appending, sealing, rolling up and dropping while files fail: a store in a process of its own, which is this very
//! test binary.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use basira::samples::{DatabaseScope, ManagedSampleStore, Projection, Retention, Window, open};
use basira::storage::Storage;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, Timestamp};
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use super::fault_points::points;
use super::integrity::is_intact;
use crate::admin_commands::polled_store::{HOUR_MS, Polled, START};
use crate::harness::{FailingFiles, Fault};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Raw records are dropped on the third day, minutes on the fourth.
const RETENTION: Retention = Retention {
    raw: DAY,
    minute: DAY.saturating_mul(2),
    hour: DAY.saturating_mul(100),
    max_bytes: None,
    new_texts_per_hour: None,
};
/// Of the store's own time, from [`START`].
const POLL_MS: i64 = HOUR_MS / 2;
const POLLS: u32 = 4 * 48;
const POLLS_PER_UPKEEP: u32 = 12;
/// Calls that are tried of each kind of fault, unless all of them are.
const TRIED: u64 = 3;
const FILLED_WITHIN: Duration = Duration::from_secs(60);
/// How many calls in a row find the disk full.
const FULL_FOR: u64 = 60;
/// Tells the other process where its store is.
const FOLDER: &str = "BASIRA_TEST_STORE";
/// The file in it that has what the senders were told.
const TOLD: &str = "told";
const EVER: Window = Window { since: Timestamp(0), until: Timestamp(i64::MAX) };
const SCOPE: DatabaseScope = DatabaseScope {
    organization: OrganizationId(Uuid::from_u128(1)),
    database: DatabaseId(Uuid::from_u128(2)),
};

#[tokio::test]
async fn a_full_disk_at_any_call_neither_loses_nor_duplicates_records() {
    keeps_its_records(Fault::DiskFull, FULL_FOR).await;
}

#[tokio::test]
async fn an_error_at_any_call_neither_loses_nor_duplicates_records() {
    keeps_its_records(Fault::InputOutput, 1).await;
}

#[tokio::test]
async fn a_kill_at_any_call_neither_loses_nor_duplicates_records() {
    keeps_its_records(Fault::Kill, 1).await;
}

/// Lets `length` calls in a row fail, from each of the points on.
async fn keeps_its_records(fault: Fault, length: u64) {
    let files = FailingFiles::containing("/data/");
    files.count_for(fault);
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &files).await;
    holds(folder.path(), "without a fault").await;
    let calls = files.calls();
    for nth in points(calls, TRIED) {
        let folder = tempfile::tempdir().unwrap();
        files.fail_between(fault, nth, nth + length - 1);
        fill(folder.path(), &files).await;
        holds(folder.path(), &format!("after {fault:?} at call {nth} of {calls}")).await;
    }
}

/// Lets the other process fill a store in `folder`; it may be killed.
async fn fill(folder: &Path, files: &FailingFiles) {
    let mut store = Command::new(env::current_exe().unwrap());
    let test = format!("{}::a_store_in_a_process_of_its_own", module_path!().trim_start_matches("it::"));
    store.args(["--exact", &test, "--ignored"]).env(FOLDER, folder).envs(files.environment());
    timeout(FILLED_WITHIN, store.kill_on_drop(true).output()).await.expect("a store that goes on").unwrap();
}

#[tokio::test]
#[ignore = "is run by the other tests of this file, in a process of its own"]
async fn a_store_in_a_process_of_its_own() {
    let folder = env::var(FOLDER).unwrap();
    let mut told = Told::to(Path::new(&folder));
    let url = format!("sqlite://{folder}/data/basira.db");
    let storage = Storage::open(&url, &[7; 32]).await.unwrap();
    storage.migrate().await.unwrap();
    let store = open::open(&storage, None, RETENTION).unwrap();
    for nth in 0..POLLS {
        append(&*store, nth, &mut told).await;
        if nth % POLLS_PER_UPKEEP == POLLS_PER_UPKEEP - 1 {
            // what fails is tried again the next time
            let _ = store.maintain(end_of(nth)).await;
        }
    }
    store.close().await;
}

/// Every other poll that is refused comes again, as a monitor would send it.
async fn append(store: &dyn ManagedSampleStore, nth: u32, told: &mut Told) {
    while store.append(batch(nth).into()).await.is_err() {
        told.note(nth, "refused");
        if nth.is_multiple_of(2) {
            return;
        }
    }
    told.note(nth, "stored");
}

/// What the other process writes down of each poll, where a kill does not take it away.
struct Told(File);

impl Told {
    fn to(folder: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(folder.join(TOLD)).unwrap())
    }

    fn note(&mut self, nth: u32, word: &str) {
        writeln!(self.0, "{nth} {word}").unwrap();
    }

    /// The last word on each poll.
    fn read(folder: &Path) -> BTreeMap<u64, String> {
        let told = fs::read_to_string(folder.join(TOLD)).unwrap_or_default();
        let words = told.lines().map(|line| line.split_once(' ').unwrap());
        words.map(|(nth, word)| (nth.parse().unwrap(), word.to_owned())).collect()
    }
}

/// Adds 1 to every counter of a series of its own.
fn batch(nth: u32) -> Batch {
    let at = end_of(nth);
    let record = Record {
        stream: &STATEMENTS,
        from: at - Duration::from_millis(POLL_MS.unsigned_abs()),
        at,
        series: vec![u64::from(nth)],
        columns: vec![vec![1]; STATEMENTS.columns.len()],
    };
    Batch { records: vec![record], ..Batch::new(SCOPE.organization, SCOPE.database) }
}

fn end_of(nth: u32) -> Timestamp {
    Timestamp(START + (i64::from(nth) + 1) * POLL_MS)
}

/// Fails unless the store in `folder` has each poll as its sender was told, before and after the upkeep that is due.
async fn holds(folder: &Path, when: &str) {
    let file = folder.join("data/basira.db");
    is_intact(&file).await;
    let told = Told::read(folder);
    let store = Polled::open(&file, SCOPE).await;
    store.samples.retain(RETENTION);
    for look in ["", ", then upkeep"] {
        let totals = store.samples.totals(SCOPE, &STATEMENTS, EVER, &Projection::ALL).await.unwrap();
        let calls: BTreeMap<u64, i64> = totals.iter().map(|total| (total.group, total.values[0])).collect();
        for nth in 0..=u64::from(POLLS) {
            let calls = calls.get(&nth).copied().unwrap_or_default();
            let right = match told.get(&nth).map(String::as_str) {
                Some("stored") => calls == 1,
                Some("refused") => calls == 0,
                // it was under way, or never sent
                _ => calls <= 1,
            };
            assert!(
                right,
                "poll {nth} counts {calls} times {when}{look}; its sender was told: {:?}",
                told.get(&nth)
            );
        }
        store.samples.maintain(end_of(POLLS)).await.unwrap();
    }
    store.close().await;
}
