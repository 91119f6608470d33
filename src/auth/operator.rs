//! What the operator at the machine does for people: organizations, and links for those whom no mail reaches.

use basira_actors::model::{Secret, Timestamp};

use super::accounts::PLAN;
use super::signup::{acceptable_email, normalised_email, slugs_at_the_machine};
use super::{AccountError, Accounts, Role};
use crate::fields;
use crate::storage::StorageError;
use crate::storage::store::{Account, NewAccount};

/// An organization, and who is to own it.
#[derive(Debug, Clone, Copy)]
pub struct NewOrganization<'a> {
    pub organization_name: &'a str,
    pub email: &'a str,
    /// None: they are called by their address.
    pub name: Option<&'a str>,
}

impl Accounts {
    /// Makes an organization with its owner, whatever `auth.signup` says. The operator vouches for the address, so
    /// both count as verified. Nobody knows the password until the owner follows the link.
    ///
    /// # Errors
    /// [`AccountError`]: a bad field, a taken address.
    pub async fn found(
        &self,
        founding: NewOrganization<'_>,
        now: Timestamp,
    ) -> Result<(Account, Secret), AccountError> {
        let email = acceptable_email(founding.email)?;
        let organization_name = fields::line("organization", founding.organization_name, 200)?;
        let name = fields::line("name", founding.name.unwrap_or(&email), 200)?;
        let password_hash = self.unusable_password_hash().await?;
        let new = NewAccount {
            email: &email,
            name: &name,
            role: Role::Owner.as_str(),
            password_hash: &password_hash,
            organization_name: &organization_name,
            slugs: slugs_at_the_machine(&organization_name),
            plan: PLAN,
            verified: true,
            session: None,
        };
        let account = self.storage().create_account(new, now).await.map_err(taken)?;
        let link = self.links().reset_link(&account.user, now).await?;
        Ok((account, link))
    }

    /// A link with which the owner of `email` chooses another password; `None` when nobody has it.
    ///
    /// # Errors
    /// [`AccountError`] when the storage refuses.
    pub async fn reset_link(
        &self,
        email: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, Secret)>, AccountError> {
        match self.storage().account_by_email(&normalised_email(email)).await? {
            Some(account) => {
                let link = self.links().reset_link(&account.user, now).await?;
                Ok(Some((account, link)))
            }
            None => Ok(None),
        }
    }
}

/// What a new account was refused for.
pub(super) fn taken(error: StorageError) -> AccountError {
    match error {
        StorageError::Conflict(what) if what.contains("email") => AccountError::EmailTaken,
        error => error.into(),
    }
}
