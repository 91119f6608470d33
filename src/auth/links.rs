//! Links that are sent by mail: their tokens, and the pages that they open.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};

use super::{AccountError, token};
use crate::mail::{Email, MailError, Mailer};
use crate::storage::Storage;
use crate::storage::store::{NewEmailToken, Purpose, User};

const VERIFICATION_LIFETIME: Duration = Duration::from_secs(24 * 3_600);
const RESET_LIFETIME: Duration = Duration::from_secs(3_600);

/// Creates tokens and mails them; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Links {
    pub(super) storage: Storage,
    pub(super) mailer: Mailer,
    /// Without a trailing slash.
    pub(super) public_url: String,
}

impl Links {
    /// Mails `user` a link to verify the address.
    pub(super) async fn send_verification(&self, user: &User, now: Timestamp) -> Result<(), AccountError> {
        let token = self.token(user, Purpose::VerifyEmail, now + VERIFICATION_LIFETIME).await?;
        self.send(user, &Email::verify_email(&self.link("verify-email", &token))).await
    }

    /// As [`Self::send_verification`], if `email` has an account whose address is not verified yet.
    pub(super) async fn send_verification_to(&self, email: &str, now: Timestamp) -> Result<(), AccountError> {
        match self.storage.account_by_email(email).await? {
            Some(account) if !account.user.email_verified => self.send_verification(&account.user, now).await,
            _ => Ok(()),
        }
    }

    /// Mails a link to choose a new password, if `email` has an account.
    pub(super) async fn send_reset_to(&self, email: &str, now: Timestamp) -> Result<(), AccountError> {
        let Some(account) = self.storage.account_by_email(email).await? else { return Ok(()) };
        let link = self.reset_link(&account.user, now).await?;
        self.send(&account.user, &Email::reset_password(&link)).await
    }

    /// The link with which `user` can choose a new password, within an hour.
    pub(super) async fn reset_link(&self, user: &User, now: Timestamp) -> Result<Secret, AccountError> {
        let token = self.token(user, Purpose::ResetPassword, now + RESET_LIFETIME).await?;
        Ok(self.link("reset-password", &token))
    }

    /// The URL of the page `page` with `token`. Browsers do not send what follows a `#` to any server, so it is in no
    /// log of a proxy and no `Referer`.
    pub(super) fn link(&self, page: &str, token: &Secret) -> Secret {
        Secret::new(format!("{}#token={}", self.page(page), token.expose()))
    }

    /// The URL of the page `name`.
    pub(super) fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.public_url)
    }

    pub(super) async fn send(&self, user: &User, email: &Email) -> Result<(), AccountError> {
        Ok(self.mailer.send(&user.name, &user.email, email).await?)
    }

    /// A token with which `user` can do what `purpose` says, once, until `expires_at`.
    pub(super) async fn token(
        &self,
        user: &User,
        purpose: Purpose,
        expires_at: Timestamp,
    ) -> Result<Secret, AccountError> {
        let secret = token::generate();
        let token_hash = token::hash(secret.expose());
        let new = NewEmailToken { user_id: user.id, purpose, token_hash, expires_at };
        self.storage.insert_email_token(new).await?;
        Ok(secret)
    }
}

impl From<MailError> for AccountError {
    fn from(error: MailError) -> Self {
        Self::Internal(error.to_string())
    }
}
