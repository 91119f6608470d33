//! The body of a registration or a change, and what it comes to once checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use basira_actors::collectors;
use basira_actors::drivers::check_authorities;
use basira_actors::model::{Engine, Secret, TlsMode};
use serde::{Deserialize, Deserializer};

use super::dsn::{Dsn, Parts};
use super::field::{Field, Whole};
use super::host;
use crate::fields::{self, FieldError};
use crate::storage::store::Database;

const NAME_CHARACTERS: usize = 200;
const MOST_TAGS: usize = 64;

/// The body of `POST /databases`, `PATCH /databases/{id}` and `POST /databases/test`. `null` means the default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    pub name: Field<String>,
    pub engine: Field<Engine>,
    pub engine_version: Field<String>,
    pub host: Field<String>,
    pub port: Field<Whole<1, 65_535>>,
    pub database: Field<String>,
    pub username: Field<String>,
    pub password: Field<Password>,
    pub tls: Field<TlsMode>,
    pub tls_ca_pem: Field<String>,
    /// Instead of engine, host, port, database, username, password and tls.
    pub dsn: Field<Dsn>,
    pub tags: Field<BTreeMap<String, String>>,
    pub poll_interval_seconds: Field<Whole<1, 86_400>>,
    pub collect_explain_plans: Field<bool>,
    pub collect_replication: Field<bool>,
    pub disabled_collectors: Field<BTreeSet<String>>,
}

/// A password in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password(Secret);

/// What a body changes; every value is acceptable.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub name: Option<String>,
    pub host: Option<String>,
    engine_version: Option<Option<String>>,
    port: Option<u16>,
    database: Option<String>,
    username: Option<Option<String>>,
    password: Option<Option<Secret>>,
    tls: Option<TlsMode>,
    tls_ca_pem: Option<Option<String>>,
    tags: Option<BTreeMap<String, String>>,
    poll_interval: Option<Duration>,
    collect_explain_plans: Option<bool>,
    collect_replication: Option<bool>,
    disabled_collectors: Option<BTreeSet<String>>,
}

impl Input {
    /// The engine that the body names, in its own field or by the scheme of the DSN.
    pub(super) fn engine(&self) -> Result<Option<Engine>, FieldError> {
        let named = match self.engine {
            Field::Value(engine) => Some(engine),
            Field::Null | Field::Absent => None,
        };
        let Field::Value(dsn) = &self.dsn else { return Ok(named) };
        let engine = dsn.parse()?.engine;
        if named.is_some_and(|named| named != engine) {
            return Err(FieldError::new("engine", "must be the one that dsn names"));
        }
        Ok(Some(engine))
    }

    /// Checks every field, for a database of `engine`.
    pub(super) fn check(self, engine: Engine, poll_interval: Duration) -> Result<Changes, FieldError> {
        let connection = self.connection(engine)?;
        Ok(Changes {
            name: self
                .name
                .resolve(|| required("name"), |name| fields::line("name", &name, NAME_CHARACTERS))?,
            engine_version: self
                .engine_version
                .resolve(|| Ok(None), |version| fields::line("engine_version", &version, 100).map(Some))?,
            tls_ca_pem: self.tls_ca_pem.resolve(|| Ok(None), certificates)?,
            tags: self.tags.resolve(|| Ok(BTreeMap::new()), checked_tags)?,
            poll_interval: self.poll_interval_seconds.resolve(
                || Ok::<_, FieldError>(poll_interval),
                |seconds| Ok(Duration::from_secs(seconds.0)),
            )?,
            collect_explain_plans: self.collect_explain_plans.resolve(|| Ok::<_, FieldError>(true), Ok)?,
            collect_replication: self.collect_replication.resolve(|| Ok::<_, FieldError>(true), Ok)?,
            disabled_collectors: self
                .disabled_collectors
                .resolve(|| Ok(BTreeSet::new()), |names| known_collectors(names, engine))?,
            ..connection
        })
    }

    /// The fields that make the connection, from themselves or from the DSN.
    fn connection(&self, engine: Engine) -> Result<Changes, FieldError> {
        if let Field::Value(dsn) = &self.dsn {
            self.refuse_beside_dsn()?;
            return Ok(from_dsn(dsn.parse()?, engine));
        }
        let text = |field: &Field<String>, name, default: &'static str| {
            field
                .clone()
                .resolve(|| Ok(default.to_owned()), |text| fields::line(name, &text, NAME_CHARACTERS))
        };
        let port = self.port.clone().resolve(
            || Ok(engine.default_port()),
            |port| u16::try_from(port.0).map_err(|_| FieldError::new("port", "must be from 1 to 65535")),
        )?;
        let username = self.username.clone();
        Ok(Changes {
            host: self.host.clone().resolve(|| required("host"), |host| host::parse(&host))?,
            port,
            database: text(&self.database, "database", engine.default_database())?,
            username: username
                .resolve(|| Ok(None), |name| fields::line("username", &name, NAME_CHARACTERS).map(Some))?,
            password: self.password.clone().resolve(|| Ok(None), |password| password.check().map(Some))?,
            tls: self.tls.clone().resolve(|| Ok::<_, FieldError>(TlsMode::default()), Ok)?,
            ..Changes::default()
        })
    }

    fn refuse_beside_dsn(&self) -> Result<(), FieldError> {
        for (field, given) in [
            ("host", self.host.is_given()),
            ("port", self.port.is_given()),
            ("database", self.database.is_given()),
            ("username", self.username.is_given()),
            ("password", self.password.is_given()),
            ("tls", self.tls.is_given()),
        ] {
            if given {
                return Err(FieldError::new(field, "must not stand beside dsn, which says it already"));
            }
        }
        Ok(())
    }
}

impl Changes {
    pub(super) fn apply(self, database: &mut Database) {
        let target = &mut database.target;
        set(&mut target.host, self.host);
        set(&mut target.port, self.port);
        set(&mut target.database, self.database);
        set(&mut target.username, self.username);
        set(&mut target.password, self.password);
        set(&mut target.tls, self.tls);
        set(&mut target.tls_ca_pem, self.tls_ca_pem);
        set(&mut target.poll_interval, self.poll_interval);
        set(&mut target.collect_explain_plans, self.collect_explain_plans);
        set(&mut target.collect_replication, self.collect_replication);
        set(&mut target.disabled_collectors, self.disabled_collectors);
        set(&mut database.name, self.name);
        set(&mut database.tags, self.tags);
        set(&mut database.engine_version, self.engine_version);
    }

    /// The port that the database will have, which has `current` now.
    pub(super) fn port_or(&self, current: u16) -> u16 {
        self.port.unwrap_or(current)
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn from_dsn(parts: Parts, engine: Engine) -> Changes {
    Changes {
        host: Some(parts.host),
        port: Some(parts.port.unwrap_or_else(|| engine.default_port())),
        database: Some(parts.database.unwrap_or_else(|| engine.default_database().to_owned())),
        username: Some(parts.username),
        password: Some(parts.password),
        tls: Some(parts.tls.unwrap_or_default()),
        ..Changes::default()
    }
}

pub(super) fn required<T>(field: &'static str) -> Result<T, FieldError> {
    Err(FieldError::new(field, "is required"))
}

fn certificates(pem: String) -> Result<Option<String>, FieldError> {
    // what stands around the certificates is not looked at, but stored
    if pem.contains('\0') || check_authorities(&pem).is_err() {
        return Err(FieldError::new("tls_ca_pem", "must be certificates of authorities in PEM"));
    }
    Ok(Some(pem))
}

fn checked_tags(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, FieldError> {
    if tags.len() > MOST_TAGS {
        return Err(FieldError::new("tags", format!("must be at most {MOST_TAGS} pairs")));
    }
    if tags.iter().any(|(key, value)| key.contains('\0') || value.contains('\0')) {
        return Err(FieldError::new("tags", "must not contain NUL"));
    }
    Ok(tags)
}

fn known_collectors(names: BTreeSet<String>, engine: Engine) -> Result<BTreeSet<String>, FieldError> {
    let known = collectors::names(engine);
    if names.iter().all(|name| known.contains(&name.as_str())) {
        return Ok(names);
    }
    let message = format!("must be some of {}", known.join(", "));
    Err(FieldError::new("disabled_collectors", message))
}

impl Password {
    fn check(self) -> Result<Secret, FieldError> {
        let text = self.0.expose();
        if text.contains('\0') || text.chars().count() > 1_000 {
            return Err(FieldError::new("password", "must have at most 1000 characters and no NUL"));
        }
        Ok(self.0)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}
