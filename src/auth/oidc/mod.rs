//! Signing in with OpenID Connect: authorization code with PKCE, bound to the browser that started it.

mod claims;
mod error;
mod flow;
mod http;
mod id_token;
mod provider;
mod provisioning;
mod return_to;
mod settings;
mod state;

use std::sync::Arc;

use basira_actors::model::{OrganizationId, Secret, Timestamp};
use subtle::ConstantTimeEq;
use url::Url;
use uuid::Uuid;

use self::flow::{Flow, Purpose};
use self::id_token::Expected;
use self::provider::Provider;
use self::return_to::local_path;
use super::{AccountError, Accounts, Credential, Principal, Tokens, token};
use crate::config::{OidcProvider, is_safe_endpoint};
use crate::storage::StorageError;
use crate::storage::store::Identity;

pub use self::error::OidcError;
pub use self::flow::FLOW_LIFETIME;
pub(super) use self::state::OidcState;

/// The purpose of a sign-in with a provider.
#[derive(Debug, Clone, Copy)]
pub enum OidcIntent<'a> {
    /// Logs in, and creates an account where that is allowed.
    SignIn,
    /// Links the identity at the provider to an account.
    Link(LinkAuthorization),
    /// Accepts the invitation with this token.
    Accept(&'a Secret),
}

/// Proof that a person may link a provider to their account: see [`Accounts::authorize_link`].
#[derive(Debug, Clone, Copy)]
pub struct LinkAuthorization {
    organization: OrganizationId,
    user_id: Uuid,
    session_id: Uuid,
}

/// Where to send the browser to sign in with a provider.
#[derive(Debug)]
pub struct AuthorizationRedirect {
    /// The authorization endpoint with its parameters.
    pub url: Url,
    /// The encrypted state of the sign-in, for a cookie.
    pub flow_cookie: Secret,
}

/// The query parameters with which the provider sent the browser back.
#[derive(Debug, Clone, Copy, Default)]
pub struct OidcCallback<'a> {
    pub code: Option<&'a str>,
    pub state: Option<&'a str>,
    pub error: Option<&'a str>,
    /// The issuer that the response names.
    pub issuer: Option<&'a str>,
}

/// A completed sign-in.
#[derive(Debug)]
pub struct CompletedSignIn {
    /// Who signed in, or linked the provider.
    pub user_id: Uuid,
    /// `None` where a provider was linked to an account that is signed in.
    pub tokens: Option<Tokens>,
    /// A path of this server.
    pub return_to: String,
}

impl Accounts {
    /// The providers that users may sign in with, by name.
    #[must_use]
    pub fn oidc_providers(&self) -> Vec<Arc<OidcProvider>> {
        self.config.current().auth.oidc.values().cloned().collect()
    }

    /// Starts a sign-in with the provider called `name`.
    ///
    /// # Errors
    /// [`OidcError`]: an unknown or unavailable provider, a `return_to` that is not a path of this server, a request to
    /// link a key, an invitation that is no longer valid.
    pub async fn begin_oidc(
        &self,
        name: &str,
        return_to: Option<&str>,
        intent: OidcIntent<'_>,
        now: Timestamp,
    ) -> Result<AuthorizationRedirect, OidcError> {
        let _permit = self.oidc.permits.try_acquire().map_err(|_| OidcError::Busy)?;
        let provider = self.oidc_provider(name).await?;
        let base = Url::parse(&self.links.public_url).map_err(|_| OidcError::ReturnTo)?;
        let return_to = local_path(&base, return_to.unwrap_or("/"))?;
        let purpose = match intent {
            OidcIntent::SignIn => Purpose::SignIn,
            OidcIntent::Link(LinkAuthorization { organization, user_id, session_id }) => {
                Purpose::Link { organization, user_id, session_id }
            }
            OidcIntent::Accept(token) => self.accepting(token, now).await?,
        };
        let flow = Flow::new(name, return_to, purpose, now);
        let url = Url::parse(&provider.metadata.authorization_endpoint).ok().filter(is_safe_endpoint);
        let unsafe_endpoint = || OidcError::Provider(format!("{name} names no encrypted page to sign in at"));
        let mut url = url.ok_or_else(unsafe_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri(name))
            .append_pair("scope", &provider.settings.scopes.join(" "))
            .append_pair("state", flow.state.expose())
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        let flow_cookie = self.oidc.cookie_cipher.encrypt(&flow);
        Ok(AuthorizationRedirect {
            url,
            flow_cookie: flow_cookie
                .ok_or_else(|| OidcError::Provider("the flow cannot be encrypted".to_owned()))?,
        })
    }

    /// Completes the sign-in with the provider called `name` whose state is in `flow_cookie`.
    ///
    /// # Errors
    /// [`OidcError`]: not started by this browser, refused by the provider, or not admitted here.
    pub async fn complete_oidc(
        &self,
        name: &str,
        flow_cookie: Option<&str>,
        returned: OidcCallback<'_>,
        now: Timestamp,
    ) -> Result<CompletedSignIn, OidcError> {
        let flow = flow_cookie
            .and_then(|cookie| self.oidc.cookie_cipher.decrypt(cookie, now))
            .ok_or(OidcError::UnknownFlow)?;
        let state = returned.state.unwrap_or_default();
        let is_its_own = bool::from(flow.state.expose().as_bytes().ct_eq(state.as_bytes()));
        if flow.provider != name || !is_its_own {
            return Err(OidcError::UnknownFlow);
        }
        let _permit = self.oidc.permits.try_acquire().map_err(|_| OidcError::Busy)?;
        let provider = self.oidc_provider(name).await?;
        provider.check_issuer(returned.issuer)?;
        let code = match (returned.error, returned.code) {
            (Some(error), _) => return Err(OidcError::Refused(printable(error))),
            (None, code) => code.ok_or_else(|| OidcError::Refused("no code".to_owned()))?,
        };
        let grant = provider.exchange_code(code, flow.verifier.expose(), &self.redirect_uri(name)).await?;
        let settings = &provider.settings;
        let expected =
            Expected { issuer: &settings.issuer, client_id: &settings.client_id, nonce: &flow.nonce, now };
        let claims = provider.claims(&grant, expected).await?;
        let account = match flow.purpose {
            Purpose::SignIn => self.account_of(settings, &claims, now).await?,
            Purpose::Accept { token_hash } => self.invited(settings, &claims, token_hash, now).await?,
            Purpose::Link { organization, user_id, session_id } => {
                let account = self.storage.account(organization, user_id).await?;
                // the session may have ended in the meantime, for example by a password reset
                let standing = self.storage.standing(user_id, session_id).await?;
                standing.ok_or(AccountError::FreshLoginRequired)?;
                self.link_admitted(settings, &account.ok_or(AccountError::Gone)?, &claims, now).await?;
                return Ok(CompletedSignIn { user_id, tokens: None, return_to: flow.return_to });
            }
        };
        let tokens = Some(self.start_session(&account, now).await?);
        Ok(CompletedSignIn { user_id: account.user.id, tokens, return_to: flow.return_to })
    }

    /// Checks that `principal` may link the provider called `name`: a person who logged in recently, or whose password
    /// is in the request. The provider is not contacted, so that a password is checked without waiting for it.
    ///
    /// # Errors
    /// [`OidcError`]: an unknown provider, a key instead of a person, a login that is too old, a wrong password.
    pub async fn authorize_link(
        &self,
        name: &str,
        principal: &Principal,
        password: Option<&Secret>,
        now: Timestamp,
    ) -> Result<LinkAuthorization, OidcError> {
        if !self.config.current().auth.oidc.contains_key(name) {
            return Err(OidcError::UnknownProvider);
        }
        let (user_id, session_id) = principal.person().ok_or(OidcError::NotAPerson)?;
        self.require_fresh_login(principal, password, now).await?;
        Ok(LinkAuthorization { organization: principal.organization_id, user_id, session_id })
    }

    async fn accepting(&self, presented: &Secret, now: Timestamp) -> Result<Purpose, OidcError> {
        self.check_invitations_allowed()?;
        let token_hash = token::hash(presented.expose());
        self.invitation(&token_hash, now).await?;
        Ok(Purpose::Accept { token_hash })
    }

    /// The identities at providers that are linked to `principal`; none for a key.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn identities(&self, principal: &Principal) -> Result<Vec<Identity>, StorageError> {
        match principal.credential {
            Credential::Token { user_id, .. } => self.storage.identities(user_id).await,
            Credential::ApiKey { .. } => Ok(Vec::new()),
        }
    }

    /// Unlinks an identity from `principal`, who logged in recently or sends the password; false when it is not linked
    /// to them.
    ///
    /// # Errors
    /// [`AccountError`]: a login that is too old, a wrong password.
    pub async fn unlink(
        &self,
        principal: &Principal,
        id: Uuid,
        password: Option<&Secret>,
        now: Timestamp,
    ) -> Result<bool, AccountError> {
        let identities = self.identities(principal).await?;
        let Some(identity) = identities.into_iter().find(|identity| identity.id == id) else {
            return Ok(false);
        };
        let account = self.require_fresh_login(principal, password, now).await?;
        if !self.storage.delete_identity(account.user.id, id).await? {
            return Ok(false);
        }
        self.notify_sign_in_changed(&account, &format!("{} was unlinked", identity.issuer)).await;
        Ok(true)
    }

    async fn oidc_provider(&self, name: &str) -> Result<Arc<Provider>, OidcError> {
        let settings = self.config.current().auth.oidc.get(name).cloned();
        self.oidc.providers.find(&settings.ok_or(OidcError::UnknownProvider)?).await
    }

    fn redirect_uri(&self, name: &str) -> String {
        format!("{}/api/v1/auth/oidc/{name}/callback", self.links.public_url)
    }
}

impl Provider {
    /// Checks that the provider that sent the browser back is the one it was sent to (RFC 9207).
    fn check_issuer(&self, issuer: Option<&str>) -> Result<(), OidcError> {
        match issuer {
            Some(issuer) if issuer == self.settings.issuer => Ok(()),
            None if !self.metadata.authorization_response_iss_parameter_supported => Ok(()),
            _ => Err(OidcError::UnknownFlow),
        }
    }
}

/// An error code of the provider, with printable characters only.
fn printable(error: &str) -> String {
    error.chars().filter(|c| c.is_ascii_alphanumeric() || "_- .".contains(*c)).take(60).collect()
}
