//! Advice from its first mention to its end.

use basira_actors::model::{Advice, Checkup};
use basira_actors::ports::TargetRegistry;
use uuid::Uuid;

use crate::storage::store::{AdviceStatus, Decision, Page, Recommendation};
use crate::storage::tests::*;

fn advice(object: &str, value: f64) -> Advice {
    Advice {
        rule_id: "indexes.invalid",
        object: object.to_owned(),
        severity: "warning",
        category: "indexes",
        title: "An index is invalid",
        detail: format!("{object} costs writes and helps no read"),
        recommendation: "Rebuild it.".to_owned(),
        how_to_investigate: "SELECT 1;".to_owned(),
        how_to_fix: format!("REINDEX INDEX CONCURRENTLY {object};"),
        value,
    }
}

fn checkup(score: Option<u8>, advice: Vec<Advice>) -> Checkup {
    Checkup { score, advice, evaluated: vec!["indexes.invalid"] }
}

/// Each with its status, by object.
async fn statuses(storage: &Storage, own: OrganizationId) -> Vec<(String, AdviceStatus)> {
    let mut found = storage.recommendations(own).list(None, None, Page::ALL).await.unwrap().0;
    found.sort_by(|a, b| a.object.cmp(&b.object));
    found.into_iter().map(|one| (one.object, one.status)).collect()
}

fn of(expected: &[(&str, AdviceStatus)]) -> Vec<(String, AdviceStatus)> {
    expected.iter().map(|(object, status)| ((*object).to_owned(), *status)).collect()
}

async fn one(storage: &Storage, own: OrganizationId, object: &str) -> Recommendation {
    let found = storage.recommendations(own).list(None, None, Page::ALL).await.unwrap().0;
    found.into_iter().find(|one| one.object == object).unwrap()
}

#[tokio::test]
async fn rules_open_update_and_resolve() {
    use AdviceStatus::{Open, Resolved};
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "a@x.org").await.organization.id;
        let stored = database(own, "orders");
        let id = stored.id;
        storage.databases(own).insert(&stored, None).await.unwrap();

        targets(&storage)
            .record_checkup(id, checkup(Some(93), vec![advice("a", 1.0), advice("b", 1.0)]))
            .await
            .unwrap();
        assert_eq!(statuses(&storage, own).await, of(&[("a", Open), ("b", Open)]));
        assert_eq!(storage.databases(own).find(id).await.unwrap().unwrap().health_score, Some(93));
        let first = one(&storage, own, "a").await;

        targets(&storage).record_checkup(id, checkup(None, vec![advice("a", 2.0)])).await.unwrap();
        assert_eq!(statuses(&storage, own).await, of(&[("a", Open), ("b", Resolved)]));
        let updated = one(&storage, own, "a").await;
        assert_eq!((updated.id, updated.opened_at, updated.value), (first.id, first.opened_at, 2.0));
        assert!(one(&storage, own, "b").await.resolved_at.is_some());
        assert_eq!(storage.databases(own).find(id).await.unwrap().unwrap().health_score, None);

        // a rule that could not look says nothing
        targets(&storage).record_checkup(id, Checkup::default()).await.unwrap();
        assert_eq!(statuses(&storage, own).await, of(&[("a", Open), ("b", Resolved)]));
        targets(&storage).record_checkup(id, checkup(None, vec![advice("b", 1.0)])).await.unwrap();
        assert_eq!(statuses(&storage, own).await, of(&[("a", Resolved), ("b", Open)]));

        let other = sign_up(&storage, "b@x.org").await.organization.id;
        assert_eq!(statuses(&storage, other).await, []);
        storage.databases(own).delete(id).await.unwrap();
        assert_eq!(statuses(&storage, own).await, []);
        // the doctor may be late
        targets(&storage).record_checkup(id, checkup(Some(1), vec![advice("a", 1.0)])).await.unwrap();
        assert_eq!(statuses(&storage, own).await, []);
    }
}

#[tokio::test]
async fn a_dismissed_recommendation_stays_dismissed() {
    use AdviceStatus::{Dismissed, Open, Resolved};
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "a@x.org").await.organization.id;
        let other = sign_up(&storage, "b@x.org").await.organization.id;
        let stored = database(own, "orders");
        let id = stored.id;
        storage.databases(own).insert(&stored, None).await.unwrap();
        let examined =
            async |advice| targets(&storage).record_checkup(id, checkup(Some(90), advice)).await.unwrap();
        examined(vec![advice("a", 1.0)]).await;
        let known = one(&storage, own, "a").await.id;
        let dismiss = || Decision::Dismiss { reason: "tonight".to_owned(), by: None };

        assert_eq!(storage.recommendations(other).decide(known, dismiss(), NOW).await.unwrap(), None);
        assert_eq!(storage.recommendations(own).decide(Uuid::now_v7(), dismiss(), NOW).await.unwrap(), None);
        let decided = storage.recommendations(own).decide(known, dismiss(), NOW).await.unwrap().unwrap();
        assert_eq!((decided.status, decided.dismiss_reason.as_deref()), (Dismissed, Some("tonight")));
        let pair = ("indexes.invalid".to_owned(), "a".to_owned());
        assert!(targets(&storage).all().await.unwrap()[0].dismissed.contains(&pair), "the actor is told");

        examined(vec![advice("a", 1.0)]).await;
        assert_eq!(statuses(&storage, own).await, of(&[("a", Dismissed)]));
        examined(vec![]).await;
        assert_eq!(statuses(&storage, own).await, of(&[("a", Resolved)]));
        examined(vec![advice("a", 1.0)]).await;
        assert_eq!(
            statuses(&storage, own).await,
            of(&[("a", Dismissed)]),
            "it is back, and still not wanted"
        );

        let reopened =
            storage.recommendations(own).decide(known, Decision::Reopen, NOW).await.unwrap().unwrap();
        assert_eq!((reopened.status, reopened.dismissed_at), (Open, None));
        assert!(targets(&storage).all().await.unwrap()[0].dismissed.is_empty());
    }
}
