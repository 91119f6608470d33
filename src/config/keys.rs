//! Every key that there is, and what kind of value it takes.

use std::sync::LazyLock;

use basira_actors::health::rules;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Never shown.
    Secret,
    Integer,
    /// Whole or not.
    Number,
    Boolean,
    Texts,
}

impl Kind {
    /// What a value of this kind is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Texts => "a list of strings",
        }
    }
}

/// In the order of `config/basira.toml`; those of the health rules follow. Sign-in providers have names that their
/// operator chose: see [`provider_key`].
pub(super) const KEYS: [(&str, Kind); 70] = [
    ("data_dir", Kind::Text),
    ("http.listen", Kind::Text),
    ("http.public_url", Kind::Text),
    ("http.hosts", Kind::Texts),
    ("http.trusted_proxies", Kind::Texts),
    ("http.cors.origins", Kind::Texts),
    ("http.tls.cert_file", Kind::Text),
    ("http.tls.key_file", Kind::Text),
    ("storage.url", Kind::Secret),
    ("storage.url_file", Kind::Text),
    ("samples.url", Kind::Secret),
    ("samples.url_file", Kind::Text),
    ("samples.retention.raw_hours", Kind::Integer),
    ("samples.retention.minute_days", Kind::Integer),
    ("samples.retention.hour_days", Kind::Integer),
    ("samples.retention.max_bytes", Kind::Integer),
    ("samples.retention.new_texts_per_hour", Kind::Integer),
    ("audit.keep_days", Kind::Integer),
    ("audit.max_entries", Kind::Integer),
    ("auth.signup", Kind::Text),
    ("auth.jwt_secret", Kind::Secret),
    ("auth.jwt_secret_file", Kind::Text),
    ("auth.previous_jwt_secret", Kind::Secret),
    ("auth.previous_jwt_secret_file", Kind::Text),
    ("auth.encryption_key", Kind::Secret),
    ("auth.encryption_key_file", Kind::Text),
    ("auth.previous_encryption_key", Kind::Secret),
    ("auth.previous_encryption_key_file", Kind::Text),
    ("mail.transport", Kind::Text),
    ("mail.from", Kind::Text),
    ("mail.smtp.host", Kind::Text),
    ("mail.smtp.port", Kind::Integer),
    ("mail.smtp.tls", Kind::Text),
    ("mail.smtp.ca_file", Kind::Text),
    ("mail.smtp.username", Kind::Text),
    ("mail.smtp.password", Kind::Secret),
    ("mail.smtp.password_file", Kind::Text),
    ("limits.connections_per_address", Kind::Integer),
    ("limits.live_streams", Kind::Integer),
    ("limits.auth.signup_per_hour", Kind::Integer),
    ("limits.auth.login_failures_per_hour", Kind::Integer),
    ("limits.auth.logins_per_hour", Kind::Integer),
    ("limits.auth.refresh_per_hour", Kind::Integer),
    ("limits.auth.forgot_password_per_hour", Kind::Integer),
    ("limits.auth.reset_password_per_hour", Kind::Integer),
    ("limits.auth.resend_verification_per_hour", Kind::Integer),
    ("limits.auth.mail_pause_seconds", Kind::Integer),
    ("limits.auth.mails_per_day", Kind::Integer),
    ("limits.invitations.per_organization_per_day", Kind::Integer),
    ("limits.invitations.per_address_per_day", Kind::Integer),
    ("limits.invitations.per_address_from_all_per_day", Kind::Integer),
    ("limits.quotas.databases", Kind::Integer),
    ("limits.quotas.api_keys", Kind::Integer),
    ("limits.quotas.people", Kind::Integer),
    ("limits.quotas.live_streams", Kind::Integer),
    ("limits.quotas.stream_tickets", Kind::Integer),
    ("limits.api.per_second", Kind::Integer),
    ("limits.api.burst", Kind::Integer),
    ("limits.database_tests.per_hour", Kind::Integer),
    ("limits.database_tests.at_once", Kind::Integer),
    ("limits.database_tests.at_once_per_organization", Kind::Integer),
    ("collect.poll_interval_seconds", Kind::Integer),
    ("collect.connect_timeout_ms", Kind::Integer),
    ("collect.max_connects", Kind::Integer),
    ("collect.disabled_collectors", Kind::Texts),
    ("collect.raw_query_text", Kind::Boolean),
    ("targets.deny", Kind::Texts),
    ("targets.private", Kind::Texts),
    ("log.level", Kind::Text),
    ("log.format", Kind::Text),
];

/// What can be set of each health rule.
const OF_A_RULE: [(&str, Kind); 5] = [
    ("enabled", Kind::Boolean),
    ("threshold", Kind::Number),
    ("for_seconds", Kind::Integer),
    ("window_seconds", Kind::Integer),
    ("baseline_seconds", Kind::Integer),
];

/// What can be set of each provider that people sign in with.
pub(super) const OF_A_PROVIDER: [(&str, Kind); 13] = [
    ("label", Kind::Text),
    ("issuer", Kind::Text),
    ("client_id", Kind::Text),
    ("client_secret", Kind::Secret),
    ("client_secret_file", Kind::Text),
    ("ca_file", Kind::Text),
    ("scopes", Kind::Texts),
    ("allowed_domains", Kind::Texts),
    ("organization", Kind::Text),
    ("role", Kind::Text),
    ("role_claim", Kind::Text),
    ("roles", Kind::Texts),
    ("enabled", Kind::Boolean),
];
const PROVIDERS: &str = "auth.oidc.";

static ALL: LazyLock<Vec<(String, Kind)>> = LazyLock::new(|| {
    let fixed = KEYS.iter().map(|(key, kind)| ((*key).to_owned(), *kind));
    let of_rule = |id: &'static str| OF_A_RULE.iter().map(move |(name, kind)| (rule_key(id, name), *kind));
    fixed.chain(rules::ALL.iter().flat_map(|rule| of_rule(rule.id))).collect()
});

/// The key under which `name` is set of the rule called `id`.
pub(super) fn rule_key(id: &str, name: &str) -> String {
    format!("health.rules.{id}.{name}")
}

/// Every key, in the order in which they are shown.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Kind)> {
    ALL.iter().map(|(key, kind)| (key.as_str(), *kind))
}

/// What `key` takes.
pub(super) fn find(key: &str) -> Option<Kind> {
    let fixed = all().find(|(known, _)| *known == key).map(|(_, kind)| kind);
    fixed.or_else(|| {
        let (_, name) = of_a_provider(key)?;
        OF_A_PROVIDER.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    })
}

/// The key under which `name` is set of the sign-in provider that is called `provider`.
pub(super) fn provider_key(provider: &str, name: &str) -> String {
    format!("{PROVIDERS}{provider}.{name}")
}

/// The provider of a key such as `auth.oidc.corp.issuer`, and what is set of it.
pub(super) fn of_a_provider(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(PROVIDERS)?.rsplit_once('.')
}

/// The known key most like `key`, if any is like it at all.
pub(super) fn nearest(key: &str) -> Option<String> {
    let likeness =
        |known: &str| strsim::jaro_winkler(known, key).max(strsim::jaro_winkler(last(known), last(key)));
    let of_providers = of_a_provider(key)
        .map(|(provider, _)| OF_A_PROVIDER.iter().map(move |(name, _)| provider_key(provider, name)));
    let known = all().map(|(known, _)| known.to_owned()).chain(of_providers.into_iter().flatten());
    let (likeness, known) =
        known.map(|known| (likeness(&known), known)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > 0.75).then_some(known)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
