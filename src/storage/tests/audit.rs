//! The audit log.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, json};
use uuid::Uuid;

use crate::storage::entity::audit_entry;
use crate::storage::store::{Actor, AuditFilter, NewAuditEntry, Outcome};
use crate::storage::tests::*;

const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

fn entry(organization: Option<OrganizationId>, actor: Actor, action: &str) -> NewAuditEntry {
    NewAuditEntry {
        organization,
        actor,
        address: Some("::ffff:192.0.2.7".parse().unwrap()),
        details: Map::from_iter([("name".to_owned(), json!("ci"))]),
        ..NewAuditEntry::by_operator(action)
    }
}

#[tokio::test]
async fn entries_are_found_newest_first_and_in_their_organization_only() {
    for Fixture { storage, .. } in fixtures().await {
        let ada = sign_up(&storage, "ada@x.org").await;
        let own = Some(ada.organization.id);
        let other = Some(sign_up(&storage, "eve@x.org").await.organization.id);
        let by_ada = Actor::User(ada.user.id);
        for (organization, actor, action) in [
            (own, by_ada, "first"),
            (own, Actor::ApiKey(Uuid::now_v7()), "second"),
            (other, by_ada, "elsewhere"),
            (None, Actor::Operator, "instance"),
        ] {
            storage.record(entry(organization, actor, action), YEAR).await.unwrap();
        }
        let refused = NewAuditEntry { outcome: Outcome::Refused, ..entry(own, Actor::Nobody, "third") };
        storage.record(refused, YEAR).await.unwrap();

        let found = async |organization, filter: AuditFilter, limit| {
            let (entries, total) = storage.audit(organization, &filter, limit).await.unwrap();
            (entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>(), total)
        };
        let all = AuditFilter::default;
        assert_eq!(found(own, all(), 2).await.0, ["third", "second"]);
        assert_eq!(found(own, all(), 2).await.1, 3);
        assert_eq!(found(other, all(), 9).await.0, ["elsewhere"]);
        assert_eq!(found(None, all(), 9).await.0, ["instance"]);
        let filter = AuditFilter { outcome: Some(Outcome::Refused), ..all() };
        assert_eq!(found(own, filter, 9).await.0, ["third"]);
        let filter = AuditFilter { actor_id: Some(ada.user.id), ..all() };
        assert_eq!(found(own, filter, 9).await.0, ["first"]);
        let filter = AuditFilter { action: Some("second".to_owned()), ..all() };
        assert_eq!(found(own, filter, 9).await.0, ["second"]);

        let (entries, _) = storage.audit(own, &all(), 9).await.unwrap();
        let first = &entries[2];
        assert_eq!((first.actor_kind.as_str(), first.actor_name.as_deref()), ("user", Some("ada@x.org")));
        assert_eq!(first.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(first.details["name"], "ci");
        assert_eq!(entries[1].actor_name, None, "the key is gone");
        let older = AuditFilter { before: Some(entries[1].id), ..all() };
        assert_eq!(found(own, older, 9).await.0, ["first"]);
    }
}

/// Makes the entry of `action` one that was written at `at`.
async fn written_at(storage: &Storage, action: &str, at: Timestamp) {
    let millis = u64::try_from(at.as_millis()).unwrap();
    let since_epoch = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1_000, 0);
    let moved = audit_entry::Entity::update_many()
        .col_expr(audit_entry::Column::Id, Expr::value(Uuid::new_v7(since_epoch)))
        .filter(audit_entry::Column::Action.eq(action))
        .exec(storage.writer.raw());
    assert_eq!(moved.await.unwrap().rows_affected, 1);
}

#[tokio::test]
async fn entries_are_found_by_time_and_deleted_after_the_retention() {
    for Fixture { storage, .. } in fixtures().await {
        let record = async |action: &str, kept| {
            storage.record(entry(None, Actor::Operator, action), kept).await.unwrap();
        };
        let found = async |filter: AuditFilter| {
            let (entries, _) = storage.audit(None, &filter, 9).await.unwrap();
            entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
        };
        let hour = Duration::from_secs(3_600);
        let hour_ago = Timestamp::now() - hour;
        record("old", YEAR).await;
        written_at(&storage, "old", hour_ago - hour).await;
        record("new", YEAR).await;
        assert_eq!(found(AuditFilter { since: Some(hour_ago), ..AuditFilter::default() }).await, ["new"]);
        assert_eq!(found(AuditFilter { until: Some(hour_ago), ..AuditFilter::default() }).await, ["old"]);
        record("newest", hour).await;
        assert_eq!(found(AuditFilter::default()).await, ["newest", "new"]);
    }
}

#[tokio::test]
async fn a_clock_jump_deletes_no_entries() {
    for Fixture { storage, .. } in fixtures().await {
        storage.record(entry(None, Actor::Operator, "kept"), YEAR).await.unwrap();
        let now = Timestamp::now();
        let ahead = now + 500 * Duration::from_secs(24 * 3_600);
        let judged = storage.time_for_deleting(ahead).await.unwrap();
        assert!(judged < now + Duration::from_secs(3_600), "{judged}");
        // also where the clock was wrong from the start
        let started = Storage { clock: std::sync::Arc::default(), ..storage.clone() };
        let judged = started.time_for_deleting(ahead).await.unwrap();
        assert!(judged < now + Duration::from_secs(3_600), "{judged}");
        assert_eq!(storage.time_for_deleting(now).await.unwrap(), now);
    }
}

#[tokio::test]
async fn the_number_of_entries_is_limited_per_organization() {
    for Fixture { storage, .. } in fixtures().await {
        let own = Some(sign_up(&storage, "ada@x.org").await.organization.id);
        for number in 0..5 {
            storage.record(entry(own, Actor::Operator, &number.to_string()), YEAR).await.unwrap();
        }
        storage.record(entry(None, Actor::Operator, "instance"), YEAR).await.unwrap();
        storage.forget_audit_above(2).await.unwrap();
        let found = async |organization| {
            let (entries, _) = storage.audit(organization, &AuditFilter::default(), 9).await.unwrap();
            entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
        };
        assert_eq!(found(own).await, ["4", "3"]);
        assert_eq!(found(None).await, ["instance"]);
    }
}
