//! The programs of one PostgreSQL version, wherever they lie.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest version that is watched.
const OLDEST_MAJOR: u16 = 14;

/// A set of PostgreSQL programs that can make and run a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    pub major: u16,
    /// Holds `initdb` and `postgres`.
    pub programs: PathBuf,
    /// Shared libraries that came along and that the system does not know of.
    pub libraries: Option<PathBuf>,
}

impl Distribution {
    /// What this machine has: first those on `PATH`, then those in the usual places, newest first. Whether they
    /// work shows only when they are started.
    #[must_use]
    pub fn installed() -> Vec<Self> {
        let on_path = env::var_os("PATH").unwrap_or_default();
        let mut usual =
            [subdirectories("/usr/lib/postgresql", "bin"), subdirectories("/usr", "bin")].concat();
        usual.retain(|directory| directory.join("postgres").is_file());
        let mut usual: Vec<Self> = usual.iter().filter_map(|directory| Self::inspect(directory)).collect();
        usual.sort_by_key(|found| std::cmp::Reverse(found.major));

        let mut all = Vec::new();
        for found in env::split_paths(&on_path).filter_map(|directory| Self::inspect(&directory)).chain(usual)
        {
            if !all.contains(&found) {
                all.push(found);
            }
        }
        all
    }

    /// A command that runs one of the programs.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env("LC_ALL", "C");
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    /// A `postgres` found on the path may be a link or a wrapper: only the real file has `initdb` beside it.
    fn inspect(directory: &Path) -> Option<Self> {
        let programs = fs::canonicalize(directory.join("postgres")).ok()?.parent()?.to_owned();
        if !programs.join("initdb").is_file() {
            return None;
        }
        let version = Command::new(programs.join("postgres")).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&version.stdout))?;
        (major >= OLDEST_MAJOR).then_some(Self { major, programs, libraries: None })
    }
}

/// `parent/*/leaf`.
fn subdirectories(parent: &str, leaf: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join(leaf)).filter(|path| path.is_dir()).collect()
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `postgres (PostgreSQL) 19beta1`.
fn parse_major(version: &str) -> Option<u16> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_is_read_from_what_postgres_prints() {
        for (printed, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 19beta1\n", Some(19)),
            ("postgres (PostgreSQL) 18\n", Some(18)),
            ("usage: postgres IMAGE\n", None),
        ] {
            assert_eq!(parse_major(printed), major, "{printed}");
        }
    }
}
