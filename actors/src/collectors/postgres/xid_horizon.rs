//! The age of transaction ids, and what holds back the xmin horizon. PostgreSQL 14 and later; needs
//! `pg_read_all_stats` to see other roles' sessions. Costs 0.5 ms of a backend.

use std::cmp::Reverse;
use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Notice, Server, Spec, Step, advice,
};
use crate::model::{AnySnapshot, DatabaseAge, Engine, XidHorizon, XminHolder};

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("xid_horizon", Engine::Postgres, || Box::new(Horizon))
};

const VARIANTS: [(u32, &str); 2] =
    [(14, include_str!("sql/xid_horizon/14.sql")), (17, include_str!("sql/xid_horizon/17.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "kind",
    "holder",
    "pid",
    "database_name",
    "state",
    "xid_age",
    "mxid_age",
    "since",
    "holds_catalogs_only",
    "freeze_max_age",
    "mxid_freeze_max_age",
    "all_visible",
];
/// The distance at which transaction ids wrap around.
const WRAPAROUND: i64 = 1 << 31;

/// Has no state: each run shows the present.
struct Horizon;

impl Collector for Horizon {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let at = Cursor::new(answer.rows, 0).required_timestamp()?;
        let mut horizon = XidHorizon { at, databases: Vec::new(), holders: Vec::new() };
        let mut all_visible = true;
        for row in 0..answer.rows.len() {
            all_visible = read(&mut Cursor::new(answer.rows, row), &mut horizon)?;
        }
        horizon.databases.sort_by_key(|database| Reverse(database.xid_age));
        horizon.holders.sort_by_key(|holder| Reverse(holder.age_xids));
        Ok(Step::done(Collected {
            rows: answer.rows.len() as u64,
            snapshots: vec![AnySnapshot::new(horizon)],
            notice: (!all_visible).then(|| {
                Notice::hiding(
                    format!("sessions and standbys of other roles are hidden from role {}", server.role),
                    advice::grant("pg_read_all_stats", &server.role),
                )
            }),
            ..Collected::default()
        }))
    }
}

/// Adds one row. Returns whether the role sees all sessions.
fn read(cursor: &mut Cursor<'_>, horizon: &mut XidHorizon) -> Result<bool, CellError> {
    cursor.required_timestamp()?;
    let kind = cursor.owned_text()?.unwrap_or_default();
    let holder = cursor.owned_text()?;
    let pid = cursor.i64()?;
    let database_name = cursor.owned_text()?;
    let state = cursor.owned_text()?;
    let (xid_age, mxid_age, since) = (cursor.required_i64()?, cursor.i64()?, cursor.timestamp()?);
    let holds_catalogs_only = cursor.bool()?.unwrap_or_default();
    let (freeze_max_age, mxid_freeze_max_age) = (cursor.required_i64()?, cursor.required_i64()?);
    if kind == "database" {
        let mxid_age = mxid_age.unwrap_or_default();
        horizon.databases.push(DatabaseAge {
            database_name: database_name.unwrap_or_default(),
            xid_age,
            xid_pct: percentage(xid_age, WRAPAROUND),
            xid_freeze_pct: percentage(xid_age, freeze_max_age),
            mxid_age,
            mxid_pct: percentage(mxid_age, WRAPAROUND),
            mxid_freeze_pct: percentage(mxid_age, mxid_freeze_max_age),
        });
    } else {
        horizon.holders.push(XminHolder {
            kind,
            holder,
            pid,
            database_name,
            state,
            age_xids: xid_age,
            holds_catalogs_only,
            since,
        });
    }
    Ok(cursor.bool()?.unwrap_or_default())
}

/// Part of whole, rounded to hundredths.
#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn percentage(part: i64, whole: i64) -> f64 {
    (part as f64 / whole.max(1) as f64 * 10_000.0).round() / 100.0
}
