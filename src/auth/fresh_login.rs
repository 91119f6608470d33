//! Proof that a change of sign-in methods comes from the user, and not from somebody with a stolen access token.

use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};
use uuid::Uuid;

use super::{AccountError, Accounts, Principal};
use crate::storage::store::Account;

/// How long after a login no password is asked for again.
pub(super) const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

impl Accounts {
    /// The account of a person who logged in within [`FRESH_FOR`], or whose password is in the request. A refresh is
    /// not a login.
    ///
    /// # Errors
    /// [`AccountError::FreshLoginRequired`]; [`AccountError::NotAPerson`] for a key; a wrong password.
    pub(super) async fn require_fresh_login(
        &self,
        principal: &Principal,
        password: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let (user_id, session_id) = principal.person().ok_or(AccountError::NotAPerson)?;
        let account = self.storage.account(principal.organization_id, user_id).await?;
        let account = account.ok_or(AccountError::Gone)?;
        match password {
            Some(password) => self.check_own_password("password", &account.user, password).await?,
            None if is_fresh(session_id, now) => {}
            None => return Err(AccountError::FreshLoginRequired),
        }
        Ok(account)
    }
}

/// Whether the session began a moment ago: its id, a UUID of version 7, says when.
fn is_fresh(session_id: Uuid, now: Timestamp) -> bool {
    let began_at = session_id.get_timestamp().and_then(|began_at| {
        let (seconds, nanos) = began_at.to_unix();
        i64::try_from(seconds * 1_000 + u64::from(nanos / 1_000_000)).ok()
    });
    began_at.is_some_and(|began_at| now - FRESH_FOR < Timestamp(began_at))
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp as UuidTimestamp};

    use super::*;

    #[test]
    fn a_session_is_fresh_for_five_minutes() {
        let began_at = Timestamp(1_800_000_000_000);
        let session = Uuid::new_v7(UuidTimestamp::from_unix(NoContext, 1_800_000_000, 0));
        for (seconds, expected) in [(0, true), (299, true), (300, false), (604_800, false)] {
            assert_eq!(is_fresh(session, began_at + Duration::from_secs(seconds)), expected, "{seconds} s");
        }
        assert!(!is_fresh(Uuid::nil(), began_at));
    }
}
