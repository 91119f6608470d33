//! Which fields a body has: what may be told of it without telling a secret.

use super::input::Input;

/// Does not compile when a field is missing.
macro_rules! presence {
    ($input:expr, $($field:ident)+) => {{
        let Input { $($field),+ } = $input;
        [$(($field.is_present(), stringify!($field))),+]
    }};
}

impl Input {
    /// The names of the fields that the body has.
    #[must_use]
    pub fn field_names(&self) -> Vec<&'static str> {
        let fields = presence!(
            self,
            name engine engine_version host port database username password tls tls_ca_pem dsn tags
            poll_interval_seconds collect_explain_plans collect_replication disabled_collectors cluster let_idle
            try_indexes_on_primary all_databases include_databases exclude_databases rules
        );
        fields.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
    }
}
