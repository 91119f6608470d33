//! Dirty buffers written by backends rather than by the checkpointer or the background writer.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_duration, format_pct, setting_size,
};
use crate::model::streams::IO;
use crate::model::{Engine, History};

pub(crate) static RULE: Rule = Rule {
    id: "checkpoints.backend_writes",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Checkpoints,
    title: "Backends write dirty buffers themselves",
    description: "The share of dirty buffers that client backends wrote, because they needed a buffer and \
                  found no clean one, rather than the checkpointer or the background writer. Below 256 kB per \
                  second the rule does not apply. PostgreSQL 16 and later: earlier versions count these writes \
                  together with relation extensions.",
    needs: &[Need::Totals("pg_stat_io", &IO), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 30.0, leave: 20.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 3.0, worst: 90.0, most: 12.0 },
    recommendation: "Let the background writer clean more buffers in advance, and raise shared_buffers, up to \
                     about a quarter of the memory, so that a page is changed more than once before it is \
                     written.",
    investigate: "SELECT backend_type, context, writes, evictions\n  FROM pg_stat_io\n WHERE object = 'relation' AND writes > \
                  0\n ORDER BY writes DESC;",
    fix: "ALTER SYSTEM SET bgwriter_delay = '20ms';\nALTER SYSTEM SET bgwriter_lru_maxpages = 1000;\nALTER SYSTEM SET \
          bgwriter_lru_multiplier = 4;\nSELECT pg_reload_conf();\nALTER SYSTEM SET shared_buffers = '...';\n-- the last takes \
          effect when the server is restarted",
    source: "PostgreSQL documentation, pg_stat_io: many writes by client backends show that shared buffers are \
             too small or that the checkpointer and the background writer do too little.",
    check,
    ..Rule::DEFAULT
};

const MEGABYTE: f64 = 1024.0 * 1024.0;
/// Fewer writes delay no session noticeably.
const LEAST_BYTES_PER_SECOND: f64 = MEGABYTE / 4.0;
/// The smallest size recommended.
const LEAST_CACHE: f64 = 256.0 * MEGABYTE;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&IO)?;
    let by_sessions = written(&past, "client backend");
    let in_all = by_sessions + written(&past, "checkpointer") + written(&past, "background writer");
    if by_sessions < LEAST_BYTES_PER_SECOND * context.window().as_secs_f64() {
        return Ok(Vec::new());
    }
    let share = by_sessions * 100.0 / in_all;
    if !context.exceeds(share) {
        return Ok(Vec::new());
    }
    let cache = context.setting_bytes("shared_buffers")?;
    let note = format!(
        "backends wrote {} of {} themselves within {} ({}); shared_buffers is {}",
        format_bytes(by_sessions),
        format_bytes(in_all),
        format_duration(context.window()),
        format_pct(share),
        format_bytes(cache)
    );
    let fix = RULE.fix.replace("'...'", &format!("'{}'", setting_size((cache * 2.0).max(LEAST_CACHE))));
    Ok(vec![Object { name: "shared_buffers".to_owned(), value: share, note, fix: Some(fix) }])
}

/// Returns the bytes of tables and indexes that `backend_type` wrote, without bulk reads and writes, whose backends are
/// expected to write.
fn written(past: &History, backend_type: &str) -> f64 {
    let is = |value: Option<i64>, text: &str| value.and_then(|word| past.text(word)) == Some(text);
    let of_type = past.series.iter().filter(|series| {
        is(series.get(&IO, "backend_type"), backend_type)
            && is(series.get(&IO, "object"), "relation")
            && is(series.get(&IO, "context"), "normal")
    });
    of_type.filter_map(|series| series.get(&IO, "write_bytes")).map(as_f64).sum()
}
