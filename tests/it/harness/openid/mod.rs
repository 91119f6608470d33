//! A real OpenID provider: npm's certified `oidc-provider`, run by a Node.js that is fetched with it.

use std::env::consts::ARCH;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use basira_test_support::{ServerError, cached, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::TestApp;

const PACKAGE: &str = include_str!("package.json");
/// Every package with its checksum.
const LOCK: &str = include_str!("package-lock.json");
const PROVIDER: &str = include_str!("provider.mjs");
/// Names the set of packages: to be changed with the lock.
const NAME: &str = "openid-provider-9.13.3-node-22.23.2";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running provider; ended when dropped.
pub(crate) struct OpenIdProvider {
    pub(crate) issuer: String,
    _process: Child,
    _folder: TempDir,
}

impl OpenIdProvider {
    pub(crate) async fn start() -> Self {
        let fetched = tokio::task::spawn_blocking(fetch).await.expect("the fetch does not panic");
        let modules = fetched.unwrap_or_else(|error| panic!("{error}")).join("node_modules");
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("provider.mjs"), PROVIDER).expect("written");
        symlink(&modules, folder.path().join("node_modules")).expect("a link");
        let architecture = if ARCH == "aarch64" { "arm64" } else { "x64" };
        let log = fs::File::create(folder.path().join("stderr.log")).expect("a log file");
        let mut process = Command::new(modules.join(format!("node-linux-{architecture}/bin/node")))
            .arg("provider.mjs")
            .current_dir(folder.path())
            // it ends when this does, however we end
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        let issuer = async {
            while let Some(line) = lines.next_line().await.expect("readable") {
                if let Some(issuer) = line.strip_prefix("issuer ") {
                    return issuer.to_owned();
                }
            }
            let log = fs::read_to_string(folder.path().join("stderr.log")).unwrap_or_default();
            panic!("the provider did not start:\n{log}")
        };
        let issuer = timeout(READY_WITHIN, issuer).await.expect("a provider in time");
        Self { issuer, _process: process, _folder: folder }
    }

    /// A server that lets people sign in here, as `corp`, and has `settings` too.
    pub(crate) async fn app(&self, settings: &[(&str, &str)]) -> TestApp {
        let ours = [
            ("AUTH__OIDC__CORP__ISSUER", self.issuer.as_str()),
            ("AUTH__OIDC__CORP__CLIENT_ID", "basira"),
            ("AUTH__OIDC__CORP__CLIENT_SECRET", "a secret & more"),
        ];
        TestApp::start_with(&[&ours, settings].concat()).await
    }

    /// From now on it behaves so: `forge`, `rotate`, `spoil`, `describe`, as its script says. What is left out is as usual.
    pub(crate) async fn pull(&self, lever: Value) {
        let request = reqwest::Client::new().post(format!("{}/lever", self.issuer)).json(&lever);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 204, "{lever}");
    }

    /// It is as usual again.
    pub(crate) async fn behaves(&self) {
        self.pull(json!({})).await;
    }
}

/// Where the packages are; npm holds each against its checksum.
fn fetch() -> Result<PathBuf, ServerError> {
    cached(NAME, |directory| {
        fs::write(directory.join("package.json"), PACKAGE).expect("written");
        fs::write(directory.join("package-lock.json"), LOCK).expect("written");
        let mut npm = std::process::Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(directory);
        run(&mut npm).map(drop)
    })
}
