//! `basira demo`, as a newcomer meets it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::harness::{TestClient, eventually};

const STARTED_WITHIN: Duration = Duration::from_secs(120);
const SHOWN_WITHIN: Duration = Duration::from_secs(15);
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

struct Demo {
    process: Child,
    folder: tempfile::TempDir,
    /// Up to the line about Ctrl-C.
    printed: String,
    /// Held so that it can go on printing.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Demo {
    async fn start() -> Self {
        // Everything temporary goes below one folder, so that a leftover would show. Servers must reach it too.
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_basira"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        let welcome = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                printed.push_str(&line);
                printed.push('\n');
                if line.starts_with("Ctrl-C") {
                    return;
                }
            }
            panic!("the demo ended early");
        };
        timeout(STARTED_WITHIN, welcome).await.expect("a welcome in time");
        Self { process, folder, printed, _stdout: lines }
    }

    /// The word after `marker` in what was printed.
    fn word_after(&self, marker: &str) -> &str {
        let rest = self.printed.split_once(marker).expect("the marker is printed").1;
        rest.split_whitespace().next().expect("a word follows")
    }

    async fn signal(&self, name: &str) {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().await.unwrap().success());
    }

    /// Nothing may be left in the folder, nor any process that works there.
    async fn nothing_is_left(&self) {
        eventually(STOPPED_WITHIN, async || {
            let files: Vec<_> =
                std::fs::read_dir(self.folder.path()).unwrap().flatten().map(|e| e.path()).collect();
            let processes: Vec<_> = std::fs::read_dir("/proc")
                .unwrap()
                .flatten()
                .filter_map(|entry| std::fs::read_link(entry.path().join("cwd")).ok())
                .filter(|cwd| cwd.starts_with(self.folder.path()))
                .collect();
            if files.is_empty() && processes.is_empty() { Ok(()) } else { Err((files, processes)) }
        })
        .await;
    }
}

#[tokio::test]
async fn the_demo_shows_its_workload_and_cleans_up() {
    let mut demo = Demo::start().await;
    let key = demo.word_after("API key").to_owned();
    let url = demo.word_after("web shop at").to_owned();
    let client = TestClient::with_bearer(&url, &key);
    let databases = client.get("/databases", 200).await;
    let id = databases[0]["id"].as_str().unwrap();
    eventually(SHOWN_WITHIN, async || {
        let queries = client.get(&format!("/databases/{id}/queries"), 200).await;
        if queries.to_string().contains("shop.product") { Ok(()) } else { Err(queries) }
    })
    .await;
    eventually(SHOWN_WITHIN, async || {
        let unused = client.get(&format!("/databases/{id}/indexes/unused"), 200).await;
        if unused[0]["index_name"] == "purchase_by_day" { Ok(()) } else { Err(unused) }
    })
    .await;
    eventually(Duration::from_secs(30), async || {
        let active = client.get(&format!("/databases/{id}/active"), 200).await;
        let blocked =
            active.as_array().unwrap().iter().any(|query| query["blocking_pids"] != serde_json::json!([]));
        if blocked { Ok(()) } else { Err(active) }
    })
    .await;

    eventually(SHOWN_WITHIN, async || {
        let doctor = client.get(&format!("/databases/{id}/doctor"), 200).await;
        if doctor["score"].is_number() { Ok(()) } else { Err(doctor) }
    })
    .await;

    let token = demo.word_after("/login#token=").to_owned();
    let anonymous = TestClient::anonymous(&url);
    let tokens = anonymous.post("/auth/login-link", &json!({"token": token}), 200).await;
    let opened = TestClient::with_bearer(&url, tokens["access_token"].as_str().unwrap());
    assert_eq!(opened.get("/auth/me", 200).await["user"]["instance_admin"], true);
    anonymous.post("/auth/login-link", &json!({"token": token}), 400).await;

    demo.signal("-INT").await;
    let ended = timeout(STOPPED_WITHIN, demo.process.wait()).await.expect("it ends in time");
    assert!(ended.unwrap().success());
    demo.nothing_is_left().await;
}

#[tokio::test]
async fn a_killed_demo_is_cleaned_up() {
    let demo = Demo::start().await;
    demo.signal("-KILL").await;
    demo.nothing_is_left().await;
}
