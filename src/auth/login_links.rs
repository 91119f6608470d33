//! Links that log somebody in, made by the operator at the machine: each once, for a few minutes.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};

use super::accounts::new_session;
use super::signup::normalised_email;
use super::{AccountError, Accounts, Tokens, token};
use crate::storage::store::{Account, Purpose};

/// How long such a link is good for.
pub const LOGIN_LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

impl Accounts {
    /// Returns a link that logs the owner of `email` in, once; `None` when no account has this address.
    ///
    /// # Errors
    /// [`AccountError`] when the storage refuses.
    pub async fn login_link(
        &self,
        email: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, Secret)>, AccountError> {
        let found = self.storage.account_by_email(&normalised_email(email)).await?;
        let Some(account) = found else { return Ok(None) };
        let token = self.links.token(&account.user, Purpose::LogIn, now + LOGIN_LINK_LIFETIME).await?;
        Ok(Some((account, self.links.link("login", &token))))
    }

    /// Spends the token of such a link. Says who is logged in.
    ///
    /// # Errors
    /// [`AccountError::BadEmailToken`] when it is not good any more, [`AccountError::CodeRequired`] for somebody with a
    /// second factor, which a link does not replace.
    pub async fn log_in_by_link(
        &self,
        presented: &Secret,
        now: Timestamp,
    ) -> Result<(Account, Tokens), AccountError> {
        let token_hash = token::hash(presented.expose());
        let found = self.storage.account_to_log_in(&token_hash, now).await?;
        let account = found.ok_or(AccountError::BadEmailToken)?;
        self.check_second_factor(&account.user, None, now).await?;
        let (session, refresh) = new_session(now);
        let tokens = self.tokens(&account, session.id, refresh, now)?;
        if !self.storage.start_session_by_link(session, &token_hash, now).await? {
            return Err(AccountError::BadEmailToken);
        }
        Ok((account, tokens))
    }
}
