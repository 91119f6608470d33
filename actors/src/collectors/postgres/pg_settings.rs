//! `pg_settings`: how the server is set up, and what changed. PostgreSQL 14 and later; needs `pg_read_all_settings` to see
//! all of it. Costs about 2 ms of a backend.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Notice, Query, Reach, Server, Spec,
    Step, Words, advice,
};
use crate::model::{
    Engine, Event, EventKind, Memory, Record, Seen, Setting, SettingSnapshot, Timestamp, streams,
};
use crate::text::secrets::redact_setting;
use crate::text::with_unit;

pub(crate) static SPEC: Spec = Spec {
    name: "pg_settings",
    engine: Engine::Postgres,
    stream: &streams::SETTINGS,
    reach: Reach::Server,
    every: Every::Fixed(Duration::from_secs(300)),
    timeout: Duration::from_secs(5),
    start: || Box::<Settings>::default(),
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
/// All values are stored anew this often, so that they outlive the retention.
const REPEAT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The values that were seen last, or stored before Basira started.
#[derive(Default)]
struct Settings {
    /// By name: the value, and the value with its unit.
    known: HashMap<String, Known>,
    /// When all values were stored last.
    repeated: Option<Timestamp>,
    words: Words,
}

#[derive(PartialEq, Eq)]
struct Known {
    setting: String,
    shown: String,
}

impl Collector for Settings {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        let sql = server.variant(&VARIANTS)?;
        Ok(Step::Ask(Query { sql: Arc::from(sql), params: Vec::new(), columns: COLUMNS }))
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
        let mut collected = self.compare(&settings, at);
        collected.rows = settings.len() as u64;
        collected.seen.push(Seen::new(SettingSnapshot { at, settings }));
        collected.notice = (!all_visible).then(|| Notice {
            reason: format!("settings that are for superusers are hidden from role {}", server.role),
            fix: advice::grant("pg_read_all_settings", &server.role),
        });
        Ok(Step::Done(Box::new(collected)))
    }

    fn remembers(&self) -> bool {
        true
    }

    fn remember(&mut self, memory: &Memory) {
        for (_, values) in &memory.rows {
            let [name, setting, unit, _] = values[..] else { continue };
            if let (Some(name), Some(setting)) = (memory.text(name), memory.text(setting)) {
                let shown = with_unit(setting, memory.text(unit));
                self.known.insert(name.to_owned(), Known { setting: setting.to_owned(), shown });
            }
        }
    }
}

impl Settings {
    /// What changed, and the rows to store: all of them now and then.
    fn compare(&mut self, settings: &[Setting], at: Timestamp) -> Collected {
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
            if let Some(before) = before.filter(|before| before.setting != now.setting) {
                events.push(Event {
                    at,
                    kind: EventKind::SettingChanged,
                    subject: one.name.clone(),
                    before: Some(before.shown.clone()),
                    after: Some(now.shown.clone()),
                });
            }
            let mut word = |text: Option<&str>| self.words.say(text);
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
        Collected { records, events, words: self.words.news(), ..Collected::default() }
    }
}

/// One row, its secrets taken out before anything else is done with it.
fn setting(cursor: &mut Cursor<'_>) -> Result<Setting, CellError> {
    let mut owned = || -> Result<Option<String>, CellError> { Ok(cursor.text()?.map(str::to_owned)) };
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
        pending_restart,
        note: is_ours.then_some(OUR_NOTE),
        source,
        name: name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::fixture::{self, Cell, Table};

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
    fn a_change_is_told_with_its_unit_and_only_once() {
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
    fn what_is_our_own_is_not_shown_as_the_servers() {
        let mut settings = Settings::default();
        let collected = run(&mut settings, vec![row("jit", "off", Cell::Null, "bool", "client")]);
        assert!(collected.records.is_empty());
        let seen = collected.seen[0].get::<SettingSnapshot>().expect("settings");
        let jit = &seen.settings[0];
        assert_eq!((&jit.setting, &jit.reset_val, jit.changed), (&None, &None, None));
        assert!(jit.note.is_some());
    }

    #[test]
    fn no_secret_leaves_and_a_changed_one_is_no_event() {
        let mut settings = Settings::default();
        let conninfo = |password: &str| {
            let value = format!("host=a password={password}");
            vec![row("primary_conninfo", &value, Cell::Null, "string", "configuration file")]
        };
        let collected = run(&mut settings, conninfo("hunter2"));
        assert!(!format!("{collected:?}").contains("hunter2"));
        let seen = collected.seen[0].get::<SettingSnapshot>().expect("settings");
        assert_eq!(seen.settings[0].setting.as_deref(), Some("host=a password=***"));
        assert_eq!(seen.settings[0].source_file.as_deref(), Some("postgresql.conf"));
        assert!(run(&mut settings, conninfo("hunter3")).events.is_empty());
    }

    #[test]
    fn what_changed_while_basira_was_away_is_told_too() {
        let mut words = Words::default();
        let row_of = [words.say(Some("work_mem")), words.say(Some("4096")), words.say(Some("kB")), 0];
        let words = words.news().into_iter().map(|word| (word.hash, word.text)).collect();
        let mut settings = Settings::default();
        settings.remember(&Memory { rows: vec![(1, row_of.to_vec())], words });
        let collected = run(&mut settings, vec![row("work_mem", "65536", text("kB"), "integer", "default")]);
        let [event] = &collected.events[..] else { panic!("{:?}", collected.events) };
        assert_eq!((event.before.as_deref(), event.after.as_deref()), (Some("4MB"), Some("64MB")));
    }
}
