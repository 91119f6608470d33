//! The people of an organization: their roles, their going, and who joins.

use std::time::Duration;

use basira_actors::model::{OrganizationId, Secret, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::accounts::new_session;
use super::signup::acceptable_email;
use super::{AccessSubject, AccountError, Accounts, Me, Principal, Profile, Role, Session};
use super::{password, token};
use crate::config::SignupPolicy;
use crate::fields;
use crate::mail::Email;
use crate::storage::StorageError;
use crate::storage::store::{Invitation, Joining, Member, MemberChange, MemberChanged, NewInvitation};

const INVITATION_DAYS: u64 = 7;
/// No token that is mailed lives longer.
pub(super) const INVITATION_LIFETIME: Duration = Duration::from_secs(INVITATION_DAYS * 24 * 3_600);
/// Each is a mail to somebody who did not ask for it.
const MOST_INVITATIONS: u64 = 500;

/// The body of an acceptance.
#[derive(Debug, Deserialize)]
pub struct AcceptInvitation {
    pub token: Secret,
    pub name: String,
    pub password: Secret,
}

impl Accounts {
    /// Gives a person another role, whoever asks: an owner, or a provider. Who is no admin any more loses the API keys made
    /// meanwhile; with `keep_keys` they read.
    ///
    /// # Errors
    /// [`AccountError::NoSuchMember`], [`AccountError::LastOwner`], or the storage refused.
    pub async fn change_role(
        &self,
        organization: OrganizationId,
        id: Uuid,
        role: Role,
        keep_keys: bool,
        now: Timestamp,
    ) -> Result<(Member, Vec<Uuid>), AccountError> {
        let revoke_keys = role < Role::Admin && !keep_keys;
        let change = MemberChange { role: Some(role.as_str()), revoke_keys };
        self.change_member(organization, id, change, now).await
    }

    /// Removes a person with all that is theirs, and the API keys that they made; with `keep_keys` these pass to whoever
    /// has been an owner longest.
    ///
    /// # Errors
    /// As [`Self::change_role`]; also [`AccountError::LastInstanceAdmin`].
    pub async fn remove_member(
        &self,
        organization: OrganizationId,
        id: Uuid,
        keep_keys: bool,
        now: Timestamp,
    ) -> Result<(Member, Vec<Uuid>), AccountError> {
        let change = MemberChange { role: None, revoke_keys: !keep_keys };
        self.change_member(organization, id, change, now).await
    }

    async fn change_member(
        &self,
        organization: OrganizationId,
        id: Uuid,
        change: MemberChange<'_>,
        now: Timestamp,
    ) -> Result<(Member, Vec<Uuid>), AccountError> {
        let members = self.storage().members(organization);
        match members.change(id, change, Role::Owner.as_str(), now).await? {
            MemberChanged::Done { member, revoked_keys } => {
                self.access_changed(AccessSubject::User(id));
                revoked_keys.iter().for_each(|key| self.access_changed(AccessSubject::ApiKey(*key)));
                Ok((member, revoked_keys))
            }
            MemberChanged::Unknown => Err(AccountError::NoSuchMember),
            MemberChanged::LastOwner => Err(AccountError::LastOwner),
            MemberChanged::LastInstanceAdmin => Err(AccountError::LastInstanceAdmin),
        }
    }

    /// Calls the person behind `principal` `name`.
    ///
    /// # Errors
    /// [`AccountError`]: a bad name, a key instead of a person.
    pub async fn rename(
        &self,
        principal: &Principal,
        name: &str,
        now: Timestamp,
    ) -> Result<Me, AccountError> {
        let name = fields::line("name", name, 200)?;
        let (user_id, _) = principal.person().ok_or(AccountError::NotAPerson)?;
        if !self.storage().members(principal.organization_id).rename(user_id, &name, now).await? {
            return Err(AccountError::Gone);
        }
        self.me(principal).await
    }

    /// Invites somebody by mail; an earlier invitation to the same address is void.
    ///
    /// # Errors
    /// [`AccountError`]: no address, one that has an account, a server that lets nobody in, an organization that is
    /// not verified, too many invitations, a mail that cannot be sent.
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
        if self.storage().account_by_email(&email).await?.is_some() {
            return Err(AccountError::EmailTaken);
        }
        let quota = self.config().current().limits.quotas.people.into();
        let invitations = self.storage().invitations(principal.organization_id).at_most(quota);
        if invitations.count(now).await? >= MOST_INVITATIONS {
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
        let link = self.links().link("accept-invitation", &secret);
        let mail = Email::invitation(&inviter.name, &me.organization.name, INVITATION_DAYS, &link);
        if let Err(error) = self.links().mailer.send(&email, &email, &mail).await {
            // nobody could accept it
            invitations.delete(invitation.id).await?;
            return Err(error.into());
        }
        Ok(invitation)
    }

    /// Takes an invitation back; false when there is none with this id.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn withdraw(&self, organization: OrganizationId, id: Uuid) -> Result<bool, StorageError> {
        self.storage().invitations(organization).delete(id).await
    }

    /// Makes an account of an invitation, and logs in.
    ///
    /// # Errors
    /// [`AccountError`]: a token that is not good, a bad field, an address that has an account by now, a server that
    /// lets nobody in.
    pub async fn accept(
        &self,
        acceptance: &AcceptInvitation,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        self.check_invitations_allowed()?;
        let name = fields::line("name", &acceptance.name, 200)?;
        let password = password::acceptable("password", acceptance.password.expose())?;
        let token_hash = token::hash(acceptance.token.expose());
        // hashing is dear: only for who holds a token
        self.invitation(&token_hash, now).await?;
        let password_hash = self.passwords().hash(&password).await?;
        let (session, refresh) = new_session(now);
        let session_id = session.id;
        let joining = Joining {
            token_hash,
            name: &name,
            password_hash: &password_hash,
            identity: None,
            session: Some(session),
        };
        let joined = self.storage().join(joining, now).await.map_err(|error| match error {
            StorageError::Conflict(_) => AccountError::EmailTaken,
            error => error.into(),
        })?;
        let account = joined.ok_or(AccountError::BadEmailToken)?;
        let tokens = self.tokens(&account, session_id, refresh, now)?;
        Ok(Session { user: Profile::of(&account)?, organization: account.organization, tokens })
    }

    /// The invitation of this token, which is good.
    pub(super) async fn invitation(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Invitation, AccountError> {
        self.storage().invitation(token_hash, now).await?.ok_or(AccountError::BadEmailToken)
    }

    /// Whether invitations may be sent and accepted.
    pub(super) fn check_invitations_allowed(&self) -> Result<(), AccountError> {
        match self.config().current().auth.signup {
            SignupPolicy::Open | SignupPolicy::Invite => Ok(()),
            SignupPolicy::Closed => Err(AccountError::SignupClosed),
        }
    }
}
