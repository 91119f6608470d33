//! Who gets in, with what, and how far: registrations, networks, keys, proxies, cookies, the people who run the instance.

mod api_keys;
mod cleartext_passwords;
mod cookies;
mod instance_admins;
mod networks;
mod personal_data;
mod proxies;
mod registrations;

use serde_json::{Value, json};

use crate::harness::{Organization, PASSWORD, TestApp, TestClient};

/// Somebody whom the owner of `organization` invited with `role`, logged in.
async fn invited(app: &TestApp, organization: &Organization, email: &str, role: &str) -> TestClient {
    organization.owner.post("/invitations", &json!({"email": email, "role": role}), 201).await;
    let body = json!({"token": app.mailed_token(email), "name": "Bob", "password": PASSWORD});
    let session = app.anonymous().post("/auth/accept-invitation", &body, 201).await;
    TestClient::with_bearer(&app.url, session["access_token"].as_str().expect("a token"))
}

/// The id of whoever `client` is.
async fn id_of(client: &TestClient) -> String {
    client.get("/auth/me", 200).await["user"]["id"].as_str().expect("an id").to_owned()
}

/// A key that `client` makes.
async fn key_of(client: &TestClient, app: &TestApp, limits: Value) -> TestClient {
    let mut body = json!({"name": "key"});
    body.as_object_mut().expect("an object").extend(limits.as_object().expect("limits").clone());
    let key = client.post("/api-keys", &body, 201).await;
    TestClient::with_bearer(&app.url, key["key"].as_str().expect("a key"))
}
