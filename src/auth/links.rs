//! Links that are sent by mail: their tokens, and the pages that they lead to.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};

use super::{AccountError, token};
use crate::mail::{Letter, MailError, Mailer};
use crate::storage::Storage;
use crate::storage::store::{NewEmailToken, Purpose, User};

const VERIFICATION_LIFETIME: Duration = Duration::from_secs(24 * 3_600);

/// Makes tokens and mails them; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Links {
    pub(super) storage: Storage,
    pub(super) mailer: Mailer,
    /// Without a slash at the end.
    pub(super) public_url: String,
}

impl Links {
    /// Asks `user` to prove the address.
    pub(super) async fn send_verification(&self, user: &User, now: Timestamp) -> Result<(), AccountError> {
        let token = self.token(user, Purpose::VerifyEmail, now + VERIFICATION_LIFETIME).await?;
        self.send(user, &Letter::verify_email(&self.link("verify-email", &token))).await
    }

    /// The page called `page`, opened with `token`. What stands after a `#` is not sent to any server: not to
    /// proxies and their logs, not in `Referer`.
    pub(super) fn link(&self, page: &str, token: &Secret) -> Secret {
        Secret::new(format!("{}/{page}#token={}", self.public_url, token.expose()))
    }

    pub(super) async fn send(&self, user: &User, letter: &Letter) -> Result<(), AccountError> {
        Ok(self.mailer.send(&user.name, &user.email, letter).await?)
    }

    async fn token(
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
