//! What a person with a session may do now.

use basira_actors::model::OrganizationId;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::storage::entity::{refresh_token, user_account};
use crate::storage::{Storage, StorageError};

/// What the person of a session may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub organization_id: OrganizationId,
    pub role: String,
    pub instance_admin: bool,
}

impl Storage {
    /// Which organization a person is in. Across tenants: that is the question.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn organization_of(&self, user_id: Uuid) -> Result<Option<OrganizationId>, StorageError> {
        let found = user_account::Entity::find_by_id(user_id).one(&self.reader).await?;
        Ok(found.map(|row| OrganizationId(row.organization_id)))
    }

    /// How the person stands; none when it is deleted or the session was ended. Across tenants: an access token says
    /// whose it is, and the caller compares.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn standing(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<Standing>, StorageError> {
        // tokens that are spent or expired may be gone; one that was revoked ends its session
        let ended = refresh_token::Entity::find()
            .filter(refresh_token::Column::FamilyId.eq(session_id))
            .filter(refresh_token::Column::RevokedAt.is_not_null());
        if ended.count(&self.reader).await? > 0 {
            return Ok(None);
        }
        let found = user_account::Entity::find_by_id(user_id).one(&self.reader).await?;
        Ok(found.map(|row| Standing {
            organization_id: OrganizationId(row.organization_id),
            role: row.role,
            instance_admin: row.instance_admin,
        }))
    }
}
