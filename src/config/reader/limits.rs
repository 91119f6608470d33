//! `limits.*`: how often what may be asked for.

use std::time::Duration;

use super::Reader;
use crate::config::{ApiLimits, AuthLimits, DatabaseTestLimits, InvitationLimits, Limits, Quotas};

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> Option<Limits> {
        let connections_per_address = self.count("limits.connections_per_address", 1);
        let live_streams = self.count("limits.live_streams", 1);
        let auth = self.auth_limits();
        let invitations = self.invitation_limits();
        let quotas = self.quotas();
        let per_second = self.count("limits.api.per_second", 0);
        let burst = self.count("limits.api.burst", 1);
        let database_tests = self.database_test_limits();
        Some(Limits {
            connections_per_address: connections_per_address?,
            live_streams: live_streams?,
            auth: auth?,
            invitations: invitations?,
            quotas: quotas?,
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
        let logins_per_hour = per_hour("logins_per_hour");
        let refresh_per_hour = per_hour("refresh_per_hour");
        let forgot_password_per_hour = per_hour("forgot_password_per_hour");
        let reset_password_per_hour = per_hour("reset_password_per_hour");
        let resend_verification_per_hour = per_hour("resend_verification_per_hour");
        let mails_per_day = self.count("limits.auth.mails_per_day", 0);
        let mail_pause = self.integer("limits.auth.mail_pause_seconds", 0, 86_400).map(Duration::from_secs);
        Some(AuthLimits {
            signup_per_hour: signup_per_hour?,
            login_failures_per_hour: login_failures_per_hour?,
            logins_per_hour: logins_per_hour?,
            refresh_per_hour: refresh_per_hour?,
            forgot_password_per_hour: forgot_password_per_hour?,
            reset_password_per_hour: reset_password_per_hour?,
            resend_verification_per_hour: resend_verification_per_hour?,
            mail_pause: mail_pause?,
            mails_per_day: mails_per_day?,
        })
    }

    fn invitation_limits(&mut self) -> Option<InvitationLimits> {
        let mut per_day = |name: &str| self.count(&format!("limits.invitations.{name}"), 0);
        let per_organization_per_day = per_day("per_organization_per_day");
        let per_address_per_day = per_day("per_address_per_day");
        let per_address_from_all_per_day = per_day("per_address_from_all_per_day");
        Some(InvitationLimits {
            per_organization_per_day: per_organization_per_day?,
            per_address_per_day: per_address_per_day?,
            per_address_from_all_per_day: per_address_from_all_per_day?,
        })
    }

    fn quotas(&mut self) -> Option<Quotas> {
        let mut quota = |name: &str| self.count(&format!("limits.quotas.{name}"), 1);
        let databases = quota("databases");
        let api_keys = quota("api_keys");
        let people = quota("people");
        let live_streams = quota("live_streams");
        let stream_tickets = quota("stream_tickets");
        Some(Quotas {
            databases: databases?,
            api_keys: api_keys?,
            people: people?,
            live_streams: live_streams?,
            stream_tickets: stream_tickets?,
        })
    }

    fn count(&mut self, key: &str, least: u64) -> Option<u32> {
        self.integer(key, least, 1_000_000).and_then(|count| u32::try_from(count).ok())
    }
}
