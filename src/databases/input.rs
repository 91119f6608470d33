//! The body of a registration or a change, and what it comes to once checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use basira_actors::collectors;
use basira_actors::drivers::check_authorities;
use basira_actors::health;
use basira_actors::model::{Engine, RuleSettings, Secret, TlsMode};
use serde::Deserialize;

use super::host;
use super::patch::{BoundedInt, Patch};
use crate::config::{Collect, Dsn};
use crate::fields::{self, FieldError};
use crate::storage::store::DatabaseRecord;

const NAME_CHARACTERS: usize = 200;
const MOST_TAGS: usize = 64;
const TAG_KEY_CHARACTERS: usize = 100;
const TAG_CHARACTERS: usize = 500;
/// Of all tags together: every list of databases carries them.
const TAGS_CHARACTERS: usize = 8_000;
/// Authorities of a cloud for all its regions take some 170 KB.
const CERTIFICATES_CHARACTERS: usize = 300_000;
const DSN_CHARACTERS: usize = 4_000;
/// Of a host name as it is written; one with other than ASCII letters is longer than what it stands for.
const HOST_CHARACTERS: usize = 1_000;
const MOST_PATTERNS: usize = 64;

/// The body of `POST /databases`, `PATCH /databases/{id}` and `POST /databases/test`. `null` means the default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    pub name: Patch<String>,
    pub engine: Patch<Engine>,
    pub engine_version: Patch<String>,
    pub host: Patch<String>,
    pub port: Patch<BoundedInt<1, 65_535>>,
    pub database: Patch<String>,
    pub username: Patch<String>,
    pub(super) password: Patch<Secret>,
    pub tls: Patch<TlsMode>,
    pub tls_ca_pem: Patch<String>,
    /// Instead of engine, host, port, database, username, password and tls.
    pub(super) dsn: Patch<Secret>,
    pub tags: Patch<BTreeMap<String, String>>,
    pub poll_interval_seconds: Patch<BoundedInt<1, 86_400>>,
    pub collect_explain_plans: Patch<bool>,
    pub collect_replication: Patch<bool>,
    pub disabled_collectors: Patch<BTreeSet<String>>,
    pub cluster: Patch<String>,
    pub let_idle: Patch<bool>,
    pub try_indexes_on_primary: Patch<bool>,
    pub all_databases: Patch<bool>,
    pub include_databases: Patch<BTreeSet<String>>,
    pub exclude_databases: Patch<BTreeSet<String>>,
    pub rules: Patch<RuleSettings>,
}

/// What a body changes; every value is acceptable.
#[derive(Debug)]
pub(super) struct Changes {
    name: Option<String>,
    engine_version: Option<Option<String>>,
    pub host: Option<String>,
    pub port: Option<u16>,
    database: Option<String>,
    username: Option<Option<String>>,
    /// `Some(None)` removes it.
    pub password: Option<Option<Secret>>,
    tls: Option<TlsMode>,
    tls_ca_pem: Option<Option<String>>,
    tags: Option<BTreeMap<String, String>>,
    poll_interval: Option<Duration>,
    follows_poll_interval: Option<bool>,
    collect_explain_plans: Option<bool>,
    collect_replication: Option<bool>,
    disabled_collectors: Option<BTreeSet<String>>,
    follows_disabled_collectors: Option<bool>,
    cluster: Option<Option<String>>,
    let_idle: Option<bool>,
    try_indexes_on_primary: Option<bool>,
    all_databases: Option<bool>,
    include_databases: Option<BTreeSet<String>>,
    exclude_databases: Option<BTreeSet<String>>,
    rules: Option<RuleSettings>,
}

impl Input {
    /// The body with its DSN, if any, spread over the fields that it stands for.
    pub(super) fn expand_dsn(mut self) -> Result<Self, FieldError> {
        let Patch::Value(dsn) = std::mem::take(&mut self.dsn) else { return Ok(self) };
        self.refuse_beside_dsn()?;
        fields::at_most("dsn", dsn.expose(), DSN_CHARACTERS)?;
        let dsn =
            Dsn::parse(dsn.expose().trim()).map_err(|error| FieldError::new("dsn", error.to_string()))?;
        if self.engine().is_some_and(|engine| engine != dsn.engine) {
            return Err(FieldError::new("engine", "must be the one that dsn names"));
        }
        self.engine = Patch::Value(dsn.engine);
        self.host = Patch::Value(dsn.host);
        self.port = dsn.port.map(|port| BoundedInt(port.into())).into();
        self.database = dsn.database.into();
        self.username = dsn.username.into();
        self.password = dsn.password.into();
        self.tls = dsn.tls.into();
        Ok(self)
    }

    /// The engine that the body names.
    pub(super) const fn engine(&self) -> Option<Engine> {
        match self.engine {
            Patch::Value(engine) => Some(engine),
            Patch::Null | Patch::Absent => None,
        }
    }

    /// Checks every field, for a database of `engine`.
    pub(super) fn check(self, engine: Engine, defaults: &Collect) -> Result<Changes, FieldError> {
        let line = |field, most| move |text: String| fields::line(field, &text, most);
        let optional_line = |field, most| move |text: String| fields::line(field, &text, most).map(Some);
        Ok(Changes {
            name: self.name.resolve(|| required("name"), line("name", NAME_CHARACTERS))?,
            engine_version: self.engine_version.resolve(|| Ok(None), optional_line("engine_version", 100))?,
            host: self.host.resolve(|| required("host"), checked_host)?,
            port: self.port.resolve(|| Ok(engine.default_port()), checked_port)?,
            database: self
                .database
                .resolve(|| Ok(engine.default_database().to_owned()), line("database", NAME_CHARACTERS))?,
            username: self.username.resolve(|| Ok(None), optional_line("username", NAME_CHARACTERS))?,
            password: self.password.resolve(|| Ok(None), |password| checked_password(password).map(Some))?,
            tls: self.tls.or_default(TlsMode::default()),
            tls_ca_pem: self.tls_ca_pem.resolve(|| Ok(None), certificates)?,
            tags: self.tags.resolve(|| Ok(BTreeMap::new()), checked_tags)?,
            follows_poll_interval: self.poll_interval_seconds.follows_default(),
            follows_disabled_collectors: self.disabled_collectors.follows_default(),
            poll_interval: self
                .poll_interval_seconds
                .map(|seconds| Duration::from_secs(seconds.0))
                .or_default(defaults.poll_interval),
            collect_explain_plans: self.collect_explain_plans.or_default(true),
            collect_replication: self.collect_replication.or_default(true),
            disabled_collectors: self.disabled_collectors.resolve(
                || Ok(disabled_by_default(defaults, engine)),
                |names| known_collectors(names, engine),
            )?,
            cluster: self.cluster.resolve(|| Ok(None), |name| cluster(&name, engine).map(Some))?,
            let_idle: self
                .let_idle
                .resolve(|| Ok(false), |idle| only("let_idle", idle, engine, Engine::Clickhouse))?,
            try_indexes_on_primary: self
                .try_indexes_on_primary
                .resolve(|| Ok(false), |on| only("try_indexes_on_primary", on, engine, Engine::Postgres))?,
            all_databases: self
                .all_databases
                .resolve(|| Ok(false), |all| only("all_databases", all, engine, Engine::Postgres))?,
            include_databases: self
                .include_databases
                .resolve(|| Ok(BTreeSet::new()), |names| patterns("include_databases", names, engine))?,
            exclude_databases: self
                .exclude_databases
                .resolve(|| Ok(BTreeSet::new()), |names| patterns("exclude_databases", names, engine))?,
            rules: self.rules.resolve(|| Ok(RuleSettings::default()), |settings| rules(settings, engine))?,
        })
    }

    fn refuse_beside_dsn(&self) -> Result<(), FieldError> {
        for (field, given) in [
            ("host", self.host.is_present()),
            ("port", self.port.is_present()),
            ("database", self.database.is_present()),
            ("username", self.username.is_present()),
            ("password", self.password.is_present()),
            ("tls", self.tls.is_present()),
        ] {
            if given {
                return Err(FieldError::new(field, "must not stand beside dsn, which says it already"));
            }
        }
        Ok(())
    }
}

impl Changes {
    /// Everything but the password.
    pub(super) fn apply(self, database: &mut DatabaseRecord) {
        set(&mut database.host, self.host);
        set(&mut database.port, self.port);
        set(&mut database.database, self.database);
        set(&mut database.username, self.username);
        set(&mut database.tls, self.tls);
        set(&mut database.tls_ca_pem, self.tls_ca_pem);
        set(&mut database.poll_interval, self.poll_interval);
        set(&mut database.collect_explain_plans, self.collect_explain_plans);
        set(&mut database.collect_replication, self.collect_replication);
        set(&mut database.disabled_collectors, self.disabled_collectors);
        set(&mut database.cluster, self.cluster);
        set(&mut database.let_idle, self.let_idle);
        set(&mut database.try_indexes_on_primary, self.try_indexes_on_primary);
        set(&mut database.databases.all, self.all_databases);
        set(&mut database.databases.include, self.include_databases);
        set(&mut database.databases.exclude, self.exclude_databases);
        set(&mut database.rules, self.rules);
        set(&mut database.follows.poll_interval, self.follows_poll_interval);
        set(&mut database.follows.disabled_collectors, self.follows_disabled_collectors);
        set(&mut database.name, self.name);
        set(&mut database.tags, self.tags);
        set(&mut database.engine_version, self.engine_version);
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn required<T>(field: &'static str) -> Result<T, FieldError> {
    Err(FieldError::new(field, "is required"))
}

fn checked_host(host: String) -> Result<String, FieldError> {
    fields::at_most("host", &host, HOST_CHARACTERS)?;
    host::parse(&host)
}

fn certificates(pem: String) -> Result<Option<String>, FieldError> {
    fields::at_most("tls_ca_pem", &pem, CERTIFICATES_CHARACTERS)?;
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
    let all: usize = tags.iter().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
    if all > TAGS_CHARACTERS {
        return Err(FieldError::new(
            "tags",
            format!("must have at most {TAGS_CHARACTERS} characters in all"),
        ));
    }
    for (key, value) in &tags {
        if key.chars().count() > TAG_KEY_CHARACTERS || value.chars().count() > TAG_CHARACTERS {
            let message = format!(
                "must have keys of at most {TAG_KEY_CHARACTERS} and values of at most {TAG_CHARACTERS} characters"
            );
            return Err(FieldError::new("tags", message));
        }
    }
    if tags.iter().any(|(key, value)| key.contains('\0') || value.contains('\0')) {
        return Err(FieldError::new("tags", "must not contain NUL"));
    }
    Ok(tags)
}

fn checked_port(port: BoundedInt<1, 65_535>) -> Result<u16, FieldError> {
    u16::try_from(port.0).map_err(|_| FieldError::new("port", "must be an integer from 1 to 65535"))
}

/// What the configuration disables, as far as `engine` has it.
pub(crate) fn disabled_by_default(defaults: &Collect, engine: Engine) -> BTreeSet<String> {
    let known = collectors::names(engine);
    defaults.disabled_collectors.iter().filter(|name| known.contains(&name.as_str())).cloned().collect()
}

fn known_collectors(names: BTreeSet<String>, engine: Engine) -> Result<BTreeSet<String>, FieldError> {
    let known = collectors::names(engine);
    if names.iter().all(|name| known.contains(&name.as_str())) {
        return Ok(names);
    }
    let message = format!("must be some of {}", known.join(", "));
    Err(FieldError::new("disabled_collectors", message))
}

/// A switch that only `wanted` has.
fn only(field: &'static str, on: bool, engine: Engine, wanted: Engine) -> Result<bool, FieldError> {
    if on && engine != wanted {
        return Err(FieldError::new(field, format!("is for {wanted} only")));
    }
    Ok(on)
}

fn cluster(name: &str, engine: Engine) -> Result<String, FieldError> {
    if engine != Engine::Clickhouse {
        return Err(FieldError::new("cluster", "is for clickhouse only"));
    }
    fields::line("cluster", name, NAME_CHARACTERS)
}

/// Settings of rules that `engine` has.
fn rules(settings: RuleSettings, engine: Engine) -> Result<RuleSettings, FieldError> {
    health::validate_settings(&settings, Some(engine))
        .map_err(|(name, fault)| FieldError::new("rules", format!("{name} {fault}")))?;
    Ok(settings)
}

/// Names of databases with `*` and `?`.
fn patterns(
    field: &'static str,
    names: BTreeSet<String>,
    engine: Engine,
) -> Result<BTreeSet<String>, FieldError> {
    if engine != Engine::Postgres && !names.is_empty() {
        return Err(FieldError::new(field, "is for postgres only"));
    }
    let is_name = |name: &String| {
        !name.is_empty() && name.chars().count() <= NAME_CHARACTERS && !name.contains(char::is_control)
    };
    if names.len() > MOST_PATTERNS || !names.iter().all(is_name) {
        let message = format!("must be at most {MOST_PATTERNS} names of databases, with * and ?");
        return Err(FieldError::new(field, message));
    }
    Ok(names)
}

fn checked_password(password: Secret) -> Result<Secret, FieldError> {
    let text = password.expose();
    if text.contains('\0') || text.chars().count() > 1_000 {
        return Err(FieldError::new("password", "must have at most 1000 characters and no NUL"));
    }
    Ok(password)
}
