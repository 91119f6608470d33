//! Rules about what fills up.

use serde_json::json;

use super::scene::Ward;
use crate::harness::postgres::{NEWEST, shared};

#[tokio::test]
async fn sequences_come_to_their_end() {
    let rules = json!({"storage.sequence_exhaustion": {"threshold": 80}});
    let ward = Ward::on(shared(NEWEST).await, &rules).await;
    // both an integer; a column that holds less than its sequence; one that has room
    ward.run(&format!(
        "create table orders (id serial primary key);
        create sequence \"Narrow\";
        create table narrow (id smallint default nextval('\"Narrow\"'));
        create table roomy (id bigserial);
        select setval('orders_id_seq', 2000000000), setval('\"Narrow\"', 30000), setval('roomy_id_seq', 2000000000);
        grant pg_read_all_data to {}",
        ward.database.name
    ))
    .await;
    let issue = ward.registered.falls_ill("storage.sequence_exhaustion", "public.orders_id_seq").await;
    assert_eq!(issue["evidence"], json!(["public.orders_id_seq", "public.Narrow"]), "{issue}");
    assert_eq!((issue["severity"].as_str(), issue["value"].as_f64()), (Some("critical"), Some(93.132)));
    assert!(issue["detail"].as_str().unwrap().contains("147,483,647 are left"), "{issue}");
    ward.run(issue["how_to_fix"].as_str().unwrap()).await;
    for name in ["public.orders_id_seq", "public.Narrow"] {
        ward.registered.recovers("storage.sequence_exhaustion", name).await;
    }
    ward.run("insert into orders default values;\ninsert into narrow default values").await;
}
