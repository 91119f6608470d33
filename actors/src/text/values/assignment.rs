//! `SET name TO value` of PostgreSQL, alone and as a part of ALTER and CREATE.

use super::{PLAIN, says};
use crate::text::lexer::{Kind, Lexeme};

/// Settings of the server itself whose words are choices or names of objects, as of any statement. Other settings are the
/// application's, and hold whatever it likes.
const NAMING: [&str; 26] = [
    "backslash_quote",
    "bytea_output",
    "client_encoding",
    "client_min_messages",
    "constraint_exclusion",
    "datestyle",
    "default_table_access_method",
    "default_tablespace",
    "default_text_search_config",
    "default_transaction_isolation",
    "intervalstyle",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "log_min_error_statement",
    "log_min_messages",
    "log_statement",
    "plan_cache_mode",
    "role",
    "search_path",
    "session_replication_role",
    "synchronous_commit",
    "temp_tablespaces",
    "transaction_isolation",
    "xmloption",
];

/// How far an assignment to a setting was read.
#[derive(Debug, Default)]
pub(super) enum Assignment {
    #[default]
    None,
    /// Behind SET.
    Awaited,
    /// Behind a dot of the name.
    Dotted,
    /// The name may be whole.
    Named,
    /// Behind `TIME`, which `ZONE` may follow.
    Time,
    /// A value comes.
    Assigned,
    /// A value was read, and another may follow a comma.
    Read,
    /// No assignment comes any more.
    Over,
}

impl Assignment {
    /// Whether `lexeme` is a value that is assigned to a setting, in a statement that begins with `command`.
    pub(super) fn takes(&mut self, command: &str, lexeme: &Lexeme<'_>, next: Option<&Lexeme<'_>>) -> bool {
        if !matches!(command, "set" | "alter" | "create") {
            return false;
        }
        let is_name = matches!(lexeme.kind, Kind::Word(_) | Kind::QuotedIdentifier);
        let is_value = match self {
            Self::Assigned => !lexeme.is_symbol(",") && !says(lexeme, &PLAIN),
            Self::Read => command != "create" && !lexeme.is_symbol(","),
            _ => false,
        };
        *self = match std::mem::take(self) {
            Self::Over => Self::Over,
            Self::Assigned if lexeme.is_symbol("-") => Self::Assigned,
            Self::Assigned => Self::Read,
            Self::Read if lexeme.is_symbol(",") => Self::Assigned,
            Self::Read if command != "create" => Self::Read,
            Self::Awaited if is_scope(lexeme, next) => Self::Awaited,
            Self::Awaited if says(lexeme, &NAMING) && !next.is_some_and(|next| next.is_symbol(".")) => {
                Self::None
            }
            Self::Awaited if says(lexeme, &["time"]) => Self::Time,
            Self::Awaited | Self::Dotted if is_name => Self::Named,
            // `INTERVAL '1' HOUR`
            Self::Time if next.is_some_and(|next| says(next, &["interval"])) => Self::None,
            Self::Time if says(lexeme, &["zone"]) => Self::Assigned,
            Self::Named | Self::Time if lexeme.is_symbol(".") => Self::Dotted,
            Self::Named | Self::Time if lexeme.is_symbol("=") || says(lexeme, &["to"]) => Self::Assigned,
            // the body of a function
            _ if command == "create" && says(lexeme, &["as", "begin", "return"]) => Self::Over,
            _ if says(lexeme, &["set"]) => Self::Awaited,
            _ => Self::None,
        };
        is_value
    }
}

/// `SESSION` or `LOCAL`, which may be the first part of a name too.
fn is_scope(lexeme: &Lexeme<'_>, next: Option<&Lexeme<'_>>) -> bool {
    says(lexeme, &["session", "local"])
        && !next.is_some_and(|next| next.is_symbol(".") || next.is_symbol("="))
}
