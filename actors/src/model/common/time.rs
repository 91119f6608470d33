//! Timestamps: milliseconds in UTC.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since 1970-01-01T00:00:00Z; displayed as RFC 3339 with three digits and `Z`. Values outside the years -9999
/// to 9999 are displayed as the first or the last instant of that range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The text is not an RFC 3339 timestamp.
#[derive(Debug, thiserror::Error)]
#[error("must be an RFC 3339 timestamp with an offset, such as 2026-01-31T12:00:00Z")]
pub struct ParseTimestampError;

impl Timestamp {
    /// Returns the current time by the clock of this machine.
    #[must_use]
    pub fn now() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one clock")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// The latest timestamp that can be written with any offset: 9999-12-30T22:00:00.999Z.
    pub const MAX: Self = Self(253_402_207_200_999);

    /// Converts a timestamp of a watched server, in milliseconds since the Unix epoch. Clamped to the range from 1970 to
    /// [`Self::MAX`]: the clock may be wrong, and PostgreSQL has `infinity`.
    #[must_use]
    pub const fn of_server(millis: i64) -> Self {
        match millis {
            ..0 => Self(0),
            millis if millis > Self::MAX.0 => Self::MAX,
            millis => Self(millis),
        }
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latest = if self.0 > 0 { jiff::Timestamp::MAX } else { jiff::Timestamp::MIN };
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or(latest);
        write!(f, "{instant:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| ParseTimestampError)?;
        Ok(Self(instant.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn prints_milliseconds_in_utc() {
        assert_eq!(Timestamp(1_700_000_000_000).to_string(), "2023-11-14T22:13:20.000Z");
        assert_eq!(Timestamp(1_700_000_000_007).to_string(), "2023-11-14T22:13:20.007Z");
    }

    #[test]
    fn any_timestamp_can_be_written_and_read() {
        for millis in [i64::MIN, i64::MAX, -1, Timestamp::MAX.0, Timestamp::MAX.0 + 1, 253_402_300_800_000] {
            let written = Timestamp(millis).to_string();
            assert!(written.parse::<Timestamp>().is_ok(), "{millis}: {written}");
            assert!(serde_json::to_string(&Timestamp(millis)).is_ok(), "{millis}");
        }
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.999Z");
    }

    #[test]
    fn timestamps_of_servers_are_clamped_to_1970_to_9999() {
        for (millis, kept) in [(i64::MIN, 0), (-1, 0), (7, 7), (i64::MAX, Timestamp::MAX.0)] {
            assert_eq!(Timestamp::of_server(millis), Timestamp(kept));
        }
        let spans = Timestamp(i64::MIN).since(Timestamp(i64::MAX)).as_millis();
        assert_eq!(spans, 0);
        assert!(Timestamp(i64::MAX).since(Timestamp(i64::MIN)).as_millis() > 0);
    }

    #[test]
    fn any_offset_is_read_and_none_is_refused() {
        let parse = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_millis);
        assert_eq!(parse("2023-11-15T03:13:20.007+05:00"), Some(1_700_000_000_007));
        assert_eq!(parse("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(parse("2023-11-14T22:13:20"), None);
        assert_eq!(parse("yesterday"), None);
    }
}
