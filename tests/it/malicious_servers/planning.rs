//! Roles that may do nothing, but may make a function: planning their statements does not run it.

use std::time::Duration;

use basira_test_support::connect;
use tokio_postgres::Client;

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, TestApp, TestDatabase, eventually};

/// Each is taken in turn, one with each poll.
const PLANNED_WITHIN: Duration = Duration::from_secs(60);

/// Ways to bring a function into a statement, named or not.
const SETTING: &str = "
    create table forbidden as select 'secret'::text as note;
    create table plain as select n from generate_series(1, 1000) n;
    grant select on plain to public;
    create function runs() returns int immutable language plpgsql as $$ begin return 1; end $$;
    create function runs_named(int) returns int stable language plpgsql as $$ begin return 1; end $$;
    create view seen as select n from plain where n > runs();
    create view seen_through as select * from seen;
    create table guarded as select n from generate_series(1, 1000) n;
    alter table guarded enable row level security;
    create policy only_some on guarded using (runs() = 1);
    create table computed (n int, twice int generated always as (n * runs()) stored);
    create function calls_another() returns int immutable language sql as 'select runs()';
    grant select on seen, seen_through, guarded, computed to public;";

const HARMFUL: [&str; 8] = [
    "select count(*) from plain where n = runs()",
    "select count(*) from plain where n = RUNS ()",
    "select count(*) from plain as p where n = public.\"runs\"()",
    "select count(*) as through_a_view from seen",
    "select count(*) as through_two_views from seen_through",
    "select count(*) as by_a_policy from guarded",
    "select count(*) as of_a_column from computed",
    "select count(*) from plain where n = calls_another()",
];
const HARMLESS: &str = "select count(*) as nothing_foreign from plain where n = abs(n)";

async fn calls(admin: &Client) -> i64 {
    let sql = "select coalesce(sum(calls), 0)::int8 from pg_stat_user_functions where funcname like 'runs%'";
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn planning_runs_no_user_defined_function() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "planning").await;
    let database = TestDatabase::create(shared(NEWEST).await).await;
    let admin = database.client().await;
    let track = format!("alter database {} set track_functions = 'all'", database.name);
    admin.batch_execute("create extension if not exists pg_stat_statements").await.unwrap();
    admin.batch_execute(&track).await.unwrap();
    admin.batch_execute(SETTING).await.unwrap();
    admin.batch_execute(&format!("grant pg_read_all_data to {}", database.name)).await.unwrap();
    let user = connect(database.superuser_dsn()).await.unwrap();
    for statement in HARMFUL.into_iter().chain([HARMLESS]) {
        user.batch_execute(statement).await.unwrap();
    }
    drop(user);
    let before = eventually(PLANNED_WITHIN, async || match calls(&admin).await {
        0 => Err("their calls are not counted yet"),
        counted => Ok(counted),
    })
    .await;
    let registered = organization.register(&database).await;
    registered.connected().await;
    let plan_of = async |part: &str| {
        let lines = registered.get("/queries?limit=100").await;
        let lines = lines.as_array().unwrap().clone();
        let line =
            lines.iter().find(|line| line["query_text"].as_str().is_some_and(|text| text.contains(part)));
        let hash =
            line.map(|line| line["query_hash"].as_str().unwrap().to_owned()).ok_or_else(|| lines.clone())?;
        Ok::<_, Vec<serde_json::Value>>(registered.get(&format!("/queries/{hash}/explain")).await)
    };
    // statements that were never seen to grow are not listed: each runs once more
    let user = connect(database.superuser_dsn()).await.unwrap();
    user.batch_execute(HARMLESS).await.unwrap();
    drop(user);
    eventually(PLANNED_WITHIN, async || {
        let plans = plan_of("nothing_foreign").await.map_err(|lines| format!("{lines:?}"))?;
        if plans.as_array().is_some_and(|plans| !plans.is_empty()) { Ok(()) } else { Err(plans.to_string()) }
    })
    .await;
    let runs = registered.collector("explain_plans").await["runs"].as_u64().unwrap();
    let turns = u64::try_from(HARMFUL.len()).unwrap() + 2;
    eventually(PLANNED_WITHIN, async || {
        let now = registered.collector("explain_plans").await["runs"].as_u64().unwrap();
        if now >= runs + turns { Ok(()) } else { Err(now) }
    })
    .await;
    assert_eq!(calls(&admin).await, before, "a function was run by planning");
}
