//! Who may call a route. The caller is established before the handler runs, which is given it as an argument.

use basira_actors::model::Engine;

use super::{ApiError, Request, Watched};
use crate::auth::{AccountError, Principal, Role};

/// What a route requires of its caller.
pub trait Access: Copy + Send + Sync + 'static {
    /// What the handler is given.
    type Caller: Send;

    /// The requirement as data, for the API document and for tests.
    fn requirement(self) -> Requirement;

    /// Establishes the caller of `request`.
    ///
    /// # Errors
    /// 401 without a valid credential, 403 for a caller that may not do this, 404 for a database that is unknown or belongs
    /// to another organization, 429 for too many requests.
    fn admit(self, request: &Request) -> impl Future<Output = Result<Self::Caller, ApiError>> + Send;
}

/// What a route requires, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    Nothing,
    OwnCredential,
    LiveStreamUpgrade,
    Role(Role),
    DatabaseWriter,
    Person,
    InstanceAdmin,
}

impl Requirement {
    /// Whether the route is called without the credentials of the API.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Nothing | Self::OwnCredential)
    }

    /// The requirement in the words of the API document.
    #[must_use]
    pub fn description(self) -> String {
        match self {
            Self::Nothing => "No credential is needed.".to_owned(),
            Self::OwnCredential => "The request carries a credential of its own.".to_owned(),
            Self::LiveStreamUpgrade => "For the role viewer or higher, or a ticket.".to_owned(),
            Self::Role(role) => format!("For the role {role} or higher."),
            Self::DatabaseWriter => "For the role admin or higher, and keys with the scope write.".to_owned(),
            Self::Person => "For users who are logged in; not for keys.".to_owned(),
            Self::InstanceAdmin => "For instance admins who are logged in; not for keys.".to_owned(),
        }
    }
}

/// The caller of a route that requires none.
#[derive(Debug, Clone, Copy)]
pub struct Anonymous;

/// Anyone: the answer is the same for all.
#[derive(Debug, Clone, Copy)]
pub struct Public;

/// Anyone whose request carries a credential of its own, such as a password or a mailed token, which the handler checks.
#[derive(Debug, Clone, Copy)]
pub struct OwnCredential;

/// Anyone who opens a WebSocket: the handler authenticates the caller, since a refusal has to be a close code.
#[derive(Debug, Clone, Copy)]
pub struct LiveStreamUpgrade;

/// Callers that may register and change databases: admins, and keys with the scope `write`.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseWriter;

/// A user who is logged in, of any role; not a key.
#[derive(Debug, Clone, Copy)]
pub struct Person;

/// A user who runs the instance, logged in; not a key.
#[derive(Debug, Clone, Copy)]
pub struct InstanceAdmin;

/// Members of the organization that has the database of the path, `{id}`.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseAccess {
    engine: Option<Engine>,
    role: Role,
}

impl DatabaseAccess {
    /// A database of either engine.
    pub const ANY: Self = Self { engine: None, role: Role::Viewer };
    pub const POSTGRES: Self = Self { engine: Some(Engine::Postgres), role: Role::Viewer };
    pub const CLICKHOUSE: Self = Self { engine: Some(Engine::Clickhouse), role: Role::Viewer };

    /// Only callers of `role` or a higher one.
    #[must_use]
    pub const fn at_least(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

impl Access for Public {
    type Caller = Anonymous;

    fn requirement(self) -> Requirement {
        Requirement::Nothing
    }

    async fn admit(self, _: &Request) -> Result<Anonymous, ApiError> {
        Ok(Anonymous)
    }
}

impl Access for OwnCredential {
    type Caller = Anonymous;

    fn requirement(self) -> Requirement {
        Requirement::OwnCredential
    }

    async fn admit(self, _: &Request) -> Result<Anonymous, ApiError> {
        Ok(Anonymous)
    }
}

impl Access for LiveStreamUpgrade {
    type Caller = Anonymous;

    fn requirement(self) -> Requirement {
        Requirement::LiveStreamUpgrade
    }

    async fn admit(self, _: &Request) -> Result<Anonymous, ApiError> {
        Ok(Anonymous)
    }
}

impl Access for Role {
    type Caller = Principal;

    fn requirement(self) -> Requirement {
        Requirement::Role(self)
    }

    async fn admit(self, request: &Request) -> Result<Principal, ApiError> {
        let principal = request.authenticate().await?;
        principal.require(self)?;
        Ok(principal)
    }
}

impl Access for DatabaseWriter {
    type Caller = Principal;

    fn requirement(self) -> Requirement {
        Requirement::DatabaseWriter
    }

    async fn admit(self, request: &Request) -> Result<Principal, ApiError> {
        let principal = request.authenticate().await?;
        principal.require_write()?;
        Ok(principal)
    }
}

impl Access for Person {
    type Caller = Principal;

    fn requirement(self) -> Requirement {
        Requirement::Person
    }

    async fn admit(self, request: &Request) -> Result<Principal, ApiError> {
        let principal = request.authenticate().await?;
        match principal.person() {
            Some(_) => Ok(principal),
            None => Err(AccountError::NotAPerson.into()),
        }
    }
}

impl Access for InstanceAdmin {
    type Caller = Principal;

    fn requirement(self) -> Requirement {
        Requirement::InstanceAdmin
    }

    async fn admit(self, request: &Request) -> Result<Principal, ApiError> {
        let principal = request.authenticate().await?;
        if request.app.accounts.is_instance_admin(&principal).await? {
            return Ok(principal);
        }
        let message = "this requires an instance admin who is logged in; an API key is not accepted";
        Err(ApiError::forbidden("instance_admin_required", message))
    }
}

impl Access for DatabaseAccess {
    type Caller = Watched;

    fn requirement(self) -> Requirement {
        Requirement::Role(self.role)
    }

    async fn admit(self, request: &Request) -> Result<Watched, ApiError> {
        let principal = request.authenticate().await?;
        let watched = Watched::find(request, principal).await?;
        watched.principal.require(self.role)?;
        match self.engine {
            Some(engine) if engine != watched.engine() => {
                let message = format!("this is a {} database; only {engine} has this", watched.engine());
                Err(ApiError::invalid("engine_mismatch", message))
            }
            _ => Ok(watched),
        }
    }
}
