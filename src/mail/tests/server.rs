//! A mail server with real TLS that keeps what it is given, and refuses what it is told to.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Plain,
    Starttls,
    Tls,
    /// Accepts, and says nothing.
    Mute,
}

/// What came in.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Every line but those of a message, with whether it came encrypted.
    pub(super) commands: Vec<(String, bool)>,
    pub(super) mails: Vec<String>,
    /// Answers to the next messages instead of `250`.
    pub(super) refusals: VecDeque<&'static str>,
}

/// Listens until dropped.
pub(super) struct MailServer {
    pub(super) port: u16,
    /// The authority behind its certificate, in PEM.
    pub(super) ca_pem: String,
    heard: Arc<Mutex<Heard>>,
    accepting: JoinHandle<()>,
}

impl MailServer {
    /// With a certificate for `name`.
    pub(super) async fn start(speech: Speech, name: &str) -> Self {
        let (acceptor, ca_pem) = acceptor(name);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let hears = Arc::clone(&heard);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, speech, acceptor.clone(), Arc::clone(&hears)));
            }
        });
        Self { port, ca_pem, heard, accepting }
    }

    pub(super) fn heard<T>(&self, look: impl FnOnce(&mut Heard) -> T) -> T {
        look(&mut self.heard.lock().unwrap())
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn acceptor(name: &str) -> (TlsAcceptor, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    (TlsAcceptor::from(Arc::new(config.unwrap())), authority.pem())
}

/// Ends with an error when the client goes away, which is nobody's business.
async fn serve(
    client: TcpStream,
    speech: Speech,
    acceptor: TlsAcceptor,
    heard: Arc<Mutex<Heard>>,
) -> std::io::Result<()> {
    match speech {
        Speech::Mute => std::future::pending().await,
        Speech::Tls => {
            let mut client = BufReader::new(acceptor.accept(client).await?);
            client.write_all(b"220 mail.test ESMTP\r\n").await?;
            talk(&mut client, true, false, &heard).await.map(drop)
        }
        Speech::Plain | Speech::Starttls => {
            let mut client = BufReader::new(client);
            client.write_all(b"220 mail.test ESMTP\r\n").await?;
            if talk(&mut client, false, speech == Speech::Starttls, &heard).await? {
                let mut client = BufReader::new(acceptor.accept(client.into_inner()).await?);
                talk(&mut client, true, false, &heard).await?;
            }
            Ok(())
        }
    }
}

/// Speaks SMTP until the client leaves, or wants TLS: then true.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut BufReader<S>,
    encrypted: bool,
    starttls: bool,
    heard: &Mutex<Heard>,
) -> std::io::Result<bool> {
    let mut line = String::new();
    loop {
        line.clear();
        if client.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let command = line.trim_end().to_owned();
        heard.lock().unwrap().commands.push((command.clone(), encrypted));
        let answer = match command.split(' ').next().unwrap() {
            "EHLO" if starttls => "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN".to_owned(),
            "EHLO" => "250-mail.test\r\n250 AUTH PLAIN".to_owned(),
            "STARTTLS" if starttls => {
                client.write_all(b"220 go ahead\r\n").await?;
                return Ok(true);
            }
            "AUTH" => login(&command),
            "MAIL" | "RCPT" | "NOOP" => "250 ok".to_owned(),
            "DATA" => {
                client.write_all(b"354 send it\r\n").await?;
                let mail = message(client).await?;
                let mut heard = heard.lock().unwrap();
                heard.refusals.pop_front().map_or_else(
                    || {
                        heard.mails.push(mail);
                        "250 taken".to_owned()
                    },
                    str::to_owned,
                )
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "502 what?".to_owned(),
        };
        client.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

fn login(command: &str) -> String {
    let expected = STANDARD.encode("\0basira\0p4ss");
    if command == format!("AUTH PLAIN {expected}") { "235 welcome" } else { "535 who are you?" }.to_owned()
}

async fn message<S: AsyncRead + Unpin>(client: &mut BufReader<S>) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let start = mail.len();
        client.read_line(&mut mail).await?;
        if &mail[start..] == ".\r\n" {
            mail.truncate(start);
            return Ok(mail);
        }
    }
}
