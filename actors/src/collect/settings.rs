//! Changes of settings over time.

use std::collections::HashMap;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::{Collected, Interner};
use crate::model::{Event, EventKind, LastValues, Record, Setting, Timestamp, streams};
use crate::text::with_unit;

/// All values are stored again this often, so that they outlive the retention.
const REPEAT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The latest values, or those stored before Basira started.
#[derive(Default)]
pub struct SettingHistory {
    /// By name.
    known: HashMap<String, Known>,
    /// When all values were last stored.
    repeated: Option<Timestamp>,
    interner: Interner,
}

#[derive(PartialEq, Eq)]
struct Known {
    setting: String,
    /// The value with its unit.
    shown: String,
}

impl SettingHistory {
    /// Takes what is stored; a change while Basira was away is a change too.
    pub fn restore(&mut self, last_values: &LastValues) {
        for (_, values) in &last_values.rows {
            let [name, setting, unit, _] = values[..] else { continue };
            if let (Some(name), Some(setting)) = (last_values.text(name), last_values.text(setting)) {
                let shown = with_unit(setting, last_values.text(unit));
                self.known.insert(name.to_owned(), Known { setting: setting.to_owned(), shown });
            }
        }
    }

    /// Returns the names of the settings whose values are known.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// Whether a value of the setting `name` is known.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Returns the changes as events, and the rows to store: the changed ones, and all of them once a day. A setting that is
    /// not known yet is new, or had its built-in value before if `was_default` holds.
    pub fn compare(
        &mut self,
        settings: &[&Setting],
        at: Timestamp,
        was_default: impl Fn(&Setting) -> bool,
    ) -> Collected {
        let repeat = self.repeated.is_none_or(|before| at.since(before) >= REPEAT_EVERY);
        let mut events = Vec::new();
        let mut rows = Vec::new();
        for one in settings {
            let (Some(setting), Some(shown)) = (&one.setting, &one.shown) else { continue };
            let now = Known { setting: setting.clone(), shown: shown.clone() };
            let before = self.known.get(&one.name);
            if before == Some(&now) && !repeat {
                continue;
            }
            let changed_from = match before {
                Some(before) if before.setting != now.setting => Some(before.shown.clone()),
                None if was_default(one) => one.boot_val.clone().filter(|built_in| *built_in != now.setting),
                _ => None,
            };
            events.extend(changed_from.map(|before| changed(one, before, at)));
            let mut word = |text: Option<&str>| self.interner.intern(text);
            let row = [
                word(Some(&one.name)),
                word(Some(&now.setting)),
                word(one.unit.as_deref()),
                word(Some(&one.source)),
            ];
            rows.push((xxh3_64(one.name.as_bytes()), row));
            self.known.insert(one.name.clone(), now);
        }
        if repeat {
            self.repeated = Some(at);
        }
        let record = (!rows.is_empty())
            .then(|| Record::new(&streams::SETTINGS, Timestamp(at.as_millis() - 1), at, rows));
        let records = record.into_iter().collect();
        Collected { records, events, dictionary: self.interner.drain_new(), ..Collected::default() }
    }
}

fn changed(setting: &Setting, before: String, at: Timestamp) -> Event {
    Event {
        at,
        kind: EventKind::SettingChanged,
        subject: setting.name.clone(),
        before: Some(before),
        after: setting.shown.clone(),
    }
}
