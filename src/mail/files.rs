//! The file transport: each message becomes one `.eml` file for the operator to look at or send on.

use std::io;
use std::path::Path;

use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::MailError;

/// Writes `message` to `directory`, which is made for its owner only.
pub(super) async fn write(directory: &Path, message: &[u8]) -> Result<(), MailError> {
    let failed = |path: &Path, error| MailError::File { path: path.to_owned(), error };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(directory).await.map_err(|error| failed(directory, error))?;
    // Readers see whole files only; the name sorts by time.
    let path = directory.join(format!("{}.eml", Uuid::now_v7()));
    let partial = path.with_extension("partial");
    write_private(&partial, message).await.map_err(|error| failed(&partial, error))?;
    fs::rename(&partial, &path).await.map_err(|error| failed(&path, error))
}

/// The mail holds a token: nobody but the owner reads it.
async fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}
