//! The clients of the demo, which run until they are dropped.

pub(super) mod analytics;
mod client;
mod shop;
mod trouble;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_postgres::{Client, Error};

use self::client::ClientResult;
use basira_servers::{PostgresServer, connect};

const SHOPPERS: usize = 4;
const CASHIERS: usize = 2;

/// Creates and fills the tables. Takes a few seconds.
pub(super) async fn fill_shop(server: &PostgresServer) -> Result<(), Error> {
    server.client().await?.batch_execute(include_str!("schema.sql")).await
}

/// Starts the clients; dropping the result stops them.
pub(super) fn start_clients(server: &PostgresServer) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..SHOPPERS {
        clients.spawn(repeat(server.dsn(), "shop-web", shop::browse));
    }
    for _ in 0..CASHIERS {
        clients.spawn(repeat(server.dsn(), "shop-checkout", shop::buy));
    }
    clients.spawn(repeat(server.dsn(), "shop-cart", shop::fill_carts));
    clients.spawn(repeat(server.dsn(), "shop-report", trouble::report));
    clients.spawn(repeat(server.dsn(), "shop-export", trouble::call_a_slow_partner));
    clients.spawn(repeat(server.dsn(), "shop-restock", trouble::hold_a_row));
    clients.spawn(repeat(server.dsn(), "shop-pricing", trouble::wait_for_the_row));
    clients.spawn(repeat(server.dsn(), "shop-intern", trouble::leave_a_transaction_open));
    clients
}

/// Connects and calls `run`, again and again: an error ends one connection only.
async fn repeat<F>(dsn: String, application: &str, run: fn(Client) -> F)
where
    F: Future<Output = ClientResult>,
{
    let dsn = format!("{dsn}?application_name={application}");
    loop {
        if let Ok(client) = connect(&dsn).await {
            drop(run(client).await);
        }
        sleep(Duration::from_secs(1)).await;
    }
}
