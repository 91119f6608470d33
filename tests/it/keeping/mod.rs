//! `basira admin store` and `basira admin backup` beside a server at work.

mod backup;
mod figures;
pub(crate) mod polled;
