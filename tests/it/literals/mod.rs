//! No literal of a watched server's statements, and no comment, is shown, stored or logged.
//!
//! Statements are generated with a secret in every place where one can stand, sent to real servers in whatever way they
//! come back from there, and looked for in all that Basira has. `LITERAL_STATEMENTS` says how many a server is sent.

mod clickhouse;
mod generate;
mod outputs;
mod postgres;
mod server_lexers;

/// How many statements are sent to one server.
fn statements() -> usize {
    std::env::var("LITERAL_STATEMENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(75)
}
