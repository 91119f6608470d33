//! What our queries may take of the server, as far as this version knows such limits and this user may set them.

use std::collections::HashSet;
use std::time::Duration;

use crate::collect::Notice;

/// What a query of ours may take of the server's memory.
const MEMORY_BYTES: u64 = 1 << 30;
/// How long a node of a cluster may take to be reached, in milliseconds, before the others are shown without it.
const REACHED_WITHIN_MS: &str = "1000";
/// How long a node that was reached may send nothing; one that is at work tells its progress ten times a second.
const SILENT_FOR_SECONDS: &str = "2";
/// `READONLY`: of a profile with `readonly = 1`, or of a setting that must stay.
const READONLY: &str = "164";
/// `SETTING_CONSTRAINT_VIOLATION`, `UNKNOWN_SETTING`.
const REFUSALS: [&str; 2] = ["452", "115"];

/// Settings that are sent with each query.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Settings that this version knows, of those that not every one does.
    known: HashSet<String>,
    /// Settings that this user may not set.
    refused: Vec<&'static str>,
    /// This user may set nothing at all.
    none: bool,
    /// Its profile ends its queries.
    limited_anyway: bool,
}

impl Limits {
    /// Forgets what was learned of the server, but not what it refused.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// Takes a row of `system.settings`, as this user has them.
    pub(super) fn learn(&mut self, name: &str, value: &str) {
        match name {
            "readonly" => self.none = value == "1",
            "max_execution_time" => self.limited_anyway = value.parse::<f64>().is_ok_and(|limit| limit > 0.0),
            _ => {}
        }
        self.known.insert(name.to_owned());
    }

    /// What to send with a query that may take `limit`.
    pub(super) fn settings(&self, limit: Duration, clustered: bool) -> Vec<(&'static str, String)> {
        if self.none {
            return Vec::new();
        }
        let seconds = limit.as_secs().max(1);
        let everywhere = [
            ("readonly", "2".to_owned()),
            ("max_execution_time", seconds.to_string()),
            ("max_threads", "2".to_owned()),
            ("max_memory_usage", MEMORY_BYTES.to_string()),
            ("priority", "10".to_owned()),
            ("output_format_json_quote_64bit_integers", "1".to_owned()),
        ];
        let by_version = [
            ("cancel_http_readonly_queries_on_client_close", "1".to_owned()),
            ("log_comment", "basira".to_owned()),
            ("use_query_cache", "0".to_owned()),
        ];
        // a node that is away or hangs is shown as such; by default it would hide the others for half a minute
        let of_clusters = [
            ("skip_unavailable_shards", "1".to_owned()),
            ("connections_with_failover_max_tries", "1".to_owned()),
            ("connect_timeout_with_failover_ms", REACHED_WITHIN_MS.to_owned()),
            ("handshake_timeout_ms", REACHED_WITHIN_MS.to_owned()),
            ("receive_timeout", SILENT_FOR_SECONDS.to_owned()),
        ];
        let of_clusters = of_clusters.into_iter().filter(|_| clustered);
        let learned =
            by_version.into_iter().chain(of_clusters).filter(|(name, _)| self.known.contains(*name));
        everywhere.into_iter().chain(learned).filter(|(name, _)| !self.refused.contains(name)).collect()
    }

    /// Gives up what the server refused to set; false when it refused something else.
    pub(super) fn give_up(&mut self, code: &str, message: &str) -> bool {
        if self.none || !(code == READONLY || REFUSALS.contains(&code)) {
            return false;
        }
        let sent = self.settings(Duration::ZERO, true);
        match sent.into_iter().find(|(name, _)| message.contains(name)) {
            // of a user who may set nothing, each would be refused in turn
            Some((name, _)) if code != READONLY || name == "readonly" => self.refused.push(name),
            _ if code == READONLY => self.none = true,
            _ => return false,
        }
        true
    }

    /// What somebody should know whose user, `role`, cannot be limited by us.
    pub(super) fn notice(&self, role: &str) -> Option<Notice> {
        (self.none && !self.limited_anyway).then(|| Notice {
            reason: format!(
                "user {role} may not set limits for its queries (readonly = 1): the server ends none of them by itself"
            ),
            fix: format!(
                "set readonly = 2 in the profile of user {role}, or max_execution_time, max_threads and max_memory_usage"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(limits: &Limits) -> Vec<&'static str> {
        limits.settings(Duration::from_secs(5), true).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_setting_is_sent_when_the_version_knows_it() {
        let mut limits = Limits::default();
        assert!(!names(&limits).contains(&"log_comment"), "nothing is known yet");
        limits.learn("log_comment", "");
        limits.learn("skip_unavailable_shards", "0");
        assert!(
            names(&limits).contains(&"log_comment") && names(&limits).contains(&"skip_unavailable_shards")
        );
        let alone = limits.settings(Duration::from_secs(5), false);
        assert!(!alone.iter().any(|(name, _)| *name == "skip_unavailable_shards"), "{alone:?}");
    }

    #[test]
    fn what_the_user_may_not_set_is_not_sent_again() {
        let mut limits = Limits::default();
        assert!(!limits.give_up("115", "Unknown setting 'of_the_question'"));
        assert!(!limits.give_up("241", "Memory limit (for query) exceeded: max_memory_usage"));
        assert!(limits.give_up("452", "Setting max_memory_usage shouldn't be greater than 1000."));
        assert!(!names(&limits).contains(&"max_memory_usage") && names(&limits).contains(&"max_threads"));
        assert!(limits.give_up("164", "Cannot modify 'readonly' setting in readonly mode"));
        assert!(!names(&limits).contains(&"readonly") && names(&limits).contains(&"max_threads"));
        assert!(limits.give_up("164", "Cannot modify 'max_threads' setting in readonly mode"));
        assert!(names(&limits).is_empty() && !limits.give_up("164", "Cannot modify 'x' setting"));
    }

    #[test]
    fn who_cannot_be_limited_is_told_so_unless_its_profile_does() {
        let mut limits = Limits::default();
        limits.learn("readonly", "2");
        assert_eq!(limits.notice("mo"), None);
        limits.learn("readonly", "1");
        assert!(limits.notice("mo").is_some_and(|notice| notice.fix.contains("readonly = 2")));
        limits.learn("max_execution_time", "2.5");
        assert_eq!(limits.notice("mo"), None);
    }
}
