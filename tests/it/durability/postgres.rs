//! The same with our own storage on PostgreSQL: connections cut at a commit, a server that is killed, a full disk.

use std::time::Duration;

use tokio::time::sleep;

use super::fault_points::points;
use super::script::Script;
use crate::harness::postgres::{NEWEST, private, private_on, shared};
use crate::harness::{CommitProxy, Cut, FailingFiles, Fault, TestApp, TestDatabase};

/// Commits that are tried of each kind of cut, unless all of them are.
const TRIED: u64 = 2;
/// Into a round, so that it strikes in the middle of it.
const KILLED_AFTER: [Duration; 2] = [Duration::from_millis(30), Duration::from_millis(120)];
/// The files of tables: without its log of writes no PostgreSQL goes on.
const TABLES: &str = "/base/";
/// Rows that need more than the pages there are.
const MANY_KEYS: usize = 400;

/// The storage `database`, reached through `port`.
async fn server_with_storage(database: &TestDatabase, port: u16) -> Script {
    let url = database.superuser_dsn().replace(&database.port.to_string(), &port.to_string());
    Script::start(TestApp::start_with(&[("STORAGE__URL", &url)]).await).await
}

async fn survives(cut: Cut) {
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let proxy = CommitProxy::before(database.port).await;
    let mut script = server_with_storage(&database, proxy.port).await;
    if cut == Cut::BeforeAnswer {
        // a commit whose answer is lost was made, and is refused
        script.ledger.refused_may_be_done();
    }
    script.prepare().await;
    proxy.count();
    script.round().await;
    let commits = proxy.commits();
    script.recovers("before any cut").await;
    for nth in points(commits, TRIED) {
        let when = format!("after a cut {cut:?} of commit {nth} of {commits}");
        script.prepare().await;
        proxy.cut(cut, nth);
        script.round().await;
        script.recovers(&when).await;
    }
    script.restarts("after all cuts and a restart").await;
}

#[tokio::test]
async fn a_connection_cut_before_its_commit_changes_nothing() {
    survives(Cut::BeforeCommit).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_counts_once() {
    survives(Cut::BeforeAnswer).await;
}

#[tokio::test]
async fn a_storage_server_that_is_killed_loses_nothing_acknowledged() {
    let mut server = private(NEWEST, "").await;
    let database = TestDatabase::create(&server).await;
    let mut script = server_with_storage(&database, database.port).await;
    script.ledger.refused_may_be_done();
    for after in KILLED_AFTER {
        script.prepare().await;
        let kill = async {
            sleep(after).await;
            server.kill_hard().await.unwrap();
            server.start_again().await.unwrap();
        };
        tokio::join!(script.round(), kill);
        script.recovers(&format!("after a kill of the storage's server {after:?} into a round")).await;
    }
    script.restarts("after the kills and a restart").await;
}

#[tokio::test]
async fn a_full_disk_of_the_storage_server_loses_nothing_acknowledged() {
    let files = FailingFiles::containing(TABLES);
    let server = private_on(&files, NEWEST).await;
    let database = TestDatabase::create(&server).await;
    let mut script = server_with_storage(&database, database.port).await;
    script.prepare().await;
    files.fail_from(Fault::DiskFull, 1);
    assert!(script.create_keys_until_refused(MANY_KEYS).await, "no key was refused on a full disk");
    script.round().await;
    files.heal();
    script.recovers("after a full disk").await;
    script.restarts("after a full disk and a restart").await;
}
