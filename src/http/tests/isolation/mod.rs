//! Every route against everybody: what each may do, and that nobody learns anything of another organization.

mod table;
mod tenant;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};

use self::table::{Least, Rule, rules};
use self::tenant::{Caller, Tenant};
use super::harness::{TestServer, hold};
use crate::auth::Role;
use crate::http::routes;

/// All of these requests come from one address.
async fn unlimited() -> TestServer {
    let limits =
        ["SIGNUP", "LOGIN_FAILURES", "REFRESH", "FORGOT_PASSWORD", "RESET_PASSWORD", "RESEND_VERIFICATION"];
    let names = limits.map(|limit| format!("LIMITS__AUTH__{limit}_PER_HOUR"));
    let mut settings: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "0")).collect();
    settings.extend([("LIMITS__API__PER_SECOND", "0"), ("LIMITS__AUTH__MAIL_PAUSE_SECONDS", "0")]);
    TestServer::start_with(&settings).await
}

#[test]
fn the_table_names_every_route_once() {
    let name = |method: &Method, path: &str| format!("{method} {path}");
    let listed: Vec<String> = rules().iter().map(|rule| name(&rule.method, rule.path)).collect();
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len(), "a route is listed twice");
    let built: BTreeSet<String> = routes::all().iter().map(|route| name(&route.method, route.path)).collect();
    let missing: Vec<_> = built.difference(&once).collect();
    assert!(missing.is_empty(), "isolation/table.txt has to say who may use {missing:?}");
    let gone: Vec<_> = once.difference(&built).collect();
    assert!(gone.is_empty(), "isolation/table.txt names routes that are gone: {gone:?}");
}

/// What has to become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused(StatusCode),
    /// It is understood and carried out, or refused for what it says.
    Heard,
}

fn fate(rule: &Rule, caller: &Caller) -> Fate {
    match (rule.least, caller.role) {
        (Least::Nobody | Least::Entrance, _) => Fate::Heard,
        (Least::Stream, _) => Fate::Refused(StatusCode::UPGRADE_REQUIRED),
        (_, None) => Fate::Refused(StatusCode::UNAUTHORIZED),
        (Least::Role(least), Some(role)) if role >= least => Fate::Heard,
        (Least::Writer, Some(role)) if role >= Role::Admin || caller.writes => Fate::Heard,
        (Least::Person, Some(_)) if !caller.is_key => Fate::Heard,
        _ => Fate::Refused(StatusCode::FORBIDDEN),
    }
}

/// The answer to `caller`, who asks for what `owner` has.
async fn ask(server: &TestServer, rule: &Rule, caller: &Caller, owner: &Tenant) -> (StatusCode, String) {
    let mut request = server.request(rule.method.clone(), &owner.path(rule));
    if rule.changes() {
        request = request.json(&rule.body);
    }
    if let Some(bearer) = &caller.bearer {
        request = request.bearer_auth(bearer);
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
    let body = answer.text().await.expect("a body");
    hold(rule.method.as_str(), &owner.path(rule), status.as_u16(), &body);
    (status, headers + &body)
}

#[tokio::test]
async fn each_route_answers_to_whom_it_should() {
    let server = unlimited().await;
    let shared = Tenant::create(&server, "shared").await;
    let before = shared.state(&server).await;
    let mut faults = Vec::new();
    for (number, rule) in rules().into_iter().enumerate() {
        for index in 0..shared.callers.len() {
            let expected = fate(&rule, &shared.callers[index]);
            // whoever may change something does it to an organization of its own
            let own = if rule.changes() && expected == Fate::Heard {
                Some(Tenant::create(&server, &format!("own{number}x{index}")).await)
            } else {
                None
            };
            let tenant = own.as_ref().unwrap_or(&shared);
            let (status, body) = ask(&server, &rule, &tenant.callers[index], tenant).await;
            let as_expected = match expected {
                Fate::Refused(refusal) => status == refusal,
                Fate::Heard => is_heard(&rule, status),
            };
            if !as_expected {
                let name = tenant.callers[index].name;
                faults.push(format!("{name}: {} {} answers {status}: {body}", rule.method, rule.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(shared.state(&server).await, before, "who was refused changed something all the same");
}

fn is_heard(rule: &Rule, status: StatusCode) -> bool {
    match status {
        StatusCode::UNAUTHORIZED => rule.least == Least::Entrance,
        StatusCode::NOT_FOUND => rule.may_be_missing(),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => true,
        // the actor of a database that was registered just now
        StatusCode::SERVICE_UNAVAILABLE => rule.path.starts_with("/api/v1/databases/{id}/"),
        status => status.is_success() || status.is_redirection(),
    }
}

/// A stranger is told of nothing, whatever it may do at home; and a thing of others does not exist for it.
#[tokio::test]
async fn nobody_learns_of_others() {
    let server = unlimited().await;
    let (victim, stranger) =
        (Tenant::create(&server, "victim").await, Tenant::create(&server, "stranger").await);
    let before = victim.state(&server).await;
    let mut faults = Vec::new();
    for rule in rules() {
        for caller in &stranger.callers {
            if rule.changes() && !rule.names_a_thing() {
                continue;
            }
            let (status, body) = ask(&server, &rule, caller, &victim).await;
            let what = format!("{}: {} {} answers {status}", caller.name, rule.method, rule.path);
            if victim.marks.iter().any(|mark| body.contains(mark)) {
                faults.push(format!("{what} and tells of others: {body}"));
            }
            let unknown = rule.names_a_thing() && status == StatusCode::NOT_FOUND;
            let as_expected = match fate(&rule, caller) {
                // which of the two is looked at first tells nothing
                Fate::Refused(StatusCode::FORBIDDEN) => status == StatusCode::FORBIDDEN || unknown,
                Fate::Refused(refusal) => status == refusal,
                Fate::Heard => unknown || !rule.names_a_thing(),
            };
            if !as_expected {
                faults.push(what);
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(victim.state(&server).await, before, "a stranger changed something");
}

#[tokio::test]
async fn an_instance_admin_is_none_of_the_roles() {
    let server = unlimited().await;
    let tenant = Tenant::create(&server, "tenant").await;
    let owner = tenant.callers.iter().find(|caller| caller.role == Some(Role::Owner)).expect("an owner");
    // Ada's account was the first of this instance
    let ada = Caller::person("ada", Some(server.ada.clone()), Some(Role::Owner));
    for rule in rules().into_iter().filter(|rule| rule.least == Least::Instance && !rule.changes()) {
        assert_eq!(ask(&server, &rule, owner, &tenant).await.0, 403, "{rule:?}");
        let (status, body) = ask(&server, &rule, &ada, &tenant).await;
        assert!(status.is_success() || status == 404, "{rule:?}: {status} {body}");
    }
}
