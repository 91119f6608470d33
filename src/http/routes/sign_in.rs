//! `/api/v1/auth/oidc` and `/api/v1/auth/identities`: signing in with providers of OpenID Connect.

use basira_actors::model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use warp::http::header::LOCATION;
use warp::http::{HeaderValue, StatusCode};

use crate::auth::{AuthorizationRedirect, OidcCallback, OidcIntent, Principal, Role, bounded_secret};
use crate::http::{
    Anonymous, Answer, ApiError, AuditPolicy, OwnCredential, Public, Request, Response, Route, cookies,
    response,
};
use crate::limits::{HashingPermit, Limit};

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "Sign-in",
        [vec![
            Route::get("/api/v1/auth/oidc", "Whom people may sign in with", Public, list)
                .list("Provider")
                .schema("Provider", "name label start"),
            Route::get(
                "/api/v1/auth/oidc/{provider}/start",
                "Sends the browser to the provider",
                OwnCredential,
                start,
            )
            .limited(Limit::Refresh)
            .query("return_to", "string", "A page of this server to come back to; / if not given")
            .redirects(),
            Route::get(
                "/api/v1/auth/oidc/{provider}/callback",
                "Where the provider sends the browser back to",
                OwnCredential,
                callback,
            )
            .audited(AuditPolicy::Both)
            .limited(Limit::Refresh)
            .query("code", "string", "From the provider")
            .query("state", "string", "As it was sent to the provider")
            .query("error", "string", "Why there is no code")
            .query("iss", "string", "Which provider it is")
            .redirects()
            .refuses(401)
            .refuses(403)
            .refuses(409),
            // a password may be guessed at
            Route::post(
                "/api/v1/auth/oidc/{provider}/link",
                "Begins to connect one's own account with a provider",
                Role::Viewer,
                link,
            )
            .limited(Limit::ResetPassword)
            .body("(return_to? password:string[0,1000]?)", false)
            .object("url")
            .refuses(403),
            Route::post(
                "/api/v1/auth/oidc/{provider}/accept-invitation",
                "Begins to accept an invitation as who one is at a provider",
                OwnCredential,
                accept_invitation,
            )
            .audited(AuditPolicy::Never)
            .limited(Limit::ResetPassword)
            .body("token:string[0,1000] (return_to?)", true)
            .object("url")
            .refuses(403),
            Route::get(
                "/api/v1/auth/identities",
                "What one's own account is connected with",
                Role::Viewer,
                identities,
            )
            .list("Identity")
            .schema("Identity", "id:uuid issuer subject email? created_at:time last_used_at:time"),
            Route::delete(
                "/api/v1/auth/identities/{id}",
                "Disconnects one of them; takes a login of a moment ago, or the password",
                Role::Viewer,
                unlink,
            )
            .limited(Limit::ResetPassword)
            .body("(password:string[0,1000]?)", false)
            .nothing(204, "It is gone"),
        ]],
    )
}

/// A provider, for a page with a button for each.
#[derive(Serialize)]
struct ProviderJson<'a> {
    name: &'a str,
    label: &'a str,
    /// Where the button leads.
    start: String,
}

#[derive(Default, Deserialize)]
struct Link {
    return_to: Option<String>,
    /// For who logged in a while ago.
    password: Option<Secret>,
}

#[derive(Default, Deserialize)]
struct Unlink {
    /// For who logged in a while ago.
    password: Option<Secret>,
}

#[derive(Deserialize)]
struct AcceptInvitation {
    token: Secret,
    return_to: Option<String>,
}

async fn list(request: Request, _: Anonymous) -> Answer {
    let providers = request.app.accounts.oidc_providers();
    let shown = |name: &str| format!("/api/v1/auth/oidc/{name}/start");
    let shown: Vec<_> = providers
        .iter()
        .map(|provider| ProviderJson {
            name: &provider.name,
            label: &provider.label,
            start: shown(&provider.name),
        })
        .collect();
    response::list(&shown, shown.len())
}

async fn start(request: Request, _: Anonymous) -> Answer {
    let query = request.query()?;
    let (name, return_to) = (request.path_text("provider"), query.text("return_to")?);
    let redirect =
        request.app.accounts.begin_oidc(name, return_to, OidcIntent::SignIn, Timestamp::now()).await?;
    let response = see_other(redirect.url.as_str())?;
    with_flow(&request, response, &redirect)
}

/// Not by following a link, as [`start`] is: somebody else could have made the browser do that.
async fn link(mut request: Request, principal: Principal) -> Answer {
    let asked: Link = request.optional_json().await?.unwrap_or_default();
    let (name, password) = (request.path_text("provider"), asked.password.as_ref());
    let permit = hashing_permit_for(&request, password).await?;
    let authorized =
        request.app.accounts.authorize_link(name, &principal, password, Timestamp::now()).await?;
    // the provider may take seconds to answer
    drop(permit);
    let intent = OidcIntent::Link(authorized);
    lead_on(&request, asked.return_to.as_deref(), intent).await
}

/// Nothing is accepted yet: that comes of the sign-in.
async fn accept_invitation(mut request: Request, _: Anonymous) -> Answer {
    let asked: AcceptInvitation = request.json().await?;
    bounded_secret("token", &asked.token)?;
    lead_on(&request, asked.return_to.as_deref(), OidcIntent::Accept(&asked.token)).await
}

/// Tells a script where its browser goes on.
async fn lead_on(request: &Request, return_to: Option<&str>, intent: OidcIntent<'_>) -> Answer {
    let name = request.path_text("provider");
    let redirect = request.app.accounts.begin_oidc(name, return_to, intent, Timestamp::now()).await?;
    let response = response::ok(&json!({"url": redirect.url.as_str()}))?;
    with_flow(request, response, &redirect)
}

async fn callback(request: Request, _: Anonymous) -> Answer {
    let query = request.query()?;
    let returned = OidcCallback {
        code: query.text("code")?,
        state: query.text("state")?,
        error: query.text("error")?,
        issuer: query.text("iss")?,
    };
    let (name, kept) = (request.path_text("provider"), request.cookie(cookies::SIGN_IN)?);
    let completed = request.app.accounts.complete_oidc(name, kept, returned, Timestamp::now()).await?;
    let mut response = see_other(&completed.return_to)?;
    cookies::SIGN_IN.drop(&request.app.public_url, &mut response)?;
    request.audit.set_person(completed.user_id);
    match &completed.tokens {
        Some(tokens) => cookies::with_session(&request.app, response, tokens),
        None => Ok(response),
    }
}

async fn identities(request: Request, principal: Principal) -> Answer {
    let identities = request.app.accounts.identities(&principal).await?;
    response::list(&identities, identities.len())
}

async fn unlink(mut request: Request, principal: Principal) -> Answer {
    let id: Uuid = request.path_id("id")?;
    let Unlink { password } = request.optional_json().await?.unwrap_or_default();
    let _permit = hashing_permit_for(&request, password.as_ref()).await?;
    match request.app.accounts.unlink(&principal, id, password.as_ref(), Timestamp::now()).await? {
        true => Ok(response::no_content()),
        false => Err(ApiError::not_found("identity")),
    }
}

/// To check the password, if one was sent.
async fn hashing_permit_for(
    request: &Request,
    password: Option<&Secret>,
) -> Result<Option<HashingPermit>, ApiError> {
    let Some(password) = password else { return Ok(None) };
    bounded_secret("password", password)?;
    Ok(Some(request.hashing_permit().await?))
}

fn with_flow(request: &Request, mut response: Response, redirect: &AuthorizationRedirect) -> Answer {
    cookies::SIGN_IN.set(&request.app.public_url, &mut response, redirect.flow_cookie.expose())?;
    Ok(response)
}

fn see_other(location: &str) -> Answer {
    let mut response = response::empty(StatusCode::SEE_OTHER);
    let location = HeaderValue::from_str(location).map_err(ApiError::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}
