//! Passwords encrypted again while others register and change databases.

use basira_actors::ports::TargetRegistry;

use super::*;

fn key(digit: &str) -> Secret {
    Secret::new(digit.repeat(64))
}

fn ring(current: &str, previous: &str) -> SecretRing {
    SecretRing::fixed(key(current), Some(key(previous)))
}

async fn verified(storage: &Storage) -> OrganizationId {
    let account = sign_up(storage, "a@x.org").await;
    storage.writer.raw().execute_unprepared("UPDATE organization SET verified = true").await.unwrap();
    account.organization.id
}

#[tokio::test]
async fn every_password_is_encrypted_again_or_none() {
    for Fixture { url, storage, directory: _directory } in fixtures().await {
        let own = verified(&storage).await;
        storage.close().await.unwrap();
        let old = Storage::open(&url, SecretRing::fixed(key("a"), None)).await.unwrap();
        let lost = Storage::open(&url, SecretRing::fixed(key("f"), None)).await.unwrap();
        let mut stored = Vec::new();
        for number in 0..20 {
            let database = database(own, &format!("db{number}"));
            old.databases(own).insert(&database, Some(&password())).await.unwrap();
            stored.push(database);
        }
        let gone = database(own, "gone");
        lost.databases(own).insert(&gone, Some(&password())).await.unwrap();
        old.databases(own).insert(&database(own, "open"), None).await.unwrap();

        let both = Storage::open(&url, ring("b", "a")).await.unwrap();
        let reencrypted = both.reencrypt().await.unwrap();
        let unreadable = vec![gone.id];
        assert_eq!(
            (reencrypted.changed, reencrypted.unchanged, &reencrypted.unreadable),
            (20, 0, &unreadable)
        );
        let again = both.reencrypt().await.unwrap();
        assert_eq!((again.changed, again.unchanged, &again.unreadable), (0, 20, &unreadable));

        let new = Storage::open(&url, SecretRing::fixed(key("b"), None)).await.unwrap();
        let read_by = async |storage: &Storage, key: &str, id| {
            let targets = Targets::new(storage.clone(), SecretRing::fixed(Secret::new(key.repeat(64)), None));
            targets.find(id).await.unwrap().unwrap().password
        };
        for database in &stored {
            assert_eq!(read_by(&new, "b", database.id).await, Some(password()));
            assert_eq!(read_by(&old, "a", database.id).await, None, "the old key opens it still");
        }
        assert_eq!(read_by(&lost, "f", gone.id).await, Some(password()), "what cannot be read was changed");
        for storage in [old, lost, both, new] {
            storage.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn reencryption_waits_for_uncommitted_encryptions() {
    for Fixture { storage, .. } in fixtures().await {
        let sealing = storage.begin_encrypting().await.unwrap();
        let resealing = tokio::spawn({
            let storage = storage.clone();
            async move { storage.reencrypt().await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!resealing.is_finished(), "it went ahead of who took the old key");
        sealing.commit().await.unwrap();
        resealing.await.unwrap().unwrap();
    }
}
