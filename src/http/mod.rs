//! The API over HTTP: one route table behind one filter and our own accept loop. warp is used here and nowhere else.
//!
//! `server` accepts connections and passes each request through `middleware` to `routing`, which finds its route and runs
//! its handler, one of `routes`.

pub mod live;
mod middleware;
mod openapi;
mod page;
pub mod routes;
mod routing;
mod server;
#[cfg(test)]
mod tests;

pub use routing::{
    Access, Anonymous, Answer, ApiError, AuditContext, AuditPolicy, Choice, DatabaseAccess, DatabaseWriter,
    Description, InstanceAdmin, LiveStreamUpgrade, OwnCredential, Peer, Person, Public, Query, Request,
    Requirement, Response, Route, RouteTableError, Watched, response,
};
pub use server::{BindError, CertificateError, Certificates, Server};

use routing::cookies;
