//! Every query, one file per aggregate. Queries on a tenant's rows start from a type that carries its organization,
//! so that none can start without; the few that must look across tenants are methods of `Storage` and say why.

mod accounts;
mod api_keys;
mod audit;
mod database_row;
mod databases;
mod email_tokens;
mod follow_defaults;
mod identities;
mod instance_admins;
mod invitations;
mod last_instance_admin;
mod login_links;
mod members;
mod new_session;
mod organizations;
mod page;
mod passwords;
mod pruning;
mod recommendations;
mod reencrypt;
mod refresh_tokens;
mod standing;
mod targets;
mod totp;

pub use accounts::{Account, NewAccount, Organization, Slugs, User};
pub use api_keys::{ApiKey, ApiKeys, NewApiKey, StoredApiKey};
pub use audit::{Actor, AuditEntry, AuditFilter, NewAuditEntry, Outcome};
pub use databases::{DatabaseRecord, Databases, Follows, PasswordChange, RegisterError};
pub use email_tokens::{NewEmailToken, Purpose};
pub use follow_defaults::Defaults;
pub use identities::{Home, Identity, NewIdentity, Newcomer};
pub use instance_admins::Demoted;
pub use invitations::{Invitation, Invitations, Joining, NewInvitation};
pub use members::{Member, MemberChange, MemberChanged, Members};
pub use new_session::{NewRefreshToken, NewSession};
pub use organizations::{DeleteOrganizationError, OrganizationSummary};
pub use page::Page;
pub use passwords::PasswordReset;
pub use pruning::Pruned;
pub use recommendations::{AdviceStatus, Decision, Recommendation, Recommendations};
pub use reencrypt::Reencrypted;
pub use refresh_tokens::{EndedSession, Rotation};
pub use standing::Standing;
pub use targets::Targets;
pub use totp::{ENROLMENT_LIFETIME, SecondFactor, StoredTotp};
