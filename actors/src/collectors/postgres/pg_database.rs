//! `pg_database`: the databases of the server, and which of them are polled. PostgreSQL 14 and later; needs nothing
//! but CONNECT to each that is to be watched. Costs 0.2 ms of a backend with 200 databases.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collect::{
    Answer, CollectError, Collected, Collector, Cursor, Notice, Server, Spec, Step, advice,
};
use crate::model::{AnySnapshot, Engine, Event, EventKind, ServerDatabases, Timestamp};

pub(crate) static SPEC: Spec =
    Spec { ..Spec::new("pg_database", Engine::Postgres, || Box::<DatabaseList>::default()) };

const SQL: &str = include_str!("sql/pg_database/14.sql");
const COLUMNS: &[&str] = &["at", "oid", "name", "takes_connections", "may_connect"];

/// The databases at the previous run, by oid.
#[derive(Default)]
struct DatabaseList {
    before: Option<BTreeMap<i64, Arc<str>>>,
}

impl Collector for DatabaseList {
    fn begin(&mut self, _: &Server) -> Result<Step, CollectError> {
        Ok(Step::ask(SQL, COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut now = BTreeMap::new();
        let mut seen = ServerDatabases { connected: Arc::from(&*server.database), others: Vec::new() };
        let mut refused = Vec::new();
        let mut at = Timestamp(0);
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            at = cursor.required_timestamp()?;
            let oid = cursor.required_i64()?;
            let name: Arc<str> = Arc::from(cursor.text()?.unwrap_or_default());
            let takes_connections = cursor.bool()?.unwrap_or_default();
            let may_connect = cursor.bool()?.unwrap_or_default();
            if takes_connections && *name != *server.database && server.databases.includes(&name) {
                if may_connect { &mut seen.others } else { &mut refused }.push(Arc::clone(&name));
            }
            now.insert(oid, name);
        }
        let events = self.before.as_ref().map(|before| changes(before, &now, at)).unwrap_or_default();
        self.before = Some(now);
        Ok(Step::done(Collected {
            events,
            snapshots: vec![AnySnapshot::new(seen)],
            rows: answer.rows.len() as u64,
            notice: refused_notice(server, &refused),
            ..Collected::default()
        }))
    }
}

/// Returns which databases were created and dropped between two runs. A renamed one is both.
fn changes(before: &BTreeMap<i64, Arc<str>>, now: &BTreeMap<i64, Arc<str>>, at: Timestamp) -> Vec<Event> {
    let missing = |from: &BTreeMap<i64, Arc<str>>, kind: EventKind, of: &BTreeMap<i64, Arc<str>>| {
        let gone = of.iter().filter(|(oid, name)| from.get(oid) != Some(name));
        let event =
            |name: &Arc<str>| Event { at, kind, subject: name.to_string(), before: None, after: None };
        gone.map(|(_, name)| event(name)).collect::<Vec<_>>()
    };
    let mut events = missing(now, EventKind::DatabaseDropped, before);
    events.extend(missing(before, EventKind::DatabaseCreated, now));
    events
}

/// The number of databases named in a notice.
const NAMED: usize = 10;

fn refused_notice(server: &Server, refused: &[Arc<str>]) -> Option<Notice> {
    let named = &refused[..refused.len().min(NAMED)];
    let fix: Vec<_> = named.iter().map(|name| advice::grant_connect(name, &server.role)).collect();
    (!refused.is_empty()).then(|| {
        Notice::hiding(
            format!(
                "{} databases are not watched, role {} may not connect to them: {}",
                refused.len(),
                server.role,
                named.join(", ")
            ),
            fix.join(" "),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_and_dropped_databases_are_events() {
        let list = |list: &[(i64, &str)]| list.iter().map(|&(oid, name)| (oid, Arc::from(name))).collect();
        let (before, now) =
            (list(&[(1, "shop"), (2, "bank"), (3, "old")]), list(&[(1, "shop"), (3, "new"), (4, "bank")]));
        let events = changes(&before, &now, Timestamp(5));
        let shown: Vec<_> = events.iter().map(|event| (event.kind, &*event.subject)).collect();
        let (dropped, created) = (EventKind::DatabaseDropped, EventKind::DatabaseCreated);
        assert_eq!(shown, [(dropped, "bank"), (dropped, "old"), (created, "new"), (created, "bank")]);
    }
}
