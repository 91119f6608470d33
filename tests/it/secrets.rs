//! Secrets that are replaced while the server runs, or while the power goes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, PASSWORD, Registered, TestApp, TestClient, TestDatabase};

const CONNECTED_WITHIN: Duration = Duration::from_secs(15);

/// A server that watches one database, which asks for its password.
struct Watching {
    app: TestApp,
    organization: Organization,
    database: TestDatabase,
}

impl Watching {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let organization = Organization::verified(&app, "rotate").await;
        let database = TestDatabase::create(shared(NEWEST).await).await;
        let registered = organization.register(&database).await;
        registered.status_becomes("connected", CONNECTED_WITHIN).await;
        Self { app, organization, database }
    }

    fn secret(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.app.data_dir().join(name)).ok()
    }

    async fn rotate(&self) -> String {
        let output = self.app.admin(&["rotate-keys"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Whether every password can be read after a start with the files that there are.
    async fn connects_after_a_start(&mut self) {
        self.app.kill().await;
        self.app.start_again().await;
        let key = self.organization.moved_to(&self.app);
        for database in key.get("/databases", 200).await.as_array().unwrap() {
            let id = database["id"].as_str().unwrap().to_owned();
            Registered { id, client: key.clone() }.status_becomes("connected", CONNECTED_WITHIN).await;
        }
        assert!(!self.app.log().contains("cannot be decrypted"), "a password was lost");
    }
}

#[tokio::test]
async fn secrets_are_replaced_while_the_server_runs() {
    let mut watching = Watching::start().await;
    let [key, jwt] = ["encryption_key", "jwt_secret"].map(|name| watching.secret(name).unwrap());
    let said = watching.rotate().await;
    assert!(said.contains("re-encrypted 1 secrets"), "{said}");
    assert_ne!(watching.secret("encryption_key").unwrap(), key);
    assert_ne!(watching.secret("jwt_secret").unwrap(), jwt);
    assert_eq!(watching.secret("encryption_key.previous"), None, "the old key was kept");
    assert!(watching.secret("jwt_secret.previous").unwrap().starts_with(&jwt));
    let mode =
        fs::metadata(watching.app.data_dir().join("jwt_secret.previous")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // nobody was logged out, and who logs in gets a token of the new secret
    let Watching { organization, database, app, .. } = &watching;
    organization.owner.get("/auth/me", 200).await;
    let login = json!({"email": organization.email, "password": PASSWORD});
    let tokens = app.anonymous().post("/auth/login", &login, 200).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let header = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_ne!(header(&token), header(organization.owner.bearer()), "the kid is the old one");
    TestClient::with_bearer(&app.url, &token).get("/auth/me", 200).await;

    // what the running server stores now needs the new key only
    let mut second = database.registration();
    second["name"] = json!("second");
    let second = organization.register_as(&second).await;
    second.status_becomes("connected", CONNECTED_WITHIN).await;
    let old_token = organization.owner.bearer().to_owned();
    watching.connects_after_a_start().await;
    for token in [&token, &old_token] {
        TestClient::with_bearer(&watching.app.url, token).get("/auth/me", 200).await;
    }
    let said = watching.rotate().await;
    assert!(said.contains("re-encrypted 2 secrets"), "{said}");
    watching.connects_after_a_start().await;
}

#[tokio::test]
async fn a_rotation_that_is_killed_loses_nothing() {
    let mut watching = Watching::start().await;
    for (number, delay_ms) in [0, 5, 10, 20, 40, 60, 80, 120, 200, 400].into_iter().enumerate() {
        let mut rotating = watching.app.admin_command(&["rotate-keys"]);
        let mut rotating = rotating.stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        rotating.kill().await.unwrap();
        // the running server encrypts one more password with what it finds
        let mut more = watching.database.registration();
        (more["name"], more["poll_interval_seconds"]) = (json!(format!("more {number}")), json!(5));
        watching.organization.register_as(&more).await;
    }
    watching.connects_after_a_start().await;
    watching.rotate().await;
    assert_eq!(watching.secret("encryption_key.previous"), None);
    watching.connects_after_a_start().await;
}

#[tokio::test]
async fn a_data_dir_accessible_to_other_users_is_refused() {
    let app = TestApp::start().await;
    fs::set_permissions(app.data_dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let refused = app.admin(&["rotate-keys"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let command = format!("chmod 700 {}", app.data_dir().display());
    assert!(!refused.status.success() && said.contains(&command), "{said}");
    assert_eq!(app.anonymous().get("/healthz", 200).await["status"], Value::from("ok"));
}
