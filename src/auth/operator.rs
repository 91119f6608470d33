//! Operations of `basira admin`: creating organizations, and links to use instead of a mail.

use basira_actors::model::{Secret, Timestamp};

use super::signup::{PLAN, acceptable_email, email_taken, normalised_email, slugs_of_operator};
use super::{AccountError, Accounts, Role};
use crate::fields;
use crate::storage::store::{Account, NewAccount};

/// An organization to create, and its owner.
#[derive(Debug, Clone, Copy)]
pub struct NewOrganization<'a> {
    pub organization_name: &'a str,
    pub email: &'a str,
    /// The owner's name; the e-mail address when there is none.
    pub name: Option<&'a str>,
}

impl Accounts {
    /// Creates an organization with its owner, whatever `auth.signup` is. Both count as verified, because the operator
    /// gave the address. Returns the link with which the owner chooses a password.
    ///
    /// # Errors
    /// [`AccountError`]: an invalid field, an address that has an account.
    pub async fn create_organization(
        &self,
        new: NewOrganization<'_>,
        now: Timestamp,
    ) -> Result<(Account, Secret), AccountError> {
        let email = acceptable_email(new.email)?;
        let organization_name = fields::line("organization", new.organization_name, 200)?;
        let name = fields::line("name", new.name.unwrap_or(&email), 200)?;
        let password_hash = self.unusable_password_hash().await?;
        let account = NewAccount {
            email: &email,
            name: &name,
            role: Role::Owner.as_str(),
            password_hash: &password_hash,
            organization_name: &organization_name,
            slugs: slugs_of_operator(&organization_name),
            plan: PLAN,
            verified: true,
            verified_if_first: false,
            session: None,
        };
        let account = self.storage.create_account(account, now).await.map_err(email_taken)?;
        let link = self.links.reset_link(&account.user, now).await?;
        Ok((account, link))
    }

    /// Returns a link with which the owner of `email` chooses a new password; `None` when no account has this address.
    ///
    /// # Errors
    /// [`AccountError`] when the storage fails.
    pub async fn reset_link(
        &self,
        email: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, Secret)>, AccountError> {
        match self.storage.account_by_email(&normalised_email(email)).await? {
            Some(account) => {
                let link = self.links.reset_link(&account.user, now).await?;
                Ok(Some((account, link)))
            }
            None => Ok(None),
        }
    }
}
