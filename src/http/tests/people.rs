//! People come, change and go; what they may not do any more they cannot do with what they still hold.

use std::time::Duration;

use basira_actors::model::Timestamp;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::harness::{TestServer, answered, check};
use crate::storage::tests::set_role;

/// Somebody who sends requests.
struct Caller<'a> {
    server: &'a TestServer,
    token: String,
}

impl Caller<'_> {
    async fn send(&self, method: Method, path: &str, body: &Value, status: u16) -> Value {
        let request = self.server.request(method.clone(), path).bearer_auth(&self.token).json(body);
        let (found, text) = answered(request).await;
        assert_eq!(found, status, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    async fn get(&self, path: &str, status: u16) -> Value {
        self.send(Method::GET, path, &Value::Null, status).await
    }

    async fn key(&self) -> Self {
        let made = self.send(Method::POST, "/api/v1/api-keys", &json!({"name": "ci"}), 201).await;
        Self { server: self.server, token: made["key"].as_str().expect("a key").to_owned() }
    }

    /// The close code of a live stream, which is open until `end` is done.
    async fn stream_until(&self, end: impl Future<Output = ()>) -> u16 {
        let (address, id) = (self.server.address, self.server.database);
        let url = format!("ws://{address}/api/v1/databases/{id}/active/ws?ticket=");
        let ticket = self.send(Method::POST, "/api/v1/auth/ws-ticket", &Value::Null, 200).await;
        let url = url + ticket["ticket"].as_str().expect("a ticket");
        let (mut socket, _) = connect_async(url).await.expect("an upgrade");
        let hello = timeout(Duration::from_secs(10), socket.next()).await.expect("in time");
        assert!(matches!(hello, Some(Ok(Message::Text(text))) if text.contains("hello")));
        end.await;
        loop {
            match timeout(Duration::from_secs(10), socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("no close code: {other:?}"),
            }
        }
    }
}

fn ada(server: &TestServer) -> Caller<'_> {
    Caller { server, token: server.ada.clone() }
}

/// Ada's organization is verified, and Bob has joined it with `role`.
async fn bob<'a>(server: &'a TestServer, role: &str) -> (Caller<'a>, String) {
    let owner = ada(server);
    let token = server.mailed_token("ada@x.org");
    owner.get(&format!("/api/v1/auth/verify-email?token={token}"), 200).await;
    let invitation = json!({"email": "Bob@x.org", "role": role});
    let invitation = owner.send(Method::POST, "/api/v1/invitations", &invitation, 201).await;
    assert_eq!((&invitation["email"], &invitation["role"]), (&json!("bob@x.org"), &json!(role)));
    let acceptance =
        json!({"token": server.mailed_token("bob@x.org"), "name": "Bob", "password": "correct horse"});
    let path = "/api/v1/auth/accept-invitation";
    let joined = server.request(Method::POST, path).json(&acceptance).send().await.expect("an answer");
    assert_eq!(joined.status(), 201);
    let cookies = joined.headers().get_all("set-cookie").iter().count();
    assert_eq!(cookies, 3, "as with a signup");
    let joined = joined.text().await.expect("a body");
    check("POST", path, 201, &joined);
    let joined: Value = serde_json::from_str(&joined).expect("JSON");
    assert_eq!(joined["expires_in"], 900);
    assert_eq!(
        (&joined["user"]["role"], &joined["organization"]["slug"]),
        (&json!(role), &json!("ada-x-org"))
    );
    let again = server.request(Method::POST, path).json(&acceptance).send().await.expect("an answer");
    assert_eq!(again.status(), 400);
    let token = joined["access_token"].as_str().expect("a token").to_owned();
    (Caller { server, token }, joined["user"]["id"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn who_is_invited_joins_and_is_seen_by_the_others_only() {
    let server = TestServer::start().await;
    let (owner, eve) = (ada(&server), Caller { server: &server, token: server.eve.clone() });
    let invitation = json!({"email": "bob@x.org", "role": "viewer"});
    let refused = eve.send(Method::POST, "/api/v1/invitations", &invitation, 403).await;
    assert_eq!(refused["code"], "verification_required");

    let (bob, id) = bob(&server, "viewer").await;
    let members = bob.get("/api/v1/members", 200).await;
    assert_eq!((members.as_array().map(Vec::len), &members[1]["id"]), (Some(2), &json!(id)));
    assert_eq!((&members[1]["email_verified"], &members[1]["role"]), (&json!(true), &json!("viewer")));
    assert!(members[1].get("password_hash").is_none());
    assert_eq!(eve.get("/api/v1/members", 200).await.as_array().map(Vec::len), Some(1));
    eve.send(Method::PATCH, &format!("/api/v1/members/{id}"), &json!({"role": "admin"}), 404).await;
    eve.send(Method::DELETE, &format!("/api/v1/members/{id}"), &Value::Null, 404).await;

    assert_eq!(owner.get("/api/v1/invitations", 200).await, json!([]));
    for email in ["eve@x.org", "bob@x.org"] {
        let taken = json!({"email": email, "role": "viewer"});
        assert_eq!(owner.send(Method::POST, "/api/v1/invitations", &taken, 409).await["code"], "email_taken");
    }
    for (bad, field) in [
        (json!({"email": "x", "role": "owner"}), "email"),
        (json!({"email": "c@x.org", "role": "king"}), "role"),
    ] {
        assert_eq!(owner.send(Method::POST, "/api/v1/invitations", &bad, 400).await["field"], field);
    }
    let open = json!({"email": "cy@x.org", "role": "member"});
    let open = owner.send(Method::POST, "/api/v1/invitations", &open, 201).await;
    assert_eq!(owner.get("/api/v1/invitations", 200).await[0]["id"], open["id"]);
    let path = format!("/api/v1/invitations/{}", open["id"].as_str().expect("an id"));
    eve.send(Method::DELETE, &path, &Value::Null, 404).await;
    owner.send(Method::DELETE, &path, &Value::Null, 204).await;
    let late = json!({"token": server.mailed_token("cy@x.org"), "name": "Cy", "password": "correct horse"});
    let late = bob.send(Method::POST, "/api/v1/auth/accept-invitation", &late, 400).await;
    assert_eq!(late["code"], "bad_email_token");

    let entries = owner.get("/api/v1/audit", 200).await.to_string();
    for action in
        ["POST /api/v1/invitations", "POST /api/v1/auth/accept-invitation", "GET /api/v1/auth/verify-email"]
    {
        assert!(entries.contains(action), "{action}: {entries}");
    }
    assert!(!entries.contains(&server.mailed_token("cy@x.org")));
}

#[tokio::test]
async fn only_owners_manage_people() {
    let server = TestServer::start().await;
    let (bob, id) = bob(&server, "admin").await;
    for (role, status) in [("viewer", 403), ("member", 403), ("admin", 403)] {
        set_role(&server.app.storage, "bob@x.org", role).await;
        server.app.accounts.access_changed(crate::auth::AccessSubject::User(id.parse().expect("an id")));
        for (method, path) in [
            (Method::GET, "/api/v1/invitations".to_owned()),
            (Method::POST, "/api/v1/invitations".to_owned()),
            (Method::DELETE, format!("/api/v1/invitations/{id}")),
            (Method::PATCH, format!("/api/v1/members/{id}")),
            (Method::DELETE, format!("/api/v1/members/{id}")),
            (Method::PATCH, "/api/v1/organization".to_owned()),
            (Method::DELETE, "/api/v1/organization?confirm=ada-x-org".to_owned()),
        ] {
            let body = json!({"role": "owner", "email": "cy@x.org", "name": "Mine"});
            let refused = bob.send(method, &path, &body, status).await;
            assert_eq!(refused["code"], "role_required", "{role} {path}");
        }
    }
    let key = bob.key().await;
    key.send(Method::PATCH, &format!("/api/v1/members/{id}"), &json!({"role": "owner"}), 403).await;
    for method in [Method::PATCH, Method::DELETE] {
        let refused = key.send(method, "/api/v1/auth/me", &json!({"name": "x"}), 403).await;
        assert_eq!(refused["code"], "person_required");
    }
}

#[tokio::test]
async fn a_lesser_role_counts_at_once_for_tokens_of_before() {
    let server = TestServer::start().await;
    let (bob, id) = bob(&server, "admin").await;
    let (owner, path) = (ada(&server), format!("/api/v1/members/{id}"));
    let (kept, adas) = (bob.key().await, owner.key().await);
    let change = json!({"role": "member", "keep_keys": true});
    assert_eq!(owner.send(Method::PATCH, &path, &change, 200).await["role"], "member");
    assert_eq!(
        bob.send(Method::POST, "/api/v1/api-keys", &json!({"name": "x"}), 403).await["code"],
        "role_required"
    );
    bob.get("/api/v1/databases", 200).await;
    kept.get("/api/v1/databases", 200).await;

    owner.send(Method::PATCH, &path, &json!({"role": "viewer"}), 200).await;
    kept.get("/api/v1/databases", 401).await;
    adas.get("/api/v1/databases", 200).await;
    assert_eq!(bob.get("/api/v1/auth/me", 200).await["user"]["role"], "viewer");
    owner.send(Method::PATCH, &path, &json!({"role": "owner"}), 200).await;
    bob.get("/api/v1/invitations", 200).await;
}

#[tokio::test]
async fn whoever_is_removed_is_out_at_once_with_streams_tickets_and_keys() {
    let server = TestServer::start().await;
    let (bob, id) = bob(&server, "admin").await;
    let owner = ada(&server);
    let key = bob.key().await;
    let ticket = bob.send(Method::POST, "/api/v1/auth/ws-ticket", &Value::Null, 200).await;
    let removed = async {
        owner.send(Method::DELETE, &format!("/api/v1/members/{id}"), &Value::Null, 204).await;
    };
    assert_eq!(bob.stream_until(removed).await, 4401);
    bob.get("/api/v1/databases", 401).await;
    key.get("/api/v1/databases", 401).await;
    let ticket = ticket["ticket"].as_str().expect("a ticket");
    let url =
        format!("ws://{}/api/v1/databases/{}/active/ws?ticket={ticket}", server.address, server.database);
    let (mut socket, _) = connect_async(url).await.expect("an upgrade");
    let refused = timeout(Duration::from_secs(10), socket.next()).await.expect("in time");
    assert!(matches!(refused, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 4401));

    let me = owner.get("/api/v1/auth/me", 200).await["user"]["id"].as_str().expect("an id").to_owned();
    let last = owner.send(Method::DELETE, &format!("/api/v1/members/{me}"), &Value::Null, 409).await;
    assert_eq!(last["code"], "last_owner");
    let last = owner.send(Method::DELETE, "/api/v1/auth/me", &Value::Null, 409).await;
    assert_eq!(last["code"], "last_owner");
    let entry = &owner.get("/api/v1/audit?limit=1", 200).await[0];
    assert_eq!(
        (&entry["action"], &entry["target"]["id"]),
        (&json!("DELETE /api/v1/members/{id}"), &json!(id))
    );
    assert_eq!(entry["details"]["revoked_keys"], 1);
}

#[tokio::test]
async fn a_logout_and_a_revoked_key_end_their_streams_and_no_others() {
    let server = TestServer::start().await;
    let (bob, _) = bob(&server, "viewer").await;
    let owner = ada(&server);
    let key = owner.key().await;
    let keys = owner.get("/api/v1/api-keys", 200).await;
    let path = format!("/api/v1/api-keys/{}", keys[0]["id"].as_str().expect("an id"));
    let ends = async {
        let of_key = key.stream_until(async {
            owner.send(Method::DELETE, &path, &Value::Null, 204).await;
        });
        assert_eq!(of_key.await, 4401);
        bob.send(Method::POST, "/api/v1/auth/logout", &json!({}), 204).await;
    };
    assert_eq!(bob.stream_until(ends).await, 4401);
    bob.get("/api/v1/databases", 401).await;
    owner.get("/api/v1/databases", 200).await;
}

#[tokio::test]
async fn people_rename_themselves_and_leave() {
    let server = TestServer::start().await;
    let (bob, _) = bob(&server, "owner").await;
    let renamed = bob.send(Method::PATCH, "/api/v1/auth/me", &json!({"name": " Robert "}), 200).await;
    assert_eq!(renamed["user"]["name"], "Robert");
    bob.send(Method::PATCH, "/api/v1/auth/me", &json!({"name": ""}), 400).await;
    bob.send(Method::DELETE, "/api/v1/auth/me", &Value::Null, 204).await;
    bob.get("/api/v1/auth/me", 401).await;
    let login = json!({"email": "bob@x.org", "password": "correct horse"});
    bob.send(Method::POST, "/api/v1/auth/login", &login, 401).await;
    assert_eq!(ada(&server).get("/api/v1/members", 200).await.as_array().map(Vec::len), Some(1));
    let entries = ada(&server).get("/api/v1/audit?action=DELETE%20/api/v1/auth/me", 200).await;
    assert_eq!((&entries[0]["actor_kind"], &entries[0]["actor_name"]), (&json!("user"), &Value::Null));
}

#[tokio::test]
async fn an_organization_goes_at_once_with_its_actors() {
    let server = TestServer::start().await;
    let (bob, _) = bob(&server, "viewer").await;
    let owner = ada(&server);
    let renamed = owner.send(Method::PATCH, "/api/v1/organization", &json!({"name": "New"}), 200).await;
    assert_eq!((&renamed["name"], &renamed["slug"]), (&json!("New"), &json!("ada-x-org")));
    assert_eq!(bob.get("/api/v1/organization", 200).await, renamed);
    for path in ["/api/v1/organization", "/api/v1/organization?confirm=New"] {
        assert_eq!(owner.send(Method::DELETE, path, &Value::Null, 400).await["field"], "confirm");
    }
    let key = owner.key().await;
    let whole = "/api/v1/organization?confirm=ada-x-org";
    let last = owner.send(Method::DELETE, whole, &Value::Null, 409).await;
    assert_eq!(last["code"], "last_instance_admin");
    server.app.storage.promote("eve@x.org", Timestamp::now()).await.expect("written");
    assert!(server.app.directory().find(server.database).is_some());
    let deleted = async {
        owner.send(Method::DELETE, whole, &Value::Null, 204).await;
    };
    assert!([4401, 4404].contains(&bob.stream_until(deleted).await));
    for caller in [&owner, &bob, &key] {
        caller.get("/api/v1/databases", 401).await;
    }
    assert!(server.app.directory().find(server.database).is_none());
}

#[tokio::test]
async fn who_runs_the_instance_sees_and_deletes_organizations() {
    let server = TestServer::start().await;
    let admin = ada(&server);
    let eve = Caller { server: &server, token: server.eve.clone() };
    let all = admin.get("/api/v1/admin/organizations", 200).await;
    assert_eq!(
        (&all[0]["members"], &all[0]["databases"], &all[1]["slug"]),
        (&json!(1), &json!(1), &json!("eve-x-org"))
    );
    let paths = [
        (Method::GET, "/api/v1/admin/organizations".to_owned()),
        (Method::DELETE, format!("/api/v1/admin/organizations/{}", all[0]["id"].as_str().expect("an id"))),
        (Method::GET, "/api/v1/admin/instance-admins".to_owned()),
        (Method::POST, "/api/v1/admin/instance-admins".to_owned()),
        (Method::DELETE, format!("/api/v1/admin/instance-admins/{}", server.database)),
    ];
    for caller in [&eve, &admin.key().await] {
        for (method, path) in &paths {
            let refused = caller.send(method.clone(), path, &json!({"email": "eve@x.org"}), 403).await;
            assert_eq!(refused["code"], "instance_admin_required", "{path}");
        }
    }
    let own = admin.send(Method::DELETE, &paths[1].1, &Value::Null, 409).await;
    assert_eq!(own["code"], "own_organization");

    let granted = json!({"email": "EVE@x.org"});
    let granted = admin.send(Method::POST, "/api/v1/admin/instance-admins", &granted, 201).await;
    eve.get("/api/v1/admin/organizations", 200).await;
    let path = format!("/api/v1/admin/instance-admins/{}", granted["id"].as_str().expect("an id"));
    admin.send(Method::DELETE, &path, &Value::Null, 204).await;
    eve.get("/api/v1/admin/organizations", 403).await;
    let last = admin.get("/api/v1/admin/instance-admins", 200).await;
    assert_eq!(last.as_array().map(Vec::len), Some(1));
    let path = format!("/api/v1/admin/instance-admins/{}", last[0]["id"].as_str().expect("an id"));
    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null, 409).await["code"], "last_instance_admin");

    let path = format!("/api/v1/admin/organizations/{}", all[1]["id"].as_str().expect("an id"));
    admin.send(Method::DELETE, &path, &Value::Null, 204).await;
    admin.send(Method::DELETE, &path, &Value::Null, 404).await;
    eve.get("/api/v1/auth/me", 401).await;
    let entry = &admin.get("/api/v1/admin/audit?limit=1", 200).await[0];
    assert_eq!(entry["action"], "DELETE /api/v1/admin/organizations/{id}");
    assert_eq!((&entry["target"]["id"], &entry["details"]["slug"]), (&all[1]["id"], &json!("eve-x-org")));
}
