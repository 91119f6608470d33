//! Defaults, file, environment and flags, one over the other, each value with its place.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Problem};
use super::keys::{self, Kind};

/// A value given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// `--listen`.
    pub flag: &'static str,
    pub key: &'static str,
    pub value: String,
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConfigValue {
    pub value: Value,
    pub place: String,
}

impl ConfigValue {
    /// Whether nobody set it.
    pub(super) fn is_default(&self) -> bool {
        self.place.starts_with(DEFAULT_PLACE)
    }
}

/// By key, the strongest of the layers.
pub(super) type Merged = BTreeMap<String, ConfigValue>;

/// Where a value stands that nobody set.
const DEFAULT_PLACE: &str = "the defaults";
const PREFIX: &str = "BASIRA__";
const FALLBACKS: [&str; 2] = ["config/basira.toml", "/etc/basira/basira.toml"];

/// Puts the layers over each other.
pub(super) fn merge(
    defaults: &str,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[Flag],
) -> Result<Merged, ConfigError> {
    let mut merged = Merged::new();
    let mut problems = Vec::new();
    let environment: Vec<(String, String)> = environment.into_iter().collect();
    add_text(&mut merged, &mut problems, defaults, DEFAULT_PLACE);
    if let Some(path) = chosen(file, &environment) {
        match std::fs::read_to_string(&path) {
            Ok(text) => add_text(&mut merged, &mut problems, &text, &path.display().to_string()),
            Err(error) => return Err(unreadable(&path, &error)),
        }
    }
    for (name, value) in &environment {
        if let Some(key) = name.strip_prefix(PREFIX) {
            let key = key.to_lowercase().replace("__", ".");
            add_string(&mut merged, &mut problems, &key, value, name);
        }
    }
    for Flag { flag, key, value } in flags {
        add_string(&mut merged, &mut problems, key, value, flag);
    }
    if problems.is_empty() { Ok(merged) } else { Err(ConfigError(problems)) }
}

fn chosen(file: Option<&Path>, environment: &[(String, String)]) -> Option<PathBuf> {
    let is_name = |(name, path): &&(String, String)| name == "BASIRA_CONFIG" && !path.is_empty();
    let named = || environment.iter().find(is_name).map(|(_, path)| path.into());
    let fallback = || FALLBACKS.into_iter().map(PathBuf::from).find(|path| path.is_file());
    file.map(Path::to_path_buf).or_else(named).or_else(fallback)
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::one(path.display().to_string(), format!("cannot be read: {error}"))
}

fn add_text(merged: &mut Merged, problems: &mut Vec<Problem>, text: &str, name: &str) {
    let place = |offset: usize| {
        let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
        format!("{name}:{line}")
    };
    match DeTable::parse(text) {
        Ok(table) => flatten(table.get_ref(), "", &mut |key, value, offset| {
            add(merged, problems, key, value, place(offset));
        }),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let message = format!("is not TOML: {}", error.message());
            problems.push(Problem { place: place(offset), message });
        }
    }
}

/// Calls `found` with each key's dotted name, its value and the offset of the key.
fn flatten(table: &DeTable<'_>, prefix: &str, found: &mut impl FnMut(&str, Value, usize)) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &key, found),
            other => found(&key, plain(other), name.span().start),
        }
    }
}

/// A value of the kinds that keys take; anything else as its text.
fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Integer(integer) => {
            let parsed = i64::from_str_radix(integer.as_str(), integer.radix());
            parsed.map_or_else(|_| Value::Float(f64::INFINITY), Value::Integer)
        }
        DeValue::Array(items) => Value::Array(items.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Datetime(_) | DeValue::Table(_) => Value::Float(f64::NAN),
    }
}

fn add(merged: &mut Merged, problems: &mut Vec<Problem>, key: &str, value: Value, place: String) {
    let Some(kind) = keys::find(key) else {
        problems.push(Problem { place, message: unknown(key) });
        return;
    };
    let fits = match (kind, &value) {
        (Kind::Text | Kind::Secret, Value::String(_))
        | (Kind::Integer | Kind::Number, Value::Integer(_))
        | (Kind::Number, Value::Float(_))
        | (Kind::Boolean, Value::Boolean(_)) => true,
        (Kind::Texts, Value::Array(items)) => items.iter().all(Value::is_str),
        _ => false,
    };
    if fits {
        merged.insert(key.to_owned(), ConfigValue { value, place });
    } else {
        problems.push(Problem { place, message: format!("{key} must be {}", kind.name()) });
    }
}

fn add_string(merged: &mut Merged, problems: &mut Vec<Problem>, key: &str, text: &str, place: &str) {
    let value = match keys::find(key) {
        Some(Kind::Integer) => {
            text.trim().parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer)
        }
        Some(Kind::Number) => {
            text.trim().parse().map_or_else(|_| Value::String(text.to_owned()), Value::Float)
        }
        Some(Kind::Boolean) => {
            text.trim().parse().map_or_else(|_| Value::String(text.to_owned()), Value::Boolean)
        }
        Some(Kind::Texts) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    };
    add(merged, problems, key, value, place.to_owned());
}

fn unknown(key: &str) -> String {
    let hint = keys::nearest(key).map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    format!("unknown key {key}{hint}")
}
