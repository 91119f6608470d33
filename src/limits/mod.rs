//! All rate and concurrency limits, as the current configuration sets them.

mod concurrency;
mod hashing_queue;
mod limiter;
mod live_streams;
mod login_attempt;
mod rate_store;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use governor::clock::DefaultClock;
use uuid::Uuid;

use self::concurrency::ConcurrencyLimiter;
use self::hashing_queue::HashingQueue;
use self::limiter::Limiter;
use self::rate_store::Key;
use crate::config::{Limits as Configured, LiveConfig};
use crate::quota::{Quota, QuotaExceeded};
use parking_lot::Mutex;

pub use self::concurrency::Permit;
pub use self::hashing_queue::{HashingPermit, HashingQueueFull};
pub use self::limiter::{Rate, RateLimited};
pub use self::live_streams::{LiveStreams, OpenStream};
pub use self::login_attempt::LoginAttempt;

/// How many a limit remembers at once; each takes some 30 bytes.
const MOST_REMEMBERED: usize = 100_000;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// The first of a kind are told one by one, then one a minute.
const AUDITED: Rate = Rate { burst: 20, count: 60, per: HOUR };

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests of one key or user.
    Api,
    Signup,
    /// Only those that failed.
    Login,
    /// Those that succeeded too.
    AnyLogin,
    Refresh,
    ForgotPassword,
    ResetPassword,
    ResendVerification,
    /// Mails to one account, whatever for.
    Mail,
    MailADay,
    /// Invitations by one organization.
    Invitation,
    /// To one address, by one organization.
    InvitationTo,
    /// To one address, by all organizations.
    InvitationToFromAll,
    /// What one viewer does, or is refused to one caller, as far as the audit log tells it one by one.
    Audited,
    /// Tests of databases that are not registered.
    DatabaseTest,
}

/// The key by which requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateKey<'a> {
    /// All that come from one host: an IPv6 network of 64 bits is one.
    Host(IpAddr),
    /// All about one e-mail address, normalised.
    Account(&'a str),
    /// A browser in which somebody has logged in.
    Device(&'a [u8]),
    /// A user or a key.
    Principal(Uuid),
    Organization(Uuid),
    /// What one organization sends to one e-mail address, normalised.
    OrganizationTo(Uuid, &'a str),
    /// What is done again and again, in whatever words tell it from everything else.
    Repetition(&'a str),
}

/// Counts everything that is limited.
#[derive(Debug)]
pub struct Limits {
    config: LiveConfig,
    seed: RandomState,
    limiters: [Limiter; Limit::COUNT],
    connections: ConcurrencyLimiter<IpAddr>,
    streams: ConcurrencyLimiter<Uuid>,
    streams_of_organization: ConcurrencyLimiter<Uuid>,
    hashing: HashingQueue,
    suppressed: Mutex<HashMap<Key, u32>>,
    database_tests: ConcurrencyLimiter<()>,
    database_tests_of: ConcurrencyLimiter<Uuid>,
}

impl Limit {
    const COUNT: usize = Self::DatabaseTest as usize + 1;

    /// What `configured` says of it.
    const fn rate(self, configured: &Configured) -> Rate {
        let auth = &configured.auth;
        match self {
            Self::Api => Rate {
                burst: configured.api.burst,
                count: configured.api.per_second,
                per: Duration::from_secs(1),
            },
            Self::Signup => Rate::every(auth.signup_per_hour, HOUR),
            Self::Login => Rate::every(auth.login_failures_per_hour, HOUR),
            Self::AnyLogin => Rate::every(auth.logins_per_hour, HOUR),
            Self::Refresh => Rate::every(auth.refresh_per_hour, HOUR),
            Self::ForgotPassword => Rate::every(auth.forgot_password_per_hour, HOUR),
            Self::ResetPassword => Rate::every(auth.reset_password_per_hour, HOUR),
            Self::ResendVerification => Rate::every(auth.resend_verification_per_hour, HOUR),
            Self::DatabaseTest => Rate::every(configured.database_tests.per_hour, HOUR),
            Self::Mail => Rate::every(if auth.mail_pause.is_zero() { 0 } else { 1 }, auth.mail_pause),
            Self::MailADay => Rate::every(auth.mails_per_day, DAY),
            Self::Invitation => Rate::every(configured.invitations.per_organization_per_day, DAY),
            Self::InvitationTo => Rate::every(configured.invitations.per_address_per_day, DAY),
            Self::InvitationToFromAll => {
                Rate::every(configured.invitations.per_address_from_all_per_day, DAY)
            }
            Self::Audited => AUDITED,
        }
    }
}

impl RateKey<'_> {
    /// The host at `address`.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self::Host(host(address))
    }
}

/// What counts as one host.
fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Limits {
    /// Counts from nothing, by what `config` says at each moment.
    #[must_use]
    pub fn new(config: LiveConfig) -> Self {
        let limiters = std::array::from_fn(|_| Limiter::new(DefaultClock::default(), MOST_REMEMBERED));
        Self {
            config,
            seed: RandomState::new(),
            limiters,
            connections: ConcurrencyLimiter::default(),
            streams: ConcurrencyLimiter::default(),
            streams_of_organization: ConcurrencyLimiter::default(),
            hashing: HashingQueue::default(),
            suppressed: Mutex::default(),
            database_tests: ConcurrencyLimiter::default(),
            database_tests_of: ConcurrencyLimiter::default(),
        }
    }

    /// Counts one more of `who`.
    ///
    /// # Errors
    /// [`RateLimited`] when `limit` is reached; then nothing is counted.
    pub fn count(&self, limit: Limit, who: RateKey<'_>) -> Result<(), RateLimited> {
        self.count_key(limit, self.key(who))
    }

    /// One more connection from `address`; `None` when it has too many.
    #[must_use]
    pub fn connection(&self, address: IpAddr) -> Option<Permit<IpAddr>> {
        let most = self.config.current().limits.connections_per_address;
        self.connections.take(host(address), most)
    }

    /// One more live stream of the key or user `id`; `None` when it has too many.
    #[must_use]
    pub fn live_stream(&self, id: Uuid) -> Option<Permit<Uuid>> {
        self.streams.take(id, self.config.current().limits.live_streams)
    }

    /// One more live stream of the organization `id`.
    ///
    /// # Errors
    /// [`QuotaExceeded`] when it has too many.
    pub fn stream_of_organization(&self, id: Uuid) -> Result<Permit<Uuid>, QuotaExceeded> {
        let most = self.config.current().limits.quotas.live_streams;
        let exceeded = QuotaExceeded { quota: Quota::LiveStreams, most: most.into() };
        self.streams_of_organization.take(id, most).ok_or(exceeded)
    }

    /// Waits until a password that came from `address` may be hashed; hosts are served in turn.
    ///
    /// # Errors
    /// [`HashingQueueFull`] when too many wait.
    pub async fn hashing_permit(&self, address: Option<IpAddr>) -> Result<HashingPermit, HashingQueueFull> {
        self.hashing.take(address.map(host)).await
    }

    /// Whether the audit log is to tell one more of what is called `kind`, and how many before it were not told.
    #[must_use]
    pub fn should_audit(&self, kind: &str) -> Option<u32> {
        let key = self.key(RateKey::Repetition(kind));
        let mut suppressed = self.suppressed.lock();
        if self.count_key(Limit::Audited, key).is_ok() {
            return Some(suppressed.remove(&key).unwrap_or_default());
        }
        if suppressed.len() >= MOST_REMEMBERED {
            suppressed.clear();
        }
        *suppressed.entry(key).or_default() += 1;
        None
    }

    /// One more test of a database that is not registered, by the organization `id` from `address`, as long as what is
    /// returned lives. The limit bounds how fast the tests can be used to scan ports.
    ///
    /// # Errors
    /// [`RateLimited`] when too many run already, or ran within the last hour.
    pub fn database_test(
        &self,
        id: Uuid,
        address: Option<IpAddr>,
    ) -> Result<(Permit<Uuid>, Permit<()>), RateLimited> {
        let most = self.config.current().limits.database_tests.clone();
        let busy = RateLimited { retry_after: Duration::from_secs(1) };
        let of_organization = self.database_tests_of.take(id, most.at_once_per_organization).ok_or(busy)?;
        let of_all = self.database_tests.take((), most.at_once).ok_or(busy)?;
        let organization = self.key(RateKey::Organization(id));
        self.count_key(Limit::DatabaseTest, organization)?;
        if let Some(address) = address {
            self.count(Limit::DatabaseTest, RateKey::host(address))
                .inspect_err(|_| self.uncount(Limit::DatabaseTest, organization))?;
        }
        Ok((of_organization, of_all))
    }

    fn key(&self, who: RateKey<'_>) -> Key {
        self.seed.hash_one(who)
    }

    fn count_key(&self, limit: Limit, key: Key) -> Result<(), RateLimited> {
        self.limiter(limit).count(self.rate(limit), key)
    }

    /// Takes back one that was counted.
    fn uncount(&self, limit: Limit, key: Key) {
        self.limiter(limit).uncount(self.rate(limit), key);
    }

    fn rate(&self, limit: Limit) -> Rate {
        limit.rate(&self.config.current().limits)
    }

    const fn limiter(&self, limit: Limit) -> &Limiter {
        &self.limiters[limit as usize]
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Limit, Limits, RateKey};
    use crate::config::{Config, LiveConfig};

    fn config(settings: &[(&str, &str)]) -> Config {
        let environment =
            settings.iter().map(|(key, value)| (format!("BASIRA__LIMITS__{key}"), (*value).to_owned()));
        Config::load(None, environment, &[]).expect("is good")
    }

    fn taken(limits: &Limits, limit: Limit, who: RateKey<'_>) -> usize {
        (0..1_000).take_while(|_| limits.count(limit, who).is_ok()).count()
    }

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let limits = Limits::new(LiveConfig::new(config(&[])));
        let host = RateKey::host([192, 0, 2, 1].into());
        for (limit, expected) in [
            (Limit::Signup, 5),
            (Limit::Login, 10),
            (Limit::Refresh, 30),
            (Limit::ForgotPassword, 5),
            (Limit::ResetPassword, 10),
            (Limit::ResendVerification, 5),
            (Limit::Mail, 1),
        ] {
            assert_eq!(taken(&limits, limit, host), expected, "{limit:?}");
        }
        let wait = limits.count(Limit::Mail, host).expect_err("the second mail").retry_after.as_secs();
        assert!((58..=60).contains(&wait), "{wait}");
        let burst = taken(&limits, Limit::Api, RateKey::Principal(Uuid::nil()));
        assert!((200..=210).contains(&burst), "{burst}");
        assert!(limits.count(Limit::Api, RateKey::Principal(Uuid::max())).is_ok(), "each has its own");
    }

    #[test]
    fn connection_tests_are_limited_by_organization_by_address_and_in_number() {
        let limits = Limits::new(LiveConfig::new(config(&[("DATABASE_TESTS__PER_HOUR", "6")])));
        let address = |last: u8| Some([192, 0, 2, last].into());
        let [ada, bob] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let running: Vec<_> = (0..4).map(|_| limits.database_test(ada, address(1)).expect("room")).collect();
        assert_eq!(limits.database_test(ada, address(1)).expect_err("a fifth").retry_after.as_secs(), 1);
        drop(running);
        let in_turn =
            |id, last| (0..9).take_while(|_| limits.database_test(id, address(last)).is_ok()).count();
        assert_eq!(in_turn(ada, 2), 2, "the organization");
        assert!(limits.database_test(ada, address(3)).expect_err("an hour's").retry_after.as_secs() > 60);
        assert_eq!(in_turn(bob, 1), 2, "the address");
        assert_eq!(in_turn(bob, 4), 4, "what the address refused is not counted");
    }

    #[test]
    fn a_new_configuration_applies_from_now_on() {
        let config_of = |count| config(&[("AUTH__SIGNUP_PER_HOUR", count)]);
        let live = LiveConfig::new(config_of("2"));
        let limits = Limits::new(live.clone());
        let host = RateKey::host([192, 0, 2, 1].into());
        assert_eq!(taken(&limits, Limit::Signup, host), 2);
        assert_eq!(taken(&limits, Limit::Refresh, host), 30);
        live.replace(config_of("9"));
        assert_eq!(taken(&limits, Limit::Signup, host), 9);
        assert_eq!(taken(&limits, Limit::Refresh, host), 0, "what did not change goes on");
        live.replace(config_of("0"));
        assert_eq!(taken(&limits, Limit::Signup, host), 1_000);
    }

    #[test]
    fn a_network_of_ipv6_is_one_host() {
        let host = |text: &str| RateKey::host(text.parse().expect("an address"));
        assert_eq!(host("2001:db8:1:2:3::4"), host("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(host("2001:db8:1:2::1"), host("2001:db8:1:3::1"));
        assert_eq!(host("::ffff:192.0.2.1"), host("192.0.2.1"));
        assert_ne!(host("192.0.2.1"), host("192.0.2.2"));
    }
}
