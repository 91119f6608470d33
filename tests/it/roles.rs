//! What each collector can do for a superuser, for `pg_monitor` and for a role without anything, on every version; and
//! that whatever SQL is offered as a fix does help. Every collector that there is gets tested without being named here.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Organization, TestApp, TestDatabase};

const PASSWORD: &str = "one-of-many-roles";
/// After so many rounds of fixes there must be nothing left that a fix would change.
const MOST_ROUNDS: usize = 5;
const SQL: [&str; 3] = ["GRANT ", "CREATE ", "ALTER "];

/// One database of one server, looked at by several roles.
struct Looks {
    organization: Organization,
    database: TestDatabase,
    admin: Client,
    _app: TestApp,
}

impl Looks {
    /// The lines of `POST /databases/test` as `role` sees it.
    async fn lines(&self, role: &str) -> Vec<Value> {
        let mut body = self.database.registration();
        body["username"] = json!(role);
        body["password"] = json!(PASSWORD);
        let report = self.organization.key.post("/databases/test", &body, 200).await;
        assert_eq!(report["connected"], true, "{report}");
        assert_eq!(report["flavour"], "plain", "{report}");
        report["collectors"].as_array().unwrap().clone()
    }

    async fn role(&self, kind: &str, rights: &str) -> String {
        let role = format!("{}_{kind}", self.database.name);
        let create = format!("create role {role} login password '{PASSWORD}' {rights}");
        self.admin.batch_execute(&create).await.unwrap();
        role
    }
}

/// What is not as it could be says what would help.
fn every_trouble_has_a_fix(lines: &[Value], major: u16) {
    for line in lines {
        let fine = line["state"] == "ok" && line["reason"].is_null();
        let helped =
            ["reason", "fix"].iter().all(|field| line[field].as_str().is_some_and(|text| !text.is_empty()));
        assert!(fine || helped, "no reason or no fix on {major}: {line}");
    }
}

/// The statements among the fixes.
fn fixes(lines: &[Value]) -> BTreeSet<String> {
    let fixes = lines.iter().filter_map(|line| line["fix"].as_str());
    fixes.filter(|fix| SQL.iter().any(|verb| fix.starts_with(verb))).map(str::to_owned).collect()
}

fn states(lines: &[Value]) -> Vec<(String, String)> {
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines.iter().map(|line| (text(line, "name"), text(line, "state"))).collect()
}

async fn every_role_gets_a_fix_that_works(major: u16) {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "roles").await;
    // of its own: some fixes change the server's settings
    let server = private(major, "").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    // what it takes to make a fix of SQL necessary even for a superuser
    admin
        .batch_execute("drop extension pg_stat_statements; create table thing as select 1 as one")
        .await
        .unwrap();
    let looks = Looks { organization, database, admin, _app: app };

    let nobody = looks.role("nobody", "").await;
    let monitor = looks.role("monitor", "in role pg_monitor").await;
    let superuser = looks.role("superuser", "superuser").await;
    for role in [&nobody, &monitor, &superuser] {
        let mut done = BTreeSet::new();
        for round in 0.. {
            let lines = looks.lines(role).await;
            every_trouble_has_a_fix(&lines, major);
            let new: Vec<_> = fixes(&lines).difference(&done).cloned().collect();
            if new.is_empty() {
                break;
            }
            assert!(round < MOST_ROUNDS, "{role} on {major} always needs more: {new:?}");
            for fix in new {
                // one after the other: ALTER SYSTEM does not run inside a transaction
                for statement in fix.split_inclusive(';') {
                    let done = looks.admin.batch_execute(statement).await;
                    done.unwrap_or_else(|error| panic!("{statement} of {fix} on {major}: {error}"));
                }
                done.insert(fix);
            }
        }
        let lines = looks.lines(role).await;
        assert!(fixes(&lines).is_empty(), "what was fixed is not fixed for {role} on {major}: {lines:#?}");
        let failing: Vec<_> = lines.iter().filter(|line| line["state"] == "failing").collect();
        assert!(failing.is_empty(), "failing for {role} on {major}: {failing:#?}");
    }
    assert_eq!(
        states(&looks.lines(&nobody).await),
        states(&looks.lines(&superuser).await),
        "in the end a role with what was granted sees as much as a superuser on {major}"
    );
}

on_every_version!(every_role_gets_a_fix_that_works);

/// `GET /collectors` says the same as the test before registering.
#[tokio::test]
async fn a_registered_database_has_the_same_result_as_its_connection_test() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "same").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let report = organization.key.post("/databases/test", &database.registration(), 200).await;
    let registered = organization.register(&database).await;
    registered.connected().await;
    let lines = registered.get("/collectors").await;
    assert_eq!(states(lines.as_array().unwrap()), states(report["collectors"].as_array().unwrap()));
}
