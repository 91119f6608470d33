//! `/indexes` shows what the server counts and what its catalog says, and which indexes nobody needs.

use std::time::Duration;

use basira_test_support::PostgresServer;
use serde_json::Value;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{TestDatabase, Watched, eventually};

const SHOWN_WITHIN: Duration = Duration::from_secs(25);
/// The catalog is read once a minute.
const CATALOG_WITHIN: Duration = Duration::from_secs(90);

const SCHEMA: &str = "
    create table item (id int primary key, a int, b int, label text unique);
    insert into item select n, n, n, 'label ' || n from generate_series(1, 60000) n;
    create index item_a on item (a);
    create index item_a_again on item (a);
    create index item_a_b on item (a, b);
    create index item_b_desc on item (b desc);
    create index item_some on item (a) where b > 7;
    create index item_expression on item (lower(label));
    analyze item";

/// On `server`, after `schema` was created.
async fn watched(server: &PostgresServer, schema: &str) -> Watched {
    let database = TestDatabase::create(server).await;
    let admin = database.client().await;
    admin.batch_execute(schema).await.unwrap();
    // fails on the twins, and leaves an invalid index behind
    if schema.contains("twins") {
        let failing = "create unique index concurrently twins_once on twins (id)";
        assert!(admin.batch_execute(failing).await.is_err());
    }
    Watched::register(database, "indexes").await
}

impl Watched {
    async fn rows(&self, view: &str) -> Vec<Value> {
        self.registered.get(view).await.as_array().unwrap().clone()
    }

    async fn index(&self, name: &str) -> Option<Value> {
        // an idle session of PostgreSQL 14 keeps its counts to itself until its next transaction
        self.admin.batch_execute("select 1").await.ok();
        self.rows("/indexes?limit=500").await.into_iter().find(|line| line["index_name"] == name)
    }

    async fn names(&self, view: &str) -> Vec<String> {
        let lines = self.rows(view).await;
        lines.iter().map(|line| line["index_name"].as_str().unwrap().to_owned()).collect()
    }
}

async fn servers_own(client: &Client, index: &str) -> Value {
    let sql = "select to_jsonb(t)::text from (select s.schemaname as schema_name, s.relname as table_name, s.idx_scan, \
               s.idx_tup_read, s.idx_tup_fetch, o.idx_blks_hit, o.idx_blks_read, i.indisunique as is_unique, i.indisprimary as is_primary, \
               i.indisvalid as is_valid, replace(pg_get_indexdef(s.indexrelid), 'b > 7', 'b > $1') as index_def, pg_relation_size(s.indexrelid) as size_bytes \
               from pg_stat_user_indexes s join pg_statio_user_indexes o using (indexrelid) join pg_index i using (indexrelid) \
               where s.indexrelname = $1) as t";
    let text: String = client.query_one(sql, &[&index]).await.unwrap().get(0);
    serde_json::from_str(&text).unwrap()
}

async fn figures_are_those_of_the_server(major: u16) {
    let twins = "create table twins (id int); insert into twins values (1), (1);";
    let shop = watched(shared(major).await, &format!("{SCHEMA}; {twins}")).await;
    shop.admin
        .batch_execute(
            "set enable_seqscan = off; select * from item where id = 7; select * from item where id = 9",
        )
        .await
        .unwrap();
    for index in ["item_pkey", "item_label_key", "item_a_b", "item_some", "item_expression", "twins_once"] {
        eventually(SHOWN_WITHIN, async || {
            let servers = servers_own(&shop.admin, index).await;
            let ours = shop.index(index).await.ok_or_else(|| "not shown".to_owned())?;
            let differs = servers.as_object().unwrap().iter().find(|(name, value)| ours[*name] != **value);
            differs.map_or(Ok(()), |(name, value)| Err(format!("{index}.{name}: {} of {value}", ours[name])))
        })
        .await;
    }
    eventually(SHOWN_WITHIN, async || match shop.index("item_pkey").await {
        Some(line) if line["idx_scan"] == 2 => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(shop.names("/indexes/invalid").await, ["twins_once"]);
    let mut unused = shop.names("/indexes/unused").await;
    unused.sort();
    assert_eq!(unused, ["item_a", "item_a_again", "item_a_b", "item_b_desc", "item_expression", "item_some"]);
    let lines = shop.rows("/indexes/unused").await;
    assert!(lines.iter().all(|line| line["used_on_standby"].is_null() && line["constraint_backed"] == false));
    assert!(lines[0]["stats_age_days"].as_f64().unwrap() < 1.0);
    overlaps(&shop).await;
    let detail = shop.registered.get("/indexes/public/item_pkey").await;
    let scans =
        detail["timeseries"].as_array().unwrap().iter().filter_map(|point| point["idx_scan"].as_i64());
    assert_eq!(scans.sum::<i64>(), 2);
}

/// `item_a` twice, and both no better than `item_a_b`.
async fn overlaps(shop: &Watched) {
    let groups = shop.rows("/indexes/duplicates").await;
    let shown: Vec<_> = groups
        .iter()
        .map(|group| (group["reason"].clone(), group["keep"].clone(), group["drop"].to_string()))
        .collect();
    let expected = [
        ("duplicate".into(), "item_a".into(), "[\"item_a_again\"]".to_owned()),
        ("redundant".into(), "item_a_b".into(), "[\"item_a\"]".to_owned()),
    ];
    assert!(shown.len() == 2 && expected.iter().all(|group| shown.contains(group)), "{shown:?}");
}

on_every_version!(figures_are_those_of_the_server);

#[tokio::test]
async fn a_rebuilt_index_keeps_its_count_and_a_locked_one_has_no_definition_yet() {
    let server = private(NEWEST, "").await;
    let shop = watched(&server, SCHEMA).await;
    let scan = "set enable_seqscan = off; set enable_bitmapscan = off; select a from item where a = 7";
    for _ in 0..5 {
        shop.admin.batch_execute(scan).await.unwrap();
    }
    shop.admin.batch_execute("drop index item_a_again, item_a_b, item_some").await.unwrap();
    for _ in 0..5 {
        shop.admin.batch_execute(scan).await.unwrap();
    }
    eventually(SHOWN_WITHIN, async || match shop.index("item_a").await {
        Some(line) if line["idx_scan"].as_i64().unwrap() >= 5 => Ok(()),
        other => Err(other),
    })
    .await;
    let scans = async || {
        let detail = shop.registered.get("/indexes/public/item_a").await;
        let points = detail["timeseries"].as_array().unwrap().clone();
        points.iter().filter_map(|point| point["idx_scan"].as_i64()).sum::<i64>()
    };
    shop.registered.polls_pass(2).await;
    let before = scans().await;
    shop.admin.batch_execute("reindex index concurrently item_a").await.unwrap();
    shop.registered.polls_pass(3).await;
    assert_eq!(scans().await, before, "the counters moved with the name");

    let locker = server.client_of(&shop.database.name).await.unwrap();
    locker.batch_execute("create index item_late on item (b, a)").await.unwrap();
    locker.batch_execute("begin; lock table item in access exclusive mode").await.unwrap();
    let late = eventually(CATALOG_WITHIN, async || match shop.index("item_late").await {
        Some(line) if line["is_valid"] == true => Ok(line),
        other => Err(other),
    })
    .await;
    assert!(late["index_def"].is_null(), "{late:#}");
    locker.batch_execute("commit").await.unwrap();
    eventually(CATALOG_WITHIN, async || match shop.index("item_late").await {
        Some(line) if line["index_def"].is_string() => Ok(()),
        other => Err(other),
    })
    .await;
}
