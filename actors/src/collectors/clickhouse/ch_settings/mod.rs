//! `settings`, `server_settings` and `merge_tree_settings`: settings that differ from their default, and changes.
//! ClickHouse 18.16 and later, `server_settings` from 23.3; needs SELECT on them. Settings are those of the user connected as.

mod decode;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::decode::{COLUMNS, Table, compare_nodes, setting};
use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, NodeClock, OptionalQueries, Server,
    SettingHistory, Spec, Step,
};
use crate::model::{AnySnapshot, Engine, LastValues, Setting, SettingSnapshot, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::SETTINGS),
    every: Every::Fixed(Duration::from_secs(300)),
    ..Spec::new("ch_settings", Engine::Clickhouse, || Box::<Settings>::default())
};

#[derive(Default)]
struct Settings {
    /// What the next answer is to: the clock, then each table.
    asked: usize,
    clock: Option<NodeClock>,
    /// By name, from the first node: nodes should have the same settings.
    found: BTreeMap<String, (String, Setting)>,
    rows: usize,
    answered: BTreeSet<Table>,
    /// Tables that were read before: what is not known of them had its built-in value.
    compared: BTreeSet<Table>,
    optional: OptionalQueries,
    history: SettingHistory,
}

impl Collector for Settings {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.asked = 0;
        (self.clock, self.rows) = (None, 0);
        self.found.clear();
        self.answered.clear();
        NodeClock::ask(server)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.table() {
            None => self.clock = Some(NodeClock::read(&answer)?),
            Some(table) => self.take(table, &answer)?,
        }
        self.ask_on()
    }

    fn refused(&mut self, _: &Server, refusal: CollectError) -> Result<Step, CollectError> {
        let (Some(table), Some(clock)) = (self.table(), &self.clock) else { return Err(refusal) };
        self.optional.refused(table.needed_for(), clock.at, &refusal);
        self.ask_on()
    }

    fn wants_last_values(&self) -> bool {
        true
    }

    fn restore(&mut self, last_values: &LastValues) {
        self.history.restore(last_values);
        self.compared.extend(self.history.names().map(Table::of));
    }
}

impl Settings {
    /// The table that the last question was to; none: the clock.
    fn table(&self) -> Option<Table> {
        Table::ALL.get(self.asked.checked_sub(1)?).copied()
    }

    fn ask_on(&mut self) -> Result<Step, CollectError> {
        let clock = self.clock.clone().ok_or(CellError { column: 0, expected: "a clock" })?;
        loop {
            self.asked += 1;
            let Some(table) = self.table() else {
                return Ok(Step::done(self.collected(&clock)));
            };
            if self.optional.is_due(table.needed_for(), clock.at) {
                let sql = Arc::from(table.sql());
                return Ok(Step::ask(sql, COLUMNS));
            }
        }
    }

    /// Keeps what is set, and what once was.
    fn take(&mut self, table: Table, answer: &Answer<'_>) -> Result<(), CellError> {
        self.rows += answer.rows.len();
        self.answered.insert(table);
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let host_name = cursor.owned_text()?.unwrap_or_default();
            let setting = setting(table, &mut cursor)?;
            if setting.changed == Some(false) && !self.history.contains(&setting.name) {
                continue;
            }
            match self.found.get_mut(&setting.name) {
                Some((known, first)) if *known <= host_name => compare_nodes(first, &setting),
                known => {
                    let mut setting = setting;
                    if let Some((_, other)) = known {
                        compare_nodes(&mut setting, other);
                    }
                    self.found.insert(setting.name.clone(), (host_name, setting));
                }
            }
        }
        Ok(())
    }

    fn collected(&mut self, clock: &NodeClock) -> Collected {
        let found = std::mem::take(&mut self.found);
        let settings: Vec<&Setting> = found.values().map(|(_, setting)| setting).collect();
        let compared = &self.compared;
        let was_default = |setting: &Setting| compared.contains(&Table::of(&setting.name));
        let mut collected = self.history.compare(&settings, clock.at, was_default);
        self.compared.append(&mut self.answered);
        collected.rows = self.rows as u64;
        collected.notice = self.optional.notice();
        let settings = found.into_values().map(|(_, setting)| setting);
        let settings = settings.filter(|setting| setting.changed != Some(false)).collect();
        collected.snapshots.push(AnySnapshot::new(SettingSnapshot { at: clock.at, settings }));
        collected
    }
}

#[cfg(test)]
mod tests;
