//! PostgreSQL with the extension `HypoPG`.

use std::fs;
use std::process::Command;

use basira_servers::{Distribution, ServerError, cached, run};

/// PostgreSQL 15 with the extension `HypoPG`, which Debian 12 has for that version: a copy of the fetched server, with the
/// extension's files beside its own. From the cache or fetched into it. Blocks.
///
/// # Errors
/// As [`Distribution::fetch`]; also where no package of it is known.
pub fn fetch_with_hypopg() -> Result<Distribution, ServerError> {
    let major = 15;
    let plain = Distribution::fetch(Some(major))?;
    let Some(root) = plain.programs.parent().filter(|_| plain.libraries.is_none()) else {
        return Err(ServerError::NothingToFetchWith { wanted: "15 with HypoPG".to_owned() });
    };
    let home = cached("postgresql-15-hypopg", |directory| {
        let package = directory.join("hypopg");
        fs::create_dir(&package).map_err(ServerError::io("making room for HypoPG"))?;
        run(Command::new("apt-get").args(["download", "postgresql-15-hypopg"]).current_dir(&package))?;
        let archives = fs::read_dir(&package).map_err(ServerError::io("listing the downloaded packages"))?;
        for archive in archives.flatten().map(|entry| entry.path()) {
            run(Command::new("dpkg").arg("-x").arg(&archive).arg(&package))?;
        }
        let server = directory.join("server");
        run(Command::new("cp").arg("-a").arg(root).arg(&server))?;
        let parts = [
            ("usr/lib/postgresql/15/lib/.", "lib/postgresql"),
            ("usr/share/postgresql/15/.", "share/postgresql"),
        ];
        for (from, to) in parts {
            run(Command::new("cp").arg("-r").arg(package.join(from)).arg(server.join(to)))?;
        }
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(directory)).map(drop)
    })?;
    Ok(Distribution { major, programs: home.join("server/bin"), libraries: None })
}
