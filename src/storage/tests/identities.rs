//! Identities at providers, from the first sign-in to the last.

use crate::storage::store::{Home, NewIdentity, Newcomer, Slugs};
use crate::storage::tests::*;

const LATER: Timestamp = Timestamp(NOW.0 + 60_000);

fn identity(subject: &str) -> NewIdentity<'_> {
    NewIdentity { issuer: "https://login.example", subject, email: Some("Ada@X.org") }
}

fn newcomer<'a>(email: &'a str, home: Home<'a>) -> Newcomer<'a> {
    Newcomer { email, name: "Ada", role: "viewer", password_hash: "$hash", home }
}

#[tokio::test]
async fn an_identity_belongs_to_one_user_until_it_is_removed() {
    for Fixture { storage, .. } in fixtures().await {
        let (ada, eve) = (sign_up(&storage, "ada@x.org").await, sign_up(&storage, "eve@x.org").await);
        assert_eq!(storage.account_by_identity(&identity("1"), NOW).await.unwrap(), None);
        storage.insert_identity(ada.user.id, identity("1"), NOW).await.unwrap();
        let taken = storage.insert_identity(eve.user.id, identity("1"), NOW).await;
        assert!(matches!(taken, Err(StorageError::Conflict(_))), "{taken:?}");
        let elsewhere = NewIdentity { issuer: "https://other.example", ..identity("1") };
        storage.insert_identity(eve.user.id, elsewhere, NOW).await.unwrap();

        assert_eq!(storage.account_by_identity(&identity("1"), LATER).await.unwrap(), Some(ada.clone()));
        let found = storage.identities(ada.user.id).await.unwrap();
        assert_eq!((found.len(), found[0].created_at, found[0].last_used_at), (1, NOW, LATER));
        assert_eq!(found[0].email.as_deref(), Some("Ada@X.org"));

        assert!(!storage.delete_identity(eve.user.id, found[0].id).await.unwrap());
        assert!(storage.delete_identity(ada.user.id, found[0].id).await.unwrap());
        assert!(!storage.delete_identity(ada.user.id, found[0].id).await.unwrap());
        assert_eq!(storage.account_by_identity(&identity("1"), NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn identities_are_deleted_with_their_user() {
    for Fixture { storage, .. } in fixtures().await {
        let ada = sign_up(&storage, "ada@x.org").await;
        storage.insert_identity(ada.user.id, identity("1"), NOW).await.unwrap();
        storage.writer.raw().execute_unprepared("DELETE FROM user_account").await.unwrap();
        assert_eq!(storage.identities(ada.user.id).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_new_account_is_created_with_its_identity_or_not_at_all() {
    for Fixture { storage, .. } in fixtures().await {
        let nowhere = newcomer("ada@x.org", Home::Joins { slug: "acme" });
        assert_eq!(storage.create_account_of(nowhere, identity("1"), NOW).await.unwrap(), None);

        let founds = Home::Founds {
            name: "Acme",
            slugs: Slugs { wanted: vec!["acme".to_owned()], reserved: vec!["acme".to_owned()] },
            plan: "free",
        };
        let ada = storage.create_account_of(newcomer("ada@x.org", founds), identity("1"), NOW).await;
        let ada = ada.unwrap().unwrap();
        assert!(ada.organization.verified && ada.user.email_verified && ada.user.instance_admin);
        let joins = || Home::Joins { slug: "acme" };
        let bob = storage.create_account_of(newcomer("bob@x.org", joins()), identity("2"), NOW).await;
        let bob = bob.unwrap().unwrap();
        assert_eq!((bob.organization, bob.user.instance_admin), (ada.organization, false));

        // with an address or an identity that somebody has, nothing is left behind
        for (email, subject) in [("ada@x.org", "3"), ("eve@x.org", "2")] {
            let taken = storage.create_account_of(newcomer(email, joins()), identity(subject), NOW).await;
            assert!(matches!(taken, Err(StorageError::Conflict(_))), "{taken:?}");
        }
        assert_eq!(storage.account_by_email("eve@x.org").await.unwrap(), None);
        assert_eq!(storage.account_by_identity(&identity("3"), NOW).await.unwrap(), None);
    }
}
