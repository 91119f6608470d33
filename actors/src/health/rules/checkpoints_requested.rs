//! Checkpoints requested before checkpoint_timeout, mostly because max_wal_size was reached.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_count, format_duration, format_pct, pct_of, setting_size,
};
use crate::model::Engine;
use crate::model::streams::BGWRITER;

pub(crate) static RULE: Rule = Rule {
    id: "checkpoints.requested",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Checkpoints,
    title: "Checkpoints are requested too often",
    description: "The share of checkpoints that were requested rather than timed, mostly because max_wal_size \
                  was reached before checkpoint_timeout. Each checkpoint writes every dirty buffer, and the \
                  first change of a page after it writes the whole page to WAL. Fewer than 5 requested \
                  checkpoints are ignored.",
    needs: &[Need::Totals("pg_stat_bgwriter", &BGWRITER), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 30.0, leave: 20.0, unit: Unit::Pct },
    curve: Curve { least: 4.0, worst: 100.0, most: 15.0 },
    makes_recommendations: true,
    recommendation: "Raise max_wal_size until checkpoints are timed; the disk of pg_wal must hold that much, \
                     and crash recovery takes longer. Base backups, CREATE DATABASE and CHECKPOINT request \
                     checkpoints too.",
    investigate: "SELECT * FROM pg_stat_checkpointer;  -- until PostgreSQL 16: pg_stat_bgwriter\nSHOW max_wal_size;\nSHOW \
                  checkpoint_timeout;",
    fix: "ALTER SYSTEM SET max_wal_size = '...';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, WAL Configuration: checkpoints are fairly expensive; checkpoint_warning \
             suggests raising max_wal_size.",
    check,
    ..Rule::DEFAULT
};

/// Fewer may be a backup and a few CREATE DATABASE.
const LEAST_REQUESTED: i64 = 5;
/// The largest size recommended: the size of the disk is not known.
const MOST_WAL: f64 = 64.0 * 1024.0 * 1024.0 * 1024.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&BGWRITER)?;
    let sum = |column| past.series.iter().filter_map(|series| series.get(&BGWRITER, column)).sum::<i64>();
    let (requested, timed) = (sum("checkpoints_req"), sum("checkpoints_timed"));
    let share = pct_of(requested, requested + timed).filter(|share| context.exceeds(*share));
    let Some(share) = share.filter(|_| requested >= LEAST_REQUESTED) else { return Ok(Vec::new()) };
    let max_wal_size = context.setting_bytes("max_wal_size")?;
    // this much WAL lasted for the window divided by the checkpoints; it should last for the timeout
    let apart_seconds = context.window().as_secs_f64() / as_f64(requested);
    let times = (context.setting_number("checkpoint_timeout")? / apart_seconds).max(2.0);
    let wanted = (max_wal_size * times).min(MOST_WAL).max(max_wal_size * 2.0);
    Ok(vec![Object {
        name: "max_wal_size".to_owned(),
        value: share,
        note: format!(
            "{} of {} checkpoints within {} were requested ({}); max_wal_size is {}",
            format_count(requested),
            format_count(requested + timed),
            format_duration(context.window()),
            format_pct(share),
            format_bytes(max_wal_size)
        ),
        fix: Some(format!(
            "ALTER SYSTEM SET max_wal_size = '{}';\nSELECT pg_reload_conf();",
            setting_size(wanted)
        )),
    }])
}
