//! A server that follows another.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use basira_servers::{self as servers, Guardian, ServerError, free_port, give_away, scratch_directory};

use super::PostgresServer;

/// What of a data folder is its own server's alone. What is in them is not copied, files are left out.
const NOT_COPIED: [&str; 5] =
    ["postmaster.pid", "postmaster.opts", "pg_replslot", "pg_stat_tmp", "pg_dynshmem"];

impl PostgresServer {
    /// Makes a standby that streams from this server through the physical slot `slot`, which is created, and waits
    /// until it answers. `slot` is its `application_name` too.
    ///
    /// # Errors
    /// [`ServerError`] when the copy fails or the standby does not get ready.
    pub async fn standby(&self, slot: &str) -> Result<Self, ServerError> {
        let scratch = scratch_directory()?;
        let data = scratch.join("data");
        let guardian = Guardian::watch(&data, &scratch)?;
        give_away(&scratch)?;
        self.back_up(slot, &data).await?;
        let port = free_port()?;
        let password =
            self.options.password.as_ref().map(|word| format!(" password={word}")).unwrap_or_default();
        let settings = format!(
            "port = {port}\nprimary_slot_name = '{slot}'\nprimary_conninfo = 'host=127.0.0.1 port={} user={} \
             application_name={slot}{password}'\nwal_receiver_status_interval = 1s\n",
            self.port,
            servers::PostgresServer::SUPERUSER,
        );
        append(&data.join("postgresql.conf"), &settings)
            .map_err(ServerError::io("writing postgresql.conf"))?;
        let options = self.options.clone();
        servers::PostgresServer::run(&self.distribution, options, scratch, port, guardian).await.map(Self)
    }

    /// Copies the data folder while the server runs, and marks the copy as a standby.
    async fn back_up(&self, slot: &str, to: &Path) -> Result<(), ServerError> {
        let client = self.client().await?;
        client.execute("select pg_create_physical_replication_slot($1::text::name, true)", &[&slot]).await?;
        let (start, stop) = if self.major() >= 15 {
            ("select pg_backup_start('standby', true)", "select labelfile from pg_backup_stop(false)")
        } else {
            (
                "select pg_start_backup('standby', true, false)",
                "select labelfile from pg_stop_backup(false, false)",
            )
        };
        client.batch_execute(start).await?;
        copy(&self.scratch.join("data"), to)?;
        let label: String = client.query_one(stop, &[]).await?.get(0);
        for (name, text) in [("backup_label", label.as_str()), ("standby.signal", "")] {
            let path = to.join(name);
            fs::write(&path, text).map_err(ServerError::io(format!("writing {name}")))?;
            give_away(&path)?;
        }
        Ok(())
    }
}

/// Copies a folder whose files come and go meanwhile.
fn copy(from: &Path, to: &Path) -> Result<(), ServerError> {
    let copying = |path: &Path| format!("copying {}", path.display());
    DirBuilder::new().mode(0o700).create(to).map_err(ServerError::io(copying(to)))?;
    give_away(to)?;
    let own = from.file_name().is_some_and(|name| NOT_COPIED.iter().any(|own| name == *own));
    let entries = fs::read_dir(from).map_err(ServerError::io(copying(from)))?;
    for entry in entries.filter(|_| !own) {
        let from = entry.map_err(ServerError::io(copying(from)))?.path();
        let Some(name) = from.file_name() else { continue };
        let to = to.join(name);
        if from.is_dir() {
            copy(&from, &to)?;
        } else if !NOT_COPIED.iter().any(|own| name == *own) {
            match fs::copy(&from, &to) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => {
                    copied.map_err(ServerError::io(copying(&from)))?;
                    give_away(&to)?;
                }
            }
        }
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
}
