//! The SMTP transport: one connection per message, encrypted as configured, with a deadline.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::MailError;
use crate::config::{Smtp, SmtpTls};

/// Sends `message` to the server of `smtp`, within `time_limit`.
pub(super) async fn send(smtp: &Smtp, message: Message, time_limit: Duration) -> Result<(), MailError> {
    let transport = transport(smtp, &message)?;
    match tokio::time::timeout(time_limit, transport.send(message)).await {
        Ok(sent) => Ok(sent.map(drop)?),
        Err(_) => Err(MailError::TooSlow(time_limit)),
    }
}

fn transport(smtp: &Smtp, message: &Message) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(match smtp.tls {
            SmtpTls::Starttls => Tls::Required(tls_parameters(smtp)?),
            SmtpTls::Tls => Tls::Wrapper(tls_parameters(smtp)?),
            SmtpTls::None => Tls::None,
        })
        .timeout(None);
    // the name in EHLO: the domain of the sender
    if let Some(from) = message.envelope().from() {
        builder = builder.hello_name(ClientId::Domain(from.domain().to_owned()));
    }
    if let Some((username, password)) = &smtp.login {
        builder = builder.credentials(Credentials::new(username.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

/// A configured authority replaces the public ones.
fn tls_parameters(smtp: &Smtp) -> Result<TlsParameters, MailError> {
    let builder = TlsParameters::builder(smtp.host.clone());
    let builder = match &smtp.ca_pem {
        Some(pem) => builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(pem.as_bytes())?),
        None => builder,
    };
    Ok(builder.build()?)
}
