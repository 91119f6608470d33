//! `basira admin backup`: a copy from which everything can be restored.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use basira_actors::model::Secret;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::partial_file::PartialFile;
use super::table::bytes;
use crate::config::{Config, RotationLock, Secrets, SecretsError};
use crate::storage::{StorageError, StorageReader};

/// The options of `basira admin backup`.
#[derive(Debug, Args)]
pub(in crate::cli) struct BackupOptions {
    /// The file to create; the secrets are copied to PATH.encryption_key and PATH.jwt_secret
    path: PathBuf,
    /// Replace existing files
    #[arg(long)]
    force: bool,
    /// Do not copy the secrets
    #[arg(long)]
    without_secrets: bool,
    /// Copy the SQLite of samples.url instead of the storage
    #[arg(long)]
    samples: bool,
}

/// The backup failed; no files were left behind.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum BackupError {
    #[error("{} exists already; choose another name, or replace it with --force", .0.display())]
    Exists(PathBuf),
    #[error("{} is the storage itself; choose another name", .0.display())]
    Itself(PathBuf),
    #[error("{key} is a PostgreSQL database; back it up with: {command}")]
    Postgres { key: &'static str, command: String },
    #[error("the samples are in the storage and part of its backup; leave --samples out")]
    NotApart,
    #[error("opening the storage failed: {0}")]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("copying to {} failed: {error}; is there room, and may this user write there?", .path.display())]
    Copy { path: PathBuf, error: StorageError },
    #[error("writing {} failed: {error}; is there room, and may this user write there?", .path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("reading {} failed: {error}; leave it out with --without-secrets if it is kept elsewhere", .path.display())]
    Secret { path: PathBuf, error: io::Error },
    #[error("waiting for signals failed: {0}")]
    Signal(io::Error),
    #[error("interrupted; nothing was copied")]
    Interrupted,
}

/// Copies while the server runs. The copy is renamed to its name last, so that a file of that name is complete.
pub(super) async fn run(options: &BackupOptions, config: &Config) -> Result<(), BackupError> {
    let (key, url) = source(options, config)?;
    if !url.expose().starts_with("sqlite:") {
        return Err(BackupError::Postgres { key, command: pg_dump(&options.path, url.expose()) });
    }
    // a copy made during a rotation would lack one of its keys
    let with_secrets = !options.samples && !options.without_secrets && config.data_dir.is_dir();
    let _lock = with_secrets.then(|| RotationLock::take(&config.data_dir)).transpose()?;
    let secrets = if with_secrets { Secrets::files(config) } else { Vec::new() };
    let secrets: Vec<(PathBuf, PathBuf)> =
        secrets.into_iter().map(|kept| (beside(&options.path, &kept), kept)).collect();
    let mut targets = [&options.path].into_iter().chain(secrets.iter().map(|(target, _)| target));
    if let Some(taken) = targets.find(|path| !options.force && path.exists()) {
        return Err(BackupError::Exists(taken.clone()));
    }

    let storage = StorageReader::open(url.expose()).await?;
    if storage.is_file(&options.path) {
        return Err(BackupError::Itself(options.path.clone()));
    }
    let copy = begin(&options.path)?;
    let mut partials = Vec::new();
    for (target, kept) in &secrets {
        partials.push(copy_secret(kept, target)?);
    }
    unless_interrupted(storage.copy_into(copy.path()))
        .await?
        .map_err(|error| BackupError::Copy { path: options.path.clone(), error })?;
    let size = fs::metadata(copy.path()).map_err(|error| write_error(&options.path, error))?.len();
    partials.push(copy);
    for partial in partials {
        let target = partial.target().to_owned();
        partial.publish().map_err(|error| write_error(&target, error))?;
    }
    print_result(options, config, &secrets, size);
    Ok(())
}

/// The key and the URL of what is to be copied.
fn source(options: &BackupOptions, config: &Config) -> Result<(&'static str, Secret), BackupError> {
    if options.samples {
        let url = config.own_samples_url().ok_or(BackupError::NotApart)?;
        return Ok(("samples.url", url.clone()));
    }
    Ok(("storage.url", config.storage_url()))
}

/// `PATH.encryption_key` for the file `encryption_key`.
fn beside(path: &Path, kept: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(kept.file_name().unwrap_or_default());
    PathBuf::from(name)
}

fn copy_secret(kept: &Path, target: &Path) -> Result<PartialFile, BackupError> {
    let read = fs::read(kept);
    let secret = read.map_err(|error| BackupError::Secret { path: kept.to_owned(), error })?;
    let partial = begin(target)?;
    fs::write(partial.path(), secret).map_err(|error| write_error(target, error))?;
    Ok(partial)
}

fn begin(target: &Path) -> Result<PartialFile, BackupError> {
    PartialFile::beside(target).map_err(|error| write_error(target, error))
}

fn write_error(path: &Path, error: io::Error) -> BackupError {
    BackupError::Write { path: path.to_owned(), error }
}

/// Does `work` unless it is interrupted, so that the caller can remove partial files.
async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, BackupError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(BackupError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(BackupError::Signal)?;
    tokio::select! {
        done = work => Ok(done),
        _ = interrupt.recv() => Err(BackupError::Interrupted),
        _ = terminate.recv() => Err(BackupError::Interrupted),
    }
}

/// The command that copies the PostgreSQL at `url`; it asks for the password, which is not shown.
fn pg_dump(path: &Path, url: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let url = Url::parse(url).ok().and_then(|mut url| {
        url.set_password(None).ok()?;
        // parameters may hold a password too, and be none that pg_dump knows
        url.set_query(None);
        Some(url.to_string())
    });
    let file = quoted(&path.display().to_string());
    format!(
        "pg_dump --format=custom --file={file} {}",
        quoted(&url.unwrap_or_else(|| "postgres://...".to_owned()))
    )
}

/// Prints what was copied, and what else a restore takes.
fn print_result(options: &BackupOptions, config: &Config, secrets: &[(PathBuf, PathBuf)], size: u64) {
    outln!("copied {} to {}", bytes(size), options.path.display());
    if options.samples {
        return;
    }
    for (target, kept) in secrets {
        outln!("copied {} to {}", kept.display(), target.display());
    }
    outln!();
    outln!("{}", key_advice(config, !secrets.is_empty()));
    outln!("To restore, see docs/operating.md.");
    match config.samples.url.as_ref().map(Secret::expose) {
        Some(url) if url.starts_with("sqlite:") && config.own_samples_url().is_some() => {
            outln!("Samples are kept apart; copy them too: basira admin backup --samples PATH");
        }
        Some(_) if config.own_samples_url().is_some() => {
            outln!("Samples are kept in the PostgreSQL of samples.url, which pg_dump copies.");
        }
        Some(url) if url.starts_with("clickhouse:") => {
            outln!("Samples are kept in the ClickHouse of samples.url, whose BACKUP statement copies them.");
        }
        _ => {}
    }
}

/// Where to keep the encryption key, without which a copy cannot be used.
fn key_advice(config: &Config, copied: bool) -> String {
    let without =
        "Without the encryption key the passwords of the watched databases cannot be read from a copy";
    if config.auth.encryption_key.is_some() {
        format!("{without}:\nkeep the value of auth.encryption_key, in a place of its own.")
    } else if copied {
        format!(
            "{without},\nand anyone with both can read them: keep the key in another place than the copy."
        )
    } else {
        let key = config.data_dir.join("encryption_key");
        format!("{without}:\nkeep {}, in a place of its own.", key.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_postgres_shows_no_password() {
        let url = "postgres://basira:hunter2@db.example:5433/it's?password=hunter2&sslmode=require";
        let command = pg_dump(Path::new("/backups/basira dump"), url);
        let expected = r"pg_dump --format=custom --file='/backups/basira dump' 'postgres://basira@db.example:5433/it'\''s'";
        assert_eq!(command, expected);
    }
}
