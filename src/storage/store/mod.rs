//! Every query, one file per aggregate. Queries on a tenant's rows start from a type that carries its organization,
//! so that none can start without; the few that must look across tenants are methods of `Storage` and say why.

mod accounts;
mod api_keys;
mod database_row;
mod databases;
mod email_tokens;
mod recommendations;
mod refresh_tokens;
mod reseal;
mod targets;

pub use accounts::{Account, NewAccount, Organization, User};
pub use api_keys::{ApiKey, ApiKeys, NewApiKey, StoredApiKey};
pub use databases::{Database, Databases, RegisterError};
pub use email_tokens::{NewEmailToken, Purpose};
pub use recommendations::{AdviceStatus, Decision, Recommendation, Recommendations};
pub use refresh_tokens::{NewRefreshToken, Rotation};
pub use reseal::Resealed;
