//! The second factor, from enrolling to losing it.

use super::*;

const STEP: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct horse";

/// What the device shows at `now`, by a reckoning of its own.
fn device(secret: &Secret, now: Timestamp) -> Secret {
    let secret = totp_rs::Secret::try_from_base32(secret.expose()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    Secret::new(totp.generate(u64::try_from(now.as_millis()).unwrap() / 1_000).to_string())
}

impl Instance {
    async fn log_in_with(&self, password: &str, code: Option<&Secret>, now: Timestamp) -> &'static str {
        let password = Secret::new(password);
        match self.accounts.log_in("ada@x.org", &password, code, now).await {
            Ok(_) => "in",
            Err(AccountError::BadCredentials) => "bad credentials",
            Err(AccountError::CodeRequired) => "code required",
            Err(AccountError::BadCode) => "bad code",
            Err(error) => panic!("{error}"),
        }
    }

    /// Signs Ada up and turns her second factor on.
    async fn enrolled(&self) -> (Principal, Secret, Vec<Secret>) {
        let session = self.accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let ada = self.accounts.authenticate_token(session.tokens.access.expose(), NOW).await.unwrap();
        let enrolment = self.accounts.enrol_totp(&ada, &Secret::new(PASSWORD), NOW).await.unwrap();
        let code = device(&enrolment.secret, NOW);
        let codes = self.accounts.confirm_totp(&ada, &code, NOW).await.unwrap();
        (ada, enrolment.secret, codes)
    }
}

#[tokio::test]
async fn a_second_factor_counts_once_it_is_confirmed() {
    for instance in instances().await {
        let accounts = &instance.accounts;
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let ada = accounts.authenticate_token(session.tokens.access.expose(), NOW).await.unwrap();
        let status = async || accounts.totp_status(&ada).await.unwrap();
        let none = TotpStatus { enabled: false, recovery_codes_left: 0 };
        let confirm = async |code: &Secret, now| accounts.confirm_totp(&ada, code, now).await;
        let nothing = confirm(&Secret::new("000000"), NOW).await;
        assert!(matches!(nothing, Err(AccountError::TotpNotEnrolled)));

        let wrong = accounts.enrol_totp(&ada, &Secret::new("battery staple"), NOW).await;
        assert!(matches!(wrong, Err(AccountError::Invalid(error)) if error.field == "password"));
        let given_up = accounts.enrol_totp(&ada, &Secret::new(PASSWORD), NOW).await.unwrap();
        let enrolment = accounts.enrol_totp(&ada, &Secret::new(PASSWORD), NOW).await.unwrap();
        assert_ne!(given_up.secret, enrolment.secret);
        let url = enrolment.url.expose();
        assert!(url.starts_with("otpauth://totp/Basira:ada%40x.org?"), "{url}");
        assert!(url.contains(enrolment.secret.expose()) && url.contains("issuer=Basira"), "{url}");
        assert_eq!(status().await, none);
        assert_eq!(instance.log_in_with(PASSWORD, None, NOW).await, "in", "it does not count yet");

        let old = confirm(&device(&given_up.secret, NOW), NOW).await;
        assert!(matches!(old, Err(AccountError::Invalid(error)) if error.field == "code"));
        let late = NOW + crate::storage::store::ENROLMENT_LIFETIME;
        let late = confirm(&device(&enrolment.secret, late), late).await;
        assert!(matches!(late, Err(AccountError::TotpNotEnrolled)));
        let codes = confirm(&device(&enrolment.secret, NOW), NOW).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert_eq!(status().await, TotpStatus { enabled: true, recovery_codes_left: 10 });
        assert!(mails(&instance.fixture).last().unwrap().contains("was turned on."));
        let again = accounts.enrol_totp(&ada, &Secret::new(PASSWORD), NOW).await;
        assert!(matches!(again, Err(AccountError::TotpEnabled)));
        let again = confirm(&device(&enrolment.secret, NOW), NOW).await;
        assert!(matches!(again, Err(AccountError::TotpEnabled)));
    }
}

#[tokio::test]
async fn each_code_opens_once_and_only_in_its_minute() {
    for instance in instances().await {
        let (_, secret, _) = instance.enrolled().await;
        let at = |steps: u32| NOW + STEP * steps;
        let log_in = async |code: &Secret, now| instance.log_in_with(PASSWORD, Some(code), now).await;
        assert_eq!(instance.log_in_with(PASSWORD, None, NOW).await, "code required");
        assert_eq!(log_in(&device(&secret, NOW), NOW).await, "bad code", "it confirmed already");
        let code = device(&secret, at(2));
        assert_eq!(instance.log_in_with("battery staple", Some(&code), at(2)).await, "bad credentials");
        assert_eq!(instance.log_in_with("battery staple", None, at(2)).await, "bad credentials");
        assert_eq!(log_in(&Secret::new(""), at(2)).await, "bad code");
        assert_eq!(log_in(&code, at(4)).await, "bad code", "two steps late");
        assert_eq!(log_in(&code, at(2)).await, "in", "what was refused did not spend it");
        assert_eq!(log_in(&code, at(2)).await, "bad code", "it is spent");
        assert_eq!(log_in(&device(&secret, at(1)), at(2)).await, "bad code", "and those before it");
        let shown = device(&secret, at(3));
        let grouped = Secret::new(format!("{} {}", &shown.expose()[..3], &shown.expose()[3..]));
        assert_eq!(log_in(&grouped, at(4)).await, "in", "one step late, as the device shows it");
        let (one, two) = (device(&secret, at(6)), device(&secret, at(6)));
        let mut both = [log_in(&one, at(6)), log_in(&two, at(6))].map(Box::pin);
        let [first, second] = &mut both;
        let (first, second) = tokio::join!(first, second);
        let mut both = [first, second];
        both.sort_unstable();
        assert_eq!(both, ["bad code", "in"], "of two at once one is let in");
    }
}

#[tokio::test]
async fn a_lost_device_is_made_up_for_by_codes_that_are_good_once() {
    for instance in instances().await {
        let (ada, secret, codes) = instance.enrolled().await;
        let log_in = async |code: &Secret| instance.log_in_with(PASSWORD, Some(code), NOW).await;
        let written = Secret::new(format!(" {} ", codes[0].expose().to_uppercase()));
        assert_eq!(log_in(&written).await, "in");
        assert_eq!(log_in(&codes[0]).await, "bad code");
        let status = instance.accounts.totp_status(&ada).await.unwrap();
        assert_eq!(status, TotpStatus { enabled: true, recovery_codes_left: 9 });

        let disable = async |password: &str, code: &Secret| {
            instance.accounts.disable_totp(&ada, &Secret::new(password), code, NOW).await
        };
        let wrong = disable("battery staple", &codes[1]).await;
        assert!(matches!(wrong, Err(AccountError::Invalid(error)) if error.field == "password"));
        assert!(matches!(disable(PASSWORD, &codes[0]).await, Err(AccountError::BadCode)));
        disable(PASSWORD, &codes[1]).await.unwrap();
        assert!(matches!(disable(PASSWORD, &codes[2]).await, Err(AccountError::TotpNotEnrolled)));
        assert!(mails(&instance.fixture).last().unwrap().contains("was turned off."));
        assert_eq!(instance.log_in_with(PASSWORD, None, NOW).await, "in");

        let recheck = instance.accounts.enrol_totp(&ada, &Secret::new(PASSWORD), NOW).await.unwrap();
        assert_ne!(recheck.secret, secret);
        instance.accounts.confirm_totp(&ada, &device(&recheck.secret, NOW), NOW).await.unwrap();
        assert_eq!(log_in(&codes[2]).await, "bad code", "old codes went with the old secret");
    }
}

#[tokio::test]
async fn a_new_password_does_not_turn_the_second_factor_off() {
    for instance in instances().await {
        let (ada, secret, _) = instance.enrolled().await;
        let (old, new) = (Secret::new(PASSWORD), Secret::new("battery staple"));
        instance.accounts.change_password(&ada, &old, &new, NOW).await.unwrap();
        assert_eq!(instance.log_in_with("battery staple", None, NOW).await, "code required");
        let later = NOW + STEP;
        let code = device(&secret, later);
        assert_eq!(instance.log_in_with("battery staple", Some(&code), later).await, "in");
    }
}

#[tokio::test]
async fn what_is_stored_of_it_opens_nothing() {
    for instance in instances().await {
        let (ada, secret, codes) = instance.enrolled().await;
        let (user_id, _) = ada.person().unwrap();
        let stored = crate::storage::tests::second_factor_rows(&instance.fixture.storage, user_id).await;
        for plain in [&secret, &codes[0]] {
            assert!(!stored.contains(plain.expose()), "{stored}");
        }
        let enrolment = Enrolment { secret: secret.clone(), url: secret.clone() };
        assert!(!format!("{enrolment:?}").contains(secret.expose()));
    }
}

#[tokio::test]
async fn a_key_has_no_second_factor() {
    for Instance { accounts, .. } in instances().await {
        let session = accounts.sign_up(&signup("ada@x.org"), NOW).await.unwrap();
        let organization_id = session.organization.id;
        let credential =
            Credential::ApiKey { key_id: uuid::Uuid::now_v7(), limits: KeyRestrictions::default() };
        let key = Principal { organization_id, role: Role::Admin, credential };
        let refused = accounts.enrol_totp(&key, &Secret::new(PASSWORD), NOW).await;
        assert!(matches!(refused, Err(AccountError::NotAPerson)));
        assert!(matches!(accounts.totp_status(&key).await, Err(AccountError::NotAPerson)));
    }
}
