//! The file transport: each message becomes one `.eml` file for the operator to read or forward.

use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use basira_actors::model::Timestamp;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::MailError;

/// Writes `message` to `directory`, which is created for its owner only.
pub(super) async fn write(directory: &Path, message: &[u8]) -> Result<(), MailError> {
    let failed = |path: &Path, error| MailError::File { path: path.to_owned(), error };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(directory).await.map_err(|error| failed(directory, error))?;
    // readers see complete files only; the names sort by time
    let path = directory.join(format!("{}.eml", Uuid::now_v7()));
    let partial = path.with_extension("partial");
    write_private(&partial, message).await.map_err(|error| failed(&partial, error))?;
    fs::rename(&partial, &path).await.map_err(|error| failed(&path, error))
}

/// Deletes the messages in `directory` that were written before `since`, and returns how many. Other files are kept.
pub(super) async fn delete_older(directory: &Path, since: Timestamp) -> io::Result<u64> {
    let mut entries = match fs::read_dir(directory).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut deleted = 0;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|extension| extension == "eml" || extension == "partial");
        if !is_ours || written_at(&entry).await? >= since {
            continue;
        }
        match fs::remove_file(&path).await {
            // another process deletes old messages too
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => {
                removed?;
                deleted += 1;
            }
        }
    }
    Ok(deleted)
}

async fn written_at(entry: &fs::DirEntry) -> io::Result<Timestamp> {
    let modified = entry.metadata().await?.modified()?;
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)))
}

/// A mail contains a token, so only the owner may read it.
async fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn only_old_messages_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mail");
        let (now, day) = (Timestamp::now(), Duration::from_secs(24 * 3_600));
        assert_eq!(delete_older(&mails, now).await.unwrap(), 0, "there is no folder yet");
        for _ in 0..2 {
            write(&mails, b"token").await.unwrap();
        }
        std::fs::write(mails.join("notes.txt"), "mine").unwrap();
        assert_eq!(delete_older(&mails, now - day).await.unwrap(), 0);
        assert_eq!(delete_older(&mails, now + day).await.unwrap(), 2);
        let left: Vec<_> = std::fs::read_dir(&mails).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
    }
}
