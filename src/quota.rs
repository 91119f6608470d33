//! How many of something one organization may have.

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    Databases,
    ApiKeys,
    /// Members, and invitations that wait to be accepted.
    People,
    LiveStreams,
    StreamTickets,
}

/// The organization has as many as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this organization has {most} {} already, as many as limits.quotas.{} allows", quota.noun(), quota.name())]
pub struct QuotaExceeded {
    pub quota: Quota,
    pub most: u64,
}

impl Quota {
    /// As the configuration and the API call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Databases => "databases",
            Self::ApiKeys => "api_keys",
            Self::People => "people",
            Self::LiveStreams => "live_streams",
            Self::StreamTickets => "stream_tickets",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Databases => "databases",
            Self::ApiKeys => "API keys",
            Self::People => "members and open invitations",
            Self::LiveStreams => "open live streams",
            Self::StreamTickets => "unused stream tickets",
        }
    }

    /// Whether what is counted is released by itself within seconds.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::LiveStreams | Self::StreamTickets)
    }

    /// Fails when `count` is `most` or more.
    ///
    /// # Errors
    /// [`QuotaExceeded`].
    pub const fn check(self, count: u64, most: u64) -> Result<(), QuotaExceeded> {
        if count < most { Ok(()) } else { Err(QuotaExceeded { quota: self, most }) }
    }
}
