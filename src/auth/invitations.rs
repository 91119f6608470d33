//! Invitations to an organization: sent by mail, withdrawn, and accepted with a new account.

use std::time::Duration;

use basira_actors::model::{OrganizationId, Secret, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::accounts::new_session;
use super::signup::acceptable_email;
use super::{AccountError, Accounts, Principal, Profile, Role, Session, password, token};
use crate::config::SignupPolicy;
use crate::fields;
use crate::mail::Email;
use crate::storage::StorageError;
use crate::storage::store::{Invitation, Joining, NewInvitation};

const INVITATION_DAYS: u64 = 7;
/// How long an invitation is valid: longer than any other token that is sent by mail.
pub(super) const INVITATION_LIFETIME: Duration = Duration::from_secs(INVITATION_DAYS * 24 * 3_600);
/// The most open invitations of one organization: each is an unsolicited mail.
const MAX_INVITATIONS: u64 = 500;

/// The body of a request that accepts an invitation.
#[derive(Debug, Deserialize)]
pub struct AcceptInvitation {
    pub token: Secret,
    pub name: String,
    pub password: Secret,
}

impl Accounts {
    /// Invites a person by mail; an earlier invitation to the same address becomes invalid.
    ///
    /// # Errors
    /// [`AccountError`]: an invalid address, an address that has an account, signup is closed, the organization is not
    /// verified, too many invitations, a mail that cannot be sent.
    pub async fn invite(
        &self,
        principal: &Principal,
        email: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<Invitation, AccountError> {
        self.check_invitations_allowed()?;
        let email = acceptable_email(email)?;
        let me = self.me(principal).await?;
        let inviter = me.user.ok_or(AccountError::NotAPerson)?;
        if !me.organization.verified {
            return Err(AccountError::VerificationRequired);
        }
        if self.storage.account_by_email(&email).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
        let quota = self.config.current().limits.quotas.people.into();
        let invitations = self.storage.invitations(principal.organization_id).at_most(quota);
        if invitations.count(now).await? >= MAX_INVITATIONS {
            return Err(AccountError::TooManyInvitations);
        }
        let secret = token::generate();
        let new = NewInvitation {
            email: &email,
            role: role.as_str(),
            token_hash: token::hash(secret.expose()),
            invited_by: Some(inviter.id),
            expires_at: now + INVITATION_LIFETIME,
        };
        let invitation = invitations.insert(new, now).await?;
        let link = self.links.link("accept-invitation", &secret);
        let mail = Email::invitation(&inviter.name, &me.organization.name, INVITATION_DAYS, &link);
        if let Err(error) = self.links.mailer.send(&email, &email, &mail).await {
            // nobody could accept it
            invitations.delete(invitation.id).await?;
            return Err(error.into());
        }
        Ok(invitation)
    }

    /// Withdraws an invitation; false when there is none with this id.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn withdraw_invitation(
        &self,
        organization: OrganizationId,
        id: Uuid,
    ) -> Result<bool, StorageError> {
        self.storage.invitations(organization).delete(id).await
    }

    /// Accepts an invitation: creates an account and logs in.
    ///
    /// # Errors
    /// [`AccountError`]: an invalid token, an invalid field, an address that already has an account, signup is closed.
    pub async fn accept_invitation(
        &self,
        acceptance: &AcceptInvitation,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        self.check_invitations_allowed()?;
        let name = fields::line("name", &acceptance.name, 200)?;
        let password = password::acceptable("password", acceptance.password.expose())?;
        let token_hash = token::hash(acceptance.token.expose());
        // before the password is hashed, which is expensive
        self.invitation(&token_hash, now).await?;
        let password_hash = self.passwords.hash(&password).await?;
        let (session, refresh) = new_session(now);
        let session_id = session.id;
        let joining = Joining {
            token_hash,
            name: &name,
            password_hash: &password_hash,
            identity: None,
            session: Some(session),
        };
        let joined = self.storage.join(joining, now).await.map_err(|error| match error {
            StorageError::Conflict(_) => AccountError::EmailTaken,
            error => error.into(),
        })?;
        let account = joined.ok_or(AccountError::BadEmailToken)?;
        let tokens = self.tokens(&account, session_id, refresh, now)?;
        Ok(Session { user: Profile::of(&account)?, organization: account.organization, tokens })
    }

    /// The invitation with this token, if it is valid.
    pub(super) async fn invitation(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Invitation, AccountError> {
        self.storage.invitation(token_hash, now).await?.ok_or(AccountError::BadEmailToken)
    }

    /// Whether invitations may be sent and accepted.
    pub(super) fn check_invitations_allowed(&self) -> Result<(), AccountError> {
        match self.config.current().auth.signup {
            SignupPolicy::Open | SignupPolicy::Invite => Ok(()),
            SignupPolicy::Closed => Err(AccountError::SignupClosed),
        }
    }
}
