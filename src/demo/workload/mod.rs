//! Clients of the throwaway shop who behave as clients do, until they are dropped.

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

/// Fills the shop. Takes a few seconds.
pub(super) async fn open_shop(server: &PostgresServer) -> Result<(), Error> {
    server.client().await?.batch_execute(include_str!("schema.sql")).await
}

/// Lets the clients in; dropping the answer sends them home.
pub(super) fn let_clients_in(server: &PostgresServer) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..SHOPPERS {
        clients.spawn(live(server.dsn(), "shop-web", shop::browse));
    }
    for _ in 0..CASHIERS {
        clients.spawn(live(server.dsn(), "shop-checkout", shop::buy));
    }
    clients.spawn(live(server.dsn(), "shop-cart", shop::fill_carts));
    clients.spawn(live(server.dsn(), "shop-report", trouble::report));
    clients.spawn(live(server.dsn(), "shop-export", trouble::wait_for_a_partner));
    clients.spawn(live(server.dsn(), "shop-restock", trouble::hold_a_row));
    clients.spawn(live(server.dsn(), "shop-pricing", trouble::want_the_same_row));
    clients.spawn(live(server.dsn(), "shop-intern", trouble::forget_a_transaction));
    clients
}

/// Leads one life after the other: a lost connection is made again.
async fn live<F>(dsn: String, application: &str, life: fn(Client) -> F)
where
    F: Future<Output = ClientResult>,
{
    let dsn = format!("{dsn}?application_name={application}");
    loop {
        if let Ok(client) = connect(&dsn).await {
            drop(life(client).await);
        }
        sleep(Duration::from_secs(1)).await;
    }
}
