//! Detached parts: counted rarely, because that reads a folder of each table.

use std::collections::HashMap;
use std::time::Duration;

use super::read::Name;
use crate::collect::{Answer, CellError, CollectError, Cursor, Notice};
use crate::model::{Engine, Timestamp};

const EVERY: Duration = Duration::from_secs(300);

/// How many detached parts each table has.
#[derive(Debug, Default)]
pub(super) struct Detached {
    asked_at: Option<Timestamp>,
    /// By series; tables without any are not in it. None when they could not be counted.
    counts: Option<HashMap<u64, i64>>,
    refusal: Option<Notice>,
}

impl Detached {
    pub(super) const COLUMNS: &[&str] = &["host_name", "database_name", "table_name", "detached_parts"];

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.asked_at.is_none_or(|at| now.since(at) >= EVERY)
    }

    pub(super) fn take(&mut self, answer: &Answer<'_>, now: Timestamp) -> Result<(), CellError> {
        let read = |row| {
            let mut cursor = Cursor::new(answer.rows, row);
            Ok((Name::read(&mut cursor)?.series, cursor.required_i64()?))
        };
        let counts = (0..answer.rows.len()).map(read).collect::<Result<_, _>>()?;
        *self = Self { asked_at: Some(now), counts: Some(counts), refusal: None };
        Ok(())
    }

    /// They cannot be counted; everything else can.
    pub(super) fn refuse(&mut self, refusal: &CollectError, now: Timestamp) {
        let reason = format!("detached parts are not counted: {refusal}");
        let fix = refusal
            .fix(Engine::Clickhouse)
            .unwrap_or_else(|| "SELECT count() FROM system.detached_parts by hand".to_owned());
        *self = Self { asked_at: Some(now), counts: None, refusal: Some(Notice::new(reason, fix)) };
    }

    pub(super) fn of(&self, series: u64) -> Option<i64> {
        self.counts.as_ref().map(|counts| counts.get(&series).copied().unwrap_or(0))
    }

    pub(super) fn notice(&self) -> Option<Notice> {
        self.refusal.clone()
    }
}
