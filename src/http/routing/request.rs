//! One request, and typed access to its path, query, headers and body.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use basira_actors::model::{DatabaseId, Stream, Timestamp};
use serde::de::DeserializeOwned;
use warp::http::Method;
use warp::http::header::{AUTHORIZATION, HeaderMap, ORIGIN};

use super::body::{self, Body};
use super::client_address::ClientAddress;
use super::cookies::{self, Cookie};
use super::{ApiError, AuditContext, Query, Upgrade, host};
use crate::app::App;
use crate::auth::{Principal, RequestCredentials, normalised_email};
use crate::limits::{HashingPermit, Limit, LoginAttempt, RateKey};
use crate::samples::{DatabaseScope, Window};

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The parameters of a path, percent-decoded; cheap to clone.
pub(in crate::http) type PathParameters = Arc<[(String, String)]>;

/// A request whose path and method have a route.
pub struct Request {
    pub app: Arc<App>,
    pub method: Method,
    pub headers: HeaderMap,
    /// `None` in tests without a connection.
    pub peer: Option<Peer>,
    pub audit: Arc<AuditContext>,
    pub(in crate::http) parameters: PathParameters,
    pub(in crate::http) raw_query: String,
    pub(in crate::http) upgrade: Option<Upgrade>,
    pub(in crate::http) body: Body,
}

impl Request {
    /// The length of the buckets in which `window` of `stream` is shown, in milliseconds: the parameter `bucket`, or one that
    /// suits the window. It is never finer than what is kept.
    ///
    /// # Errors
    /// 400 when `bucket` is not from 1 second to 31 days, or too fine for the window; 503 when the samples cannot be read.
    pub async fn bucket_ms(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<i64, ApiError> {
        let kept = self.app.samples.resolution(scope, stream, window).await?;
        self.query()?.bucket_ms(window, kept)
    }

    /// The caller, by its credential; the [`Access`](super::Access) of a route calls this. An unsafe request with a cookie
    /// must come from a page of this server.
    ///
    /// # Errors
    /// 401 without a valid credential, 403 for another `Origin` or `Host`, 429 for too many requests.
    pub async fn authenticate(&self) -> Result<Principal, ApiError> {
        // a header that is not ASCII is an invalid credential, and must not be ignored
        let header = |name: &str| self.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let (api_key, authorization) = (header("x-api-key"), header(AUTHORIZATION.as_str()));
        let access_cookie = match (api_key, authorization) {
            (None, None) => self.cookie(cookies::ACCESS)?,
            _ => None,
        };
        let presented =
            RequestCredentials { api_key, authorization, access_cookie, address: self.client_address() };
        let principal = self.app.accounts.authenticate(presented, Timestamp::now()).await?;
        if principal.from_cookie() && !self.method.is_safe() {
            self.check_origin()?;
        }
        self.audit.set_actor(&principal);
        self.count(&principal)?;
        Ok(principal)
    }

    /// Counts this request for `principal`; [`Self::authenticate`] does so.
    ///
    /// # Errors
    /// 429 when it sends too many.
    pub fn count(&self, principal: &Principal) -> Result<(), ApiError> {
        Ok(self.app.limits.count(Limit::Api, RateKey::Principal(principal.id()))?)
    }

    /// The address of the client behind trusted proxies; `None` without a connection, and when a trusted proxy does not
    /// name a valid one.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client()?.known()
    }

    /// The address that requests are counted by; `None` without a connection.
    fn counted_address(&self) -> Option<IpAddr> {
        self.client().map(ClientAddress::counted)
    }

    fn client(&self) -> Option<ClientAddress> {
        let Peer(peer) = self.peer?;
        Some(ClientAddress::of(peer.ip(), &self.headers, &self.app.config().http.trusted_proxies))
    }

    /// Counts one more request of this client by its address.
    ///
    /// # Errors
    /// 429 when `limit` is reached.
    pub fn count_client(&self, limit: Limit) -> Result<(), ApiError> {
        let Some(address) = self.counted_address() else { return Ok(()) };
        Ok(self.app.limits.count(limit, RateKey::host(address))?)
    }

    /// Counts one more mail to the account of `email`, whether it exists or not.
    ///
    /// # Errors
    /// 429 when the last one was a moment ago, or there were many today.
    pub fn count_mail(&self, email: &str) -> Result<(), ApiError> {
        let email = normalised_email(email);
        self.app.limits.count(Limit::Mail, RateKey::Account(&email))?;
        Ok(self.app.limits.count(Limit::MailADay, RateKey::Account(&email))?)
    }

    /// Counts one more invitation of `email` by the organization of `principal`.
    ///
    /// # Errors
    /// 429 when there were many today, by this organization, of this address, or both.
    pub fn count_invitation(&self, principal: &Principal, email: &str) -> Result<(), ApiError> {
        let (organization, email) = (principal.organization_id.0, normalised_email(email));
        let limits = &self.app.limits;
        limits.count(Limit::InvitationTo, RateKey::OrganizationTo(organization, &email))?;
        limits.count(Limit::InvitationToFromAll, RateKey::Account(&email))?;
        Ok(limits.count(Limit::Invitation, RateKey::Organization(organization))?)
    }

    /// Waits until the password of this request may be hashed, which takes a good part of a second of a CPU; hosts are
    /// served in turn.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hashing_permit(&self) -> Result<HashingPermit, ApiError> {
        Ok(self.app.limits.hashing_permit(self.client_address()).await?)
    }

    /// Counts an attempt to log in to the account of `email`, until the caller cancels it.
    ///
    /// # Errors
    /// 429 when too many failed before.
    pub fn login_attempt(&self, email: &str) -> Result<LoginAttempt<'_>, ApiError> {
        let mark = self.cookie(cookies::DEVICE)?;
        let device = mark.and_then(|mark| self.app.accounts.devices().recognise(mark, email));
        let device = device.as_ref().map(<[u8; _]>::as_slice);
        Ok(self.app.limits.login_attempt(self.counted_address(), &normalised_email(email), device)?)
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

    /// The path parameter `name` as the hash of a statement: 16 lower-case hex digits.
    ///
    /// # Errors
    /// 400 when it is anything else.
    pub fn path_hash(&self, name: &'static str) -> Result<u64, ApiError> {
        parse_hash(self.path_text(name))
            .ok_or_else(|| ApiError::field(name, "must be 16 lower-case hex digits"))
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

    /// The body as JSON, `None` when there is none.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ApiError> {
        body::optional_json(&self.headers, &mut self.body).await
    }

    /// The value of a cookie, for a request that names this server as its `Host`.
    ///
    /// # Errors
    /// 403 `bad_host` for a cookie that was sent to another.
    pub(in crate::http) fn cookie(&self, cookie: Cookie) -> Result<Option<&str>, ApiError> {
        let value = cookie.value_in(&self.headers, &self.app.public_url);
        if value.is_some() {
            host::check(&self.headers, &self.app.public_url, &self.app.config().http.hosts)?;
        }
        Ok(value)
    }

    /// The upgrade to WebSocket, if the caller asked for it.
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        self.upgrade.take()
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
}

fn parse_hash(text: &str) -> Option<u64> {
    let well_formed = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    well_formed.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::parse_hash;

    #[test]
    fn a_hash_is_sixteen_lower_case_digits() {
        let cases = [
            ("00000000000000ff", Some(255)),
            ("ffffffffffffffff", Some(u64::MAX)),
            ("00000000000000FF", None),
            ("ff", None),
            ("", None),
            ("+0000000000000ff", None),
            ("00000000000000fff", None),
            ("0000000000000äa", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_hash(text), expected, "{text}");
        }
    }
}
