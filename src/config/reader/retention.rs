//! `samples.retention`: how long and how much.

use std::time::Duration;

use super::{ConfigValue, Reader};
use crate::config::Retention;

const HOUR_SECONDS: u64 = 3_600;
const DAY_HOURS: u64 = 24;
const MOST_DAYS: u64 = 36_500;
/// Below this even an empty store would not fit.
const LEAST_BYTES: u64 = 1 << 20;

const RAW: &str = "samples.retention.raw_hours";
const MINUTE: &str = "samples.retention.minute_days";
const HOUR: &str = "samples.retention.hour_days";
const MAX_BYTES: &str = "samples.retention.max_bytes";
const NEW_TEXTS: &str = "samples.retention.new_texts_per_hour";

impl Reader<'_> {
    /// What is summed must not go before what it was summed from, or a hole would open between the two.
    pub(super) fn retention(&mut self) -> Option<Retention> {
        let raw_hours = self.integer(RAW, 1, MOST_DAYS * DAY_HOURS);
        let minute_days = self.integer(MINUTE, 1, MOST_DAYS);
        let hour_days = self.integer(HOUR, 1, MOST_DAYS);
        let max_bytes = self.max_bytes();
        let new_texts_per_hour = self.integer(NEW_TEXTS, 0, 1_000_000_000);
        let (raw_hours, minute_days, hour_days) = (raw_hours?, minute_days?, hour_days?);
        self.at_least(MINUTE, minute_days, raw_hours.div_ceil(DAY_HOURS), RAW, raw_hours);
        self.at_least(HOUR, hour_days, minute_days, MINUTE, minute_days);
        let days = |days: u64| Duration::from_secs(days * DAY_HOURS * HOUR_SECONDS);
        Some(Retention {
            raw: Duration::from_secs(raw_hours * HOUR_SECONDS),
            minute: days(minute_days),
            hour: days(hour_days),
            max_bytes: max_bytes?,
            new_texts_per_hour: new_texts_per_hour.map(|texts| (texts > 0).then_some(texts))?,
        })
    }

    fn at_least(&mut self, key: &str, days: u64, least: u64, finer: &str, kept: u64) {
        if days >= least {
            return;
        }
        // blame what somebody wrote
        if self.merged.get(key).is_some_and(ConfigValue::is_default) {
            self.wrong(finer, &format!("is {kept}; set {key} to at least {least} with it"));
        } else {
            self.wrong(key, &format!("must be at least {least}, because {finer} is {kept}"));
        }
    }

    fn max_bytes(&mut self) -> Option<Option<u64>> {
        match self.integer(MAX_BYTES, 0, i64::MAX.unsigned_abs())? {
            0 => Some(None),
            bytes if bytes >= LEAST_BYTES => Some(Some(bytes)),
            _ => {
                self.wrong(MAX_BYTES, &format!("must be 0, for no cap, or at least {LEAST_BYTES}"));
                None
            }
        }
    }
}
