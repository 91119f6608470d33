//! Letters on their way to real sockets and files.

mod server;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use basira_actors::model::Secret;
use tempfile::TempDir;

use self::server::{MailServer, Speech};
use super::*;
use crate::config::{Config, Smtp, SmtpTls};

const LINK: &str = "https://basira.example/verify-email#token=t0k3n";

struct Sender {
    mailer: Mailer,
    config: LiveConfig,
    directory: TempDir,
}

impl Sender {
    /// Tries again after 20 ms, four times.
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = Config::load(None, [], &[]).unwrap();
        directory.path().clone_into(&mut config.data_dir);
        let config = LiveConfig::new(config);
        let pauses = [Duration::from_millis(20); 4];
        let mailer = Mailer { pauses, ..Mailer::new(config.clone()) };
        Self { mailer, config, directory }
    }

    /// From now on by `server`.
    fn by(&self, server: &MailServer, tls: SmtpTls, login: Option<&str>) -> Smtp {
        let smtp = Smtp {
            host: "localhost".to_owned(),
            port: server.port,
            tls,
            ca_pem: Some(server.ca_pem.clone()),
            login: login.map(|password| ("basira".to_owned(), Secret::new(password))),
        };
        self.configure(smtp.clone());
        smtp
    }

    fn configure(&self, smtp: Smtp) {
        let mut config = Config::clone(&self.config.current());
        config.mail.transport = MailTransport::Smtp(smtp);
        self.config.replace(config);
    }

    async fn send(&self) {
        let email = Email::verify_email(&Secret::new(LINK));
        self.mailer.send("Ada Lövelace", "ada@x.org", &email).await.unwrap();
    }

    /// Waits until nothing is under way any more.
    async fn settled(&self) {
        eventually(async || match self.mailer.tasks.len() {
            0 => Ok(()),
            left => Err(left),
        })
        .await;
    }
}

async fn eventually<T, E: Debug>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) => assert!(Instant::now() < deadline, "last seen: {last:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn arrives(server: &MailServer) -> String {
    eventually(async || server.heard(|heard| heard.mails.first().cloned().ok_or(heard.commands.len()))).await
}

#[tokio::test]
async fn a_message_has_the_same_content_in_plain_text_and_html() {
    let server = MailServer::start(Speech::Plain, "localhost").await;
    let sender = Sender::new();
    sender.by(&server, SmtpTls::None, None);
    sender.send().await;
    let mail = arrives(&server).await;
    for line in [
        "From: Basira <basira@localhost>\r\n",
        "To: =?utf-8?b?QWRhIEzDtnZlbGFjZQ==?= <ada@x.org>\r\n",
        "Subject: Verify your e-mail address\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "@localhost>\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        &format!("\r\n{LINK}\r\n"),
        &format!("<a href=\"{LINK}\">"),
    ] {
        assert!(mail.contains(line), "{line} in {mail}");
    }
    assert!(mail.contains("\r\nDate: ") && mail.contains("\r\nMessage-ID: <"), "{mail}");
    server.heard(|heard| {
        let greeting = heard.commands[0].0.clone();
        assert_eq!(greeting, "EHLO localhost", "the sender's domain greets");
    });
}

#[tokio::test]
async fn logins_and_messages_are_encrypted() {
    for (speech, tls) in [(Speech::Starttls, SmtpTls::Starttls), (Speech::Tls, SmtpTls::Tls)] {
        let server = MailServer::start(speech, "localhost").await;
        let sender = Sender::new();
        sender.by(&server, tls, Some("p4ss"));
        sender.send().await;
        assert!(arrives(&server).await.contains(LINK));
        server.heard(|heard| {
            let said: Vec<_> = heard.commands.iter().filter(|(_, encrypted)| *encrypted).collect();
            let spoken = |word: &str| said.iter().any(|(line, _)| line.starts_with(word));
            assert!(spoken("AUTH PLAIN ") && spoken("MAIL ") && spoken("DATA"), "{:?}", heard.commands);
            let clear = heard.commands.iter().filter(|(_, encrypted)| !*encrypted);
            assert!(clear.clone().all(|(line, _)| line.starts_with("EHLO") || line == "STARTTLS"));
        });
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_a_valid_certificate() {
    let right = MailServer::start(Speech::Starttls, "localhost").await;
    let other_name = MailServer::start(Speech::Starttls, "elsewhere.example").await;
    let no_tls = MailServer::start(Speech::Plain, "localhost").await;
    let sender = Sender::new();
    let smtp = |server: &MailServer, ca: &MailServer, ca_pem: Option<()>| Smtp {
        ca_pem: ca_pem.map(|()| ca.ca_pem.clone()),
        ..sender.by(server, SmtpTls::Starttls, Some("p4ss"))
    };
    for (name, server, smtp) in [
        ("another authority", &right, smtp(&right, &other_name, Some(()))),
        ("no public authority", &right, smtp(&right, &right, None)),
        ("another name", &other_name, smtp(&other_name, &other_name, Some(()))),
        ("no encryption", &no_tls, smtp(&no_tls, &no_tls, Some(()))),
    ] {
        sender.configure(smtp);
        sender.send().await;
        sender.settled().await;
        server.heard(|heard| {
            assert!(!heard.commands.is_empty(), "{name}: it was asked");
            let said = |word: &str| heard.commands.iter().any(|(line, _)| line.starts_with(word));
            assert!(!said("AUTH") && !said("MAIL") && heard.mails.is_empty(), "{name}: {:?}", heard.commands);
            heard.commands.clear();
        });
    }
}

#[tokio::test]
async fn temporary_errors_are_retried_and_permanent_ones_are_not() {
    let server = MailServer::start(Speech::Plain, "localhost").await;
    let sender = Sender::new();
    sender.by(&server, SmtpTls::None, None);
    server.heard(|heard| heard.refusals.extend(["451 later", "421 busy"]));
    sender.send().await;
    sender.settled().await;
    let tries = || server.heard(|heard| heard.commands.iter().filter(|(line, _)| line == "DATA").count());
    assert_eq!((tries(), server.heard(|heard| heard.mails.len())), (3, 1));

    server.heard(|heard| heard.refusals.push_back("550 never"));
    sender.send().await;
    sender.settled().await;
    assert_eq!((tries(), server.heard(|heard| heard.mails.len())), (4, 1), "once is enough");

    server.heard(|heard| heard.refusals.extend(["451 later"; 9]));
    sender.send().await;
    sender.settled().await;
    assert_eq!((tries(), server.heard(|heard| heard.mails.len())), (9, 1), "four more tries");
}

#[tokio::test]
async fn a_refused_login_is_not_retried() {
    let server = MailServer::start(Speech::Tls, "localhost").await;
    let sender = Sender::new();
    sender.by(&server, SmtpTls::Tls, Some("wrong"));
    sender.send().await;
    sender.settled().await;
    server.heard(|heard| {
        let logins = heard.commands.iter().filter(|(line, _)| line.starts_with("AUTH")).count();
        assert_eq!((logins, heard.mails.len()), (1, 0));
    });
}

#[tokio::test]
async fn a_queued_message_is_sent_by_the_server_configured_later() {
    let (away, here) =
        (MailServer::start(Speech::Plain, "x").await, MailServer::start(Speech::Plain, "x").await);
    let sender = Sender::new();
    sender.by(&away, SmtpTls::None, None);
    drop(away);
    let mailer = Mailer { pauses: [Duration::from_millis(200); 4], ..sender.mailer.clone() };
    let sender = Sender { mailer, ..sender };
    sender.send().await;
    sender.by(&here, SmtpTls::None, None);
    assert!(arrives(&here).await.contains(LINK));
}

#[tokio::test]
async fn a_shutdown_tries_queued_messages_once_more() {
    let server = MailServer::start(Speech::Plain, "localhost").await;
    let sender = Sender::new();
    sender.by(&server, SmtpTls::None, None);
    server.heard(|heard| heard.refusals.push_back("451 later"));
    let mailer = Mailer { pauses: PAUSES, ..sender.mailer.clone() };
    let sender = Sender { mailer, ..sender };
    sender.send().await;
    eventually(async || if server.heard(|heard| heard.refusals.is_empty()) { Ok(()) } else { Err(()) }).await;
    sender.mailer.close().await;
    assert_eq!(server.heard(|heard| heard.mails.len()), 1);
}

#[tokio::test]
async fn an_unresponsive_server_is_disconnected_in_time() {
    let server = MailServer::start(Speech::Mute, "localhost").await;
    let sender = Sender::new();
    let smtp = sender.by(&server, SmtpTls::None, None);
    let email = Email::verify_email(&Secret::new(LINK));
    let from = sender.config.current().mail.from.clone();
    let message = message::message(from, "Ada", "ada@x.org", &email).unwrap();
    let sent = smtp::send(&smtp, message, Duration::from_millis(100)).await;
    assert!(matches!(&sent, Err(error @ MailError::TooSlow(_)) if error.is_transient()), "{sent:?}");
}

#[tokio::test]
async fn messages_above_the_queue_limit_are_refused() {
    let server = MailServer::start(Speech::Mute, "localhost").await;
    let sender = Sender::new();
    sender.by(&server, SmtpTls::None, None);
    for _ in 0..MOST_WAITING {
        sender.send().await;
    }
    let email = Email::verify_email(&Secret::new(LINK));
    let refused = sender.mailer.send("Ada", "ada@x.org", &email).await;
    assert!(matches!(refused, Err(MailError::TooMany(MOST_WAITING))), "{refused:?}");
}

#[tokio::test]
async fn a_file_is_written_when_send_returns() {
    let sender = Sender::new();
    sender.send().await;
    let files = std::fs::read_dir(sender.directory.path().join("mail")).unwrap();
    let [file] = &files.map(|file| file.unwrap().path()).collect::<Vec<_>>()[..] else { panic!("not one") };
    assert!(std::fs::read_to_string(file).unwrap().contains(LINK));
    let nobody = sender.mailer.send("Ada", "no address", &Email::password_changed("", LINK)).await;
    assert!(matches!(nobody, Err(MailError::Recipient(_))));
}
