//! The API over HTTP: one route table, one filter, our own accept loop. warp lives here and nowhere else.

mod body;
mod client_address;
mod connection;
mod cookies;
mod cors;
mod error;
mod host;
pub mod live;
pub mod openapi;
mod origin;
mod patience;
mod query;
pub mod relations;
mod request;
pub mod response;
mod route;
mod router;
pub mod routes;
mod seal;
mod server;
mod service;
mod tickets;
mod tls;
mod trail;
mod watched;

pub use error::ApiError;
pub use live::LiveStreams;
pub use query::{Choice, Query};
pub use request::{Peer, PublicUrl, Request};
pub use response::Response;
pub use route::{Answer, Route};
pub use router::RouteTableError;
pub use server::{BindError, Server};
pub use tickets::Tickets;
pub use tls::{CertificateError, Certificates};
pub use trail::{Recorded, Trail};
pub use watched::Watched;

#[cfg(test)]
mod tests;
