//! The rights of a key are those of its maker, as long as they have them.

use serde_json::json;

use super::{id_of, invited, key_of};
use crate::harness::{Browser, OpenIdProvider, Organization, TestApp, TestClient};

#[tokio::test]
async fn api_keys_end_when_their_creator_is_removed() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "keys").await;
    let bob = invited(&app, &organization, "bob@keys.example", "owner").await;
    let bobs_id = id_of(&bob).await;
    let first = key_of(&bob, &app, json!({})).await;
    let second = key_of(&first, &app, json!({})).await;
    let third = key_of(&second, &app, json!({})).await;
    let keys = organization.owner.get("/api-keys", 200).await;
    let made_by_bob =
        keys.as_array().unwrap().iter().filter(|key| key["created_by"] == json!(bobs_id)).count();
    assert_eq!(made_by_bob, 3, "{keys}");
    bob.post("/invitations", &json!({"email": "bob2@keys.example", "role": "owner"}), 201).await;
    let invitation = app.mailed_token("bob2@keys.example");

    organization.owner.delete(&format!("/members/{bobs_id}"), 204).await;
    for key in [&first, &second, &third] {
        key.get("/databases", 401).await;
        key.post("/api-keys", &json!({"name": "one more"}), 401).await;
    }
    // nor does the way back stay open that was prepared before
    let back = json!({"token": invitation, "name": "Bob", "password": "correct horse"});
    let back = app.anonymous().post("/auth/accept-invitation", &back, 400).await;
    assert_eq!(back["code"], "bad_email_token");
    organization.key.get("/databases", 200).await;
}

#[tokio::test]
async fn an_api_key_is_limited_by_its_creators_current_role() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "capped").await;
    let bob = invited(&app, &organization, "bob@capped.example", "admin").await;
    let path = format!("/members/{}", id_of(&bob).await);
    let key = key_of(&bob, &app, json!({})).await;
    let child = key_of(&key, &app, json!({"scope": "write"})).await;
    let database = json!({"name": "x", "engine": "postgres", "host": "127.0.0.1", "port": 1});
    organization.owner.patch(&path, &json!({"role": "member", "keep_keys": true}), 200).await;
    for kept in [&key, &child] {
        kept.get("/databases", 200).await;
        kept.post("/databases", &database, 403).await;
        kept.post("/api-keys", &json!({"name": "one more"}), 403).await;
    }
    organization.owner.patch(&path, &json!({"role": "admin"}), 200).await;
    child.post("/databases", &database, 201).await;
    // keys that are to outlast their maker pass to an owner
    organization.owner.delete(&format!("{path}?keep_keys=true"), 204).await;
    key.get("/databases", 200).await;
    let keys = organization.owner.get("/api-keys", 200).await;
    let owner = id_of(&organization.owner).await;
    assert!(keys.as_array().unwrap().iter().all(|key| key["created_by"] == json!(owner)), "{keys}");
}

#[tokio::test]
async fn api_keys_end_when_the_provider_demotes_their_creator() {
    let provider = OpenIdProvider::start().await;
    let settings = [
        ("AUTH__OIDC__CORP__ORGANIZATION", "acme"),
        ("AUTH__OIDC__CORP__ROLE_CLAIM", "groups"),
        ("AUTH__OIDC__CORP__ROLES", "dba=admin"),
    ];
    let app = provider.app(&settings).await;
    Organization::verified(&app, "acme").await;
    let signs_in = async |groups: &str| {
        let browser = Browser::new();
        let person = format!("sub=ada&email=ada@x.example&verified=yes&groups={groups}");
        assert_eq!(browser.signs_in(&app, &person).await.status, 303);
        browser
    };
    let admin = signs_in("dba").await;
    let key = admin.posts(&app, "/api-keys", &json!({"name": "of an admin"})).await;
    let key = TestClient::with_bearer(&app.url, key.json()["key"].as_str().unwrap());
    let child = key_of(&key, &app, json!({})).await;
    signs_in("nothing").await;
    for ended in [&key, &child] {
        ended.get("/databases", 401).await;
    }
    // the token of before counts as what its person is now
    assert_eq!(admin.posts(&app, "/api-keys", &json!({"name": "x"})).await.status, 403);
}
