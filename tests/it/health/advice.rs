//! Advice: opened, dismissed and resolved; the fleet at a glance; rules as they are set.

use serde_json::{Value, json};

use super::scene::HealthScene;
use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, TestApp, TestDatabase, issue};

/// An invalid index, as a unique one that met two equal rows leaves behind.
const INVALID: &str = "create table twins (n int); insert into twins values (1), (1)";

async fn with_an_invalid_index() -> HealthScene {
    let scene = HealthScene::on(
        shared(NEWEST).await,
        &json!({"indexes.invalid": {}, "settings.durability": {"enabled": false}}),
    )
    .await;
    scene.admin.batch_execute(INVALID).await.unwrap();
    let created = scene.admin.batch_execute("create unique index concurrently twins_n on twins (n)").await;
    assert!(created.is_err(), "two equal rows");
    scene
}

async fn recommendation(scene: &HealthScene, path: &str, object: &str) -> Value {
    scene
        .registered
        .collected(async || {
            let list = scene.registered.client.get(path, 200).await;
            let found = list.as_array().unwrap().iter().find(|line| line["object"] == object).cloned();
            found.ok_or(list)
        })
        .await
}

#[tokio::test]
async fn recommendations_are_opened_dismissed_and_resolved() {
    let scene = with_an_invalid_index().await;
    let HealthScene { registered, .. } = &scene;
    let client = &registered.client;
    let open =
        recommendation(&scene, &format!("/databases/{}/recommendations", registered.id), "public.twins_n")
            .await;
    assert_eq!((open["rule_id"].as_str(), open["status"].as_str()), (Some("indexes.invalid"), Some("open")));
    assert_eq!(open["database_id"].as_str(), Some(registered.id.as_str()));
    registered.wait_for_issue("indexes.invalid", "public.twins_n").await;

    let path = format!("/recommendations/{}", open["id"].as_str().unwrap());
    let refused = client.patch(&path, &json!({"status": "dismissed"}), 400).await;
    assert_eq!(refused["field"], "reason");
    assert_eq!(client.patch(&path, &json!({"status": "resolved"}), 400).await["field"], "status");
    let body = json!({"status": "dismissed", "reason": "is rebuilt tonight"});
    let dismissed = client.patch(&path, &body, 200).await;
    assert_eq!(
        (&dismissed["status"], &dismissed["dismiss_reason"]),
        (&json!("dismissed"), &json!("is rebuilt tonight"))
    );
    // it costs nothing any more, though it is still so
    registered.wait_until_resolved("indexes.invalid", "public.twins_n").await;
    assert_eq!(client.get("/recommendations", 200).await, json!([]));
    recommendation(&scene, "/recommendations?status=dismissed", "public.twins_n").await;

    client.patch(&path, &json!({"status": "open"}), 200).await;
    registered.wait_for_issue("indexes.invalid", "public.twins_n").await;
    scene.run("drop index concurrently twins_n").await;
    let resolved = recommendation(&scene, "/recommendations?status=resolved", "public.twins_n").await;
    assert!(resolved["resolved_at"].is_string(), "{resolved}");
}

#[tokio::test]
async fn recommendations_belong_to_their_organization_and_are_deleted_with_their_database() {
    let scene = with_an_invalid_index().await;
    let open = recommendation(&scene, "/recommendations", "public.twins_n").await;
    let path = format!("/recommendations/{}", open["id"].as_str().unwrap());
    let stranger = Organization::verified(&scene.app, "stranger").await;
    assert_eq!(stranger.key.get("/recommendations", 200).await, json!([]));
    stranger.key.patch(&path, &json!({"status": "open"}), 404).await;
    stranger.key.get(&format!("/databases/{}/recommendations", scene.registered.id), 404).await;
    assert_eq!(stranger.key.get("/overview", 200).await, json!([]));
    scene.registered.client.delete(&format!("/databases/{}", scene.registered.id), 204).await;
    assert_eq!(scene.registered.client.get("/recommendations?status=all", 200).await, json!([]));
    scene.registered.client.patch(&path, &json!({"status": "open"}), 404).await;
}

#[tokio::test]
async fn databases_are_listed_by_score_the_lowest_first() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "fleet").await;
    let (well, ill) =
        (TestDatabase::create(shared(NEWEST).await).await, TestDatabase::create(shared(NEWEST).await).await);
    // the servers of tests do without fsync
    let usual = json!({"settings.durability": {"enabled": false}});
    let mut strict = usual.clone();
    strict["connections.saturation"] = json!({"threshold": 0.1, "for_seconds": 0});
    let registration = |database: &TestDatabase, name: &str, rules: &Value| {
        let mut body = database.registration();
        (body["name"], body["rules"]) = (name.into(), rules.clone());
        body
    };
    let well = organization.register_as(&registration(&well, "well", &usual)).await;
    let ill = organization.register_as(&registration(&ill, "ill", &strict)).await;
    let mut away = registration(&TestDatabase::create(shared(NEWEST).await).await, "away", &usual);
    // nobody listens there
    away["port"] = 1.into();
    organization.register_as(&away).await;
    let lines = ill
        .collected(async || {
            let fleet = organization.key.get("/overview", 200).await;
            let names: Vec<&str> =
                fleet.as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect();
            let scored = fleet[1]["health_score"].as_i64() < fleet[2]["health_score"].as_i64();
            // before its first polls a database is disconnected
            let worst = &fleet[1]["top_issues"][0]["rule_id"];
            let is_examined = *worst == "connections.saturation";
            if names == ["away", "ill", "well"] && scored && is_examined { Ok(fleet) } else { Err(fleet) }
        })
        .await;
    assert_eq!((&lines[0]["health_score"], &lines[0]["health"]), (&Value::Null, &json!("unhealthy")));
    assert_eq!(lines[0]["top_issues"][0]["rule_id"], "collection.disconnected");
    assert_eq!(lines[1]["id"].as_str(), Some(ill.id.as_str()));
    // the score may change between two questions
    ill.collected(async || {
        let fleet = organization.key.get("/overview", 200).await;
        let shown = [&fleet[1], &fleet[2]].map(|line| line["health_score"].clone());
        let own =
            [ill.get("/doctor").await["score"].clone(), well.get("/overview").await["health_score"].clone()];
        if shown == own { Ok(()) } else { Err((shown, own)) }
    })
    .await;
}

#[tokio::test]
async fn rules_are_set_for_one_database_and_for_all() {
    let rule = "HEALTH__RULES__CONNECTIONS__SATURATION";
    let (threshold, lasting) = (format!("{rule}__THRESHOLD"), format!("{rule}__FOR_SECONDS"));
    let app = TestApp::start_with(&[(&threshold, "0.1"), (&lasting, "0")]).await;
    let organization = Organization::verified(&app, "rules").await;
    let registered = organization.register(&TestDatabase::create(shared(NEWEST).await).await).await;
    let issue_of_all = registered.wait_for_issue("connections.saturation", "max_connections").await;
    assert_eq!(issue_of_all["threshold"], 0.1);
    registered.set_rule("connections.saturation", &json!({"threshold": 100})).await;
    registered.wait_until_resolved("connections.saturation", "max_connections").await;
    assert_eq!(registered.get("").await["rules"]["connections.saturation"]["threshold"], 100.0);

    let path = format!("/databases/{}", registered.id);
    for (rules, part) in [
        (json!({"connections.saturations": {}}), "names no rule"),
        (json!({"inserts.parts_per_partition": {}}), "names no rule"),
        (json!({"connections.saturation": {"threshold": -1}}), "must be a number from 0 up"),
        (json!({"connections.saturation": {"window_seconds": 60}}), "for rules with a window only"),
        (json!({"connections.saturation": {"treshold": 60}}), "must be one of `enabled`"),
        (json!({"locks.deadlocks": {"window_seconds": 0}}), "must be at least 1"),
    ] {
        let refused = registered.client.patch(&path, &json!({"rules": rules}), 400).await;
        assert!(refused["error"].as_str().unwrap().contains(part), "{rules}: {refused}");
    }
    registered.client.patch(&path, &json!({"rules": null}), 200).await;
    registered.wait_for_issue("connections.saturation", "max_connections").await;
    let rules = registered.client.get("/rules", 200).await;
    assert!(rules.as_array().unwrap().iter().any(|rule| rule["id"] == "locks.deadlocks"));
    assert!(issue(&registered.get("/doctor").await, "connections.saturation").is_some());
}
