//! `mail`: how mails leave.

use basira_actors::model::Secret;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};

use super::Reader;
use crate::config::{Mail, MailTransport, Smtp, SmtpTls};

const HOST: &str = "mail.smtp.host";
const CA_FILE: &str = "mail.smtp.ca_file";
const USERNAME: &str = "mail.smtp.username";
const PASSWORD: &str = "mail.smtp.password";
/// Where a password may be sent unencrypted: it does not leave the machine.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Reader<'_> {
    pub(super) fn mail(&mut self) -> Option<Mail> {
        let by_smtp = self.choice("mail.transport", &[("file", false), ("smtp", true)]);
        let from = self.parse("mail.from", "an address such as Basira <basira@example.com>");
        let smtp = self.smtp(by_smtp == Some(true));
        let transport = match (by_smtp?, smtp) {
            (false, _) => MailTransport::File,
            (true, smtp) => MailTransport::Smtp(smtp?),
        };
        Some(Mail { transport, from: from? })
    }

    /// Checked also when it is not used, so that nobody finds out only when it is.
    fn smtp(&mut self, used: bool) -> Option<Smtp> {
        let host = self.text(HOST).map(str::to_owned);
        if used && host.is_none() {
            self.wrong(HOST, "must be set with mail.transport = \"smtp\"");
        }
        let choices = [("starttls", SmtpTls::Starttls), ("tls", SmtpTls::Tls), ("none", SmtpTls::None)];
        let tls = self.choice("mail.smtp.tls", &choices);
        let port = self.optional("mail.smtp.port", |reader, key| reader.integer(key, 1, u16::MAX.into()));
        let ca_pem = self.optional(CA_FILE, |reader, _| reader.ca_pem());
        let login = self.login();
        let (host, tls, port) = (host?, tls?, port?);
        let login = login?;
        if login.is_some() && tls == SmtpTls::None && !HERE.contains(&host.as_str()) {
            self.wrong(
                "mail.smtp.tls",
                "must not be none with a login: the password would be sent in the clear",
            );
        }
        let port = port.map_or(Some(tls.usual_port()), |port| u16::try_from(port).ok());
        Some(Smtp { host, port: port?, tls, ca_pem: ca_pem?, login })
    }

    /// User and password, both or neither.
    fn login(&mut self) -> Option<Option<(String, Secret)>> {
        let username = self.text(USERNAME).map(str::to_owned);
        match (username, self.secret(PASSWORD, "mail.smtp.password_file")?) {
            (Some(username), Some(password)) => Some(Some((username, password))),
            (None, None) => Some(None),
            (Some(_), None) => {
                self.wrong(USERNAME, "is set without mail.smtp.password");
                None
            }
            (None, Some(_)) => {
                self.wrong(PASSWORD, "is set without mail.smtp.username");
                None
            }
        }
    }

    fn ca_pem(&mut self) -> Option<String> {
        let path = self.text(CA_FILE)?.to_owned();
        let pem = match std::fs::read_to_string(&path) {
            Ok(pem) => pem,
            Err(error) => {
                self.wrong(CA_FILE, &format!("names {path}, which cannot be read: {error}"));
                return None;
            }
        };
        if !holds_certificates(&pem) {
            self.wrong(CA_FILE, &format!("names {path}, which holds no certificate in PEM"));
            return None;
        }
        Some(pem)
    }
}

fn holds_certificates(pem: &str) -> bool {
    let accepted = |certificate| {
        let builder = TlsParameters::builder("localhost".to_owned());
        builder.certificate_store(CertificateStore::None).add_root_certificate(certificate).build().is_ok()
    };
    pem.contains("-----BEGIN CERTIFICATE-----") && Certificate::from_pem(pem.as_bytes()).is_ok_and(accepted)
}
