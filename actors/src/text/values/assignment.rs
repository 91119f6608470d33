//! Recognizes `SET name TO value` of PostgreSQL, also as part of ALTER and CREATE.

use crate::text::lexer::{Kind, Lexeme};

/// Built-in settings whose values are keywords or names of objects. Other settings may be of an application and contain
/// anything.
const HARMLESS: [&str; 26] = [
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

/// Values that are not sensitive.
pub(super) const PLAIN: [&str; 11] =
    ["default", "null", "true", "false", "on", "off", "none", "auto", "local", "utc", "gmt"];

/// The state of reading an assignment to a setting.
#[derive(Debug, Default)]
pub(super) enum Assignment {
    #[default]
    None,
    /// After SET.
    Started,
    /// After a dot in the name.
    Dotted,
    /// After a part of the name.
    Named,
    /// After `TIME`, which `ZONE` may follow.
    Time,
    /// Before a value.
    Assigned,
    /// After a value; another may follow a comma.
    Read,
    /// No further assignment is possible.
    Over,
}

impl Assignment {
    /// Reads the next token of a statement that begins with `command`. Returns whether it is a value assigned to a setting.
    pub(super) fn is_value(&mut self, command: &str, lexeme: &Lexeme<'_>, next: Option<&Lexeme<'_>>) -> bool {
        if !matches!(command, "set" | "alter" | "create") {
            return false;
        }
        let is_name = matches!(lexeme.kind, Kind::Word(_) | Kind::QuotedIdentifier);
        let is_value = match self {
            Self::Assigned => !lexeme.is_symbol(",") && !is_any_of(lexeme, &PLAIN),
            Self::Read => command != "create" && !lexeme.is_symbol(","),
            _ => false,
        };
        *self = match std::mem::take(self) {
            Self::Over => Self::Over,
            Self::Assigned if lexeme.is_symbol("-") => Self::Assigned,
            Self::Assigned => Self::Read,
            Self::Read if lexeme.is_symbol(",") => Self::Assigned,
            Self::Read if command != "create" => Self::Read,
            Self::Started if is_scope(lexeme, next) => Self::Started,
            Self::Started
                if is_any_of(lexeme, &HARMLESS) && !next.is_some_and(|next| next.is_symbol(".")) =>
            {
                Self::None
            }
            Self::Started if is_any_of(lexeme, &["time"]) => Self::Time,
            Self::Started | Self::Dotted if is_name => Self::Named,
            // `INTERVAL '1' HOUR`
            Self::Time if next.is_some_and(|next| is_any_of(next, &["interval"])) => Self::None,
            Self::Time if is_any_of(lexeme, &["zone"]) => Self::Assigned,
            Self::Named | Self::Time if lexeme.is_symbol(".") => Self::Dotted,
            Self::Named | Self::Time if lexeme.is_symbol("=") || is_any_of(lexeme, &["to"]) => Self::Assigned,
            // the body of a function
            _ if command == "create" && is_any_of(lexeme, &["as", "begin", "return"]) => Self::Over,
            _ if is_any_of(lexeme, &["set"]) => Self::Started,
            _ => Self::None,
        };
        is_value
    }
}

/// Whether `lexeme` is `SESSION` or `LOCAL` and not the first part of a name.
fn is_scope(lexeme: &Lexeme<'_>, next: Option<&Lexeme<'_>>) -> bool {
    is_any_of(lexeme, &["session", "local"])
        && !next.is_some_and(|next| next.is_symbol(".") || next.is_symbol("="))
}

/// Whether `lexeme` is one of `words`, which are in lower case.
pub(super) fn is_any_of(lexeme: &Lexeme<'_>, words: &[&str]) -> bool {
    matches!(lexeme.kind, Kind::Word(_)) && words.iter().any(|word| lexeme.text.eq_ignore_ascii_case(word))
}
