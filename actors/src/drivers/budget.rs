//! How many bytes a watched server may send, counted in the stream before anything is buffered.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::collect::CollectError;
use crate::text::with_unit;

/// The answer to one question: 50,000 rows of `pg_stat_statements` take some 10 MiB, and the counters of 100,000 tables
/// 24 MiB. Packed it takes as much again, decoded less.
pub(super) const ANSWER_BYTES: u64 = 24 << 20;
/// Everything before the first question: PostgreSQL sends less than 2 KiB.
pub(super) const HANDSHAKE_BYTES: u64 = 256 << 10;
/// Round trips that one question may take: preparing it looks up each type that it uses.
const TURNS: u32 = 32;

/// Why a connection was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    #[error("{what} exceeds {}: nothing that Basira asks for is so large", with_unit(&(.limit_bytes >> 10).to_string(), Some("kB")))]
    Bytes { what: &'static str, limit_bytes: u64 },
    #[error("the server makes Basira ask again and again")]
    Turns,
    #[error("the bytes are not of its protocol")]
    Protocol,
    #[error("the server asks for the password in cleartext")]
    Cleartext,
}

/// The excess of an answer.
pub(super) const TOO_LONG: Excess = Excess::Bytes { what: "the server's answer", limit_bytes: ANSWER_BYTES };

impl Excess {
    /// The same of a server of `engine` at `address`.
    pub(super) fn error(self, address: &str, engine: &'static str) -> CollectError {
        match self {
            Self::Protocol => {
                CollectError::Foreign { address: address.to_owned(), engine, came: "something else" }
            }
            Self::Cleartext => CollectError::Cleartext { address: address.to_owned() },
            excess => CollectError::Excess { reason: excess.to_string() },
        }
    }
}

/// What a server may still send. The stream takes from it, and the driver grants anew with each question.
#[derive(Debug)]
pub(super) struct Budget {
    left_bytes: AtomicU64,
    left_turns: AtomicU32,
    excess: OnceLock<Excess>,
}

impl Budget {
    /// For a handshake.
    pub(super) const fn handshake() -> Self {
        Self {
            left_bytes: AtomicU64::new(HANDSHAKE_BYTES),
            left_turns: AtomicU32::new(TURNS),
            excess: OnceLock::new(),
        }
    }

    /// For the next question.
    pub(super) fn grant(&self) {
        self.left_bytes.store(ANSWER_BYTES, Ordering::Relaxed);
        self.left_turns.store(TURNS, Ordering::Relaxed);
    }

    /// Takes the bytes of a message.
    pub(super) fn take(&self, bytes: u64, what: &'static str, limit_bytes: u64) -> Result<(), Excess> {
        let left = |left: u64| left.checked_sub(bytes);
        let taken = self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| Excess::Bytes { what, limit_bytes })
    }

    /// Takes a round trip.
    pub(super) fn take_turn(&self) -> Result<(), Excess> {
        let left = |left: u32| left.checked_sub(1);
        let taken = self.left_turns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| Excess::Turns)
    }

    /// Notes why the stream ended: whoever waits for an answer only learns that it did.
    pub(super) fn note(&self, excess: Excess) {
        // the first reason is the one that ended it
        let _ = self.excess.set(excess);
    }

    /// Why the stream ended, if it was given up.
    pub(super) fn excess(&self) -> Option<Excess> {
        self.excess.get().copied()
    }
}
