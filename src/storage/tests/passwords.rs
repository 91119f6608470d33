//! Passwords that are replaced while something else happens.

use uuid::Uuid;

use crate::storage::store::{NewEmailToken, NewRefreshToken, Purpose, Rotation};
use crate::storage::tests::*;

fn refresh_token(hash: &str) -> NewRefreshToken {
    NewRefreshToken { token_hash: hash.to_owned(), expires_at: NOW + Duration::from_secs(60) }
}

#[tokio::test]
async fn a_login_during_a_password_change_starts_no_session() {
    for Fixture { storage, .. } in fixtures().await {
        let user = sign_up(&storage, "a@x.org").await.user;
        let start = async |user, hash| {
            storage.start_session_of(Uuid::now_v7(), user, refresh_token(hash)).await.unwrap()
        };
        assert!(start(&user, "one").await);
        assert!(storage.change_password(&user, Uuid::now_v7(), "$new", NOW).await.unwrap());
        assert!(!start(&user, "two").await, "the old password was checked");
        let refused = storage.rotate_refresh_token("one", refresh_token("next"), NOW).await.unwrap();
        assert_eq!(refused, Rotation::Refused, "its session is ended");
        assert!(!storage.change_password(&user, Uuid::now_v7(), "$newer", NOW).await.unwrap());
        let user = storage.account_by_email("a@x.org").await.unwrap().unwrap().user;
        assert_eq!(user.password_hash, "$new");
        assert!(start(&user, "three").await);
    }
}

#[tokio::test]
async fn of_concurrent_resets_one_succeeds_and_ends_all_sessions() {
    for Fixture { storage, .. } in fixtures().await {
        let user = sign_up(&storage, "a@x.org").await.user;
        let token = NewEmailToken {
            user_id: user.id,
            purpose: Purpose::ResetPassword,
            token_hash: "reset".to_owned(),
            expires_at: NOW + Duration::from_secs(60),
        };
        storage.insert_email_token(token).await.unwrap();
        assert!(storage.can_reset_password("reset", NOW).await.unwrap());
        let rivals: Vec<_> = (0..8)
            .map(|rival| {
                let (storage, user) = (storage.clone(), user.clone());
                tokio::spawn(async move {
                    let hash = format!("login {rival}");
                    storage.start_session_of(Uuid::now_v7(), &user, refresh_token(&hash)).await.unwrap();
                    let hash = format!("$new {rival}");
                    storage.reset_password("reset", &hash, NOW).await.unwrap().is_some()
                })
            })
            .collect();
        let mut won = 0;
        for rival in rivals {
            won += u32::from(rival.await.unwrap());
        }
        assert_eq!(won, 1);
        assert!(!storage.can_reset_password("reset", NOW).await.unwrap());
        for rival in 0..8 {
            let (hash, next) = (format!("login {rival}"), format!("next {rival}"));
            let refused = storage.rotate_refresh_token(&hash, refresh_token(&next), NOW).await.unwrap();
            assert_eq!(refused, Rotation::Refused, "{rival}");
        }
    }
}

#[tokio::test]
async fn resets_of_one_user_do_not_affect_others() {
    for Fixture { storage, .. } in fixtures().await {
        let (ada, eve) = (sign_up(&storage, "a@x.org").await, sign_up(&storage, "e@x.org").await);
        for (user_id, token_hash) in [(ada.user.id, "ada"), (eve.user.id, "eve")] {
            let expires_at = NOW + Duration::from_secs(60);
            let token_hash = token_hash.to_owned();
            let token = NewEmailToken { user_id, purpose: Purpose::ResetPassword, token_hash, expires_at };
            storage.insert_email_token(token).await.unwrap();
        }
        storage.start_session(Uuid::now_v7(), eve.user.id, refresh_token("eve")).await.unwrap();
        let reset = storage.reset_password("ada", "$new", NOW).await.unwrap();
        assert_eq!(reset.map(|reset| reset.account.user.id), Some(ada.user.id));
        assert!(storage.can_reset_password("eve", NOW).await.unwrap());
        let still = storage.account_by_email("e@x.org").await.unwrap();
        assert_eq!(still, Some(eve));
        let rotated = storage.rotate_refresh_token("eve", refresh_token("next"), NOW).await.unwrap();
        assert!(matches!(rotated, Rotation::Rotated { .. }));
    }
}
