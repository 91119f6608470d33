//! Authenticates requests by API key, access token or cookie.

use std::net::IpAddr;

use basira_actors::model::Timestamp;
use tokio::sync::broadcast;

use super::api_key::{looks_like_key, principal_of};
use super::{AccessSubject, Accounts, AuthenticateError, Credential, Principal, Role};
use crate::storage::StorageError;
use crate::storage::store::Standing;

/// The credentials in the headers of a request, unchecked.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestCredentials<'a> {
    /// `X-API-Key`.
    pub api_key: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// The access token in the cookie of a browser.
    pub access_cookie: Option<&'a str>,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
}

impl Accounts {
    /// The caller of a request. The first of key, header and cookie that is present decides, so that an invalid one is never
    /// ignored.
    ///
    /// # Errors
    /// [`AuthenticateError`] when there is no credential or it is not valid.
    pub async fn authenticate(
        &self,
        presented: RequestCredentials<'_>,
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
            return self.authenticate_token(credential, now).await;
        }
        let token = presented.access_cookie.ok_or(AuthenticateError::Missing)?;
        self.token_principal(token, true, now).await
    }

    /// The caller of an access token that came in no header.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`] when it is forged or expired, or its session or user is gone.
    pub async fn authenticate_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        self.token_principal(token, false, now).await
    }

    /// Reads the current role of `principal`, which has authenticated before.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`] when its session, user or key is gone.
    pub async fn recheck(
        &self,
        principal: Principal,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        match principal.credential {
            Credential::Token { expires_at, .. } if expires_at <= now => Err(AuthenticateError::Refused),
            Credential::Token { .. } => {
                let (_, role) = self.standing(&principal).await?.ok_or(AuthenticateError::Refused)?;
                Ok(Principal { role, ..principal })
            }
            Credential::ApiKey { key_id, .. } => {
                let stored = self.storage.api_keys(principal.organization_id).find(key_id).await?;
                principal_of(&stored.ok_or(AuthenticateError::Refused)?)
            }
        }
    }

    /// Whether `principal` is a person who runs the instance.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn is_instance_admin(&self, principal: &Principal) -> Result<bool, StorageError> {
        Ok(self.standing(principal).await?.is_some_and(|(standing, _)| standing.instance_admin))
    }

    /// Makes a change of access take effect: a session, role or key was changed or revoked. Its owner is read from the
    /// storage at the next request, and open streams check their access.
    pub fn access_changed(&self, whose: AccessSubject) {
        self.access_cache.changed(whose);
    }

    /// Subscribes to changes of access from now on.
    #[must_use]
    pub fn access_changes(&self) -> broadcast::Receiver<AccessSubject> {
        self.access_cache.changes()
    }

    /// The standing and role of the user; `None` for keys, and for users that were moved to another organization.
    async fn standing(&self, principal: &Principal) -> Result<Option<(Standing, Role)>, StorageError> {
        let Credential::Token { user_id, session_id, .. } = principal.credential else { return Ok(None) };
        let standing = self.access_cache.of(&self.storage, user_id, session_id).await?;
        let standing = standing.filter(|standing| standing.organization_id == principal.organization_id);
        Ok(standing.and_then(|standing| standing.role.parse().ok().map(|role| (standing, role))))
    }

    async fn token_principal(
        &self,
        token: &str,
        from_cookie: bool,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        let claims = self.keyring.verify(token, now).map_err(|_| AuthenticateError::Refused)?;
        let credential = Credential::Token {
            user_id: claims.sub,
            session_id: claims.sid,
            expires_at: claims.expires_at(),
            from_cookie,
        };
        self.recheck(Principal { organization_id: claims.org, role: claims.role, credential }, now).await
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, credential) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential.trim())
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
}
