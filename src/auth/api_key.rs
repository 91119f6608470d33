//! API keys: `dbm_ak_<key id>_<secret>`, shown once.

use std::net::IpAddr;

use basira_actors::model::{OrganizationId, Secret, Timestamp};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::token::{self, random_hex};
use super::{
    AccessSubject, AccountError, Accounts, AuthenticateError, Credential, KeyRestrictions, Principal,
    RequestedRestrictions, Role, Scope,
};
use crate::fields;
use crate::storage::StorageError;
use crate::storage::store::{ApiKey, NewApiKey, Page, StoredApiKey};

const PREFIX: &str = "dbm_ak_";
const KEY_ID_BYTES: usize = 8;

/// A new key with its secret, which is not stored.
#[derive(Debug)]
pub struct IssuedApiKey {
    pub key: ApiKey,
    pub secret: Secret,
}

impl Accounts {
    /// Issues a key named `name`. A key issued with a key belongs to the user who made the latter. A restricted key issues
    /// none, as the new one would not be restricted.
    ///
    /// # Errors
    /// [`AccountError::Invalid`] for a bad name or limit, [`AccountError::RestrictedKey`], too many keys, or the storage
    /// refused.
    pub async fn issue_api_key(
        &self,
        principal: &Principal,
        name: &str,
        asked: &RequestedRestrictions,
        now: Timestamp,
    ) -> Result<IssuedApiKey, AccountError> {
        let name = fields::line("name", name, 200)?;
        let KeyRestrictions { scope, expires_at, allowed_addresses } = asked.check(now)?;
        let key_id = random_hex::<KEY_ID_BYTES>();
        let prefix = format!("{PREFIX}{key_id}");
        let secret = token::generate();
        let created_by = match &principal.credential {
            Credential::Token { user_id, .. } => *user_id,
            Credential::ApiKey { limits, .. } if limits.is_restricted() => {
                return Err(AccountError::RestrictedKey);
            }
            Credential::ApiKey { key_id, .. } => {
                let issuer = self.storage.api_keys(principal.organization_id).find(*key_id).await?;
                issuer.and_then(|issuer| issuer.maker).ok_or(AccountError::Gone)?.0
            }
        };
        let whole = Secret::new(format!("{prefix}_{}", secret.expose()));
        let secret_hash = token::hash(secret.expose());
        let new = NewApiKey {
            key_id,
            name: &name,
            prefix,
            secret_hash,
            created_by,
            scope: scope.as_str(),
            expires_at,
            allowed_addresses,
        };
        let quota = self.config.current().limits.quotas.api_keys.into();
        let key = self.storage.api_keys(principal.organization_id).at_most(quota).insert(new, now).await?;
        Ok(IssuedApiKey { key, secret: whole })
    }

    /// The keys of `organization` that `page` holds, oldest first, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn api_keys(
        &self,
        organization: OrganizationId,
        include_revoked: bool,
        page: Page,
    ) -> Result<(Vec<ApiKey>, u64), StorageError> {
        self.storage.api_keys(organization).list(include_revoked, page).await
    }

    /// Revokes a key at once; false when the organization has none with this id.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn revoke_api_key(
        &self,
        organization: OrganizationId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let revoked = self.storage.api_keys(organization).revoke(id, now).await;
        // after an error too: it may be revoked although the answer of the storage was lost
        self.access_changed(AccessSubject::ApiKey(id));
        revoked
    }

    /// The caller of a key. Only a caller with the right secret learns that it has expired or may not be used from `address`.
    pub(super) async fn api_key_principal(
        &self,
        presented: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Principal, AuthenticateError> {
        let (key_id, secret) = parse(presented).ok_or(AuthenticateError::Refused)?;
        let stored = self.storage.api_key(key_id).await?.ok_or(AuthenticateError::Refused)?;
        let right = token::hash(secret).as_bytes().ct_eq(stored.secret_hash.as_bytes());
        if !bool::from(right) || stored.key.revoked_at.is_some() {
            return Err(AuthenticateError::Refused);
        }
        let principal = principal_of(&stored)?;
        if let Credential::ApiKey { limits, .. } = &principal.credential {
            limits.admit(address, now)?;
        }
        if let Err(error) = self.storage.note_api_key_use(&stored.key, address, now).await {
            tracing::warn!(key.prefix = stored.key.prefix, "recording the use of an API key failed: {error}");
        }
        Ok(principal)
    }
}

/// The principal of `stored`: its scope is limited by the current role of its maker, and it is refused without a maker.
/// A scope or role that is not known, as stored by a later version, is refused.
pub(super) fn principal_of(stored: &StoredApiKey) -> Result<Principal, AuthenticateError> {
    let refused = || AuthenticateError::Refused;
    let (_, role) = stored.maker.as_ref().ok_or_else(refused)?;
    let role: Role = role.parse().map_err(|_| refused())?;
    let scope: Scope = stored.key.scope.parse().map_err(|_| refused())?;
    let limits = KeyRestrictions {
        scope: scope.within(role),
        expires_at: stored.key.expires_at,
        allowed_addresses: stored.key.allowed_addresses.clone(),
    };
    Ok(Principal {
        organization_id: stored.organization_id,
        role: limits.scope.role(),
        credential: Credential::ApiKey { key_id: stored.key.id, limits },
    })
}

/// Whether `text` has the prefix of an API key.
pub(super) fn looks_like_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

fn parse(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(PREFIX)?.split_once('_')
}
