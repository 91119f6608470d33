//! Settings that limit our queries, as far as the version has them and the user may set them.

use std::collections::HashSet;
use std::time::Duration;

use crate::collect::Notice;

/// The memory that a query of ours may use.
const MAX_MEMORY_BYTES: u64 = 1 << 30;
/// The time limit for connecting to a node of a cluster, after which the others are read without it.
const NODE_CONNECT_TIMEOUT_MS: &str = "1000";
/// The time limit for receiving from a node: a node that is running a query reports its progress ten times a second.
const NODE_RECEIVE_TIMEOUT_SECONDS: &str = "2";
/// The code of `READONLY`: the profile has `readonly = 1`, or a setting must not be changed.
const READONLY: &str = "164";
/// Settings that would make a query of ours fail, or truncate or change its result; sent with every query, because the first
/// one reads which others there are.
const OF_RESULTS: [(&str, &str); 5] = [
    ("max_result_rows", "0"),
    ("max_result_bytes", "0"),
    ("result_overflow_mode", "throw"),
    ("max_rows_to_read", "0"),
    ("max_bytes_to_read", "0"),
];
/// The same, each sent when the user has another value.
const PINNED: [(&str, &str); 38] = [
    ("additional_result_filter", ""),
    ("additional_table_filters", "{}"),
    ("aggregate_functions_null_for_empty", "0"),
    ("cast_keep_nullable", "0"),
    ("dialect", "clickhouse"),
    ("distinct_overflow_mode", "throw"),
    ("empty_result_for_aggregation_by_empty_set", "0"),
    ("extremes", "0"),
    ("final", "0"),
    ("force_index_by_date", "0"),
    ("force_primary_key", "0"),
    ("group_by_overflow_mode", "throw"),
    ("group_by_use_nulls", "0"),
    ("http_write_exception_in_output_format", "0"),
    ("join_overflow_mode", "throw"),
    ("join_use_nulls", "0"),
    ("limit", "0"),
    ("max_bytes_in_distinct", "0"),
    ("max_bytes_in_join", "0"),
    ("max_bytes_in_set", "0"),
    ("max_bytes_to_sort", "0"),
    ("max_columns_to_read", "0"),
    ("max_network_bytes", "0"),
    ("max_rows_in_distinct", "0"),
    ("max_rows_in_join", "0"),
    ("max_rows_in_set", "0"),
    ("max_rows_to_group_by", "0"),
    ("max_rows_to_sort", "0"),
    ("max_temporary_columns", "0"),
    ("max_temporary_non_const_columns", "0"),
    ("min_execution_speed", "0"),
    ("offset", "0"),
    ("read_overflow_mode", "throw"),
    ("send_progress_in_http_headers", "0"),
    ("session_timezone", ""),
    ("set_overflow_mode", "throw"),
    ("timeout_overflow_mode", "throw"),
    ("transform_null_in", "0"),
];
/// The codes of errors that such a setting causes: `TOO_MANY_ROWS`, `TOO_MANY_COLUMNS`, `TOO_MANY_BYTES` and
/// `TOO_MANY_ROWS_OR_BYTES`.
pub(super) const LIMIT_EXCEEDED: [u32; 4] = [158, 161, 307, 396];
/// The codes of `SETTING_CONSTRAINT_VIOLATION` and `UNKNOWN_SETTING`.
const REFUSALS: [&str; 2] = ["452", "115"];

/// The settings that are sent with each query.
#[derive(Debug, Default)]
pub(super) struct QueryLimits {
    /// The settings of this version.
    known: HashSet<String>,
    /// Settings of [`PINNED`] and [`OF_RESULTS`] of which the user has another value.
    deviating: Vec<&'static str>,
    /// Settings that the user may not set.
    refused: Vec<&'static str>,
    /// Whether the user may not set anything.
    is_readonly: bool,
    /// Whether the profile of the user has a time limit.
    is_limited_by_profile: bool,
}

impl QueryLimits {
    /// Clears the settings of the version, but not those that were refused.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.deviating.clear();
    }

    /// Adds a row of `system.settings`, with the value for this user.
    pub(super) fn add_setting(&mut self, name: &str, value: &str) {
        match name {
            "readonly" => self.is_readonly = value == "1",
            "max_execution_time" => {
                self.is_limited_by_profile = value.parse::<f64>().is_ok_and(|limit| limit > 0.0)
            }
            _ => {}
        }
        let pinned = OF_RESULTS.iter().chain(&PINNED).find(|(pinned, _)| *pinned == name);
        self.deviating.extend(pinned.filter(|(_, ours)| *ours != value).map(|(name, _)| name));
        self.known.insert(name.to_owned());
    }

    /// Returns the settings to send with a query whose time limit is `limit`.
    pub(super) fn settings(&self, limit: Duration, clustered: bool) -> Vec<(&'static str, String)> {
        if self.is_readonly {
            return Vec::new();
        }
        let seconds = limit.as_secs().max(1);
        let of_all_versions = [
            ("readonly", "2".to_owned()),
            ("max_execution_time", seconds.to_string()),
            ("max_threads", "2".to_owned()),
            ("max_memory_usage", MAX_MEMORY_BYTES.to_string()),
            ("priority", "10".to_owned()),
            ("output_format_json_quote_64bit_integers", "1".to_owned()),
        ];
        let by_version = [
            ("cancel_http_readonly_queries_on_client_close", "1".to_owned()),
            ("log_comment", "basira".to_owned()),
            ("use_query_cache", "0".to_owned()),
        ];
        // with the defaults, a node that does not respond would delay the others for half a minute
        let of_clusters = [
            ("skip_unavailable_shards", "1".to_owned()),
            ("connections_with_failover_max_tries", "1".to_owned()),
            ("connect_timeout_with_failover_ms", NODE_CONNECT_TIMEOUT_MS.to_owned()),
            ("handshake_timeout_ms", NODE_CONNECT_TIMEOUT_MS.to_owned()),
            ("receive_timeout", NODE_RECEIVE_TIMEOUT_SECONDS.to_owned()),
        ];
        let of_clusters = of_clusters.into_iter().filter(|_| clustered);
        let deviates = |(name, _): &&(&'static str, &str)| self.deviating.contains(name);
        let pinned = OF_RESULTS.iter().chain(PINNED.iter().filter(deviates));
        let pinned = pinned.map(|(name, value)| (*name, (*value).to_owned()));
        let of_this_version =
            by_version.into_iter().chain(of_clusters).filter(|(name, _)| self.known.contains(*name));
        of_all_versions
            .into_iter()
            .chain(of_this_version)
            .chain(pinned)
            .filter(|(name, _)| !self.refused.contains(name))
            .collect()
    }

    /// Removes the setting that the server refused. Returns false when it refused something else.
    pub(super) fn remove_refused(&mut self, code: &str, message: &str) -> bool {
        if self.is_readonly || !(code == READONLY || REFUSALS.contains(&code)) {
            return false;
        }
        let sent = self.settings(Duration::ZERO, true);
        match sent.into_iter().find(|(name, _)| message.contains(name)) {
            // for a readonly user, each setting would be refused in turn
            Some((name, _)) if code != READONLY || name == "readonly" => self.refused.push(name),
            _ if code == READONLY => self.is_readonly = true,
            _ => return false,
        }
        true
    }

    /// Returns the notice for a user, `role`, whose queries cannot be limited, or who cannot lift limits on them.
    pub(super) fn notice(&self, role: &str) -> Option<Notice> {
        self.unlimited_notice(role).into_iter().chain(self.deviation_notice(role)).reduce(Notice::and)
    }

    /// The settings of a profile that change our results and cannot be changed.
    fn deviation_notice(&self, role: &str) -> Option<Notice> {
        let is_fixed = |name: &&&str| self.is_readonly || self.refused.contains(*name);
        let fixed: Vec<&str> = self.deviating.iter().filter(is_fixed).copied().collect();
        if fixed.is_empty() {
            return None;
        }
        let fixed = fixed.join(", ");
        let reason = format!(
            "the profile of user {role} sets {fixed} and does not let the user change it: answers may fail or be incomplete"
        );
        let fix = format!("remove {fixed} from the profile of user {role}, or let the user change it");
        Some(Notice::new(reason, fix))
    }

    fn unlimited_notice(&self, role: &str) -> Option<Notice> {
        if !self.is_readonly || self.is_limited_by_profile {
            return None;
        }
        let reason = format!(
            "user {role} may not set limits for its queries (readonly = 1), so the server does not cancel them by itself"
        );
        let fix = format!(
            "set readonly = 2 in the profile of user {role}, or max_execution_time, max_threads and max_memory_usage"
        );
        Some(Notice::new(reason, fix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(limits: &QueryLimits) -> Vec<&'static str> {
        limits.settings(Duration::from_secs(5), true).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_setting_is_sent_when_the_version_has_it() {
        let mut limits = QueryLimits::default();
        assert!(!names(&limits).contains(&"log_comment"), "nothing is known yet");
        limits.add_setting("log_comment", "");
        limits.add_setting("skip_unavailable_shards", "0");
        assert!(
            names(&limits).contains(&"log_comment") && names(&limits).contains(&"skip_unavailable_shards")
        );
        let alone = limits.settings(Duration::from_secs(5), false);
        assert!(!alone.iter().any(|(name, _)| *name == "skip_unavailable_shards"), "{alone:?}");
    }

    #[test]
    fn the_query_for_settings_asks_for_all_that_are_pinned() {
        let sql = super::super::discover::SETTINGS;
        for (name, _) in OF_RESULTS.iter().chain(&PINNED) {
            assert!(sql.contains(&format!("'{name}'")), "{name}");
        }
        let mut limits = QueryLimits::default();
        limits.add_setting("join_use_nulls", "0");
        assert!(names(&limits).contains(&"max_result_rows") && !names(&limits).contains(&"join_use_nulls"));
        limits.add_setting("join_use_nulls", "1");
        assert!(names(&limits).contains(&"join_use_nulls"));
    }

    #[test]
    fn refused_settings_are_not_sent_again() {
        let mut limits = QueryLimits::default();
        assert!(!limits.remove_refused("115", "Unknown setting 'of_the_question'"));
        assert!(!limits.remove_refused("241", "Memory limit (for query) exceeded: max_memory_usage"));
        assert!(limits.remove_refused("452", "Setting max_memory_usage shouldn't be greater than 1000."));
        assert!(!names(&limits).contains(&"max_memory_usage") && names(&limits).contains(&"max_threads"));
        assert!(limits.remove_refused("164", "Cannot modify 'readonly' setting in readonly mode"));
        assert!(!names(&limits).contains(&"readonly") && names(&limits).contains(&"max_threads"));
        assert!(limits.remove_refused("164", "Cannot modify 'max_threads' setting in readonly mode"));
        assert!(names(&limits).is_empty() && !limits.remove_refused("164", "Cannot modify 'x' setting"));
    }

    #[test]
    fn a_readonly_user_without_a_limit_in_its_profile_gets_a_notice() {
        let mut limits = QueryLimits::default();
        limits.add_setting("readonly", "2");
        limits.add_setting("max_result_rows", "1000");
        assert_eq!(limits.notice("mo"), None);
        limits.add_setting("readonly", "1");
        assert!(limits.notice("mo").is_some_and(|notice| notice.fix.contains("readonly = 2")));
        limits.add_setting("max_execution_time", "2.5");
        let notice = limits.notice("mo").map(|notice| notice.reason).unwrap_or_default();
        assert!(notice.contains("max_result_rows") && !notice.contains("max_threads"), "{notice}");
        limits.clear();
        assert_eq!(limits.notice("mo"), None);
    }
}
