//! Resetting a forgotten password and changing a known one.

use basira_actors::model::{Secret, Timestamp};

use super::password::{self, PasswordCheck};
use super::signup::normalised_email;
use super::{AccessSubject, AccountError, Accounts, Principal, token};
use crate::fields::FieldError;
use crate::mail::Email;
use crate::storage::store::{Account, Identity, PasswordReset, User};

impl Accounts {
    /// Mails a link to choose a new password, if `email` has an account. Neither the result nor the duration reveals
    /// whether it has: everything is done in the background.
    pub fn forgot_password(&self, email: &str, now: Timestamp) {
        let (links, email) = (self.links.clone(), normalised_email(email));
        self.links.mailer.in_background(async move {
            if let Err(error) = links.send_reset_to(&email, now).await {
                tracing::error!("cannot send the mail for a new password: {error}");
            }
        });
    }

    /// Mails another link to verify the address, if `email` has an account with an unverified address; it reveals as
    /// little as [`Self::forgot_password`].
    pub fn resend_verification(&self, email: &str, now: Timestamp) {
        let (links, email) = (self.links.clone(), normalised_email(email));
        self.links.mailer.in_background(async move {
            if let Err(error) = links.send_verification_to(&email, now).await {
                tracing::error!("cannot send the verification mail again: {error}");
            }
        });
    }

    /// Consumes the token of a password reset mail, sets the password, ends every session of the account and unlinks its
    /// sign-in providers, so that nobody who had access before keeps it.
    ///
    /// # Errors
    /// [`AccountError::BadEmailToken`] when it is no longer valid; a password that is not acceptable.
    pub async fn reset_password(
        &self,
        presented: &str,
        password: &Secret,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let password = password::acceptable("password", password.expose())?;
        let token_hash = token::hash(presented);
        // before the password is hashed, which is expensive
        if !self.storage.can_reset_password(&token_hash, now).await? {
            return Err(AccountError::BadEmailToken);
        }
        let hash = self.passwords.hash(&password).await?;
        let reset = self.storage.reset_password(&token_hash, &hash, now).await?;
        let PasswordReset { account, unlinked } = reset.ok_or(AccountError::BadEmailToken)?;
        self.access_changed(AccessSubject::User(account.user.id));
        self.notify_password_changed(&account.user, &after_reset(unlinked)).await;
        Ok(account)
    }

    /// Replaces the caller's own password, and ends every other session.
    ///
    /// # Errors
    /// [`AccountError`]: a key has no password; the current one is wrong; the new one is not acceptable.
    pub async fn change_password(
        &self,
        principal: &Principal,
        current: &Secret,
        new: &Secret,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let (user_id, session_id) = principal.person().ok_or(AccountError::NotAPerson)?;
        let new = password::acceptable("new_password", new.expose())?;
        let account = self.storage.account(principal.organization_id, user_id).await?;
        let user = account.ok_or(AccountError::Gone)?.user;
        self.check_own_password("current_password", &user, current).await?;
        let hash = self.passwords.hash(&new).await?;
        if !self.storage.change_password(&user, session_id, &hash, now).await? {
            return Err(not_yours("current_password"));
        }
        self.access_changed(AccessSubject::User(user_id));
        let linked = self.storage.identities(user_id).await?;
        self.notify_password_changed(&user, &after_change(&linked)).await;
        Ok(())
    }

    /// Whether `presented`, sent as `field`, is the password of `user`.
    pub(super) async fn check_own_password(
        &self,
        field: &'static str,
        user: &User,
        presented: &Secret,
    ) -> Result<(), AccountError> {
        match self.passwords.check(presented, Some(&user.password_hash)).await? {
            PasswordCheck::Wrong => Err(not_yours(field)),
            PasswordCheck::Correct | PasswordCheck::CorrectButOutdated => Ok(()),
        }
    }

    /// The hash of a random password: a login takes as long as any other and fails, until a reset sets a new one.
    pub(super) async fn unusable_password_hash(&self) -> Result<String, AccountError> {
        Ok(self.passwords.hash(&token::generate()).await?)
    }

    /// Notifies the user by mail. If the mail cannot be sent, the password remains changed.
    async fn notify_password_changed(&self, user: &User, providers: &str) {
        let email = Email::password_changed(providers, &self.links.page("reset-password"));
        if let Err(error) = self.links.send(user, &email).await {
            tracing::error!(user.id = %user.id, "cannot tell of a changed password: {error}");
        }
    }
}

fn after_reset(unlinked: u64) -> String {
    match unlinked {
        0 => "No sign-in provider was linked to it.".to_owned(),
        _ => "The sign-in providers that were linked to it are not any more: link them again after a login."
            .to_owned(),
    }
}

fn after_change(linked: &[Identity]) -> String {
    if linked.is_empty() {
        return "No sign-in provider is linked to it.".to_owned();
    }
    let named = |identity: &Identity| match &identity.email {
        Some(email) => format!("{} as {email}", identity.issuer),
        None => identity.issuer.clone(),
    };
    let named: Vec<_> = linked.iter().map(named).collect();
    format!("Sign-in providers that are still linked to it: {}.", named.join(", "))
}

fn not_yours(field: &'static str) -> AccountError {
    FieldError::new(field, "is not your password").into()
}
