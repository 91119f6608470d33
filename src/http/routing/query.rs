//! Parses the query string; any error in it is a 400 that names the parameter.

use std::time::Duration;

use basira_actors::model::Timestamp;
use percent_encoding::percent_decode;
use uuid::Uuid;

use super::ApiError;
use crate::samples::{Resolution, Window};
use crate::storage::store::Page;

const MOST_BUCKETS: i64 = 50_000;
const MOST_BUCKET_SECONDS: u32 = 31 * 24 * 60 * 60;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// The maximum and default number of rows of a page.
const PAGE_ROWS: u32 = 1_000;
const DEFAULT_SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// The parameters after the `?`, decoded. Unknown ones are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// A parameter whose value is one of a fixed set of names.
pub trait Choice: Copy + 'static {
    /// Every choice with its name.
    const ALL: &'static [(&'static str, Self)];
}

impl Query {
    /// Splits and decodes `raw`.
    pub(in crate::http) fn parse(raw: &str) -> Result<Self, ApiError> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(not_text)?;
            match decode(value) {
                Some(value) => Ok((name, value)),
                None => Err(ApiError::field(name, "must be UTF-8 without NUL, percent-encoded")),
            }
        });
        parameters.collect::<Result<_, _>>().map(Self)
    }

    /// The parameter `name`, unparsed.
    ///
    /// # Errors
    /// 400 when it is given more than once.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        match values.next() {
            Some(_) => Err(ApiError::field(name, "must be given once")),
            None => Ok(first),
        }
    }

    /// The parameter `name` as a whole number from `least` to `most`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn integer(&self, name: &'static str, default: u32, least: u32, most: u32) -> Result<u32, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| ApiError::field(name, format!("must be an integer from {least} to {most}")))
    }

    /// The number of rows to return: `limit`, from 1 to `most`.
    ///
    /// # Errors
    /// 400 when it is out of range.
    pub fn limit(&self, default: u32, most: u32) -> Result<usize, ApiError> {
        let limit = self.integer("limit", default, 1, most)?;
        usize::try_from(limit).map_err(ApiError::internal)
    }

    /// The part of a list to return: `limit` rows, 1,000 if not given, after the first `offset`.
    ///
    /// # Errors
    /// 400 when either is out of range.
    pub fn page(&self) -> Result<Page, ApiError> {
        let limit = self.integer("limit", PAGE_ROWS, 1, PAGE_ROWS)?.into();
        Ok(Page { limit, offset: self.integer("offset", 0, 0, u32::MAX)?.into() })
    }

    /// The parameter `name` as `true` or `false`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ApiError> {
        match self.text(name)? {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(ApiError::field(name, "must be true or false")),
        }
    }

    /// The parameter `name` as one of a fixed set of names.
    ///
    /// # Errors
    /// 400 that lists them.
    pub fn choice<C: Choice>(&self, name: &'static str, default: C) -> Result<C, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let chosen = C::ALL.iter().find(|(choice, _)| *choice == text).map(|(_, value)| *value);
        chosen.ok_or_else(|| {
            let names: Vec<&str> = C::ALL.iter().map(|(choice, _)| *choice).collect();
            ApiError::field(name, format!("must be one of {}", names.join(", ")))
        })
    }

    /// The parameter `name` as an RFC 3339 timestamp with any offset.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn timestamp(&self, name: &'static str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        // A '+' that was not encoded arrives as a space; any other space is between date and time.
        let text = match text.rsplit_once(' ') {
            Some((instant, offset)) if instant.contains(':') => format!("{instant}+{offset}"),
            _ => text.to_owned(),
        };
        let parsed = text.parse::<Timestamp>();
        parsed.map(Some).map_err(|error| ApiError::field(name, error.to_string()))
    }

    /// The parameter `name` as an identifier.
    ///
    /// # Errors
    /// 400 when it is not a UUID.
    pub fn id(&self, name: &'static str) -> Result<Option<Uuid>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| ApiError::field(name, "must be a UUID"))
    }

    /// The time `at` in the past, if it is given.
    ///
    /// # Errors
    /// 400 when it is not a timestamp, or after `now`.
    pub fn moment(&self, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        let at = self.timestamp("at")?;
        if at.is_some_and(|at| at > now) {
            return Err(ApiError::field("at", "must not be in the future"));
        }
        Ok(at)
    }

    /// The span from `since` (default: 24 hours ago) to `until` (default: now).
    ///
    /// # Errors
    /// 400 when a bound is not a timestamp, or `since` is after `until`.
    pub fn window(&self, now: Timestamp) -> Result<Window, ApiError> {
        let until = self.timestamp("until")?.unwrap_or(now);
        let since = self.timestamp("since")?.unwrap_or(now - DEFAULT_SPAN);
        if since > until {
            return Err(ApiError::field("since", "(24 hours ago if not given) must not be after until"));
        }
        Ok(Window { since, until })
    }

    /// The length of the buckets of `window`, in milliseconds: `bucket` seconds. If it is not given, 60 seconds, or as
    /// many hours as necessary if that is finer than what is `kept` or would give too many buckets.
    ///
    /// # Errors
    /// 400 when it is not from 1 second to 31 days, the window would have more than 50,000 of them, or its samples are kept
    /// at a coarser resolution.
    pub fn bucket_ms(&self, window: Window, kept: Resolution) -> Result<i64, ApiError> {
        let bucket_ms = i64::from(self.integer("bucket", 60, 1, MOST_BUCKET_SECONDS)?) * 1000;
        let span = window.until.as_millis().saturating_sub(window.since.as_millis());
        if kept.millis() <= bucket_ms && span / bucket_ms <= MOST_BUCKETS {
            return Ok(bucket_ms);
        }
        if self.text("bucket")?.is_none() {
            return Ok(HOUR_MS * (span / HOUR_MS / MOST_BUCKETS + 1));
        }
        let least = (span / MOST_BUCKETS / 1000 + 1).max(kept.millis() / 1000);
        Err(ApiError::field("bucket", format!("must be at least {least} for this span")))
    }
}

fn not_text() -> ApiError {
    ApiError::invalid("invalid_query", "the names of parameters must be UTF-8, percent-encoded")
}

/// Decodes form encoding; `None` if the result is not UTF-8, or contains a NUL, which no storage can hold.
fn decode(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    let text = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use basira_actors::model::Timestamp;

    use super::{Choice, Query};
    use crate::http::ApiError;
    use crate::samples::{Resolution, Window};

    fn query(raw: &str) -> Query {
        Query::parse(raw).expect("a readable query string")
    }

    #[test]
    fn buckets_are_neither_tiny_nor_too_many() {
        let now = Timestamp(1_000_000_000_000);
        let window = query("").window(now).expect("a day");
        let bucket = |raw: &str| query(raw).bucket_ms(window, Resolution::Raw);
        assert_eq!(bucket("").ok(), Some(60_000));
        assert_eq!(bucket("bucket=2").ok(), Some(2_000));
        assert_eq!(refusal(bucket("bucket=0")).0.as_deref(), Some("bucket"));
        assert!(refusal(bucket("bucket=1")).1.contains("at least 2"));
    }

    #[test]
    fn a_bucket_that_is_not_given_suits_the_window() {
        let since = Timestamp(0);
        let hours = |hours: u32| Window { since, until: since + Duration::from_secs(3_600) * hours };
        for (span, minutes) in [(1, 1), (833, 1), (834, 60), (49_999, 60), (50_000, 120), (500_000, 660)] {
            let bucket_ms = query("").bucket_ms(hours(span), Resolution::Raw).ok();
            assert_eq!(bucket_ms, Some(minutes * 60_000), "{span} h");
        }
        assert!(refusal(query("bucket=60").bucket_ms(hours(834), Resolution::Raw)).1.contains("at least 61"));
    }

    #[test]
    fn a_bucket_is_not_finer_than_what_is_kept() {
        let since = Timestamp(0);
        let day = Window { since, until: since + Duration::from_secs(86_400) };
        let bucket = |raw: &str, kept| query(raw).bucket_ms(day, kept);
        assert_eq!(bucket("", Resolution::Minute).ok(), Some(60_000));
        assert_eq!(bucket("", Resolution::Hour).ok(), Some(3_600_000));
        assert!(refusal(bucket("bucket=10", Resolution::Minute)).1.contains("at least 60"));
        assert!(refusal(bucket("bucket=60", Resolution::Hour)).1.contains("at least 3600"));
        assert_eq!(bucket("bucket=7200", Resolution::Hour).ok(), Some(7_200_000));
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (Option<String>, String) {
        match result.expect_err("should be refused") {
            ApiError::Invalid { field, message, .. } => (field.map(Into::into), message.into()),
            other => panic!("not a 400: {other:?}"),
        }
    }

    #[test]
    fn limits_stay_in_range() {
        let limit = |raw: &str| query(raw).limit(25, 100).ok();
        let cases = [
            ("", Some(25)),
            ("limit=1", Some(1)),
            ("limit=100", Some(100)),
            ("limit=0", None),
            ("limit=101", None),
            ("limit=-1", None),
            ("limit=%2B5", None),
            ("limit=5.0", None),
            ("limit=", None),
            ("limit=99999999999", None),
            ("limit=5&limit=5", None),
            ("other=1&other=2", Some(25)),
        ];
        for (raw, expected) in cases {
            assert_eq!(limit(raw), expected, "{raw}");
        }
        let (field, message) = refusal(query("limit=0").limit(25, 100));
        assert_eq!(field.as_deref(), Some("limit"));
        assert_eq!(message, "limit must be an integer from 1 to 100");
    }

    #[test]
    fn timestamps_take_any_offset() {
        let since = |raw: &str| query(raw).timestamp("since").ok().flatten();
        let expected = Some(Timestamp(1_700_000_000_000));
        for raw in [
            "since=2023-11-14T22:13:20Z",
            "since=2023-11-14T22%3A13%3A20.000Z",
            "since=2023-11-15T03:13:20%2B05:00",
            "since=2023-11-15T03:13:20+05:00",
            "since=2023-11-15%2003:13:20+05:00",
            "since=2023-11-14T17:13:20-05:00",
        ] {
            assert_eq!(since(raw), expected, "{raw}");
        }
        let (field, _) = refusal(query("since=yesterday").timestamp("since"));
        assert_eq!(field.as_deref(), Some("since"));
    }

    #[test]
    fn the_window_is_the_last_day_and_never_backwards() {
        let now = Timestamp(1_700_000_000_000);
        let window = query("").window(now).expect("the default");
        assert_eq!((window.since.0, window.until), (now.0 - 86_400_000, now));
        let backwards = query("since=2023-11-14T22:13:20Z&until=2023-11-14T22:13:19Z");
        let (field, _) = refusal(backwards.window(now));
        assert_eq!(field.as_deref(), Some("since"));
    }

    #[test]
    fn a_moment_is_not_in_the_future() {
        let now = Timestamp(1_700_000_000_000);
        assert_eq!(query("").moment(now).ok(), Some(None));
        assert_eq!(query("at=2023-11-14T22:13:20Z").moment(now).ok(), Some(Some(now)));
        for raw in ["at=2023-11-14T22:13:21Z", "at=noon", "at="] {
            assert_eq!(refusal(query(raw).moment(now)).0.as_deref(), Some("at"), "{raw}");
        }
    }

    #[test]
    fn a_choice_lists_its_names() {
        #[derive(Debug, Clone, Copy, PartialEq)]
        enum Fruit {
            Apple,
            Pear,
        }
        impl Choice for Fruit {
            const ALL: &'static [(&'static str, Self)] = &[("apple", Self::Apple), ("pear", Self::Pear)];
        }
        assert_eq!(query("f=pear").choice("f", Fruit::Apple).ok(), Some(Fruit::Pear));
        assert_eq!(query("").choice("f", Fruit::Apple).ok(), Some(Fruit::Apple));
        let (field, message) = refusal(query("f=Pear").choice("f", Fruit::Apple));
        assert_eq!((field.as_deref(), message.as_str()), (Some("f"), "f must be one of apple, pear"));
    }

    #[test]
    fn what_is_no_text_names_its_parameter() {
        assert_eq!(refusal(Query::parse("q=%FF")).0.as_deref(), Some("q"));
        assert_eq!(refusal(Query::parse("q=%00")).0.as_deref(), Some("q"));
        assert_eq!(refusal(Query::parse("%FF=q")).0, None);
    }
}
