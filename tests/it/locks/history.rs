//! The flight recorder: what is over can be looked at again.

use std::time::Duration;

use basira_actors::model::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{SECRET, SEEN_WITHIN, Scene, lines_of};
use crate::harness::eventually;
use crate::harness::postgres::{NEWEST, shared};

#[tokio::test]
async fn a_past_minute_is_replayed_as_it_was_shown() {
    let mut scene = Scene::on(shared(NEWEST).await).await;
    let update = format!("update orders set note = '{SECRET}' where id = 1");
    let holder = scene.holds("holder", &update).await;
    let second = scene.waits("second", &update).await;
    let third = scene.waits("third", &update).await;
    let pids = [holder.pid, second, third];

    let tree = scene.tree_of(holder.pid, 2).await;
    let moment = tree["ts"].as_str().unwrap().to_owned();
    let active = eventually(SEEN_WITHIN, async || {
        let active = scene.registered.get("/active?limit=200").await;
        let ours = lines_of(&active, &pids);
        if ours.iter().any(|line| line["blocking_pids"] == json!([second])) { Ok(ours) } else { Err(active) }
    })
    .await;
    let locks = lines_of(&scene.registered.get("/locks?limit=500").await, &pids);

    holder.client.batch_execute("rollback").await.unwrap();
    scene.all_done().await;
    eventually(SEEN_WITHIN, async || {
        let left = lines_of(&scene.registered.get("/locks?limit=500").await, &pids);
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;

    let replayed = scene.registered.get(&format!("/locks/tree?at={moment}")).await;
    assert!(replayed.as_array().unwrap().contains(&tree), "{replayed:#} instead of {tree:#}");
    let then = active[0]["ts"].as_str().unwrap();
    let replayed = scene.registered.get(&format!("/active?limit=200&at={then}")).await;
    assert_eq!(sorted(lines_of(&replayed, &pids)), sorted(active));

    // of the locks, those that somebody waits for
    let then = locks[0]["ts"].as_str().unwrap();
    let concerned = |line: &Value| line["granted"] == false || line["blocks_others"] == true;
    let expected: Vec<Value> = locks.iter().filter(|line| concerned(line)).cloned().collect();
    let replayed = scene.registered.get(&format!("/locks?limit=500&at={then}")).await;
    assert_eq!(sorted(lines_of(&replayed, &pids)), sorted(expected));
    // a moment later it was still so, as far as anybody looked
    let later = then.parse::<Timestamp>().unwrap() + Duration::from_millis(700);
    let replayed = scene.registered.get(&format!("/locks?limit=500&at={later}")).await;
    assert_eq!(lines_of(&replayed, &[third])[0]["ts"], then);

    nothing_before_the_first_look(&scene).await;
    no_literal_is_kept(&scene);
}

/// Lines that are equally old may stand in any order.
fn sorted(mut lines: Vec<Value>) -> Vec<Value> {
    lines.sort_by_key(ToString::to_string);
    lines
}

async fn nothing_before_the_first_look(scene: &Scene) {
    let before = |hours: u64| Timestamp::now() - Duration::from_secs(hours * 3600);
    for view in ["active", "locks", "locks/tree"] {
        for (hours, reason) in [(1, "30 s"), (100, "48 h")] {
            let path = format!("/databases/{}/{view}?at={}", scene.registered.id, before(hours));
            let answer = scene.registered.client.request(Method::GET, &path).send().await.unwrap();
            let told = answer.headers()["x-unavailable-reason"].to_str().unwrap().to_owned();
            assert!(told.contains(reason), "{view}: {told}");
            assert_eq!(answer.json::<Value>().await.unwrap(), json!([]), "{view}");
        }
        let ahead = Timestamp::now() + Duration::from_secs(60);
        for at in [ahead.to_string(), "yesterday".to_owned()] {
            let path = format!("/databases/{}/{view}?at={at}", scene.registered.id);
            let refusal = scene.registered.client.get(&path, 400).await;
            assert_eq!(refusal["field"], "at", "{view}: {refusal}");
        }
    }
}

/// Neither packed samples nor texts have the literal, nor has the log.
fn no_literal_is_kept(scene: &Scene) {
    let mut looked_at = 0;
    for file in std::fs::read_dir(scene.app.data_dir()).unwrap().flatten() {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        looked_at += bytes.len();
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "a literal is in {}", file.path().display());
    }
    assert!(looked_at > 0);
    assert!(!scene.app.log().contains(SECRET));
}
