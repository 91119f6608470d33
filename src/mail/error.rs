//! Why a mail could not be sent.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A mail could not be sent.
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
    #[error("{0} mails wait for the SMTP server already; check [mail.smtp]")]
    TooMany(usize),
}

impl MailError {
    /// Whether the same message may be taken a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Smtp(error) => !error.is_permanent(),
            Self::TooSlow(_) => true,
            Self::Recipient(_) | Self::Message(_) | Self::File { .. } | Self::TooMany(_) => false,
        }
    }
}
