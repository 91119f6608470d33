//! A real file system of a few megabytes that a test can fill.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SIZE: &str = "size=24m,mode=700";

/// A tmpfs, unmounted when this is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounted at `place`; none where that is not allowed.
    pub(crate) fn at(place: &Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(place).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(place.to_owned()))
    }

    /// Leaves not one byte free.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.ballast()).expect("a file to fill the disk with");
        let mut chunk = vec![1; 1 << 20];
        while !chunk.is_empty() {
            if file.write_all(&chunk).is_err() {
                chunk.truncate(chunk.len() / 2);
            }
        }
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).expect("a disk that was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // a server that has not ended yet keeps it until then
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}
