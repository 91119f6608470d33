//! Mail by the file transport: each message becomes one `.eml` file for the operator to look at or send on.

use std::io;
use std::path::{Path, PathBuf};

use basira_actors::model::Secret;
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MessageBuilder};
use tokio::fs;
use uuid::Uuid;

/// Writes messages to a directory.
#[derive(Debug, Clone)]
pub struct Mailer {
    directory: PathBuf,
    from: Mailbox,
}

/// A message could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("mail.from must be an address such as `Basira <basira@example.org>`: {0}")]
    Sender(lettre::address::AddressError),
    #[error("cannot write the mail: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("cannot write mail to {path}: {error}")]
    File { path: PathBuf, error: io::Error },
}

impl Mailer {
    /// Writes to `directory`, which is made for its owner only.
    ///
    /// # Errors
    /// [`MailError`] when `from` is no address or the directory cannot be made.
    pub async fn to_directory(directory: PathBuf, from: &str) -> Result<Self, MailError> {
        let from = from.parse().map_err(MailError::Sender)?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&directory).await.map_err(|error| file_error(&directory, error))?;
        Ok(Self { directory, from })
    }

    /// Asks the owner of `to` to open `link` within a day.
    pub(super) async fn send_verification(&self, to: Mailbox, link: &Secret) -> Result<(), MailError> {
        let text = format!(
            "Welcome to Basira.\r\n\r\n\
             Open this link within 24 hours to verify your e-mail address:\r\n\r\n\
             {}\r\n\r\n\
             If you did not sign up, ignore this mail.\r\n",
            link.expose(),
        );
        self.send(Message::builder().to(to).subject("Verify your e-mail address"), text).await
    }

    async fn send(&self, message: MessageBuilder, text: String) -> Result<(), MailError> {
        let message = message
            .from(self.from.clone())
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .body(unwrapped(text))?
            .formatted();
        // Readers see whole files only; the name sorts by time.
        let path = self.directory.join(format!("{}.eml", Uuid::now_v7()));
        let partial = path.with_extension("partial");
        write_private(&partial, &message).await.map_err(|error| file_error(&partial, error))?;
        fs::rename(&partial, &path).await.map_err(|error| file_error(&path, error))
    }
}

/// Sends ASCII as it is: a link that quoted-printable broke in two cannot be copied from the file.
fn unwrapped(text: String) -> Body {
    if text.is_ascii() {
        Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}

/// The mail holds a token: nobody but the owner reads it.
async fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

fn file_error(path: &Path, error: io::Error) -> MailError {
    MailError::File { path: path.to_owned(), error }
}
