//! A host name that resolves to a denied address later is not connected to again.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use basira::config::Config;
use basira_actors::collect::CollectError;
use basira_actors::drivers::{self, ConnectSettings};
use basira_actors::model::{DatabaseId, Engine, OrganizationId, Secret, Target, TlsMode};
use basira_actors::ports::AddressPolicy;
use basira_test_support::ClickHouseServer;

use crate::harness::postgres::NEWEST;
use crate::harness::{ClickHouseDatabase, MONITOR_PASSWORD, TestDatabase, clickhouse, postgres};

const POLL_INTERVAL: Duration = Duration::from_secs(10);
const DENIED: &str = "169.254.169.254";

/// A name that is answered differently from a moment on.
struct Rebinding(Mutex<VecDeque<IpAddr>>);

#[async_trait]
impl AddressPolicy for Rebinding {
    fn allows(&self, address: IpAddr) -> bool {
        Config::load(None, [], &[]).unwrap().targets.allows(address)
    }

    async fn addresses(&self, _: &str, _: u16) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = answers.pop_front().unwrap_or_else(|| DENIED.parse().unwrap());
        Ok(vec![answer])
    }
}

fn rebinding_after(good: usize) -> ConnectSettings {
    let answers = vec!["127.0.0.1".parse().unwrap(); good];
    ConnectSettings {
        timeout: Duration::from_secs(5),
        policy: Arc::new(Rebinding(Mutex::new(answers.into()))),
        raw_query_text: false,
    }
}

fn target(engine: Engine, port: u16, database: &str, user: &str, password: &str) -> Target {
    let address = ("rebound.example", port);
    Target {
        database: database.to_owned(),
        username: Some(user.to_owned()),
        password: Some(Secret::new(password)),
        tls: TlsMode::Disable,
        poll_interval: POLL_INTERVAL,
        ..Target::new(DatabaseId::generate(), OrganizationId::generate(), engine, address)
    }
}

#[tokio::test]
async fn a_postgres_whose_name_is_rebound_is_not_connected_to_again() {
    let database = TestDatabase::create(postgres::shared(NEWEST).await).await;
    let target = target(Engine::Postgres, database.port, &database.name, &database.name, MONITOR_PASSWORD);
    let settings = rebinding_after(1);
    let mut session = drivers::connect(&target, &settings).await.expect("where it may");
    // the connection that stands is to the address that was judged, and is not followed anywhere
    session.refresh().await.expect("an answer");
    let again = drivers::connect(&target, &settings).await.err();
    assert!(matches!(again, Some(CollectError::Denied { .. })), "{again:?}");
}

#[tokio::test]
async fn a_clickhouse_whose_name_is_rebound_is_not_connected_to_again() {
    let database = ClickHouseDatabase::create(clickhouse::shared().await).await;
    let (user, password) = (ClickHouseServer::READERS[0], ClickHouseServer::PASSWORD);
    let target = target(Engine::Clickhouse, database.port, &database.name, user, password);
    // once before the client is made, and once when it connects
    let mut session = drivers::connect(&target, &rebinding_after(2)).await.expect("where it may");
    session.refresh().await.expect("the connection that stands");
    // the client lets go of a connection that is not used for a while, and connects anew by itself
    tokio::time::sleep(Duration::from_secs(4)).await;
    let again = session.refresh().await.err();
    assert!(matches!(again, Some(CollectError::Denied { .. })), "{again:?}");
    let anew = drivers::connect(&target, &rebinding_after(1)).await.err();
    assert!(matches!(anew, Some(CollectError::Denied { .. })), "{anew:?}");
}
