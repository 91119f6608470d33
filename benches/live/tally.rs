//! Which publication reached whom, and when.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Publications by their number.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    publications: BTreeMap<u64, Publication>,
    lost: usize,
}

/// One snapshot on its way to all clients.
#[derive(Clone, Copy)]
pub(crate) struct Publication {
    pub(crate) bytes: usize,
    clients: usize,
    first: Instant,
    last: Instant,
}

impl Publication {
    /// From the first client that had all of it to the last.
    pub(crate) fn spread(&self) -> Duration {
        self.last - self.first
    }
}

impl Tally {
    /// A client has a whole frame that begins with `head`.
    pub(crate) fn received(&self, bytes: usize, head: &[u8]) {
        let now = Instant::now();
        let Some(number) = number(head) else { return };
        let mut inner = self.lock();
        let publication = inner.publications.entry(number);
        let publication = publication.or_insert(Publication { bytes, clients: 0, first: now, last: now });
        publication.clients += 1;
        publication.last = publication.last.max(now);
    }

    /// A connection ended.
    pub(crate) fn lost(&self) {
        self.lock().lost += 1;
    }

    /// How many connections ended.
    pub(crate) fn losses(&self) -> usize {
        self.lock().lost
    }

    /// Those that reached all `clients`, oldest first.
    pub(crate) fn complete(&self, clients: usize) -> Vec<Publication> {
        let inner = self.lock();
        let whole = inner.publications.values().filter(|publication| publication.clients == clients);
        whole.copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `seq` of a snapshot; none for other frames.
fn number(head: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(head);
    let (_, rest) = head.split_once("\"seq\":")?;
    rest[..rest.find(',')?].parse().ok()
}
