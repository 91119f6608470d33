//! `pg_settings`: the settings of the server, and changes. PostgreSQL 14 and later; needs `pg_read_all_settings` to see
//! all of it. Costs about 2 ms of a backend.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collector, Cursor, Every, Notice, Server, SettingHistory, Spec, Step,
    advice,
};
use crate::model::{AnySnapshot, Engine, LastValues, Setting, SettingSnapshot, streams};
use crate::text::secrets::redact_setting;
use crate::text::with_unit;

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::SETTINGS),
    every: Every::Fixed(Duration::from_secs(300)),
    ..Spec::new("pg_settings", Engine::Postgres, || Box::<Settings>::default())
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("sql/pg_settings/14.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "name",
    "setting",
    "unit",
    "category",
    "description",
    "context",
    "vartype",
    "source",
    "source_file",
    "boot_val",
    "reset_val",
    "pending_restart",
    "all_visible",
];

/// Where values come from that are those of our session or role, not of the server.
const OURS: [&str; 4] = ["client", "session", "user", "database user"];
/// Those of our transaction, whatever their source.
const OUR_TRANSACTION: [&str; 3] =
    ["transaction_deferrable", "transaction_isolation", "transaction_read_only"];
const OUR_NOTE: &str =
    "Basira's own session has a value of its own: that of the server cannot be seen from it";
/// The category of what is built in or measured at the start.
const PRESET: &str = "Preset Options";

#[derive(Default)]
struct Settings(SettingHistory);

impl Collector for Settings {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let (mut at, mut all_visible) = (None, true);
        let mut settings = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            at = Some(cursor.required_timestamp()?);
            settings.push(setting(&mut cursor)?);
            all_visible = cursor.bool()?.unwrap_or_default();
        }
        let at = at.ok_or(CellError { column: 0, expected: "in any row" })?;
        let mut collected = self.0.compare(&settings.iter().collect::<Vec<_>>(), at, |_| false);
        collected.rows = settings.len() as u64;
        collected.snapshots.push(AnySnapshot::new(SettingSnapshot { at, settings }));
        collected.notice = (!all_visible).then(|| {
            Notice::new(
                format!("settings that are for superusers are hidden from role {}", server.role),
                advice::grant("pg_read_all_settings", &server.role),
            )
        });
        Ok(Step::done(collected))
    }

    fn wants_last_values(&self) -> bool {
        true
    }

    fn restore(&mut self, last_values: &LastValues) {
        self.0.restore(last_values);
    }
}

/// One row, its secrets taken out before anything else is done with it.
fn setting(cursor: &mut Cursor<'_>) -> Result<Setting, CellError> {
    let mut owned = || cursor.owned_text();
    let name = owned()?.unwrap_or_default();
    let (setting, unit, category) = (owned()?, owned()?, owned()?.unwrap_or_default());
    let (description, context, vartype) = (owned()?, owned()?.unwrap_or_default(), owned()?);
    let (source, source_file) = (owned()?.unwrap_or_default(), owned()?);
    let (boot_val, reset_val) = (owned()?, owned()?);
    let pending_restart = cursor.bool()?.unwrap_or_default();

    let is_ours = OURS.contains(&source.as_str()) || OUR_TRANSACTION.contains(&name.as_str());
    let is_text = vartype.as_deref() == Some("string");
    let clean = |value: String| if is_text { redact_setting(&name, &value) } else { value };
    let changed = setting != boot_val || pending_restart;
    let setting = setting.filter(|_| !is_ours).map(clean);
    Ok(Setting {
        shown: setting.as_deref().map(|setting| with_unit(setting, unit.as_deref())),
        setting,
        unit,
        changed: (!is_ours).then_some(changed && category != PRESET),
        category,
        description,
        source_file: source_file.and_then(|path| path.rsplit(['/', '\\']).next().map(str::to_owned)),
        context,
        boot_val: boot_val.map(clean),
        reset_val: reset_val.filter(|_| !is_ours).map(clean),
        pending_restart: Some(pending_restart),
        note: is_ours.then_some(OUR_NOTE),
        source,
        name: name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::fixture::{self, Cell, Table};
    use crate::collect::{Collected, Interner};

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    /// One row: name, value, unit, type and source.
    fn row(name: &str, value: &str, unit: Cell, vartype: &str, source: &str) -> Vec<Cell> {
        let file = text("/etc/postgresql/postgresql.conf");
        let (before, after) = ([Cell::At(1_000_000), text(name), text(value), unit], [text(vartype)]);
        let rest = [text(source), file, text("64"), text(value), Cell::Bool(false), Cell::Bool(true)];
        let middle = [text("Memory"), Cell::Null, text("sighup")];
        [before.to_vec(), middle.to_vec(), after.to_vec(), rest.to_vec()].concat()
    }

    fn run(settings: &mut Settings, rows: Vec<Vec<Cell>>) -> Box<Collected> {
        let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
        match settings.answer(&fixture::server(), answer).expect("a good answer") {
            Step::Done(collected) => collected,
            other => panic!("not done: {other:?}"),
        }
    }

    #[test]
    fn a_change_is_reported_once_with_its_unit() {
        let mut settings = Settings::default();
        let at = |value: &str| vec![row("work_mem", value, text("kB"), "integer", "default")];
        assert!(run(&mut settings, at("4096")).events.is_empty());
        let collected = run(&mut settings, at("8192"));
        let [event] = &collected.events[..] else { panic!("{:?}", collected.events) };
        assert_eq!((event.before.as_deref(), event.after.as_deref()), (Some("4MB"), Some("8MB")));
        let collected = run(&mut settings, at("8192"));
        assert!(collected.events.is_empty() && collected.records.is_empty());
    }

    #[test]
    fn settings_of_our_session_are_not_shown_as_the_servers() {
        let mut settings = Settings::default();
        let collected = run(&mut settings, vec![row("jit", "off", Cell::Null, "bool", "client")]);
        assert!(collected.records.is_empty());
        let seen = collected.snapshots[0].get::<SettingSnapshot>().expect("settings");
        let jit = &seen.settings[0];
        assert_eq!((&jit.setting, &jit.reset_val, jit.changed), (&None, &None, None));
        assert!(jit.note.is_some());
    }

    #[test]
    fn secrets_are_hidden_and_their_changes_are_no_events() {
        let mut settings = Settings::default();
        let conninfo = |password: &str| {
            let value = format!("host=a password={password}");
            vec![row("primary_conninfo", &value, Cell::Null, "string", "configuration file")]
        };
        let collected = run(&mut settings, conninfo("hunter2"));
        assert!(!format!("{collected:?}").contains("hunter2"));
        let seen = collected.snapshots[0].get::<SettingSnapshot>().expect("settings");
        assert_eq!(seen.settings[0].setting.as_deref(), Some("host=a password=***"));
        assert_eq!(seen.settings[0].source_file.as_deref(), Some("postgresql.conf"));
        assert!(run(&mut settings, conninfo("hunter3")).events.is_empty());
    }

    #[test]
    fn changes_made_while_basira_was_stopped_are_reported() {
        let mut interner = Interner::default();
        let row_of = [
            interner.intern(Some("work_mem")),
            interner.intern(Some("4096")),
            interner.intern(Some("kB")),
            0,
        ];
        let words = interner.drain_new().into_iter().map(|word| (word.hash, word.text)).collect();
        let mut settings = Settings::default();
        settings.restore(&LastValues { rows: vec![(1, row_of.to_vec())], texts: words });
        let collected = run(&mut settings, vec![row("work_mem", "65536", text("kB"), "integer", "default")]);
        let [event] = &collected.events[..] else { panic!("{:?}", collected.events) };
        assert_eq!((event.before.as_deref(), event.after.as_deref()), (Some("4MB"), Some("64MB")));
    }
}
