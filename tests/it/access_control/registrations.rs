//! A stored password goes nowhere else than where it was entrusted to.

use serde_json::{Value, json};

use super::key_of;
use crate::harness::{Authority, Organization, TestApp};

#[tokio::test]
async fn changing_the_host_of_a_database_requires_its_password() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "moving").await;
    let key = key_of(&organization.key, &app, json!({"scope": "write"})).await;
    let authority = Authority::new("theirs").pem();
    // nothing listens there: whether it can be reached is not the question
    let body = json!({
        "name": "orders", "engine": "postgres", "host": "127.0.0.1", "port": 1, "username": "basira",
        "password": "s3cret", "tls": "require",
    });
    let id = key.post("/databases", &body, 201).await["id"].as_str().unwrap().to_owned();
    let path = format!("/databases/{id}");
    let shown = key.get(&path, 200).await;

    for change in [
        json!({"host": "127.0.0.2"}),
        json!({"port": 2}),
        json!({"port": null}),
        json!({"username": "other"}),
        json!({"username": null}),
        json!({"tls": "disable"}),
        json!({"tls": "prefer"}),
        json!({"tls": null}),
        json!({"tls_ca_pem": authority}),
        json!({"tls": "verify-ca", "tls_ca_pem": authority}),
        json!({"host": "127.0.0.2", "tls": "verify-full", "name": "renamed"}),
    ] {
        for client in [&key, &organization.owner] {
            let refused = client.patch(&path, &change, 400).await;
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!("password_required"), &json!("password")),
                "{change}"
            );
        }
    }
    let unchanged =
        |database: &Value| ["name", "host", "port", "username", "tls"].map(|name| database[name].clone());
    assert_eq!(unchanged(&key.get(&path, 200).await), unchanged(&shown));

    // what protects it more, what it is not sent by, and what does not change
    for change in [
        json!({"name": "orders 2"}),
        json!({"database": "shop"}),
        json!({"host": "127.0.0.1", "port": 1, "username": "basira"}),
        json!({"tls": "verify-full"}),
    ] {
        key.patch(&path, &change, 200).await;
    }
    let refused = key.patch(&path, &json!({"tls": "require"}), 400).await;
    assert_eq!(refused["code"], "password_required");
    key.patch(&path, &json!({"host": "127.0.0.2", "tls": "disable", "password": "s3cret"}), 200).await;
    // a DSN says what the password is, or that there is none
    key.patch(&path, &json!({"dsn": "postgres://eve@127.0.0.3:7/x?sslmode=disable"}), 200).await;
    // without a stored password there is nothing to lose
    key.patch(&path, &json!({"host": "127.0.0.4"}), 200).await;
}
