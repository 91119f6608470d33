//! The tables as rows.

pub(super) mod api_key;
pub(super) mod audit_entry;
pub(super) mod email_token;
pub(super) mod invitation;
pub(super) mod monitored_database;
pub(super) mod organization;
pub(super) mod recommendation;
pub(super) mod refresh_token;
pub(super) mod user_account;
