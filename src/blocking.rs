//! Work that keeps its thread busy, on threads that run tasks.

use tokio::runtime::{Handle, RuntimeFlavor};

/// From here on work is long enough to delay the tasks that wait for the same thread: to serialise and to compress this
/// much takes about a millisecond.
pub(crate) const LONG_WORK_BYTES: usize = 64 * 1024;

/// Runs `work`, which handles `bytes` bytes of data; while long work runs, another thread takes over the tasks of this
/// one.
pub(crate) fn with_bytes<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes >= LONG_WORK_BYTES { blocking(work) } else { work() }
}

/// Runs `work`, which is long or reads files, while another thread takes over the tasks of this one.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // a runtime of one thread has nobody to hand its tasks to
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{LONG_WORK_BYTES, with_bytes};

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn other_tasks_run_during_long_work() {
        let (sender, receiver) = mpsc::channel();
        let working = tokio::spawn(async move {
            // runs on the one worker, in whose queue it is
            tokio::spawn(async move { sender.send("another task ran").expect("it is waited for") });
            with_bytes(LONG_WORK_BYTES, || receiver.recv_timeout(Duration::from_secs(10)))
        });
        assert_eq!(working.await.expect("no panic"), Ok("another task ran"));
    }

    #[tokio::test]
    async fn long_work_is_done_on_a_runtime_of_one_thread_too() {
        assert_eq!(with_bytes(LONG_WORK_BYTES, || 7), 7);
    }
}
