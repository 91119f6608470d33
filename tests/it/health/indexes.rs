//! Rules about indexes.

use serde_json::{Value, json};

use super::scene::{Busy, HealthScene};
use crate::harness::postgres::{NEWEST, shared};

const SCHEMA: &str = "
    create table item (id int primary key, a int, b int, label text unique);
    insert into item select n, n, n, 'label ' || n from generate_series(1, 60000) n;
    create index item_a on item (a);
    create index item_a_again on item (a);
    create index item_a_b on item (a, b);
    create index item_expression on item (lower(label));
    create table part (n int) partition by range (n);
    create table part_1 partition of part for values from (0) to (100000);
    insert into part select n from generate_series(1, 60000) n;
    create index part_n on part (n);
    create table twins (id int);
    insert into twins values (1), (1)";

fn evidence(issue: &Value) -> Vec<&str> {
    issue["evidence"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn unused_and_duplicate_indexes_are_reported_until_they_are_dropped() {
    let rules = json!({
        "indexes.unused": {"window_seconds": 1}, "indexes.duplicate": {"threshold": 1}, "indexes.invalid": {},
    });
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    scene.run(SCHEMA).await;
    let failing = "create unique index concurrently twins_once on twins (id)";
    assert!(scene.admin.batch_execute(failing).await.is_err());

    let issue = scene.registered.wait_for_issue("indexes.invalid", "public.twins_once").await;
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("warning"), Some(1.0)));
    scene.run("delete from twins").await;
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("indexes.invalid", "public.twins_once").await;

    let issue = scene.registered.wait_for_issue("indexes.duplicate", "public.item_a_again").await;
    assert_eq!(evidence(&issue).len(), 2, "{issue}");
    assert!(evidence(&issue).contains(&"public.item_a"), "{issue}");
    assert!(
        issue["detail"].as_str().unwrap().contains("and item_a_b begins with the same columns"),
        "{issue}"
    );
    let unused = scene.registered.wait_for_issue("indexes.unused", "public.item_a_b").await;
    let mut names = evidence(&unused);
    names.sort_unstable();
    assert_eq!(names, ["public.item_a", "public.item_a_again", "public.item_a_b"], "{unused}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("indexes.duplicate", "public.item_a_again").await;

    let unused = scene
        .registered
        .collected(async || {
            let doctor = scene.registered.get("/doctor").await;
            let issue = crate::harness::issue(&doctor, "indexes.unused").cloned();
            issue.filter(|issue| evidence(issue) == ["public.item_a_b"]).ok_or(doctor)
        })
        .await;
    assert!(unused["value"].as_f64().unwrap() > 1024.0 * 1024.0, "{unused}");
    scene.run(unused["how_to_fix"].as_str().unwrap()).await;
    scene.registered.wait_until_resolved("indexes.unused", "public.item_a_b").await;
}

#[tokio::test]
async fn no_index_is_unused_before_two_weeks_of_counts() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"indexes.unused": {}})).await;
    scene
        .run(
            "create table item as select n from generate_series(1, 60000) n; create index item_n on item (n)",
        )
        .await;
    scene
        .registered
        .collected(async || {
            let doctor = scene.registered.get("/doctor").await;
            let lines = doctor["not_evaluated"].as_array().cloned().unwrap_or_default();
            let line = lines.iter().find(|line| line["rule_id"] == "indexes.unused");
            let reason = line.and_then(|line| line["reason"].as_str()).unwrap_or_default();
            if reason.contains("and 14 d are needed") { Ok(()) } else { Err(doctor) }
        })
        .await;
}

#[tokio::test]
async fn a_missing_index_is_reported() {
    let rules = json!({"indexes.missing": {"threshold": 100_000, "window_seconds": 10}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    scene
        .run(
            "create table large as select n, repeat('x', 100) as pad from generate_series(1, 100000) n;
        analyze large",
        )
        .await;
    let _busy = Busy::with(scene.database.client().await, "select pad from large where n = 7");
    let issue = scene.registered.wait_for_issue("indexes.missing", "public.large").await;
    assert_eq!((issue["unit"].as_str(), issue["objects"].as_i64()), (Some("per_minute"), Some(1)), "{issue}");
    assert!(issue["detail"].as_str().unwrap().contains("large (13."), "{issue}");
    let fix = issue["how_to_fix"].as_str().unwrap().replace("(...)", "(n)");
    scene.run(&fix).await;
    scene.registered.wait_until_resolved("indexes.missing", "public.large").await;
}

/// Pairs that look alike, each index of which does what the other does not, and pairs of which one is enough.
const TWINS: &str = "
    create extension if not exists btree_gist;
    create table kept (a int not null, b int not null, c int4range, d int, e int);
    insert into kept select n, n, int4range(2 * n, 2 * n + 1), n, n from generate_series(1, 60000) n;
    create unique index kept_plain_twin on kept (a);
    create unique index kept_identity on kept (a);
    alter table kept replica identity using index kept_identity;
    create unique index kept_key on kept (b);
    create table pointing (b int references kept (b));
    alter table kept add constraint kept_deferrable unique (b) deferrable;
    alter table kept add constraint kept_overlap exclude using gist (c with &&);
    alter table kept add constraint kept_adjacent exclude using gist (c with -|-);
    create index kept_brin_8 on kept using brin (d) with (pages_per_range = 8);
    create index kept_brin_64 on kept using brin (d) with (pages_per_range = 64);
    create table split (n int) partition by range (n);
    create table split_1 partition of split for values from (0) to (100000);
    insert into split select n from generate_series(1, 60000) n;
    create index split_one on split (n);
    create index split_two on split (n)";

#[tokio::test]
async fn an_index_that_does_more_than_its_twin_is_never_dropped() {
    let scene = HealthScene::on(shared(NEWEST).await, &json!({"indexes.duplicate": {"threshold": 1}})).await;
    scene.run(TWINS).await;
    let issue = scene.registered.wait_for_issue("indexes.duplicate", "public.split_two").await;
    let mut names = evidence(&issue);
    names.sort_unstable();
    assert_eq!(names, ["public.kept_plain_twin", "public.split_two"], "{issue:#}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    for name in ["public.kept_plain_twin", "public.split_two"] {
        scene.registered.wait_until_resolved("indexes.duplicate", name).await;
    }
    scene.run("insert into kept values (0, 1) on conflict (b) do nothing").await;
}
