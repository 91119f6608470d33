//! Links that log somebody in.

use super::*;

impl Instance {
    async fn login_token(&self) -> Secret {
        let (account, link) = self.accounts.login_link(" ADA@x.org ", NOW).await.unwrap().unwrap();
        assert_eq!(account.user.email, "ada@x.org");
        Secret::new(link.expose().strip_prefix("https://basira.example/login#token=").unwrap())
    }

    async fn is_logged_in_by(&self, token: &Secret, at: Timestamp) -> bool {
        match self.accounts.log_in_by_link(token, at).await {
            Ok((account, _)) => account.user.email == "ada@x.org",
            Err(AccountError::BadEmailToken) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_login_link_is_good_once_for_some_minutes_and_for_nothing_else() {
    for instance in instances().await {
        let accounts = &instance.accounts;
        accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        assert!(accounts.login_link("eve@x.org", NOW).await.unwrap().is_none());

        let token = instance.login_token().await;
        assert!(!instance.is_logged_in_by(&Secret::new("nonsense"), NOW).await);
        assert!(!instance.is_logged_in_by(&token, NOW + LOGIN_LINK_LIFETIME).await, "it is expired");
        let reset = accounts.reset_password(token.expose(), &Secret::new("battery staple"), NOW).await;
        assert!(matches!(reset, Err(AccountError::BadEmailToken)), "{reset:?}");
        let (_, tokens) = accounts.log_in_by_link(&token, NOW).await.unwrap();
        accounts.refresh(&tokens.refresh, NOW).await.expect("a session of its own");
        assert!(!instance.is_logged_in_by(&token, NOW).await, "it is spent");
    }
}

#[tokio::test]
async fn of_two_who_open_a_login_link_at_once_one_is_logged_in() {
    for instance in instances().await {
        instance.accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let token = instance.login_token().await;
        let (one, other) =
            tokio::join!(instance.is_logged_in_by(&token, NOW), instance.is_logged_in_by(&token, NOW));
        assert!(one != other, "{one} and {other}");
    }
}

#[tokio::test]
async fn a_new_password_voids_login_links() {
    for instance in instances().await {
        instance.accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let login = instance.login_token().await;
        let (_, link) = instance.accounts.reset_link("ada@x.org", NOW).await.unwrap().unwrap();
        let (_, reset) = link.expose().split_once("#token=").unwrap();
        instance.accounts.reset_password(reset, &Secret::new("battery staple"), NOW).await.unwrap();
        assert!(!instance.is_logged_in_by(&login, NOW).await);
    }
}
