//! The storage on real files and on a real PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use basira_actors::model::{
    DatabaseId, Databases, Engine, OrganizationId, RuleSettings, Secret, Timestamp, TlsMode,
};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use tempfile::TempDir;

use super::store::{Account, DatabaseRecord, Follows, NewAccount, Slugs, Targets};
use super::*;

mod audit;
mod credentials;
mod databases;
mod durable;
mod identities;
mod passwords;
mod people;
mod pruning;
mod quotas;
mod reader;
mod recommendations;
mod reencrypt;

pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A storage of its own for one test.
pub(crate) struct Fixture {
    pub storage: Storage,
    pub url: String,
    pub directory: TempDir,
}

/// A migrated, empty storage on each engine.
pub(crate) async fn fixtures() -> [Fixture; 2] {
    let url = crate::testing::postgres_url().await;
    let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
    let (connection, _) = open::connect(&url).await.unwrap();
    connection.execute_unprepared(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    connection.close().await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    [sqlite().await, fixture(format!("{url}{separator}options[search_path]={schema}")).await]
}

pub(crate) async fn sqlite() -> Fixture {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}/deep/basira.db", directory.path().display());
    Fixture { directory, ..fixture(url).await }
}

async fn fixture(url: String) -> Fixture {
    let storage = Storage::open(&url, &KEY).await.unwrap();
    storage.migrate().await.unwrap();
    Fixture { storage, url, directory: TempDir::new().unwrap() }
}

/// The owner at `email` of an organization of the same name, not signed in.
pub(crate) fn new_account(email: &str) -> NewAccount<'_> {
    NewAccount {
        email,
        name: "Ada",
        role: "owner",
        password_hash: "$hash",
        organization_name: email,
        slugs: Slugs { wanted: vec![email.to_owned()], reserved: Vec::new() },
        plan: "free",
        verified: false,
        verified_if_first: false,
        session: None,
    }
}

/// Signs `email` up with an organization of the same name.
pub(crate) async fn sign_up(storage: &Storage, email: &str) -> Account {
    storage.create_account(new_account(email), NOW).await.unwrap()
}

/// Gives the person at `email` another role.
pub(crate) async fn set_role(storage: &Storage, email: &str, role: &str) {
    let sql = format!("UPDATE user_account SET role = '{role}' WHERE email = '{email}'");
    storage.writer.raw().execute_unprepared(&sql).await.unwrap();
}

/// How many refresh tokens and mailed tokens are kept.
pub(crate) async fn token_counts(storage: &Storage) -> [u64; 2] {
    let refresh = entity::refresh_token::Entity::find().count(storage.writer.raw());
    let mailed = entity::email_token::Entity::find().count(storage.writer.raw());
    [refresh.await.unwrap(), mailed.await.unwrap()]
}

/// All that is stored of the second factor of a person, bytes as text where they are text.
pub(crate) async fn second_factor_rows(storage: &Storage, user_id: uuid::Uuid) -> String {
    let secret = entity::totp::Entity::find_by_id(user_id).one(storage.writer.raw()).await.unwrap().unwrap();
    let codes = entity::recovery_code::Entity::find().all(storage.writer.raw()).await.unwrap();
    format!("{} {codes:?}", String::from_utf8_lossy(&secret.secret))
}

/// Makes the person at `email` one of the organization of `owner`, which is verified from now on.
pub(crate) async fn join(storage: &Storage, email: &str, owner: &str, role: &str) {
    let organization = format!("(SELECT organization_id FROM user_account WHERE email = '{owner}')");
    for sql in [
        format!(
            "UPDATE user_account SET role = '{role}', organization_id = {organization} WHERE email = '{email}'"
        ),
        format!("UPDATE organization SET verified = true WHERE id = {organization}"),
    ] {
        storage.writer.raw().execute_unprepared(&sql).await.unwrap();
    }
}

/// The registry for the supervisor.
pub(crate) fn targets(storage: &Storage) -> Targets {
    Targets::new(storage.clone(), &KEY)
}

/// The password of every registered [`database`].
pub(crate) fn password() -> Secret {
    Secret::new("hunter2hunter2")
}

pub(crate) fn database(organization_id: OrganizationId, name: &str) -> DatabaseRecord {
    DatabaseRecord {
        id: DatabaseId::generate(),
        organization_id,
        engine: Engine::Postgres,
        name: name.to_owned(),
        tags: BTreeMap::from([("team".to_owned(), "payments".to_owned())]),
        host: "db.example.com".to_owned(),
        port: 5432,
        database: "postgres".to_owned(),
        databases: Databases::default(),
        cluster: None,
        let_idle: false,
        try_indexes_on_primary: false,
        username: Some("watcher".to_owned()),
        tls: TlsMode::VerifyFull,
        tls_ca_pem: None,
        poll_interval: Duration::from_secs(10),
        collect_explain_plans: true,
        collect_replication: false,
        disabled_collectors: BTreeSet::from(["pg_locks".to_owned()]),
        rules: RuleSettings::default(),
        dismissed: BTreeSet::new(),
        engine_version: None,
        last_seen_at: None,
        last_error: None,
        health_score: None,
        follows: Follows::default(),
        created_at: NOW,
        updated_at: NOW,
    }
}

#[tokio::test]
async fn servers_that_start_at_once_all_find_the_schema_ready() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}/basira.db", directory.path().display());
    let start = || async {
        let storage = Storage::open(&url, &KEY).await.unwrap();
        storage.migrate().await.unwrap();
        storage.ready().await.unwrap()
    };
    assert_eq!(tokio::join!(start(), start(), start(), start()), (true, true, true, true));

    for Fixture { storage, url, .. } in fixtures().await {
        Migrator::down(storage.writer.raw(), None).await.unwrap();
        assert!(!storage.ready().await.unwrap());
        let other = Storage::open(&url, &KEY).await.unwrap();
        let (first, second) = tokio::join!(storage.migrate(), other.migrate());
        first.unwrap();
        second.unwrap();
        assert!(storage.ready().await.unwrap() && other.ready().await.unwrap());
    }
}

#[tokio::test]
async fn a_sqlite_file_is_private_durable_and_gives_space_back() {
    let Fixture { storage, directory, .. } = sqlite().await;
    let pragma = async |name: &str| {
        let row = storage
            .writer
            .raw()
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}")));
        row.await.unwrap().unwrap().try_get_by_index::<String>(0)
    };
    let number = async |name: &str| {
        let row = storage
            .writer
            .raw()
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}")));
        row.await.unwrap().unwrap().try_get_by_index::<i32>(0).unwrap()
    };
    assert_eq!(pragma("journal_mode").await.unwrap(), "wal");
    assert_eq!(number("synchronous").await, 2);
    assert_eq!(number("foreign_keys").await, 1);
    assert_eq!(number("auto_vacuum").await, 2);
    for file in ["basira.db", "basira.db-wal", "basira.db-shm"] {
        let metadata = std::fs::metadata(directory.path().join("deep").join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let refused = storage.reader.execute_unprepared("DELETE FROM organization").await;
    assert!(refused.is_err(), "readers must not be able to write");
}

#[tokio::test]
async fn an_unreachable_storage_has_its_own_error() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://someone:s3cret@127.0.0.1:{port}/basira");
    let error = Storage::open(&url, &KEY).await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"));

    let error = Storage::open("mysql://root:s3cret@localhost/x", &KEY).await.unwrap_err();
    assert!(matches!(error, StorageError::Url(_)), "{error:?}");

    let Fixture { storage, .. } = sqlite().await;
    let error =
        StorageError::from(storage.writer.raw().execute_unprepared("SELECT nonsense").await.unwrap_err());
    assert!(matches!(error, StorageError::Database(_)), "{error:?}");
    let reader = storage.reader.clone();
    storage.close().await.unwrap();
    let error = StorageError::from(reader.execute_unprepared("SELECT 1").await.unwrap_err());
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
}
