//! `basira admin store` and `basira admin backup` beside a server at work.

mod backup;
pub(crate) mod polled_store;
mod store_report;
