//! CPU time of a process together with its children, as Linux has it.

use std::fs;
use std::time::Duration;

use basira_benches::Failure;
use basira_benches::process::cpu_of;

/// The CPU time of process `parent` and of all children that it has or had; of those that ended to 10 ms.
pub(crate) fn family_cpu(parent: u32) -> Result<Duration, Failure> {
    let mut sum = cpu_of(parent)?;
    for process in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if stat_of(pid).is_ok_and(|stat| stat[PARENT] == u64::from(parent)) {
            // one that ended meanwhile is among those that did
            sum += cpu_of(pid).unwrap_or_default();
        }
    }
    let stat = stat_of(parent)?;
    Ok(sum + Duration::from_millis((stat[ENDED_USER] + stat[ENDED_SYSTEM]) * TICK_MS))
}

/// The parent of process `pid`.
pub(crate) fn parent_of(pid: u32) -> Result<u32, Failure> {
    Ok(u32::try_from(stat_of(pid)?[PARENT])?)
}

/// Places in what [`stat_of`] answers, and the length of a tick, as proc(5) has them.
const PARENT: usize = 0;
const ENDED_USER: usize = 12;
const ENDED_SYSTEM: usize = 13;
const TICK_MS: u64 = 10;

/// The numbers of `/proc/PID/stat` behind the name and the state.
fn stat_of(pid: u32) -> Result<Vec<u64>, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, numbers) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let numbers = numbers.split_whitespace().skip(1).map(|number| number.parse().unwrap_or_default());
    Ok(numbers.collect())
}
