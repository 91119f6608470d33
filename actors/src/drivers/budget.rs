//! Limits on what a watched server may send, counted in the stream before anything is buffered.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::collect::CollectError;
use crate::text::with_unit;

/// The size of a reply to one query: 50,000 rows of `pg_stat_statements` take some 10 MiB, and the counters of 100,000
/// tables 24 MiB. Packed it takes as much again, decoded less.
pub(super) const MAX_REPLY_BYTES: u64 = 24 << 20;
/// The size of everything before the first query: PostgreSQL sends less than 2 KiB.
pub(super) const MAX_HANDSHAKE_BYTES: u64 = 256 << 10;
/// The number of round trips of one query: preparing it looks up each type that it uses.
const MAX_ROUND_TRIPS: u32 = 32;

/// Why a connection was closed because of what the server sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum StreamFault {
    #[error("{what} exceeds {}, the limit for all queries of Basira", with_unit(&(.limit_bytes >> 10).to_string(), Some("kB")))]
    TooLarge { what: &'static str, limit_bytes: u64 },
    #[error("the server requests one round trip after another for a single query")]
    RoundTrips,
    #[error("the bytes are not of its protocol")]
    Protocol,
    #[error("the server requests the password in cleartext")]
    Cleartext,
}

/// The fault of a reply that is too large.
pub(super) const REPLY_TOO_LARGE: StreamFault =
    StreamFault::TooLarge { what: "the server's answer", limit_bytes: MAX_REPLY_BYTES };

impl StreamFault {
    /// Converts the fault of a server of `engine` at `address`.
    pub(super) fn error(self, address: &str, engine: &'static str) -> CollectError {
        match self {
            Self::Protocol => {
                CollectError::Foreign { address: address.to_owned(), engine, came: "something else" }
            }
            Self::Cleartext => CollectError::Cleartext { address: address.to_owned() },
            fault => CollectError::Excess { reason: fault.to_string() },
        }
    }
}

/// What a server may still send. The stream takes from it, and the driver resets it before each query.
#[derive(Debug)]
pub(super) struct Budget {
    left_bytes: AtomicU64,
    left_round_trips: AtomicU32,
    fault: OnceLock<StreamFault>,
}

impl Budget {
    /// Creates the budget of a handshake.
    pub(super) const fn handshake() -> Self {
        Self {
            left_bytes: AtomicU64::new(MAX_HANDSHAKE_BYTES),
            left_round_trips: AtomicU32::new(MAX_ROUND_TRIPS),
            fault: OnceLock::new(),
        }
    }

    /// Resets the budget for the next query.
    pub(super) fn reset(&self) {
        self.left_bytes.store(MAX_REPLY_BYTES, Ordering::Relaxed);
        self.left_round_trips.store(MAX_ROUND_TRIPS, Ordering::Relaxed);
    }

    /// Takes the bytes of a message; `what` and `limit_bytes` describe the fault when none are left.
    pub(super) fn take_bytes(
        &self,
        bytes: u64,
        what: &'static str,
        limit_bytes: u64,
    ) -> Result<(), StreamFault> {
        let left = |left: u64| left.checked_sub(bytes);
        let taken = self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| StreamFault::TooLarge { what, limit_bytes })
    }

    /// Takes a round trip.
    pub(super) fn take_round_trip(&self) -> Result<(), StreamFault> {
        let left = |left: u32| left.checked_sub(1);
        let taken = self.left_round_trips.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| StreamFault::RoundTrips)
    }

    /// Records why the stream ended: the caller of a query only learns that it did. The first fault is kept.
    pub(super) fn record(&self, fault: StreamFault) {
        let _ = self.fault.set(fault);
    }

    /// Returns why the stream ended, if it was closed because of a fault.
    pub(super) fn fault(&self) -> Option<StreamFault> {
        self.fault.get().copied()
    }
}
