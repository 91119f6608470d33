//! Who changes how they sign in has logged in a moment ago, or knows the password.

use super::*;
use crate::storage::store::NewIdentity;

const LATER: Duration = Duration::from_secs(6 * 60);

#[tokio::test]
async fn unlinking_takes_a_login_of_a_moment_ago_or_the_password() {
    for Instance { accounts, fixture } in instances().await {
        let now = Timestamp::now();
        let session = accounts.sign_up(&signup("ada@x.org"), now).await.unwrap();
        let ada = accounts.authenticate_token(session.tokens.access.expose(), now).await.unwrap();
        let link = async |subject: &str| {
            let identity = NewIdentity { issuer: "https://login.corp.example", subject, email: None };
            fixture.storage.insert_identity(session.user.id, identity, now).await.unwrap();
            fixture.storage.identities(session.user.id).await.unwrap().remove(0).id
        };
        let id = link("1").await;
        // a refresh is no login: the session began when it began
        let refused = accounts.unlink(&ada, id, None, now + LATER).await;
        assert!(matches!(refused, Err(AccountError::FreshLoginRequired)), "{refused:?}");
        let wrong = accounts.unlink(&ada, id, Some(&Secret::new("wrong horse")), now + LATER).await;
        assert!(matches!(wrong, Err(AccountError::Invalid(_))), "{wrong:?}");
        assert_eq!(fixture.storage.identities(session.user.id).await.unwrap().len(), 1);

        let right = accounts.unlink(&ada, id, Some(&Secret::new("correct horse")), now + LATER).await;
        assert!(right.unwrap());
        let id = link("2").await;
        assert!(accounts.unlink(&ada, id, None, Timestamp::now()).await.unwrap());
        assert!(!accounts.unlink(&ada, id, None, Timestamp::now()).await.unwrap(), "it is gone");
        let told = mails(&fixture).iter().filter(|mail| mail.contains("How you sign in was changed")).count();
        assert_eq!(told, 2);
    }
}
