//! Accounts from signup to logout, on a real store.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use basira_actors::model::{Secret, Timestamp};
use tokio_util::sync::CancellationToken;

use super::password::Passwords;
use super::*;
use crate::config::{Config, LiveConfig, SecretRing, SignupPolicy};
use crate::mail::Mailer;
use crate::storage::store::Page;
use crate::storage::tests::{Fixture, NOW, fixtures, token_counts};

mod fresh_login;
mod login_links;
mod password_change;
mod totp;

struct Instance {
    accounts: Accounts,
    fixture: Fixture,
}

async fn instances() -> Vec<Instance> {
    let mut instances = Vec::new();
    for fixture in fixtures().await {
        instances.push(Instance { accounts: accounts(&fixture, SignupPolicy::Open), fixture });
    }
    instances
}

fn accounts(fixture: &Fixture, signup: SignupPolicy) -> Accounts {
    let settings = AuthSettings {
        jwt_secrets: SecretRing::fixed(Secret::new("jwt secret"), None),
        public_url: "https://basira.example".to_owned(),
    };
    let mut config = Config::load(None, [], &[]).unwrap();
    config.auth.signup = signup;
    fixture.directory.path().clone_into(&mut config.data_dir);
    let config = LiveConfig::new(config);
    let mailer = Mailer::new(config.clone());
    let accounts = Accounts::new(fixture.storage.clone(), config, settings, mailer);
    accounts.with_passwords(Passwords::with_rounds(1_000))
}

fn signup(email: &str) -> Signup {
    Signup {
        email: email.to_owned(),
        password: Secret::new("correct horse"),
        name: "Ada Lövelace".to_owned(),
        org_name: "Acme".to_owned(),
    }
}

/// Those that are whole, oldest first.
fn mails(fixture: &Fixture) -> Vec<String> {
    let files = std::fs::read_dir(fixture.directory.path().join("mail")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn bearer(authorization: &str) -> RequestCredentials<'_> {
    RequestCredentials { authorization: Some(authorization), ..RequestCredentials::default() }
}

#[tokio::test]
async fn a_signup_is_logged_in_and_its_mail_verifies_it_once() {
    for Instance { accounts, fixture } in instances().await {
        // without a mail server the first account needs no mail
        let first = accounts.sign_up(&signup("first@x.org"), NOW).await.unwrap();
        assert_eq!((first.user.role, first.user.instance_admin), (Role::Owner, true));
        assert_eq!((first.organization.slug.as_str(), first.organization.verified), ("acme", true));

        let session = accounts.sign_up(&signup("Ada@X.org"), NOW).await.unwrap();
        assert_eq!(session.user.email, "ada@x.org");
        assert_eq!((session.user.role, session.user.instance_admin), (Role::Owner, false));
        assert!(!session.organization.verified);

        let mails = mails(&fixture);
        let to_ada = |mail: &&String| mail.contains("To: =?utf-8?") && mail.contains("<ada@x.org>\r\n");
        let mail = mails.iter().find(to_ada).unwrap();
        assert!(mail.contains("\r\nSubject: Verify your e-mail address\r\n"), "{mail}");
        let link = "\r\nhttps://basira.example/verify-email#token=";
        let token = mail.split_once(link).unwrap().1.split_once("\r\n").unwrap().0;

        let late = accounts.verify_email(token, NOW + Duration::from_secs(24 * 3_600)).await;
        assert!(matches!(late, Err(AccountError::BadEmailToken)));
        accounts.verify_email(token, NOW).await.unwrap();
        let twice = accounts.verify_email(token, NOW).await;
        assert!(matches!(twice, Err(AccountError::BadEmailToken)));

        let header = format!("Bearer {}", session.tokens.access.expose());
        let principal = accounts.authenticate(bearer(&header), NOW).await.unwrap();
        let me = accounts.me(&principal).await.unwrap();
        assert_eq!(me.user, Some(session.user));
        assert!(me.organization.verified);
    }
}

#[tokio::test]
async fn mail_is_private() {
    for Instance { accounts, fixture } in instances().await {
        accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let directory = fixture.directory.path().join("mail");
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        for file in std::fs::read_dir(&directory).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }
}

#[tokio::test]
async fn an_address_signs_up_once_and_slugs_differ() {
    for Instance { accounts, .. } in instances().await {
        accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let again = accounts.sign_up(&signup("ADA@x.org"), NOW).await;
        assert!(matches!(again, Err(AccountError::EmailTaken)), "{again:?}");
        let bob = accounts.sign_up(&signup("bob@x.org"), NOW).await.unwrap();
        assert_eq!((bob.organization.slug.as_str(), bob.user.instance_admin), ("acme-2", false));

        let (one, two) = (signup("eve@x.org"), signup("eve@x.org"));
        let (first, second) = tokio::join!(accounts.sign_up(&one, NOW), accounts.sign_up(&two, NOW));
        let refused = if first.is_ok() { second } else { first };
        assert!(matches!(refused, Err(AccountError::EmailTaken)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_closed_server_lets_nobody_in() {
    for Instance { fixture, .. } in instances().await {
        let closed = accounts(&fixture, SignupPolicy::Closed);
        let refused = closed.sign_up(&signup("ada@x.org"), NOW).await;
        assert!(matches!(refused, Err(AccountError::SignupClosed)));
    }
}

#[tokio::test]
async fn a_login_needs_the_right_password_and_renews_a_cheap_hash() {
    for Instance { accounts, fixture } in instances().await {
        accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let right = Secret::new("correct horse");
        let hash =
            async || fixture.storage.account_by_email("ada@x.org").await.unwrap().unwrap().user.password_hash;
        let before = hash().await;
        accounts.log_in(" Ada@x.org", &right, None, NOW).await.unwrap();
        assert_eq!(hash().await, before);
        for (email, password) in [("ada@x.org", "Correct horse"), ("eve@x.org", "correct horse"), ("", "")] {
            let refused = accounts.log_in(email, &Secret::new(password), None, NOW).await;
            assert!(matches!(refused, Err(AccountError::BadCredentials)), "{email} {password}");
        }

        let dearer = accounts.with_passwords(Passwords::with_rounds(2_000));
        dearer.log_in("ada@x.org", &right, None, NOW).await.unwrap();
        assert!(hash().await.starts_with("$pbkdf2-sha256$i=2000,"));
        dearer.log_in("ada@x.org", &right, None, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_lives_on_by_refreshing_until_it_is_left() {
    for Instance { accounts, .. } in instances().await {
        let first = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap().tokens;
        let later = NOW + ACCESS_LIFETIME;
        let expired = accounts.authenticate_token(first.access.expose(), later);
        assert!(matches!(expired.await, Err(AuthenticateError::Refused)));

        let second = accounts.refresh(&first.refresh, later).await.unwrap();
        accounts.authenticate_token(second.access.expose(), later).await.unwrap();
        accounts.log_out(&second.refresh, later).await.unwrap();
        let left = accounts.refresh(&second.refresh, later).await;
        assert!(matches!(left, Err(AccountError::BadRefreshToken)));

        let third = accounts.log_in("ada@x.org", &Secret::new("correct horse"), None, NOW).await.unwrap();
        let principal = accounts.authenticate_token(third.access.expose(), NOW).await.unwrap();
        accounts.log_out_principal(&principal, NOW).await.unwrap();
        let left = accounts.refresh(&third.refresh, NOW).await;
        assert!(matches!(left, Err(AccountError::BadRefreshToken)));
    }
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session() {
    for Instance { accounts, .. } in instances().await {
        let first = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap().tokens;
        let second = accounts.refresh(&first.refresh, NOW).await.unwrap();
        let thief = accounts.refresh(&first.refresh, NOW).await;
        assert!(matches!(thief, Err(AccountError::BadRefreshToken)));
        let victim = accounts.refresh(&second.refresh, NOW).await;
        assert!(matches!(victim, Err(AccountError::BadRefreshToken)));
    }
}

#[tokio::test]
async fn a_key_works_in_both_headers_until_it_is_revoked() {
    for Instance { accounts, .. } in instances().await {
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let owner = accounts.authenticate_token(session.tokens.access.expose(), NOW).await.unwrap();
        let issued =
            accounts.issue_api_key(&owner, " ci ", &RequestedRestrictions::default(), NOW).await.unwrap();
        let secret = issued.secret.expose();
        assert_eq!(issued.key.name, "ci");
        assert!(secret.starts_with(&format!("{}_", issued.key.prefix)));
        assert_eq!(secret.len(), issued.key.prefix.len() + 1 + 64);

        let header = format!("Bearer {secret}");
        for shown in
            [RequestCredentials { api_key: Some(secret), ..RequestCredentials::default() }, bearer(&header)]
        {
            let principal = accounts.authenticate(shown, NOW).await.unwrap();
            assert_eq!(principal.organization_id, session.organization.id);
            let limits = KeyRestrictions::default();
            assert_eq!(principal.credential, Credential::ApiKey { key_id: issued.key.id, limits });
            let me = accounts.me(&principal).await.unwrap();
            assert_eq!((me.user, me.organization.id), (None, session.organization.id));
        }
        let listed = accounts.api_keys(owner.organization_id, false, Page::ALL).await.unwrap().0;
        assert_eq!(listed[0].last_used_at, Some(NOW));

        let mut forged = secret.to_owned();
        forged.replace_range(forged.len() - 1.., if secret.ends_with('0') { "1" } else { "0" });
        for bad in [forged.as_str(), issued.key.prefix.as_str(), "dbm_ak_", "", "dbm_ak_x_y"] {
            let shown = RequestCredentials {
                api_key: Some(bad),
                authorization: Some(&header),
                ..RequestCredentials::default()
            };
            let refused = accounts.authenticate(shown, NOW).await;
            assert!(matches!(refused, Err(AuthenticateError::Refused)), "{bad}");
        }

        assert!(accounts.revoke_api_key(owner.organization_id, issued.key.id, NOW).await.unwrap());
        let refused = accounts.authenticate(bearer(&header), NOW).await;
        assert!(matches!(refused, Err(AuthenticateError::Refused)));
    }
}

#[tokio::test]
async fn the_cookie_counts_when_there_is_no_header() {
    for Instance { accounts, .. } in instances().await {
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let cookie = session.tokens.access.expose();
        let shown = RequestCredentials { access_cookie: Some(cookie), ..RequestCredentials::default() };
        let principal = accounts.authenticate(shown, NOW).await.unwrap();
        assert!(principal.from_cookie());
        let Credential::Token { user_id, expires_at, .. } = principal.credential else { panic!("a key") };
        assert_eq!((user_id, expires_at), (session.user.id, NOW + ACCESS_LIFETIME));

        let bad = RequestCredentials { authorization: Some("Bearer nonsense"), ..shown };
        assert!(matches!(accounts.authenticate(bad, NOW).await, Err(AuthenticateError::Refused)));
        let nothing = accounts.authenticate(RequestCredentials::default(), NOW).await;
        assert!(matches!(nothing, Err(AuthenticateError::Missing)));
    }
}

#[tokio::test]
async fn an_unknown_address_is_worked_for_as_much_as_a_known_one() {
    for Instance { accounts, .. } in instances().await {
        accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let dearer = accounts.with_passwords(Passwords::with_rounds(2_000));
        let mut costs = Vec::new();
        for email in ["ada@x.org", "eve@x.org", "", "no address", &"x".repeat(1_000)] {
            let spent = || dearer.passwords.spent.load(std::sync::atomic::Ordering::Relaxed);
            let before = spent();
            let refused = dearer.log_in(email, &Secret::new("battery staple"), None, NOW).await;
            assert!(matches!(refused, Err(AccountError::BadCredentials)), "{email}");
            costs.push(spent() - before);
        }
        assert_eq!(costs, [2_000; 5], "rounds");
    }
}

#[tokio::test]
async fn expired_tokens_go_by_themselves() {
    for Instance { accounts, fixture } in instances().await {
        let expired = Timestamp::now() - REFRESH_LIFETIME - Duration::from_secs(60);
        accounts.sign_up(&signup("ada@x.org"), expired).await.unwrap();
        accounts.log_in("ada@x.org", &Secret::new("correct horse"), None, Timestamp::now()).await.unwrap();
        let shutdown = CancellationToken::new();
        let pruning = tokio::spawn(run_cleanup(
            fixture.storage.clone(),
            accounts.config.clone(),
            accounts.links.mailer.clone(),
            shutdown.clone(),
        ));
        for _ in 0..1_000 {
            if token_counts(&fixture.storage).await == [1, 0] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(token_counts(&fixture.storage).await, [1, 0]);
        shutdown.cancel();
        pruning.await.unwrap();
    }
}

#[test]
fn roles_include_those_before_them() {
    let principal = |role| Principal {
        organization_id: basira_actors::model::OrganizationId::generate(),
        role,
        credential: Credential::ApiKey { key_id: uuid::Uuid::now_v7(), limits: KeyRestrictions::default() },
    };
    for (role, admits) in
        [(Role::Viewer, false), (Role::Member, false), (Role::Admin, true), (Role::Owner, true)]
    {
        assert_eq!(principal(role).require(Role::Admin).is_ok(), admits, "{role}");
    }
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    for Instance { accounts, .. } in instances().await {
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let printed = format!("{accounts:?} {session:?} {:?}", signup("ada@x.org"));
        for secret in ["jwt secret", "correct horse", session.tokens.refresh.expose()] {
            assert!(!printed.contains(secret), "{secret} in {printed}");
        }
    }
}
