//! Processes as Linux sees them.

use std::fs;
use std::time::Duration;

use super::Failure;

/// The CPU time of all threads that process `pid` has now, to the nanosecond.
pub fn cpu_of(pid: u32) -> Result<Duration, Failure> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        // one that just ended takes its time along: short-lived threads must not matter
        let Ok(times) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        nanos += times.split_whitespace().next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The memory of a process, in MB of 10^6 bytes.
pub struct Memory {
    pub resident_mb: f64,
    pub peak_mb: f64,
}

/// The memory that process `pid` holds, and the most it ever held.
pub fn memory_of(pid: u32) -> Result<Memory, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let megabytes = |name: &str| -> Result<f64, Failure> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line in status")?;
        let kibibytes: f64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    };
    Ok(Memory { resident_mb: megabytes("VmRSS")?, peak_mb: megabytes("VmHWM")? })
}
