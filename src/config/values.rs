//! Every value for itself, to tell what has changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use toml::Value;

use super::keys::{self, Kind};
use super::layers::Merged;
use super::reader::SecretsInFiles;

/// What is read once, when the server starts.
const AT_START: [&str; 16] = [
    "data_dir",
    "http.listen",
    "http.public_url",
    "storage.url",
    "storage.url_file",
    "samples.url",
    "samples.url_file",
    "auth.jwt_secret",
    "auth.jwt_secret_file",
    "auth.encryption_key",
    "auth.encryption_key_file",
    "auth.previous_jwt_secret",
    "auth.previous_jwt_secret_file",
    "auth.previous_encryption_key",
    "auth.previous_encryption_key_file",
    "log.format",
];

/// The values of all keys that have one; for a secret in a file, also what the file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Values(BTreeMap<String, Value>);

/// A value that is another than before. Secrets read `***`; null where the key is not set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub key: String,
    pub old: Option<Value>,
    pub new: Option<Value>,
}

impl Values {
    /// `merged` and the secrets that were read from the files that it names.
    pub(super) fn of(merged: &Merged, secrets_in_files: SecretsInFiles) -> Self {
        let stated = merged.iter().map(|(key, placed)| (key.clone(), placed.value.clone()));
        let read = secrets_in_files.into_iter();
        Self(
            stated
                .chain(read.map(|(key, secret)| (key, Value::String(secret.expose().to_owned()))))
                .collect(),
        )
    }

    /// What `next` has otherwise, by key.
    pub(super) fn changes(&self, next: &Self) -> Vec<Change> {
        let keys: BTreeSet<&String> = self.0.keys().chain(next.0.keys()).collect();
        let changed = keys.into_iter().filter(|key| self.0.get(*key) != next.0.get(*key));
        changed.map(|key| Change { key: key.clone(), old: self.shown(key), new: next.shown(key) }).collect()
    }

    /// Takes what only a start can change from `running`.
    pub(super) fn keep_what_needs_a_restart(&mut self, running: &Self) {
        let tls = ["http.tls.cert_file", "http.tls.key_file"];
        let turned = tls.into_iter().filter(|key| self.0.contains_key(*key) != running.0.contains_key(*key));
        for key in AT_START.into_iter().chain(turned.collect::<Vec<_>>()) {
            match running.0.get(key) {
                Some(value) => self.0.insert(key.to_owned(), value.clone()),
                None => self.0.remove(key),
            };
        }
    }

    fn shown(&self, key: &str) -> Option<Value> {
        let is_secret = keys::find(key) == Some(Kind::Secret);
        let value = self.0.get(key)?;
        Some(if is_secret { Value::String("***".to_owned()) } else { value.clone() })
    }
}

impl Change {
    /// Whether it takes effect with the next start only.
    pub(super) fn needs_restart(&self) -> bool {
        // other files are taken up, but a server that speaks TLS goes on speaking it, and the other way round
        let turns_tls = self.key.starts_with("http.tls.") && (self.old.is_none() || self.new.is_none());
        AT_START.contains(&self.key.as_str()) || turns_tls
    }
}
