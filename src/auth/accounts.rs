//! Signing up, logging in, refreshing tokens and logging out.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::access_cache::AccessCache;
use super::device::Devices;
use super::jwt::{ACCESS_LIFETIME, Claims, Keyring};
use super::links::Links;
use super::oidc::OidcState;
use super::password::{PasswordCheck, Passwords};
use super::signup::{PLAN, email_taken, normalised_email, slugs_at_signup};
use super::{AccessSubject, AccountError, Credential, Principal, Role, Signup, token};
use crate::config::{LiveConfig, MailTransport, SecretRing, SignupPolicy};
use crate::mail::Mailer;
use crate::storage::store::{Account, NewAccount, NewRefreshToken, NewSession, Organization, Rotation};
use crate::storage::{Storage, StorageError};

/// How long a refresh token is valid.
pub const REFRESH_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The settings of accounts that do not change while the server runs.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// The keys that access tokens are signed with.
    pub jwt_secrets: SecretRing,
    /// The base of links in mails, without a trailing slash.
    pub public_url: String,
}

/// The accounts of this instance.
#[derive(Debug)]
pub struct Accounts {
    pub(super) storage: Storage,
    pub(super) keyring: Keyring,
    devices: Devices,
    pub(super) passwords: Passwords,
    pub(super) links: Links,
    pub(super) config: LiveConfig,
    pub(super) oidc: OidcState,
    pub(super) access_cache: AccessCache,
}

/// The tokens of a login.
#[derive(Debug)]
pub struct Tokens {
    /// Valid for [`ACCESS_LIFETIME`].
    pub access: Secret,
    /// Valid once, within [`REFRESH_LIFETIME`].
    pub refresh: Secret,
}

/// The result of a signup.
#[derive(Debug)]
pub struct Session {
    pub user: Profile,
    pub organization: Organization,
    pub tokens: Tokens,
}

/// A person, as returned by the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub instance_admin: bool,
}

/// Who the caller is; a key has no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Me {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Profile>,
    pub organization: Organization,
}

impl Accounts {
    /// The accounts in `storage`.
    #[must_use]
    pub fn new(storage: Storage, config: LiveConfig, settings: AuthSettings, mailer: Mailer) -> Self {
        let links = Links { storage: storage.clone(), mailer, public_url: settings.public_url };
        Self {
            storage,
            devices: Devices::new(&settings.jwt_secrets),
            keyring: Keyring::new(settings.jwt_secrets),
            passwords: Passwords::default(),
            links,
            config,
            oidc: OidcState::default(),
            access_cache: AccessCache::default(),
        }
    }

    /// Creates an organization with its owner, sends the verification mail and logs in.
    ///
    /// # Errors
    /// [`AccountError`]: an invalid field, an address that has an account, signup is closed.
    pub async fn sign_up(&self, signup: &Signup, now: Timestamp) -> Result<Session, AccountError> {
        let config = self.config.current();
        if config.auth.signup != SignupPolicy::Open {
            return Err(AccountError::SignupClosed);
        }
        let signup = signup.check()?;
        if self.storage.account_by_email(&signup.email).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
        let password_hash = self.passwords.hash(&signup.password).await?;
        let (session, refresh) = new_session(now);
        let session_id = session.id;
        let new = NewAccount {
            email: &signup.email,
            name: &signup.name,
            role: Role::Owner.as_str(),
            password_hash: &password_hash,
            organization_name: &signup.organization_name,
            slugs: slugs_at_signup(&signup.organization_name, &config),
            plan: PLAN,
            verified: false,
            // a mail that is written to a file proves nothing, and who comes first runs the instance
            verified_if_first: config.mail.transport == MailTransport::File,
            session: Some(session),
        };
        let account = self.storage.create_account(new, now).await.map_err(email_taken)?;
        if let Err(error) = self.links.send_verification(&account.user, now).await {
            tracing::error!(user.id = %account.user.id, "cannot send the verification mail: {error}");
        }
        let tokens = self.tokens(&account, session_id, refresh, now)?;
        Ok(Session { user: Profile::of(&account)?, organization: account.organization, tokens })
    }

    /// Logs in with an address, its password and, for users with a second factor, a code. Returns tokens.
    ///
    /// # Errors
    /// [`AccountError::BadCredentials`], after the same time whether the address is known or not; then, for a wrong or
    /// missing code, [`AccountError::BadCode`] or [`AccountError::CodeRequired`].
    pub async fn log_in(
        &self,
        email: &str,
        password: &Secret,
        code: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Tokens, AccountError> {
        let account = self.storage.account_by_email(&normalised_email(email)).await?;
        let stored = account.as_ref().map(|account| account.user.password_hash.as_str());
        let verdict = self.passwords.check(password, stored).await?;
        let Some(account) = account.filter(|_| verdict != PasswordCheck::Wrong) else {
            return Err(AccountError::BadCredentials);
        };
        self.check_second_factor(&account.user, code, now).await?;
        let (session, refresh) = new_session(now);
        let tokens = self.tokens(&account, session.id, refresh, now)?;
        // the password may have been changed while it was being checked
        if !self.storage.start_session_of(session.id, &account.user, session.token).await? {
            return Err(AccountError::BadCredentials);
        }
        if verdict == PasswordCheck::CorrectButOutdated {
            let hash = self.passwords.hash(password).await?;
            self.storage.replace_password_hash(&account.user, &hash, now).await?;
        }
        Ok(tokens)
    }

    /// Exchanges a refresh token for new tokens. One that was used before ends its session.
    ///
    /// # Errors
    /// [`AccountError::BadRefreshToken`] when it is no longer valid.
    pub async fn refresh(&self, refresh: &Secret, now: Timestamp) -> Result<Tokens, AccountError> {
        let (next, stored) = new_refresh_token(now);
        match self.storage.rotate_refresh_token(&token::hash(refresh.expose()), stored, now).await? {
            Rotation::Rotated { session_id, account } => {
                Ok(Tokens { access: self.access_token(&account, session_id, now)?, refresh: next })
            }
            Rotation::Reused(ended) => {
                self.access_changed(AccessSubject::Session(ended.session_id));
                tracing::warn!("a refresh token was used twice; its session was ended");
                Err(AccountError::BadRefreshToken)
            }
            Rotation::Refused => Err(AccountError::BadRefreshToken),
        }
    }

    /// Ends the session that `refresh` belongs to. Returns its user; `None` for an unknown token.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn log_out(&self, refresh: &Secret, now: Timestamp) -> Result<Option<Uuid>, StorageError> {
        let ended = self.storage.end_session_of(&token::hash(refresh.expose()), now).await?;
        Ok(ended.map(|ended| {
            self.access_changed(AccessSubject::Session(ended.session_id));
            ended.user_id
        }))
    }

    /// Ends the session that the access token of `principal` was issued in; a key has none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn log_out_principal(&self, principal: &Principal, now: Timestamp) -> Result<(), StorageError> {
        match principal.credential {
            Credential::Token { session_id, .. } => {
                let ended = self.storage.end_session(session_id, now).await;
                // after an error too: the session may have ended although the answer of the storage was lost
                self.access_changed(AccessSubject::Session(session_id));
                ended
            }
            Credential::ApiKey { .. } => Ok(()),
        }
    }

    /// Who `principal` is.
    ///
    /// # Errors
    /// [`AccountError::Gone`] when it was deleted in the meantime.
    pub async fn me(&self, principal: &Principal) -> Result<Me, AccountError> {
        match principal.credential {
            Credential::Token { user_id, .. } => {
                let account = self.storage.account(principal.organization_id, user_id).await?;
                let account = account.ok_or(AccountError::Gone)?;
                Ok(Me { user: Some(Profile::of(&account)?), organization: account.organization })
            }
            Credential::ApiKey { .. } => {
                let organization = self.storage.organization(principal.organization_id).await?;
                Ok(Me { user: None, organization: organization.ok_or(AccountError::Gone)? })
            }
        }
    }

    /// Consumes the token of a verification mail: its organization is verified from now on. Returns the user.
    ///
    /// # Errors
    /// [`AccountError::BadEmailToken`] when it is no longer valid.
    pub async fn verify_email(&self, presented: &str, now: Timestamp) -> Result<Uuid, AccountError> {
        let verified = self.storage.verify_email(&token::hash(presented), now).await?;
        verified.ok_or(AccountError::BadEmailToken)
    }

    /// The marks of browsers in which accounts have logged in.
    #[must_use]
    pub const fn devices(&self) -> &Devices {
        &self.devices
    }

    #[cfg(test)]
    pub(super) fn with_passwords(self, passwords: Passwords) -> Self {
        Self { passwords, ..self }
    }

    #[cfg(test)]
    pub(crate) fn with_cheap_passwords(self) -> Self {
        self.with_passwords(Passwords::with_rounds(1_000))
    }

    pub(super) async fn start_session(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Tokens, AccountError> {
        let (session, refresh) = new_session(now);
        let tokens = self.tokens(account, session.id, refresh, now)?;
        self.storage.start_session(session.id, account.user.id, session.token).await?;
        Ok(tokens)
    }

    /// The tokens of a session.
    pub(super) fn tokens(
        &self,
        account: &Account,
        session_id: Uuid,
        refresh: Secret,
        now: Timestamp,
    ) -> Result<Tokens, AccountError> {
        Ok(Tokens { access: self.access_token(account, session_id, now)?, refresh })
    }

    fn access_token(
        &self,
        account: &Account,
        session_id: Uuid,
        now: Timestamp,
    ) -> Result<Secret, AccountError> {
        let (user_id, organization) = (account.user.id, account.organization.id);
        let claims = Claims::new(user_id, session_id, organization, role_of(account)?, now, ACCESS_LIFETIME);
        self.keyring
            .sign(&claims)
            .map_err(|_| AccountError::Internal("cannot sign an access token".to_owned()))
    }
}

impl Profile {
    pub(super) fn of(account: &Account) -> Result<Self, AccountError> {
        let user = &account.user;
        Ok(Self {
            id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            role: role_of(account)?,
            instance_admin: user.instance_admin,
        })
    }
}

fn role_of(account: &Account) -> Result<Role, AccountError> {
    let role = account.user.role.parse();
    role.map_err(|error| AccountError::Internal(format!("the stored role of {} {error}", account.user.id)))
}

/// A session, and the refresh token that its owner gets.
pub(super) fn new_session(now: Timestamp) -> (NewSession, Secret) {
    let (refresh, token) = new_refresh_token(now);
    (NewSession { id: Uuid::now_v7(), token }, refresh)
}

/// The token, and the form in which it is stored.
fn new_refresh_token(now: Timestamp) -> (Secret, NewRefreshToken) {
    let refresh = token::generate();
    let stored =
        NewRefreshToken { token_hash: token::hash(refresh.expose()), expires_at: now + REFRESH_LIFETIME };
    (refresh, stored)
}
