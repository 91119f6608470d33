//! Bodies as callers send them, and the registry on a real store with real actors.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{Batch, Checkup, Gap, Secret, Stream, Target};
use basira_actors::monitor::{Dependencies, Fleet};
use basira_actors::ports::{Observation, RegistryError, RepositoryError, SampleRepository, TargetRegistry};
use serde_json::{Value, json};

use super::*;
use crate::config::Targets as NetworkSettings;
use crate::samples::{Projection, Series, StoreError, Timeline, Total, Window};
use crate::storage::store::Targets;
use crate::storage::tests::{Fixture, NOW, fixtures, sign_up, sqlite, targets};

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBiTCCAS+gAwIBAgIUYR2GwsEEA/iE6T/hYjIxPU0LSmQwCgYIKoZIzj0EAwIw\n\
    GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI1MDQzNzE5WhgPMjEy\n\
    NjExMDEwNDM3MTlaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI\n\
    zj0CAQYIKoZIzj0DAQcDQgAEG6gKlsnU9GTYkHwHifY7AhNAKGbneK3P5pfDw7u4\n\
    XPVnrH86NUMcdoRZVORWcUOp1q2NnrX9OzV2L1ZqgxTO36NTMFEwHQYDVR0OBBYE\n\
    FPoYdfroNU+Kap5buh++2J0OVqO+MB8GA1UdIwQYMBaAFPoYdfroNU+Kap5buh++\n\
    2J0OVqO+MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAJTKNDP5\n\
    6wRoEGUW3D3xjRPGEdMu3WT7K6Rs2qKMVgDDAiBCR5gUN0zMNmBHdwPzFGSTKUQX\n\
    18NonAZJst9n+LA9pw==\n\
    -----END CERTIFICATE-----\n";

/// Stores nothing; deleting fails while `refuses` is set.
#[derive(Default)]
struct Nowhere {
    refuses: AtomicBool,
}

#[async_trait]
impl SampleRepository for Nowhere {
    async fn append(&self, _: Arc<Batch>) -> Result<(), RepositoryError> {
        Ok(())
    }

    async fn last_stored_at(
        &self,
        _: DatabaseId,
        _: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        Ok(None)
    }
}

#[async_trait]
impl SampleStore for Nowhere {
    async fn totals(
        &self,
        _: DatabaseScope,
        _: &'static Stream,
        _: Window,
        _: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        Ok(Vec::new())
    }

    async fn timelines(
        &self,
        _: DatabaseScope,
        _: &'static Stream,
        _: Window,
        _: i64,
        _: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        Ok(Vec::new())
    }

    async fn members(&self, _: DatabaseScope, _: &'static Stream, _: u64) -> Result<Vec<Series>, StoreError> {
        Ok(Vec::new())
    }

    async fn labelled(
        &self,
        _: DatabaseScope,
        _: &'static Stream,
        _: &str,
        _: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(Vec::new())
    }

    async fn gaps(&self, _: DatabaseScope, _: &'static Stream, _: Window) -> Result<Vec<Gap>, StoreError> {
        Ok(Vec::new())
    }

    async fn words(&self, _: OrganizationId, _: &[u64]) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        Ok(HashMap::new())
    }

    fn raw_kept(&self) -> Duration {
        Duration::from_secs(48 * 3600)
    }

    async fn forget(&self, _: DatabaseScope) -> Result<(), StoreError> {
        if self.refuses.load(Relaxed) { Err(StoreError::Closed) } else { Ok(()) }
    }
}

/// A registry that cannot be read at first.
struct OutOfReach {
    targets: Targets,
    failures: AtomicUsize,
}

#[async_trait]
impl TargetRegistry for OutOfReach {
    async fn all(&self) -> Result<Vec<Target>, RegistryError> {
        self.targets.all().await
    }

    async fn find(&self, id: DatabaseId) -> Result<Option<Target>, RegistryError> {
        match self.failures.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Err(RegistryError("out of reach".to_owned())),
            Err(_) => self.targets.find(id).await,
        }
    }

    async fn record_observation(
        &self,
        id: DatabaseId,
        observation: Observation,
    ) -> Result<(), RegistryError> {
        self.targets.record_observation(id, observation).await
    }

    async fn record_checkup(&self, id: DatabaseId, checkup: Checkup) -> Result<(), RegistryError> {
        self.targets.record_checkup(id, checkup).await
    }
}

/// What the registry works with.
struct Instance {
    samples: Arc<Nowhere>,
    storage: Storage,
    supervisor: Supervisor,
    config: Arc<Config>,
}

impl Instance {
    /// Databases may be on this machine, except at one address.
    async fn start(storage: Storage) -> Self {
        let source = Arc::new(targets(&storage));
        Self::start_with(storage, source).await
    }

    async fn start_with(storage: Storage, registry: Arc<dyn TargetRegistry>) -> Self {
        let mut config = Config::load(None, [], &[]).unwrap();
        config.collect = defaults();
        config.targets =
            NetworkSettings { deny: vec!["127.0.0.66/32".parse().unwrap()], private: Vec::new() };
        let networks = Arc::new(config.networks_denied_to(true));
        let samples = Arc::new(Nowhere::default());
        let dependencies = Dependencies {
            samples: samples.clone(),
            registry,
            fleet: Fleet::new(config.fleet_settings(networks)),
        };
        let (supervisor, _) = Supervisor::start(dependencies).await.unwrap();
        Self { storage, supervisor, samples, config: Arc::new(config) }
    }

    fn databases(&self, organization: OrganizationId) -> Databases<'_> {
        Databases {
            organization,
            storage: &self.storage,
            samples: &*self.samples,
            supervisor: &self.supervisor,
            config: Arc::clone(&self.config),
        }
    }

    /// Whether the directory comes to have, or not to have, the actor of `id`.
    async fn comes_to_watch(&self, id: DatabaseId, expected: bool) -> bool {
        for _ in 0..500 {
            if self.supervisor.directory().find(id).is_some() == expected {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

fn defaults() -> Collect {
    Collect {
        poll_interval: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(1),
        max_connects: 1,
        disabled_collectors: vec!["pg_settings".to_owned(), "ch_parts".to_owned()],
        raw_query_text: false,
    }
}

/// A body that is fine, with `changes` on top.
fn body(changes: Value) -> Value {
    let mut body = json!({"name": "orders", "engine": "postgres", "host": "127.0.0.1", "port": 1});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn input(body: Value) -> Input {
    serde_json::from_value(body).unwrap()
}

/// The outcome of checking a body for PostgreSQL, applied to a blank database.
fn checked(body: Value) -> Result<DatabaseRecord, FieldError> {
    let mut database = blank(OrganizationId::generate(), Engine::Postgres, &defaults(), NOW);
    input(body).expand_dsn()?.check(Engine::Postgres, &defaults())?.apply(&mut database);
    Ok(database)
}

/// What a body says of the password.
fn password_of(body: Value) -> Option<Option<Secret>> {
    input(body).expand_dsn().unwrap().check(Engine::Postgres, &defaults()).unwrap().password
}

#[test]
fn every_field_of_a_body_is_read() {
    let body = body(json!({
        "port": 6432, "database": "shop", "username": "watcher", "password": "p", "tls": "verify-ca",
        "tls_ca_pem": AUTHORITY, "poll_interval_seconds": 30, "tags": {"team": "payments"},
        "collect_explain_plans": false, "collect_replication": false, "engine_version": "16.4",
        "disabled_collectors": ["pg_locks"],
    }));
    assert_eq!(password_of(body.clone()), Some(Some(Secret::new("p"))));
    let database = checked(body).unwrap();
    let address = (database.host.as_str(), database.port, database.database.as_str());
    assert_eq!(address, ("127.0.0.1", 6432, "shop"));
    assert_eq!(database.username.as_deref(), Some("watcher"));
    assert_eq!((database.tls, database.tls_ca_pem.as_deref()), (TlsMode::VerifyCa, Some(AUTHORITY)));
    assert_eq!(database.poll_interval, Duration::from_secs(30));
    assert!(!database.collect_explain_plans && !database.collect_replication);
    assert_eq!(database.disabled_collectors, BTreeSet::from(["pg_locks".to_owned()]));
    assert_eq!((database.name.as_str(), &database.tags["team"]), ("orders", &"payments".to_owned()));
    assert_eq!(database.engine_version.as_deref(), Some("16.4"));
}

#[test]
fn a_whole_server_is_chosen_by_patterns() {
    let body_with = |changes| checked(body(changes)).map(|database| database.databases);
    assert!(!body_with(json!({})).unwrap().all);
    let some = body_with(
        json!({"all_databases": true, "include_databases": ["shop_*"], "exclude_databases": ["*_old"]}),
    );
    let some = some.unwrap();
    assert!(some.includes("shop_new") && !some.includes("shop_old") && !some.includes("bank"));
    let many: Vec<String> = (0..65).map(|number| format!("d{number}")).collect();
    assert!(body_with(json!({"include_databases": &many[..64]})).is_ok());
    for (field, value) in [
        ("include_databases", json!(many)),
        ("include_databases", json!([""])),
        ("exclude_databases", json!(["a\u{0}b"])),
        ("exclude_databases", json!(["x".repeat(201)])),
    ] {
        assert_eq!(body_with(json!({field: value})).unwrap_err().field, field);
    }
    for body in [json!({"all_databases": true}), json!({"include_databases": ["a"]})] {
        assert!(input(body).check(Engine::Clickhouse, &defaults()).is_err());
    }
}

#[test]
fn a_dsn_sets_the_whole_connection() {
    let dsn = json!({"name": "orders", "dsn": "postgres://watcher:p@db.example.com/shop?sslmode=require"});
    assert_eq!(input(dsn.clone()).expand_dsn().unwrap().engine(), Some(Engine::Postgres));
    let database = checked(dsn.clone()).unwrap();
    assert_eq!(
        (database.host.as_str(), database.port, database.database.as_str()),
        ("db.example.com", 5432, "shop")
    );
    assert_eq!(database.tls, TlsMode::Require);
    assert_eq!(password_of(dsn.clone()), Some(Some(Secret::new("p"))));

    for (field, value) in [("host", json!("h")), ("port", json!(5432)), ("tls", json!("disable"))] {
        let mut both = dsn.clone();
        both[field] = value;
        assert_eq!(checked(both).unwrap_err().field, field);
    }
    let bad = json!({"name": "orders", "dsn": "nonsense"});
    assert_eq!(checked(bad).unwrap_err().field, "dsn");
    let mut other = dsn;
    other["engine"] = json!("clickhouse");
    assert_eq!(input(other).expand_dsn().unwrap_err().field, "engine");
}

#[test]
fn each_bad_value_names_its_field() {
    let many: Value =
        (0..65).map(|number| (number.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\0b")),
        ("name", json!("x".repeat(201))),
        ("name", Value::Null),
        ("host", json!("")),
        ("host", json!("a b")),
        ("host", json!("db\0")),
        ("host", Value::Null),
        ("database", json!("")),
        ("database", json!("a\0")),
        ("username", json!("\0")),
        ("password", json!("a\0")),
        ("password", json!("x".repeat(1_001))),
        ("tls_ca_pem", json!("")),
        ("tls_ca_pem", json!("not PEM")),
        ("tls_ca_pem", json!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
        ("tls_ca_pem", json!(format!("\0{AUTHORITY}"))),
        ("tags", json!({"a": "b\0"})),
        ("tags", many),
        ("engine_version", json!("x".repeat(101))),
        ("disabled_collectors", json!(["pg_stat_statement"])),
        ("disabled_collectors", json!(["ch_parts"])),
    ] {
        let changed = body(json!({field: value}));
        assert_eq!(checked(changed.clone()).map_err(|error| error.field), Err(field), "{changed}");
    }
    let error = checked(body(json!({"disabled_collectors": ["x"]}))).unwrap_err().to_string();
    assert!(error.contains("pg_locks, pg_server, pg_settings"), "{error}");
}

#[test]
fn each_bad_type_is_refused() {
    for (field, value) in [
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("port", json!(5432.5)),
        ("poll_interval_seconds", json!(0)),
        ("poll_interval_seconds", json!(86_401)),
        ("engine", json!("mysql")),
        ("tls", json!("on")),
        ("tags", json!({"a": 1})),
        ("tags", json!([])),
        ("name", json!(7)),
        ("collect_replication", json!("yes")),
        ("disabled_collectors", json!("pg_locks")),
    ] {
        let changed = body(json!({field: value}));
        assert!(serde_json::from_value::<Input>(changed.clone()).is_err(), "{changed}");
    }
}

#[test]
fn null_is_the_default_and_absent_is_no_change() {
    let mut database = checked(body(json!({
        "port": 6432, "database": "shop", "username": "w", "password": "p", "tls": "require",
        "poll_interval_seconds": 30, "tags": {"a": "b"}, "disabled_collectors": ["pg_locks"],
    })))
    .unwrap();
    let before = database.clone();
    input(json!({})).check(Engine::Postgres, &defaults()).unwrap().apply(&mut database);
    assert_eq!(database, before);

    let nulls = json!({
        "port": null, "database": null, "username": null, "password": null, "tls": null,
        "poll_interval_seconds": null, "tags": null, "disabled_collectors": null,
    });
    assert_eq!(password_of(nulls.clone()), Some(None));
    input(nulls).check(Engine::Postgres, &defaults()).unwrap().apply(&mut database);
    let mut expected = blank(before.organization_id, Engine::Postgres, &defaults(), NOW);
    expected.id = before.id;
    expected.host = before.host;
    expected.name = before.name;
    assert_eq!(database, expected);
}

#[tokio::test]
async fn a_registered_database_is_watched_until_it_is_deleted() {
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "a@x.org").await.organization.id;
        let other = sign_up(&storage, "b@x.org").await.organization.id;
        let instance = Instance::start(storage).await;
        let databases = instance.databases(own);
        let database = databases.register(input(body(json!({}))), NOW).await.unwrap();
        let id = database.id;
        assert!(instance.comes_to_watch(id, true).await);

        let later = NOW + Duration::from_secs(1);
        let foreign = instance
            .databases(other)
            .change(id, input(json!({"port": 2, "password": "again"})), later)
            .await
            .unwrap();
        assert_eq!(foreign, None);
        assert!(!instance.databases(other).delete(id).await.unwrap());
        let moved = input(json!({"port": 2, "password": "again"}));
        let changed = databases.change(id, moved, later).await.unwrap().unwrap();
        assert_eq!((changed.port, changed.created_at, changed.updated_at), (2, NOW, later));

        assert!(databases.delete(id).await.unwrap());
        assert!(instance.comes_to_watch(id, false).await);
        instance.supervisor.shutdown().await;
    }
}

#[tokio::test]
async fn a_database_whose_samples_cannot_be_deleted_stays_registered() {
    let Fixture { storage, directory: _directory, .. } = sqlite().await;
    let own = sign_up(&storage, "a@x.org").await.organization.id;
    let instance = Instance::start(storage).await;
    let databases = instance.databases(own);
    let id = databases.register(input(body(json!({}))), NOW).await.unwrap().id;
    instance.samples.refuses.store(true, Relaxed);
    let refused = databases.delete(id).await;
    assert!(matches!(refused, Err(DeleteDatabaseError::Samples(_))), "{refused:?}");
    assert_eq!(databases.list().await.unwrap().len(), 1);
    instance.samples.refuses.store(false, Relaxed);
    assert!(databases.delete(id).await.unwrap());
    instance.supervisor.shutdown().await;
}

#[tokio::test]
async fn a_change_that_cannot_be_read_at_once_is_applied_later() {
    let Fixture { storage, directory: _directory, .. } = sqlite().await;
    let own = sign_up(&storage, "a@x.org").await.organization.id;
    let source = OutOfReach { targets: targets(&storage), failures: AtomicUsize::new(2) };
    let instance = Instance::start_with(storage, Arc::new(source)).await;
    let id = instance.databases(own).register(input(body(json!({}))), NOW).await.unwrap().id;
    assert!(instance.supervisor.directory().find(id).is_none());
    assert!(instance.comes_to_watch(id, true).await);
    instance.supervisor.shutdown().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_watched_is_not_stored() {
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "a@x.org").await.organization.id;
        let instance = Instance::start(storage).await;
        let databases = instance.databases(own);
        for (field, changed) in [
            ("name", json!({"engine": "postgres", "host": "127.0.0.1"})),
            ("host", json!({"engine": "postgres", "name": "orders"})),
            ("engine", json!({"name": "orders", "host": "127.0.0.1"})),
            ("host", body(json!({"host": "127.0.0.66"}))),
            ("host", body(json!({"host": "nowhere.invalid"}))),
        ] {
            match databases.register(input(changed.clone()), NOW).await {
                Err(DatabaseError::Invalid(error)) => assert_eq!(error.field, field, "{changed}"),
                outcome => panic!("{changed}: {outcome:?}"),
            }
        }
        assert_eq!(databases.list().await.unwrap(), []);

        let id = databases.register(input(body(json!({}))), NOW).await.unwrap().id;
        for (field, change) in
            [("engine", json!({"engine": "clickhouse"})), ("host", json!({"host": "127.0.0.66"}))]
        {
            match databases.change(id, input(change), NOW).await {
                Err(DatabaseError::Invalid(error)) => assert_eq!(error.field, field),
                outcome => panic!("{field}: {outcome:?}"),
            }
        }
        let second = databases.register(input(body(json!({"name": "second"}))), NOW).await;
        let refused = DatabaseError::Refused(RegisterError::VerificationRequired).to_string();
        assert_eq!(second.map_err(|error| error.to_string()), Err(refused));
        instance.supervisor.shutdown().await;
    }
}
