//! What pruning takes, and what it leaves.

use uuid::Uuid;

use crate::storage::store::{ENROLMENT_LIFETIME, NewEmailToken, NewRefreshToken, Pruned, Purpose, Rotation};
use crate::storage::tests::*;

fn refresh_token(hash: &str, seconds: u64) -> NewRefreshToken {
    NewRefreshToken { token_hash: hash.to_owned(), expires_at: NOW + Duration::from_secs(seconds) }
}

#[tokio::test]
async fn only_what_has_expired_is_pruned() {
    for Fixture { storage, .. } in fixtures().await {
        let user_id = sign_up(&storage, "a@x.org").await.user.id;
        for seconds in [10, 20] {
            let hash = format!("session {seconds}");
            storage.start_session(Uuid::now_v7(), user_id, refresh_token(&hash, seconds)).await.unwrap();
            let token = NewEmailToken {
                user_id,
                purpose: Purpose::VerifyEmail,
                token_hash: format!("mail {seconds}"),
                expires_at: NOW + Duration::from_secs(seconds),
            };
            storage.insert_email_token(token).await.unwrap();
        }
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let pruned = |refresh_tokens, email_tokens| Pruned { refresh_tokens, email_tokens };
        assert_eq!(storage.prune_tokens(at(9)).await.unwrap(), pruned(0, 0));
        assert_eq!(storage.prune_tokens(at(10)).await.unwrap(), pruned(1, 1));
        assert_eq!(token_counts(&storage).await, [1, 1]);
        assert!(storage.verify_email("mail 20", at(10)).await.unwrap().is_some());
        let rotated = storage.rotate_refresh_token("session 20", refresh_token("next", 30), at(10)).await;
        assert!(matches!(rotated.unwrap(), Rotation::Rotated { .. }));
        assert_eq!(storage.prune_tokens(at(30)).await.unwrap(), pruned(2, 1));
    }
}

#[tokio::test]
async fn unconfirmed_enrolments_are_pruned_and_second_factors_kept() {
    for Fixture { storage, .. } in fixtures().await {
        let (ada, eve) =
            (sign_up(&storage, "a@x.org").await.user.id, sign_up(&storage, "e@x.org").await.user.id);
        for user_id in [ada, eve] {
            assert!(storage.second_factor(user_id).enrol(&Secret::new("s3cret"), NOW).await.unwrap());
        }
        assert!(storage.second_factor(eve).confirm(7, vec!["hash".to_owned()], NOW).await.unwrap());
        let kept =
            async |user_id| storage.second_factor(user_id).find().await.unwrap().map(|totp| totp.confirmed);
        storage.prune_tokens(NOW + ENROLMENT_LIFETIME - Duration::from_secs(1)).await.unwrap();
        assert_eq!((kept(ada).await, kept(eve).await), (Some(false), Some(true)));
        storage.prune_tokens(NOW + ENROLMENT_LIFETIME).await.unwrap();
        assert_eq!((kept(ada).await, kept(eve).await), (None, Some(true)));
    }
}

#[tokio::test]
async fn an_ended_session_stays_ended_after_its_first_tokens_are_gone() {
    for Fixture { storage, .. } in fixtures().await {
        let user_id = sign_up(&storage, "a@x.org").await.user.id;
        let session_id = Uuid::now_v7();
        storage.start_session(session_id, user_id, refresh_token("one", 10)).await.unwrap();
        storage.end_session(session_id, NOW).await.unwrap();
        // one that was on its way into the family while the family was revoked
        storage.start_session(session_id, user_id, refresh_token("two", 20)).await.unwrap();
        let later = NOW + Duration::from_secs(15);
        storage.prune_tokens(later).await.unwrap();
        let refused = storage.rotate_refresh_token("two", refresh_token("three", 30), later).await.unwrap();
        assert_eq!(refused, Rotation::Refused);
        storage.prune_tokens(NOW + Duration::from_secs(20)).await.unwrap();
        assert_eq!(token_counts(&storage).await, [0, 0]);
    }
}
