//! The tree of blocking and waiting sessions, built from the locks of a server.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{Lock, Timestamp};

/// Sessions below this depth are counted but not shown: JSON parsers limit the depth.
const MAX_DEPTH: usize = 50;

/// A session that blocks others or waits for one that does. Each session is in the forest once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// 0 for a prepared transaction. The leader of parallel workers.
    pub pid: i64,
    pub state: Option<String>,
    pub user_name: Option<String>,
    pub database_name: Option<String>,
    pub application_name: Option<String>,
    pub query_text: Option<String>,
    pub query_hash: Option<String>,
    pub prepared_transaction: Option<String>,
    pub transaction_ms: Option<i64>,
    /// The lock it waits for; if it does not wait, the lock it holds that others wait for.
    pub lock_type: Option<String>,
    pub mode: Option<String>,
    pub schema_name: Option<String>,
    pub relation_name: Option<String>,
    /// Null when it does not wait, or only since a moment.
    pub wait_ms: Option<i64>,
    /// All sessions that block it. Its parent in the tree is the one to look at first.
    pub blocking_pids: Vec<i64>,
    /// Whether it is part of a deadlock, of which the server will cancel one session.
    pub deadlock: bool,
    /// The number of sessions that wait for it, directly or indirectly.
    pub blocked_sessions: usize,
    /// The longest wait of those sessions.
    pub longest_wait_ms: Option<i64>,
    /// Longest wait first.
    pub blocked: Vec<Self>,
    pub ts: Option<Timestamp>,
}

/// Returns the trees of the sessions that block others, largest first. A waiting session whose blockers are not known and
/// that blocks no other is left out.
#[must_use]
pub fn lock_tree(locks: &[Lock]) -> Vec<Blocker> {
    let mut forest = Forest::of(locks);
    let roots: Vec<i64> = forest.behind.keys().copied().filter(|pid| !forest.has_parent(*pid)).collect();
    let mut trees: Vec<Blocker> = roots.into_iter().map(|pid| forest.grow(pid, 0)).collect();
    // sessions below no root are part of a cycle, or wait for one
    while let Some(pid) = forest.next_in_cycle() {
        let mut tree = forest.grow(pid, 0);
        tree.deadlock = true;
        trees.push(tree);
    }
    trees.sort_by_key(|tree| (Reverse(tree.blocked_sessions), Reverse(tree.longest_wait_ms), tree.pid));
    trees
}

/// The sessions concerned, and which waits for which.
struct Forest<'a> {
    sessions: BTreeMap<i64, Session<'a>>,
    behind: BTreeMap<i64, Vec<i64>>,
    grown: BTreeSet<i64>,
}

/// The locks of one session.
#[derive(Default)]
struct Session<'a> {
    /// Its longest wait.
    wait: Option<&'a Lock>,
    /// A lock it holds that others wait for.
    held: Option<&'a Lock>,
    /// Its parent in the tree.
    parent: Option<i64>,
}

impl<'a> Forest<'a> {
    fn of(locks: &'a [Lock]) -> Self {
        let mut sessions: BTreeMap<i64, Session<'a>> = BTreeMap::new();
        for lock in locks {
            let session = sessions.entry(lock.session()).or_default();
            if lock.granted {
                let better = |held: &Lock| lock.blocks_others && !held.blocks_others;
                if session.held.is_none_or(better) {
                    session.held = Some(lock);
                }
            } else if session.wait.is_none_or(|wait| wait.duration_ms < lock.duration_ms) {
                session.wait = Some(lock);
            }
        }
        for (pid, session) in &mut sessions {
            session.parent = session.wait.and_then(|wait| wait.blocked_by_pid).filter(|parent| parent != pid);
        }
        let mut behind: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (pid, session) in &sessions {
            if let Some(parent) = session.parent {
                behind.entry(parent).or_default().push(*pid);
            }
        }
        let wait_of = |pid: &i64| sessions.get(pid)?.wait?.duration_ms;
        behind.values_mut().for_each(|pids| pids.sort_by_key(|pid| Reverse(wait_of(pid))));
        Self { sessions, behind, grown: BTreeSet::new() }
    }

    fn parent(&self, pid: i64) -> Option<i64> {
        self.sessions.get(&pid)?.parent
    }

    fn has_parent(&self, pid: i64) -> bool {
        self.parent(pid).is_some()
    }

    /// The lowest pid of a cycle that is not in a tree yet.
    fn next_in_cycle(&self) -> Option<i64> {
        let mut pid = self.behind.keys().copied().find(|pid| !self.grown.contains(pid))?;
        let mut visited = BTreeSet::new();
        while visited.insert(pid) {
            pid = self.parent(pid)?;
        }
        let start = pid;
        let mut lowest = start;
        loop {
            pid = self.parent(pid)?;
            lowest = lowest.min(pid);
            if pid == start {
                return Some(lowest);
            }
        }
    }

    /// Builds the tree of `pid`. Recurses as deep as the longest chain of waiting sessions, which are at most 200.
    fn grow(&mut self, pid: i64, depth: usize) -> Blocker {
        self.grown.insert(pid);
        let mut behind = self.behind.get(&pid).cloned().unwrap_or_default();
        behind.retain(|pid| !self.grown.contains(pid));
        let blocked: Vec<Blocker> = behind.into_iter().map(|pid| self.grow(pid, depth + 1)).collect();
        let session = self.sessions.get(&pid);
        let lock = session.and_then(|session| session.wait.or(session.held));
        let mut node = lock.map_or_else(Blocker::default, node_of);
        node.pid = pid;
        if node.relation_name.is_none()
            && let Some(waiter) = blocked.first()
        {
            // the table of the row that it locked
            node.schema_name.clone_from(&waiter.schema_name);
            node.relation_name.clone_from(&waiter.relation_name);
        }
        node.blocked_sessions = blocked.iter().map(|waiter| 1 + waiter.blocked_sessions).sum();
        node.longest_wait_ms =
            blocked.iter().flat_map(|waiter| [waiter.wait_ms, waiter.longest_wait_ms]).flatten().max();
        node.blocked = if depth < MAX_DEPTH { blocked } else { Vec::new() };
        node
    }
}

fn node_of(lock: &Lock) -> Blocker {
    let lock = lock.clone();
    Blocker {
        pid: lock.pid,
        state: lock.state,
        user_name: lock.user_name,
        database_name: lock.database_name,
        application_name: lock.application_name,
        query_text: lock.query_text,
        query_hash: lock.query_hash,
        prepared_transaction: lock.prepared_transaction,
        transaction_ms: lock.transaction_ms,
        lock_type: lock.lock_type,
        mode: lock.mode,
        schema_name: lock.schema_name,
        relation_name: lock.relation_name,
        wait_ms: lock.duration_ms.filter(|_| !lock.granted),
        blocking_pids: lock.blocking_pids,
        ts: Some(lock.ts),
        ..Blocker::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocker, MAX_DEPTH, lock_tree};
    use crate::model::{Lock, Timestamp};

    fn lock(pid: i64) -> Lock {
        Lock {
            pid,
            lock_type: None,
            mode: None,
            schema_name: None,
            relation_name: None,
            granted: false,
            blocked_by_pid: None,
            blocking_pids: Vec::new(),
            blocks_others: false,
            duration_ms: None,
            transaction_ms: None,
            query_text: None,
            query_hash: None,
            state: None,
            user_name: None,
            database_name: None,
            application_name: None,
            leader_pid: None,
            prepared_transaction: None,
            ts: Timestamp(0),
        }
    }

    fn waits(pid: i64, blocking_pids: &[i64], duration_ms: i64) -> Lock {
        Lock {
            blocked_by_pid: blocking_pids.first().copied(),
            blocking_pids: blocking_pids.to_vec(),
            duration_ms: Some(duration_ms),
            relation_name: Some("orders".to_owned()),
            ..lock(pid)
        }
    }

    fn holds(pid: i64, mode: &str, blocks_others: bool) -> Lock {
        Lock { granted: true, blocks_others, mode: Some(mode.to_owned()), ..lock(pid) }
    }

    fn worker(leader_pid: i64, lock: Lock) -> Lock {
        Lock { leader_pid: Some(leader_pid), ..lock }
    }

    /// `1:2(3)` for 3 that waits behind 2 that waits behind 1, `!` for a deadlock.
    fn drawn(trees: &[Blocker]) -> String {
        let each = trees.iter().map(|tree| {
            let below = drawn(&tree.blocked);
            let below = if below.is_empty() { below } else { format!("({below})") };
            format!("{}{}{below}", tree.pid, if tree.deadlock { "!" } else { "" })
        });
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn forests() {
        let cases: [(&str, Vec<Lock>, &str); 12] = [
            ("nothing", vec![], ""),
            ("held, and no other session waits", vec![holds(1, "a", false)], ""),
            ("one behind another", vec![holds(1, "a", true), waits(2, &[1], 5)], "1(2)"),
            ("three deep", vec![waits(3, &[2], 4), waits(2, &[1], 5), holds(1, "a", true)], "1(2(3))"),
            ("longest wait first", vec![waits(2, &[1], 5), waits(3, &[1], 9)], "1(3 2)"),
            ("under the first of several", vec![waits(2, &[1], 5), waits(3, &[1, 2], 4)], "1(2 3)"),
            (
                "most blocked first",
                vec![waits(2, &[1], 9), waits(4, &[3], 1), waits(5, &[3], 1)],
                "3(4 5) 1(2)",
            ),
            ("a prepared transaction", vec![waits(2, &[0], 5), waits(3, &[2], 5)], "0(2(3))"),
            (
                "a deadlock of two, and one that waits for it",
                vec![waits(1, &[2], 1), waits(2, &[1], 1), waits(3, &[2], 1)],
                "1!(2(3))",
            ),
            ("unknown blockers", vec![waits(2, &[], 1), waits(3, &[2], 1), waits(4, &[], 1)], "2(3)"),
            (
                "parallel workers count as their leader",
                vec![worker(2, waits(20, &[1], 1)), worker(2, waits(21, &[1], 3))],
                "1(2)",
            ),
            ("a worker behind its leader", vec![worker(2, waits(20, &[2], 1))], ""),
        ];
        for (name, locks, expected) in cases {
            assert_eq!(drawn(&lock_tree(&locks)), expected, "{name}");
        }
    }

    #[test]
    fn a_root_has_the_lock_that_others_wait_for() {
        let locks = [
            holds(1, "ShareLock", false),
            holds(1, "ExclusiveLock", true),
            waits(2, &[1], 500),
            waits(3, &[2], 9_000),
        ];
        let root = lock_tree(&locks).swap_remove(0);
        assert_eq!((root.blocked_sessions, root.longest_wait_ms, root.wait_ms), (2, Some(9_000), None));
        assert_eq!(root.mode.as_deref(), Some("ExclusiveLock"));
        assert_eq!(root.relation_name.as_deref(), Some("orders"), "taken from the waiting session");
        let waiter = &root.blocked[0];
        assert_eq!((waiter.wait_ms, waiter.blocked_sessions), (Some(500), 1));
        assert_eq!(waiter.blocking_pids, [1]);
    }

    #[test]
    fn a_long_chain_is_counted_but_cut_off() {
        let locks: Vec<Lock> = (1..=200).map(|pid| waits(pid + 1, &[pid], 1)).collect();
        let mut node = lock_tree(&locks).swap_remove(0);
        assert_eq!(node.blocked_sessions, 200);
        let mut depth = 0;
        while let Some(next) = node.blocked.pop() {
            node = next;
            depth += 1;
        }
        assert_eq!((depth, node.blocked_sessions), (MAX_DEPTH, 200 - MAX_DEPTH));
    }
}
