//! Each call of the file system in turn fails under a script of requests.

use super::fault_points::points;
use super::script::Script;
use crate::harness::{FailingFiles, Fault, TestApp};

/// Calls that are tried of each kind of fault, unless all of them are.
const TRIED: u64 = 2;
const DATA: &str = "/data/";

/// For how long calls fail, once one does.
#[derive(Debug, Clone, Copy)]
enum Lasting {
    ThisCall,
    /// Until the end of the round.
    FromThisCall,
}

const FAULTS: [(Fault, Lasting); 6] = [
    (Fault::DiskFull, Lasting::FromThisCall),
    (Fault::DiskFull, Lasting::ThisCall),
    (Fault::ReadOnly, Lasting::FromThisCall),
    (Fault::InputOutput, Lasting::ThisCall),
    (Fault::FailedSync, Lasting::ThisCall),
    (Fault::FailedRead, Lasting::ThisCall),
];

/// How many calls of a round `fault` could strike, as one shows that nothing strikes.
async fn calls_of_a_round(files: &FailingFiles, script: &mut Script, fault: Fault) -> u64 {
    script.prepare().await;
    files.count_for(fault);
    script.round().await;
    let calls = files.calls();
    script.recovers("without a fault").await;
    calls
}

/// Afterwards the server goes on by itself and has kept what it should; so it has after a restart.
#[tokio::test]
async fn nothing_acknowledged_is_lost_whichever_call_fails() {
    let files = FailingFiles::containing(DATA);
    let mut script = Script::start(TestApp::start_on(&files).await).await;
    for (fault, lasting) in FAULTS {
        let calls = calls_of_a_round(&files, &mut script, fault).await;
        let mut struck = 0;
        for nth in points(calls, TRIED) {
            let when = format!("after {fault:?}, {lasting:?}, at call {nth} of {calls}");
            script.prepare().await;
            match lasting {
                Lasting::ThisCall => files.fail_at(fault, nth),
                Lasting::FromThisCall => files.fail_from(fault, nth),
            }
            script.round().await;
            files.heal();
            struck += files.failed();
            script.recovers(&when).await;
            script.restarts(&format!("{when} and a restart")).await;
        }
        assert!(struck > 0, "no call failed by {fault:?}");
    }
    script.ledger.has_both();
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_whichever_call_the_server_is_killed_at() {
    let files = FailingFiles::containing(DATA);
    let mut script = Script::start(TestApp::start_on(&files).await).await;
    let calls = calls_of_a_round(&files, &mut script, Fault::Kill).await;
    for nth in points(calls, TRIED) {
        script.prepare().await;
        files.fail_at(Fault::Kill, nth);
        script.round().await;
        script.dies().await;
        files.heal();
        script.restarts(&format!("after SIGKILL at call {nth} of {calls}")).await;
    }
}
