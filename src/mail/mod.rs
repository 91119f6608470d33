//! E-mails: their content, and the transports that send them.

mod email;
mod error;
mod files;
mod message;
mod safe_name;
mod smtp;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use lettre::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use email::Email;
pub use error::MailError;

use crate::config::{LiveConfig, MailTransport};

/// In the data directory.
const FOLDER: &str = "mail";
/// Messages that wait for the SMTP server, at most.
const MOST_WAITING: usize = 1_000;
/// Connections to the SMTP server, at most.
const AT_ONCE: usize = 4;
/// For one SMTP connection, from connecting to its end.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// How long to wait before each retry of a transient error.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];
/// How long a shutdown waits for messages that are being sent.
const STOP_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Sends mails by the current configuration; cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    config: LiveConfig,
    waiting: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    pauses: [Duration; 4],
}

impl Mailer {
    /// A mailer that follows `config`.
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

    /// Sends `email` to the person called `name` at `address`. A file is written when this returns; SMTP is done in the
    /// background, with retries for some minutes.
    ///
    /// # Errors
    /// [`MailError`]: no such address, a file that cannot be written, too many messages waiting.
    pub async fn send(&self, name: &str, address: &str, email: &Email) -> Result<(), MailError> {
        let config = self.config.current();
        let message = message::message(config.mail.from.clone(), name, address, email)?;
        match &config.mail.transport {
            MailTransport::File => files::write(&config.data_dir.join(FOLDER), &message.formatted()).await,
            MailTransport::Smtp(_) => {
                let slot = Arc::clone(&self.waiting)
                    .try_acquire_owned()
                    .map_err(|_| MailError::TooMany(MOST_WAITING))?;
                self.tasks.spawn(self.clone().deliver(message, address.to_owned(), slot));
                Ok(())
            }
        }
    }

    /// Deletes the files of mails that were written more than `age` ago. Returns how many.
    ///
    /// # Errors
    /// When the folder cannot be read or a file cannot be deleted.
    pub async fn delete_files_older(&self, age: Duration) -> io::Result<u64> {
        files::delete_older(&self.config.current().data_dir.join(FOLDER), Timestamp::now() - age).await
    }

    /// Runs `work`, which sends a mail, in the background.
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Waits a few seconds for mails that are being sent, and logs how many are lost.
    pub async fn close(&self) {
        self.tasks.close();
        self.stopping.cancel();
        if tokio::time::timeout(STOP_TIME_LIMIT, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                mail.count = self.tasks.len(),
                "mails were lost at shutdown: the SMTP server did not take them in time"
            );
        }
    }

    async fn deliver(self, message: Message, address: String, slot: OwnedSemaphorePermit) {
        let mut pauses = self.pauses.into_iter();
        loop {
            // an attempt that started before the shutdown is not the last
            let is_last = self.stopping.is_cancelled();
            let Err(error) = self.deliver_now(message.clone()).await else { break };
            let pause = pauses.next().filter(|_| error.is_transient() && !is_last);
            let Some(pause) = pause else {
                tracing::error!(mail.to = address, "sending a mail failed: {error}");
                break;
            };
            tracing::warn!(
                mail.to = address,
                "sending a mail failed; retrying in {} s: {error}",
                pause.as_secs()
            );
            // at shutdown, the last attempt follows at once
            let _ = tokio::time::timeout(pause, self.stopping.cancelled()).await;
        }
        drop(slot);
    }

    /// Sends by the current configuration, which may have changed since the last attempt.
    async fn deliver_now(&self, message: Message) -> Result<(), MailError> {
        let _permit = self.at_once.acquire().await;
        let config = self.config.current();
        match &config.mail.transport {
            MailTransport::File => files::write(&config.data_dir.join(FOLDER), &message.formatted()).await,
            MailTransport::Smtp(smtp) => smtp::send(smtp, message, TIME_LIMIT).await,
        }
    }
}
