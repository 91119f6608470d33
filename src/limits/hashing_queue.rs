//! A fair queue for hashing passwords, which takes a CPU for a good part of a second: hosts are served in turn, however
//! many requests each of them has waiting.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How many requests may wait for each permit: some four seconds of hashing.
const MAX_WAITING_PER_PERMIT: usize = 16;
/// One host may have this part of them: a quarter.
const SHARE_OF_A_HOST: usize = 4;

/// A host; none for requests without a connection.
type Host = Option<IpAddr>;

/// Too many passwords wait to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct HashingQueueFull;

impl HashingQueueFull {
    /// When to try again.
    pub const RETRY_AFTER: Duration = Duration::from_secs(5);
}

/// Grants as many permits at once as there are CPUs.
#[derive(Debug, Clone)]
pub(super) struct HashingQueue(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct Queue {
    free: usize,
    most_waiting: usize,
    /// The next host first.
    waiting: VecDeque<(Host, VecDeque<oneshot::Sender<HashingPermit>>)>,
}

/// The permission to hash a password; dropping it serves the next host.
#[derive(Debug)]
pub struct HashingPermit(Option<HashingQueue>);

impl Default for HashingQueue {
    fn default() -> Self {
        Self::new(available_parallelism().map_or(1, usize::from))
    }
}

impl HashingQueue {
    fn new(permits: usize) -> Self {
        let most_waiting = permits * MAX_WAITING_PER_PERMIT;
        Self(Arc::new(Mutex::new(Queue { free: permits, most_waiting, waiting: VecDeque::new() })))
    }

    /// Waits for a permit for a request of `host`.
    pub(super) async fn take(&self, host: Host) -> Result<HashingPermit, HashingQueueFull> {
        let granted = {
            let mut queue = self.0.lock();
            if queue.free > 0 {
                queue.free -= 1;
                return Ok(HashingPermit(Some(self.clone())));
            }
            queue.wait(host)?
        };
        granted.await.map_err(|_| HashingQueueFull)
    }

    /// Passes a permit to the next request that still waits.
    fn pass_on(&self) {
        loop {
            let Some(next) = self.0.lock().next() else { return };
            match next.send(HashingPermit(Some(self.clone()))) {
                Ok(()) => return,
                // the waiter has left; the permit that came back must not be passed on again
                Err(mut unused) => unused.0 = None,
            }
        }
    }
}

impl Queue {
    fn wait(&mut self, host: Host) -> Result<oneshot::Receiver<HashingPermit>, HashingQueueFull> {
        for (_, of_host) in &mut self.waiting {
            of_host.retain(|waiting| !waiting.is_closed());
        }
        self.waiting.retain(|(_, of_host)| !of_host.is_empty());
        let waiting: usize = self.waiting.iter().map(|(_, of_host)| of_host.len()).sum();
        let of_host = self.waiting.iter().find(|(known, _)| *known == host).map_or(0, |(_, of)| of.len());
        if waiting >= self.most_waiting || of_host >= self.most_waiting.div_ceil(SHARE_OF_A_HOST) {
            return Err(HashingQueueFull);
        }
        let (sender, receiver) = oneshot::channel();
        match self.waiting.iter_mut().find(|(known, _)| *known == host) {
            Some((_, of_host)) => of_host.push_back(sender),
            None => self.waiting.push_back((host, VecDeque::from([sender]))),
        }
        Ok(receiver)
    }

    /// The next request; if there is none, the permit is free.
    fn next(&mut self) -> Option<oneshot::Sender<HashingPermit>> {
        let Some((host, mut of_host)) = self.waiting.pop_front() else {
            self.free += 1;
            return None;
        };
        let next = of_host.pop_front();
        if !of_host.is_empty() {
            self.waiting.push_back((host, of_host));
        }
        next
    }
}

impl Drop for HashingPermit {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use futures_util::FutureExt as _;

    use super::{HashingQueue, HashingQueueFull};

    fn host(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    #[tokio::test]
    async fn hosts_are_served_in_turn_however_many_requests_one_has() {
        let queue = HashingQueue::new(1);
        let running = queue.take(host(1)).now_or_never().unwrap().unwrap();
        let mut crowd: Vec<_> = (0..4).map(|_| Box::pin(queue.take(host(1)))).collect();
        assert!(crowd.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        let fifth = queue.take(host(1)).now_or_never().unwrap();
        assert_eq!(fifth.unwrap_err(), HashingQueueFull, "a quarter of those who may wait");
        let mut other = Box::pin(queue.take(host(2)));
        assert!((&mut other).now_or_never().is_none());

        drop(running);
        let first = crowd.remove(0).now_or_never().unwrap().unwrap();
        assert!((&mut other).now_or_never().is_none());
        drop(first);
        assert!(other.now_or_never().unwrap().is_ok(), "before the others of the first host");
        assert!(crowd.remove(0).now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_cancelled_request_leaves_the_queue() {
        let queue = HashingQueue::new(1);
        let running = queue.take(host(1)).await.unwrap();
        for last in 0..=u8::MAX {
            assert!(queue.take(host(last)).now_or_never().is_none(), "those before left");
        }
        let mut stays = Box::pin(queue.take(host(3)));
        assert!((&mut stays).now_or_never().is_none());
        drop(running);
        drop(stays.await.unwrap());
        assert!(queue.take(host(4)).now_or_never().unwrap().is_ok(), "the permit is free again");
    }

    #[tokio::test]
    async fn requests_of_too_many_hosts_are_refused() {
        let queue = HashingQueue::new(1);
        let _running = queue.take(None).await.unwrap();
        let mut waiting = Vec::new();
        for last in 0..16 {
            let mut one = Box::pin(queue.take(host(last)));
            assert!((&mut one).now_or_never().is_none());
            waiting.push(one);
        }
        assert_eq!(queue.take(host(200)).now_or_never().unwrap().unwrap_err(), HashingQueueFull);
    }
}
