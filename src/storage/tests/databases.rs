//! Registered databases.

use basira_actors::ports::{Observation, TargetRegistry};

use crate::storage::store::{Defaults, PasswordChange, RegisterError};
use crate::storage::tests::*;

async fn verified(storage: &Storage, email: &str) -> OrganizationId {
    let id = sign_up(storage, email).await.organization.id;
    storage.writer.raw().execute_unprepared("UPDATE organization SET verified = true").await.unwrap();
    id
}

#[tokio::test]
async fn a_database_comes_back_as_it_was_stored_to_its_organization_only() {
    for Fixture { storage, .. } in fixtures().await {
        let own = verified(&storage, "a@x.org").await;
        let other = verified(&storage, "b@x.org").await;
        let stored = database(own, "orders");
        let id = stored.id;
        storage.databases(own).insert(&stored, Some(&password())).await.unwrap();

        assert_eq!(storage.databases(own).find(id).await.unwrap(), Some(stored.clone()));
        assert_eq!(storage.databases(own).list().await.unwrap(), std::slice::from_ref(&stored));
        let target = stored.into_target(Some(password()));
        assert_eq!(targets(&storage).find(id).await.unwrap().as_ref(), Some(&target));
        assert_eq!(targets(&storage).all().await.unwrap(), [target]);

        assert_eq!(storage.databases(other).find(id).await.unwrap(), None);
        assert_eq!(storage.databases(other).list().await.unwrap(), []);
        assert!(!storage.databases(other).delete(id).await.unwrap());
        let changed = storage
            .databases(other)
            .update(id, PasswordChange::Keep, |database| database.name.clear())
            .await
            .unwrap();
        assert_eq!(changed, None);
        assert!(storage.databases(own).delete(id).await.unwrap());
        assert!(!storage.databases(own).delete(id).await.unwrap());
    }
}

#[tokio::test]
async fn names_are_unique_in_an_organization() {
    for Fixture { storage, .. } in fixtures().await {
        let own = verified(&storage, "a@x.org").await;
        let other = verified(&storage, "b@x.org").await;
        storage.databases(own).insert(&database(own, "orders"), Some(&password())).await.unwrap();
        storage.databases(other).insert(&database(other, "orders"), Some(&password())).await.unwrap();
        let twice = storage.databases(own).insert(&database(own, "orders"), Some(&password())).await;
        assert!(matches!(twice, Err(RegisterError::NameTaken)), "{twice:?}");

        let second = database(own, "billing");
        storage.databases(own).insert(&second, Some(&password())).await.unwrap();
        let databases = storage.databases(own);
        let renamed = databases
            .update(second.id, PasswordChange::Keep, |database| database.name = "orders".into())
            .await;
        assert!(matches!(renamed, Err(RegisterError::NameTaken)), "{renamed:?}");
    }
}

#[tokio::test]
async fn concurrent_registrations_of_an_unverified_organization_store_one_database() {
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "a@x.org").await.organization.id;
        let (one, two) = (database(own, "one"), database(own, "two"));
        let databases = storage.databases(own);
        let (first, second) = tokio::join!(databases.insert(&one, None), databases.insert(&two, None));
        let refused = if first.is_ok() { second } else { first };
        assert!(matches!(refused, Err(RegisterError::VerificationRequired)), "{refused:?}");
        assert_eq!(storage.databases(own).list().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_update_keeps_observed_fields_and_an_observation_keeps_unknown_ones() {
    for Fixture { storage, .. } in fixtures().await {
        let own = verified(&storage, "a@x.org").await;
        let id = {
            let stored = database(own, "orders");
            storage.databases(own).insert(&stored, Some(&password())).await.unwrap();
            stored.id
        };
        let seen = Observation {
            last_seen_at: Some(NOW),
            last_error: None,
            engine_version: Some("16.4".to_owned()),
        };
        targets(&storage).record_observation(id, seen).await.unwrap();
        let away =
            Observation { last_seen_at: None, last_error: Some("refused".to_owned()), engine_version: None };
        targets(&storage).record_observation(id, away).await.unwrap();
        let changed = storage
            .databases(own)
            .update(id, PasswordChange::Set(password()), |database| database.port = 6432)
            .await
            .unwrap();

        let found = storage.databases(own).find(id).await.unwrap().unwrap();
        assert_eq!(changed.as_ref(), Some(&found));
        assert_eq!(found.port, 6432);
        assert_eq!(found.last_seen_at, Some(NOW));
        assert_eq!(found.engine_version.as_deref(), Some("16.4"));
        assert_eq!(found.last_error.as_deref(), Some("refused"));
    }
}

#[tokio::test]
async fn passwords_are_encrypted_and_survive_a_start_with_the_wrong_key() {
    let Fixture { storage, url, directory } = sqlite().await;
    let own = verified(&storage, "a@x.org").await;
    let stored = database(own, "orders");
    let id = stored.id;
    storage.databases(own).insert(&stored, Some(&password())).await.unwrap();
    let file = std::fs::read(directory.path().join("deep/basira.db-wal")).unwrap();
    assert!(!file.windows(14).any(|bytes| bytes == b"hunter2hunter2"));

    let stored_password =
        async |targets: &Targets| targets.find(id).await.unwrap().and_then(|target| target.password);
    let mistaken = Storage::open(&url, &[8; 32]).await.unwrap();
    let with_wrong_key = Targets::new(mistaken.clone(), &[8; 32]);
    assert_eq!(stored_password(&with_wrong_key).await, None);
    let databases = mistaken.databases(own);
    // the key may come back, and then the password would be sent to the other port
    let moved = databases.update(id, PasswordChange::Keep, |database| database.port = 6432).await;
    assert!(matches!(moved, Err(RegisterError::PasswordRequired)), "{moved:?}");
    databases.update(id, PasswordChange::Keep, |database| database.name.push('2')).await.unwrap();
    assert_eq!(stored_password(&targets(&storage)).await, Some(password()));

    let databases = storage.databases(own);
    let other = Secret::new("another");
    databases.update(id, PasswordChange::Set(other.clone()), |_| {}).await.unwrap();
    assert_eq!(stored_password(&targets(&storage)).await, Some(other));
    databases.update(id, PasswordChange::Remove, |_| {}).await.unwrap();
    assert_eq!(stored_password(&targets(&storage)).await, None);
}

#[tokio::test]
async fn databases_are_deleted_with_their_organization() {
    for Fixture { storage, .. } in fixtures().await {
        let own = verified(&storage, "a@x.org").await;
        storage.databases(own).insert(&database(own, "orders"), Some(&password())).await.unwrap();
        storage.writer.raw().execute_unprepared("DELETE FROM organization").await.unwrap();
        assert_eq!(targets(&storage).all().await.unwrap(), []);
        assert_eq!(storage.account_by_email("a@x.org").await.unwrap(), None);
    }
}

#[tokio::test]
async fn databases_without_own_interval_or_collectors_use_the_configuration() {
    for Fixture { storage, .. } in fixtures().await {
        let own = verified(&storage, "a@x.org").await;
        let follows = |poll_interval, disabled_collectors| Follows { poll_interval, disabled_collectors };
        let mut stored = Vec::new();
        for (name, follows) in [
            ("both", follows(true, true)),
            ("interval", follows(true, false)),
            ("none", follows(false, false)),
        ] {
            let database = DatabaseRecord { follows, ..database(own, name) };
            storage.databases(own).insert(&database, Some(&password())).await.unwrap();
            stored.push(database);
        }
        let names = BTreeSet::from(["pg_locks".to_owned()]);
        let poll_interval = Duration::from_secs(77);
        let defaults = |_| Defaults { poll_interval, disabled_collectors: names.clone() };
        let changed: BTreeSet<_> =
            storage.follow_defaults(defaults).await.unwrap().into_iter().map(|id| id.0).collect();
        assert_eq!(changed, stored[..2].iter().map(|database| database.id.0).collect());
        let mut expected = stored.clone();
        expected[0].poll_interval = poll_interval;
        expected[0].disabled_collectors.clone_from(&names);
        expected[1].poll_interval = poll_interval;
        assert_eq!(storage.databases(own).list().await.unwrap(), expected);
        assert!(targets(&storage).all().await.unwrap().iter().all(|target| target.password.is_some()));
        assert_eq!(storage.follow_defaults(defaults).await.unwrap(), [], "once is enough");
    }
}
