//! Forgotten and changed passwords.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

impl Instance {
    /// The newest mail whose subject is `subject`, once there are `count` of them.
    async fn mail(&self, subject: &str, count: usize) -> String {
        let header = format!("\r\nSubject: {subject}\r\n");
        for _ in 0..1_000 {
            let found: Vec<_> =
                mails(&self.fixture).into_iter().filter(|mail| mail.contains(&header)).collect();
            if found.len() == count {
                return found.into_iter().next_back().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {count} of {subject}: {:?}", mails(&self.fixture));
    }

    /// The token of a mail that leads to the page for new passwords, once `count` of them were sent.
    async fn reset_token(&self, count: usize) -> String {
        let mail = self.mail("Choose a new password", count).await;
        let link = "\r\nhttps://basira.example/reset-password#token=";
        mail.split_once(link).unwrap().1.split_once("\r\n").unwrap().0.to_owned()
    }

    async fn log_in(&self, password: &str) -> Result<Tokens, AccountError> {
        self.accounts.log_in("ada@x.org", &Secret::new(password), None, NOW).await
    }

    async fn reset(&self, token: &str, password: &str, now: Timestamp) -> bool {
        match self.accounts.reset_password(token, &Secret::new(password), now).await {
            Ok(account) => account.user.email == "ada@x.org",
            Err(AccountError::BadEmailToken) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail_once() {
    for instance in instances().await {
        let before = instance.accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap().tokens;
        instance.accounts.forgot_password(" ADA@x.org ", NOW);
        let first = instance.reset_token(1).await;
        instance.accounts.forgot_password("ada@x.org", NOW);
        let second = instance.reset_token(2).await;
        assert_ne!(first, second);

        assert!(!instance.reset("nonsense", "battery staple", NOW).await);
        assert!(!instance.reset(&second, "battery staple", NOW + HOUR).await, "it is good for an hour");
        let short = instance.accounts.reset_password(&second, &Secret::new("short"), NOW).await;
        assert!(matches!(short, Err(AccountError::Invalid(error)) if error.field == "password"));
        assert!(matches!(
            instance.accounts.verify_email(&second, NOW).await,
            Err(AccountError::BadEmailToken)
        ));
        instance.accounts.refresh(&before.refresh, NOW).await.expect("nothing was changed yet");
        let session = instance.log_in("correct horse").await.unwrap();

        assert!(instance.reset(&second, "battery staple", NOW).await);
        for spent in [&second, &first] {
            assert!(!instance.reset(spent, "another one", NOW).await, "all are spent with the first");
        }
        assert!(matches!(instance.log_in("correct horse").await, Err(AccountError::BadCredentials)));
        let ended = instance.accounts.refresh(&session.refresh, NOW).await;
        assert!(matches!(ended, Err(AccountError::BadRefreshToken)));
        instance.log_in("battery staple").await.unwrap();
        let told = instance.mail("Your password was changed", 1).await;
        assert!(told.contains("\r\nhttps://basira.example/reset-password\r\n"), "{told}");
    }
}

#[tokio::test]
async fn only_who_needs_it_gets_mail() {
    for instance in instances().await {
        instance.accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        for stranger in ["eve@x.org", "", "no address"] {
            instance.accounts.forgot_password(stranger, NOW);
            instance.accounts.resend_verification(stranger, NOW);
        }
        instance.accounts.resend_verification("Ada@x.org", NOW);
        let again = instance.mail("Verify your e-mail address", 2).await;
        let link = "\r\nhttps://basira.example/verify-email#token=";
        let token = again.split_once(link).unwrap().1.split_once("\r\n").unwrap().0;
        instance.accounts.verify_email(token, NOW).await.unwrap();
        instance.accounts.resend_verification("ada@x.org", NOW);
        // closing waits for what is in the background
        instance.accounts.links.mailer.close().await;
        assert_eq!(mails(&instance.fixture).len(), 2, "neither strangers nor the verified");
    }
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    for instance in instances().await {
        let accounts = &instance.accounts;
        let other = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap().tokens;
        let own = instance.log_in("correct horse").await.unwrap();
        accounts.forgot_password("ada@x.org", NOW);
        let mailed = instance.reset_token(1).await;
        let principal = accounts.authenticate_token(own.access.expose(), NOW).await.unwrap();
        let change = async |current: &str, new: &str| {
            accounts.change_password(&principal, &Secret::new(current), &Secret::new(new), NOW).await
        };
        for (current, new, field) in [
            ("wrong horse", "battery staple", "current_password"),
            ("correct horse", "short", "new_password"),
        ] {
            let refused = change(current, new).await;
            assert!(matches!(refused, Err(AccountError::Invalid(error)) if error.field == field));
        }
        instance.log_in("correct horse").await.expect("nothing was changed");

        change("correct horse", "battery staple").await.unwrap();
        assert!(matches!(instance.log_in("correct horse").await, Err(AccountError::BadCredentials)));
        instance.log_in("battery staple").await.unwrap();
        accounts.refresh(&own.refresh, NOW).await.expect("one's own session goes on");
        let ended = accounts.refresh(&other.refresh, NOW).await;
        assert!(matches!(ended, Err(AccountError::BadRefreshToken)));
        assert!(!instance.reset(&mailed, "the third one", NOW).await, "what was mailed before is void");
        instance.mail("Your password was changed", 1).await;
    }
}

#[tokio::test]
async fn a_key_has_no_password() {
    for Instance { accounts, .. } in instances().await {
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let owner = accounts.authenticate_token(session.tokens.access.expose(), NOW).await.unwrap();
        let issued =
            accounts.issue_api_key(&owner, "ci", &RequestedRestrictions::default(), NOW).await.unwrap();
        let key =
            RequestCredentials { api_key: Some(issued.secret.expose()), ..RequestCredentials::default() };
        let principal = accounts.authenticate(key, NOW).await.unwrap();
        let (current, new) = (Secret::new("correct horse"), Secret::new("battery staple"));
        let refused = accounts.change_password(&principal, &current, &new, NOW).await;
        assert!(matches!(refused, Err(AccountError::NotAPerson)), "{refused:?}");
    }
}
