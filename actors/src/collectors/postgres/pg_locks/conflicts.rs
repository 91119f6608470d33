//! Which held locks block others, and the order of the blockers.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::Found;

/// The modes of table locks, each with those that it conflicts with (PostgreSQL's manual, table 13.2). Other kinds of
/// locks use some of the same modes by the same rule.
const CONFLICTS: [(&str, &[&str]); 8] = {
    const ACCESS_SHARE: &str = "AccessShareLock";
    const ROW_SHARE: &str = "RowShareLock";
    const ROW_EXCLUSIVE: &str = "RowExclusiveLock";
    const SHARE_UPDATE: &str = "ShareUpdateExclusiveLock";
    const SHARE: &str = "ShareLock";
    const SHARE_ROW: &str = "ShareRowExclusiveLock";
    const EXCLUSIVE: &str = "ExclusiveLock";
    const ACCESS: &str = "AccessExclusiveLock";
    [
        (ACCESS_SHARE, &[ACCESS]),
        (ROW_SHARE, &[EXCLUSIVE, ACCESS]),
        (ROW_EXCLUSIVE, &[SHARE, SHARE_ROW, EXCLUSIVE, ACCESS]),
        (SHARE_UPDATE, &[SHARE_UPDATE, SHARE, SHARE_ROW, EXCLUSIVE, ACCESS]),
        (SHARE, &[ROW_EXCLUSIVE, SHARE_UPDATE, SHARE_ROW, EXCLUSIVE, ACCESS]),
        (SHARE_ROW, &[ROW_EXCLUSIVE, SHARE_UPDATE, SHARE, SHARE_ROW, EXCLUSIVE, ACCESS]),
        (EXCLUSIVE, &[ROW_SHARE, ROW_EXCLUSIVE, SHARE_UPDATE, SHARE, SHARE_ROW, EXCLUSIVE, ACCESS]),
        (
            ACCESS,
            &[ACCESS_SHARE, ROW_SHARE, ROW_EXCLUSIVE, SHARE_UPDATE, SHARE, SHARE_ROW, EXCLUSIVE, ACCESS],
        ),
    ]
};

/// Notes which held locks others wait for, those with the longest wait first, and who blocks each waiter first: one that does not wait itself, if there is
/// such a one.
pub(super) fn mark_blockers(all: &mut [Found]) {
    let mut wanted: HashMap<String, Vec<Wait>> = HashMap::new();
    for waiter in all.iter().filter(|found| !found.lock.granted) {
        let mode = waiter.lock.mode.clone().unwrap_or_default();
        let wait = Wait { session: waiter.lock.session(), mode, wait_ms: waiter.lock.duration_ms };
        wanted.entry(waiter.target.clone()).or_default().push(wait);
    }
    let waiting: BTreeSet<i64> =
        all.iter().filter(|found| !found.lock.granted).map(|found| found.lock.session()).collect();
    for Found { lock, target, longest_wait_ms, .. } in &mut *all {
        if lock.granted {
            let session = lock.session();
            let held = lock.mode.as_deref().unwrap_or_default();
            let waits = wanted.get(target).into_iter().flatten();
            let behind = waits.filter(|wait| wait.session != session && conflict(held, &wait.mode));
            let waits_ms: Vec<Option<i64>> = behind.map(|wait| wait.wait_ms).collect();
            lock.blocks_others = !waits_ms.is_empty();
            *longest_wait_ms = waits_ms.into_iter().flatten().max();
        } else {
            let free = lock.blocking_pids.iter().find(|pid| !waiting.contains(pid));
            lock.blocked_by_pid = free.or(lock.blocking_pids.first()).copied();
        }
    }
    all.sort_by_key(|found| (found.lock.granted, Reverse(found.longest_wait_ms)));
}

/// Somebody waits for a target.
struct Wait {
    session: i64,
    mode: String,
    wait_ms: Option<i64>,
}

fn conflict(held: &str, wanted: &str) -> bool {
    CONFLICTS.iter().any(|(mode, others)| *mode == held && others.contains(&wanted))
}

#[cfg(test)]
mod tests {
    use super::{CONFLICTS, conflict};

    #[test]
    fn conflicts_go_both_ways() {
        for (held, _) in CONFLICTS {
            for (wanted, _) in CONFLICTS {
                assert_eq!(conflict(held, wanted), conflict(wanted, held), "{held} and {wanted}");
            }
        }
        assert!(!conflict("ShareLock", "ShareLock") && conflict("ShareLock", "RowExclusiveLock"));
    }
}
