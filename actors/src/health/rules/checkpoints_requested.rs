//! Checkpoints come because WAL is full rather than because it is time.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, amount,
    bytes, count, float, pct, pct_of, span,
};
use crate::model::Engine;
use crate::model::streams::BGWRITER;

pub(crate) static RULE: Rule = Rule {
    id: "checkpoints.requested",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Checkpoints,
    title: "Checkpoints come before their time",
    description: "Of all checkpoints, how many were requested: most of them because max_wal_size was used up before \
               checkpoint_timeout. Each writes every changed buffer, and after it the first change of every page writes \
               the whole page to WAL. Nothing is said of fewer than 5.",
    needs: &[Need::Totals("pg_stat_bgwriter", &BGWRITER), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 30.0, leave: 20.0, unit: Unit::Pct },
    hold_for: Duration::ZERO,
    curve: Curve { least: 4.0, worst: 100.0, most: 15.0 },
    makes_recommendations: true,
    recommendation: "Raise max_wal_size until checkpoints come by time; the disk of pg_wal must hold that much, and recovery \
                     after a crash takes longer. Base backups, CREATE DATABASE and CHECKPOINT request some too.",
    investigate: "SELECT * FROM pg_stat_checkpointer;  -- until PostgreSQL 16: pg_stat_bgwriter\nSHOW max_wal_size;\nSHOW \
                  checkpoint_timeout;",
    fix: "ALTER SYSTEM SET max_wal_size = '...';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, WAL Configuration: checkpoints are fairly expensive; \
             checkpoint_warning tells to raise max_wal_size.",
    check,
};

/// Fewer may be a backup and a few databases that were made.
const LEAST_REQUESTED: i64 = 5;
/// More WAL than this is not advised without knowing the disk.
const MOST_WAL: f64 = 64.0 * 1024.0 * 1024.0 * 1024.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&BGWRITER)?;
    let sum = |column| past.series.iter().filter_map(|series| series.get(&BGWRITER, column)).sum::<i64>();
    let (requested, timed) = (sum("checkpoints_req"), sum("checkpoints_timed"));
    let share = pct_of(requested, requested + timed).filter(|share| context.exceeds(*share));
    let Some(share) = share.filter(|_| requested >= LEAST_REQUESTED) else { return Ok(Vec::new()) };
    let max_wal_size = context.setting_bytes("max_wal_size")?;
    // so much WAL lasts for the window divided by the checkpoints: it is to last for the timeout
    let apart_seconds = context.window().as_secs_f64() / float(requested);
    let times = (context.setting_number("checkpoint_timeout")? / apart_seconds).max(2.0);
    let wanted = (max_wal_size * times).min(MOST_WAL).max(max_wal_size * 2.0);
    Ok(vec![Object {
        name: "max_wal_size".to_owned(),
        value: share,
        note: format!(
            "{} of {} checkpoints within {} were requested ({}); max_wal_size is {}",
            count(requested),
            count(requested + timed),
            span(context.window()),
            pct(share),
            bytes(max_wal_size)
        ),
        fix: Some(format!("ALTER SYSTEM SET max_wal_size = '{}';\nSELECT pg_reload_conf();", amount(wanted))),
    }])
}
