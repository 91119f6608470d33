//! How many of something an organization may have, counted while others register too.

use uuid::Uuid;

use crate::quota::{Quota, QuotaExceeded};
use crate::storage::store::{NewApiKey, NewInvitation, Page, RegisterError};
use crate::storage::tests::*;

fn is_exceeded<T>(outcome: Result<T, StorageError>, expected: Quota, allowed: u64) -> bool {
    matches!(outcome, Err(StorageError::Quota(QuotaExceeded { quota, most })) if quota == expected && most == allowed)
}

fn key(key_id: &str, created_by: Uuid) -> NewApiKey<'_> {
    NewApiKey {
        key_id: key_id.to_owned(),
        name: "ci",
        prefix: format!("dbm_ak_{key_id}"),
        secret_hash: "hash".to_owned(),
        created_by,
        scope: "admin",
        expires_at: None,
        allowed_addresses: Vec::new(),
    }
}

fn invitation(email: &str) -> NewInvitation<'_> {
    let token_hash = format!("hash of {email}");
    let expires_at = NOW + Duration::from_secs(60);
    NewInvitation { email, role: "viewer", token_hash, invited_by: None, expires_at }
}

#[tokio::test]
async fn quotas_are_enforced_per_organization() {
    for Fixture { storage, .. } in fixtures().await {
        let (ada, eve) = (sign_up(&storage, "a@x.org").await, sign_up(&storage, "e@x.org").await);
        let (own, other) = (ada.organization.id, eve.organization.id);
        let key = |key_id| key(key_id, ada.user.id);
        storage.api_keys(other).insert(self::key("other", eve.user.id), NOW).await.unwrap();
        let keys = || storage.api_keys(own).at_most(2);
        let first = keys().insert(key("one"), NOW).await.unwrap();
        keys().insert(key("two"), NOW).await.unwrap();
        assert!(is_exceeded(keys().insert(key("three"), NOW).await, Quota::ApiKeys, 2));
        assert!(storage.api_keys(own).revoke(first.id, NOW).await.unwrap());
        keys().insert(key("three"), NOW).await.unwrap();
        let (page, total) = keys().list(true, Page { limit: 1, offset: 1 }).await.unwrap();
        assert_eq!((page.len(), page[0].prefix.as_str(), total), (1, "dbm_ak_two", 3));

        let invitations = || storage.invitations(own).at_most(2);
        invitations().insert(invitation("b@x.org"), NOW).await.unwrap();
        invitations().insert(invitation("b@x.org"), NOW).await.unwrap();
        assert!(is_exceeded(invitations().insert(invitation("c@x.org"), NOW).await, Quota::People, 2));
        let later = NOW + Duration::from_secs(61);
        invitations().insert(invitation("c@x.org"), later).await.unwrap();

        let verified = "UPDATE organization SET verified = true";
        storage.writer.raw().execute_unprepared(verified).await.unwrap();
        let databases = storage.databases(own).at_most(1);
        let (one, two) = (database(own, "one"), database(own, "two"));
        let (first, second) = tokio::join!(databases.insert(&one, None), databases.insert(&two, None));
        let refused = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert!(
            matches!(&refused[..], [RegisterError::Storage(StorageError::Quota(exceeded))] if exceeded.quota == Quota::Databases),
            "{refused:?}"
        );
        let (page, total) = databases.page(Page { limit: 1, offset: 1 }).await.unwrap();
        assert_eq!((page.len(), total), (0, 1));
    }
}
