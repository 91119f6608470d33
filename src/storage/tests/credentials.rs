//! Accounts, tokens and keys.

use uuid::Uuid;

use crate::storage::store::{
    EndedSession, NewApiKey, NewEmailToken, NewRefreshToken, Page, Purpose, Rotation,
};
use crate::storage::tests::*;

fn refresh_token(hash: &str) -> NewRefreshToken {
    NewRefreshToken { token_hash: hash.to_owned(), expires_at: NOW + Duration::from_secs(60) }
}

#[tokio::test]
async fn only_the_first_account_of_an_instance_is_its_admin() {
    for Fixture { storage, .. } in fixtures().await {
        let (first, second) = tokio::join!(sign_up(&storage, "a@x.org"), sign_up(&storage, "b@x.org"));
        assert_ne!(first.user.instance_admin, second.user.instance_admin);
        assert_ne!(first.organization.id, second.organization.id);
    }
}

#[tokio::test]
async fn addresses_and_slugs_are_unique() {
    for Fixture { storage, .. } in fixtures().await {
        sign_up(&storage, "a@x.org").await;
        let new = |email, slugs: &[&str]| NewAccount {
            email,
            name: "Bob",
            role: "owner",
            password_hash: "$hash",
            organization_name: "X",
            slugs: Slugs {
                wanted: slugs.iter().map(|&slug| slug.to_owned()).collect(),
                reserved: vec!["reserved".to_owned()],
            },
            plan: "free",
            verified: false,
            verified_if_first: false,
            session: None,
        };
        let taken = storage.create_account(new("a@x.org", &["free"]), NOW).await;
        assert!(matches!(taken, Err(StorageError::Conflict(_))), "{taken:?}");
        let bob =
            storage.create_account(new("b@x.org", &["a@x.org", "reserved", "second"]), NOW).await.unwrap();
        assert_eq!(bob.organization.slug, "second");
        assert_eq!(storage.account_by_email("b@x.org").await.unwrap(), Some(bob.clone()));

        let elsewhere = storage.account(OrganizationId::generate(), bob.user.id).await.unwrap();
        assert_eq!(elsewhere, None, "a person is found in its own organization only");
    }
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_revokes_the_family() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        let (session_id, user_id) = (Uuid::now_v7(), account.user.id);
        storage.start_session(session_id, account.user.id, refresh_token("one")).await.unwrap();
        let rotate = async |hash: &str, next: &str, at| {
            storage.rotate_refresh_token(hash, refresh_token(next), at).await.unwrap()
        };

        assert_eq!(rotate("unknown", "x", NOW).await, Rotation::Refused);
        assert_eq!(rotate("one", "x", NOW + Duration::from_secs(60)).await, Rotation::Refused, "expired");
        assert_eq!(
            rotate("one", "two", NOW).await,
            Rotation::Rotated { session_id, account: account.into() }
        );
        let ended = EndedSession { session_id, user_id };
        assert_eq!(rotate("one", "x", NOW).await, Rotation::Reused(ended));
        assert_eq!(rotate("two", "x", NOW).await, Rotation::Refused, "its family is revoked");
    }
}

#[tokio::test]
async fn a_logout_ends_its_session_and_no_other() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        let tablet = Uuid::now_v7();
        storage.start_session(tablet, account.user.id, refresh_token("tablet")).await.unwrap();
        for hash in ["phone", "laptop"] {
            storage.start_session(Uuid::now_v7(), account.user.id, refresh_token(hash)).await.unwrap();
        }
        storage.end_session_of("phone", NOW).await.unwrap();
        storage.end_session_of("unknown", NOW).await.unwrap();
        storage.end_session(tablet, NOW).await.unwrap();
        for hash in ["phone", "tablet"] {
            let ended = storage.rotate_refresh_token(hash, refresh_token("x"), NOW).await.unwrap();
            assert_eq!(ended, Rotation::Refused, "{hash}");
        }
        let laptop = storage.rotate_refresh_token("laptop", refresh_token("y"), NOW).await.unwrap();
        assert!(matches!(laptop, Rotation::Rotated { .. }));
    }
}

#[tokio::test]
async fn of_concurrent_refreshes_one_succeeds() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        storage.start_session(Uuid::now_v7(), account.user.id, refresh_token("one")).await.unwrap();
        let rivals = (0..8).map(|rival| {
            let storage = storage.clone();
            tokio::spawn(async move {
                storage
                    .rotate_refresh_token("one", refresh_token(&format!("next {rival}")), NOW)
                    .await
                    .unwrap()
            })
        });
        let mut won = 0;
        for rival in rivals.collect::<Vec<_>>() {
            won += u32::from(matches!(rival.await.unwrap(), Rotation::Rotated { .. }));
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn a_verification_token_works_once_and_for_its_purpose() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        for (token_hash, purpose) in [("verify", Purpose::VerifyEmail), ("reset", Purpose::ResetPassword)] {
            let token = NewEmailToken {
                user_id: account.user.id,
                purpose,
                token_hash: token_hash.to_owned(),
                expires_at: NOW + Duration::from_secs(60),
            };
            storage.insert_email_token(token).await.unwrap();
        }
        let verify = async |hash: &str, at| storage.verify_email(hash, at).await.unwrap();

        assert_eq!(verify("reset", NOW).await, None);
        assert_eq!(verify("verify", NOW + Duration::from_secs(60)).await, None, "expired");
        let organization = storage.organization(account.organization.id).await.unwrap().unwrap();
        assert!(!organization.verified);
        assert_eq!(verify("verify", NOW).await, Some(account.user.id));
        assert_eq!(verify("verify", NOW).await, None, "spent");
        let organization = storage.organization(account.organization.id).await.unwrap().unwrap();
        assert!(organization.verified);
    }
}

#[tokio::test]
async fn keys_are_listed_and_revoked_in_their_organization_only() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        let own = account.organization.id;
        let other = sign_up(&storage, "b@x.org").await.organization.id;
        let new = NewApiKey {
            key_id: "k1".to_owned(),
            name: "ci",
            prefix: "dbm_ak_k1".to_owned(),
            secret_hash: "hash".to_owned(),
            created_by: account.user.id,
            scope: "admin",
            expires_at: None,
            allowed_addresses: Vec::new(),
        };
        let key = storage.api_keys(own).insert(new, NOW).await.unwrap();

        assert_eq!(storage.api_keys(own).list(false, Page::ALL).await.unwrap().0, std::slice::from_ref(&key));
        assert_eq!(storage.api_keys(other).list(true, Page::ALL).await.unwrap().0, []);
        assert!(!storage.api_keys(other).revoke(key.id, NOW).await.unwrap());
        assert_eq!(storage.api_key("k1").await.unwrap().unwrap().key.revoked_at, None);

        assert!(storage.api_keys(own).revoke(key.id, NOW).await.unwrap());
        let later = NOW + Duration::from_secs(1);
        assert!(storage.api_keys(own).revoke(key.id, later).await.unwrap());
        assert_eq!(storage.api_keys(own).list(false, Page::ALL).await.unwrap().0, []);
        assert_eq!(storage.api_keys(own).list(true, Page::ALL).await.unwrap().0[0].revoked_at, Some(NOW));
    }
}

#[tokio::test]
async fn the_use_of_a_key_is_recorded_once_a_minute() {
    for Fixture { storage, .. } in fixtures().await {
        let account = sign_up(&storage, "a@x.org").await;
        let own = account.organization.id;
        let new = NewApiKey {
            key_id: "k1".to_owned(),
            name: "ci",
            prefix: "dbm_ak_k1".to_owned(),
            secret_hash: "hash".to_owned(),
            created_by: account.user.id,
            scope: "admin",
            expires_at: None,
            allowed_addresses: Vec::new(),
        };
        storage.api_keys(own).insert(new, NOW).await.unwrap();
        let used = async |seconds| {
            let key = storage.api_key("k1").await.unwrap().unwrap().key;
            storage
                .note_api_key_use(&key, "192.0.2.7".parse().ok(), NOW + Duration::from_secs(seconds))
                .await
                .unwrap();
            let noted = storage.api_key("k1").await.unwrap().unwrap().key;
            assert_eq!(noted.last_used_from.as_deref(), Some("192.0.2.7"));
            noted.last_used_at.unwrap().since(NOW).as_secs()
        };
        assert_eq!(used(1).await, 1);
        assert_eq!(used(60).await, 1);
        assert_eq!(used(61).await, 61);
    }
}
