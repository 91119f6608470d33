//! Clients with problems: slow, blocking, blocked, and idle in a transaction.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Client;

use super::client::{ClientResult, think};

/// Reads whole tables and sorts them.
pub(super) async fn report(client: Client) -> ClientResult {
    loop {
        client
            .query(
                "select c.city, p.name, sum(o.quantity * p.price_cents) as revenue from shop.purchase o \
                 join shop.customer c on c.id = o.customer_id join shop.product p on p.id = o.product_id \
                 group by c.city, p.name order by revenue desc limit 100",
                &[],
            )
            .await?;
        think(Duration::from_secs(4)).await;
    }
}

/// Sleeps on the server.
pub(super) async fn call_a_slow_partner(client: Client) -> ClientResult {
    loop {
        client.query("select pg_sleep($1)", &[&8.0_f64]).await?;
        think(Duration::from_secs(3)).await;
    }
}

/// Keeps a row locked for far too long.
pub(super) async fn hold_a_row(mut client: Client) -> ClientResult {
    loop {
        let restock = client.transaction().await?;
        restock.execute("update shop.product set stock = stock + 1000 where id = 1", &[]).await?;
        sleep(Duration::from_secs(8)).await;
        restock.commit().await?;
        think(Duration::from_secs(4)).await;
    }
}

/// Waits for that row.
pub(super) async fn wait_for_the_row(client: Client) -> ClientResult {
    loop {
        client.execute("update shop.product set price_cents = price_cents + 1 where id = 1", &[]).await?;
        think(Duration::from_secs(1)).await;
    }
}

/// Idle in transaction for half an hour.
pub(super) async fn leave_a_transaction_open(mut client: Client) -> ClientResult {
    loop {
        let open = client.transaction().await?;
        open.query("select count(*) from shop.customer where city = $1", &[&"Cairo"]).await?;
        sleep(Duration::from_secs(1800)).await;
    }
}
