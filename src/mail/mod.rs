//! E-mails: their content, and the transports that send them.

mod email;
mod files;
mod message;
mod safe_name;
mod smtp;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use lettre::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use email::Email;

use crate::config::{LiveConfig, MailTransport};

/// In the data directory.
const FOLDER: &str = "mail";
/// Messages that wait for the SMTP server, at most.
const MOST_WAITING: usize = 1_000;
/// Connections to the SMTP server, at most.
const AT_ONCE: usize = 4;
/// For a connection and everything that is said on it.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// When to try again what may go better later.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];
/// How long a stop waits for messages that are being handed over.
const STOP_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Sends letters as it is configured at the moment; cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    config: LiveConfig,
    waiting: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    pauses: [Duration; 4],
}

/// A letter could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the recipient's address cannot be used: {0}")]
    Recipient(lettre::address::AddressError),
    #[error("cannot write the mail: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("cannot write mail to {path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("the SMTP server did not take the mail: {0}; check [mail.smtp]")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("the SMTP server did not take the mail within {0:?}; check [mail.smtp]")]
    TooSlow(Duration),
    #[error("{MOST_WAITING} mails wait for the SMTP server already; check [mail.smtp]")]
    TooMany,
}

impl MailError {
    /// Whether the same message may be taken a little later.
    fn is_transient(&self) -> bool {
        match self {
            Self::Smtp(error) => !error.is_permanent(),
            Self::TooSlow(_) => true,
            Self::Recipient(_) | Self::Message(_) | Self::File { .. } | Self::TooMany => false,
        }
    }
}

impl Mailer {
    /// Sends as `config` says at the time.
    #[must_use]
    pub fn new(config: LiveConfig) -> Self {
        Self {
            config,
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            pauses: PAUSES,
        }
    }

    /// Sends `email` to the person called `name` at `address`. A file is written when this returns; the SMTP server is
    /// spoken to in the background, again and again for some minutes while it is away.
    ///
    /// # Errors
    /// [`MailError`]: no such address, a file that cannot be written, too many messages waiting.
    pub async fn send(&self, name: &str, address: &str, email: &Email) -> Result<(), MailError> {
        let config = self.config.current();
        let message = message::message(config.mail.from.clone(), name, address, email)?;
        match &config.mail.transport {
            MailTransport::File => files::write(&config.data_dir.join(FOLDER), &message.formatted()).await,
            MailTransport::Smtp(_) => {
                let slot = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| MailError::TooMany)?;
                self.tasks.spawn(self.clone().deliver(message, address.to_owned(), slot));
                Ok(())
            }
        }
    }

    /// Deletes the files of letters that were written more than `age` ago, and says how many.
    ///
    /// # Errors
    /// When the folder cannot be read or a file not be deleted.
    pub async fn delete_files_older(&self, age: Duration) -> io::Result<u64> {
        files::delete_older(&self.config.current().data_dir.join(FOLDER), Timestamp::now() - age).await
    }

    /// Does `work` that ends in a letter, without anybody waiting for it.
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Waits a moment for what is under way and gives up the rest, saying so.
    pub async fn close(&self) {
        self.tasks.close();
        self.stopping.cancel();
        if tokio::time::timeout(STOP_TIME_LIMIT, self.tasks.wait()).await.is_err() {
            tracing::warn!(mail.count = self.tasks.len(), "mails were cut off: the SMTP server was too slow");
        }
    }

    async fn deliver(self, message: Message, address: String, slot: OwnedSemaphorePermit) {
        let mut pauses = self.pauses.into_iter();
        loop {
            // a try that began before the server stops is not the last
            let is_last = self.stopping.is_cancelled();
            let Err(error) = self.deliver_now(message.clone()).await else { break };
            let pause = pauses.next().filter(|_| error.is_transient() && !is_last);
            let Some(pause) = pause else {
                tracing::error!(mail.to = address, "a mail was not sent: {error}");
                break;
            };
            tracing::warn!(mail.to = address, "a mail is tried again in {} s: {error}", pause.as_secs());
            // one that waits here when the server stops gets its last try at once
            let _ = tokio::time::timeout(pause, self.stopping.cancelled()).await;
        }
        drop(slot);
    }

    /// To the server that is configured now, which may be another than at the last try.
    async fn deliver_now(&self, message: Message) -> Result<(), MailError> {
        let _turn = self.at_once.acquire().await;
        let config = self.config.current();
        match &config.mail.transport {
            MailTransport::File => files::write(&config.data_dir.join(FOLDER), &message.formatted()).await,
            MailTransport::Smtp(smtp) => smtp::send(smtp, message, TIME_LIMIT).await,
        }
    }
}
