//! The throwaway servers themselves.

use basira_test_support::{Distribution, MAJORS, Options, PostgresServer};

use crate::harness::postgres::{NEWEST, private, shared};

#[tokio::test]
async fn every_version_starts_and_counts_statements() {
    for major in MAJORS {
        let client = shared(major).await.client().await.unwrap();
        let version: String = client.query_one("select version()", &[]).await.unwrap().get(0);
        assert!(version.starts_with(&format!("PostgreSQL {major}.")), "{version}");
        let counted = client.query_one("select count(*) from pg_stat_statements", &[]).await.unwrap();
        assert!(counted.get::<_, i64>(0) > 0, "nothing counted on {major}");
    }
}

#[tokio::test]
async fn a_server_survives_restart_crash_and_suspension() {
    let mut server = private(NEWEST, "").await;
    let client = server.client().await.unwrap();
    client.batch_execute("create table kept as select 1 as one").await.unwrap();

    server.restart().await.unwrap();
    server.kill_hard().await.unwrap();
    assert!(server.client().await.is_err());
    server.start_again().await.unwrap();

    server.suspend().unwrap();
    let hung = tokio::time::timeout(std::time::Duration::from_millis(300), server.client()).await;
    assert!(hung.is_err(), "a suspended server answered");
    server.resume().unwrap();
    server.client().await.unwrap().query_one("select one from kept", &[]).await.unwrap();

    let port = server.port();
    drop(server);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_server_with_a_password_requires_it() {
    let distribution = Distribution::fetch(Some(NEWEST)).unwrap();
    let options = Options { password: Some("right".to_owned()), ..Options::default() };
    let server = PostgresServer::start(&distribution, options).await.unwrap();
    let wrong = server.dsn().replace(":right@", ":wrong@");
    assert!(tokio_postgres::connect(&wrong, tokio_postgres::NoTls).await.is_err());
    assert!(server.client().await.is_ok());
}

#[tokio::test]
async fn an_unknown_setting_fails_the_start_with_the_servers_message() {
    let distribution = Distribution::fetch(Some(NEWEST)).unwrap();
    let options = Options { settings: "no_such_setting = 1".to_owned(), ..Options::default() };
    let error = PostgresServer::start(&distribution, options).await.unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}
