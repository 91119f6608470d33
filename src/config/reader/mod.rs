//! From merged layers to a [`Config`], checking every value.

mod health;
mod http;
mod limits;
mod mail;
mod oidc;
mod retention;
mod rotated;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use basira_actors::collectors;
use basira_actors::drivers::check_authorities;
use basira_actors::model::{Engine, Secret};
use toml::Value;

use super::dsn::Dsn;
use super::error::{ConfigError, Problem};
use super::layers::{ConfigValue, Merged};
use super::{Audit, Auth, Collect, Config, Log, LogFormat, Samples, SignupPolicy, Storage, Targets};

/// By the key of the secret, not that of its file.
pub(super) type SecretsInFiles = BTreeMap<String, Secret>;

/// Reads everything, and collects what is wrong on the way. With the configuration come the secrets that were read from
/// files for it.
pub(super) fn read(merged: &Merged) -> Result<(Config, SecretsInFiles), ConfigError> {
    let mut reader = Reader { merged, problems: Vec::new(), secrets_in_files: SecretsInFiles::new() };
    let config = reader.config();
    let Reader { problems, secrets_in_files, .. } = reader;
    match config {
        Some(config) if problems.is_empty() => Ok((config, secrets_in_files)),
        _ => Err(ConfigError(problems)),
    }
}

struct Reader<'a> {
    merged: &'a Merged,
    problems: Vec<Problem>,
    secrets_in_files: SecretsInFiles,
}

impl Reader<'_> {
    /// Reads all sections before giving up, so that one start shows all problems.
    fn config(&mut self) -> Option<Config> {
        let data_dir = self.parse("data_dir", "a path");
        let http = self.http();
        let storage = self.storage();
        let samples = self.samples();
        let audit = self.audit();
        let auth = self.auth();
        let mail = self.mail();
        let limits = self.limits();
        let collect = self.collect();
        let health = self.health();
        let targets = self.targets();
        let log = self.log();
        Some(Config {
            data_dir: data_dir?,
            http: http?,
            storage: storage?,
            samples: samples?,
            audit: audit?,
            auth: auth?,
            mail: mail?,
            limits: limits?,
            collect: collect?,
            health: health?,
            targets: targets?,
            log: log?,
        })
    }

    fn storage(&mut self) -> Option<Storage> {
        let url = self.secret("storage.url", "storage.url_file")?;
        let scheme = url.as_ref().and_then(|url| url.expose().split_once("://")).map(|(scheme, _)| scheme);
        if url.is_some() && !matches!(scheme, Some("sqlite" | "postgres" | "postgresql")) {
            self.wrong("storage.url", "must begin with sqlite:// or postgres://");
            return None;
        }
        Some(Storage { url })
    }

    fn samples(&mut self) -> Option<Samples> {
        let url = self.secret("samples.url", "samples.url_file");
        if let Some(Some(url)) = &url {
            self.check_samples_url(url.expose());
        }
        let retention = self.retention();
        Some(Samples { url: url?, retention: retention? })
    }

    fn check_samples_url(&mut self, url: &str) {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("sqlite" | "postgres" | "postgresql") => {}
            Some("clickhouse") => {
                if let Err(error) = Dsn::parse(url) {
                    self.wrong("samples.url", &error.to_string());
                }
            }
            _ => self.wrong("samples.url", "must begin with sqlite://, postgres:// or clickhouse://"),
        }
    }

    fn audit(&mut self) -> Option<Audit> {
        let days = self.integer("audit.keep_days", 1, 36_500);
        let max_entries = self.integer("audit.max_entries", 0, 1_000_000_000)?;
        let kept = Duration::from_secs(days? * 24 * 3_600);
        Some(Audit { kept, max_entries: (max_entries > 0).then_some(max_entries) })
    }

    fn auth(&mut self) -> Option<Auth> {
        let policies = [
            ("open", SignupPolicy::Open),
            ("invite", SignupPolicy::Invite),
            ("closed", SignupPolicy::Closed),
        ];
        let signup = self.choice("auth.signup", &policies);
        let (jwt_secret, previous_jwt_secret) = self.jwt_secrets();
        let (encryption_key, previous_encryption_key) = self.encryption_keys();
        let oidc = self.oidc();
        Some(Auth {
            signup: signup?,
            jwt_secret: jwt_secret?,
            previous_jwt_secret: previous_jwt_secret?,
            encryption_key: encryption_key?,
            previous_encryption_key: previous_encryption_key?,
            oidc: oidc?,
        })
    }

    fn collect(&mut self) -> Option<Collect> {
        let poll_interval = self.integer("collect.poll_interval_seconds", 1, 86_400).map(Duration::from_secs);
        let connect_timeout =
            self.integer("collect.connect_timeout_ms", 100, 60_000).map(Duration::from_millis);
        let max_connects = self.integer("collect.max_connects", 1, 1_000);
        let disabled_collectors: Vec<String> = self.parse_list("collect.disabled_collectors", "a name")?;
        let known = || [Engine::Postgres, Engine::Clickhouse].into_iter().flat_map(collectors::names);
        if let Some(name) =
            disabled_collectors.iter().find(|name| !known().any(|known| known == name.as_str()))
        {
            let names: Vec<&str> = known().collect();
            let message = format!("names no collector with {name}; known are {}", names.join(", "));
            self.wrong("collect.disabled_collectors", &message);
        }
        let raw_query_text =
            self.merged.get("collect.raw_query_text").and_then(|placed| placed.value.as_bool());
        Some(Collect {
            poll_interval: poll_interval?,
            connect_timeout: connect_timeout?,
            max_connects: usize::try_from(max_connects?).ok()?,
            disabled_collectors,
            raw_query_text: raw_query_text?,
        })
    }

    fn targets(&mut self) -> Option<Targets> {
        let [deny, private] = ["targets.deny", "targets.private"]
            .map(|key| self.parse_list(key, "a network such as 10.0.0.0/8"));
        Some(Targets { deny: deny?, private: private? })
    }

    fn log(&mut self) -> Option<Log> {
        let levels = [
            ("error", tracing::Level::ERROR),
            ("warn", tracing::Level::WARN),
            ("info", tracing::Level::INFO),
            ("debug", tracing::Level::DEBUG),
            ("trace", tracing::Level::TRACE),
        ];
        let level = self.choice("log.level", &levels);
        let format = self.choice("log.format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        Some(Log { level: level?, format: format? })
    }

    fn wrong(&mut self, key: &str, message: &str) {
        let from_file = format!("{key}_file");
        let placed = self.merged.get(key).or_else(|| self.merged.get(from_file.as_str()));
        let place = placed.map_or_else(|| key.to_owned(), |placed| placed.place.clone());
        self.problems.push(Problem { place, message: format!("{key} {message}") });
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.merged.get(key).and_then(|placed| placed.value.as_str())
    }

    fn parse<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let parsed = self.text(key).and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.wrong(key, &format!("must be {expected}"));
        }
        parsed
    }

    /// `Some(None)` when the key is not set.
    fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.merged.contains_key(key) { read(self, key).map(Some) } else { Some(None) }
    }

    fn parse_list<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<Vec<T>> {
        let items = match self.merged.get(key) {
            Some(ConfigValue { value: Value::Array(items), .. }) => items.as_slice(),
            _ => &[],
        };
        let parsed: Option<Vec<T>> =
            items.iter().map(|item| item.as_str().and_then(|text| text.parse().ok())).collect();
        if parsed.is_none() {
            self.wrong(key, &format!("must hold nothing but {expected}"));
        }
        parsed
    }

    fn integer(&mut self, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.merged.get(key).and_then(|placed| placed.value.as_integer());
        let value = value.and_then(|value| u64::try_from(value).ok()).filter(|v| (least..=most).contains(v));
        if value.is_none() {
            self.wrong(key, &format!("must be between {least} and {most}"));
        }
        value
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let chosen = self.text(key).and_then(|text| choices.iter().find(|(name, _)| *name == text));
        let chosen = chosen.map(|(_, value)| *value);
        if chosen.is_none() {
            self.wrong(key, &format!("must be one of {}", joined(choices.iter().map(|(name, _)| name))));
        }
        chosen
    }

    /// Authorities in the file that `key` names; `Some(None)` when it is not set.
    fn ca_pem(&mut self, key: &str) -> Option<Option<String>> {
        let Some(path) = self.text(key).map(str::to_owned) else { return Some(None) };
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        match read.and_then(|pem| check_authorities(&pem).map(|()| pem)) {
            Ok(pem) => Some(Some(pem)),
            Err(error) => {
                self.wrong(key, &format!("names {path}, which cannot be used: {error}"));
                None
            }
        }
    }

    /// A secret given as it is or in a file; `Some(None)` when neither is set.
    fn secret(&mut self, key: &str, file_key: &str) -> Option<Option<Secret>> {
        match (self.text(key), self.text(file_key)) {
            (Some(_), Some(_)) => {
                self.wrong(file_key, &format!("and {key} are both set; keep one"));
                None
            }
            (Some(text), None) => Some(Some(Secret::new(text))),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) => {
                    let secret = Secret::new(text.trim());
                    self.secrets_in_files.insert(key.to_owned(), secret.clone());
                    Some(Some(secret))
                }
                Err(error) => {
                    let message = format!("names {path}, which cannot be read: {error}");
                    self.wrong(file_key, &message);
                    None
                }
            },
            (None, None) => Some(None),
        }
    }
}

fn joined<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
