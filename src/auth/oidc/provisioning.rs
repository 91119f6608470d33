//! Finds, links or creates the account for the claims of a provider.

use basira_actors::model::Timestamp;

use super::OidcError;
use super::claims::Claims;
use crate::auth::signup::{PLAN, slugs_at_signup};
use crate::auth::{AccountError, Accounts, Role};
use crate::config::OidcProvider;
use crate::config::SignupPolicy;
use crate::fields;
use crate::mail::Email;
use crate::storage::StorageError;
use crate::storage::store::{Account, Home, Joining, NewIdentity, Newcomer};

impl Accounts {
    /// The account for `claims`. Creates one for a new user, where that is allowed.
    pub(super) async fn account_of(
        &self,
        provider: &OidcProvider,
        claims: &Claims,
        now: Timestamp,
    ) -> Result<Account, OidcError> {
        let identity = identity(provider, claims);
        let email = claims.proved_email();
        if !provider.admits(email.as_deref()) {
            return Err(OidcError::DomainNotAllowed);
        }
        let account = match self.storage.account_by_identity(&identity, now).await? {
            Some(account) => account,
            None => {
                self.first_time(provider, claims, identity, email.ok_or(OidcError::EmailUnproved)?, now)
                    .await?
            }
        };
        self.with_role_by_claim(provider, claims, account, now).await
    }

    /// The account for the first sign-in of a user with this provider, with the verified address `email`.
    async fn first_time(
        &self,
        provider: &OidcProvider,
        claims: &Claims,
        identity: NewIdentity<'_>,
        email: String,
        now: Timestamp,
    ) -> Result<Account, OidcError> {
        let Some(account) = self.storage.account_by_email(&email).await? else {
            return self.newcomer(provider, claims, identity, &email, now).await;
        };
        // if another person signed up with this address, they would share the account with its owner
        if !account.user.email_verified {
            return Err(OidcError::LinkRequired);
        }
        self.link(&account, identity, now).await?;
        Ok(account)
    }

    async fn newcomer(
        &self,
        provider: &OidcProvider,
        claims: &Claims,
        identity: NewIdentity<'_>,
        email: &str,
        now: Timestamp,
    ) -> Result<Account, OidcError> {
        // a provider with an organization invites all its users to join that organization
        let welcome = match self.config.current().auth.signup {
            SignupPolicy::Open => true,
            SignupPolicy::Invite => provider.organization.is_some(),
            SignupPolicy::Closed => false,
        };
        if !welcome {
            return Err(AccountError::SignupClosed.into());
        }
        let name = name_of(claims, email);
        let (home, role) = match &provider.organization {
            Some(slug) => (Home::Joins { slug }, provider.role_of(claims).unwrap_or(provider.role)),
            None => {
                let slugs = slugs_at_signup(&name, &self.config.current());
                (Home::Founds { name: &name, slugs, plan: PLAN }, Role::Owner)
            }
        };
        let password_hash = self.unusable_password_hash().await?;
        let newcomer =
            Newcomer { email, name: &name, role: role.as_str(), password_hash: &password_hash, home };
        match self.storage.create_account_of(newcomer, identity, now).await {
            Ok(account) => account.ok_or(OidcError::NoOrganization),
            // two concurrent first sign-ins
            Err(StorageError::Conflict(_)) => Err(OidcError::LinkRequired),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates the account of a user who accepts an invitation by signing in with the invited address.
    pub(super) async fn invited(
        &self,
        provider: &OidcProvider,
        claims: &Claims,
        token_hash: String,
        now: Timestamp,
    ) -> Result<Account, OidcError> {
        self.check_invitations_allowed()?;
        let (identity, email) = (identity(provider, claims), claims.proved_email());
        if !provider.admits(email.as_deref()) {
            return Err(OidcError::DomainNotAllowed);
        }
        let email = email.ok_or(OidcError::EmailUnproved)?;
        if self.invitation(&token_hash, now).await?.email != email {
            return Err(OidcError::InvitationForAnother);
        }
        if self.storage.account_by_identity(&identity, now).await?.is_some() {
            return Err(OidcError::IdentityTaken);
        }
        let name = name_of(claims, &email);
        let password_hash = self.unusable_password_hash().await?;
        let joining = Joining {
            token_hash,
            name: &name,
            password_hash: &password_hash,
            identity: Some(identity),
            session: None,
        };
        let account = match self.storage.join(joining, now).await {
            Ok(joined) => joined.ok_or(AccountError::BadEmailToken)?,
            Err(StorageError::Conflict(_)) => return Err(OidcError::LinkRequired),
            Err(error) => return Err(error.into()),
        };
        self.with_role_by_claim(provider, claims, account, now).await
    }

    /// Links the identity in `claims` to `account`, if the provider admits its address.
    pub(super) async fn link_admitted(
        &self,
        provider: &OidcProvider,
        account: &Account,
        claims: &Claims,
        now: Timestamp,
    ) -> Result<(), OidcError> {
        if !provider.admits(claims.proved_email().as_deref()) {
            return Err(OidcError::DomainNotAllowed);
        }
        self.link(account, identity(provider, claims), now).await
    }

    /// Links `identity` to `account` and notifies its owner by mail; if it is already linked, does nothing.
    async fn link(
        &self,
        account: &Account,
        identity: NewIdentity<'_>,
        now: Timestamp,
    ) -> Result<(), OidcError> {
        match self.storage.account_by_identity(&identity, now).await? {
            Some(owner) if owner.user.id == account.user.id => return Ok(()),
            Some(_) => return Err(OidcError::IdentityTaken),
            None => {}
        }
        match self.storage.insert_identity(account.user.id, identity, now).await {
            Err(StorageError::Conflict(_)) => return Err(OidcError::IdentityTaken),
            outcome => outcome?,
        }
        self.notify_sign_in_changed(account, &format!("{} was linked", identity.issuer)).await;
        Ok(())
    }

    /// Notifies the owner of `account` by mail. If the mail cannot be sent, the change is not undone.
    pub(super) async fn notify_sign_in_changed(&self, account: &Account, change: &str) {
        let email = Email::sign_in_changed(change, &self.links.page("reset-password"));
        if let Err(error) = self.links.send(&account.user, &email).await {
            tracing::error!(user.id = %account.user.id, "cannot tell of a changed sign-in: {error}");
        }
    }

    /// Applies the role in `claims`, if the provider sets roles: at each sign-in, except to the last owner.
    async fn with_role_by_claim(
        &self,
        provider: &OidcProvider,
        claims: &Claims,
        mut account: Account,
        now: Timestamp,
    ) -> Result<Account, OidcError> {
        let at_home = provider.organization.as_ref() == Some(&account.organization.slug);
        let Some(role) = provider.role_of(claims).filter(|_| at_home) else { return Ok(account) };
        if account.user.role == role.as_str() {
            return Ok(account);
        }
        let user = &mut account.user;
        match self.change_role(user.organization_id, user.id, role, false, now).await {
            Ok((member, _)) => user.role = member.role,
            Err(AccountError::LastOwner) => {
                tracing::warn!(user.id = %user.id, "the last owner keeps the role, whatever the provider says");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(account)
    }
}

/// The identity in `claims`, which were verified.
fn identity<'a>(provider: &'a OidcProvider, claims: &'a Claims) -> NewIdentity<'a> {
    NewIdentity {
        issuer: &provider.issuer,
        subject: claims.text("sub").unwrap_or_default(),
        email: claims.text("email").filter(|email| email.len() <= 254),
    }
}

/// The name in `claims`, or else the address.
fn name_of(claims: &Claims, email: &str) -> String {
    let name = claims.text("name").and_then(|name| fields::line("name", name, 200).ok());
    name.unwrap_or_else(|| email.to_owned())
}
