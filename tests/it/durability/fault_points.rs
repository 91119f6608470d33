//! Which of the calls that were counted are tried.

use std::env;

/// All of `1..=calls` with `FAULT_POINTS=all`, else at most `most` of them, spread evenly.
pub(super) fn points(calls: u64, most: u64) -> Vec<u64> {
    assert!(calls > 0, "no call was counted");
    if env::var("FAULT_POINTS").is_ok_and(|points| points == "all") {
        return (1..=calls).collect();
    }
    let most = most.min(calls);
    (0..most).map(|nth| 1 + (2 * nth + 1) * calls / (2 * most)).map(|nth| nth.min(calls)).collect()
}
