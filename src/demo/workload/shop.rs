//! Clients without problems: they read, fill carts and buy.

use std::time::Duration;

use tokio_postgres::Client;

use super::client::{ClientResult, think};

const CUSTOMERS: i64 = 20_000;
const PRODUCTS: i64 = 2_000;

fn any_customer() -> i64 {
    rand::random_range(1..=CUSTOMERS)
}

fn any_product() -> i64 {
    rand::random_range(1..=PRODUCTS)
}

/// Point reads and, now and then, a join.
pub(super) async fn browse(client: Client) -> ClientResult {
    let product = client.prepare("select name, price_cents, stock from shop.product where id = $1").await?;
    let history = client
        .prepare(
            "select p.name, o.quantity, o.bought_at from shop.purchase o join shop.product p on p.id = o.product_id \
             where o.customer_id = $1 order by o.bought_at desc limit 20",
        )
        .await?;
    loop {
        for _ in 0..5 {
            client.query(&product, &[&any_product()]).await?;
            think(Duration::from_millis(20)).await;
        }
        client.query(&history, &[&any_customer()]).await?;
    }
}

/// One transaction per purchase.
pub(super) async fn buy(mut client: Client) -> ClientResult {
    loop {
        let (customer, product) = (any_customer(), any_product());
        let purchase = client.transaction().await?;
        purchase.execute("update shop.product set stock = stock - 1 where id = $1", &[&product]).await?;
        purchase
            .execute(
                "insert into shop.purchase (customer_id, product_id, quantity) values ($1, $2, 1)",
                &[&customer, &product],
            )
            .await?;
        purchase.commit().await?;
        think(Duration::from_millis(80)).await;
    }
}

/// Updates rows of a table that bloats.
pub(super) async fn fill_carts(client: Client) -> ClientResult {
    loop {
        client
            .execute(
                "update shop.cart set content = left('item ' || content, 400), touched_at = now() where customer_id = $1",
                &[&any_customer()],
            )
            .await?;
        think(Duration::from_millis(30)).await;
    }
}
