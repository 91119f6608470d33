//! Encodes a mail as a MIME message.

use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use super::safe_name::safe_name;
use super::{Email, MailError};

/// Tells automatic responders not to answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `email` from `from` to the person called `name` at `address`.
pub(super) fn message(from: Mailbox, name: &str, address: &str, email: &Email) -> Result<Message, MailError> {
    let address: Address = address.parse().map_err(MailError::Recipient)?;
    let id = format!("<{}@{}>", Uuid::now_v7(), from.email.domain());
    let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(unwrapped(email.plain()));
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(unwrapped(email.html()));
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(Some(safe_name(name)), address))
        .subject(email.subject.clone())
        .message_id(Some(id))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative().singlepart(plain).singlepart(html))?;
    Ok(message)
}

/// Leaves ASCII as it is: quoted-printable would break links, which could then not be copied from a file.
fn unwrapped(text: String) -> Body {
    // RFC 5322: a line has at most 998 characters
    if text.is_ascii() && text.lines().all(|line| line.len() <= 998) {
        Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}
