//! Every key that there is, and what kind of value it takes.

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Never shown.
    Secret,
    Integer,
    Boolean,
    Texts,
}

impl Kind {
    /// What a value of this kind is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "a string",
            Self::Integer => "an integer",
            Self::Boolean => "true or false",
            Self::Texts => "a list of strings",
        }
    }
}

/// In the order of `config/basira.toml`.
pub(super) const KEYS: [(&str, Kind); 25] = [
    ("data_dir", Kind::Text),
    ("http.listen", Kind::Text),
    ("http.public_url", Kind::Text),
    ("storage.url", Kind::Secret),
    ("storage.url_file", Kind::Text),
    ("samples.url", Kind::Secret),
    ("samples.url_file", Kind::Text),
    ("samples.retention.raw_hours", Kind::Integer),
    ("samples.retention.minute_days", Kind::Integer),
    ("samples.retention.hour_days", Kind::Integer),
    ("samples.retention.max_bytes", Kind::Integer),
    ("auth.signup", Kind::Text),
    ("auth.jwt_secret", Kind::Secret),
    ("auth.jwt_secret_file", Kind::Text),
    ("auth.encryption_key", Kind::Secret),
    ("auth.encryption_key_file", Kind::Text),
    ("mail.transport", Kind::Text),
    ("collect.poll_interval_seconds", Kind::Integer),
    ("collect.connect_timeout_ms", Kind::Integer),
    ("collect.max_connects", Kind::Integer),
    ("collect.disabled_collectors", Kind::Texts),
    ("collect.raw_query_text", Kind::Boolean),
    ("targets.deny", Kind::Texts),
    ("log.level", Kind::Text),
    ("log.format", Kind::Text),
];

/// What `key` takes.
pub(super) fn kind(key: &str) -> Option<Kind> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, kind)| *kind)
}

/// The known key most like `key`, if any is like it at all.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let likeness =
        |known: &str| strsim::jaro_winkler(known, key).max(strsim::jaro_winkler(last(known), last(key)));
    let (known, likeness) =
        KEYS.iter().map(|(known, _)| (*known, likeness(known))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (likeness > 0.75).then_some(known)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
