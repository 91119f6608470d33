//! Rules about what fills up.

use serde_json::json;

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, shared};

#[tokio::test]
async fn sequences_close_to_their_end_are_reported() {
    let rules = json!({"storage.sequence_exhaustion": {"threshold": 80}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    // both an integer; a column that holds less than its sequence; one that has room
    scene.run(&format!(
        "create table orders (id serial primary key);
        create sequence \"Narrow\";
        create table narrow (id smallint default nextval('\"Narrow\"'));
        create table roomy (id bigserial);
        select setval('orders_id_seq', 2000000000), setval('\"Narrow\"', 30000), setval('roomy_id_seq', 2000000000);
        grant pg_read_all_data to {}",
        scene.database.name
    ))
    .await;
    let issue = scene.registered.wait_for_issue("storage.sequence_exhaustion", "public.orders_id_seq").await;
    assert_eq!(issue["evidence"], json!(["public.orders_id_seq", "public.Narrow"]), "{issue}");
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("critical"), Some(93.132)));
    assert!(issue["detail"].as_str().unwrap().contains("147,483,647 are left"), "{issue}");
    scene.run(issue["how_to_fix"].as_str().unwrap()).await;
    for name in ["public.orders_id_seq", "public.Narrow"] {
        scene.registered.wait_until_resolved("storage.sequence_exhaustion", name).await;
    }
    scene.run("insert into orders default values;\ninsert into narrow default values").await;
}

#[tokio::test]
async fn a_sequence_in_another_schema_than_its_table_is_mended_as_printed() {
    let rules = json!({"storage.sequence_exhaustion": {"threshold": 80}});
    let scene = HealthScene::on(shared(NEWEST).await, &rules).await;
    scene
        .run(&format!(
            "create schema \"Seqs\"; create sequence \"Seqs\".far as int;
        create table \"Orders\" (id int default nextval('\"Seqs\".far'));
        select setval('\"Seqs\".far', 2000000000); grant pg_read_all_data to {}",
            scene.database.name
        ))
        .await;
    let issue = scene.registered.wait_for_issue("storage.sequence_exhaustion", "Seqs.far").await;
    let fix = issue["how_to_fix"].as_str().unwrap();
    assert!(fix.contains("ALTER TABLE public.\"Orders\"") && fix.contains("ACCESS EXCLUSIVE"), "{fix}");
    scene.run(fix).await;
    scene.registered.wait_until_resolved("storage.sequence_exhaustion", "Seqs.far").await;
}
