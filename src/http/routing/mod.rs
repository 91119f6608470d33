//! From a request to its handler: the route table, what a handler is given, and what it answers.

mod access;
mod audit_context;
mod body;
mod client_address;
pub(super) mod cookies;
mod describe;
mod description;
mod error;
mod host;
mod query;
mod request;
pub mod response;
mod route;
mod router;
pub(super) mod schema;
mod upgrade;
mod watched;

pub use access::{
    Access, Anonymous, DatabaseAccess, DatabaseWriter, InstanceAdmin, LiveStreamUpgrade, OwnCredential,
    Person, Public, Requirement,
};
pub(super) use audit_context::Actor;
pub use audit_context::{AuditContext, AuditPolicy};
pub(super) use body::Body;
pub(super) use client_address::is_proxy;
pub use description::Description;
pub use error::ApiError;
pub use query::{Choice, Query};
pub(super) use request::PathParameters;
pub use request::{Peer, Request};
pub use response::{Answer, Response};
pub use route::Route;
pub use router::RouteTableError;
pub(super) use router::Router;
pub(super) use upgrade::Upgrade;
pub use watched::Watched;
