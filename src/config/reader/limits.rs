//! `limits.*`: how often what may be asked for.

use std::time::Duration;

use super::Reader;
use crate::config::{ApiLimits, AuthLimits, DatabaseTestLimits, Limits};

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> Option<Limits> {
        let connections_per_address = self.count("limits.connections_per_address", 1);
        let live_streams = self.count("limits.live_streams", 1);
        let auth = self.auth_limits();
        let per_second = self.count("limits.api.per_second", 0);
        let burst = self.count("limits.api.burst", 1);
        let database_tests = self.database_test_limits();
        Some(Limits {
            connections_per_address: connections_per_address?,
            live_streams: live_streams?,
            auth: auth?,
            api: ApiLimits { per_second: per_second?, burst: burst? },
            database_tests: database_tests?,
        })
    }

    fn database_test_limits(&mut self) -> Option<DatabaseTestLimits> {
        let per_hour = self.count("limits.database_tests.per_hour", 0);
        let at_once = self.count("limits.database_tests.at_once", 1);
        let at_once_per_organization = self.count("limits.database_tests.at_once_per_organization", 1);
        Some(DatabaseTestLimits {
            per_hour: per_hour?,
            at_once: at_once?,
            at_once_per_organization: at_once_per_organization?,
        })
    }

    fn auth_limits(&mut self) -> Option<AuthLimits> {
        let mut per_hour = |name: &str| self.count(&format!("limits.auth.{name}"), 0);
        let signup_per_hour = per_hour("signup_per_hour");
        let login_failures_per_hour = per_hour("login_failures_per_hour");
        let refresh_per_hour = per_hour("refresh_per_hour");
        let forgot_password_per_hour = per_hour("forgot_password_per_hour");
        let reset_password_per_hour = per_hour("reset_password_per_hour");
        let resend_verification_per_hour = per_hour("resend_verification_per_hour");
        let mail_pause = self.integer("limits.auth.mail_pause_seconds", 0, 86_400).map(Duration::from_secs);
        Some(AuthLimits {
            signup_per_hour: signup_per_hour?,
            login_failures_per_hour: login_failures_per_hour?,
            refresh_per_hour: refresh_per_hour?,
            forgot_password_per_hour: forgot_password_per_hour?,
            reset_password_per_hour: reset_password_per_hour?,
            resend_verification_per_hour: resend_verification_per_hour?,
            mail_pause: mail_pause?,
        })
    }

    fn count(&mut self, key: &str, least: u64) -> Option<u32> {
        self.integer(key, least, 1_000_000).and_then(|count| u32::try_from(count).ok())
    }
}
