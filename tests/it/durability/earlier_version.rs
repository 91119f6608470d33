//! A data directory written by an earlier version: this version opens it and gives the same answers.
//!
//! The store in `earlier_version/` was written at commit 01697c7 by `basira demo`, in 13 minutes before and after a full
//! hour, so that it has sealed and unsealed records; `pg_stat_statements_reset()` made the gap. The answers are those of
//! that commit, which also counted the record in which a window ended: the windows here end just after such a record.
//! Another store is added beside this one when a format on disk changes; this one stays.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use basira::config::SecretRing;
use basira::storage::Storage;
use basira::storage::store::Targets;
use basira_actors::model::Secret;
use basira_actors::ports::TargetRegistry as _;
use serde_json::{Value, json};

use crate::harness::{TestApp, TestClient};

const STORE: &[u8] = include_bytes!("earlier_version/basira.db.zst");
/// One line per path of the API below the database: `path` and `answer`.
const ANSWERS: &str = include_str!("earlier_version/answers.jsonl");
const DATABASE: &str = "01a22f12-d79b-7322-8b23-c6de0f982b4e";
const ENCRYPTION_KEY: &str = "c43e2d39fc971f9db753030ddd59636909429861a6a1056306dda4c8567286f2";

fn write_data_directory(data_dir: &Path) {
    let store = zstd::decode_all(STORE).unwrap();
    for (name, content) in [("basira.db", store.as_slice()), ("encryption_key", ENCRYPTION_KEY.as_bytes())] {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(data_dir.join(name)).unwrap();
        file.write_all(content).unwrap();
    }
}

#[tokio::test]
async fn a_store_of_an_earlier_version_gives_the_same_answers() {
    let app = TestApp::start_from(write_data_directory).await;
    let login = json!({"email": "demo@basira.example", "password": "watch-me-work"});
    let session = app.anonymous().post("/auth/login", &login, 200).await;
    let client = TestClient::with_bearer(&app.url, session["access_token"].as_str().unwrap());
    for line in ANSWERS.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let path = recorded["path"].as_str().unwrap();
        let answer = client.get(&format!("/databases/{DATABASE}{path}"), 200).await;
        assert_eq!(answer, recorded["answer"], "{path}");
    }
}

#[tokio::test]
async fn a_password_that_an_earlier_version_encrypted_is_decrypted() {
    let folder = tempfile::tempdir().unwrap();
    write_data_directory(folder.path());
    let keys = SecretRing::fixed(Secret::new(ENCRYPTION_KEY), None);
    let url = format!("sqlite://{}", folder.path().join("basira.db").display());
    let storage = Storage::open(&url, keys.clone()).await.unwrap();
    storage.migrate().await.unwrap();
    let target = Targets::new(storage, keys).find(DATABASE.parse().unwrap()).await.unwrap().unwrap();
    assert!(target.password.is_some());
}
