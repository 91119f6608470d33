//! How mails leave.

use basira_actors::model::Secret;
use lettre::message::Mailbox;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub transport: MailTransport,
    pub from: Mailbox,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTransport {
    /// As `.eml` files below `data_dir/mail`.
    File,
    /// By a mail server.
    Smtp(Smtp),
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// The authorities that its certificate may come from; none: the public ones.
    pub ca_pem: Option<String>,
    /// User and password.
    pub login: Option<(String, Secret)>,
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// After a greeting in the clear, or not at all.
    Starttls,
    /// From the first byte.
    Tls,
    None,
}

impl SmtpTls {
    /// Where servers usually listen for it.
    pub(super) const fn usual_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}
