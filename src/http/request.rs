//! One request, and the typed questions that a handler asks of it.

use std::net::SocketAddr;
use std::sync::Arc;

use basira_actors::model::{DatabaseId, Secret};
use serde::de::DeserializeOwned;
use url::Url;
use warp::http::Method;
use warp::http::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN};
use warp::ws::Ws;

use super::body::{self, Body};
use super::router::PathParameters;
use super::{ApiError, Query};
use crate::app::{App, Registered, Shown};
use crate::auth::{Credential, Principal, Role};

/// The cookie with the access token.
pub(super) const ACCESS_COOKIE: &str = "basira_access";
const API_KEY_HEADER: &str = "x-api-key";
const API_KEY_PREFIX: &str = "dbm_ak_";

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Where people and their browsers reach this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(pub Url);

impl PublicUrl {
    /// Whether cookies may be limited to encrypted connections.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the `Origin` header `value` names this server.
    #[must_use]
    pub fn is_origin(&self, value: &str) -> bool {
        Url::parse(value).is_ok_and(|origin| origin.origin() == self.0.origin())
    }
}

/// A request whose path and method have a route.
pub struct Request {
    pub app: Arc<App>,
    pub method: Method,
    pub headers: HeaderMap,
    /// `None` in tests without a connection.
    pub peer: Option<Peer>,
    pub(super) parameters: PathParameters,
    pub(super) raw_query: String,
    pub(super) upgrade: Option<Ws>,
    pub(super) body: Body,
}

impl Request {
    /// Who is asking. A cookie that would change something must come from this server's own pages.
    ///
    /// # Errors
    /// 401 without a valid credential, 403 for a foreign `Origin`.
    pub async fn principal(&self) -> Result<Principal, ApiError> {
        let shown = self.shown().ok_or(ApiError::Unauthenticated)?;
        let principal = self.app.authenticator.authenticate(shown).await?;
        let from_cookie = matches!(principal.credential, Credential::Token { from_cookie: true, .. });
        if from_cookie && !self.method.is_safe() {
            self.check_origin()?;
        }
        Ok(principal)
    }

    /// Who is asking, if its role is `least` or more.
    ///
    /// # Errors
    /// As [`Self::principal`]; 403 for a lesser role.
    pub async fn principal_at_least(&self, least: Role) -> Result<Principal, ApiError> {
        let principal = self.principal().await?;
        if principal.role < least {
            return Err(ApiError::forbidden("role_required", "your role does not allow this"));
        }
        Ok(principal)
    }

    /// Who is asking, and the database of the path, if it belongs to the same organization.
    ///
    /// # Errors
    /// As [`Self::principal`]; 404 for a database that is unknown or another organization's.
    pub async fn database(&self) -> Result<(Principal, Registered), ApiError> {
        let principal = self.principal().await?;
        let id = self.database_id()?;
        let database = self.app.registry.find(principal.organization_id, id).await?;
        Ok((principal, database.ok_or(ApiError::not_found("database"))?))
    }

    /// The `{id}` of a path below `/databases`.
    ///
    /// # Errors
    /// 400 when it is not a UUID.
    pub fn database_id(&self) -> Result<DatabaseId, ApiError> {
        self.path_id("id")
    }

    /// The path parameter `name` as an identifier.
    ///
    /// # Errors
    /// 400 when it is not a UUID.
    pub fn path_id<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, ApiError> {
        self.path_text(name).parse().map_err(|_| ApiError::field(name, "must be a UUID"))
    }

    /// The path parameter `name`, percent-decoded; empty when the route has none of that name.
    #[must_use]
    pub fn path_text(&self, name: &str) -> &str {
        self.parameters.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The parameters after the `?`.
    ///
    /// # Errors
    /// 400 when they are not UTF-8.
    pub fn query(&self) -> Result<Query, ApiError> {
        Query::parse(&self.raw_query)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 400 naming the field, 408, 413, 415.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        body::json(&self.headers, &mut self.body).await
    }

    /// The value of the cookie `name`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        headers
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Whether the request was sent by one of this server's own pages.
    ///
    /// # Errors
    /// 403 `bad_origin` for another origin, or none.
    pub fn check_origin(&self) -> Result<(), ApiError> {
        match self.header(ORIGIN.as_str()) {
            Some(origin) if self.app.public_url.is_origin(origin) => Ok(()),
            _ => Err(ApiError::forbidden("bad_origin", "the Origin header must name this server")),
        }
    }

    /// The header `name`, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What the caller showed; what was typed on purpose wins over the cookie, which a browser adds by itself.
    fn shown(&self) -> Option<Shown> {
        if let Some(key) = self.header(API_KEY_HEADER) {
            return Some(Shown::ApiKey(Secret::new(key)));
        }
        if let Some(bearer) = self.header(AUTHORIZATION.as_str()).and_then(bearer) {
            return Some(if bearer.starts_with(API_KEY_PREFIX) {
                Shown::ApiKey(Secret::new(bearer))
            } else {
                Shown::AccessToken { token: Secret::new(bearer), from_cookie: false }
            });
        }
        self.session_cookie()
    }

    /// The session that a browser brings along.
    #[must_use]
    pub fn session_cookie(&self) -> Option<Shown> {
        let token = self.cookie(ACCESS_COOKIE).filter(|token| !token.is_empty())?;
        Some(Shown::AccessToken { token: Secret::new(token), from_cookie: true })
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::{PublicUrl, bearer};

    #[test]
    fn compares_origins_not_texts() {
        let url = PublicUrl("https://basira.example/app".parse().expect("a URL"));
        let cases = [
            ("https://basira.example", true),
            ("https://BASIRA.example:443", true),
            ("http://basira.example", false),
            ("https://basira.example:8443", false),
            ("https://basira.example.evil.example", false),
            ("null", false),
            ("", false),
        ];
        for (origin, expected) in cases {
            assert_eq!(url.is_origin(origin), expected, "{origin}");
        }
    }

    #[test]
    fn reads_a_bearer_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
