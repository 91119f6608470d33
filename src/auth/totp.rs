//! A second factor at login: codes from a device that change every 30 seconds (RFC 6238), and recovery codes.

use basira_actors::model::{Secret, Timestamp};
use serde::Serialize;
use totp_rs::{Builder, Totp};

use super::token::{self, random_hex};
use super::{AccountError, Accounts, Principal};
use crate::fields::FieldError;
use crate::mail::Email;
use crate::storage::store::User;

/// Recommended by RFC 4226, and supported by every device.
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
/// Five bytes before the dash and five after it: 80 bits.
const HALF_CODE_BYTES: usize = 5;

/// Whether the caller needs a code to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TotpStatus {
    pub enabled: bool,
    pub recovery_codes_left: u64,
}

/// The secret for an authenticator app, typed or scanned as a QR code; returned only once.
#[derive(Debug)]
pub struct Enrolment {
    /// In Base32.
    pub secret: Secret,
    /// `otpauth://totp/...`.
    pub url: Secret,
}

impl Accounts {
    /// Whether the caller needs a code to log in.
    ///
    /// # Errors
    /// [`AccountError::NotAPerson`] for a key.
    pub async fn totp_status(&self, principal: &Principal) -> Result<TotpStatus, AccountError> {
        let user = self.person(principal).await?;
        let factor = self.storage.second_factor(user.id);
        let enabled = factor.find().await?.is_some_and(|stored| stored.confirmed);
        let recovery_codes_left = if enabled { factor.recovery_codes_left().await? } else { 0 };
        Ok(TotpStatus { enabled, recovery_codes_left })
    }

    /// Creates a secret for the caller's device. It takes effect once a code is confirmed, within an hour.
    ///
    /// # Errors
    /// [`AccountError`]: a wrong password, a second factor that is already on.
    pub async fn enrol_totp(
        &self,
        principal: &Principal,
        password: &Secret,
        now: Timestamp,
    ) -> Result<Enrolment, AccountError> {
        let user = self.person(principal).await?;
        self.check_own_password("password", &user, password).await?;
        let bytes: [u8; SECRET_BYTES] = std::array::from_fn(|_| rand::random());
        let secret = Secret::new(totp_rs::Secret::from(bytes).to_base32());
        if !self.storage.second_factor(user.id).enrol(&secret, now).await? {
            return Err(AccountError::TotpEnabled);
        }
        // a colon would end the issuer's name
        let account_name = user.email.replace(':', "");
        let totp = builder(&secret)?.with_account_name(account_name).with_issuer(Some("Basira"));
        let url = totp.build().map_err(internal)?.to_url().map_err(internal)?;
        Ok(Enrolment { secret, url: Secret::new(url) })
    }

    /// Turns the second factor on, and returns the recovery codes.
    ///
    /// # Errors
    /// [`AccountError`]: no enrolment within the last hour, a wrong code.
    pub async fn confirm_totp(
        &self,
        principal: &Principal,
        code: &Secret,
        now: Timestamp,
    ) -> Result<Vec<Secret>, AccountError> {
        let user = self.person(principal).await?;
        let factor = self.storage.second_factor(user.id);
        let stored = factor.find().await?.ok_or(AccountError::TotpNotEnrolled)?;
        if stored.confirmed {
            return Err(AccountError::TotpEnabled);
        }
        let step = step_of(&stored.secret, code, now)?
            .ok_or_else(|| FieldError::new("code", "is not the one that the device shows now"))?;
        let codes: Vec<Secret> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes = codes.iter().map(|code| token::hash(code.expose())).collect();
        if !factor.confirm(step, hashes, now).await? {
            return Err(AccountError::TotpNotEnrolled);
        }
        self.notify_second_factor_changed(&user, "turned on").await;
        Ok(codes)
    }

    /// Turns the second factor off; requires the password and a code, from the device or a recovery code.
    ///
    /// # Errors
    /// [`AccountError`]: a wrong password or code, a second factor that is not on.
    pub async fn disable_totp(
        &self,
        principal: &Principal,
        password: &Secret,
        code: &Secret,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let user = self.person(principal).await?;
        self.check_own_password("password", &user, password).await?;
        let factor = self.storage.second_factor(user.id);
        if !factor.find().await?.is_some_and(|stored| stored.confirmed) {
            return Err(AccountError::TotpNotEnrolled);
        }
        self.check_second_factor(&user, Some(code), now).await?;
        factor.remove().await?;
        self.notify_second_factor_changed(&user, "turned off").await;
        Ok(())
    }

    /// Checks the second factor of `user`, if there is one; `code` is consumed.
    ///
    /// # Errors
    /// [`AccountError::CodeRequired`], [`AccountError::BadCode`].
    pub(super) async fn check_second_factor(
        &self,
        user: &User,
        code: Option<&Secret>,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let factor = self.storage.second_factor(user.id);
        let Some(stored) = factor.find().await?.filter(|stored| stored.confirmed) else { return Ok(()) };
        let code = code.ok_or(AccountError::CodeRequired)?;
        let good = match step_of(&stored.secret, code, now)? {
            Some(step) => factor.spend_step(step).await?,
            None => {
                let written = code.expose().trim().to_lowercase();
                factor.spend_recovery_code(&token::hash(&written)).await?
            }
        };
        if good { Ok(()) } else { Err(AccountError::BadCode) }
    }

    async fn person(&self, principal: &Principal) -> Result<User, AccountError> {
        let (user_id, _) = principal.person().ok_or(AccountError::NotAPerson)?;
        let account = self.storage.account(principal.organization_id, user_id).await?;
        Ok(account.ok_or(AccountError::Gone)?.user)
    }

    async fn notify_second_factor_changed(&self, user: &User, change: &str) {
        let email = Email::second_factor_changed(change, &self.links.page("reset-password"));
        if let Err(error) = self.links.send(user, &email).await {
            tracing::error!(user.id = %user.id, "cannot tell of a changed second factor: {error}");
        }
    }
}

/// Six digits, 30 seconds, SHA-1: supported by every device. Codes are accepted one step early or late.
fn builder(secret: &Secret) -> Result<Builder, AccountError> {
    let secret = totp_rs::Secret::try_from_base32(secret.expose())
        .map_err(|_| AccountError::Internal("a stored TOTP secret is damaged".to_owned()))?;
    Ok(Builder::new().with_secret(secret))
}

/// The time step to which `code` belongs, if it is close enough to `now`.
fn step_of(secret: &Secret, code: &Secret, now: Timestamp) -> Result<Option<i64>, AccountError> {
    let totp: Totp = builder(secret)?.build().map_err(internal)?;
    let seconds = u64::try_from(now.as_millis() / 1_000).unwrap_or_default();
    // devices display it in two groups
    let code: String = code.expose().chars().filter(|character| !character.is_whitespace()).collect();
    Ok(totp.check(&code, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn recovery_code() -> Secret {
    Secret::new(format!("{}-{}", random_hex::<HALF_CODE_BYTES>(), random_hex::<HALF_CODE_BYTES>()))
}

/// Omits the text of the original error, which may contain the secret.
fn internal(_: totp_rs::TotpError) -> AccountError {
    AccountError::Internal("a TOTP secret cannot be used".to_owned())
}
