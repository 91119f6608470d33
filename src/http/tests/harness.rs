//! A server on a port of its own with two organizations in it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use basira_actors::model::{DatabaseId, Secret, Timestamp};
use basira_actors::monitor::{Dependencies, Fleet};
use basira_actors::supervisor::Supervisor;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::samples::FixedSamples;
use crate::app::App;
use crate::auth::{Accounts, AuthSettings, Signup, WsTickets};
use crate::config::{Config, LiveConfig, PublicUrl, SecretRing};
use crate::http::{Route, Server, routes};
use crate::limits::{Limits, LiveStreams};
use crate::log::Log;
use crate::mail::Mailer;
use crate::reload::{Parts, Reloader};
use crate::samples::DatabaseScope;
use crate::storage::tests::{Fixture, database, password, sqlite, targets};
use basira_test_support::{Answer, ApiDocument};

pub(super) struct TestServer {
    pub(super) app: Arc<App>,
    pub(super) address: SocketAddr,
    pub(super) running: tokio::task::JoinHandle<()>,
    /// Ada's, at an address where nothing listens.
    pub(super) database: DatabaseId,
    pub(super) ada: String,
    pub(super) eve: String,
    directory: TempDir,
}

impl TestServer {
    pub(super) async fn start() -> Self {
        Self::with_routes(routes::all()).await
    }

    /// With settings such as `("LIMITS__API__BURST", "5")`.
    pub(super) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::with(routes::all(), config(settings)).await
    }

    /// Answers by `routes` only.
    pub(super) async fn with_routes(routes: Vec<Route>) -> Self {
        Self::with(routes, config(&[])).await
    }

    async fn with(routes: Vec<Route>, config: Config) -> Self {
        let Fixture { storage, directory, .. } = sqlite().await;
        let settings = AuthSettings {
            jwt_secrets: SecretRing::fixed(Secret::new("jwt secret"), None),
            public_url: "https://basira.example".to_owned(),
        };
        let mut config = config;
        directory.path().clone_into(&mut config.data_dir);
        let config = LiveConfig::new(config);
        let mailer = Mailer::new(config.clone());
        let accounts = Accounts::new(storage.clone(), config.clone(), settings, mailer);
        let accounts = accounts.with_cheap_passwords();
        let ada = sign_up(&accounts, "ada@x.org", Timestamp::now()).await;
        let eve = sign_up(&accounts, "eve@x.org", Timestamp::now()).await;

        let principal = accounts.authenticate_token(&ada, Timestamp::now()).await.expect("ada's token");
        let mut registered = database(principal.organization_id, "shop");
        (registered.host, registered.port) = ("127.0.0.1".to_owned(), 1);
        let id = registered.id;
        storage
            .databases(principal.organization_id)
            .insert(&registered, Some(&password()))
            .await
            .expect("a free name");

        let scope = DatabaseScope { organization: principal.organization_id, database: id };
        let samples = Arc::new(FixedSamples { scope });
        let dependencies = Dependencies {
            samples: samples.clone(),
            registry: Arc::new(targets(&storage)),
            fleet: Fleet::new(
                config.current().fleet_settings(Arc::new(config.current().networks_denied_to(true))),
            ),
        };
        let fleet = dependencies.fleet.clone();
        let (supervisor, _) = Supervisor::start(dependencies).await.expect("a supervisor");
        let parts = Parts {
            storage: storage.clone(),
            supervisor: supervisor.clone(),
            fleet,
            samples: samples.clone(),
            log: Log::disconnected(),
        };
        let app = Arc::new(App {
            storage: storage.clone(),
            accounts,
            samples,
            supervisor,
            limits: Limits::new(config.clone()),
            config: config.clone(),
            public_url: PublicUrl("https://basira.example".parse().expect("a URL")),
            ws_tickets: WsTickets::default(),
            live_streams: LiveStreams::default(),
            reloader: Arc::new(Reloader::new(config.clone(), parts)),
            shutdown: CancellationToken::new(),
        });
        let server = Server::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = server.local_addr();
        let running = server.run_routes(Arc::clone(&app), routes);
        let running = tokio::spawn(async { running.await.expect("a consistent table") });
        Self { app, address, running, database: id, ada, eve, directory }
    }

    /// A token of Ada's that expires `lifetime` from now.
    pub(super) async fn short_token(&self, lifetime: Duration) -> String {
        let signed_at = Timestamp::now() - crate::auth::ACCESS_LIFETIME + lifetime;
        sign_up(&self.app.accounts, "short@x.org", signed_at).await
    }

    /// The token in the newest mail to `address`.
    pub(super) fn mailed_token(&self, address: &str) -> String {
        let mails = std::fs::read_dir(self.directory.path().join("mail")).expect("a folder of mails");
        let mut mails: Vec<_> = mails.map(|mail| mail.expect("a mail").path()).collect();
        mails.sort();
        let mut texts = mails.iter().map(|path| std::fs::read_to_string(path).expect("a readable mail"));
        let mail = texts.rfind(|mail| mail.contains(address)).expect("a mail to them");
        let token = mail.split_once("#token=").expect("a token").1;
        token.chars().take_while(char::is_ascii_alphanumeric).collect()
    }

    /// A request below the root, with `{id}` standing for Ada's database.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = path.replace("{id}", &self.database.to_string());
        reqwest::Client::new().request(method, format!("http://{}{path}", self.address))
    }

    /// Ada's GET, which has to answer `status`.
    pub(super) async fn get(&self, path: &str, status: u16) -> Value {
        let request = self.request(Method::GET, path).bearer_auth(&self.ada);
        let (found, body) = answered(request).await;
        assert_eq!(found, status, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: not JSON: {body}"))
    }
}

/// The status and the body of the answer, which has to be as the document describes it.
pub(super) async fn answered(request: RequestBuilder) -> (u16, String) {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let method = request.method().clone();
    let answer = client.execute(request).await.expect("an answer");
    let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
    let body = answer.text().await.expect("a body");
    check(method.as_str(), &path, status, &body);
    (status, body)
}

/// The answer has to be as the document describes it.
pub(super) fn check(method: &str, path: &str, status: u16, body: &str) {
    static DOCUMENT: OnceLock<ApiDocument> = OnceLock::new();
    let document = || serde_json::to_value(routes::document()).expect("JSON");
    let checked = DOCUMENT.get_or_init(|| ApiDocument::new(document()));
    checked.check(Answer { method, path, status, body });
}

/// The defaults but for `settings`.
pub(super) fn config(settings: &[(&str, &str)]) -> Config {
    // two organizations have databases on this machine
    let settings = [("TARGETS__PRIVATE", "")].iter().chain(settings);
    let environment = settings.map(|(key, value)| (format!("BASIRA__{key}"), (*value).to_owned()));
    Config::load(None, environment, &[]).expect("good settings")
}

async fn sign_up(accounts: &Accounts, email: &str, now: Timestamp) -> String {
    let signup = Signup {
        email: email.to_owned(),
        password: Secret::new("correct horse"),
        name: "Ada".to_owned(),
        org_name: email.to_owned(),
    };
    let session = accounts.sign_up(&signup, now).await.expect("a free address");
    session.tokens.access.expose().to_owned()
}
