//! Every route against everybody: what each may do, and that nobody learns anything of another organization.

mod tenant;

use reqwest::StatusCode;
use serde_json::json;

use self::tenant::{Caller, Tenant};
use super::harness::{TestServer, check};
use crate::auth::Role;
use crate::http::{Requirement, Route, routes};

/// All of these requests come from one address.
async fn unlimited() -> TestServer {
    let limits =
        ["SIGNUP", "LOGIN_FAILURES", "REFRESH", "FORGOT_PASSWORD", "RESET_PASSWORD", "RESEND_VERIFICATION"];
    let names = limits.map(|limit| format!("LIMITS__AUTH__{limit}_PER_HOUR"));
    let mut settings: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "0")).collect();
    settings.extend([("LIMITS__API__PER_SECOND", "0"), ("LIMITS__AUTH__MAIL_PAUSE_SECONDS", "0")]);
    TestServer::start_with(&settings).await
}

/// What has to become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused(StatusCode),
    /// It is understood and carried out, or refused for what it says.
    Heard,
}

fn fate(route: &Route, caller: &Caller) -> Fate {
    match (route.requirement, caller.role) {
        (Requirement::Nothing | Requirement::OwnCredential, _) => Fate::Heard,
        (Requirement::LiveStreamUpgrade, _) => Fate::Refused(StatusCode::UPGRADE_REQUIRED),
        (_, None) => Fate::Refused(StatusCode::UNAUTHORIZED),
        (Requirement::Role(least), Some(role)) if role >= least => Fate::Heard,
        (Requirement::DatabaseWriter, Some(role)) if role >= Role::Admin || caller.writes => Fate::Heard,
        (Requirement::Person, Some(_)) if !caller.is_key => Fate::Heard,
        _ => Fate::Refused(StatusCode::FORBIDDEN),
    }
}

/// Whether it can change something.
fn changes(route: &Route) -> bool {
    !route.method.is_safe()
}

/// Whether the path names a thing that an organization has.
fn names_a_thing(route: &Route) -> bool {
    route.path.contains("/{id}")
}

/// Whether what the path names may be missing although the caller may read it.
fn may_be_missing(route: &Route) -> bool {
    ["{hash}", "{schema}", "{name}", "{provider}", "/invitations/{id}", "/identities/{id}"]
        .iter()
        .any(|part| route.path.contains(part))
}

/// The answer to `caller`, who asks for what `owner` has.
async fn ask(server: &TestServer, route: &Route, caller: &Caller, owner: &Tenant) -> (StatusCode, String) {
    let mut request = server.request(route.method.clone(), &owner.path(route));
    if changes(route) {
        let body = route.description.example.clone();
        request = request.json(&body.unwrap_or_else(|| json!({})));
    }
    if let Some(bearer) = &caller.bearer {
        request = request.bearer_auth(bearer);
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
    let body = answer.text().await.expect("a body");
    check(route.method.as_str(), &owner.path(route), status.as_u16(), &body);
    (status, headers + &body)
}

#[tokio::test]
async fn each_route_answers_to_whom_it_should() {
    let server = unlimited().await;
    let shared = Tenant::create(&server, "shared").await;
    let before = shared.state(&server).await;
    let mut faults = Vec::new();
    for (number, route) in routes::all().into_iter().enumerate() {
        for index in 0..shared.callers.len() {
            let expected = fate(&route, &shared.callers[index]);
            // whoever may change something does it to an organization of its own
            let own = if changes(&route) && expected == Fate::Heard {
                Some(Tenant::create(&server, &format!("own{number}x{index}")).await)
            } else {
                None
            };
            let tenant = own.as_ref().unwrap_or(&shared);
            let (status, body) = ask(&server, &route, &tenant.callers[index], tenant).await;
            let as_expected = match expected {
                Fate::Refused(refusal) => status == refusal,
                Fate::Heard => is_heard(&route, status),
            };
            if !as_expected {
                let name = tenant.callers[index].name;
                faults.push(format!("{name}: {} {} answers {status}: {body}", route.method, route.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(shared.state(&server).await, before, "who was refused changed something all the same");
}

fn is_heard(route: &Route, status: StatusCode) -> bool {
    match status {
        StatusCode::UNAUTHORIZED => route.requirement == Requirement::OwnCredential,
        StatusCode::NOT_FOUND => may_be_missing(route),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => true,
        // the actor of a database that was registered just now
        StatusCode::SERVICE_UNAVAILABLE => route.path.starts_with("/api/v1/databases/{id}/"),
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
    for route in routes::all() {
        for caller in &stranger.callers {
            if changes(&route) && !names_a_thing(&route) {
                continue;
            }
            let (status, body) = ask(&server, &route, caller, &victim).await;
            let what = format!("{}: {} {} answers {status}", caller.name, route.method, route.path);
            if victim.marks.iter().any(|mark| body.contains(mark)) {
                faults.push(format!("{what} and tells of others: {body}"));
            }
            let unknown = names_a_thing(&route) && status == StatusCode::NOT_FOUND;
            let as_expected = match fate(&route, caller) {
                // which of the two is looked at first tells nothing
                Fate::Refused(StatusCode::FORBIDDEN) => status == StatusCode::FORBIDDEN || unknown,
                Fate::Refused(refusal) => status == refusal,
                Fate::Heard => unknown || !names_a_thing(&route),
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
    for route in routes::all()
        .into_iter()
        .filter(|route| route.requirement == Requirement::InstanceAdmin && !changes(route))
    {
        assert_eq!(ask(&server, &route, owner, &tenant).await.0, 403, "{route:?}");
        let (status, body) = ask(&server, &route, &ada, &tenant).await;
        assert!(status.is_success() || status == 404, "{route:?}: {status} {body}");
    }
}
