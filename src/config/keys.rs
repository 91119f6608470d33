//! The keys of the configuration: the kind of value of each, and whether a change of it needs a restart.

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

/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// At the next reload.
    Reload,
    /// At the next start.
    Restart,
}

/// Whether a changed value of `key` takes effect only at the next start.
pub(super) fn needs_restart(key: &str) -> bool {
    KEYS.iter().any(|(known, _, effect)| *known == key && *effect == Effect::Restart)
}

/// In the order of `config/basira.toml`; those of the health rules follow. Sign-in providers have names that their
/// operator chose: see [`provider_key`].
pub(super) const KEYS: [(&str, Kind, Effect); 70] = [
    ("data_dir", Kind::Text, Effect::Restart),
    ("http.listen", Kind::Text, Effect::Restart),
    ("http.public_url", Kind::Text, Effect::Restart),
    ("http.hosts", Kind::Texts, Effect::Reload),
    ("http.trusted_proxies", Kind::Texts, Effect::Reload),
    ("http.cors.origins", Kind::Texts, Effect::Reload),
    ("http.tls.cert_file", Kind::Text, Effect::Reload),
    ("http.tls.key_file", Kind::Text, Effect::Reload),
    ("storage.url", Kind::Secret, Effect::Restart),
    ("storage.url_file", Kind::Text, Effect::Restart),
    ("samples.url", Kind::Secret, Effect::Restart),
    ("samples.url_file", Kind::Text, Effect::Restart),
    ("samples.retention.raw_hours", Kind::Integer, Effect::Reload),
    ("samples.retention.minute_days", Kind::Integer, Effect::Reload),
    ("samples.retention.hour_days", Kind::Integer, Effect::Reload),
    ("samples.retention.max_bytes", Kind::Integer, Effect::Reload),
    ("samples.retention.new_texts_per_hour", Kind::Integer, Effect::Reload),
    ("audit.keep_days", Kind::Integer, Effect::Reload),
    ("audit.max_entries", Kind::Integer, Effect::Reload),
    ("auth.signup", Kind::Text, Effect::Reload),
    ("auth.jwt_secret", Kind::Secret, Effect::Restart),
    ("auth.jwt_secret_file", Kind::Text, Effect::Restart),
    ("auth.previous_jwt_secret", Kind::Secret, Effect::Restart),
    ("auth.previous_jwt_secret_file", Kind::Text, Effect::Restart),
    ("auth.encryption_key", Kind::Secret, Effect::Restart),
    ("auth.encryption_key_file", Kind::Text, Effect::Restart),
    ("auth.previous_encryption_key", Kind::Secret, Effect::Restart),
    ("auth.previous_encryption_key_file", Kind::Text, Effect::Restart),
    ("mail.transport", Kind::Text, Effect::Reload),
    ("mail.from", Kind::Text, Effect::Reload),
    ("mail.smtp.host", Kind::Text, Effect::Reload),
    ("mail.smtp.port", Kind::Integer, Effect::Reload),
    ("mail.smtp.tls", Kind::Text, Effect::Reload),
    ("mail.smtp.ca_file", Kind::Text, Effect::Reload),
    ("mail.smtp.username", Kind::Text, Effect::Reload),
    ("mail.smtp.password", Kind::Secret, Effect::Reload),
    ("mail.smtp.password_file", Kind::Text, Effect::Reload),
    ("limits.connections_per_address", Kind::Integer, Effect::Reload),
    ("limits.live_streams", Kind::Integer, Effect::Reload),
    ("limits.auth.signup_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.login_failures_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.logins_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.refresh_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.forgot_password_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.reset_password_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.resend_verification_per_hour", Kind::Integer, Effect::Reload),
    ("limits.auth.mail_pause_seconds", Kind::Integer, Effect::Reload),
    ("limits.auth.mails_per_day", Kind::Integer, Effect::Reload),
    ("limits.invitations.per_organization_per_day", Kind::Integer, Effect::Reload),
    ("limits.invitations.per_address_per_day", Kind::Integer, Effect::Reload),
    ("limits.invitations.per_address_from_all_per_day", Kind::Integer, Effect::Reload),
    ("limits.quotas.databases", Kind::Integer, Effect::Reload),
    ("limits.quotas.api_keys", Kind::Integer, Effect::Reload),
    ("limits.quotas.people", Kind::Integer, Effect::Reload),
    ("limits.quotas.live_streams", Kind::Integer, Effect::Reload),
    ("limits.quotas.stream_tickets", Kind::Integer, Effect::Reload),
    ("limits.api.per_second", Kind::Integer, Effect::Reload),
    ("limits.api.burst", Kind::Integer, Effect::Reload),
    ("limits.database_tests.per_hour", Kind::Integer, Effect::Reload),
    ("limits.database_tests.at_once", Kind::Integer, Effect::Reload),
    ("limits.database_tests.at_once_per_organization", Kind::Integer, Effect::Reload),
    ("collect.poll_interval_seconds", Kind::Integer, Effect::Reload),
    ("collect.connect_timeout_ms", Kind::Integer, Effect::Reload),
    ("collect.max_connects", Kind::Integer, Effect::Reload),
    ("collect.disabled_collectors", Kind::Texts, Effect::Reload),
    ("collect.raw_query_text", Kind::Boolean, Effect::Reload),
    ("targets.deny", Kind::Texts, Effect::Reload),
    ("targets.private", Kind::Texts, Effect::Reload),
    ("log.level", Kind::Text, Effect::Reload),
    ("log.format", Kind::Text, Effect::Restart),
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
    let fixed = KEYS.iter().map(|(key, kind, _)| ((*key).to_owned(), *kind));
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
