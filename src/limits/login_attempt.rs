//! Limits failed logins without letting anybody lock others out of their accounts.

use std::net::IpAddr;

use super::rate_store::Key;
use super::{Limit, Limits, RateKey, RateLimited};

/// One attempt to log in, counted as failed until it is known to be none.
///
/// A browser in which this account has logged in before is counted separately, so that attempts of others, at this
/// account or from the same address, do not lock its owner out. All others count by host and by account.
#[derive(Debug)]
#[must_use]
pub struct LoginAttempt<'a> {
    limits: &'a Limits,
    counted: Vec<Key>,
}

impl Limits {
    /// Lets somebody at `address` try to log in to `account`; `device` is what a browser shows that has been there before.
    ///
    /// # Errors
    /// [`RateLimited`] when too many failed before.
    pub fn login_attempt(
        &self,
        address: Option<IpAddr>,
        account: &str,
        device: Option<&[u8]>,
    ) -> Result<LoginAttempt<'_>, RateLimited> {
        let mut attempt = LoginAttempt { limits: self, counted: Vec::new() };
        let strangers =
            || address.map(RateKey::host).into_iter().chain([RateKey::Account(account)]).collect();
        let counted: Vec<RateKey<'_>> = device.map_or_else(strangers, |device| vec![RateKey::Device(device)]);
        for key in counted.into_iter().map(|who| self.key(who)) {
            if let Err(refused) = self.count_key(Limit::Login, key) {
                attempt.cancel();
                return Err(refused);
            }
            attempt.counted.push(key);
        }
        Ok(attempt)
    }
}

impl LoginAttempt<'_> {
    /// It succeeded, or could not be judged: it does not count.
    pub fn cancel(self) {
        for key in self.counted {
            self.limits.uncount(Limit::Login, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Limits;
    use crate::config::{Config, LiveConfig};

    const ADA: &str = "ada@x.org";
    const HER_BROWSER: Option<&[u8]> = Some(b"her browser");

    fn limits() -> Limits {
        Limits::new(LiveConfig::new(Config::load(None, [], &[]).expect("the defaults")))
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    /// How many of `most` attempts were let through and failed.
    fn failed(limits: &Limits, most: usize, last: u8, account: &str, device: Option<&[u8]>) -> usize {
        (0..most).take_while(|_| limits.login_attempt(address(last), account, device).is_ok()).count()
    }

    #[test]
    fn failed_logins_are_limited_by_host_and_by_account() {
        let limits = limits();
        assert_eq!(failed(&limits, 7, 1, ADA, None), 7);
        assert_eq!(failed(&limits, 20, 2, ADA, None), 3, "the account");
        assert_eq!(failed(&limits, 20, 2, "eve@x.org", None), 7, "the host");
        assert_eq!(failed(&limits, 20, 3, "bob@x.org", None), 10);
    }

    #[test]
    fn a_successful_login_is_not_counted() {
        let limits = limits();
        for _ in 0..100 {
            limits.login_attempt(address(1), ADA, None).expect("nobody failed").cancel();
        }
        assert_eq!(failed(&limits, 20, 1, ADA, None), 10);
    }

    #[test]
    fn a_login_refused_by_the_account_limit_is_not_counted_by_host() {
        let limits = limits();
        assert_eq!(failed(&limits, 20, 1, ADA, None), 10);
        assert_eq!(failed(&limits, 20, 2, ADA, None), 0);
        assert_eq!(failed(&limits, 20, 2, "eve@x.org", None), 10);
    }

    #[test]
    fn guesses_neither_lock_the_owner_out_nor_exceed_the_limit() {
        let limits = limits();
        assert_eq!(failed(&limits, 20, 1, ADA, None), 10);
        assert_eq!(failed(&limits, 20, 1, ADA, HER_BROWSER), 10);
        assert_eq!(failed(&limits, 20, 9, ADA, HER_BROWSER), 0);
        assert_eq!(failed(&limits, 20, 9, ADA, Some(b"another")), 10);
    }
}
