//! `SET name TO value` of PostgreSQL, alone and as a part of ALTER and CREATE.

use super::says;
use crate::text::lexer::{Kind, Lexeme};

/// How far an assignment to a setting was read.
#[derive(Debug, Default)]
pub(super) enum Assignment {
    #[default]
    None,
    /// Behind SET, or behind a dot of the name.
    Awaited,
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
            Self::Assigned => !lexeme.is_symbol(",") && !is_default(lexeme, next),
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
            Self::Awaited if says(lexeme, &["time"]) => Self::Time,
            Self::Awaited if is_name => Self::Named,
            Self::Time if says(lexeme, &["zone"]) => Self::Assigned,
            Self::Named | Self::Time if lexeme.is_symbol(".") => Self::Awaited,
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

/// No value, but the one from before; `LOCAL` is the time zone's word for it.
fn is_default(lexeme: &Lexeme<'_>, next: Option<&Lexeme<'_>>) -> bool {
    let ends = next.is_none_or(|next| next.is_symbol(";"));
    ends && says(lexeme, &["default", "local"])
}
