//! The queue of statements to plan: those with the most total time, each again after a while, failed ones rarely.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::collect::Server;
use crate::model::{Engine, Timestamp};
use crate::plan::Unplanned;
use crate::text::{self, Fingerprint};

/// Statements that are planned.
const MOST: usize = 50;
/// A statement is planned again after this many runs: ten minutes at the default interval.
const AGAIN_AFTER: u64 = 60;
/// A statement that failed is not planned again for this long: each try is a line in the server's log.
const REFUSED_FOR: Duration = Duration::from_secs(24 * 3600);
/// A privilege may be granted meanwhile; that of a role is noticed at once.
const DENIED_FOR: Duration = Duration::from_secs(3600);
/// The number of failures kept.
const REMEMBERED: usize = 2_000;

const DENIED: &str = "42501";
const LOCKED: &str = "55P03";

/// The result of planning a statement.
pub(super) enum Outcome {
    Planned,
    Refused { code: Option<String>, reason: String, at: Timestamp },
}

#[derive(Default)]
pub(super) struct Queue {
    /// Most expensive first.
    statements: Vec<Statement>,
    incoming: Vec<Statement>,
    refusals: HashMap<Fingerprint, Refusal>,
    /// Statements that are not to be planned with our rights, by what the last reading showed.
    beyond: HashSet<Fingerprint>,
    memberships: String,
    /// Version, start and role of the server: another one may answer otherwise.
    server: Option<(String, Timestamp, i64)>,
    /// The server's clock when something was answered last.
    now: Option<Timestamp>,
}

struct Statement {
    fingerprint: Fingerprint,
    user_name: String,
    raw: Arc<str>,
    text: Arc<str>,
    writes: bool,
    not_before: u64,
}

struct Refusal {
    /// Set when the role lacks a right.
    denied: Option<Denied>,
    reason: String,
    until: Timestamp,
}

/// What a role may not do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Denied {
    Read,
    /// Planning a statement that writes requires the privilege to write, and one with a function that to call it: nobody
    /// should grant that for plans.
    More,
}

const NEVER_ASKED_FOR: &str =
    "planning it takes the right to write its tables or to call its functions, which Basira does not ask for";
/// The oid of `pg_read_all_data`, whose members may read everything.
const READ_ALL_DATA: &str = "6181";

impl Queue {
    /// What another server, or another life of it, refused counts no more.
    pub(super) fn on(&mut self, server: &Server) {
        let here = (server.version.clone(), server.started_at, server.role_oid);
        if self.server.as_ref() != Some(&here) {
            self.server = Some(here);
            self.refusals.clear();
        }
    }

    /// The roles that ours is a member of: with others, what was denied may be allowed.
    pub(super) fn as_member_of(&mut self, memberships: &str) {
        if self.memberships != memberships {
            memberships.clone_into(&mut self.memberships);
            let denied = |refusal: &Refusal| refusal.denied.is_some();
            for statement in &mut self.statements {
                if self.refusals.get(&statement.fingerprint).is_some_and(denied) {
                    statement.not_before = 0;
                }
            }
            self.refusals.retain(|_, refusal| !denied(refusal));
        }
    }

    pub(super) fn begin_sample(&mut self) {
        self.incoming.clear();
        self.beyond.clear();
    }

    /// A statement of the server, the most expensive first.
    pub(super) fn offer(&mut self, user_name: &str, raw: &str, beyond: bool) {
        if text::plannable(raw).is_err() || self.incoming.len() >= MOST {
            return;
        }
        let normalised = text::normalise(Engine::Postgres, raw);
        let fingerprint = normalised.fingerprint;
        if self.incoming.iter().any(|known| known.fingerprint == fingerprint) {
            return;
        }
        if beyond {
            self.beyond.insert(fingerprint);
            return;
        }
        let known = self.statements.iter().find(|known| known.fingerprint == fingerprint);
        let not_before = known.map_or(0, |known| known.not_before);
        self.incoming.push(Statement {
            fingerprint,
            user_name: user_name.to_owned(),
            raw: Arc::from(raw),
            writes: text::writes(raw),
            text: Arc::from(normalised.text),
            not_before,
        });
    }

    pub(super) fn end_sample(&mut self) {
        self.statements = std::mem::take(&mut self.incoming);
        let planned: HashSet<Fingerprint> =
            self.statements.iter().map(|statement| statement.fingerprint).collect();
        self.beyond.retain(|fingerprint| !planned.contains(fingerprint));
        if self.refusals.len() > REMEMBERED {
            self.refusals.retain(|fingerprint, _| planned.contains(fingerprint));
        }
    }

    /// Takes the statement that waits longest, the most expensive of them, and the role that runs it.
    pub(super) fn take(&mut self, run: u64) -> Option<(Fingerprint, String)> {
        let (now, refusals) = (self.now, &self.refusals);
        let waits = |fingerprint: &Fingerprint| match (refusals.get(fingerprint), now) {
            (Some(refusal), Some(now)) => now < refusal.until,
            _ => false,
        };
        let ready = self
            .statements
            .iter_mut()
            .filter(|statement| statement.not_before <= run && !waits(&statement.fingerprint));
        let next = ready.min_by_key(|statement| statement.not_before)?;
        // also when nothing comes of it: one that breaks the connection must not be first again
        next.not_before = run + AGAIN_AFTER;
        Some((next.fingerprint, next.user_name.clone()))
    }

    pub(super) fn note(&mut self, fingerprint: Fingerprint, outcome: Outcome) {
        match outcome {
            Outcome::Planned => {
                self.refusals.remove(&fingerprint);
            }
            Outcome::Refused { code, reason, at } => {
                let reads_all = self.memberships.split(' ').any(|role| role == READ_ALL_DATA);
                let more = reads_all || self.find(fingerprint).is_some_and(|statement| statement.writes);
                let (denied, pause) = match code.as_deref() {
                    Some(LOCKED) => (None, Duration::ZERO),
                    Some(DENIED) if more => (Some(Denied::More), REFUSED_FOR),
                    Some(DENIED) => (Some(Denied::Read), DENIED_FOR),
                    _ => (None, REFUSED_FOR),
                };
                let reason = if denied == Some(Denied::More) { NEVER_ASKED_FOR.to_owned() } else { reason };
                self.refusals.insert(fingerprint, Refusal { denied, reason, until: at + pause });
            }
        }
    }

    /// The server's clock.
    pub(super) const fn is_now(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    pub(super) fn raw(&self, fingerprint: Fingerprint) -> Option<Arc<str>> {
        self.find(fingerprint).map(|statement| Arc::clone(&statement.raw))
    }

    pub(super) fn text(&self, fingerprint: Fingerprint) -> Option<Arc<str>> {
        self.find(fingerprint).map(|statement| Arc::clone(&statement.text))
    }

    fn find(&self, fingerprint: Fingerprint) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.fingerprint == fingerprint)
    }

    /// Statements whose tables the role may not read.
    pub(super) fn denied(&self) -> usize {
        self.refusals.values().filter(|refusal| refusal.denied == Some(Denied::Read)).count()
    }

    pub(super) fn beyond(&self) -> usize {
        self.beyond.len()
    }

    /// Why statements have no plan.
    pub(super) fn unplanned(&self) -> Unplanned {
        let refused = self.refusals.iter().map(|(fingerprint, refusal)| {
            let fix =
                if refusal.denied == Some(Denied::Read) { "; see /collectors for what to grant" } else { "" };
            (*fingerprint, format!("{}{fix}", refusal.reason))
        });
        let beyond = self.beyond.iter().map(|fingerprint| {
            (*fingerprint, "a superuser does not plan statements of other roles; see /collectors".to_owned())
        });
        Unplanned(refused.chain(beyond).collect())
    }
}
