//! What is done to every request before its route is found, and to every response.

pub(super) mod audit;
pub(super) mod compression;
pub(super) mod cors;
pub(super) mod csrf;
pub(super) mod security_headers;
