//! What is left behind: files of mails, and the names of those who went. And how much of a caller's own words comes back.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use basira_actors::model::Timestamp;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Browser, OpenIdProvider, Organization, PASSWORD, TestApp, eventually};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn mails_in_files_are_deleted_when_their_tokens_have_expired() {
    let app = TestApp::start_from(|data_dir| {
        let mails = data_dir.join("mail");
        fs::create_dir(&mails).unwrap();
        let now = Duration::from_millis(Timestamp::now().as_millis().try_into().unwrap());
        for (name, days) in [("old.eml", 8), ("young.eml", 6), ("notes.txt", 100)] {
            let file = File::create(mails.join(name)).unwrap();
            file.set_modified(UNIX_EPOCH + now - days * DAY).unwrap();
        }
    })
    .await;
    let has = |name: &str| app.data_dir().join("mail").join(name).exists();
    eventually(Duration::from_secs(10), async || if has("old.eml") { Err("still there") } else { Ok(()) })
        .await;
    assert!(has("young.eml") && has("notes.txt"));
}

#[tokio::test]
async fn the_slug_reserved_for_a_provider_is_not_given_to_signups() {
    let provider = OpenIdProvider::start().await;
    let app = provider.app(&[("AUTH__OIDC__CORP__ORGANIZATION", "acme")]).await;
    let operator = Organization::verified(&app, "operator").await;
    // whether there was one before or not
    let stranger = Organization::verified(&app, "acme").await;
    assert_eq!(stranger.owner.get("/organization", 200).await["slug"], "acme-2");
    let newcomer = "sub=ada&email=ada@x.example&verified=yes";
    assert_eq!(Browser::new().signs_in(&app, newcomer).await.refused(403), "organization_missing");
    // the operator gives it to whom it belongs
    let made = app.admin(&["create-organization", "Acme", "owner@real.example"]).await;
    assert!(made.status.success(), "{made:?}");
    let browser = Browser::new();
    assert_eq!(browser.signs_in(&app, newcomer).await.status, 303);
    assert_eq!(browser.me(&app).await["organization"]["slug"], "acme");
    // deleted, it is free for nobody again
    let all = operator.owner.get("/admin/organizations", 200).await;
    let acme = all.as_array().unwrap().iter().find(|one| one["slug"] == "acme").unwrap();
    operator.owner.delete(&format!("/admin/organizations/{}", acme["id"].as_str().unwrap()), 204).await;
    let body = json!({"email": "again@x.example", "password": PASSWORD, "name": "Again", "org_name": "Acme"});
    let again = app.anonymous().post("/auth/signup", &body, 201).await;
    assert_eq!(again["organization"]["slug"], "acme-3");
}

#[tokio::test]
async fn long_field_names_are_truncated_in_error_messages() {
    let app = TestApp::start().await;
    let organization = Organization::unverified(&app, "long").await;
    let body = format!(r#"{{"name": "x", "tags": {{"{}": 7}}}}"#, "n".repeat(900_000));
    let answer = organization.key.send(Method::POST, "/databases", "application/json", body).await;
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.unwrap().len() < 5_000);
    let path = format!("/databases/{}", "%41".repeat(2_000));
    let answer = organization.key.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.unwrap().len() < 5_000);
}
