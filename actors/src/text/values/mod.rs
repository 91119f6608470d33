//! Hides values that a server accepts without quotes: of settings, of sources of dictionaries, of credentials. For the lexer
//! they are words; they are recognized by the tokens around them.

mod assignment;
#[cfg(test)]
mod tests;

use self::assignment::{Assignment, PLAIN, is_any_of};
use super::lexer::{Kind, Lexeme};
use crate::model::Engine;

/// Functions and engines of ClickHouse that take credentials, and the number of arguments before these.
const CONNECTING: [(usize, &[&str]); 2] = [
    (1, &["s3", "s3cluster", "s3queue", "gcs", "oss", "cosn", "iceberg", "icebergs3", "deltalake", "hudi"]),
    (
        3,
        &[
            "remote",
            "remotesecure",
            "mysql",
            "postgresql",
            "mongodb",
            "redis",
            "azureblobstorage",
            "azurequeue",
        ],
    ),
];
/// Turns words that are values into constants.
pub(super) fn hide(engine: Engine, lexemes: Vec<Lexeme<'_>>) -> Vec<Lexeme<'_>> {
    let mut walk = Walk::new(engine);
    let mut shown: Vec<Lexeme<'_>> = Vec::with_capacity(lexemes.len());
    let mut was_value = false;
    for (index, lexeme) in lexemes.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| lexemes.get(before));
        let is_value = walk.is_value(before, lexeme, lexemes.get(index + 1));
        match (is_value, was_value) {
            (true, true) => {}
            (true, false) if !lexeme.is_constant() => shown.push(Lexeme { kind: Kind::Constant, ..*lexeme }),
            _ => shown.push(*lexeme),
        }
        was_value = is_value;
    }
    shown
}

/// How the content of a pair of brackets, or of the statement, is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// As an expression.
    Plain,
    /// `name = value, ..`
    Pairs,
    /// The settings of a query, which end at the next clause.
    Settings,
    /// Arguments, of which those from `from` on are values; `at` is the position of the current one.
    Arguments { from: usize, at: usize },
    /// Rows of VALUES.
    Rows,
    /// All of it is one value.
    Value,
}

/// The state while a statement is read.
struct Walk {
    engine: Engine,
    /// The first word in lower case; empty before it is read.
    command: String,
    /// The kind of object that it creates or alters, in lower case; empty before that is read.
    object: String,
    assignment: Assignment,
    /// The statement itself and the open brackets.
    levels: Vec<Inside>,
}

impl Walk {
    fn new(engine: Engine) -> Self {
        Self {
            engine,
            command: String::new(),
            object: String::new(),
            assignment: Assignment::default(),
            levels: vec![Inside::Plain],
        }
    }

    /// Reads the next token. Returns whether it is a value, or part of one.
    fn is_value(
        &mut self,
        before: Option<&Lexeme<'_>>,
        lexeme: &Lexeme<'_>,
        next: Option<&Lexeme<'_>>,
    ) -> bool {
        if lexeme.is_symbol(";") {
            *self = Self::new(self.engine);
            return false;
        }
        let is_word = matches!(lexeme.kind, Kind::Word(_));
        if is_word && self.object.is_empty() {
            self.begin(lexeme);
        }
        if self.engine == Engine::Postgres && self.assignment.is_value(&self.command, lexeme, next) {
            return true;
        }
        let inside = self.levels.last().copied().unwrap_or(Inside::Plain);
        match (lexeme.kind, lexeme.text) {
            (Kind::Symbol, "(" | "[" | "{") => {
                self.levels.push(self.content_of(inside, before));
                inside == Inside::Value
            }
            (Kind::Symbol, ")" | "]" | "}") => {
                if self.levels.len() > 1 {
                    self.levels.pop();
                }
                self.levels.last() == Some(&Inside::Value)
            }
            (Kind::Symbol, ",") => {
                if let Some(Inside::Arguments { at, .. }) = self.levels.last_mut() {
                    *at += 1;
                }
                inside == Inside::Value
            }
            (Kind::Word(_) | Kind::QuotedIdentifier, _) => {
                self.follow_clause(inside, before, lexeme);
                self.is_value_word(inside, before, lexeme, next)
            }
            _ => inside == Inside::Value,
        }
    }

    /// Reads a word at the beginning of a statement, which determines how the rest is read.
    fn begin(&mut self, word: &Lexeme<'_>) {
        if self.command.is_empty() {
            self.command = word.text.to_ascii_lowercase();
            if self.engine == Engine::Clickhouse && self.command == "set" {
                self.levels = vec![Inside::Pairs];
            }
        } else if !is_any_of(word, &["or", "replace", "named"]) {
            self.object = word.text.to_ascii_lowercase();
            if self.defines() && self.object == "collection" {
                self.levels = vec![Inside::Pairs];
            }
        }
    }

    /// Whether the statement creates or alters an object.
    fn defines(&self) -> bool {
        matches!(&*self.command, "create" | "alter" | "attach" | "replace")
    }

    /// Returns how the content of brackets that open after `before` is read.
    fn content_of(&self, around: Inside, before: Option<&Lexeme<'_>>) -> Inside {
        match before {
            _ if matches!(around, Inside::Value | Inside::Rows) => around,
            Some(word) if self.object == "dictionary" && is_any_of(word, &["source"]) => Inside::Value,
            Some(word)
                if self.engine == Engine::Postgres && self.defines() && is_any_of(word, &["with", "set"]) =>
            {
                Inside::Pairs
            }
            Some(word) if self.engine == Engine::Clickhouse => {
                let connecting = CONNECTING.iter().find(|(_, names)| is_any_of(word, names));
                match connecting {
                    Some((from, _)) => Inside::Arguments { from: *from, at: 0 },
                    None if matches!(around, Inside::Pairs | Inside::Settings) => Inside::Pairs,
                    None => Inside::Plain,
                }
            }
            _ => Inside::Plain,
        }
    }

    /// Follows the clauses within one pair of brackets.
    fn follow_clause(&mut self, inside: Inside, before: Option<&Lexeme<'_>>, word: &Lexeme<'_>) {
        let Some(level) = self.levels.last_mut().filter(|_| self.engine == Engine::Clickhouse) else {
            return;
        };
        let continues = before.is_some_and(|before| {
            before.is_symbol(",") || before.is_symbol("=") || is_any_of(before, &["settings", "setting"])
        });
        match inside {
            Inside::Plain if is_any_of(word, &["settings", "setting"]) => *level = Inside::Settings,
            Inside::Plain if self.command == "insert" && is_any_of(word, &["values"]) => {
                *level = Inside::Rows
            }
            Inside::Settings if !continues => *level = Inside::Plain,
            _ => {}
        }
    }

    /// Whether a word or quoted identifier is a value.
    fn is_value_word(
        &self,
        inside: Inside,
        before: Option<&Lexeme<'_>>,
        word: &Lexeme<'_>,
        next: Option<&Lexeme<'_>>,
    ) -> bool {
        let is = |symbols: &[&str], lexeme: Option<&Lexeme<'_>>| {
            lexeme.is_some_and(|lexeme| symbols.iter().any(|symbol| lexeme.is_symbol(symbol)))
        };
        if is_any_of(word, &PLAIN) || (word.kind != Kind::QuotedIdentifier && is(&["("], next)) {
            return inside == Inside::Value;
        }
        let of_role = self.defines() && matches!(&*self.object, "user" | "role" | "group");
        if of_role && before.is_some_and(|before| is_any_of(before, &["password", "by"])) {
            return true;
        }
        let is_assigned = is(&["="], before);
        // the end of a truncated text ends an argument, too
        let ends_argument = next.is_none() || is(&[",", ")"], next);
        match inside {
            Inside::Plain => false,
            Inside::Pairs | Inside::Settings => is_assigned,
            Inside::Arguments { from, at } => {
                is_assigned || (at >= from && is(&[","], before) && ends_argument)
            }
            Inside::Rows => word.kind == Kind::QuotedIdentifier || (is(&["(", ","], before) && ends_argument),
            Inside::Value => true,
        }
    }
}
