//! The members of an organization: their roles, their names, and removing them.

use basira_actors::model::{OrganizationId, Timestamp};
use uuid::Uuid;

use super::{AccessSubject, AccountError, Accounts, Me, Principal, Role};
use crate::fields;
use crate::storage::store::{Member, MemberChange, MemberChanged};

impl Accounts {
    /// Changes the role of a member, for an owner or a sign-in provider. API keys of a member who is no longer an admin are
    /// revoked; with `keep_keys` they become read-only.
    ///
    /// # Errors
    /// [`AccountError::NoSuchMember`], [`AccountError::LastOwner`], or an error of the storage.
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

    /// Removes a member and the API keys that they created; with `keep_keys` the keys pass to the owner who joined first.
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
        let members = self.storage.members(organization);
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

    /// Changes the name of the user behind `principal`.
    ///
    /// # Errors
    /// [`AccountError`]: an invalid name, a key instead of a person.
    pub async fn rename(
        &self,
        principal: &Principal,
        name: &str,
        now: Timestamp,
    ) -> Result<Me, AccountError> {
        let name = fields::line("name", name, 200)?;
        let (user_id, _) = principal.person().ok_or(AccountError::NotAPerson)?;
        if !self.storage.members(principal.organization_id).rename(user_id, &name, now).await? {
            return Err(AccountError::Gone);
        }
        self.me(principal).await
    }
}
