//! From what a request shows to who is asking.

use std::net::IpAddr;

use basira_actors::model::Timestamp;

use super::api_key::looks_like_key;
use super::{Accounts, Credential, Principal};
use crate::storage::StorageError;

/// The cookie that carries the access token.
pub const ACCESS_COOKIE: &str = "basira_access";

/// The headers of a request that can say who is asking, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// `X-API-Key`.
    pub api_key: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `Cookie`.
    pub cookie: Option<&'a str>,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
}

/// The request shows nobody.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    #[error("authentication is required: send X-API-Key or Authorization: Bearer")]
    Missing,
    #[error("the credentials are not valid: log in again or use another key")]
    Refused,
    #[error("the api key has expired: use another")]
    Expired,
    #[error("the api key may not be used from this address")]
    Elsewhere,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Accounts {
    /// Who is asking. The first of key, header and cookie that is there decides, so that a bad one is never passed over.
    ///
    /// # Errors
    /// [`AuthenticateError`] when nothing was shown or it is not good.
    pub async fn authenticate(
        &self,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        if let Some(key) = presented.api_key {
            return self.api_key_principal(key.trim(), presented.address, now).await;
        }
        if let Some(authorization) = presented.authorization {
            let credential = bearer(authorization).ok_or(AuthenticateError::Refused)?;
            if looks_like_key(credential) {
                return self.api_key_principal(credential, presented.address, now).await;
            }
            return self.authenticate_token(credential, now);
        }
        let token = presented.cookie.and_then(|cookies| cookie(cookies, ACCESS_COOKIE));
        self.token_principal(token.ok_or(AuthenticateError::Missing)?, true, now)
    }

    /// Who an access token belongs to that came in no header.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`] when it is forged or expired.
    pub fn authenticate_token(&self, token: &str, now: Timestamp) -> Result<Principal, AuthenticateError> {
        self.token_principal(token, false, now)
    }

    fn token_principal(
        &self,
        token: &str,
        from_cookie: bool,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        let claims = self.keyring().verify(token, now).map_err(|_| AuthenticateError::Refused)?;
        let credential = Credential::Token {
            user_id: claims.sub,
            session_id: claims.sid,
            expires_at: claims.expires_at(),
            from_cookie,
        };
        Ok(Principal { organization_id: claims.org, role: claims.role, credential })
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, credential) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential.trim())
}

fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bearer_in_any_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }

    #[test]
    fn finds_one_cookie_among_many() {
        let cookies = "a=1; basira_access=x.y=z; basira_access2=no";
        assert_eq!(cookie(cookies, ACCESS_COOKIE), Some("x.y=z"));
        assert_eq!(cookie("a=1;b", ACCESS_COOKIE), None);
    }
}
