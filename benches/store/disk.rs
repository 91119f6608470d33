//! What this process has written to disk.

use std::fs;

use basira_benches::Failure;

/// Bytes so far.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// As the kernel accounts for them: pages made dirty, each at most once before it reaches the disk.
    pub(crate) disk: u64,
    /// As they were handed to the kernel.
    pub(crate) handed: u64,
}

impl Written {
    pub(crate) fn now() -> Result<Self, Failure> {
        let text = fs::read_to_string("/proc/self/io")?;
        let number = |name: &str| -> Result<u64, Failure> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line in io")?;
            Ok(line.trim().parse()?)
        };
        Ok(Self { disk: number("write_bytes:")?, handed: number("wchar:")? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { disk: self.disk - before.disk, handed: self.handed - before.handed }
    }
}
