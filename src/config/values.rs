//! The value of each key, to find out what a reload changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use toml::Value;

use super::keys::{self, Kind};
use super::layers::{ConfigValue, Merged};
use super::reader::SecretsInFiles;

const TLS_KEYS: [&str; 2] = ["http.tls.cert_file", "http.tls.key_file"];

/// The values of all keys that are set; for a secret in a file, also the content of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Values(BTreeMap<String, Value>);

/// A changed value. Secrets are shown as `***`; null where the key is not set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub key: String,
    pub old: Option<Value>,
    pub new: Option<Value>,
}

impl Values {
    /// The values of `merged`, and the secrets that were read from the files that it names.
    pub(super) fn of(merged: &Merged, secrets_in_files: SecretsInFiles) -> Self {
        let stated = merged.iter().map(|(key, placed)| (key.clone(), placed.value.clone()));
        let read = secrets_in_files.into_iter();
        Self(
            stated
                .chain(read.map(|(key, secret)| (key, Value::String(secret.expose().to_owned()))))
                .collect(),
        )
    }

    /// The changes from these values to `next`, in the order of the keys.
    pub(super) fn changes(&self, next: &Self) -> Vec<Change> {
        let keys: BTreeSet<&String> = self.0.keys().chain(next.0.keys()).collect();
        let changed = keys.into_iter().filter(|key| self.0.get(*key) != next.0.get(*key));
        changed.map(|key| Change { key: key.clone(), old: self.shown(key), new: next.shown(key) }).collect()
    }

    /// Takes the values that only a restart can change from `running`.
    pub(super) fn keep_what_needs_a_restart(&mut self, running: &Self) {
        for Change { key, .. } in running.changes(self).into_iter().filter(Change::needs_restart) {
            match running.0.get(&key) {
                Some(value) => self.0.insert(key, value.clone()),
                None => self.0.remove(&key),
            };
        }
    }

    /// These values as one layer: a secret stands for the file that it was read from, which is not read again.
    pub(super) fn merged(&self) -> Merged {
        let was_read = |key: &str| key.strip_suffix("_file").is_some_and(|key| self.0.contains_key(key));
        let values = self.0.iter().filter(|(key, _)| !was_read(key));
        let placed =
            |value: &Value| ConfigValue { value: value.clone(), place: "the running server".to_owned() };
        values.map(|(key, value)| (key.clone(), placed(value))).collect()
    }

    fn shown(&self, key: &str) -> Option<Value> {
        let is_secret = keys::find(key) == Some(Kind::Secret);
        let value = self.0.get(key)?;
        Some(if is_secret { Value::String("***".to_owned()) } else { value.clone() })
    }
}

impl Change {
    /// Whether it takes effect only at the next start. Other certificates are loaded by a reload, but TLS is not turned
    /// on or off.
    pub(super) fn needs_restart(&self) -> bool {
        let turns_tls = TLS_KEYS.contains(&self.key.as_str()) && (self.old.is_none() || self.new.is_none());
        keys::needs_restart(&self.key) || turns_tls
    }
}
