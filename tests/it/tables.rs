//! `/tables` shows what the server counts, on every version, across every break, and is in nobody's way.

use std::time::Duration;

use basira_actors::model::Timestamp;
use basira_test_support::{MAJORS, PostgresServer};
use serde_json::Value;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, private, shared};
use crate::harness::{Registered, TestApp, TestDatabase, Watched, eventually, holds_for};

const SHOWN_WITHIN: Duration = Duration::from_secs(25);
const SETTLED: Duration = Duration::from_secs(3);

/// One watched database.
struct Shop {
    app: TestApp,
    database: TestDatabase,
    registered: Registered,
    admin: Client,
    since: Timestamp,
}

impl Shop {
    /// On `server`, after `schema` was made and seen.
    async fn on(server: &PostgresServer, schema: &str) -> Self {
        let database = TestDatabase::create(server).await;
        let maker = database.client().await;
        for part in schema.split("\n\n") {
            maker.batch_execute(part).await.unwrap();
        }
        drop(maker);
        reported(&database.client().await).await;
        let since = Timestamp::now() - Duration::from_secs(60);
        let Watched { app, database, registered, admin } = Watched::register(database, "tables").await;
        Self { app, database, registered, admin, since }
    }

    async fn run(&self, sql: &str) {
        self.admin.batch_execute(sql).await.unwrap();
    }

    /// An idle session of PostgreSQL 14 keeps its counts to itself until its next transaction.
    async fn nudge(&self) {
        self.admin.batch_execute("select 1").await.ok();
    }

    async fn line(&self, table: &str) -> Option<Value> {
        self.nudge().await;
        let lines = self.registered.get("/tables?limit=500").await;
        lines.as_array().unwrap().iter().find(|line| line["table_name"] == table).cloned()
    }

    /// Waits until `field` of `table` is `value`.
    async fn shows(&self, table: &str, field: &str, value: i64) {
        eventually(SHOWN_WITHIN, async || match self.line(table).await {
            Some(line) if line[field] == value => Ok(()),
            other => Err(other),
        })
        .await;
    }

    async fn detail(&self, table: &str) -> Value {
        self.registered.get(&format!("/tables/public/{table}?since={}", self.since)).await
    }

    /// The sum of `field` over time; nothing of it is negative.
    async fn total(&self, table: &str, field: &str) -> i64 {
        self.nudge().await;
        let detail = self.detail(table).await;
        let points = detail["timeseries"].as_array().unwrap();
        let cells: Vec<i64> = points.iter().filter_map(|point| point[field].as_i64()).collect();
        assert!(cells.iter().all(|cell| *cell >= 0), "{field}: {cells:?}");
        cells.iter().sum()
    }

    /// Waits until `field` sums up to `value`, and sees that it stays there.
    async fn sums_up_to(&self, table: &str, field: &str, value: i64) {
        eventually(SHOWN_WITHIN, async || match self.total(table, field).await {
            now if now == value => Ok(()),
            now => Err(format!("{field} of {table}: {now} instead of {value}")),
        })
        .await;
        holds_for(SETTLED, async || assert_eq!(self.total(table, field).await, value, "{field}")).await;
    }
}

/// Waits until the session that made the tables is gone: by then it has reported what it did.
async fn reported(admin: &Client) {
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    eventually(SHOWN_WITHIN, async || match admin.query_one(others, &[]).await.unwrap().get::<_, i64>(0) {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
    // PostgreSQL 14 writes its statistics down twice a second
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

/// What the server's own view says, as JSON.
async fn servers_own(client: &Client, table: &str) -> Value {
    let sql = "select to_jsonb(t)::text from (select schemaname as schema_name, seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_tup_upd, \
               n_tup_del, n_tup_hot_upd, n_live_tup, n_dead_tup, n_mod_since_analyze, \
               (extract(epoch from last_vacuum) * 1000)::int8 as last_vacuum, \
               (extract(epoch from last_analyze) * 1000)::int8 as last_analyze, \
               pg_relation_size(relid) + coalesce((select pg_relation_size(nullif(reltoastrelid, 0)) from pg_class where oid = relid), 0) as table_size_bytes, \
               pg_indexes_size(relid) as index_size_bytes \
               from pg_stat_user_tables where relname = $1) as t";
    let text: String = client.query_one(sql, &[&table]).await.unwrap().get(0);
    serde_json::from_str(&text).unwrap()
}

/// The fields in which ours differs from the server's, sizes aside.
fn differences(ours: &Value, servers: &Value) -> Vec<String> {
    let fields = servers.as_object().unwrap().iter();
    fields
        .filter(|(name, _)| !name.ends_with("size_bytes"))
        .filter_map(|(name, value)| {
            let shown = match (ours[name].as_str(), value) {
                (Some(text), Value::Number(_)) => text.parse::<Timestamp>().unwrap().as_millis().into(),
                _ => ours[name].clone(),
            };
            let near = |a: i64, b: i64| (a - b).abs() <= 1 && name.starts_with("last_");
            let same = shown == *value || shown.as_i64().zip(value.as_i64()).is_some_and(|(a, b)| near(a, b));
            (!same).then(|| format!("{name}: {shown} shown, {value} counted"))
        })
        .collect()
}

const SCHEMA: &str = "
    create table item (id int primary key, label text, filler text) with (autovacuum_enabled = off);
    insert into item select n, 'label ' || n, (select string_agg(md5((n * m)::text), '') from generate_series(1, 200) m)
    from generate_series(1, 500) n;
    create materialized view cheap as select id from item where id < 50;
    create table parted (id int, part int) partition by list (part);
    create table parted_one partition of parted for values in (1);
    create table untouched (id int)

    vacuum analyze item";

async fn figures_are_those_of_the_server(major: u16) {
    let shop = Shop::on(shared(major).await, SCHEMA).await;
    shop.run(
        "create temporary table fleeting (id int); insert into fleeting values (1);
         set enable_seqscan = off; select * from item where id = 7; select * from item where id = 8;
         set enable_seqscan = on; select count(*) from item where label like '%3%';
         insert into item select n, 'more' from generate_series(501, 560) n;
         update item set label = 'other' where id <= 20; delete from item where id > 550;
         insert into parted values (1, 1), (2, 1); select count(*) from cheap",
    )
    .await;
    for table in ["item", "parted_one", "cheap"] {
        eventually(SHOWN_WITHIN, async || {
            let servers = servers_own(&shop.admin, table).await;
            let ours = shop.line(table).await.ok_or_else(|| vec!["not shown".to_owned()])?;
            match differences(&ours, &servers) {
                none if none.is_empty() => Ok(()),
                some => Err(some),
            }
        })
        .await;
    }
    shop.sums_up_to("item", "n_tup_ins", 60).await;
    assert_eq!(shop.total("item", "n_tup_upd").await, 20);
    assert_eq!(shop.total("item", "n_tup_del").await, 10);
    let scans = shop.line("item").await.unwrap()["idx_scan"].as_i64().unwrap();
    assert_eq!(shop.total("item", "idx_scan").await, scans, "all since the first look");
    let lines = shop.registered.get("/tables?sort_by=live_tuples").await;
    let names: Vec<_> = lines.as_array().unwrap().iter().map(|line| line["table_name"].clone()).collect();
    assert!(!names.iter().any(|name| name == "fleeting" || name == "parted"), "{names:?}");
    assert_eq!(names[0], "item", "most rows first");
    let overview = shop.registered.get("/overview").await;
    let dead = overview["dead_tuple_ratio"].as_f64().unwrap();
    assert!(dead > 0.0 && dead < 0.5, "{dead}");
    sizes_are_exact(&shop).await;
}

/// What was there at the first look is measured; the sizes are the server's.
async fn sizes_are_exact(shop: &Shop) {
    let servers = servers_own(&shop.admin, "cheap").await;
    let ours = shop.line("cheap").await.unwrap();
    assert_eq!(ours["size_is_exact"], true, "{ours:#}");
    assert_eq!(ours["table_size_bytes"], servers["table_size_bytes"]);
    let item = shop.line("item").await.unwrap();
    assert!(item["toast_size_bytes"].as_i64().unwrap() > 0, "{item:#}");
}

on_every_version!(figures_are_those_of_the_server);

const COUNTED: &str = "create table counted (id int) with (autovacuum_enabled = off);
    create table other (id int) with (autovacuum_enabled = off);
    insert into counted select generate_series(1, 1000); insert into other select generate_series(1, 1000)";

async fn insert(shop: &Shop, count: usize) {
    shop.run(&format!("insert into counted select generate_series(1, {count})")).await;
}

#[tokio::test]
async fn resets_count_nothing_twice() {
    for major in [MAJORS[0], NEWEST] {
        let server = private(major, "").await;
        let shop = Shop::on(&server, COUNTED).await;
        shop.shows("counted", "n_tup_ins", 1000).await;
        insert(&shop, 30).await;
        shop.sums_up_to("counted", "n_tup_ins", 30).await;
        // of the other table alone: its stamp is the whole database's
        shop.run("select pg_stat_reset_single_table_counters('other'::regclass)").await;
        shop.shows("other", "n_tup_ins", 0).await;
        insert(&shop, 5).await;
        shop.sums_up_to("counted", "n_tup_ins", 35).await;
        assert!(shop.line("other").await.unwrap()["n_live_tup"].is_null(), "rows that nobody counted");
        shop.run("select pg_stat_reset()").await;
        shop.shows("counted", "n_tup_ins", 0).await;
        insert(&shop, 7).await;
        shop.sums_up_to("counted", "n_tup_ins", 42).await;
        let gaps = shop.detail("counted").await["gaps"].clone();
        assert!(gaps.to_string().contains("counters_reset"), "{gaps}");
    }
}

#[tokio::test]
async fn counting_continues_after_a_killed_backend_and_a_restart() {
    for major in [MAJORS[1], NEWEST] {
        let mut server = private(major, "").await;
        let mut shop = Shop::on(&server, COUNTED).await;
        insert(&shop, 30).await;
        shop.sums_up_to("counted", "n_tup_ins", 30).await;
        let pid: i32 = shop.admin.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        server.kill_backend(pid).unwrap();
        shop.registered.polls_pass(2).await;
        shop.admin = eventually(SHOWN_WITHIN, async || {
            basira_test_support::connect(shop.database.superuser_dsn()).await
        })
        .await;
        insert(&shop, 4).await;
        shop.sums_up_to("counted", "n_tup_ins", 34).await;
        server.restart().await.unwrap();
        shop.registered.polls_pass(2).await;
        shop.admin = shop.database.client().await;
        insert(&shop, 3).await;
        shop.sums_up_to("counted", "n_tup_ins", 37).await;
    }
}

#[tokio::test]
async fn a_recreated_table_continues_the_series_of_its_name() {
    let shop = Shop::on(shared(NEWEST).await, COUNTED).await;
    insert(&shop, 30).await;
    shop.sums_up_to("counted", "n_tup_ins", 30).await;
    shop.run("drop table counted; create table counted (id int)").await;
    insert(&shop, 50).await;
    shop.sums_up_to("counted", "n_tup_ins", 80).await;
    shop.run("truncate counted").await;
    insert(&shop, 5).await;
    shop.sums_up_to("counted", "n_tup_ins", 85).await;
    shop.shows("counted", "n_live_tup", 5).await;
    shop.run("drop table counted").await;
    eventually(SHOWN_WITHIN, async || shop.line("counted").await.map_or(Ok(()), Err)).await;
    shop.registered
        .client
        .get(&format!("/databases/{}/tables/public/counted", shop.registered.id), 404)
        .await;
}

#[tokio::test]
async fn table_names_may_contain_any_character() {
    let shop = Shop::on(shared(NEWEST).await, "create schema \"a/b\"").await;
    shop.run("create table \"a/b\".\"it's \"\"q\"\" % é/?\" (id int)").await;
    let path = "/tables/a%2Fb/it's%20%22q%22%20%25%20%C3%A9%2F%3F";
    let id = &shop.registered.id;
    let detail = eventually(SHOWN_WITHIN, async || {
        let request = shop.registered.client.request(reqwest::Method::GET, &format!("/databases/{id}{path}"));
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        if status == 200 { Ok(response.json::<Value>().await.unwrap()) } else { Err(status) }
    })
    .await;
    assert_eq!(detail["table_name"], "it's \"q\" % é/?");
    assert_eq!(detail["schema_name"], "a/b");
}

#[tokio::test]
async fn a_locked_table_delays_no_poll_and_no_poll_delays_it() {
    let shop = Shop::on(shared(NEWEST).await, COUNTED).await;
    shop.run("create index on counted (id)").await;
    let locker = shop.database.client().await;
    locker.batch_execute("begin; lock table counted in access exclusive mode").await.unwrap();
    let waiter = shop.database.client().await;
    let pid: i32 = waiter.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let altering =
        tokio::spawn(async move { waiter.batch_execute("alter table counted add extra int").await });
    locker.batch_execute("insert into counted values (1)").await.unwrap();
    shop.run("insert into other values (1), (2)").await;
    shop.sums_up_to("other", "n_tup_ins", 2).await;
    let blockers = "select coalesce(a.usename = $2, false) from unnest(pg_blocking_pids($1)) as b (pid) \
                    left join pg_stat_activity as a using (pid)";
    holds_for(SETTLED, async || {
        let rows = shop.admin.query(blockers, &[&pid, &shop.database.name]).await.unwrap();
        assert!(!rows.is_empty() && rows.iter().all(|row| !row.get::<_, bool>(0)), "we are in the way");
    })
    .await;
    for name in ["pg_stat_user_tables", "pg_stat_user_indexes", "pg_index", "relation_sizes"] {
        // one that waits for the lock never is so quick
        shop.registered
            .collected(async || {
                let line = shop.registered.collector(name).await;
                let is_quick = line["last_duration_ms"].as_u64().is_some_and(|ms| ms < 1_000);
                if line["state"] == "ok" && is_quick { Ok(()) } else { Err(line) }
            })
            .await;
    }
    locker.batch_execute("commit").await.unwrap();
    altering.await.unwrap().unwrap();
    shop.shows("counted", "n_tup_ins", 1001).await;
}

const MANY: &str = "do $$ begin
    for n in 1..10000 loop
        execute format('create table many_%s (a int, b int)', n);
        execute format('create index on many_%s (a)', n);
        execute format('create index on many_%s (b)', n);
    end loop; end $$";

#[tokio::test]
async fn ten_thousand_tables_are_read_in_time_without_table_locks() {
    let server = private(NEWEST, "max_locks_per_transaction = 2000").await;
    let shop = Shop::on(&server, MANY).await;
    eventually(Duration::from_secs(60), async || {
        let slow = shop.registered.collector("pg_index").await;
        let count = shop.registered.collector("pg_stat_user_tables").await["rows"].clone();
        if slow["state"] == "ok" && count == 10_000 { Ok(()) } else { Err((slow, count)) }
    })
    .await;
    let ours = "select coalesce(bool_and(l.mode = 'AccessShareLock' and l.relation < 16384), true) from pg_locks l \
                join pg_stat_activity a using (pid) where a.usename = $1 and l.locktype = 'relation'";
    holds_for(Duration::from_secs(5), async || {
        let only_catalogs: bool = shop.admin.query_one(ours, &[&shop.database.name]).await.unwrap().get(0);
        assert!(only_catalogs, "a lock on a user's table");
    })
    .await;
    for name in ["pg_stat_user_tables", "pg_stat_user_indexes", "pg_index", "relation_sizes"] {
        // within the time that the collector allows itself
        let line = shop.registered.collector_becomes(name, "ok").await;
        println!("{name}: {} ms, {} rows", line["last_duration_ms"], line["rows"]);
    }
    let megabytes = shop.app.resident_mb();
    println!("resident: {megabytes} MB");
    assert!(megabytes < 250, "{megabytes} MB with 10,000 tables and 20,000 indexes");
}
