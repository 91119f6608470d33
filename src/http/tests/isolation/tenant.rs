//! An organization with a person of every role, keys, a database, advice; and every credential that there is.

use std::time::Duration;

use basira_actors::model::{Advice, Checkup, OrganizationId, Secret, Timestamp};
use basira_actors::ports::TargetRegistry;
use reqwest::Method;
use serde_json::{Value, json};

use crate::auth::{Role, Signup};
use crate::http::Route;
use crate::http::tests::harness::{TestServer, answered};
use crate::storage::store::Page;
use crate::storage::tests::{join, targets};

const PASSWORD: &str = "correct horse";
const ROLES: [Role; 4] = [Role::Viewer, Role::Member, Role::Admin, Role::Owner];
const LONG_AGO: Duration = Duration::from_secs(30 * 24 * 3600);

/// A credential, and what it is worth: `None` when it is not good any more.
pub(super) struct Caller {
    pub(super) name: &'static str,
    pub(super) bearer: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) is_key: bool,
    /// Whether its scope is to write.
    pub(super) writes: bool,
}

impl Caller {
    pub(super) const fn person(name: &'static str, bearer: Option<String>, role: Option<Role>) -> Self {
        Self { name, bearer, role, is_key: false, writes: false }
    }
}

pub(super) struct Tenant {
    pub(super) callers: Vec<Caller>,
    organization: OrganizationId,
    database: String,
    key: String,
    recommendation: String,
    user: String,
    /// Whatever tells of this organization and of no other.
    pub(super) marks: Vec<String>,
}

impl Tenant {
    /// Everything in it is named after `tag`.
    pub(super) async fn create(server: &TestServer, tag: &str) -> Self {
        let address = |role: Role| format!("{role}@{tag}.example");
        let owner = sign_up(server, &address(Role::Owner), tag).await;
        let mut callers = vec![
            Caller::person("nobody", None, None),
            Caller::person("a forger", Some("x.y.z".to_owned()), None),
        ];
        let accounts = &server.app.accounts;
        let token = async |email: &str, at: Timestamp| {
            let tokens = accounts.log_in(email, &Secret::new(PASSWORD), None, at).await.expect("a login");
            tokens.access.expose().to_owned()
        };
        for role in ROLES {
            if role != Role::Owner {
                sign_up(server, &address(role), &format!("{tag} {role}")).await;
            }
            join(&server.app.storage, &address(role), &address(Role::Owner), role.as_str()).await;
            let bearer = Some(token(&address(role), Timestamp::now()).await);
            callers.push(Caller::person(role.as_str(), bearer, Some(role)));
        }
        let expired = token(&address(Role::Owner), Timestamp::now() - LONG_AGO).await;
        callers.push(Caller::person("an expired owner", Some(expired), None));
        let logged_out = token(&address(Role::Owner), Timestamp::now()).await;
        let left = accounts.authenticate_token(&logged_out, Timestamp::now()).await.expect("a session");
        accounts.log_out_principal(&left, Timestamp::now()).await.expect("it ends");
        callers.push(Caller::person("a logged out owner", Some(logged_out), None));
        let mut tenant = Self {
            callers,
            organization: owner,
            database: String::new(),
            key: String::new(),
            recommendation: String::new(),
            user: String::new(),
            marks: vec![owner.to_string(), tag.to_owned()],
        };
        tenant.fill(server, tag).await;
        tenant
    }

    /// What the owner makes: keys, a database, and the advice that follows.
    async fn fill(&mut self, server: &TestServer, tag: &str) {
        self.user = self.asks(server, Method::GET, "/auth/me", &Value::Null).await["user"]["id"].to_string();
        self.user = self.user.trim_matches('"').to_owned();
        let keys = [
            ("a key", "admin", Some(Role::Admin)),
            ("a writing key", "write", Some(Role::Member)),
            ("a reading key", "read", Some(Role::Viewer)),
            ("a revoked key", "admin", None),
        ];
        for (name, scope, role) in keys {
            let body = json!({"name": format!("{tag} {name}"), "scope": scope});
            let key = self.asks(server, Method::POST, "/api-keys", &body).await;
            let text = |field: &str| key[field].as_str().expect("text").to_owned();
            if role.is_none() {
                self.asks(server, Method::DELETE, &format!("/api-keys/{}", text("id")), &Value::Null).await;
            } else if self.key.is_empty() {
                self.key = text("id");
                self.marks.extend([text("id"), text("prefix"), text("key")]);
            }
            let (bearer, writes) = (Some(text("key")), scope == "write");
            self.callers.push(Caller { name, bearer, role, is_key: true, writes });
        }
        let database =
            json!({"name": format!("{tag} database"), "engine": "postgres", "host": "127.0.0.1", "port": 1});
        let database = self.asks(server, Method::POST, "/databases", &database).await;
        self.database = database["id"].as_str().expect("an id").to_owned();
        let id = self.database.parse().expect("a database's id");
        let checkup =
            Checkup { score: Some(93), advice: vec![advice(tag)], evaluated: vec!["indexes.invalid"] };
        targets(&server.app.storage).record_checkup(id, checkup).await.expect("kept advice");
        let advice = server.app.storage.recommendations(self.organization).list(None, None, Page::ALL).await;
        self.recommendation = advice.expect("the advice").0[0].id.to_string();
        self.marks.extend([self.database.clone(), self.recommendation.clone(), self.user.clone()]);
    }

    /// What the owner is answered, which has to be a success.
    pub(super) async fn asks(&self, server: &TestServer, method: Method, path: &str, body: &Value) -> Value {
        let owner = self.callers.iter().find(|caller| caller.role == Some(Role::Owner)).expect("an owner");
        let request = server.request(method, &format!("/api/v1{path}")).json(body);
        let request = request.bearer_auth(owner.bearer.as_deref().expect("a token"));
        let (status, answer) = answered(request).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// The path of `route` with this organization's things in it.
    pub(super) fn path(&self, route: &Route) -> String {
        let noun = route.path.trim_start_matches("/api/v1/").split('/').next();
        let id = match noun {
            Some("databases") => &self.database,
            Some("api-keys") => &self.key,
            Some("recommendations") => &self.recommendation,
            Some("members") => &self.user,
            _ => "0190a0b0-0000-7000-8000-000000000000",
        };
        let path = route.path.replace("{id}", id).replace("{hash}", "00000000000000b5");
        path.replace(['{', '}'], "")
    }

    /// All that a changing request could have changed.
    pub(super) async fn state(&self, server: &TestServer) -> [Value; 4] {
        let mut state = Vec::new();
        for path in
            ["/databases", "/api-keys?include_revoked=true", "/recommendations?status=all", "/auth/me"]
        {
            let mut found = self.asks(server, Method::GET, path, &Value::Null).await;
            for line in found.as_array_mut().into_iter().flatten() {
                for field in
                    ["last_used_at", "last_used_from", "last_seen_at", "last_error", "status", "health_score"]
                {
                    line[field].take();
                }
            }
            state.push(found);
        }
        state.try_into().expect("four of them")
    }
}

async fn sign_up(server: &TestServer, email: &str, organization: &str) -> OrganizationId {
    let signup = Signup {
        email: email.to_owned(),
        password: Secret::new(PASSWORD),
        name: "Somebody".to_owned(),
        org_name: organization.to_owned(),
    };
    let session = server.app.accounts.sign_up(&signup, Timestamp::now()).await.expect("a free address");
    session.organization.id
}

fn advice(tag: &str) -> Advice {
    Advice {
        rule_id: "indexes.invalid",
        object: format!("{tag}.index"),
        severity: "warning",
        category: "indexes",
        title: "An index is invalid",
        detail: "It costs writes and helps no read".to_owned(),
        recommendation: "Rebuild it.".to_owned(),
        how_to_investigate: "SELECT 1;".to_owned(),
        how_to_fix: "SELECT 2;".to_owned(),
        value: 1.0,
    }
}
