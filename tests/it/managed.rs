//! Servers that somebody else runs, and poolers in front of servers.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{Organization, TestApp, TestDatabase};

/// What marks a server as managed, as SQL that makes a plain one look so; then a word of the advice it gets.
const FLAVOURS: [(&str, &str, &str); 7] = [
    ("neon", "create role neon_superuser", "provider"),
    ("supabase", "create role supabase_admin", "provider"),
    ("azure", "create role azure_pg_admin", "azure.extensions"),
    ("cloudsql", "create role cloudsqlsuperuser", "database flag"),
    ("alloydb", "create role alloydbsuperuser", "database flag"),
    ("rds", "create role rds_superuser", "DB parameter group"),
    (
        "aurora",
        "create function aurora_version() returns text language sql as $$select '16.4.1'$$",
        "DB cluster parameter group",
    ),
];

#[tokio::test]
async fn advice_depends_on_the_managed_service() {
    let server = private(NEWEST, "shared_preload_libraries = ''").await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "managed").await;
    let database = TestDatabase::create(&server).await;
    let admin = database.client().await;
    for (flavour, mark, word) in FLAVOURS {
        admin.batch_execute(mark).await.unwrap();
        let report = organization.key.post("/databases/test", &database.registration(), 200).await;
        assert_eq!(report["flavour"], flavour, "{report}");
        let lines = report["collectors"].as_array().unwrap();
        let line = lines.iter().find(|line| line["name"] == "pg_stat_statements").unwrap();
        assert_eq!(line["state"], "skipped", "{line}");
        assert!(line["fix"].as_str().unwrap().contains(word), "{line}");
    }
}

/// What stands between.
#[derive(Clone, Copy)]
enum Pooler {
    /// PgBouncer as it comes: answers the startup packet with the very bytes of version 1.18.
    Refusing,
    /// PgBouncer with `ignore_startup_parameters = options`: they do not reach the server.
    Forgetful,
}

/// A port at which `pooler` stands before the server; ends with the test.
async fn before(server_port: u16, pooler: Pooler) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, server_port, pooler));
        }
    });
    port
}

async fn serve(mut client: TcpStream, server_port: u16, pooler: Pooler) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    let mut startup = vec![0; length as usize - 4];
    client.read_exact(&mut startup).await?;
    if let Pooler::Refusing = pooler {
        let fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
        client.write_all(b"E").await?;
        client.write_u32(u32::try_from(fields.len()).unwrap_or_default() + 4).await?;
        return client.write_all(fields).await;
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await?;
    let startup = without_options(&startup);
    server.write_u32(u32::try_from(startup.len()).unwrap_or_default() + 4).await?;
    server.write_all(&startup).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// The startup packet, its pairs behind the four bytes of the version, without the pair `options`.
fn without_options(startup: &[u8]) -> Vec<u8> {
    let texts: Vec<&[u8]> = startup[4..].split(|byte| *byte == 0).collect();
    let mut kept = startup[..4].to_vec();
    for pair in texts.chunks(2).filter(|pair| pair.len() == 2 && !pair[0].is_empty() && pair[0] != b"options")
    {
        kept.extend(pair.iter().flat_map(|text| text.iter().copied().chain([0])));
    }
    kept.push(0);
    kept
}

#[tokio::test]
async fn a_connection_pooler_is_detected_and_not_polled() {
    let server = private(NEWEST, "").await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "pooler").await;
    let database = TestDatabase::create(&server).await;
    for pooler in [Pooler::Refusing, Pooler::Forgetful] {
        let port = before(server.port(), pooler).await;
        let registration = database.registration_through(port);
        let report = organization.key.post("/databases/test", &registration, 200).await;
        assert_eq!((&report["connected"], &report["collectors"]), (&json!(false), &json!([])), "{report}");
        let text = |field: &str| report[field].as_str().unwrap_or_default().to_owned();
        assert!(text("error").contains("a connection pooler is in between"), "{report}");
        assert!(text("fix").contains("connect directly to the server"), "{report}");
        let registered = organization.register_as(&registration).await;
        let shown: Value = crate::harness::eventually(std::time::Duration::from_secs(15), async || {
            let shown = registered.get("").await;
            if shown["last_error"].is_string() { Ok(shown) } else { Err(shown) }
        })
        .await;
        assert_eq!(shown["status"], "disconnected");
        assert!(shown["last_error"].as_str().unwrap().contains("pooler"), "{shown}");
    }
}
